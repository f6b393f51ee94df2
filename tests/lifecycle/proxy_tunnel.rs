//! Tunnels through HTTP proxies: what is said in front of them, and what gets inside.

use crate::support::certificate;
use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::{Connection, Origin};
use crate::support::proxy::{AUTHORIZED, serve, serve_the_known, tunnel};
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

/// An https origin, which its own proxy alone knows the way to.
fn origin_and_proxy() -> (Origin, Origin) {
    let origin = Origin::https(standard::serve);
    let proxy = Origin::http(serve(origin.address()));
    (origin, proxy)
}

fn through(proxy: &Origin, login: &str) -> Configuration {
    Configuration::trusting(certificate::trusted()).proxy("https", &proxy.proxy_url(login))
}

fn get(configuration: &Configuration, url: &str) -> Story {
    Story::with(configuration, &Request::new(url))
}

/// The fields of a head, sorted.
fn fields(head: &str) -> Vec<&str> {
    let mut fields: Vec<_> = head.trim_end().lines().skip(1).collect();
    fields.sort();
    fields
}

#[test]
fn a018_an_https_url_is_asked_for_in_a_tunnel() {
    let (origin, proxy) = origin_and_proxy();
    let story = get(&through(&proxy, ""), "https://localhost:8443/hello");
    assert_eq!((story.outcome(), story.body()), ("ok".into(), b"hello, world\n".to_vec()));
    let request = proxy.request();
    let agent = origin.request().value("user-agent").unwrap().to_owned();
    assert!(request.head.starts_with("CONNECT localhost:8443 HTTP/1.1\r\n"), "{}", request.head);
    assert_eq!(fields(&request.head), ["Host: localhost:8443", &format!("User-Agent: {agent}")]);
    assert!(origin.request().head.starts_with("GET /hello HTTP/1.1\r\n"), "{}", origin.request().head);
    assert_eq!(origin.request().value("Host"), Some("localhost:8443"));
}

#[test]
fn a018_the_target_of_a_tunnel() {
    let (_origin, proxy) = origin_and_proxy();
    for (url, target) in [
        ("https://localhost/hello", "localhost:443"),
        ("https://[::1]/hello", "[::1]:443"),
        ("https://127.1:80/hello", "127.0.0.1:80"),
    ] {
        assert_eq!(get(&through(&proxy, ""), url).outcome(), "ok", "{url}");
        let request = proxy.requests().pop().unwrap();
        assert_eq!((request.target(), request.value("Host")), (target, Some(target)));
    }
}

#[test]
fn a018_the_user_agent_of_the_request_is_that_of_its_tunnel() {
    let (_origin, proxy) = origin_and_proxy();
    let ask = |request: Request| Story::with(&through(&proxy, ""), &request).outcome();
    assert_eq!(ask(Request::new("https://localhost/hello").header("User-Agent", "own/1")), "ok");
    assert_eq!(ask(Request::new("https://localhost/hello").suppress("User-Agent")), "ok");
    let agents: Vec<_> = proxy.requests().iter().map(|it| it.value("user-agent").map(str::to_owned)).collect();
    assert_eq!(agents, [Some("own/1".to_owned()), None]);
}

#[test]
fn q036_no_credentials_for_the_proxy_get_inside_the_tunnel() {
    let origin = Origin::https(standard::serve);
    let proxy = Origin::http(serve_the_known(origin.address()));
    assert_eq!(get(&through(&proxy, "user:word@"), "https://localhost/hello").outcome(), "ok");
    let own = Request::new("https://localhost/hello").header("pROXY-authorization", AUTHORIZED);
    assert_eq!(Story::with(&through(&proxy, "user:wrong@"), &own).outcome(), "ok");
    let of_session = through(&proxy, "").header("Proxy-Authorization", AUTHORIZED);
    assert_eq!(get(&of_session, "https://localhost/hello").outcome(), "ok");
    let said: Vec<_> = proxy.requests().iter().map(|it| it.value("proxy-authorization").map(str::to_owned)).collect();
    assert_eq!(said, [(); 3].map(|()| Some(AUTHORIZED.to_owned())), "each before it was asked");
    assert_eq!(origin.requests().len(), 3);
    for request in origin.requests() {
        assert_eq!((request.value("proxy-authorization"), request.value("authorization")), (None, None));
    }
}

#[test]
fn q036_what_is_for_the_server_is_not_said_to_the_proxy() {
    let (origin, proxy) = origin_and_proxy();
    let request =
        Request::new("https://localhost/hello?secret").header("Cookie", "secret").header("X-Api-Key", "secret");
    assert_eq!(Story::with(&through(&proxy, ""), &request).outcome(), "ok");
    assert!(!proxy.request().head.contains("secret"), "{}", proxy.request().head);
    assert!(origin.request().head.contains("secret"));
}

#[test]
fn a043_a_407_to_a_tunnel_is_an_error_and_never_the_servers_response() {
    let origin = Origin::https(standard::serve);
    let proxy = Origin::http(serve_the_known(origin.address()));
    for login in ["", "user:wrong@"] {
        let story = get(&through(&proxy, login), "https://localhost/hello");
        assert_eq!(story.transcript(), "did_complete 1 -1013");
        assert!(story.task.response().is_none());
        let (error, cause) = (story.error(), story.error().underlying().unwrap());
        assert!(error.message().contains(&proxy.address().to_string()), "{}", error.message());
        assert!(!error.message().contains("wrong"), "{}", error.message());
        assert_eq!((cause.domain().as_str(), cause.code()), ("UrlSessionProxyDomain", 407));
        assert_eq!(error.failing_url().as_deref(), Some("https://localhost/hello"));
    }
    assert_eq!((proxy.requests().len(), origin.accepted()), (2, 0));
}

#[test]
fn q048_a_refused_tunnel_says_what_the_proxy_said() {
    for status in [101, 301, 400, 401, 403, 404, 502, 503, 599] {
        let proxy = Origin::http(move |connection| {
            connection.read_request();
            connection.send(format!("HTTP/1.1 {status} Secret\r\nContent-Length: 6\r\n\r\nsecret").as_bytes());
        });
        let story = get(&through(&proxy, ""), "https://localhost/hello");
        assert_eq!(story.transcript(), "did_complete 1 -1004", "{status}");
        let (message, cause) = (story.error().message(), story.error().underlying().unwrap());
        assert!(message.contains("localhost:443") && message.contains(&status.to_string()), "{message}");
        assert!(!message.contains("ecret") && !cause.message().contains("ecret"), "{message}");
        assert_eq!((cause.domain().as_str(), cause.code()), ("UrlSessionProxyDomain", status));
    }
}

#[test]
fn a018_interim_answers_are_not_the_tunnel_and_are_not_told() {
    let origin = Origin::https(standard::serve);
    let target = origin.address();
    let proxy = Origin::http(move |connection| {
        connection.read_request();
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
        tunnel(connection, target, b"HTTP/1.0 299 Fine\r\nContent-Length: 5\r\n\r\n");
    });
    let recorder = Recorder::default().hearing_informational();
    let story = Story::told_to(recorder, &through(&proxy, ""), &Request::new("https://localhost/hello"));
    let expected = "did_receive_response 1 200\ndid_receive_data 1 \"hello, world\\n\"\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
}

/// The connections of the requests that the proxy got from these tasks, one after the other.
fn connections(proxy: &Origin, configuration: &Configuration, requests: &[Request]) -> Vec<usize> {
    let recorder = Recorder::default();
    let session: Session = recorder.session(configuration);
    for request in requests {
        let task = session.task_for(request);
        task.resume();
        recorder.wait_for(&format!("did_complete {} ok", task.identifier()));
    }
    proxy.requests().iter().map(|request| request.connection).collect()
}

#[test]
fn q036_a_tunnel_is_used_again_by_those_who_would_say_the_same_alone() {
    let (origin, proxy) = origin_and_proxy();
    let plain = || Request::new("https://localhost/hello");
    let own = |value| plain().header("Proxy-Authorization", value);
    let requests = [plain(), plain(), own("One x"), own("Two y"), own("One x"), plain()];
    assert_eq!(connections(&proxy, &through(&proxy, ""), &requests), [1, 2, 3]);
    let numbers: Vec<_> = origin.requests().iter().map(|request| request.connection).collect();
    assert_eq!(numbers, [1, 1, 2, 3, 2, 1]);
}

#[test]
fn a018_a_proxy_with_tls() {
    let origin = Origin::https(standard::serve);
    let proxy = Origin::https(serve_the_known(origin.address()));
    let configuration = Configuration::trusting(certificate::trusted()).proxy("all", &proxy.proxy_url("user:word@"));
    // TLS in TLS, with bodies larger than any buffer on the way.
    let body = standard::pattern(0, 1_000_000);
    let request = Request::new("https://localhost/echo").method("POST").body(&body);
    let story = Story::with(&configuration, &request);
    assert_eq!((story.outcome(), story.body() == body), ("ok".into(), true));
    assert_eq!(proxy.request().target(), "localhost:443");
    assert_eq!(origin.request().value("proxy-authorization"), None);
    // An http URL, which only the proxy's TLS is around.
    let request = Request::new("http://nowhere.invalid/echo").method("POST").body(&body);
    let story = Story::with(&configuration, &request);
    assert_eq!((story.outcome(), story.body() == body), ("ok".into(), true));
    let asked = proxy.requests().pop().unwrap();
    assert_eq!((asked.target(), asked.value("proxy-authorization")), ("http://nowhere.invalid/echo", Some(AUTHORIZED)));
}

#[test]
fn a018_connections_inside_the_tls_of_a_proxy_are_used_again() {
    let origin = Origin::https(standard::serve);
    let proxy = Origin::https(serve(origin.address()));
    let requests = ["/hello", "/bytes/300000", "/chunked/300000", "/gzip"]
        .map(|path| Request::new(&format!("https://localhost{path}")));
    assert_eq!(connections(&proxy, &through(&proxy, ""), &requests), [1]);
    assert_eq!((origin.accepted(), origin.requests().len()), (1, 4));
}

#[test]
fn a074_a_proxy_that_is_not_trusted_gets_no_request() {
    let origin = Origin::https(standard::serve);
    for (leaf, code) in [(certificate::expired(), -1201), (certificate::wrong_host(), -1202)] {
        let proxy = Origin::tls(certificate::server(leaf, &[]), serve(origin.address()));
        let configuration =
            Configuration::trusting(certificate::trusted()).proxy("all", &proxy.proxy_url("user:word@"));
        for url in ["https://localhost/hello", "http://nowhere.invalid/hello"] {
            let story = get(&configuration, url);
            assert_eq!(story.transcript(), format!("did_complete 1 {code}"));
            let message = story.error().message();
            assert!(message.contains("the proxy") && message.contains(&proxy.address().to_string()), "{message}");
        }
        assert_eq!(proxy.requests().len(), 0);
    }
}

#[test]
fn a074_the_trust_in_a_proxy_is_no_trust_in_what_is_behind_it() {
    let origin = Origin::tls(certificate::server(certificate::wrong_host(), &[]), standard::serve);
    let proxy = Origin::https(serve(origin.address()));
    let story = get(&through(&proxy, ""), "https://localhost/hello");
    assert_eq!(story.transcript(), "did_complete 1 -1202");
    assert!(!story.error().message().contains("proxy"), "{}", story.error().message());
    assert_eq!(origin.requests().len(), 0);
}

#[test]
fn a018_a_redirect_from_http_to_https_goes_from_the_proxy_into_a_tunnel() {
    let (origin, proxy) = origin_and_proxy();
    let configuration = through(&proxy, "").proxy("all", &proxy.url(""));
    let story = get(&configuration, "http://nowhere.invalid/redirect-to?url=https://localhost/hello");
    assert_eq!((story.outcome(), story.response().url()), ("ok".into(), "https://localhost/hello".into()));
    let targets: Vec<_> = proxy.requests().iter().map(|request| request.target().to_owned()).collect();
    assert_eq!(targets, ["http://nowhere.invalid/redirect-to?url=https://localhost/hello", "localhost:443"]);
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a018_bodies_wait_for_the_server_and_not_for_the_proxy() {
    let (origin, proxy) = origin_and_proxy();
    let configuration = through(&proxy, "").set(|c| url_session_configuration_set_expect_continue_above(c, 10));
    let request = Request::new("https://localhost/echo").method("POST").body(&[7; 1000]);
    let story = Story::with(&configuration, &request);
    assert_eq!((story.outcome(), story.body()), ("ok".into(), vec![7; 1000]));
    assert_eq!(proxy.request().value("Expect"), None);
    assert_eq!(origin.request().value("Expect"), Some("100-continue"));
}

#[test]
fn a018_whoever_is_cancelled_in_front_of_a_tunnel_leaves_it() {
    let proxy = Origin::http(|connection: &mut Connection| {
        connection.read_request();
        connection.wait_for_leave();
    });
    let recorder = Recorder::default();
    let session = recorder.session(&through(&proxy, ""));
    let task = session.start("https://localhost/hello");
    proxy.wait_for_requests(1);
    task.cancel();
    recorder.wait_for("did_complete 1 -999");
    proxy.wait_for_ends(1);
}

#[test]
fn a018_who_waits_in_front_of_a_tunnel_is_connecting() {
    let proxy = Origin::http(|connection: &mut Connection| {
        connection.read_request();
        connection.wait_for_leave();
    });
    let stories = [
        (through(&proxy, "").connect_timeout(0.2), "connect"),
        (through(&proxy, "").request_timeout(0.2), "request"),
        (through(&proxy, "").resource_timeout(0.2), "resource"),
    ];
    for (configuration, timer) in stories {
        assert_eq!(get(&configuration, "https://localhost/hello").outcome(), format!("-1001 {timer}"));
    }
}
