use std::ptr;
use std::sync::mpsc;

use crate::support::PATIENCE;
use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Session, c_text};
use crate::support::origin::Origin;
use crate::support::recorder::{Answer, Message, Recorder};
use crate::support::standard;
use crate::support::story::Story;
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

#[test]
fn a033_its_session_lives_until_it_was_told_all() {
    let origin = Origin::http(standard::serve);
    let (gate, (told, telling)) = (Gate::default(), mpsc::channel());
    let at_gate = gate.clone();
    let of_task = Recorder::with(move |moment| match moment.message {
        Message::DidReceiveData => drop(at_gate.pass()),
        Message::DidComplete => {
            let kept = url_session_retain(moment.session);
            let status = url_session_set_description(moment.session, c_text("still here").as_ptr());
            url_session_release(kept);
            told.send((!kept.is_null(), status)).unwrap();
        }
        _ => {}
    });
    let session = Session::new(&Configuration::default(), None);
    let task = session.task(&origin.url("/hello"));
    assert_eq!(url_session_task_set_delegate(task.get(), &of_task.delegate()), UrlSessionStatus::OK);
    task.resume();
    session.finish_tasks_and_invalidate();
    drop(session);
    of_task.wait_for_beginning("did_receive_data 1");
    // The task has long ended when a whole other session has come and gone.
    Story::of(&origin.url("/hello"));
    gate.open();
    assert_eq!(telling.recv_timeout(PATIENCE), Ok((true, UrlSessionStatus::OK)));
    of_task.wait_for("release");
}
