use std::sync::{Arc, Mutex};
use std::{ptr, thread};

use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Data, Request, Session, Task, c_text};
use crate::support::origin::Origin;
use crate::support::recorder::{Message, Recorder};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

/// Runs a whole task in the same session, so that whatever was to happen before it has had its time.
fn pass_time(recorder: Recorder, session: &Session, origin: &Origin) {
    let task = session.start(&origin.url("/hello"));
    recorder.wait_for(&format!("did_complete {} ok", task.identifier()));
}

/// An origin whose body comes in two halves, the second when the gate opens.
fn in_two_halves() -> (Origin, Gate) {
    Origin::gated("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", "def")
}

#[test]
fn a021_a_task_starts_suspended() {
    let (origin, clock) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.task(&origin.url("/hello"));
    assert_eq!((task.identifier(), task.state()), (1, UrlSessionTaskState::SUSPENDED.0));
    let name = c_text("mine");
    assert_eq!(url_session_task_set_description(task.get(), name.as_ptr()), UrlSessionStatus::OK);
    assert_eq!(url_session_task_set_priority(task.get(), 0.75), UrlSessionStatus::OK);
    pass_time(recorder, &session, &clock);
    assert_eq!(origin.accepted(), 0);
    assert_eq!(recorder.transcript_of(1), "");
    task.resume();
    recorder.wait_for("did_complete 1 ok");
}

#[test]
fn a022_suspend_and_resume_nest() {
    let (origin, clock) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.task(&origin.url("/hello"));
    task.suspend();
    task.suspend();
    for _ in 0..2 {
        task.resume();
        pass_time(recorder, &session, &clock);
        assert_eq!((task.state(), origin.accepted()), (UrlSessionTaskState::SUSPENDED.0, 0));
    }
    task.resume();
    recorder.wait_for("did_complete 1 ok");
}

#[test]
fn a022_resume_on_a_running_or_ended_task_does_nothing() {
    let (origin, gate) = in_two_halves();
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.start(&origin.url("/"));
    recorder.wait_for("did_receive_data 1 \"abc\"");
    task.resume();
    // Had that resume counted, this suspension would not hold.
    task.suspend();
    assert_eq!(task.state(), UrlSessionTaskState::SUSPENDED.0);
    task.resume();
    gate.open();
    recorder.wait_for("did_complete 1 ok");
    task.resume();
    task.suspend();
    task.resume();
    assert_eq!(task.state(), UrlSessionTaskState::COMPLETED.0);
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    let expected = "did_receive_response 1 200\ndid_receive_data 1 \"abcdef\"\ndid_complete 1 ok";
    assert_eq!(recorder.transcript_of(1), expected);
}

#[test]
fn a023_a_suspended_task_has_no_timers() {
    let (origin, gate) = in_two_halves();
    let clock = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default().request_timeout(0.5).resource_timeout(1.5));
    let task = session.start(&origin.url("/"));
    recorder.wait_for("did_receive_data 1 \"abc\"");
    task.suspend();
    // Another task's timers tell that both would have run out.
    for number in 2..6 {
        session.start(&clock.url("/hang"));
        recorder.wait_for(&format!("did_complete {number} -1001 request"));
    }
    assert_eq!(task.state(), UrlSessionTaskState::SUSPENDED.0);
    gate.open();
    task.resume();
    recorder.wait_for("did_complete 1 ok");
}

#[test]
fn a023_a_suspended_task_has_no_traffic() {
    let (origin, gate) = in_two_halves();
    let clock = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.start(&origin.url("/"));
    recorder.wait_for("did_receive_data 1 \"abc\"");
    // Whoever told this has long gone back to sleep when another task has come and gone.
    pass_time(recorder, &session, &clock);
    task.suspend();
    gate.open();
    pass_time(recorder, &session, &clock);
    assert_eq!(recorder.transcript_of(1), "did_receive_response 1 200\ndid_receive_data 1 \"abc\"");
    assert_eq!(task.received(), 3);
    task.resume();
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(recorder.body(1), b"abcdef");
}

#[test]
fn a024_states_follow_the_task() {
    let origin = Origin::http(standard::serve);
    let states = Arc::new(Mutex::new(Vec::new()));
    let seen = states.clone();
    let recorder = Recorder::with(move |moment| {
        if !moment.task.is_null() {
            seen.lock().unwrap().push((moment.message, url_session_task_state(moment.task).0));
        }
    });
    Story::told_to(recorder, &Configuration::default(), &Request::new(&origin.url("/hello")));
    let (running, suspended) = (UrlSessionTaskState::RUNNING.0, UrlSessionTaskState::SUSPENDED.0);
    let states = states.lock().unwrap();
    assert_eq!(states[..2], [(Message::DidCreateTask, suspended), (Message::DidReceiveResponse, running)]);
    assert_eq!(states.last().unwrap(), &(Message::DidComplete, UrlSessionTaskState::COMPLETED.0));
}

#[test]
fn a024_a_cancelled_task_is_canceling_until_it_completes() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::with(|moment| {
        if moment.message == Message::DidReceiveResponse {
            assert_eq!(url_session_task_cancel(moment.task), UrlSessionStatus::OK);
            assert!(url_session_task_state(moment.task) != UrlSessionTaskState::RUNNING);
            assert!(url_session_task_state(moment.task) != UrlSessionTaskState::SUSPENDED);
        }
    });
    let story = Story::told_to(recorder, &Configuration::default(), &Request::new(&origin.url("/hello")));
    assert_eq!(story.transcript(), "did_receive_response 1 200\ndid_complete 1 -999");
    assert_eq!(story.task.state(), UrlSessionTaskState::COMPLETED.0);
}

#[test]
fn a034_all_tasks_are_those_that_have_not_completed() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let _suspended = session.task(&origin.url("/hello"));
    session.start(&origin.url("/hello"));
    recorder.wait_for("did_complete 2 ok");
    let _running = session.start(&origin.url("/hang"));
    let _other = session.task(&origin.url("/hello"));
    recorder.list_tasks(&session);
    recorder.wait_for("all_tasks 1 3 4");
    session.invalidate_and_cancel();
    recorder.wait_for("release");
    recorder.list_tasks(&session);
    recorder.wait_for("all_tasks");
}

#[test]
fn a034_a_task_is_not_listed_once_it_was_told_to_be_complete() {
    let origin = Origin::http(standard::serve);
    let list = Recorder::default();
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidComplete {
            list.list_tasks(&Session::retain(moment.session));
        }
    });
    let session = recorder.session(&Configuration::default());
    let (_ended, _suspended) = (session.start(&origin.url("/hello")), session.task(&origin.url("/hello")));
    assert_eq!(list.wait_for_beginning("all_tasks"), "all_tasks 2");
}

#[test]
fn a034_all_tasks_come_on_the_sessions_queue() {
    let origin = Origin::http(standard::serve);
    let gate = Gate::default();
    let at_gate = gate.clone();
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidReceiveResponse {
            at_gate.pass();
        }
    });
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hello"));
    recorder.wait_for("did_receive_response 1 200");
    recorder.list_tasks(&session);
    gate.open();
    recorder.wait_for_beginning("all_tasks");
    let lines = recorder.lines();
    let place = |beginning: &str| lines.iter().position(|line| line.starts_with(beginning)).unwrap();
    assert!(place("did_receive_response") < place("all_tasks"), "{lines:#?}");
}

#[test]
fn a035_a_data_task_takes_a_url_or_a_request() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/echo"));
    recorder.wait_for("did_complete 1 ok");
    session.task_for(&Request::new(&origin.url("/echo")).method("PUT").body(b"the body")).resume();
    recorder.wait_for("did_complete 2 ok");
    let requests = origin.requests();
    assert_eq!((requests[0].method(), requests[0].body.as_slice()), ("GET", b"".as_slice()));
    assert_eq!((requests[1].method(), requests[1].body.as_slice()), ("PUT", b"the body".as_slice()));
    assert_eq!(recorder.body(2), b"the body");
}

#[test]
fn a038_an_invalidated_session_makes_no_tasks() {
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.finish_tasks_and_invalidate();
    let (url, request) = (c_text("http://127.0.0.1/"), Request::new("http://127.0.0.1/"));
    let wrong = ptr::without_provenance_mut(1);
    for _ in 0..2 {
        let mut task = wrong;
        let status = url_session_data_task_with_url(session.get(), url.as_ptr(), &mut task);
        assert_eq!((status, task), (UrlSessionStatus::SESSION_INVALIDATED, ptr::null_mut()));
        task = wrong;
        let status = url_session_data_task_with_request(session.get(), request.get(), &mut task);
        assert_eq!((status, task), (UrlSessionStatus::SESSION_INVALIDATED, ptr::null_mut()));
        recorder.wait_for("release");
    }
    assert_eq!(recorder.transcript(), "did_become_invalid\nrelease");
}

#[test]
fn a039_a_broken_url_fails_the_task_later() {
    let cases = [("", -1000), ("http://", -1000), ("http://[::1", -1000), ("no scheme", -1000), ("ftp://host/", -1002)];
    for (url, code) in cases {
        let threads = Arc::new(Mutex::new(Vec::new()));
        let seen = threads.clone();
        let recorder = Recorder::with(move |moment| {
            if moment.message == Message::DidComplete {
                seen.lock().unwrap().push(thread::current().id());
            }
        });
        let story = Story::told_to(recorder, &Configuration::default(), &Request::new(url));
        assert_eq!(story.transcript(), format!("did_complete 1 {code}"), "{url:?}");
        assert!(!threads.lock().unwrap().contains(&thread::current().id()), "{url:?} failed inside resume");
    }
}

#[test]
fn e005_tasks_of_one_session_do_not_mix() {
    // Both answers are cut in two, and the halves come by turns.
    let gate = Gate::default();
    let at_gate = gate.clone();
    let origin = Origin::http(move |connection| {
        let number = connection.read_request().unwrap().target().trim_start_matches('/').to_owned();
        let half = number.repeat(3);
        connection.send(format!("HTTP/1.1 20{number} OK\r\nContent-Length: 6\r\n\r\n{half}").as_bytes());
        at_gate.pass();
        connection.send(half.as_bytes());
        connection.wait_for_leave();
    });
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/1"));
    session.start(&origin.url("/2"));
    recorder.wait_for("did_receive_data 1 \"111\"");
    recorder.wait_for("did_receive_data 2 \"222\"");
    gate.open();
    gate.open();
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    for number in 1..3 {
        let expected = format!(
            "did_receive_response {number} 20{number}\ndid_receive_data {number} \"{}\"\ndid_complete {number} ok",
            number.to_string().repeat(6)
        );
        assert_eq!(recorder.transcript_of(number), expected);
    }
}

#[test]
fn e023_did_create_task_comes_on_the_thread_that_makes_the_task() {
    let origin = Origin::http(standard::serve);
    let (of_task, threads) = (Recorder::default(), Arc::new(Mutex::new(Vec::new())));
    let seen = threads.clone();
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidCreateTask {
            seen.lock().unwrap().push(thread::current().id());
            let name = c_text("named at birth");
            assert_eq!(url_session_task_set_description(moment.task, name.as_ptr()), UrlSessionStatus::OK);
            assert_eq!(url_session_task_set_priority(moment.task, 0.25), UrlSessionStatus::OK);
            assert_eq!(url_session_task_set_delegate(moment.task, &of_task.delegate()), UrlSessionStatus::OK);
            assert_eq!(url_session_set_description(moment.session, name.as_ptr()), UrlSessionStatus::OK);
            assert_eq!(url_session_task_resume(moment.task), UrlSessionStatus::OK);
        }
    });
    let session = recorder.session(&Configuration::default());
    let task = session.task(&origin.url("/hello"));
    assert_eq!(recorder.transcript(), "did_create_task 1");
    assert_eq!(*threads.lock().unwrap(), [thread::current().id()]);
    assert_eq!(Data::adopt(url_session_task_copy_description(task.get())).unwrap().text(), "named at birth");
    assert_eq!(url_session_task_priority(task.get()), 0.25);
    of_task.wait_for("did_complete 1 ok");
}

#[test]
fn e023_a_task_can_be_made_inside_did_create_task() {
    let origin = Origin::http(standard::serve);
    let url = c_text(&origin.url("/hello"));
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidCreateTask && url_session_task_identifier(moment.task) == 1 {
            let mut task = ptr::null_mut();
            let status = url_session_data_task_with_url(moment.session, url.as_ptr(), &mut task);
            assert_eq!(status, UrlSessionStatus::OK);
            Task::adopt(task).unwrap().resume();
        }
    });
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hello"));
    recorder.wait_for("did_complete 1 ok");
    recorder.wait_for("did_complete 2 ok");
}
