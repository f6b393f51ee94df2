use std::path::Path;
use std::sync::mpsc;

use crate::support::PATIENCE;
use crate::support::body::Body;
use crate::support::directory::Directory;
use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::{Message, Recorder, Supplied};
use crate::support::standard;
use crate::support::story::Story;
use crate::support::upload::MultipartForm;
use urlsession::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const MOVED: &str = "HTTP/1.1 307 Moved\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n";
/// More than a connection holds whose peer does not read.
const MUCH: usize = 64 << 20;

fn put(origin: &Origin, path: &str) -> Request {
    Request::new(&origin.url(path)).method("PUT")
}

/// An upload from bytes, alone in a session.
fn upload(configuration: &Configuration, request: &Request, bytes: &[u8]) -> Story {
    Story::of_task(Recorder::default(), configuration, |session| session.upload_bytes(request, bytes))
}

/// An upload from a file, alone in a session.
fn upload_file(request: &Request, path: &Path) -> Story {
    Story::of_task(Recorder::default(), &Configuration::default(), |session| session.upload_file(request, path))
}

#[test]
fn a035_an_upload_from_bytes() {
    let origin = Origin::http(standard::serve);
    let story = upload(&Configuration::default(), &put(&origin, "/echo"), b"payload");
    let expected = "did_receive_response 1 200\ndid_receive_data 1 \"payload\"\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
    let request = origin.request();
    assert_eq!((request.method(), request.value("Content-Length")), ("PUT", Some("7")));
    assert_eq!((story.task.kind(), story.task.sent()), (UrlSessionTaskKind::UPLOAD.0, 7));
}

#[test]
fn a035_long_bytes_go_out_whole_over_http_and_https() {
    let bytes = standard::pattern(0, 10 << 20);
    for origin in [Origin::http(standard::serve), Origin::https(standard::serve)] {
        let story = upload(&Configuration::trusting(origin.certificate()), &put(&origin, "/upload"), &bytes);
        assert_eq!((story.outcome(), story.task.sent()), ("ok".into(), 10 << 20));
        assert_eq!(origin.request().value("Content-Length"), Some("10485760"));
        assert!(origin.request().body == bytes);
    }
}

#[test]
fn a035_the_body_of_the_request_is_not_that_of_an_upload() {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let path = directory.file("body", b"payload");
    let stream = Body::of(b"of the request");
    let requests = [
        put(&origin, "/echo").body(b"of the request").header("Content-Length", "99"),
        put(&origin, "/echo").body_stream(&stream.stream()),
    ];
    for request in &requests {
        let stories = [upload(&Configuration::default(), request, b"payload"), upload_file(request, &path)];
        assert!(stories.iter().all(|story| story.outcome() == "ok" && story.body() == b"payload"));
    }
    for request in origin.requests() {
        assert_eq!(request.value("Content-Length"), Some("7"));
    }
    drop(requests);
    stream.wait_for("release");
    assert_eq!(stream.calls(), ["release"]);
}

#[test]
fn a035_nothing_can_be_uploaded() {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    for method in ["PUT", "POST"] {
        let request = put(&origin, "/echo").method(method);
        let stories =
            [upload(&Configuration::default(), &request, b""), upload_file(&request, &directory.file("empty", b""))];
        for story in stories {
            assert_eq!(story.transcript(), "did_receive_response 1 200\ndid_complete 1 ok");
            assert_eq!((story.task.sent(), story.task.expected_to_send()), (0, 0));
        }
    }
    for request in origin.requests() {
        assert_eq!((request.value("Content-Length"), request.value("Transfer-Encoding")), (Some("0"), None));
    }
}

#[test]
fn a036_uploads_may_have_a_completion_handler() {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let recorder = Recorder::default().hearing_progress();
    let session = recorder.session(&Configuration::default());
    let request = put(&origin, "/upload");
    recorder.upload_handler_task(&session, "bytes", &request, b"payload").resume();
    recorder.wait_for("handler bytes 201 \"7 bytes came\"");
    recorder.upload_file_handler_task(&session, "file", &request, &directory.file("body", b"a payload")).resume();
    recorder.wait_for("handler file 201 \"9 bytes came\"");
    recorder.upload_file_handler_task(&session, "missing", &request, &directory.at("missing")).resume();
    recorder.wait_for("handler missing - -1100");
    recorder.upload_handler_task(&session, "cancelled", &request, b"payload").cancel();
    recorder.wait_for("handler cancelled - -999");
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    assert_eq!(recorder.transcript_of(1), "did_send_body_data 1 7 7");
    assert_eq!(recorder.transcript_of(2), "did_send_body_data 2 9 9");
    assert_eq!(recorder.transcript_of(3), "");
    assert_eq!(recorder.lines().iter().filter(|line| line.starts_with("handler ")).count(), 4);
}

#[test]
fn e029_the_answer_to_an_upload_is_delivered_once() {
    let origin = Origin::http(standard::serve);
    let story = upload(&Configuration::default(), &put(&origin, "/status/500"), b"payload");
    let expected = "did_receive_response 1 500\ndid_receive_data 1 \"status 500\\n\"\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
}

#[test]
fn e036_an_answer_before_the_body_has_ended_ends_the_upload() {
    let origin = Origin::http(|connection: &mut Connection| {
        if connection.number > 1 {
            return standard::serve(connection);
        }
        connection.read_head();
        connection.read_exactly(1);
        connection.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
        connection.wait_for_leave();
    });
    let directory = Directory::default();
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.upload_file(&put(&origin, "/"), &directory.sparse("body", MUCH));
    task.resume();
    recorder.wait_for("did_complete 1 ok");
    let expected = "did_receive_response 1 413\ndid_receive_data 1 \"big\"\ndid_complete 1 ok";
    assert_eq!(recorder.transcript_of(1), expected);
    assert!(task.sent() < MUCH as i64);
    // Its connection still owes most of a body, and is nobody's any more.
    session.start(&origin.url("/hello"));
    recorder.wait_for("did_complete 2 ok");
    assert_eq!(origin.accepted(), 2);
}

#[test]
fn e036_an_upload_ends_early_also_where_the_server_goes_on_to_take_it() {
    let directory = Directory::default();
    let empty = directory.file("empty", b"");
    // Between files that are empty there is always something at hand, and little of it.
    let form = (0..20_000).fold(MultipartForm::default(), |form, _| form.file("name", &empty, None, None));
    let (whole, answer) = (Origin::http(standard::serve), |connection: &mut Connection| {
        connection.read_head();
        connection.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
        connection.wait_for_leave();
    });
    let sent_to = |origin: &Origin| {
        let configuration = Configuration::trusting(origin.certificate());
        let story = Story::with(&configuration, &put(origin, "/upload").multipart_form(&form));
        (story.response().status_code(), story.outcome(), story.task.sent())
    };
    let (status, outcome, length) = sent_to(&whole);
    assert_eq!((status, outcome.as_str()), (201, "ok"));
    for origin in [Origin::http(answer), Origin::https(answer)] {
        let (status, outcome, sent) = sent_to(&origin);
        assert_eq!((status, outcome.as_str()), (413, "ok"));
        assert!(sent < length, "{sent} bytes of {length} were sent");
    }
}

#[test]
fn e036_an_answer_may_be_the_last_word_of_a_server_that_leaves() {
    let directory = Directory::default();
    let path = directory.sparse("body", MUCH);
    for origin in [Origin::http(leave_with_an_answer), Origin::https(leave_with_an_answer)] {
        let configuration = Configuration::trusting(origin.certificate());
        let request = put(&origin, "/");
        let make = |session: &Session| session.upload_file(&request, &path);
        let story = Story::of_task(Recorder::default(), &configuration, make);
        let expected = "did_receive_response 1 413\ndid_receive_data 1 \"big\"\ndid_complete 1 ok";
        assert_eq!(story.transcript(), expected, "{}", origin.url("/"));
    }
}

fn leave_with_an_answer(connection: &mut Connection) {
    connection.read_head();
    connection.read_exactly(1);
    connection.send(b"HTTP/1.1 413 Too Large\r\nConnection: close\r\nContent-Length: 3\r\n\r\nbig");
    connection.close();
}

#[test]
fn e036_a_server_that_leaves_without_an_answer_is_lost() {
    let directory = Directory::default();
    let origin = Origin::http(|connection: &mut Connection| {
        connection.read_head();
        connection.read_exactly(1);
    });
    let story = upload_file(&put(&origin, "/"), &directory.sparse("body", MUCH));
    assert_eq!(story.transcript(), "did_complete 1 -1005");
}

#[test]
fn a048_bytes_and_files_are_sent_again_by_themselves() {
    let directory = Directory::default();
    let bytes = standard::pattern(0, 1_000_000);
    let path = directory.file("body", &bytes);
    for status in ["307", "308"] {
        let origin = Origin::in_turn(&[&MOVED.replace("307", status), OK, &MOVED.replace("307", status), OK]);
        let request = put(&origin, "/from").header("Content-Type", "text/plain");
        let stories = [upload(&Configuration::default(), &request, &bytes), upload_file(&request, &path)];
        for story in stories {
            assert_eq!(story.transcript(), "did_receive_response 1 200\ndid_complete 1 ok");
            assert_eq!((story.task.sent(), story.task.expected_to_send()), (1_000_000, 1_000_000));
        }
        let requests = origin.requests();
        let targets: Vec<_> = requests.iter().map(|request| request.target()).collect();
        assert_eq!(targets, ["/from", "/to", "/from", "/to"]);
        for request in &requests {
            assert_eq!((request.method(), request.value("Content-Type")), ("PUT", Some("text/plain")));
            assert!(request.body == bytes);
        }
    }
}

#[test]
fn a025_an_upload_can_be_cancelled_in_its_midst() {
    let (left, leaving) = mpsc::channel();
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_head();
        left.send(connection.wait_for_leave()).unwrap();
    });
    let gate = Gate::default();
    let at_gate = gate.clone();
    let stuck = Origin::http(move |connection: &mut Connection| {
        connection.read_head();
        at_gate.pass();
    });
    let directory = Directory::default();
    let path = directory.sparse("body", 1 << 36);
    let recorder = Recorder::default().hearing_progress();
    let session = recorder.session(&Configuration::default());
    for (number, origin) in [(1, &origin), (2, &stuck)] {
        let task = session.upload_file(&put(origin, "/"), &path);
        task.resume();
        recorder.wait_for_beginning(&format!("did_send_body_data {number} "));
        task.cancel();
        recorder.wait_for(&format!("did_complete {number} -999"));
        assert!(recorder.lines_of(number).last().unwrap().starts_with("did_complete"));
    }
    assert_eq!(leaving.recv_timeout(PATIENCE), Ok(true));
    gate.open();
}

#[test]
fn a025_an_upload_can_be_cancelled_inside_every_slot() {
    let origin = Origin::http(|connection: &mut Connection| {
        if connection.read_head().is_some_and(|head| head.contains("/hints")) {
            connection.read_exactly(8);
            connection.send(b"HTTP/1.1 103 Early Hints\r\n\r\n");
        }
        connection.wait_for_leave();
    });
    let (asked, sent) = ("need_new_body_stream 1 0\n", "did_send_body_data 1 8 8\n");
    let informed = "did_receive_informational_response 1 103\n";
    let cases = [
        (Message::NeedNewBodyStream, "/", asked.to_owned()),
        (Message::DidSendBodyData, "/", [asked, sent].concat()),
        (Message::DidUpdateProgress, "/", [asked, sent].concat()),
        (Message::DidReceiveInformationalResponse, "/hints", [asked, sent, informed].concat()),
    ];
    for (place, path, told) in cases {
        let recorder = Recorder::with(move |moment| {
            if moment.message == place {
                assert_eq!(url_session_task_cancel(moment.task), UrlSessionStatus::OK);
            }
        });
        let recorder = recorder.hearing_progress().hearing_informational();
        let recorder = recorder.supplying(|_| Supplied::Stream(Body::of(b"streamed").stream()));
        let story = Story::streamed(recorder, &put(&origin, path));
        assert_eq!(story.transcript(), format!("{told}did_complete 1 -999"), "cancelled in {place:?}");
    }
}
