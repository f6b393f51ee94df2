use std::sync::{Arc, Mutex};
use std::thread;

use crate::support::gate::Gate;
use crate::support::handle::{Completion, Configuration, Request};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::{Answer, Recorder};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const ALLOW: UrlSessionResponseDisposition = UrlSessionResponseDisposition::ALLOW;
const CANCEL: UrlSessionResponseDisposition = UrlSessionResponseDisposition::CANCEL;

fn answer(question: &Completion, disposition: UrlSessionResponseDisposition) -> UrlSessionStatus {
    url_session_response_completion_answer(question.get(), disposition)
}

#[test]
fn a057_allow_lets_the_data_through() {
    let origin = Origin::http(standard::serve);
    let story = Story::told_to(
        Recorder::answering(Answer::Allow),
        &Configuration::default(),
        &Request::new(&origin.url("/hello")),
    );
    let expected = "did_receive_response 1 200\ndid_receive_data 1 \"hello, world\\n\"\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
}

#[test]
fn a057_cancel_ends_the_task() {
    let origin = Origin::http(standard::serve);
    let story = Story::cancelled_at_the_gate(&origin.url("/hello"));
    assert_eq!(story.transcript(), "did_receive_response 1 200\ndid_complete 1 -999");
    assert_eq!(story.response().status_code(), 200);
    assert_eq!(story.error().failing_url(), Some(origin.url("/hello")));
}

#[test]
fn e026_no_data_before_the_answer() {
    let (origin, clock) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let (recorder, of_clock) = (Recorder::answering(Answer::Later), Recorder::default());
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hello"));
    let question = recorder.question();
    // The body has long been sent when a whole other session has come and gone.
    Story::told_to(of_clock, &Configuration::default(), &Request::new(&clock.url("/hello")));
    assert_eq!(recorder.transcript_of(1), "did_receive_response 1 200");
    assert_eq!(answer(&question, ALLOW), UrlSessionStatus::OK);
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(recorder.body(1), b"hello, world\n");
}

#[test]
fn e026_cancel_later_ends_the_task() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::answering(Answer::Later);
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hello"));
    let question = recorder.question();
    assert_eq!(answer(&question, CANCEL), UrlSessionStatus::OK);
    recorder.wait_for("did_complete 1 -999");
    assert_eq!(recorder.body(1), b"");
}

#[test]
fn e006_an_answer_may_come_from_any_thread_and_only_the_first_counts() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::answering(Answer::Later);
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hello"));
    let question = recorder.question();
    let from_elsewhere = question.clone();
    let first = thread::spawn(move || answer(&from_elsewhere, ALLOW)).join().unwrap();
    assert_eq!(first, UrlSessionStatus::OK);
    assert_eq!(answer(&question, CANCEL), UrlSessionStatus::ALREADY_ANSWERED);
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(answer(&question, CANCEL), UrlSessionStatus::ALREADY_ANSWERED);
}

#[test]
fn e006_of_many_answers_one_wins() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::answering(Answer::Later);
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hello"));
    let question = recorder.question();
    let threads: Vec<_> = (0..8)
        .map(|_| {
            let question = question.clone();
            thread::spawn(move || answer(&question, ALLOW))
        })
        .collect();
    let statuses: Vec<_> = threads.into_iter().map(|thread| thread.join().unwrap()).collect();
    assert_eq!(statuses.iter().filter(|status| **status == UrlSessionStatus::OK).count(), 1, "{statuses:?}");
    let late = statuses.iter().filter(|status| **status == UrlSessionStatus::ALREADY_ANSWERED).count();
    assert_eq!(late, 7, "{statuses:?}");
}

#[test]
fn e006_an_unknown_answer_leaves_the_question_open() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::answering(Answer::Later);
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hello"));
    let question = recorder.question();
    for unknown in [4, 99, u32::MAX] {
        let status = answer(&question, UrlSessionResponseDisposition(unknown));
        assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT);
    }
    assert_eq!(answer(&question, ALLOW), UrlSessionStatus::OK);
    recorder.wait_for("did_complete 1 ok");
}

#[test]
fn e006_a_question_that_nobody_keeps_is_answered_by_default() {
    let origin = Origin::http(standard::serve);
    let request = Request::new(&origin.url("/hello"));
    let story = Story::told_to(Recorder::answering(Answer::Nothing), &Configuration::default(), &request);
    assert_eq!(story.outcome(), "ok");

    let recorder = Recorder::answering(Answer::Later);
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hello"));
    drop(recorder.question());
    recorder.wait_for("did_complete 1 ok");
}

#[test]
fn e006_an_answer_after_cancel_is_harmless() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::answering(Answer::Later);
    let session = recorder.session(&Configuration::default());
    let task = session.start(&origin.url("/hello"));
    let question = recorder.question();
    task.cancel();
    recorder.wait_for("did_complete 1 -999");
    answer(&question, ALLOW);
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    answer(&question, ALLOW);
    drop((task, session, question));
    assert_eq!(recorder.transcript_of(1), "did_receive_response 1 200\ndid_complete 1 -999");
}

#[test]
fn a057_a_question_that_is_never_answered_does_not_make_a_task_immortal() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::answering(Answer::Later);
    let session = recorder.session(&Configuration::default().request_timeout(0.3));
    session.start(&origin.url("/hello"));
    let question = recorder.question();
    recorder.wait_for("did_complete 1 -1001 request");
    drop(question);
}

#[test]
fn a057_a_waiting_question_holds_up_no_other_task() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::answering(Answer::Later);
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hello"));
    let first = recorder.question();
    session.start(&origin.url("/hello"));
    let second = recorder.question();
    answer(&second, ALLOW);
    recorder.wait_for("did_complete 2 ok");
    assert_eq!(recorder.transcript_of(1), "did_receive_response 1 200");
    answer(&first, ALLOW);
    recorder.wait_for("did_complete 1 ok");
}

#[test]
fn a057_while_the_answer_is_awaited_the_connection_is_not_read() {
    const MUCH: usize = 64 << 20;
    let taken = Arc::new(Mutex::new(None));
    let (stuck, counted) = (Gate::default(), taken.clone());
    let at_stuck = stuck.clone();
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_request();
        connection.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {MUCH}\r\n\r\n").as_bytes());
        let body = vec![b'x'; MUCH];
        let sent = connection.send_until_stuck(&body, std::time::Duration::from_millis(500));
        *counted.lock().unwrap() = Some(sent);
        at_stuck.open();
        connection.send(&body[sent..]);
        connection.wait_for_leave();
    });
    let recorder = Recorder::answering(Answer::Later);
    let session = recorder.session(&Configuration::default());
    let task = session.start(&origin.url("/"));
    let question = recorder.question();
    assert!(stuck.pass());
    let taken = taken.lock().unwrap().unwrap();
    assert!(taken < 32 << 20, "{taken} bytes were taken before anybody wanted them");
    assert_eq!(task.received(), 0);
    answer(&question, ALLOW);
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(task.received(), MUCH as i64);
}

#[test]
fn a057_the_gate_is_not_asked_for_tasks_with_a_completion_handler() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::answering(Answer::Cancel);
    let session = recorder.session(&Configuration::default());
    recorder.handler_task(&session, "a", &Request::new(&origin.url("/hello"))).resume();
    recorder.wait_for("handler a 200 \"hello, world\\n\"");
}

#[test]
fn a057_a_task_that_is_suspended_at_the_gate_goes_on_when_it_is_resumed() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::answering(Answer::Later);
    let session = recorder.session(&Configuration::default());
    let task = session.start(&origin.url("/hello"));
    let question = recorder.question();
    task.suspend();
    Story::of(&origin.url("/hello"));
    assert_eq!(answer(&question, ALLOW), UrlSessionStatus::OK);
    Story::of(&origin.url("/hello"));
    assert_eq!(recorder.transcript_of(1), "did_receive_response 1 200");
    task.resume();
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(recorder.body(1), b"hello, world\n");
}
