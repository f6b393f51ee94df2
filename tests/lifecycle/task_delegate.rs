use std::ptr;

use crate::support::handle::Configuration;
use crate::support::origin::Origin;
use crate::support::recorder::{Answer, Recorder};
use crate::support::standard;
use urlsession::*;

#[test]
fn a033_a_delegate_of_the_tasks_own_is_asked_first() {
    let origin = Origin::http(standard::serve);
    let (of_session, of_task) = (Recorder::default(), Recorder::default());
    let session = of_session.session(&Configuration::default());
    let task = session.task(&origin.url("/hello"));
    assert_eq!(url_session_task_set_delegate(task.get(), &of_task.delegate()), UrlSessionStatus::OK);
    task.resume();
    of_task.wait_for("release");
    session.finish_tasks_and_invalidate();
    of_session.wait_for("release");
    let expected = "did_receive_response 1 200\n\
                    did_receive_data 1 \"hello, world\\n\"\n\
                    did_complete 1 ok\n\
                    release";
    assert_eq!(of_task.transcript(), expected);
    assert_eq!(of_session.transcript(), "did_create_task 1\ndid_become_invalid\nrelease");
}

#[test]
fn a033_what_it_does_not_implement_goes_to_the_sessions() {
    let origin = Origin::http(standard::serve);
    let (of_session, of_task) = (Recorder::default(), Recorder::answering(Answer::Cancel));
    let session = of_session.session(&Configuration::default());
    let task = session.task(&origin.url("/hello"));
    let mut delegate = of_task.delegate();
    (delegate.data_task_did_receive_response, delegate.task_did_complete) = (None, None);
    assert_eq!(url_session_task_set_delegate(task.get(), &delegate), UrlSessionStatus::OK);
    task.resume();
    of_session.wait_for("did_complete 1 ok");
    of_task.wait_for("release");
    assert_eq!(of_session.transcript(), "did_create_task 1\ndid_receive_response 1 200\ndid_complete 1 ok");
    assert_eq!(of_task.transcript(), "did_receive_data 1 \"hello, world\\n\"\nrelease");
}

#[test]
fn a033_it_can_be_set_until_the_first_resume() {
    let origin = Origin::http(standard::serve);
    let (of_session, first, second) = (Recorder::default(), Recorder::default(), Recorder::default());
    let session = of_session.session(&Configuration::default());
    let task = session.task(&origin.url("/hello"));
    assert_eq!(url_session_task_set_delegate(task.get(), &first.delegate()), UrlSessionStatus::OK);
    assert_eq!(url_session_task_set_delegate(task.get(), &second.delegate()), UrlSessionStatus::OK);
    first.wait_for("release");
    assert_eq!(url_session_task_set_delegate(task.get(), ptr::null()), UrlSessionStatus::OK);
    second.wait_for("release");
    task.resume();
    let late = url_session_task_set_delegate(task.get(), &first.delegate());
    assert_eq!(late, UrlSessionStatus::INVALID_STATE);
    of_session.wait_for("did_complete 1 ok");
    let late = url_session_task_set_delegate(task.get(), &first.delegate());
    assert_eq!(late, UrlSessionStatus::INVALID_STATE);
    assert_eq!((first.transcript(), second.transcript()), ("release".into(), "release".into()));
}
