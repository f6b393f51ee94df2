//! What the application has written for the proxy itself; and a proxy with TLS, which is trusted before it is told.

use std::sync::{Arc, Mutex};

use crate::support::challenge::{Credential, Reply};
use crate::support::digest::Digest;
use crate::support::handle::Request;
use crate::support::proxy::{Guarded, URLS};
use crate::support::realm::{self, basic_value};
use crate::support::recorder::Recorder;
use crate::support::story::Story;

fn guarded() -> Guarded {
    Guarded::by(&realm::basic("proxy", "alice", "secret"))
}

fn alice() -> Recorder {
    Recorder::letting_in(|_| Reply::Use(Credential::user("alice", "secret")))
}

fn own(url: &str, value: &str) -> Request {
    Request::new(url).header("Proxy-Authorization", value)
}

#[test]
fn r020_what_the_application_has_written_goes_first() {
    for url in URLS {
        let (there, right) = (guarded(), basic_value("alice", "secret"));
        let configuration = there.configuration_with("alice:wrong@");
        let story = Story::told_to(alice(), &configuration, &own(url, &right));
        assert!(!story.transcript().contains("challenge"), "{}", story.transcript());
        assert_eq!((story.outcome(), there.said()), ("ok".into(), vec![right]));
    }
}

#[test]
fn r020_what_was_refused_gives_way_to_what_a_delegate_says() {
    for url in URLS {
        let there = guarded();
        let story = Story::told_to(alice(), &there.configuration_with("alice:other@"), &own(url, "Own wrong"));
        assert!(
            story.transcript().starts_with("did_receive_challenge 1 Basic \"proxy\" 0 -\n"),
            "{}",
            story.transcript()
        );
        assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 200));
        assert_eq!(there.said(), ["Own wrong".to_owned(), basic_value("alice", "secret")]);
        assert!(there.server.requests().iter().all(|request| request.value("proxy-authorization").is_none()));
    }
}

#[test]
fn r020_what_was_refused_does_not_give_way_to_anything_else() {
    for (url, outcome) in URLS.into_iter().zip(["ok", "-1013"]) {
        let there = guarded();
        let story = Story::with(&there.configuration_with("alice:secret@"), &own(url, "Own wrong"));
        assert_eq!((story.outcome().as_str(), there.said()), (outcome, vec!["Own wrong".to_owned()]));
    }
}

#[test]
fn r020_a_digest_may_follow_what_was_refused() {
    for url in URLS {
        let (guard, refusals) = Digest::default().guard();
        let there = Guarded::by(&guard);
        let story = Story::told_to(alice(), &there.configuration(), &own(url, "Own wrong"));
        assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 200), "{:?}", refusals.all());
        assert_eq!(there.schemes(), ["Own", "Digest"]);
    }
}

#[test]
fn r020_nothing_goes_out_where_the_field_is_suppressed() {
    for url in URLS {
        let there = guarded();
        let request = Request::new(url).suppress("Proxy-Authorization");
        Story::with(&there.configuration_with("alice:secret@"), &request);
        assert_eq!(there.said(), ["-"], "{url}");
    }
}

#[test]
fn a043_a_proxy_with_tls_is_trusted_before_it_is_told() {
    let digest = || Digest { realm: "proxy", ..Digest::default() }.guard().0;
    for url in URLS {
        for (guard, method) in [(realm::basic("proxy", "alice", "secret"), "Basic"), (digest(), "Digest")] {
            let (there, asked) = (Guarded::behind_tls(&guard), Arc::new(Mutex::new(Vec::new())));
            let [of_trust, of_user] = [asked.clone(), asked.clone()];
            let recorder = Recorder::default().trusting(move |asked| {
                of_trust.lock().unwrap().push(("trust", asked.challenge.space().is_proxy()));
                asked.accept()
            });
            let recorder = recorder.meeting(move |asked| {
                let space = asked.challenge.space();
                assert_eq!((space.protocol().as_str(), space.realm().as_deref()), ("https", Some("proxy")));
                of_user.lock().unwrap().push(("user", space.is_proxy()));
                Reply::Use(Credential::user("alice", "secret"))
            });
            let story = Story::told_to(recorder, &there.configuration(), &Request::new(url));
            assert_eq!((story.outcome(), story.body()), ("ok".into(), b"hello, world\n".to_vec()));
            let expected = [("trust", true), ("user", true), ("trust", false)];
            let most = if url.starts_with("https") { 3 } else { 2 };
            assert_eq!(asked.lock().unwrap()[..], expected[..most], "{url}");
            assert_eq!((there.schemes(), there.proxy.accepted()), (vec!["-".to_owned(), method.to_owned()], 1));
        }
    }
}

#[test]
fn a043_a_proxy_that_is_not_trusted_is_told_nothing() {
    for url in URLS {
        let there = Guarded::behind_tls(&realm::basic("proxy", "alice", "secret"));
        let recorder = Recorder::default().trusting(|_| Reply::Cancel);
        let recorder = recorder.meeting(|_| Reply::Use(Credential::user("alice", "secret")));
        let story = Story::told_to(recorder, &there.configuration_with("alice:secret@"), &Request::new(url));
        assert_eq!((story.transcript().as_str(), there.proxy.requests().len()), ("did_complete 1 -999", 0));
    }
}
