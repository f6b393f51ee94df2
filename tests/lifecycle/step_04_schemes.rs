use crate::support::challenge::{Credential, Reply};
use crate::support::digest::Digest;
use crate::support::handle::{Configuration, Request};
use crate::support::origin::{Connection, Origin};
use crate::support::realm::{self, closed, schemes};
use crate::support::recorder::Recorder;
use crate::support::story::Story;
use urlsession::*;

fn alice() -> Reply {
    Reply::Use(Credential::for_session("alice", "secret"))
}

fn story(recorder: Recorder, origin: &Origin) -> Story {
    Story::told_to(recorder, &Configuration::ephemeral(), &Request::new(&origin.url("/hello")))
}

/// The challenges of a story, in order.
fn asked(story: &Story) -> Vec<String> {
    let lines = story.recorder.lines_of(1).into_iter();
    lines.filter_map(|line| line.strip_prefix("did_receive_challenge 1 ").map(str::to_owned)).collect()
}

/// It offers from weak to strong, in one field and in several.
fn offering_all() -> Origin {
    let digest = Digest::default().guard().0;
    let basic = realm::basic("here", "alice", "secret");
    let others = closed("WWW-Authenticate: Negotiate\r\nWWW-Authenticate: NTLM, Hoba x=y, Bearer realm=\"api\"\r\n");
    realm::origin(&realm::any(vec![others, basic, digest]))
}

#[test]
fn a044_the_strongest_scheme_is_asked_first() {
    let origin = offering_all();
    let story = story(Recorder::default().meeting(|_| alice()), &origin);
    assert_eq!((story.response().status_code(), asked(&story)), (200, vec!["Digest \"here\" 0 -".to_owned()]));
    assert_eq!(schemes(&origin.requests()), ["-", "Digest"]);
}

#[test]
fn a044_after_a_rejection_the_next_one_is_offered() {
    let origin = offering_all();
    let recorder = Recorder::default().meeting(|asked| match asked.challenge.space().method() {
        UrlSessionAuthenticationMethod::HTTP_DIGEST => Reply::Reject,
        _ => alice(),
    });
    let story = story(recorder, &origin);
    assert_eq!((story.response().status_code(), asked(&story).len()), (200, 2));
    assert_eq!(asked(&story)[1], "Basic \"here\" 0 -");
    assert_eq!(schemes(&origin.requests()), ["-", "Basic"]);
}

#[test]
fn a044_e013_when_none_is_left_the_401_is_the_response() {
    let origin = offering_all();
    let story = story(Recorder::default().meeting(|_| Reply::Reject), &origin);
    let expected = ["Digest \"here\" 0 -", "Basic \"here\" 0 -", "Bearer \"api\" 0 -"];
    assert_eq!((story.response().status_code(), asked(&story)), (401, expected.map(str::to_owned).into()));
    assert_eq!((story.outcome(), story.body(), origin.requests().len()), ("ok".into(), realm::REFUSED.to_vec(), 1));
}

#[test]
fn a044_what_was_rejected_is_not_offered_again_after_a_failure() {
    let guards =
        vec![closed("WWW-Authenticate: Digest realm=\"d\", nonce=\"n\"\r\n"), realm::basic("b", "alice", "secret")];
    let origin = realm::origin(&realm::any(guards));
    let recorder =
        Recorder::default().meeting(|asked| match (asked.challenge.space().method(), asked.challenge.failures()) {
            (UrlSessionAuthenticationMethod::HTTP_DIGEST, _) => Reply::Reject,
            (_, 0) => Reply::Use(Credential::user("alice", "wrong")),
            _ => alice(),
        });
    let story = story(recorder, &origin);
    let expected = ["Digest \"d\" 0 -", "Basic \"b\" 0 -", "Basic \"b\" 1 -"];
    assert_eq!((story.response().status_code(), asked(&story)), (200, expected.map(str::to_owned).into()));
}

#[test]
fn a042_schemes_that_nobody_here_speaks_are_not_asked_about() {
    for offer in ["Negotiate", "NTLM", "Negotiate YII=", "Hoba x=y", "Digest realm=\"a\", nonce=\"b\", algorithm=NEW"] {
        let origin = realm::origin(&closed(&format!("WWW-Authenticate: {offer}\r\n")));
        let story = story(Recorder::default().meeting(|_| alice()), &origin);
        assert_eq!((asked(&story).len(), story.response().status_code()), (0, 401), "{offer}");
        assert_eq!(origin.requests().len(), 1, "{offer}");
    }
}

#[test]
fn e011_whatever_a_challenge_looks_like_the_401_is_delivered() {
    let long = format!("Basic realm=\"{}\"", "x".repeat(8000));
    let many = "Basic realm=a, ".repeat(500);
    let values = [
        "",
        " ",
        ",,,,",
        "=",
        "\"",
        "\\",
        "Basic realm=\"unfinished",
        "Basic realm=\"a\\",
        "Digest",
        "Digest nonce",
        "Digest realm=\"a\"",
        "Digest realm=\"a\", nonce=\"\", qop=\"auth-conf\"",
        "Digest realm=\"a\", nonce=\"n\", qop=auth, stale=true",
        "Digest realm=\"a\", nonce=\"n\", qop=auth, stale=maybe, algorithm=",
        "Bearer error=\"invalid_token",
        "Basic Basic Basic",
        "Basic realm=a realm=b, realm=c",
        "\u{fc}\u{20ac} realm=\u{fc}",
        "Basic realm=\"\u{fc}\"",
        "Basic realm=\"\t\"",
        &long,
        &many,
    ];
    for value in values {
        let origin = realm::origin(&closed(&format!("WWW-Authenticate: {value}\r\n")));
        for recorder in [Recorder::default(), Recorder::default().meeting(|_| alice())] {
            let story = story(recorder, &origin);
            assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 401), "{value}");
            assert_eq!(story.body(), realm::REFUSED, "{value}");
        }
        assert!(origin.requests().len() < 30, "{value}: {} requests", origin.requests().len());
    }
}

#[test]
fn e011_bytes_that_are_no_text_in_a_challenge() {
    let origin = Origin::http(|connection: &mut Connection| {
        while connection.read_request().is_some() {
            connection.send(
                b"HTTP/1.1 401 No\r\nContent-Length: 0\r\nWWW-Authenticate: Basic realm=\"\xff\xfe\x80\"\r\n\r\n",
            );
        }
    });
    let story = story(Recorder::default().meeting(|_| alice()), &origin);
    assert_eq!((story.outcome(), story.response().status_code(), asked(&story).len()), ("ok".into(), 401, 2));
}

#[test]
fn e011_a_401_without_a_challenge_is_the_response() {
    let origin = realm::origin(&closed(""));
    let configuration = Configuration::ephemeral().credential(&origin.url("/"), &Credential::user("alice", "secret"));
    let recorder = Recorder::default().meeting(|_| alice());
    let story = Story::told_to(recorder, &configuration, &Request::new(&origin.url("/hello")));
    assert_eq!((story.response().status_code(), asked(&story).len()), (401, 0));
    assert_eq!(schemes(&origin.requests()), ["Basic"]);
}

#[test]
fn a043_what_is_no_401_is_no_challenge() {
    for status in [200, 403, 407] {
        let fields = "WWW-Authenticate: Basic realm=a\r\nProxy-Authenticate: Basic realm=b\r\nContent-Length: 0\r\n";
        let origin = Origin::in_turn(&[&format!("HTTP/1.1 {status} Odd\r\n{fields}\r\n")]);
        let story = story(Recorder::default().meeting(|_| alice()), &origin);
        assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), status));
        assert!(asked(&story).is_empty() && origin.requests().len() == 1, "{status}");
    }
    let proxy = Origin::in_turn(&["HTTP/1.1 401 No\r\nProxy-Authenticate: Basic realm=b\r\nContent-Length: 0\r\n\r\n"]);
    let story = story(Recorder::default().meeting(|_| alice()), &proxy);
    assert_eq!((asked(&story).len(), story.response().status_code()), (0, 401));
}

#[test]
fn a044_a_good_challenge_among_bad_ones_is_found() {
    let bad = closed("WWW-Authenticate: @@@\r\nWWW-Authenticate: \"Digest nonce=x\", Digest nonce, =\r\n");
    let origin = realm::origin(&realm::any(vec![bad, realm::basic("here", "alice", "secret")]));
    let story = story(Recorder::default().meeting(|_| alice()), &origin);
    assert_eq!((story.response().status_code(), asked(&story)), (200, vec!["Basic \"here\" 0 -".to_owned()]));
}
