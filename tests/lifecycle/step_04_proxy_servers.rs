//! A proxy and a server that both want to know who comes: each is told what is for it, and nothing of the other's.

use std::sync::Arc;

use crate::support::challenge::{Asked, Credential, Reply};
use crate::support::digest::Digest;
use crate::support::handle::{Configuration, Request};
use crate::support::origin;
use crate::support::proxy::{Guarded, URLS};
use crate::support::realm::{self, Guard, basic_value};
use crate::support::recorder::Recorder;
use crate::support::story::Story;

const LET_IN: &str = "did_receive_response 1 200\ndid_receive_data 1 \"hello, world\\n\"\ndid_complete 1 ok";

fn basic() -> Guarded {
    Guarded::both(&realm::basic("proxy", "pat", "for proxy"), &realm::basic("server", "sam", "for server"))
}

fn credential(asked: &Asked) -> Credential {
    match asked.challenge.space().is_proxy() {
        true => Credential::for_session("pat", "for proxy"),
        false => Credential::for_session("sam", "for server"),
    }
}

/// One who knows both passwords.
fn both() -> Recorder {
    Recorder::letting_in(|asked| Reply::Use(credential(asked)))
}

fn values(requests: &[origin::Request], name: &str) -> Vec<String> {
    requests.iter().map(|request| request.value(name).unwrap_or("-").to_owned()).collect()
}

#[test]
fn e011_first_the_proxy_asks_and_then_the_server() {
    let (proxy, server) = (basic_value("pat", "for proxy"), basic_value("sam", "for server"));
    for url in URLS {
        let there = basic();
        let told = Story::told_to(both(), &there.configuration(), &Request::new(url)).transcript();
        let asked = "did_receive_challenge 1 Basic \"proxy\" 0 -\ndid_receive_challenge 1 Basic \"server\" 0 -\n";
        assert_eq!(told, format!("{asked}{LET_IN}"), "{url}");
        let (at_proxy, at_server) = (there.proxy.requests(), there.server.requests());
        if url.starts_with("https") {
            assert_eq!(values(&at_proxy, "proxy-authorization"), ["-", &proxy]);
            assert_eq!(values(&at_proxy, "authorization"), ["-", "-"]);
            assert_eq!(values(&at_server, "authorization"), ["-", &server]);
            assert_eq!(values(&at_server, "proxy-authorization"), ["-", "-"]);
        } else {
            // To the server of an http URL goes what the proxy leaves of this.
            assert_eq!(values(&at_proxy, "proxy-authorization"), ["-", &proxy, &proxy]);
            assert_eq!(values(&at_proxy, "authorization"), ["-", "-", &server]);
        }
    }
}

#[test]
fn e011_both_by_digest() {
    for url in URLS {
        let digest = |realm, user, password| Digest { realm, user, password, ..Digest::default() }.guard();
        let (proxy, of_proxy) = digest("proxy", "pat", "for proxy");
        let (server, of_server) = digest("server", "sam", "for server");
        let (there, recorder) = (Guarded::both(&proxy, &server), both());
        let session = recorder.session(&there.configuration());
        for number in 1..=3 {
            session.start(url);
            recorder.wait_for(&format!("did_complete {number} ok"));
            assert_eq!(recorder.body(number), b"hello, world\n");
        }
        assert_eq!(
            (of_proxy.all(), of_server.all()),
            (vec!["nothing said".to_owned()], vec!["nothing said".to_owned()])
        );
        let asked = recorder.lines().into_iter().filter(|line| line.starts_with("did_receive_challenge"));
        assert_eq!(asked.count(), 2);
    }
}

#[test]
fn a043_what_is_for_the_server_does_not_answer_the_proxy() {
    let guards: [Arc<Guard>; 2] = [realm::basic("here", "sam", "for server"), Digest::default().guard().0];
    for (url, outcome) in URLS.into_iter().zip(["ok", "-1013"]) {
        for guard in &guards {
            let there = Guarded::by(guard);
            let of_session = there.configuration().credential(url, &Credential::user("sam", "for server"));
            let of_url = url.replacen("://", "://sam:for%20server@", 1);
            let of_request = Request::new(url).credential(&Credential::user("sam", "for server"));
            for (configuration, request) in [
                (of_session, Request::new(url)),
                (there.configuration(), Request::new(&of_url)),
                (there.configuration(), of_request),
                (there.configuration(), Request::new(url).header("Authorization", "Basic own")),
            ] {
                assert_eq!(Story::with(&configuration, &request).outcome(), outcome);
            }
            assert_eq!(there.said(), ["-"; 4]);
            assert_eq!(there.server.accepted(), 0);
        }
    }
}

#[test]
fn a043_what_is_for_the_proxy_does_not_answer_the_server() {
    for url in URLS {
        let one = realm::basic("here", "pat", "for proxy");
        let there = Guarded::both(&one, &one);
        let ask = |configuration: &Configuration, recorder: Recorder| {
            let story = Story::told_to(recorder, configuration, &Request::new(url));
            (story.outcome(), story.response().status_code())
        };
        assert_eq!(ask(&there.configuration_with("pat:for%20proxy@"), Recorder::default()), ("ok".into(), 401));
        let recorder = Recorder::letting_in(|asked| match asked.challenge.space().is_proxy() {
            true => Reply::Use(Credential::for_session("pat", "for proxy")),
            false => Reply::Default,
        });
        assert_eq!(ask(&there.configuration(), recorder), ("ok".into(), 401));
        for request in there.proxy.requests().iter().chain(&there.server.requests()) {
            assert_eq!(request.value("authorization"), None, "{}", request.head);
        }
        for request in there.server.requests() {
            assert_eq!(request.value("proxy-authorization"), None, "{}", request.head);
        }
    }
}

#[test]
fn e014_a_proxys_answer_for_one_challenge_lasts_as_long_as_its_task() {
    let credential = |asked: &Asked| match asked.challenge.space().is_proxy() {
        true => Credential::user("pat", "for proxy"),
        false => Credential::user("sam", "for server"),
    };
    for url in URLS {
        let there = basic();
        let recorder = Recorder::letting_in(move |asked| Reply::Use(credential(asked)));
        let told = Story::told_to(recorder, &there.configuration(), &Request::new(url)).transcript();
        let asked = "did_receive_challenge 1 Basic \"proxy\" 0 -\ndid_receive_challenge 1 Basic \"server\" 0 -\n";
        assert_eq!(told, format!("{asked}{LET_IN}"), "{url}");
    }
}

#[test]
fn a055_failures_are_counted_for_each_of_them() {
    for url in URLS {
        let there = basic();
        let recorder = Recorder::letting_in(|asked| match asked.challenge.failures() {
            0 => Reply::Use(Credential::for_session("somebody", "wrong")),
            _ => Reply::Use(credential(asked)),
        });
        let told = Story::told_to(recorder, &there.configuration(), &Request::new(url)).transcript();
        let asked = ["proxy", "server"].map(|realm| {
            [0, 1].map(|failures| format!("did_receive_challenge 1 Basic {realm:?} {failures} -\n")).concat()
        });
        assert_eq!(told, format!("{}{LET_IN}", asked.concat()), "{url}");
    }
}

#[test]
fn a043_a_407_that_a_server_says_in_a_tunnel_is_no_proxys() {
    let closed = realm::closed("Proxy-Authenticate: Basic realm=\"proxy\"\r\n");
    let server = origin::Origin::https(move |connection| {
        while connection.read_request().is_some() {
            let fields = closed(&origin::Request { connection: 0, head: String::new(), body: Vec::new() }).unwrap_err();
            connection.send(format!("HTTP/1.1 407 Who?\r\n{fields}Content-Length: 0\r\n\r\n").as_bytes());
        }
    });
    let proxy = origin::Origin::http(crate::support::proxy::serve(server.address()));
    let there = Guarded { proxy, server };
    let story = Story::told_to(both(), &there.configuration(), &Request::new(URLS[1]));
    assert_eq!(story.response().status_code(), 407);
    assert!(!story.transcript().contains("challenge"), "{}", story.transcript());
}

#[test]
fn a045_what_a_407_does_not_say_is_not_asked() {
    for fields in [
        "",
        "www-authenticate: Basic realm=\"here\"\r\n",
        "Proxy-Authenticate: Strange realm=\"here\"\r\n",
        "Proxy-Authenticate: Digest realm=\"here\"\r\n",
        "Proxy-Authenticate: Negotiate, NTLM\r\nProxy-Authenticate: =,=,\"\r\n",
    ] {
        for (url, outcome) in URLS.into_iter().zip(["ok", "-1013"]) {
            let there = Guarded::by(&realm::closed(fields));
            let story = Story::told_to(both(), &there.configuration(), &Request::new(url));
            assert_eq!((story.outcome().as_str(), there.said()), (outcome, vec!["-".to_owned()]), "{fields}");
            assert!(!story.transcript().contains("challenge"), "{}", story.transcript());
        }
    }
}
