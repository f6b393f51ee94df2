//! The way through proxies that others have written.

use crate::server::Server;
use crate::squid;
use crate::support::certificate;
use crate::support::challenge::{Credential, Reply};
use crate::support::handle::{Configuration, Request};
use crate::support::origin::Origin;
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;
use crate::tls::Identity;

/// SOCKS 5 alone, with the user and the password where there is one.
fn microsocks(login: &str) -> Option<Server> {
    let server = Server::start(&["/bin/sh", "/usr/bin/microsocks"], &["configuration"], |_, port| {
        format!("echo $$ >pid; exec /usr/bin/microsocks -i 127.0.0.1 -p {port} {login}")
    });
    server.map(Server::listening)
}

/// SOCKS 4 and 5, which leads everywhere but to 127.0.0.2.
fn dante() -> Option<Server> {
    let server = Server::start(&["/usr/sbin/danted"], &["-f", "configuration", "-p", "pid"], |_, port| {
        format!(
            "logoutput: stderr
            internal: 127.0.0.1 port = {port}
            external: lo
            clientmethod: none
            socksmethod: none
            client pass {{ from: 127.0.0.0/8 to: 0.0.0.0/0 }}
            socks block {{ from: 0.0.0.0/0 to: 127.0.0.2/32 }}
            socks pass {{ from: 0.0.0.0/0 to: 0.0.0.0/0 }}
            "
        )
    });
    server.map(Server::listening)
}

fn through(proxy: &str) -> Configuration {
    let trusted = format!("{}{}", certificate::trusted(), Identity::own().certificate());
    Configuration::trusting(&trusted).proxy("all", proxy)
}

/// A page, a body both ways and a redirect, of an http and of an https server, which see nothing of the proxy's user.
fn works_through(proxy: &str) {
    for origin in [Origin::http(standard::serve), Origin::https(standard::serve)] {
        let get = |path| Story::with(&through(proxy), &Request::new(&origin.url(path)));
        let story = get("/hello");
        assert_eq!(String::from_utf8(story.body()).as_deref(), Ok("hello, world\n"), "{proxy} {}", origin.url(""));
        let body = standard::pattern(0, 3_000_000);
        let request = Request::new(&origin.url("/echo")).method("POST").body(&body);
        let story = Story::with(&through(proxy), &request);
        assert_eq!((story.outcome(), story.body() == body), ("ok".into(), true), "{proxy} {}", origin.url(""));
        let story = get("/redirect/3");
        assert_eq!((story.outcome(), story.response().url()), ("ok".into(), origin.url("/hello")));
        assert_eq!(origin.requests().len(), 7);
        for request in origin.requests() {
            assert_eq!((request.value("proxy-authorization"), request.value("authorization")), (None, None));
        }
    }
}

/// How it ends, with the number that the proxy said.
fn refused(proxy: &str, url: &str) -> (String, i32) {
    let story = Story::with(&through(proxy), &Request::new(url));
    let cause = story.error().underlying().unwrap();
    assert_eq!(cause.domain(), "UrlSessionProxyDomain", "{}", story.error().message());
    (story.outcome(), cause.code())
}

#[test]
fn a018_squid() {
    let Some(squid) = squid::start(false, squid::OPEN) else { return };
    works_through(&squid.url(""));
    // Nobody listens there.
    assert_eq!(refused(&squid.url(""), "https://127.0.0.1:9/"), ("-1004".into(), 503));
}

#[test]
fn a018_squid_behind_tls() {
    let Some(squid) = squid::start(true, squid::OPEN) else { return };
    works_through(&squid.secure_url(""));
}

/// With the password of the proxy's URL, and without the right one.
fn asks_for_a_password(squid: &Server) {
    let with = |login: &str| squid.url("").replacen("://", &format!("://{login}"), 1);
    works_through(&with("user:word@"));
    let origin = Origin::http(standard::serve);
    for login in ["", "user:wrong@", "somebody:word@"] {
        assert_eq!(refused(&with(login), "https://127.0.0.1:9/"), ("-1013".into(), 407));
        let story = Story::with(&through(&with(login)), &Request::new(&origin.url("/hello")));
        assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 407));
    }
    assert_eq!(origin.accepted(), 0);
}

/// With the password that a delegate gives, who is asked once; it is wrong first.
fn asks_a_delegate(squid: &Server, method: &str) {
    let recorder = Recorder::letting_in(|asked| {
        Reply::Use(Credential::for_session("user", ["wrong", "word"][asked.challenge.failures() as usize]))
    });
    let servers = [Origin::http(standard::serve), Origin::https(standard::serve), Origin::https(standard::serve)];
    let session = recorder.session(&through(&squid.url("")));
    let urls =
        servers.iter().flat_map(|server| ["/hello", "/redirect/1", "/hello?a=b%20c&d"].map(|path| server.url(path)));
    for (url, number) in urls.zip(1..) {
        session.start(&url);
        recorder.wait_for(&format!("did_complete {number} ok"));
        assert_eq!(recorder.body(number), b"hello, world\n", "{url}");
    }
    let asked = recorder.lines().into_iter().filter(|line| line.starts_with("did_receive_challenge"));
    let expected = [0, 1].map(|failures| format!("did_receive_challenge 1 {method} \"squid\" {failures} -"));
    assert_eq!(asked.collect::<Vec<_>>(), expected);
    for request in servers.iter().flat_map(Origin::requests) {
        assert_eq!((request.value("proxy-authorization"), request.value("authorization")), (None, None));
    }
}

#[test]
fn q036_squid_with_basic() {
    let Some(squid) = squid::start(false, squid::BASIC) else { return };
    asks_for_a_password(&squid);
    asks_a_delegate(&squid, "Basic");
}

#[test]
fn q045_squid_with_digest() {
    let Some(squid) = squid::start(false, squid::DIGEST) else { return };
    asks_for_a_password(&squid);
    asks_a_delegate(&squid, "Digest");
}

#[test]
fn q045_squid_with_both() {
    let both = format!("{}\n{}", squid::BASIC, squid::DIGEST.rsplit_once("acl").unwrap().0);
    let Some(squid) = squid::start(false, &both) else { return };
    asks_a_delegate(&squid, "Digest");
}

#[test]
fn q036_squid_with_a_password_behind_tls() {
    for access in [squid::BASIC, squid::DIGEST] {
        let Some(squid) = squid::start(true, access) else { return };
        works_through(&squid.secure_url("").replacen("://", "://user:word@", 1));
    }
}

#[test]
fn a018_microsocks() {
    let Some(socks) = microsocks("") else { return };
    for scheme in ["socks5", "socks5h"] {
        let proxy = format!("{scheme}://127.0.0.1:{}", socks.port());
        works_through(&proxy);
        assert_eq!(refused(&proxy, "http://127.0.0.1:9/"), ("-1004".into(), 5));
    }
}

#[test]
fn q036_microsocks_with_a_password() {
    let Some(socks) = microsocks("-u user -P word") else { return };
    works_through(&format!("socks5h://user:word@127.0.0.1:{}", socks.port()));
    for login in ["", "user:wrong@"] {
        let story = Story::with(
            &through(&format!("socks5h://{login}127.0.0.1:{}", socks.port())),
            &Request::new("http://127.0.0.1:9/"),
        );
        assert_eq!(story.outcome(), "-1013", "{login}");
    }
}

#[test]
fn a018_dante() {
    let Some(socks) = dante() else { return };
    for (scheme, reply) in [("socks4", 91), ("socks4a", 91), ("socks5", 2), ("socks5h", 2)] {
        let proxy = format!("{scheme}://127.0.0.1:{}", socks.port());
        works_through(&proxy);
        assert_eq!(refused(&proxy, "http://127.0.0.2:9/"), ("-1004".into(), reply), "{scheme}");
    }
}
