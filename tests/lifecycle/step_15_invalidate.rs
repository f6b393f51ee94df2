use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::Origin;
use crate::support::recorder::{Message, Recorder};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

/// An origin that answers when the gate opens.
fn behind_a_gate() -> (Origin, Gate) {
    Origin::gated("", "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok")
}

#[test]
fn a076_finish_lets_running_tasks_end() {
    let (origin, gate) = behind_a_gate();
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/"));
    origin.wait_for_requests(1);
    session.finish_tasks_and_invalidate();
    assert_eq!(recorder.transcript(), "did_create_task 1");
    gate.open();
    recorder.wait_for("release");
    let expected = "did_create_task 1\n\
                    did_receive_response 1 200\n\
                    did_receive_data 1 \"ok\"\n\
                    did_complete 1 ok\n\
                    did_become_invalid\n\
                    release";
    assert_eq!(recorder.transcript(), expected);
}

#[test]
fn a076_a_suspended_task_keeps_the_session_until_it_is_resumed_or_cancelled() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let (first, second) = (session.task(&origin.url("/status/204")), session.task(&origin.url("/hello")));
    session.finish_tasks_and_invalidate();
    first.resume();
    recorder.wait_for("did_complete 1 ok");
    Story::of(&origin.url("/hello"));
    assert!(!recorder.transcript().contains("did_become_invalid"));
    second.cancel();
    recorder.wait_for("release");
    let expected = "did_create_task 1\n\
                    did_create_task 2\n\
                    did_receive_response 1 204\n\
                    did_complete 1 ok\n\
                    did_complete 2 -999\n\
                    did_become_invalid\n\
                    release";
    assert_eq!(recorder.transcript(), expected);
}

#[test]
fn a076_tasks_that_wait_for_a_connection_finish_too() {
    let (origin, gate) = behind_a_gate();
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default().connections_per_host(1));
    for _ in 0..3 {
        session.start(&origin.url("/"));
    }
    session.finish_tasks_and_invalidate();
    (0..3).for_each(|_| gate.open());
    recorder.wait_for("release");
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn a077_cancel_tells_each_task_and_then_the_session() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hang"));
    session.task(&origin.url("/hello"));
    session.start(&origin.url("/head-then-hang"));
    recorder.wait_for("did_receive_data 3 \"abc\"");
    session.invalidate_and_cancel();
    recorder.wait_for("release");
    assert_eq!(recorder.transcript_of(1), "did_complete 1 -999");
    assert_eq!(recorder.transcript_of(2), "did_complete 2 -999");
    let expected = "did_receive_response 3 200\ndid_receive_data 3 \"abc\"\ndid_complete 3 -999";
    assert_eq!(recorder.transcript_of(3), expected);
    let lines = recorder.lines();
    assert_eq!(lines[lines.len() - 2..], ["did_become_invalid", "release"]);
}

#[test]
fn a077_cancel_comes_through_after_finish() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hang"));
    session.finish_tasks_and_invalidate();
    session.invalidate_and_cancel();
    recorder.wait_for("release");
    assert_eq!(recorder.transcript(), "did_create_task 1\ndid_complete 1 -999\ndid_become_invalid\nrelease");
}

#[test]
fn a077_it_waits_for_a_slot_that_is_running() {
    let origin = Origin::http(standard::serve);
    let gate = Gate::default();
    let at_gate = gate.clone();
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidReceiveData {
            at_gate.pass();
        }
    });
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/head-then-hang"));
    recorder.wait_for("did_receive_data 1 \"abc\"");
    session.invalidate_and_cancel();
    Story::of(&origin.url("/hello"));
    assert!(!recorder.transcript().contains("did_become_invalid"));
    gate.open();
    recorder.wait_for("release");
    assert!(recorder.transcript().ends_with("did_complete 1 -999\ndid_become_invalid\nrelease"));
}

#[test]
fn a078_an_empty_session_becomes_invalid_once() {
    for invalidate in [Session::finish_tasks_and_invalidate, Session::invalidate_and_cancel] {
        let recorder = Recorder::default();
        let session = recorder.session(&Configuration::default());
        invalidate(&session);
        invalidate(&session);
        recorder.wait_for("release");
        invalidate(&session);
        drop(session);
        assert_eq!(recorder.transcript(), "did_become_invalid\nrelease");
    }
}

#[test]
fn a078_the_session_can_be_let_go_inside_its_last_message() {
    let recorder = Recorder::with(|moment| {
        if moment.message == Message::DidBecomeInvalid {
            url_session_release(moment.session);
        }
    });
    let session = recorder.session(&Configuration::default());
    url_session_retain(session.get());
    session.finish_tasks_and_invalidate();
    drop(session);
    recorder.wait_for("release");
    assert_eq!(recorder.transcript(), "did_become_invalid\nrelease");
}

#[test]
fn a078_a_session_can_be_invalidated_inside_every_slot() {
    let origin = Origin::http(standard::serve);
    for place in [Message::DidCreateTask, Message::DidReceiveResponse, Message::DidReceiveData, Message::DidComplete] {
        let recorder = Recorder::with(move |moment| {
            if moment.message == place {
                assert_eq!(url_session_invalidate_and_cancel(moment.session), UrlSessionStatus::OK);
            }
        });
        let session = recorder.session(&Configuration::default());
        session.start(&origin.url("/head-then-hang"));
        if place == Message::DidComplete {
            session.start(&origin.url("/hello"));
        }
        recorder.wait_for("release");
        let transcript = recorder.transcript();
        assert!(transcript.contains("did_complete 1 -999"), "in {place:?}:\n{transcript}");
        assert!(transcript.ends_with("did_become_invalid\nrelease"), "in {place:?}:\n{transcript}");
    }
}

#[test]
fn a078_handlers_come_before_did_become_invalid() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    recorder.handler_task(&session, "a", &Request::new(&origin.url("/hang"))).resume();
    recorder.list_tasks(&session);
    session.invalidate_and_cancel();
    recorder.wait_for("release");
    let lines = recorder.lines();
    assert!(lines.iter().any(|line| line == "handler a - -999"), "{lines:#?}");
    assert_eq!(lines[lines.len() - 2..], ["did_become_invalid", "release"]);
}

#[test]
fn a079_a_session_that_is_let_go_finishes_its_tasks_and_invalidates_itself() {
    let (origin, gate) = behind_a_gate();
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    drop(session.start(&origin.url("/")));
    drop(session);
    gate.open();
    recorder.wait_for("release");
    let expected = "did_create_task 1\n\
                    did_receive_response 1 200\n\
                    did_receive_data 1 \"ok\"\n\
                    did_complete 1 ok\n\
                    did_become_invalid\n\
                    release";
    assert_eq!(recorder.transcript(), expected);
}

#[test]
fn a079_a_task_that_nobody_can_resume_is_cancelled() {
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    drop(session.task("http://127.0.0.1/"));
    let held = session.task("http://127.0.0.1/");
    drop(session);
    recorder.wait_for("did_complete 1 -999");
    assert_eq!(held.state(), UrlSessionTaskState::SUSPENDED.0);
    drop(held);
    recorder.wait_for("release");
    let expected = "did_create_task 1\n\
                    did_create_task 2\n\
                    did_complete 1 -999\n\
                    did_complete 2 -999\n\
                    did_become_invalid\n\
                    release";
    assert_eq!(recorder.transcript(), expected);
}

#[test]
fn a079_a_task_that_was_suspended_in_a_slot_is_cancelled_too() {
    for place in [Message::DidReceiveResponse, Message::DidReceiveData] {
        let (origin, gate) = Origin::gated("", "HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
        let recorder = Recorder::with(move |moment| {
            if moment.message == place {
                assert_eq!(url_session_task_suspend(moment.task), UrlSessionStatus::OK);
            }
        });
        let session = recorder.session(&Configuration::default());
        drop(session.start(&origin.url("/")));
        drop(session);
        gate.open();
        recorder.wait_for("release");
        let transcript = recorder.transcript();
        assert!(transcript.ends_with("did_complete 1 -999\ndid_become_invalid\nrelease"), "{place:?}:\n{transcript}");
    }
}

#[test]
fn r001_a_closed_session_frees_its_idle_connections() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hello"));
    recorder.wait_for("did_complete 1 ok");
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    // The script ends when its peer leaves; the session's handle is still held.
    origin.wait_for_ends(1);
    drop(session);
}

#[test]
fn r001_a_task_handle_outlives_its_session() {
    let origin = Origin::http(standard::serve);
    let task = Story::of(&origin.url("/hello")).task;
    task.resume();
    task.suspend();
    task.cancel();
    assert_eq!((task.state(), task.received()), (UrlSessionTaskState::COMPLETED.0, 13));
    assert_eq!(task.response().unwrap().status_code(), 200);
    let released = task.get();
    drop(task);
    assert_eq!(url_session_task_resume(released), UrlSessionStatus::INVALID_HANDLE);
}

#[test]
fn a078_release_may_call_into_the_library() {
    let called = Gate::default();
    let at_end = called.clone();
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::Release {
            drop(Session::new(&Configuration::default(), None));
            at_end.open();
        }
    });
    recorder.session(&Configuration::default()).finish_tasks_and_invalidate();
    assert!(called.pass());
    assert_eq!(recorder.transcript(), "did_become_invalid\nrelease");
}
