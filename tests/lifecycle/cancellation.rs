use std::sync::mpsc;

use crate::support::PATIENCE;
use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Request};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::{Message, Recorder};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

/// An origin whose body comes in two halves, the second when the gate opens.
fn in_two_halves() -> (Origin, Gate) {
    Origin::gated("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", "def")
}

#[test]
fn a025_cancel_on_a_task_that_was_never_resumed() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.task(&origin.url("/hello"));
    task.cancel();
    recorder.wait_for("did_complete 1 -999");
    let error = task.error().unwrap();
    assert_eq!(error.failing_url(), Some(origin.url("/hello")));
    assert_eq!(error.domain(), "NSURLErrorDomain");
    task.resume();
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    assert_eq!(recorder.transcript_of(1), "did_complete 1 -999");
    assert_eq!(origin.accepted(), 0);
}

#[test]
fn a025_cancel_counts_once_and_not_after_the_end() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let (hanging, ended) = (session.start(&origin.url("/hang")), session.start(&origin.url("/hello")));
    recorder.wait_for("did_complete 2 ok");
    hanging.cancel();
    hanging.cancel();
    ended.cancel();
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    hanging.cancel();
    assert_eq!(recorder.transcript_of(1), "did_complete 1 -999");
    assert!(recorder.transcript_of(2).ends_with("did_complete 2 ok"));
    assert_eq!(ended.state(), UrlSessionTaskState::COMPLETED.0);
    assert!(ended.error().is_none());
}

#[test]
fn a025_cancel_while_the_answer_is_awaited_closes_the_connection() {
    let (left, leaving) = mpsc::channel();
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_request();
        left.send(connection.wait_for_leave()).unwrap();
    });
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.start(&origin.url("/"));
    origin.wait_for_requests(1);
    task.cancel();
    recorder.wait_for("did_complete 1 -999");
    assert_eq!(leaving.recv_timeout(PATIENCE), Ok(true));
}

#[test]
fn a025_cancel_in_the_midst_of_a_body_stops_the_data() {
    let (origin, gate) = in_two_halves();
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.start(&origin.url("/"));
    recorder.wait_for("did_receive_data 1 \"abc\"");
    task.cancel();
    gate.open();
    recorder.wait_for("did_complete 1 -999");
    assert_eq!(recorder.body(1), b"abc");
    assert_eq!(task.error().unwrap().failing_url(), Some(origin.url("/")));
}

#[test]
fn a025_cancel_during_the_tls_handshake() {
    let origin = Origin::http(|connection| {
        connection.wait_for_leave();
    });
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.start(&origin.url("/").replace("http:", "https:"));
    origin.wait_for_accepted(1);
    task.cancel();
    recorder.wait_for("did_complete 1 -999");
    origin.wait_for_ends(1);
}

#[test]
fn a025_cancel_while_waiting_for_a_connection() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default().connections_per_host(1));
    let hanging = session.start(&origin.url("/hang"));
    origin.wait_for_requests(1);
    let waiting = session.start(&origin.url("/hello"));
    waiting.cancel();
    recorder.wait_for("did_complete 2 -999");
    // What waited and left does not stand in the way of those behind it.
    let behind = session.start(&origin.url("/hello"));
    hanging.cancel();
    recorder.wait_for(&format!("did_complete {} ok", behind.identifier()));
    assert_eq!(recorder.transcript_of(2), "did_complete 2 -999");
}

#[test]
fn a025_cancel_inside_every_slot() {
    let origin = Origin::http(standard::serve);
    let cases = [
        (Message::DidCreateTask, "did_complete 1 -999"),
        (Message::DidReceiveResponse, "did_receive_response 1 200\ndid_complete 1 -999"),
        (Message::DidReceiveData, "did_receive_response 1 200\ndid_receive_data 1 \"abc\"\ndid_complete 1 -999"),
    ];
    for (place, expected) in cases {
        let recorder = Recorder::with(move |moment| {
            if moment.message == place {
                assert_eq!(url_session_task_cancel(moment.task), UrlSessionStatus::OK);
            }
        });
        let request = Request::new(&origin.url("/head-then-hang"));
        let story = Story::told_to(recorder, &Configuration::default(), &request);
        assert_eq!(story.transcript(), expected, "cancelled in {place:?}");
    }
    let recorder = Recorder::with(|moment| {
        if moment.message == Message::DidComplete {
            assert_eq!(url_session_task_cancel(moment.task), UrlSessionStatus::OK);
        }
    });
    let story = Story::told_to(recorder, &Configuration::default(), &Request::new(&origin.url("/hello")));
    assert!(story.transcript().ends_with("did_complete 1 ok"));
}
