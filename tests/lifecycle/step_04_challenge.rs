use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::thread;

use crate::support::PATIENCE;
use crate::support::challenge::{Asked, Credential, Reply};
use crate::support::handle::{Configuration, Request, Session, Task};
use crate::support::origin::Origin;
use crate::support::realm::{self, schemes};
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const ASKED: &str = "did_receive_challenge 1 Basic \"here\" 0 -\n";
const LET_IN: &str = "did_receive_response 1 200\ndid_receive_data 1 \"hello, world\\n\"\ndid_complete 1 ok";
const REFUSED: &str = "did_receive_response 1 401\ndid_receive_data 1 \"who is it?\\n\"\ndid_complete 1 ok";

fn guarded() -> Origin {
    realm::origin(&realm::basic("here", "alice", "secret"))
}

fn alice() -> Reply {
    Reply::Use(Credential::user("alice", "secret"))
}

/// One who answers every challenge of a task so.
fn replying(reply: impl Fn() -> Reply + Send + Sync + 'static) -> Recorder {
    Recorder::default().meeting(move |_| reply())
}

fn story(recorder: Recorder, origin: &Origin) -> Story {
    Story::told_to(recorder, &Configuration::default(), &Request::new(&origin.url("/hello")))
}

/// A task that waits for the answer to its challenge.
struct Waiting {
    origin: Origin,
    recorder: Recorder,
    session: Session,
    task: Task,
    asked: Asked,
}

impl Waiting {
    fn new(configuration: &Configuration) -> Self {
        let (origin, recorder) = (guarded(), replying(|| Reply::Later));
        let session = recorder.session(configuration);
        let task = session.start(&origin.url("/hello"));
        let asked = recorder.asked();
        Self { origin, recorder, session, task, asked }
    }
}

#[test]
fn e011_a_challenge_comes_before_the_401() {
    let Waiting { origin, recorder, task, asked, .. } = Waiting::new(&Configuration::default());
    let (space, response) = (asked.challenge.space(), asked.challenge.response().expect("a response"));
    assert_eq!((space.host().as_str(), space.port()), ("127.0.0.1", origin.address().port()));
    assert_eq!((space.protocol().as_str(), space.is_proxy()), ("http", false));
    assert_eq!(space.realm().as_deref(), Some("here"));
    assert!(space.method() == UrlSessionAuthenticationMethod::HTTP_BASIC);
    assert!(!url_session_protection_space_receives_credential_securely(space.get()));
    assert_eq!((response.status_code(), response.url()), (401, origin.url("/hello")));
    assert!(asked.challenge.error().is_none() && asked.challenge.proposed().is_none());
    assert!(asked.answer(&alice()));
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(recorder.transcript_of(1), format!("{ASKED}{LET_IN}"));
    assert_eq!(schemes(&origin.requests()), ["-", "Basic"]);
    assert_eq!((task.response().unwrap().status_code(), task.redirect_count(), task.received()), (200, 0, 13));
}

#[test]
fn e013_the_four_dispositions() {
    let cases: [(fn() -> Reply, _, _); 6] = [
        (alice, LET_IN, 2),
        (|| Reply::UseNone, REFUSED, 1),
        (|| Reply::Default, REFUSED, 1),
        (|| Reply::Reject, REFUSED, 1),
        (|| Reply::Nothing, REFUSED, 1),
        (|| Reply::Cancel, "did_complete 1 -999", 1),
    ];
    for (number, (reply, expected, requests)) in cases.into_iter().enumerate() {
        let origin = guarded();
        let story = story(replying(reply), &origin);
        assert_eq!(story.transcript(), format!("{ASKED}{expected}"), "case {number}");
        assert_eq!(origin.requests().len(), requests, "case {number}");
    }
}

#[test]
fn a041_the_sessions_slot_is_not_asked_about_requests() {
    let origin = guarded();
    let story = story(Recorder::default().trusting(|_| alice()), &origin);
    assert_eq!(story.transcript(), REFUSED);
    assert!(story.recorder.lines().iter().all(|line| !line.contains("challenge")));
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a040_with_both_slots_the_tasks_is_asked_about_requests() {
    let story = story(replying(alice).trusting(|_| Reply::Cancel), &guarded());
    assert_eq!(story.transcript(), format!("{ASKED}{LET_IN}"));
    assert!(!story.recorder.transcript().contains("session_did_receive_challenge"));
}

#[test]
fn a041_without_a_slot_the_401_is_the_response() {
    let story = story(Recorder::default(), &guarded());
    assert_eq!(story.transcript(), REFUSED);
    assert!(story.task.error().is_none());
    assert_eq!(story.response().value("www-authenticate").unwrap(), "Basic realm=\"here\", charset=\"UTF-8\"");
}

#[test]
fn e011_a_tasks_own_delegate_is_asked_first() {
    let origin = guarded();
    let (of_session, of_task) = (replying(|| Reply::Cancel), replying(alice));
    let session = of_session.session(&Configuration::default());
    let task = session.task(&origin.url("/hello"));
    assert_eq!(url_session_task_set_delegate(task.get(), &of_task.delegate()), UrlSessionStatus::OK);
    task.resume();
    of_task.wait_for("release");
    assert_eq!(of_task.transcript(), format!("{ASKED}{LET_IN}\nrelease"));
    assert_eq!(of_session.transcript(), "did_create_task 1");
}

#[test]
fn e011_who_has_no_slot_leaves_it_to_the_sessions_delegate() {
    let origin = guarded();
    let (of_session, of_task) = (replying(alice), Recorder::default());
    let session = of_session.session(&Configuration::default());
    let task = session.task(&origin.url("/hello"));
    assert_eq!(url_session_task_set_delegate(task.get(), &of_task.delegate()), UrlSessionStatus::OK);
    task.resume();
    of_task.wait_for("release");
    assert_eq!(of_task.transcript(), format!("{LET_IN}\nrelease"));
    assert_eq!(of_session.transcript_of(1), ASKED.trim_end());
}

#[test]
fn e011_it_is_asked_for_tasks_with_a_completion_handler_too() {
    let (origin, recorder) = (guarded(), replying(alice));
    let session = recorder.session(&Configuration::default());
    recorder.handler_task(&session, "a", &Request::new(&origin.url("/hello"))).resume();
    recorder.wait_for("handler a 200 \"hello, world\\n\"");
    assert_eq!(recorder.transcript_of(1), ASKED.trim_end());
}

#[test]
fn e013_it_may_be_answered_later_from_another_thread() {
    let waiting = Waiting::new(&Configuration::default());
    assert_eq!((waiting.origin.requests().len(), waiting.task.state()), (1, 0));
    let asked = waiting.asked;
    thread::spawn(move || assert!(asked.answer(&alice()) && !asked.answer(&Reply::Cancel))).join().unwrap();
    waiting.recorder.wait_for("did_complete 1 ok");
    assert_eq!(waiting.recorder.transcript_of(1), format!("{ASKED}{LET_IN}"));
}

#[test]
fn e013_of_many_threads_the_first_answer_wins() {
    let waiting = Waiting::new(&Configuration::default());
    let (asked, first) = (Arc::new(waiting.asked), Arc::new(AtomicUsize::new(0)));
    let threads: Vec<_> = (0..8)
        .map(|number| {
            let (asked, first) = (asked.clone(), first.clone());
            thread::spawn(move || {
                let reply = if number % 2 == 0 { alice() } else { Reply::Cancel };
                if asked.answer(&reply) {
                    first.fetch_add(1 + number % 2 * 100, Ordering::SeqCst);
                }
            })
        })
        .collect();
    threads.into_iter().for_each(|thread| thread.join().unwrap());
    let expected = match first.load(Ordering::SeqCst) {
        1 => "did_complete 1 ok",
        101 => "did_complete 1 -999",
        other => panic!("{other}: not one answer was the first"),
    };
    waiting.recorder.wait_for(expected);
}

#[test]
fn e013_a_second_answer_in_the_slot_is_too_late() {
    let (told, telling) = mpsc::channel();
    let recorder = Recorder::default().meeting(move |asked| {
        told.send([alice(), Reply::Cancel, alice()].map(|reply| asked.answer(&reply))).unwrap();
        Reply::Nothing
    });
    assert_eq!(story(recorder, &guarded()).transcript(), format!("{ASKED}{LET_IN}"));
    assert_eq!(telling.recv_timeout(PATIENCE), Ok([true, false, false]));
}

#[test]
fn e013_released_without_an_answer_it_gets_its_default() {
    let waiting = Waiting::new(&Configuration::default());
    drop(waiting.asked);
    waiting.recorder.wait_for("did_complete 1 ok");
    assert_eq!(waiting.recorder.transcript_of(1), format!("{ASKED}{REFUSED}"));
}

#[test]
fn a056_never_answered_the_request_timer_ends_the_task() {
    let waiting = Waiting::new(&Configuration::default().request_timeout(1.0));
    waiting.recorder.wait_for("did_complete 1 -1001 request");
    // Late, and harmless.
    assert!(waiting.asked.answer(&alice()));
    assert!(!waiting.asked.answer(&alice()));
    waiting.session.finish_tasks_and_invalidate();
    waiting.recorder.wait_for("release");
    assert_eq!(waiting.recorder.transcript_of(1), format!("{ASKED}did_complete 1 -1001 request"));
    assert_eq!(waiting.origin.requests().len(), 1);
}

#[test]
fn e013_a_task_can_be_cancelled_while_it_is_asked() {
    let waiting = Waiting::new(&Configuration::default());
    waiting.task.cancel();
    waiting.recorder.wait_for("did_complete 1 -999");
    assert!(waiting.asked.answer(&alice()) && !waiting.asked.answer(&alice()));
    waiting.session.finish_tasks_and_invalidate();
    waiting.recorder.wait_for("release");
    assert_eq!(waiting.recorder.transcript_of(1), format!("{ASKED}did_complete 1 -999"));
    assert_eq!(waiting.origin.requests().len(), 1);
}

#[test]
fn e013_a_session_can_be_invalidated_while_a_task_is_asked() {
    let waiting = Waiting::new(&Configuration::default());
    waiting.session.invalidate_and_cancel();
    waiting.recorder.wait_for("release");
    assert_eq!(waiting.recorder.transcript_of(1), format!("{ASKED}did_complete 1 -999"));
    drop(waiting.asked);
    let waiting = Waiting::new(&Configuration::default());
    waiting.session.finish_tasks_and_invalidate();
    assert!(waiting.asked.answer(&alice()));
    waiting.recorder.wait_for("release");
    assert_eq!(waiting.recorder.transcript_of(1), format!("{ASKED}{LET_IN}"));
}

#[test]
fn e013_a_task_that_is_suspended_goes_on_when_it_is_resumed() {
    let waiting = Waiting::new(&Configuration::default());
    waiting.task.suspend();
    assert!(waiting.asked.answer(&alice()));
    // A whole other session has come and gone by then.
    Story::of(&Origin::http(standard::serve).url("/hello"));
    assert_eq!((waiting.origin.requests().len(), waiting.task.state()), (1, 1));
    waiting.task.resume();
    waiting.recorder.wait_for("did_complete 1 ok");
    assert_eq!(waiting.recorder.transcript_of(1), format!("{ASKED}{LET_IN}"));
}
