//! What a proxy's 407 asks of whom, and what the answers lead to: with an http URL, and with a tunnel.

use crate::support::challenge::{Asked, Credential, ProtectionSpace, Reply};
use crate::support::credentials::CredentialStorage;
use crate::support::digest::Digest;
use crate::support::handle::{Configuration, Request, Session, Task};
use crate::support::origin::Origin;
use crate::support::proxy::{Guarded, URLS};
use crate::support::realm::{self, basic_value};
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const ASKED: &str = "did_receive_challenge 1 Basic \"proxy\" 0 -\n";
const LET_IN: &str = "did_receive_response 1 200\ndid_receive_data 1 \"hello, world\\n\"\ndid_complete 1 ok";

fn guarded() -> Guarded {
    Guarded::by(&realm::basic("proxy", "alice", "secret"))
}

fn alice() -> Reply {
    Reply::Use(Credential::user("alice", "secret"))
}

fn replying(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Recorder {
    Recorder::letting_in(move |_| reply())
}

fn story(recorder: Recorder, there: &Guarded, url: &str) -> Story {
    Story::told_to(recorder, &there.configuration(), &Request::new(url))
}

/// Row A045: the 407 is the response, and of a tunnel there is none.
fn refused(url: &str) -> &'static str {
    match url.starts_with("https") {
        true => "did_complete 1 -1013",
        false => "did_receive_response 1 407\ndid_receive_data 1 \"who is it?\\n\"\ndid_complete 1 ok",
    }
}

/// A task that waits for the answer to its challenge.
struct Waiting {
    there: Guarded,
    recorder: Recorder,
    session: Session,
    task: Task,
    asked: Asked,
}

impl Waiting {
    fn new(url: &str, configure: impl FnOnce(Configuration) -> Configuration) -> Self {
        let (there, recorder) = (guarded(), replying(|| Reply::Later));
        let session = recorder.session(&configure(there.configuration()));
        let task = session.start(url);
        let asked = recorder.asked();
        Self { there, recorder, session, task, asked }
    }

    fn plain(url: &str) -> Self {
        Self::new(url, |configuration| configuration)
    }
}

#[test]
fn e011_a_proxys_challenge_comes_before_the_407() {
    for url in URLS {
        let Waiting { there, recorder, task, asked, .. } = Waiting::plain(url);
        let (space, response) = (asked.challenge.space(), asked.challenge.response().expect("a response"));
        assert_eq!((space.host().as_str(), space.port()), ("127.0.0.1", there.proxy.address().port()));
        assert_eq!((space.protocol().as_str(), space.is_proxy()), ("http", true));
        assert_eq!(space.realm().as_deref(), Some("proxy"));
        assert!(space.method() == UrlSessionAuthenticationMethod::HTTP_BASIC);
        assert!(!url_session_protection_space_receives_credential_securely(space.get()));
        assert_eq!(response.status_code(), 407);
        assert_eq!(response.value("proxy-authenticate").unwrap(), "Basic realm=\"proxy\", charset=\"UTF-8\"");
        assert!(asked.challenge.error().is_none() && asked.challenge.proposed().is_none());
        assert_eq!(there.server.accepted(), 0);
        assert!(asked.answer(&alice()));
        recorder.wait_for("did_complete 1 ok");
        assert_eq!(recorder.transcript_of(1), format!("{ASKED}{LET_IN}"));
        assert_eq!(there.said(), ["-".to_owned(), basic_value("alice", "secret")]);
        assert_eq!((task.response().unwrap().url(), task.redirect_count()), (url.to_owned(), 0));
        assert_eq!(task.current_request().value("Proxy-Authorization"), None);
    }
}

#[test]
fn e013_the_four_dispositions_at_a_proxy() {
    let cases: [(fn() -> Reply, _, _); 6] = [
        (alice, Some(LET_IN), 2),
        (|| Reply::UseNone, None, 1),
        (|| Reply::Default, None, 1),
        (|| Reply::Reject, None, 1),
        (|| Reply::Nothing, None, 1),
        (|| Reply::Cancel, Some("did_complete 1 -999"), 1),
    ];
    for url in URLS {
        for (number, (reply, expected, requests)) in cases.into_iter().enumerate() {
            let there = guarded();
            let story = story(replying(reply), &there, url);
            let expected = expected.unwrap_or(refused(url));
            assert_eq!(story.transcript(), format!("{ASKED}{expected}"), "case {number} of {url}");
            assert_eq!(there.proxy.requests().len(), requests, "case {number} of {url}");
        }
    }
}

#[test]
fn a041_the_sessions_slot_is_not_asked_about_a_proxys_407() {
    for url in URLS {
        let there = guarded();
        let recorder = Recorder::default().trusting(|asked| match asked.trust() {
            Some(_) => asked.accept(),
            None => alice(),
        });
        let told = story(recorder, &there, url);
        assert_eq!(told.transcript(), refused(url));
        assert!(recorder.lines().iter().all(|line| !line.contains("challenge")), "{}", recorder.transcript());
        // With both, the task's is asked.
        let told = story(replying(alice), &there, url);
        assert_eq!(told.transcript(), format!("{ASKED}{LET_IN}"));
    }
}

#[test]
fn a045_the_error_of_a_tunnel_says_407() {
    let there = guarded();
    for reply in [(|| Reply::Default) as fn() -> Reply, || Reply::Use(Credential::user("alice", "wrong"))] {
        let story = story(replying(reply), &there, URLS[1]);
        let cause = story.error().underlying().expect("a cause");
        assert_eq!((cause.domain().as_str(), cause.code()), ("UrlSessionProxyDomain", 407));
        assert!(story.error().message().contains(&there.proxy.address().to_string()), "{}", story.error().message());
        assert!(!story.error().message().contains("wrong"), "{}", story.error().message());
        assert!(story.task.response().is_none());
    }
    assert_eq!(there.server.accepted(), 0);
}

#[test]
fn a044_a_rejected_scheme_of_a_proxy_is_followed_by_the_next() {
    for url in URLS {
        let (digest, _) = Digest { realm: "strong", ..Digest::default() }.guard();
        let there = Guarded::by(&realm::any(vec![realm::basic("weak", "alice", "secret"), digest]));
        let recorder = Recorder::letting_in(|asked| match asked.challenge.space().realm().as_deref() {
            Some("strong") => Reply::Reject,
            _ => alice(),
        });
        let told = story(recorder, &there, url).transcript();
        let asked = "did_receive_challenge 1 Digest \"strong\" 0 -\ndid_receive_challenge 1 Basic \"weak\" 0 -\n";
        assert_eq!(told, format!("{asked}{LET_IN}"), "{url}");
        assert_eq!(there.schemes(), ["-", "Basic"]);
    }
}

#[test]
fn a045_the_stored_credential_of_the_proxy_is_the_default() {
    for url in URLS {
        let (there, storage) = (guarded(), CredentialStorage::default());
        let (port, basic) = (there.proxy.address().port(), UrlSessionAuthenticationMethod::HTTP_BASIC);
        let ask = |recorder: Recorder| {
            let configuration = there.configuration().credential_storage(Some(&storage));
            Story::told_to(recorder, &configuration, &Request::new(url)).transcript()
        };
        // Row A043: what is for a server there is not for the proxy.
        storage.set(&ProtectionSpace::of(port, "proxy", basic), &Credential::user("alice", "secret"), true);
        assert_eq!(ask(Recorder::default()), refused(url));
        storage.set(&ProtectionSpace::of_proxy(port, "proxy", basic), &Credential::user("alice", "secret"), true);
        assert_eq!(ask(Recorder::default()), LET_IN);
        let proposed = "did_receive_challenge 1 Basic \"proxy\" 0 alice\n";
        assert_eq!(ask(replying(|| Reply::Default)), format!("{proposed}{LET_IN}"));
        // What is wrong is proposed once.
        storage.set(&ProtectionSpace::of_proxy(port, "proxy", basic), &Credential::user("alice", "wrong"), true);
        assert_eq!(ask(Recorder::default()), refused(url));
        let again = "did_receive_challenge 1 Basic \"proxy\" 1 -\n";
        assert_eq!(ask(replying(|| Reply::Default)), format!("{proposed}{again}{}", refused(url)));
    }
}

#[test]
fn a045_the_login_of_the_proxys_url_goes_before_a_stored_one() {
    for url in URLS {
        let (there, storage) = (guarded(), CredentialStorage::default());
        let space = ProtectionSpace::of_proxy(
            there.proxy.address().port(),
            "proxy",
            UrlSessionAuthenticationMethod::HTTP_BASIC,
        );
        let ask = |login: &str, recorder: Recorder| {
            let configuration = there.configuration_with(login).credential_storage(Some(&storage));
            Story::told_to(recorder, &configuration, &Request::new(url)).transcript()
        };
        storage.set(&space, &Credential::user("alice", "wrong"), true);
        assert_eq!(ask("alice:secret@", Recorder::default()), LET_IN);
        assert_eq!(there.said(), [basic_value("alice", "secret")], "ahead, and no other");
        // It was wrong: then the stored one is the default, and the delegate is told of one failure.
        storage.set(&space, &Credential::user("alice", "secret"), true);
        assert_eq!(ask("alice:wrong@", Recorder::default()), LET_IN);
        let proposed = "did_receive_challenge 1 Basic \"proxy\" 1 alice\n";
        assert_eq!(ask("alice:wrong@", replying(|| Reply::Default)), format!("{proposed}{LET_IN}"));
    }
}

#[test]
fn e015_the_same_wrong_password_for_a_proxy_ends() {
    for url in URLS {
        let there = guarded();
        let told = story(replying(|| Reply::Use(Credential::user("alice", "wrong"))), &there, url).transcript();
        let again = "did_receive_challenge 1 Basic \"proxy\" 1 -\n";
        assert_eq!(told, format!("{ASKED}{again}{}", refused(url)));
        assert_eq!(there.said(), ["-".to_owned(), basic_value("alice", "wrong")]);
    }
}

#[test]
fn e015_other_wrong_passwords_for_a_proxy_end_too() {
    for url in URLS {
        let there = guarded();
        let recorder = Recorder::letting_in(|asked| {
            Reply::Use(Credential::for_session("alice", &format!("wrong {}", asked.challenge.failures())))
        });
        let told = story(recorder, &there, url).transcript();
        let requests = there.proxy.requests().len();
        assert!((3..=32).contains(&requests) && told.ends_with(refused(url)), "{requests} requests: {told}");
        let last = format!("did_receive_challenge 1 Basic \"proxy\" {} -\n", requests - 2);
        assert!(told.contains(&last), "{told}");
    }
}

#[test]
fn e015_failures_at_a_proxy_are_counted_until_one_is_right() {
    for url in URLS {
        let there = guarded();
        let recorder = Recorder::letting_in(|asked| {
            Reply::Use(Credential::user("alice", ["no", "nor this", "secret"][asked.challenge.failures() as usize]))
        });
        let told = story(recorder, &there, url).transcript();
        let asked = [0, 1, 2].map(|failures| format!("did_receive_challenge 1 Basic \"proxy\" {failures} -\n"));
        assert_eq!(told, format!("{}{LET_IN}", asked.concat()));
        assert_eq!(there.proxy.requests().len(), 4);
    }
}

#[test]
fn a056_a_proxys_challenge_that_is_never_answered_times_out() {
    for url in URLS {
        let waiting = Waiting::new(url, |configuration| configuration.request_timeout(0.3));
        waiting.recorder.wait_for("did_complete 1 -1001 request");
        // Late, and harmless.
        assert!(waiting.asked.answer(&alice()) && !waiting.asked.answer(&alice()));
        waiting.session.finish_tasks_and_invalidate();
        waiting.recorder.wait_for("release");
        assert_eq!(waiting.recorder.transcript_of(1), format!("{ASKED}did_complete 1 -1001 request"));
        assert_eq!((waiting.there.proxy.requests().len(), waiting.there.server.accepted()), (1, 0));
    }
}

#[test]
fn a056_who_is_asked_in_front_of_a_tunnel_is_connecting() {
    let connect = |configuration: Configuration| configuration.connect_timeout(0.3);
    let waiting = Waiting::new(URLS[1], connect);
    waiting.recorder.wait_for("did_complete 1 -1001 connect");
    // To the proxy of an http URL there is a connection, which waits.
    let waiting = Waiting::new(URLS[0], |configuration| connect(configuration).request_timeout(0.6));
    waiting.recorder.wait_for("did_complete 1 -1001 request");
}

#[test]
fn e013_a_task_can_be_cancelled_while_a_proxy_asks() {
    for url in URLS {
        let waiting = Waiting::plain(url);
        waiting.task.cancel();
        waiting.recorder.wait_for("did_complete 1 -999");
        assert!(waiting.asked.answer(&alice()));
        waiting.session.finish_tasks_and_invalidate();
        waiting.recorder.wait_for("release");
        assert_eq!(waiting.recorder.transcript_of(1), format!("{ASKED}did_complete 1 -999"));
        assert_eq!(waiting.there.proxy.requests().len(), 1);
        // The same with its session.
        let waiting = Waiting::plain(url);
        waiting.session.invalidate_and_cancel();
        waiting.recorder.wait_for("release");
        assert_eq!(waiting.recorder.transcript_of(1), format!("{ASKED}did_complete 1 -999"));
    }
}

#[test]
fn e013_a_task_that_is_suspended_while_a_proxy_asks_goes_on_when_it_is_resumed() {
    for url in URLS {
        let waiting = Waiting::plain(url);
        waiting.task.suspend();
        assert!(waiting.asked.answer(&alice()));
        // A whole other session has come and gone by then.
        Story::of(&Origin::http(standard::serve).url("/hello"));
        assert_eq!((waiting.there.proxy.requests().len(), waiting.task.state()), (1, 1));
        waiting.task.resume();
        waiting.recorder.wait_for("did_complete 1 ok");
        assert_eq!(waiting.recorder.transcript_of(1), format!("{ASKED}{LET_IN}"));
    }
}
