use std::sync::Arc;

use crate::support::challenge::{Asked, Credential, ProtectionSpace, Reply};
use crate::support::credentials::CredentialStorage;
use crate::support::handle::{Configuration, Request};
use crate::support::origin::{Connection, Origin};
use crate::support::realm::{self, basic_value, said, schemes};
use crate::support::recorder::Recorder;
use crate::support::story::Story;
use urlsession::*;

fn guarded() -> Origin {
    realm::origin(&realm::basic("here", "alice", "secret"))
}

/// One who answers with the same for ever.
fn replying(credential: Credential) -> Recorder {
    Recorder::default().meeting(move |_| Reply::Use(credential.clone()))
}

fn alice() -> Recorder {
    replying(Credential::user("alice", "secret"))
}

/// How often a recorder was asked.
fn challenges(recorder: Recorder) -> usize {
    recorder.lines().iter().filter(|line| line.starts_with("did_receive_challenge")).count()
}

/// Runs these requests one after the other in one session.
fn run(recorder: Recorder, configuration: &Configuration, requests: &[Request]) {
    let session = recorder.session(configuration);
    for (request, number) in requests.iter().zip(1..) {
        session.task_for(request).resume();
        recorder.wait_for(&format!("did_complete {number} ok"));
    }
}

#[test]
fn e015_the_same_wrong_password_for_ever_ends_with_the_401() {
    let origin = guarded();
    let recorder = replying(Credential::user("alice", "wrong"));
    let story = Story::told_to(recorder, &Configuration::default(), &Request::new(&origin.url("/hello")));
    let expected = "did_receive_challenge 1 Basic \"here\" 0 -\n\
                    did_receive_challenge 1 Basic \"here\" 1 -\n\
                    did_receive_response 1 401\ndid_receive_data 1 \"who is it?\\n\"\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
    assert_eq!(said(&origin.requests()), ["-".to_owned(), basic_value("alice", "wrong")]);
}

#[test]
fn e015_other_wrong_passwords_for_ever_end_too() {
    let origin = guarded();
    let recorder = Recorder::default().meeting(|asked| {
        Reply::Use(Credential::for_session("alice", &format!("wrong {}", asked.challenge.failures())))
    });
    let story = Story::told_to(recorder, &Configuration::default(), &Request::new(&origin.url("/hello")));
    assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 401));
    let requests = origin.requests();
    assert!((3..=32).contains(&requests.len()), "{} requests", requests.len());
    assert_eq!(challenges(recorder), requests.len() - 1);
    let last = format!("did_receive_challenge 1 Basic \"here\" {} -", requests.len() - 2);
    assert!(story.transcript().contains(&last), "{}", story.transcript());
}

#[test]
fn e015_failures_are_counted_until_one_is_right() {
    let origin = guarded();
    let recorder = Recorder::default().meeting(|asked| {
        Reply::Use(Credential::user("alice", ["no", "nor this", "secret"][asked.challenge.failures() as usize]))
    });
    let story = Story::told_to(recorder, &Configuration::default(), &Request::new(&origin.url("/hello")));
    assert_eq!((story.response().status_code(), challenges(recorder)), (200, 3));
    assert_eq!(origin.requests().len(), 4);
}

#[test]
fn e014_none_is_used_once() {
    let (origin, recorder) = (guarded(), alice());
    run(recorder, &Configuration::default(), &["/hello", "/hello"].map(|path| Request::new(&origin.url(path))));
    assert_eq!(
        (challenges(recorder), schemes(&origin.requests())),
        (2, ["-", "Basic", "-", "Basic"].map(Into::into).into())
    );
}

#[test]
fn e014_for_session_does_not_ask_again() {
    let (origin, recorder) = (guarded(), replying(Credential::for_session("alice", "secret")));
    let urls = ["/hello", "/hello", "/deeper/than/that", "/hello"];
    run(recorder, &Configuration::default(), &urls.map(|path| Request::new(&origin.url(path))));
    assert_eq!((challenges(recorder), schemes(&origin.requests()).concat()), (1, "-BasicBasicBasicBasic".to_owned()));
    let second = replying(Credential::for_session("alice", "secret"));
    run(second, &Configuration::default(), &[Request::new(&origin.url("/hello"))]);
    assert_eq!(challenges(second), 1, "a second session is asked again");
}

#[test]
fn e014_for_session_does_not_ask_again_anywhere_in_the_protection_space() {
    let (origin, recorder) = (guarded(), replying(Credential::for_session("alice", "secret")));
    let urls = ["/a/b", "/c/d", "/a/b", "/c/d", "/c/d"];
    run(recorder, &Configuration::default(), &urls.map(|path| Request::new(&origin.url(path))));
    assert_eq!(challenges(recorder), 1, "{}", recorder.transcript());
    // What is known of one folder is not forgotten for the other.
    assert_eq!(schemes(&origin.requests()).concat(), "-Basic-BasicBasicBasicBasic");
}

#[test]
fn a044_basic_is_sent_ahead_below_an_earlier_success_and_not_beside_it() {
    let guard = realm::by_folder([("in", realm::basic("here", "alice", "secret"))]);
    let (origin, recorder) = (realm::origin(&guard), replying(Credential::for_session("alice", "secret")));
    let urls = ["/in/a", "/in/", "/in/b/c?d", "/hello", "/ins", "/in"];
    run(recorder, &Configuration::default(), &urls.map(|path| Request::new(&origin.url(path))));
    let expected = [
        ("/in/a", "-"),
        ("/in/a", "Basic"),
        ("/in/", "Basic"),
        ("/in/b/c?d", "Basic"),
        ("/hello", "-"),
        ("/ins", "-"),
        ("/in", "-"),
        ("/in", "Basic"),
    ];
    let requests = origin.requests();
    let sent: Vec<_> = requests.iter().map(|request| request.target()).zip(schemes(&requests)).collect();
    assert_eq!(sent, expected.map(|(path, scheme)| (path, scheme.to_owned())));
}

#[test]
fn a043_a_user_of_one_realm_is_proposed_to_no_other() {
    let guards = [("a", realm::basic("A", "alice", "secret")), ("b", realm::basic("B", "bob", "else"))];
    let guard = realm::by_folder(guards);
    let (origin, other) = (realm::origin(&guard), realm::origin(&guard));
    let answer = |asked: &Asked| match asked.challenge.space().realm().as_deref() {
        Some("A") => Reply::Use(Credential::permanent("alice", "secret")),
        _ => Reply::UseNone,
    };
    let recorder = Recorder::default().meeting(answer);
    let urls = [origin.url("/a/x"), origin.url("/b/x"), other.url("/a/x"), other.url("/b/x")];
    run(recorder, &Configuration::ephemeral(), &urls.map(|url| Request::new(&url)));
    assert_eq!(said(&origin.requests())[1..], [basic_value("alice", "secret"), "-".to_owned()]);
    // Another port is another space: it asks by itself.
    assert_eq!(said(&other.requests()), ["-".to_owned(), basic_value("alice", "secret"), "-".to_owned()]);
    assert_eq!(challenges(recorder), 4);
    assert!(recorder.lines().iter().all(|line| !line.contains("challenge") || line.ends_with("0 -")));
}

#[test]
fn a043_another_scheme_is_another_space() {
    let guard = realm::basic("here", "alice", "secret");
    let (origin, wanted) = (realm::origin(&guard), Credential::permanent("alice", "secret"));
    let storage = CredentialStorage::default();
    let space = |method| ProtectionSpace::of(origin.address().port(), "here", method);
    storage.set(&space(UrlSessionAuthenticationMethod::HTTP_DIGEST), &wanted, true);
    let configuration = Configuration::ephemeral().credential_storage(Some(&storage));
    let story = || Story::with(&configuration, &Request::new(&origin.url("/hello"))).response().status_code();
    assert_eq!(story(), 401, "that of Digest is not for Basic");
    storage.set(&space(UrlSessionAuthenticationMethod::HTTP_BASIC), &wanted, true);
    assert_eq!(story(), 200);
}

#[test]
fn r017_user_and_password_go_out_in_utf_8() {
    for (user, password) in [("Jäsøn Doe", "pässwörd: mit €"), ("", ""), ("user@host/with%", "a:b:c")] {
        let origin = realm::origin(&realm::basic("here", user, password));
        let recorder = replying(Credential::user(user, password));
        let story = Story::told_to(recorder, &Configuration::default(), &Request::new(&origin.url("/hello")));
        assert_eq!(story.response().status_code(), 200, "{user}");
    }
}

#[test]
fn e011_the_connection_of_a_401_is_used_again() {
    let origin = guarded();
    Story::told_to(alice(), &Configuration::default(), &Request::new(&origin.url("/hello")));
    assert_eq!((origin.accepted(), origin.requests().len()), (1, 2));
}

#[test]
fn e011_a_401_may_close_its_connection() {
    let (guard, fields) =
        (realm::basic("here", "alice", "secret"), "Connection: close\r\nContent-Length: 3\r\n\r\nno!");
    let origin = Origin::http(move |connection: &mut Connection| {
        while let Some(request) = connection.read_request() {
            let Err(challenge) = guard(&request) else {
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nin");
                continue;
            };
            connection.send(format!("HTTP/1.1 401 No\r\n{challenge}{fields}").as_bytes());
            return;
        }
    });
    let story = Story::told_to(alice(), &Configuration::default(), &Request::new(&origin.url("/")));
    assert_eq!((story.response().status_code(), story.body()), (200, b"in".to_vec()));
    assert_eq!(origin.accepted(), 2);
}

#[test]
fn e011_head_is_asked_again_as_head() {
    let origin = guarded();
    let request = Request::new(&origin.url("/hello")).method("HEAD");
    let story = Story::told_to(alice(), &Configuration::default(), &request);
    assert_eq!((story.response().status_code(), story.body().len()), (200, 0));
    assert!(origin.requests().iter().all(|request| request.method() == "HEAD"));
    assert_eq!((origin.requests().len(), origin.accepted()), (2, 1));
}

#[test]
fn e014_tasks_side_by_side_are_let_in() {
    let (origin, recorder) = (guarded(), replying(Credential::for_session("alice", "secret")));
    let session = recorder.session(&Configuration::default());
    let tasks: Vec<_> = (0..16).map(|_| Arc::new(session.start(&origin.url("/hello")))).collect();
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    for task in tasks {
        assert_eq!(task.response().unwrap().status_code(), 200, "task {}", task.identifier());
    }
    assert!(origin.requests().len() <= 32 && challenges(recorder) <= 16);
}

#[test]
fn e011_tasks_that_are_asked_share_one_connection() {
    let (origin, recorder) = (guarded(), alice());
    let session = recorder.session(&Configuration::default().connections_per_host(1));
    let tasks: Vec<_> = (0..4).map(|_| session.start(&origin.url("/hello"))).collect();
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    assert!(tasks.iter().all(|task| task.response().unwrap().status_code() == 200));
    assert_eq!((origin.accepted(), origin.requests().len(), challenges(recorder)), (1, 8, 4));
}

#[test]
fn e011_a_401_without_an_end_is_let_go() {
    let origin = Origin::http(|connection: &mut Connection| {
        connection.read_request();
        if connection.number > 1 {
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nin");
            return;
        }
        connection.send(b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=here\r\n\r\n");
        while connection.send(&[b'x'; 64 << 10]) {}
    });
    let story = Story::told_to(alice(), &Configuration::default(), &Request::new(&origin.url("/")));
    assert_eq!((story.response().status_code(), story.body()), (200, b"in".to_vec()));
    assert_eq!(origin.accepted(), 2);
}
