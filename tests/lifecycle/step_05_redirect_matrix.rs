//! Header by header, what the second hop of a redirect receives: every status, method and kind of target.

use crate::support::challenge::Credential;
use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::{self, Connection, Origin};
use crate::support::phone::Phone;
use crate::support::realm::basic_value;
use crate::support::recorder::Recorder;
use urlsession::*;

const BODY: &str = "payload";

/// Where the first hop is, where it sends on to, and what of the secrets comes along.
struct Way {
    name: &'static str,
    from: &'static str,
    to: &'static str,
    explicit: bool,
    /// Who the request, the session or the URL says it is.
    computed: [bool; 3],
    changes_host: bool,
}

const WAYS: [Way; 11] = [
    way("the same origin", "http://one.example", "http://one.example/to").keeping(true, [true, true, true]),
    way("a path", "http://one.example:81", "/to").keeping(true, [true, true, true]),
    way("the default port", "http://one.example", "http://one.example:80/to").keeping(true, [true, true, true]),
    way("an upgrade on the default ports", "http://localhost", "https://localhost/to")
        .keeping(true, [true, false, true])
        .elsewhere(),
    way("another port", "http://one.example", "http://one.example:81/to").elsewhere(),
    way("another host", "http://one.example", "http://two.example/to").elsewhere(),
    way("a host below", "http://one.example", "http://sub.one.example/to").elsewhere(),
    way("https to http", "https://localhost", "http://localhost/to").elsewhere(),
    way("https to http of another host", "https://localhost", "http://one.example/to").elsewhere(),
    way("an upgrade from another port", "http://localhost:81", "https://localhost/to").elsewhere(),
    way("an upgrade to another host", "http://one.example", "https://localhost/to").elsewhere(),
];

const fn way(name: &'static str, from: &'static str, to: &'static str) -> Way {
    Way { name, from, to, explicit: false, computed: [false; 3], changes_host: false }
}

impl Way {
    const fn keeping(self, explicit: bool, computed: [bool; 3]) -> Self {
        Self { explicit, computed, ..self }
    }

    const fn elsewhere(self) -> Self {
        Self { changes_host: true, ..self }
    }

    /// The authority of the second hop, without a default port.
    fn host(&self) -> &str {
        let to = if self.to.starts_with('/') { self.from } else { self.to };
        to.split('/').nth(2).unwrap().trim_end_matches(":80")
    }
}

/// One network: whatever host is called, port 443 speaks TLS and every other does not.
struct Network {
    plain: Origin,
    safe: Origin,
    configuration: Configuration,
}

impl Network {
    /// Sends on what is asked for by `/from`, to the URL in its query.
    fn new() -> Self {
        let (plain, safe) = (Origin::http(answer), Origin::https(answer));
        let addresses = [plain.address(), safe.address()];
        let phone = Phone::new(move |_, port| Some(addresses[usize::from(port == 443)]));
        let configuration = phone.give_to(Configuration::trusting(safe.certificate()));
        Self { configuration: configuration.sensitive("X-Own-Secret"), plain, safe }
    }

    fn walk(&self, configuration: &Configuration) -> Walk<'_> {
        let recorder = Recorder::default();
        Walk { network: self, recorder, session: recorder.session(configuration) }
    }

    fn arrivals(&self) -> [Vec<origin::Request>; 2] {
        [&self.plain, &self.safe].map(|origin| {
            let requests = origin.requests().into_iter();
            requests.filter(|request| request.target() == "/to").collect()
        })
    }
}

/// A session that is sent on.
struct Walk<'a> {
    network: &'a Network,
    recorder: Recorder,
    session: Session,
}

impl Walk<'_> {
    /// The request that arrived at the end.
    fn arrived(&self, request: &Request, cell: &str) -> origin::Request {
        let before = self.network.arrivals();
        let task = self.session.task_for(request);
        task.resume();
        let outcome = self.recorder.wait_for_beginning(&format!("did_complete {} ", task.identifier()));
        assert!(outcome.ends_with(" ok"), "{cell}: {outcome}");
        let after = self.network.arrivals();
        let new: Vec<_> = after.iter().zip(before).flat_map(|(after, before)| &after[before.len()..]).collect();
        assert_eq!(new.len(), 1, "{cell}: {new:#?}");
        new[0].clone()
    }
}

fn answer(connection: &mut Connection) {
    while let Some(request) = connection.read_request() {
        let answer = match request.target().split_once('?') {
            Some((_, query)) => {
                let (status, to) = query.split_once('&').unwrap();
                format!("HTTP/1.1 {status} Moved\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n")
            }
            None => "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n".to_owned(),
        };
        connection.send(answer.as_bytes());
    }
}

fn copy_of(configuration: &Configuration) -> Configuration {
    Configuration::adopt(url_session_configuration_copy(configuration.get())).unwrap()
}

fn first_url(way: &Way, status: u16) -> String {
    format!("{}/from?{status}&{}", way.from, way.to)
}

/// Everything that a redirect could change.
fn loaded(way: &Way, status: u16, method: &str) -> Request {
    let fields = [
        ("authorization", "Own secret"),
        ("cookie", "a=b"),
        ("proxy-authorization", "Own secret"),
        ("x-api-key", "secret"),
        ("x-own-secret", "secret"),
        ("x-ordinary", "kept"),
        ("content-language", "en"),
    ];
    let request = Request::new(&first_url(way, status)).method(method);
    let request = fields.iter().fold(request, |request, (name, value)| request.header(name, value));
    match method {
        "GET" | "HEAD" => request,
        _ => request.header("content-type", "text/plain").body(BODY.as_bytes()),
    }
}

/// Method, body and, in alphabetical order, every field.
fn shown(request: &origin::Request) -> String {
    let mut fields: Vec<_> = request.head.lines().skip(1).filter(|line| !line.is_empty()).map(str::to_owned).collect();
    fields.sort();
    format!("{} {:?}\n{}", request.method(), String::from_utf8_lossy(&request.body), fields.join("\n"))
}

/// The same, as it should be.
fn expected(way: &Way, status: u16, method: &str) -> String {
    let keeps_body = matches!(status, 307 | 308);
    let next = match (status, method) {
        (303, "HEAD") => "HEAD",
        (303, _) | (301 | 302, "POST") => "GET",
        _ => method,
    };
    let has_body = keeps_body && !matches!(method, "GET" | "HEAD");
    let mut fields = vec![
        format!("host: {}", way.host()),
        format!("user-agent: liburlsession/{}", env!("CARGO_PKG_VERSION")),
        "accept: */*".to_owned(),
        "accept-encoding: gzip, deflate, br, zstd".to_owned(),
        "connection: keep-alive".to_owned(),
        "x-ordinary: kept".to_owned(),
    ];
    let mut add = |is_there: bool, field: &str| fields.extend(is_there.then(|| field.to_owned()));
    // Proxy-Authorization is no origin's business, not even the first one's.
    for secret in ["authorization: Own secret", "cookie: a=b", "x-api-key: secret", "x-own-secret: secret"] {
        add(way.explicit, secret);
    }
    add(keeps_body, "content-language: en");
    add(has_body, "content-type: text/plain");
    add(has_body, "content-length: 7");
    // A method that is known for its body says that there is none.
    add(!has_body && matches!(next, "POST" | "PUT" | "PATCH"), "content-length: 0");
    fields.sort();
    format!("{next} {:?}\n{}", if has_body { BODY } else { "" }, fields.join("\n"))
}

#[test]
fn a052_a053_q019_q020_q022_every_field_of_every_redirect() {
    let network = Network::new();
    for way in &WAYS {
        let walk = network.walk(&network.configuration);
        for status in [301, 302, 303, 307, 308] {
            for method in ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] {
                let cell = format!("{method} after {status}, {}: {} to {}", way.name, way.from, way.to);
                let arrived = walk.arrived(&loaded(way, status, method), &cell);
                assert_eq!(shown(&arrived), expected(way, status, method), "{cell}");
            }
        }
    }
}

#[test]
fn a053_q022_q024_computed_credentials_of_every_redirect() {
    let network = Network::new();
    let user = |name: &str| Credential::user(name, "secret");
    for way in &WAYS {
        for (source, kept) in ["request", "session", "url"].into_iter().zip(way.computed) {
            let configuration = copy_of(&network.configuration);
            let walk = network.walk(&match source {
                "session" => configuration.credential(way.from, &user(source)),
                _ => configuration,
            });
            for status in [301, 302, 303, 307, 308] {
                let cell = format!("who the {source} is after {status}, {}: {} to {}", way.name, way.from, way.to);
                let url = first_url(way, status);
                let arrived = walk.arrived(
                    &match source {
                        "request" => Request::new(&url).credential(&user(source)),
                        "session" => Request::new(&url),
                        _ => Request::new(&url.replacen("://", "://url:secret@", 1)),
                    },
                    &cell,
                );
                let value = basic_value(source, "secret");
                assert_eq!(arrived.value("authorization"), kept.then_some(value.as_str()), "{cell}");
                assert_eq!(arrived.value("host"), Some(way.host()), "{cell}");
            }
        }
    }
}

#[test]
fn a053_a_host_field_of_ones_own_stays_with_its_origin() {
    let network = Network::new();
    for way in &WAYS {
        let request = Request::new(&first_url(way, 307)).header("host", "own.example");
        let arrived = network.walk(&network.configuration).arrived(&request, way.name);
        let host = if way.changes_host { way.host() } else { "own.example" };
        assert_eq!(arrived.value("host"), Some(host), "{}", way.name);
    }
}
