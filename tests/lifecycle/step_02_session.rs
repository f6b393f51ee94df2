use std::ptr;
use std::time::Instant;

use crate::support::PATIENCE;
use crate::support::handle::{Configuration, Data, Request, Session, c_text};
use crate::support::origin::Origin;
use crate::support::recorder::Recorder;
use crate::support::standard;
use urlsession::*;

#[test]
fn e001_configuration_and_delegate_are_optional() {
    let origin = Origin::http(standard::serve);
    let mut session = ptr::null_mut();
    assert_eq!(url_session_new(ptr::null(), ptr::null(), &mut session), UrlSessionStatus::OK);
    let session = Session::adopt(session).unwrap();
    let recorder = Recorder::default();
    recorder.handler_task(&session, "a", &Request::new(&origin.url("/hello"))).resume();
    recorder.wait_for("handler a 200 \"hello, world\\n\"");
}

#[test]
fn e001_no_socket_before_the_first_resume() {
    let origin = Origin::http(standard::serve);
    let elsewhere = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.task(&origin.url("/hello"));
    session.start(&elsewhere.url("/hello"));
    recorder.wait_for("did_complete 2 ok");
    assert_eq!(origin.accepted(), 0);
    task.resume();
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(origin.accepted(), 1);
}

#[test]
fn a001_without_a_delegate_defaults_apply_and_results_come_through_handlers() {
    let origin = Origin::http(standard::serve);
    let session = Session::new(&Configuration::default(), None);
    let recorder = Recorder::default();
    for (label, path) in [("a", "/hello"), ("b", "/redirect/2"), ("c", "/status/404"), ("d", "/cut")] {
        recorder.handler_task(&session, label, &Request::new(&origin.url(path))).resume();
        recorder.wait_for_beginning(&format!("handler {label}"));
    }
    let expected = "handler a 200 \"hello, world\\n\"\n\
                    handler b 200 \"hello, world\\n\"\n\
                    handler c 404 \"status 404\\n\"\n\
                    handler d 200 -1005";
    assert_eq!(recorder.transcript(), expected);
}

#[test]
fn a002_a_plain_task_of_a_session_without_a_delegate_runs() {
    let origin = Origin::http(standard::serve);
    let session = Session::new(&Configuration::default(), None);
    let task = session.start(&origin.url("/bytes/1000"));
    // Nobody is told of its end, but it can be asked for.
    let (recorder, start) = (Recorder::default(), Instant::now());
    for lists in 1.. {
        recorder.list_tasks(&session);
        recorder.wait_until("a list of tasks", |lines| lines.len() == lists);
        if recorder.lines()[lists - 1] == "all_tasks" {
            break;
        }
        assert!(start.elapsed() < PATIENCE, "the task does not end");
    }
    assert_eq!((task.state(), task.received()), (UrlSessionTaskState::COMPLETED.0, 1000));
    assert_eq!(task.response().unwrap().status_code(), 200);
    assert!(task.error().is_none());
    assert_eq!(origin.request().target(), "/bytes/1000");
}

#[test]
fn a026_a_session_has_a_description() {
    let session = Session::new(&Configuration::default(), None);
    let description = || Data::adopt(url_session_copy_description(session.get())).map(|data| data.text());
    assert_eq!(description(), None);
    let text = c_text("the täsk of the day");
    assert_eq!(url_session_set_description(session.get(), text.as_ptr()), UrlSessionStatus::OK);
    assert_eq!(description().as_deref(), Some("the täsk of the day"));
    assert_eq!(url_session_set_description(session.get(), ptr::null()), UrlSessionStatus::OK);
    assert_eq!(description(), None);
}

#[test]
fn e002_an_empty_slot_means_the_default_and_silences_no_other() {
    type TakeAway = fn(&mut UrlSessionDelegate);
    let empty: [(&str, TakeAway); 5] = [
        ("did_create_task", |delegate| delegate.did_create_task = None),
        ("did_receive_response", |delegate| delegate.data_task_did_receive_response = None),
        ("did_receive_data", |delegate| delegate.data_task_did_receive_data = None),
        ("did_complete", |delegate| delegate.task_did_complete = None),
        ("did_become_invalid", |delegate| delegate.session_did_become_invalid = None),
    ];
    let whole = [
        "did_create_task 1",
        "did_receive_response 1 200",
        "did_receive_data 1 \"hello, world\\n\"",
        "did_complete 1 ok",
        "did_become_invalid",
        "release",
    ];
    let origin = Origin::http(standard::serve);
    for (name, take_away) in empty {
        let recorder = Recorder::default();
        let mut delegate = recorder.delegate();
        take_away(&mut delegate);
        let session = Session::new(&Configuration::default(), Some(&delegate));
        session.start(&origin.url("/hello"));
        session.finish_tasks_and_invalidate();
        recorder.wait_for("release");
        let expected: Vec<_> = whole.iter().filter(|line| !line.starts_with(name)).copied().collect();
        assert_eq!(recorder.lines(), expected, "without {name}");
    }
}

#[test]
fn e003_a_delegate_without_a_slot_is_as_good_as_none() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let mut delegate = recorder.delegate();
    delegate.size = std::mem::offset_of!(UrlSessionDelegate, did_create_task);
    let session = Session::new(&Configuration::default(), Some(&delegate));
    let task = session.start(&origin.url("/redirect/1"));
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    assert_eq!(recorder.transcript(), "release");
    assert_eq!((task.state(), task.received()), (UrlSessionTaskState::COMPLETED.0, 13));
}

#[test]
fn e004_the_context_is_released_once_after_the_last_message() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hello"));
    session.start(&origin.url("/status/500"));
    session.finish_tasks_and_invalidate();
    session.invalidate_and_cancel();
    recorder.wait_for("release");
    drop(session);
    let lines = recorder.lines();
    assert_eq!(lines.iter().filter(|line| *line == "release").count(), 1, "{lines:#?}");
    assert_eq!(lines.last().unwrap(), "release");
}

#[test]
fn e004_a_refused_delegate_is_not_released() {
    let recorder = Recorder::default();
    let mut delegate = recorder.delegate();
    delegate.size = 3;
    let mut session = ptr::null_mut();
    let status = url_session_new(ptr::null(), &delegate, &mut session);
    assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT);
    assert!(session.is_null());
    assert_eq!(recorder.transcript(), "");
}

#[test]
fn a081_messages_of_a_session_come_one_at_a_time() {
    // The recorder writes a line of its own where two messages meet; longer slots meet more often.
    let recorder = Recorder::with(|_| std::thread::yield_now());
    let origin = Origin::http(standard::serve);
    let session = recorder.session(&Configuration::default());
    let tasks: Vec<_> = (0..40).map(|_| session.start(&origin.url("/bytes/100000"))).collect();
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    for task in &tasks {
        let expected = format!(
            "did_receive_response {0} 200\ndid_receive_data {0} 100000 bytes\ndid_complete {0} ok",
            task.identifier()
        );
        assert_eq!(recorder.transcript_of(task.identifier()), expected);
        assert_eq!(recorder.body(task.identifier()), standard::pattern(0, 100_000));
    }
    assert_eq!(recorder.lines().len(), 40 * 4 + 2);
}
