use std::sync::{Arc, Mutex};
use std::thread::{self, ThreadId};

use crate::support::handle::{Configuration, Request};
use crate::support::origin::Origin;
use crate::support::recorder::{Message, Moment, Recorder};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

#[test]
fn r025_many_threads_share_one_session() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for turn in 0..25 {
                    let task = session.task(&origin.url("/bytes/1000"));
                    task.resume();
                    recorder.list_tasks(&session);
                    if turn % 5 == 4 {
                        task.suspend();
                        task.resume();
                        task.cancel();
                    }
                }
            });
        }
    });
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    for number in 1..=200 {
        let transcript = recorder.transcript_of(number);
        let last = transcript.lines().last().unwrap();
        assert!(last == format!("did_complete {number} ok") || last == format!("did_complete {number} -999"), "{last}");
        if last.ends_with("ok") {
            assert_eq!(recorder.body(number), standard::pattern(0, 1000));
        }
    }
    let lines = recorder.lines();
    let count = |beginning: &str| lines.iter().filter(|line| line.starts_with(beginning)).count();
    assert_eq!((count("did_complete"), count("all_tasks"), count("two messages")), (200, 200, 0));
    assert!(count("did_receive_response") >= 160);
}

#[test]
fn r025_many_sessions_run_at_the_same_time() {
    let origin = Origin::http(standard::serve);
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                let story = Story::of(&origin.url("/bytes/1000000"));
                assert_eq!((story.outcome(), story.body().len()), ("ok".into(), 1_000_000));
            });
        }
    });
}

#[test]
fn r025_one_task_in_the_hands_of_many_threads_ends_once() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.task(&origin.url("/bytes/100000"));
    thread::scope(|scope| {
        for _ in 0..8 {
            scope.spawn(|| {
                for _ in 0..50 {
                    task.suspend();
                    task.resume();
                    task.clone().state();
                    drop((task.current_request(), task.response(), task.error()));
                }
            });
        }
    });
    task.resume();
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    let expected = "did_receive_response 1 200\ndid_receive_data 1 100000 bytes\ndid_complete 1 ok";
    assert_eq!(recorder.transcript_of(1), expected);
}

#[test]
fn a082_no_slot_is_called_inside_a_call() {
    let origin = Origin::http(standard::serve);
    let slots: Arc<Mutex<Vec<(Message, ThreadId)>>> = Arc::default();
    let seen = slots.clone();
    let recorder = Recorder::with(move |moment| seen.lock().unwrap().push((moment.message, thread::current().id())));
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hello"));
    session.task("").resume();
    session.task(&origin.url("/hello")).cancel();
    session.invalidate_and_cancel();
    drop(session);
    recorder.wait_for("release");
    for (message, thread) in slots.lock().unwrap().iter() {
        let own = *thread == thread::current().id();
        assert_eq!(own, *message == Message::DidCreateTask, "{message:?}");
    }
}

/// Calls everything that there is for a session and a task, at the worst of moments.
fn call_everything(moment: &Moment, url: &str) {
    let Moment { session, task, completion, .. } = *moment;
    let (url, request) = (crate::support::handle::c_text(url), Request::new(url));
    url_session_release(url_session_retain(session));
    url_session_configuration_release(url_session_copy_configuration(session));
    url_session_set_description(session, url.as_ptr());
    url_session_data_release(url_session_copy_description(session));
    let mut new = std::ptr::null_mut();
    url_session_data_task_with_url(session, url.as_ptr(), &mut new);
    url_session_task_release(new);
    url_session_data_task_with_request(session, request.get(), &mut new);
    url_session_task_cancel(new);
    url_session_task_release(new);
    url_session_response_completion_release(url_session_response_completion_retain(completion));
    url_session_task_release(url_session_task_retain(task));
    url_session_task_suspend(task);
    url_session_task_resume(task);
    url_session_task_set_priority(task, 1.0);
    url_session_task_set_description(task, url.as_ptr());
    url_session_data_release(url_session_task_copy_description(task));
    url_session_request_release(url_session_task_copy_original_request(task));
    url_session_request_release(url_session_task_copy_current_request(task));
    url_session_response_release(url_session_task_copy_response(task));
    url_session_error_release(url_session_task_copy_error(task));
    url_session_task_set_delegate(task, std::ptr::null());
    url_session_task_state(task);
    url_session_finish_tasks_and_invalidate(session);
}

#[test]
fn a082_everything_can_be_called_inside_every_slot() {
    let origin = Origin::http(standard::serve);
    for place in [Message::DidReceiveResponse, Message::DidReceiveData, Message::DidComplete, Message::DidBecomeInvalid]
    {
        let url = origin.url("/hello");
        let recorder = Recorder::with(move |moment| {
            if moment.message == place {
                call_everything(moment, &url);
            }
        });
        let session = recorder.session(&Configuration::default());
        let task = session.start(&origin.url("/hello"));
        drop(task);
        if place == Message::DidBecomeInvalid {
            session.finish_tasks_and_invalidate();
        }
        drop(session);
        recorder.wait_for("release");
        let expected = "did_receive_response 1 200\ndid_receive_data 1 \"hello, world\\n\"\ndid_complete 1 ok";
        assert_eq!(recorder.transcript_of(1), expected, "in {place:?}");
    }
}
