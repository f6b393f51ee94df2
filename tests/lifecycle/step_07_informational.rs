use std::sync::{Arc, Mutex};

use crate::support::body::{Body, Step};
use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Request, Response};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::{Message, Recorder};
use crate::support::story::Story;
use urlsession::*;

const EMPTY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const HINTS: &str = "HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\nLink: </b.js>\r\n\r\n";

/// What is told of an answer, the informational ones before it included.
fn told(answer: &str) -> String {
    let origin = Origin::in_turn(&[answer]);
    listening(&Configuration::default(), &Request::new(&origin.url("/"))).transcript()
}

fn listening(configuration: &Configuration, request: &Request) -> Story {
    Story::told_to(Recorder::default().hearing_informational(), configuration, request)
}

#[test]
fn a058_informational_responses_come_before_the_response_in_their_order() {
    let interim = "HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 103 Early Hints\r\nContent-Length: 5\r\n\r\n\
                   HTTP/1.1 199 Mine\r\nX: y\r\n\r\nHTTP/1.1 103\r\n\r\n";
    let expected = "did_receive_informational_response 1 102\ndid_receive_informational_response 1 103\n\
                    did_receive_informational_response 1 199\ndid_receive_informational_response 1 103\n\
                    did_receive_response 1 200\ndid_complete 1 ok";
    assert_eq!(told(&format!("{interim}{EMPTY}")), expected);
}

#[test]
fn a058_100_and_101_are_none() {
    let expected = "did_receive_response 1 200\ndid_complete 1 ok";
    assert_eq!(told(&format!("HTTP/1.1 100 Continue\r\n\r\n{EMPTY}")), expected);
    let expected = "did_receive_response 1 101";
    assert_eq!(told("HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\n\r\n").lines().next(), Some(expected));
}

#[test]
fn a058_100_is_none_during_an_upload_either() {
    for expectation in ["", "100-continue"] {
        let origin = Origin::http(|connection: &mut Connection| {
            connection.read_head();
            connection.send(b"HTTP/1.1 100 Continue\r\n\r\n");
            connection.read_exactly(7);
            connection.send(EMPTY.as_bytes());
        });
        let request = Request::new(&origin.url("/")).method("PUT").header("Expect", expectation).body(b"payload");
        let story = listening(&Configuration::default(), &request);
        assert_eq!(story.transcript(), "did_receive_response 1 200\ndid_complete 1 ok", "{expectation}");
    }
}

#[test]
fn a058_an_informational_response_is_a_response_of_its_own() {
    let (origin, gate) = Origin::gated(HINTS, EMPTY);
    let kept = Arc::new(Mutex::new(Vec::new()));
    let keeping = kept.clone();
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidReceiveInformationalResponse {
            let of_task = Response::adopt(url_session_task_copy_response(moment.task));
            keeping.lock().unwrap().push((Response::retain(moment.response), of_task.is_none()));
            gate.open();
        }
    });
    let request = Request::new(&origin.url("/hinted"));
    let story = Story::told_to(recorder.hearing_informational(), &Configuration::default(), &request);
    let kept = kept.lock().unwrap();
    let [(hints, was_alone)] = &kept[..] else { panic!("{}", story.transcript()) };
    assert_eq!((hints.status_code(), hints.url()), (103, origin.url("/hinted")));
    assert_eq!(hints.value("link").as_deref(), Some("</a.css>; rel=preload, </b.js>"));
    let links = [("Link", "</a.css>; rel=preload"), ("Link", "</b.js>")];
    assert_eq!(hints.fields(), links.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())));
    assert!(was_alone, "a task has no response before the final one");
    assert_eq!((story.response().status_code(), story.response().value("Link")), (200, None));
}

#[test]
fn a058_they_come_when_they_come() {
    let (origin, gate) = Origin::gated(HINTS, EMPTY);
    let recorder = Recorder::default().hearing_informational();
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/"));
    recorder.wait_for("did_receive_informational_response 1 103");
    gate.open();
    recorder.wait_for("did_complete 1 ok");
}

#[test]
fn a058_they_come_over_https_too() {
    let origin = Origin::https(|connection: &mut Connection| {
        connection.read_request();
        connection.send(format!("{HINTS}{EMPTY}").as_bytes());
    });
    let story = listening(&Configuration::trusting(origin.certificate()), &Request::new(&origin.url("/")));
    let expected = "did_receive_informational_response 1 103\ndid_receive_response 1 200\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
}

/// An origin that reads a head, sends hints, and reads and answers the rest when the gate opens.
fn origin_that_hints(length: usize) -> (Origin, Gate) {
    let gate = Gate::default();
    let at_gate = gate.clone();
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_head();
        connection.send(HINTS.as_bytes());
        at_gate.pass();
        connection.read_exactly(length);
        connection.send(format!("{HINTS}{EMPTY}").as_bytes());
    });
    (origin, gate)
}

#[test]
fn a058_they_come_while_a_body_is_sent() {
    // More than a connection holds, so the body is not sent when the hints are told.
    let bytes = vec![b'x'; 64 << 20];
    let (origin, gate) = origin_that_hints(bytes.len());
    let recorder = Recorder::default().hearing_informational();
    let session = recorder.session(&Configuration::default());
    let task = session.upload_bytes(&Request::new(&origin.url("/")).method("PUT"), &bytes);
    task.resume();
    recorder.wait_for("did_receive_informational_response 1 103");
    assert!(task.sent() < task.expected_to_send());
    gate.open();
    recorder.wait_for("did_complete 1 ok");
    let hints = "did_receive_informational_response 1 103\n".repeat(2);
    assert_eq!(recorder.transcript_of(1), format!("{hints}did_receive_response 1 200\ndid_complete 1 ok"));
}

#[test]
fn a058_they_come_while_a_source_is_awaited() {
    let (origin, gate) = origin_that_hints(8);
    let recorder = Recorder::default().hearing_informational();
    let session = recorder.session(&Configuration::default());
    let body = Body::new(vec![Step::Bytes(b"stre".to_vec()), Step::Later], 8);
    session.task_for(&Request::new(&origin.url("/")).method("PUT").body_stream(&body.stream())).resume();
    let read = body.next_read();
    recorder.wait_for("did_receive_informational_response 1 103");
    assert_eq!(read.answer(b"amed"), UrlSessionStatus::OK);
    gate.open();
    recorder.wait_for("did_complete 1 ok");
}

#[test]
fn a058_they_come_before_a_redirect_and_behind_it() {
    let moved = format!("{HINTS}HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n");
    let origin = Origin::in_turn(&[&moved, &format!("HTTP/1.1 102 Processing\r\n\r\n{EMPTY}")]);
    let expected = "did_receive_informational_response 1 103\ndid_receive_informational_response 1 102\n\
                    did_receive_response 1 200\ndid_complete 1 ok";
    assert_eq!(listening(&Configuration::default(), &Request::new(&origin.url("/"))).transcript(), expected);
}

#[test]
fn a058_a036_a_task_with_a_completion_handler_hears_of_them_too() {
    let origin = Origin::in_turn(&[&format!("{HINTS}{EMPTY}")]);
    let recorder = Recorder::default().hearing_informational();
    let session = recorder.session(&Configuration::default());
    recorder.handler_task(&session, "a", &Request::new(&origin.url("/"))).resume();
    recorder.wait_for("handler a 200 \"\"");
    assert_eq!(recorder.transcript_of(1), "did_receive_informational_response 1 103");
}

#[test]
fn a058_r043_of_more_than_32_the_last_is_an_error() {
    let heard = |count| format!("{}{EMPTY}", HINTS.repeat(count));
    let hints = |count| "did_receive_informational_response 1 103\n".repeat(count);
    assert_eq!(told(&heard(32)), format!("{}did_receive_response 1 200\ndid_complete 1 ok", hints(32)));
    let story = told(&heard(33));
    assert!(story.ends_with("did_complete 1 -1017"), "{story}");
    assert!(!story.contains("did_receive_response"), "{story}");
}

#[test]
fn a058_r043_of_more_than_32_during_an_upload_the_last_is_an_error() {
    let origin = Origin::http(|connection: &mut Connection| {
        connection.read_head();
        connection.send(HINTS.repeat(33).as_bytes());
        connection.wait_for_leave();
    });
    let body = Body::new(vec![Step::Bytes(b"stre".to_vec()), Step::Later], 8);
    let request = Request::new(&origin.url("/")).method("PUT").body_stream(&body.stream());
    let story = listening(&Configuration::default(), &request);
    assert_eq!(story.outcome(), "-1017");
}

#[test]
fn a058_without_a_slot_they_are_passed_over() {
    let origin = Origin::in_turn(&[&format!("{HINTS}{EMPTY}")]);
    let story = Story::of(&origin.url("/"));
    assert_eq!(story.transcript(), "did_receive_response 1 200\ndid_complete 1 ok");
}
