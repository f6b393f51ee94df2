use std::ffi::c_void;
use std::ptr;
use std::thread;

use crate::support::body::{Body, BodyStream, Step};
use crate::support::directory::Directory;
use crate::support::handle::{Configuration, Request};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::{Recorder, Supplied};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn put(origin: &Origin) -> Request {
    Request::new(&origin.url("/")).method("PUT")
}

fn moved(status: u16) -> String {
    format!("HTTP/1.1 {status} Moved\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n")
}

#[test]
fn a048_307_and_308_ask_for_the_body_again() {
    for status in [307, 308] {
        for length in [8, -1] {
            let origin = Origin::in_turn(&[&moved(status), OK]);
            let body = || Body::new(vec![Step::Bytes(b"streamed".to_vec())], length);
            let (first, second) = (body(), body());
            let story = Story::streamed(Recorder::giving(&[first, second]), &put(&origin));
            let expected = "need_new_body_stream 1 0\nneed_new_body_stream 1 0\n\
                            did_receive_response 1 200\ndid_complete 1 ok";
            assert_eq!(story.transcript(), expected, "{status}");
            let requests = origin.requests();
            assert_eq!([requests[0].target(), requests[1].target()], ["/", "/to"]);
            for request in requests {
                assert_eq!((request.method(), request.body.as_slice()), ("PUT", b"streamed".as_slice()));
            }
            assert_eq!((story.task.sent(), story.task.expected_to_send()), (8, length));
            drop(story);
            for body in [first, second] {
                body.wait_for("release");
                assert_eq!(body.calls(), ["read", "close", "release"], "{status}");
            }
        }
    }
}

#[test]
fn a048_another_stream_may_have_another_length() {
    let origin = Origin::in_turn(&[&moved(307), OK]);
    let story = Story::streamed(Recorder::giving(&[Body::of(b"short"), Body::of(b"longer than that")]), &put(&origin));
    assert_eq!(story.outcome(), "ok");
    let requests = origin.requests();
    assert_eq!((requests[0].value("Content-Length"), requests[1].value("Content-Length")), (Some("5"), Some("16")));
    assert_eq!(requests[1].body, b"longer than that");
    assert_eq!((story.task.sent(), story.task.expected_to_send()), (16, 16));
}

#[test]
fn a048_a_redirect_may_come_before_the_stream_has_ended() {
    let origin = Origin::http(|connection: &mut Connection| {
        if connection.number == 1 {
            connection.read_head();
            connection.read_exactly(b"4\r\nhalf".len());
            connection.send(moved(307).as_bytes());
            connection.wait_for_leave();
        } else {
            standard::serve(connection);
        }
    });
    let first = Body::new(vec![Step::Bytes(b"half".to_vec()), Step::Later], -1);
    let story = Story::streamed(Recorder::giving(&[first, Body::of(b"whole")]), &put(&origin));
    assert_eq!(story.response().status_code(), 404, "{}", story.transcript());
    assert_eq!((origin.request().target(), origin.request().body.as_slice()), ("/to", b"whole".as_slice()));
    assert_eq!(first.calls()[..2], ["read", "close"]);
}

#[test]
fn a048_without_a_second_stream_the_body_is_exhausted() {
    let origin = Origin::in_turn(&[&moved(308), OK]);
    let story = Story::streamed(Recorder::giving(&[Body::of(b"streamed")]), &put(&origin));
    assert_eq!(story.transcript(), "need_new_body_stream 1 0\nneed_new_body_stream 1 0\ndid_complete 1 -1021");
    assert_eq!(origin.request().target(), "/");
}

#[test]
fn q021_a_stream_of_a_request_is_rewound() {
    for status in [307, 308] {
        let origin = Origin::in_turn(&[&moved(status), OK]);
        let body = Body::of(b"streamed");
        // The delegate has one too, but is not asked.
        let recorder = Recorder::giving(&[Body::of(b"another")]);
        let request = put(&origin).body_stream(&body.stream());
        let story = Story::told_to(recorder, &Configuration::default(), &request);
        assert_eq!(story.transcript(), "did_receive_response 1 200\ndid_complete 1 ok", "{status}");
        for request in origin.requests() {
            assert_eq!((request.method(), request.body.as_slice()), ("PUT", b"streamed".as_slice()));
            assert_eq!(request.value("Content-Length"), Some("8"));
        }
        assert_eq!(body.calls()[..4], ["read", "rewind 0", "read", "close"]);
    }
}

#[test]
fn q021_what_was_asked_for_before_the_stream_was_rewound_is_forgotten() {
    let origin = Origin::http(|connection: &mut Connection| {
        if connection.number > 1 {
            return standard::serve(connection);
        }
        connection.read_head();
        connection.read_exactly(b"half".len());
        connection.send(moved(307).replace("/to", "/echo").as_bytes());
        connection.wait_for_leave();
    });
    let body = Body::new(vec![Step::Bytes(b"half".to_vec()), Step::Later], 8);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.task_for(&put(&origin).body_stream(&body.stream())).resume();
    let (forgotten, read) = (body.next_read(), body.next_read());
    forgotten.answer(b"old!");
    assert_eq!(read.answer(b"new!"), UrlSessionStatus::OK);
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(recorder.body(1), b"halfnew!");
    assert_eq!(body.calls()[..4], ["read", "rewind 0", "read", "close"]);
}

#[test]
fn r039_a_stream_of_a_request_that_cannot_rewind_is_replaced_by_the_delegates() {
    let origin = Origin::in_turn(&[&moved(307), OK]);
    let body = Body::of(b"streamed");
    let request = put(&origin).body_stream(&body.stream_without_rewind());
    let story = Story::told_to(Recorder::giving(&[Body::of(b"streamed again")]), &Configuration::default(), &request);
    let expected = "need_new_body_stream 1 0\ndid_receive_response 1 200\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
    let requests = origin.requests();
    assert_eq!((requests[0].body.as_slice(), requests[1].body.as_slice()), (&b"streamed"[..], &b"streamed again"[..]));
    assert_eq!(body.calls()[..2], ["read", "close"]);
}

#[test]
fn r039_what_replaced_a_stream_is_replaced_again() {
    let directory = Directory::default();
    let path = directory.file("body", b"from a file");
    let origin = Origin::in_turn(&[&moved(307), &moved(308), OK]);
    let request = put(&origin).body_stream(&Body::of(b"streamed").stream_without_rewind());
    let recorder = Recorder::default().supplying(move |_| Supplied::Stream(BodyStream::of_file(&path)));
    let story = Story::told_to(recorder, &Configuration::default(), &request);
    let asked = "need_new_body_stream 1 0\n".repeat(2);
    assert_eq!(story.transcript(), format!("{asked}did_receive_response 1 200\ndid_complete 1 ok"));
    let bodies: Vec<_> = origin.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies, [&b"streamed"[..], b"from a file", b"from a file"]);
}

#[test]
fn r039_a_stream_that_cannot_rewind_is_never_an_empty_body() {
    let origin = Origin::in_turn(&[&moved(308), OK]);
    let request = put(&origin).body_stream(&Body::of(b"streamed").stream_without_rewind());
    assert_eq!(Story::with(&Configuration::default(), &request).transcript(), "did_complete 1 -1021");
    assert_eq!(origin.request().body, b"streamed");
}

#[test]
fn q021_a_stream_that_fails_to_rewind_is_exhausted() {
    unsafe extern "C" fn refuse(_: *mut c_void, _: i64) -> bool {
        false
    }
    let origin = Origin::in_turn(&[&moved(308), OK]);
    let mut source = Body::of(b"streamed").source();
    source.rewind = Some(refuse);
    let mut stream = ptr::null_mut();
    assert_eq!(url_session_body_stream_new(&source, &mut stream), UrlSessionStatus::OK);
    let request = put(&origin).body_stream(&BodyStream::adopt(stream).unwrap());
    assert_eq!(Story::with(&Configuration::default(), &request).transcript(), "did_complete 1 -1021");
    assert_eq!(origin.request().body, b"streamed");
}

#[test]
fn c048_a_request_with_a_stream_can_be_used_again() {
    let origin = Origin::http(standard::serve);
    for length in [8, -1] {
        let body = Body::new(vec![Step::Bytes(b"streamed".to_vec())], length);
        let request = Request::new(&origin.url("/echo")).method("PUT").body_stream(&body.stream());
        for _ in 0..2 {
            let story = Story::with(&Configuration::default(), &request);
            assert_eq!((story.outcome(), story.body()), ("ok".into(), b"streamed".to_vec()), "{:?}", body.calls());
        }
    }
}

#[test]
fn c048_a_stream_that_was_read_is_never_an_empty_body_of_the_next_task() {
    let origin = Origin::http(standard::serve);
    let body = Body::new(vec![Step::Bytes(b"streamed".to_vec())], -1);
    let request = put(&origin).body_stream(&body.stream_without_rewind());
    assert_eq!(Story::with(&Configuration::default(), &request).outcome(), "ok");
    assert_eq!(Story::with(&Configuration::default(), &request).transcript(), "did_complete 1 -1021");
    assert_eq!(origin.request().body, b"streamed");
}

#[test]
fn a048_other_redirects_drop_the_stream_unread() {
    for (status, method, next) in [(301, "POST", "GET"), (302, "POST", "GET"), (303, "PUT", "GET"), (301, "PUT", "PUT")]
    {
        for is_asked in [true, false] {
            let origin = Origin::in_turn(&[&moved(status), OK]);
            let (body, request) = (Body::of(b"streamed"), Request::new(&origin.url("/")).method(method));
            let story = if is_asked {
                Story::streamed(Recorder::giving(&[body]), &request)
            } else {
                Story::with(&Configuration::default(), &request.body_stream(&body.stream()))
            };
            assert!(story.transcript().ends_with("did_receive_response 1 200\ndid_complete 1 ok"));
            let request = &origin.requests()[1];
            assert_eq!((request.method(), request.body.as_slice()), (next, b"".as_slice()), "{method} after {status}");
            assert_eq!(request.value("Transfer-Encoding"), None);
            drop(story);
            body.wait_for("release");
            assert_eq!(body.calls(), ["read", "close", "release"], "{method} after {status}");
        }
    }
}

/// An origin that answers one request on its first connection, and leaves when it has read the next one.
fn origin_that_leaves() -> Origin {
    Origin::http(|connection: &mut Connection| {
        if connection.number > 1 {
            return standard::serve(connection);
        }
        connection.read_request();
        connection.send(OK.as_bytes());
        connection.read_request();
    })
}

#[test]
fn a048_c048_a_stale_connection_asks_for_the_body_again() {
    let origin = origin_that_leaves();
    let recorder = Recorder::giving(&[Body::of(b"streamed"), Body::of(b"streamed")]);
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/"));
    recorder.wait_for("did_complete 1 ok");
    session.upload_stream(&Request::new(&origin.url("/echo")).method("PUT")).resume();
    recorder.wait_for("did_complete 2 ok");
    let expected = "need_new_body_stream 2 0\nneed_new_body_stream 2 0\n\
                    did_receive_response 2 200\ndid_receive_data 2 \"streamed\"\ndid_complete 2 ok";
    assert_eq!(recorder.transcript_of(2), expected);
    assert_eq!((origin.requests().len(), origin.accepted()), (3, 2));
}

#[test]
fn q021_c048_a_stale_connection_rewinds_the_stream_of_a_request() {
    let origin = origin_that_leaves();
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/"));
    recorder.wait_for("did_complete 1 ok");
    let body = Body::of(b"streamed");
    session.task_for(&Request::new(&origin.url("/echo")).method("PUT").body_stream(&body.stream())).resume();
    recorder.wait_for("did_complete 2 ok");
    assert_eq!(recorder.body(2), b"streamed");
    assert_eq!(body.calls()[..4], ["read", "rewind 0", "read", "close"]);
}

#[test]
fn q021_c048_a_stream_is_sent_whole_however_soon_a_connection_dies() {
    // Every connection is gone about when the next task takes it from the pool; and many at a time make that any time.
    let origin = Origin::http(|connection: &mut Connection| {
        connection.read_request();
        connection.send(OK.as_bytes());
    });
    thread::scope(|threads| {
        for _ in 0..8 {
            threads.spawn(|| send_streams(&origin));
        }
    });
    for request in origin.requests().iter().filter(|request| request.method() == "PUT") {
        assert_eq!(request.body, b"streamed");
    }
}

fn send_streams(origin: &Origin) {
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    for round in 0..60 {
        let first = session.start(&origin.url("/"));
        recorder.wait_for_beginning(&format!("did_complete {} ", first.identifier()));
        let steps = vec![Step::Bytes(b"stre".to_vec()), Step::Bytes(b"amed".to_vec())];
        let body = Body::new(steps, if round % 2 == 0 { 8 } else { -1 });
        let can_rewind = round % 3 > 0;
        let stream = if can_rewind { body.stream() } else { body.stream_without_rewind() };
        let task = session.task_for(&put(origin).body_stream(&stream));
        task.resume();
        let end = recorder.wait_for_beginning(&format!("did_complete {} ", task.identifier()));
        // What cannot be sent again from the start is not sent again.
        assert!(end.ends_with(" ok") || !can_rewind && end.ends_with(" -1021"), "{end}");
    }
}

#[test]
fn c048_what_is_not_idempotent_is_not_sent_again() {
    let origin = origin_that_leaves();
    let recorder = Recorder::giving(&[Body::of(b"streamed"), Body::of(b"streamed")]);
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/"));
    recorder.wait_for("did_complete 1 ok");
    session.upload_stream(&Request::new(&origin.url("/echo")).method("POST")).resume();
    recorder.wait_for("did_complete 2 -1005");
    assert_eq!(recorder.transcript_of(2), "need_new_body_stream 2 0\ndid_complete 2 -1005");
}
