//! Proxies with TLS: whom to trust on the way, and whom behind it; and as whom to go.

use std::sync::{Arc, Mutex};

use rustls::version::{TLS12, TLS13};

use crate::support::certificate::{self, Asks};
use crate::support::challenge::{Asked, Credential, Reply};
use crate::support::handle::{Configuration, Request};
use crate::support::origin::{Connection, Origin};
use crate::support::proxy::{self, serve};
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;

fn self_signed() -> Arc<rustls::ServerConfig> {
    certificate::server(certificate::self_signed(), &[])
}

fn space(asked: &Asked) -> String {
    let space = asked.challenge.space();
    let what = if space.is_proxy() { "proxy" } else { "server" };
    format!("{} {what} {}:{}", space.protocol(), space.host(), space.port())
}

/// Accepts everybody, and keeps whom it was asked about.
fn accepting() -> (Recorder, Arc<Mutex<Vec<String>>>) {
    let spaces = Arc::new(Mutex::new(Vec::new()));
    let kept = spaces.clone();
    let recorder = Recorder::default().trusting(move |asked| {
        kept.lock().unwrap().push(space(asked));
        asked.accept()
    });
    (recorder, spaces)
}

#[test]
fn a046_each_of_them_is_asked_about() {
    let origin = Origin::tls(self_signed(), standard::serve);
    let proxy = Origin::tls(self_signed(), serve(origin.address()));
    let configuration = Configuration::default().proxy("all", &proxy.url(""));
    let of_proxy = format!("https proxy 127.0.0.1:{}", proxy.address().port());
    let (recorder, asked) = accepting();
    let story = Story::told_to(recorder, &configuration, &Request::new("https://localhost:8443/hello"));
    assert_eq!(story.outcome(), "ok", "{}", story.transcript());
    assert_eq!(*asked.lock().unwrap(), [of_proxy.clone(), "https server localhost:8443".to_owned()]);
    let (recorder, asked) = accepting();
    let story = Story::told_to(recorder, &configuration, &Request::new("http://nowhere.invalid/hello"));
    assert_eq!((story.outcome(), &*asked.lock().unwrap()), ("ok".into(), &vec![of_proxy]));
}

#[test]
fn a046_what_is_answered_about_the_proxy() {
    for (reply, outcome) in [(Reply::Cancel, "-999"), (Reply::Reject, "-1202"), (Reply::Default, "-1203")] {
        let proxy = Origin::tls(self_signed(), serve(([127, 0, 0, 1], 9).into()));
        let configuration = Configuration::default().proxy("all", &proxy.url(""));
        let reply = Mutex::new(Some(reply));
        let recorder = Recorder::default().trusting(move |_| reply.lock().unwrap().take().expect("one question"));
        let story = Story::told_to(recorder, &configuration, &Request::new("https://localhost/hello"));
        assert_eq!(story.outcome(), outcome);
        let message = story.error().message();
        assert_eq!(message.starts_with("the proxy "), outcome != "-999", "{message}");
        assert_eq!(proxy.requests().len(), 0);
    }
}

#[test]
fn a047_a_proxy_may_want_to_know_who_comes() {
    for version in [&TLS12, &TLS13] {
        let origin = Origin::https(standard::serve);
        let target = origin.address();
        let shown = Arc::new(Mutex::new(Vec::new()));
        let seen = shown.clone();
        let server = certificate::server_that_asks(certificate::leaf(), &[version], Asks::Always);
        let proxy = Origin::tls(server, move |connection: &mut Connection| {
            seen.lock().unwrap().push(connection.client_certificate());
            connection.read_request();
            proxy::tunnel(connection, target, b"HTTP/1.1 200 OK\r\n\r\n");
        });
        let leaf = certificate::leaf();
        let configuration = Configuration::trusting(certificate::trusted())
            .proxy("all", &proxy.url(""))
            .client_certificate("127.0.0.1", &Credential::of_leaf(&leaf));
        let story = Story::with(&configuration, &Request::new("https://localhost/hello"));
        assert_eq!((story.outcome(), story.body()), ("ok".into(), b"hello, world\n".to_vec()), "{version:?}");
        assert_eq!(*shown.lock().unwrap(), [Some(leaf.der().to_vec())]);
    }
}
