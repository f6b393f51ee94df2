use std::sync::mpsc;
use std::time::{Duration, Instant};

use crate::support::PATIENCE;
use crate::support::body::Body;
use crate::support::directory::Directory;
use crate::support::handle::{Configuration, Request};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::{Recorder, Supplied};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn put(origin: &Origin, path: &str) -> Request {
    Request::new(&origin.url(path)).method("PUT")
}

fn expects_continue(head: &str) -> bool {
    head.to_ascii_lowercase().contains("\r\nexpect: 100-continue\r\n")
}

#[test]
fn a_body_that_expects_a_100_waits_for_it() {
    let (heard, hearing) = mpsc::channel();
    let origin = Origin::http(move |connection: &mut Connection| {
        let head = connection.read_head().unwrap();
        let too_early = connection.read_until_silent(Duration::from_millis(300));
        connection.send(b"HTTP/1.1 102 Processing\r\n\r\nHTTP/1.1 100 Continue\r\n\r\n");
        heard.send((head, too_early, connection.read_exactly(7).unwrap())).unwrap();
        connection.send(OK.as_bytes());
    });
    let patient = Configuration::default().continue_timeout(PATIENCE.as_secs_f64());
    let story = Story::with(&patient, &put(&origin, "/").header("Expect", "100-continue").body(b"payload"));
    assert_eq!(story.transcript(), "did_receive_response 1 200\ndid_complete 1 ok");
    let (head, too_early, body) = hearing.recv_timeout(PATIENCE).unwrap();
    assert!(expects_continue(&head), "{head}");
    assert_eq!((too_early.as_slice(), body.as_slice(), story.task.sent()), (&b""[..], &b"payload"[..], 7));
}

#[test]
fn a_large_body_expects_a_100_where_the_configuration_says_so() {
    let above = |bytes| Configuration::default().expect_continue_above(bytes).continue_timeout(0.05);
    let expects = |configuration: &Configuration, length: usize| {
        let origin = Origin::http(standard::serve);
        let request = put(&origin, "/upload").body(&vec![b'x'; length]);
        assert_eq!(Story::with(configuration, &request).outcome(), "ok");
        assert_eq!(origin.request().body.len(), length);
        expects_continue(&origin.request().head)
    };
    assert!(!expects(&Configuration::default(), 10 << 20));
    assert!(!expects(&above(1000), 1000));
    assert!(expects(&above(1000), 1001));
    assert!(expects(&above(0), 1));
    assert!(!expects(&above(0), 0));
    assert!(!expects(&above(u64::MAX), 10 << 20));
    assert_eq!(url_session_configuration_expect_continue_above(above(1000).get()), 1000);
    assert_eq!(url_session_configuration_expect_continue_above(Configuration::default().get()), u64::MAX);
}

#[test]
fn a_file_and_a_stream_expect_a_100_too() {
    let directory = Directory::default();
    let configuration = Configuration::default().expect_continue_above(3).continue_timeout(0.05);
    let path = directory.file("body", b"payload");
    let body = Body::of(b"payload");
    let origin = Origin::http(standard::serve);
    let of_file = Story::of_task(Recorder::default(), &configuration, |s| s.upload_file(&put(&origin, "/echo"), &path));
    let of_stream = Story::with(&configuration, &put(&origin, "/echo").body_stream(&body.stream()));
    for story in [of_file, of_stream] {
        assert_eq!((story.outcome(), story.body()), ("ok".into(), b"payload".to_vec()));
    }
    assert!(origin.requests().iter().all(|request| expects_continue(&request.head)));
}

#[test]
fn a_body_goes_out_after_a_while_where_no_100_comes() {
    const WAIT: f64 = 0.05;
    let origin = Origin::http(standard::serve);
    let configuration = Configuration::default().continue_timeout(WAIT);
    assert_eq!(url_session_configuration_timeout_interval_for_continue(configuration.get()), WAIT);
    let request = put(&origin, "/echo").header("Expect", "100-continue").body(b"payload");
    let start = Instant::now();
    let story = Story::with(&configuration, &request);
    assert!(start.elapsed() >= Duration::from_secs_f64(WAIT), "{:?}", start.elapsed());
    assert_eq!((story.outcome(), story.body()), ("ok".into(), b"payload".to_vec()));
}

#[test]
fn a_final_answer_in_place_of_a_100_keeps_the_body_back() {
    let (heard, hearing) = mpsc::channel();
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_head();
        connection.send(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 3\r\n\r\nno!");
        heard.send(connection.read_until_silent(PATIENCE)).unwrap();
    });
    let patient = Configuration::default().continue_timeout(PATIENCE.as_secs_f64());
    let body = Body::of(b"payload");
    let request = put(&origin, "/").header("Expect", "100-continue").body_stream(&body.stream());
    let story = Story::with(&patient, &request);
    let expected = "did_receive_response 1 403\ndid_receive_data 1 \"no!\"\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
    // The connection owes a body, so it is closed.
    assert_eq!(hearing.recv_timeout(PATIENCE).unwrap(), b"");
    assert_eq!(story.task.sent(), 0);
}

#[test]
fn after_417_the_request_goes_out_again_without_its_expectation() {
    const FAILED: &str = "HTTP/1.1 417 Expectation Failed\r\nContent-Length: 0\r\n\r\n";
    let directory = Directory::default();
    let path = directory.file("body", b"payload");
    for kind in ["bytes", "file", "stream", "streamed", "by a field of its own"] {
        let origin = Origin::http(|connection: &mut Connection| {
            if connection.number == 1 {
                assert!(expects_continue(&connection.read_head().unwrap()));
                connection.send(FAILED.as_bytes());
                assert_eq!(connection.read_until_silent(Duration::from_millis(100)), b"");
            } else {
                standard::serve(connection);
            }
        });
        let configuration = Configuration::default().expect_continue_above(3).continue_timeout(PATIENCE.as_secs_f64());
        let request = put(&origin, "/echo");
        let recorder = Recorder::default().supplying(|_| Supplied::Stream(Body::of(b"payload").stream()));
        let story = Story::of_task(recorder, &configuration, |session| match kind {
            "bytes" => session.upload_bytes(&request, b"payload"),
            "file" => session.upload_file(&request, &path),
            "stream" => session.task_for(&request.body_stream(&Body::of(b"payload").stream())),
            "streamed" => session.upload_stream(&request),
            _ => session.upload_bytes(&request.header("Expect", "100-continue"), b"payload"),
        });
        let told = story.transcript().replace("need_new_body_stream 1 0\n", "");
        let expected = "did_receive_response 1 200\ndid_receive_data 1 \"payload\"\ndid_complete 1 ok";
        assert_eq!(told, expected, "{kind}");
        assert!(!expects_continue(&origin.request().head), "{kind}");
        assert_eq!(story.task.sent(), 7, "{kind}");
    }
}

#[test]
fn q020_a_get_that_a_post_became_expects_nothing() {
    const MOVED: &str = "HTTP/1.1 303 See Other\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n";
    let configuration = Configuration::default().continue_timeout(0.05);
    for status in ["301 Moved Permanently", "302 Found", "303 See Other"] {
        let origin = Origin::in_turn(&[&MOVED.replace("303 See Other", status), OK]);
        let request = put(&origin, "/").method("POST").header("Expect", "100-continue").body(b"payload");
        assert_eq!(Story::with(&configuration, &request).outcome(), "ok");
        let [post, get] = &origin.requests()[..] else { panic!("{:#?}", origin.requests()) };
        assert_eq!((post.method(), get.method()), ("POST", "GET"));
        assert_eq!((post.value("Expect"), get.value("Expect")), (Some("100-continue"), None));
    }
}

#[test]
fn a_417_that_nobody_provoked_is_an_answer() {
    let origin = Origin::http(standard::serve);
    let story = Story::with(&Configuration::default(), &put(&origin, "/status/417").body(b"payload"));
    let expected = "did_receive_response 1 417\ndid_receive_data 1 \"status 417\\n\"\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
    assert_eq!(origin.requests().len(), 1);
}
