//! Whom to trust: asked once for each new connection, before anything is sent.

use std::sync::{Arc, Mutex};
use std::thread;

use rustls::version::{TLS12, TLS13};

use crate::support::certificate::{self, Leaf};
use crate::support::challenge::{Asked, Credential, Reply};
use crate::support::handle::{Configuration, Error, Request, Session};
use crate::support::origin::Origin;
use crate::support::recorder::Recorder;
use crate::support::server_trust::ServerTrust;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const ASKED: &str = "session_did_receive_challenge ServerTrust \"\" 0 -";

fn origin(leaf: Leaf) -> Origin {
    Origin::tls(certificate::server(leaf, &[]), standard::serve)
}

fn trusting() -> Configuration {
    Configuration::trusting(certificate::trusted())
}

fn accepting() -> Recorder {
    Recorder::default().trusting(Asked::accept)
}

fn told(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static, leaf: Leaf) -> (Story, Origin) {
    let origin = origin(leaf);
    let recorder = Recorder::default().trusting(reply);
    (Story::told_to(recorder, &trusting(), &Request::new(&origin.url("/hello"))), origin)
}

/// What a delegate is asked about this leaf.
fn trust_of(leaf: Leaf) -> (ServerTrust, Option<Error>) {
    let kept = Arc::new(Mutex::new(None));
    let keep = kept.clone();
    let look = move |asked: &Asked| {
        *keep.lock().unwrap() = Some((asked.trust().unwrap(), asked.challenge.error()));
        Reply::Cancel
    };
    told(look, leaf);
    let found = kept.lock().unwrap().take();
    found.expect("a challenge")
}

/// One task after the other, each on a connection of its own.
fn run(recorder: Recorder, session: &Session, url: &str) -> String {
    let number = session.start(url).identifier();
    recorder.wait_for_beginning(&format!("did_complete {number} "))
}

fn count(recorder: Recorder) -> usize {
    recorder.lines().iter().filter(|line| *line == ASKED).count()
}

#[test]
fn a046_asked_once_for_a_connection_also_where_the_chain_is_good() {
    let origin = origin(certificate::leaf());
    let recorder = Recorder::default().trusting(|_| Reply::Later);
    let session = recorder.session(&trusting());
    let first = session.start(&origin.url("/hello"));
    let asked = recorder.asked();
    assert!(asked.trust().unwrap().is_trusted() && asked.challenge.error().is_none());
    assert_eq!((recorder.transcript_of(1), origin.requests().len()), (String::new(), 0));
    assert!(asked.answer(&Reply::Default));
    recorder.wait_for(&format!("did_complete {} ok", first.identifier()));
    for _ in 0..2 {
        run(recorder, &session, &origin.url("/hello"));
    }
    assert_eq!((count(recorder), origin.accepted(), origin.requests().len()), (1, 1, 3));
}

#[test]
fn a043_the_protection_space_of_a_server() {
    let origin = origin(certificate::leaf());
    let recorder = Recorder::default().trusting(|_| Reply::Later);
    let session = recorder.session(&trusting());
    session.start(&origin.url("/hello"));
    let asked = recorder.asked();
    let space = asked.challenge.space();
    assert_eq!((space.host().as_str(), space.port()), ("127.0.0.1", origin.address().port()));
    assert!(space.method() == UrlSessionAuthenticationMethod::SERVER_TRUST && space.protocol() == "https");
    assert!(!space.is_proxy() && space.realm().is_none() && space.issuers().is_empty());
    assert!(asked.challenge.proposed().is_none() && asked.challenge.response().is_none());
    assert_eq!(asked.challenge.failures(), 0);
    assert!(asked.answer(&Reply::Default));
    recorder.wait_for("did_complete 1 ok");
}

#[test]
fn a046_what_the_platform_makes_of_each_chain() {
    let cases = [
        (certificate::expired(), -1201),
        (certificate::not_yet_valid(), -1204),
        (certificate::wrong_host(), -1202),
        (certificate::self_signed(), -1203),
        (certificate::of_unknown_authority(), -1203),
        (certificate::of_intermediate(false).0, -1203),
        (certificate::wrong_purpose(), -1202),
    ];
    for (leaf, code) in cases {
        let (der, key) = (leaf.der().to_vec(), leaf.public_key());
        let (trust, error) = trust_of(leaf);
        assert_eq!((trust.host().as_str(), trust.is_trusted()), ("127.0.0.1", false));
        let verdict = trust.error().expect("a reason");
        assert_eq!((verdict.code(), error.map(|error| error.code())), (code, Some(code)));
        assert_eq!(verdict.underlying().expect("TLS's own words").domain(), "UrlSessionTlsDomain");
        assert_eq!((&trust.chain()[0], trust.public_key(0)), (&der, key));
    }
    let (trust, error) = trust_of(certificate::of_intermediate(true).0);
    assert!(trust.is_trusted() && trust.error().is_none() && error.is_none());
    assert_eq!(trust.chain().len(), 2);
}

#[test]
fn a046_the_credential_for_trust_accepts_any_chain() {
    for leaf in [
        certificate::expired(),
        certificate::not_yet_valid(),
        certificate::wrong_host(),
        certificate::self_signed(),
        certificate::of_unknown_authority(),
        certificate::of_intermediate(false).0,
        certificate::wrong_purpose(),
        certificate::leaf(),
    ] {
        let (story, origin) = told(Asked::accept, leaf);
        assert_eq!((story.outcome(), story.body()), ("ok".into(), b"hello, world\n".to_vec()));
        assert_eq!(origin.accepted(), 1);
    }
}

#[test]
fn e013_every_answer_about_a_good_and_a_bad_chain() {
    type Answer = fn(&Asked) -> Reply;
    let answers: [(Answer, &str, &str); 6] = [
        (Asked::accept, "ok", "ok"),
        (|_| Reply::Default, "ok", "-1203"),
        (|_| Reply::Nothing, "ok", "-1203"),
        (|_| Reply::UseNone, "-1202", "-1202"),
        (|_| Reply::Reject, "-1202", "-1202"),
        (|_| Reply::Cancel, "-999", "-999"),
    ];
    for (reply, good, bad) in answers {
        for (leaf, expected) in [(certificate::leaf(), good), (certificate::self_signed(), bad)] {
            let (story, origin) = told(reply, leaf);
            assert_eq!(story.outcome(), expected);
            assert_eq!(origin.requests().len(), usize::from(expected == "ok"));
        }
    }
}

#[test]
fn a046_a_credential_of_another_kind_or_connection_accepts_nobody() {
    let first = Arc::new(Mutex::new(None::<Credential>));
    let keep = first.clone();
    let story = told(
        move |asked| {
            *keep.lock().unwrap() = Some(asked.trust().unwrap().credential());
            asked.accept()
        },
        certificate::leaf(),
    );
    assert_eq!(story.0.outcome(), "ok");
    let other = first.lock().unwrap().take().unwrap();
    let (story, _) = told(move |_| Reply::Use(other.clone()), certificate::leaf());
    assert_eq!(story.outcome(), "-1202");
    let (story, _) = told(|_| Reply::Use(Credential::user("me", "secret")), certificate::leaf());
    assert_eq!(story.outcome(), "-1202");
}

#[test]
fn a056_a_question_that_nobody_answers_ends_with_the_request_timer() {
    let origin = origin(certificate::leaf());
    let recorder = Recorder::default().trusting(|_| Reply::Later);
    let configuration = trusting().request_timeout(2.0);
    let story = Story::told_to(recorder, &configuration, &Request::new(&origin.url("/hello")));
    assert_eq!((story.outcome().as_str(), origin.requests().len()), ("-1001 request", 0));
    // Late, and harmless.
    let asked = recorder.asked();
    assert!(asked.answer(&asked.accept()));
    assert!(!asked.answer(&Reply::Cancel));
}

#[test]
fn e013_an_answer_from_another_thread() {
    let origin = origin(certificate::self_signed());
    let recorder = Recorder::default().trusting(|_| Reply::Later);
    let session = recorder.session(&trusting());
    session.start(&origin.url("/hello"));
    let asked = recorder.asked();
    assert_eq!(origin.requests().len(), 0);
    thread::spawn(move || assert!(asked.answer(&asked.accept()))).join().unwrap();
    recorder.wait_for("did_complete 1 ok");
}

#[test]
fn a046_the_first_of_two_answers_counts() {
    let (story, _) = told(
        |asked| {
            assert!(asked.answer(&asked.accept()));
            assert!(!asked.answer(&Reply::Cancel));
            Reply::Nothing
        },
        certificate::self_signed(),
    );
    assert_eq!(story.outcome(), "ok");
}

#[test]
fn a046_cancelled_while_the_question_is_open() {
    let origin = origin(certificate::leaf());
    let recorder = Recorder::default().trusting(|_| Reply::Later);
    let session = recorder.session(&trusting());
    let task = session.start(&origin.url("/hello"));
    let asked = recorder.asked();
    task.cancel();
    recorder.wait_for("did_complete 1 -999");
    assert!(asked.answer(&asked.accept()));
    origin.wait_for_ends(1);
    assert_eq!(origin.requests().len(), 0);
}

#[test]
fn a046_suspended_while_the_question_is_open() {
    let origin = origin(certificate::leaf());
    let recorder = Recorder::default().trusting(|_| Reply::Later);
    let session = recorder.session(&trusting());
    let task = session.start(&origin.url("/hello"));
    let asked = recorder.asked();
    task.suspend();
    assert!(asked.answer(&asked.accept()));
    // Another task is through while this one sleeps.
    let other = session.start(&origin.url("/hello"));
    let asked = recorder.asked();
    assert!(asked.answer(&asked.accept()));
    recorder.wait_for(&format!("did_complete {} ok", other.identifier()));
    assert_eq!(origin.requests().len(), 1);
    task.resume();
    recorder.wait_for("did_complete 1 ok");
}

#[test]
fn a040_the_sessions_slot_then_the_tasks_then_nobody() {
    let leaf = certificate::self_signed;
    let both = accepting().meeting(|_| Reply::Cancel);
    let only_task = Recorder::default().meeting(Asked::accept);
    let nobody = Recorder::default();
    for (recorder, asked, outcome) in [
        (both, "session_did_receive_challenge ServerTrust", "ok"),
        (only_task, "did_receive_challenge 1 ServerTrust", "ok"),
        (nobody, "did_complete 1 -1203", "-1203"),
    ] {
        let origin = origin(leaf());
        let story = Story::told_to(recorder, &trusting(), &Request::new(&origin.url("/hello")));
        assert_eq!(story.outcome(), outcome);
        assert!(recorder.lines()[1].starts_with(asked), "{}", recorder.transcript());
    }
}

#[test]
fn e012_tasks_with_a_completion_handler_are_asked_about_too() {
    let origin = origin(certificate::self_signed());
    let recorder = accepting();
    let session = recorder.session(&trusting());
    recorder.handler_task(&session, "first", &Request::new(&origin.url("/hello"))).resume();
    recorder.wait_for("handler first 200 \"hello, world\\n\"");
    assert_eq!(count(recorder), 1);
}

#[test]
fn a_chain_that_is_too_long_is_not_looked_at() {
    for (count, outcome) in [(32, "ok"), (33, "-1202")] {
        let (story, _) = told(Asked::accept, certificate::long(count));
        assert_eq!(story.outcome(), outcome, "{count}");
    }
}

#[test]
fn certificates_that_are_none() {
    let whole = certificate::leaf().der().to_vec();
    let mut cases = vec![vec![vec![0]], vec![vec![0x30, 0x84, 0xff, 0xff, 0xff, 0xff]], vec![vec![0xff; 60_000]]];
    cases.extend((0..whole.len()).step_by(40).map(|length| vec![whole[..=length].to_vec()]));
    cases.extend((0..whole.len()).step_by(40).map(|place| {
        let mut broken = whole.clone();
        broken[place] ^= 0xff;
        vec![broken]
    }));
    // Another's certificate: whoever shows it has not its key.
    cases.push(vec![whole.clone()]);
    cases.push(vec![whole, vec![0x30; 100], vec![]]);
    for chain in cases {
        for recorder in [Recorder::default(), accepting()] {
            let origin = Origin::tls(certificate::server_that_shows(chain.clone()), standard::serve);
            let story = Story::told_to(recorder, &trusting(), &Request::new(&origin.url("/hello")));
            assert!(["-1200", "-1202", "-1203"].contains(&story.outcome().as_str()), "{}", story.outcome());
            assert_eq!((count(recorder), origin.requests().len()), (0, 0));
        }
    }
}

#[test]
fn a017_a_server_outside_the_range_of_versions_gets_nothing() {
    let only = |version| {
        trusting()
            .set(|c| url_session_configuration_set_tls_maximum_version(c, UrlSessionTlsVersion::V1_3))
            .set(|c| url_session_configuration_set_tls_minimum_version(c, UrlSessionTlsVersion::V1_2))
            .set(|c| match version {
                UrlSessionTlsVersion::V1_2 => url_session_configuration_set_tls_maximum_version(c, version),
                _ => url_session_configuration_set_tls_minimum_version(c, version),
            })
    };
    for (spoken, wanted) in [(&TLS12, UrlSessionTlsVersion::V1_3), (&TLS13, UrlSessionTlsVersion::V1_2)] {
        for recorder in [Recorder::default(), accepting()] {
            let origin = Origin::tls(certificate::server(certificate::leaf(), &[spoken]), standard::serve);
            let story = Story::told_to(recorder, &only(wanted), &Request::new(&origin.url("/hello")));
            assert_eq!((story.transcript().as_str(), origin.requests().len()), ("did_complete 1 -1200", 0));
            assert_eq!(count(recorder), 0);
        }
    }
}
