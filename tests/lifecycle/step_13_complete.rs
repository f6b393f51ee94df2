use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::handle::{Configuration, Error, Request};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::{Message, Recorder};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

#[test]
fn a071_e021_e048_complete_is_the_last_message_and_comes_once() {
    // A story waits for the session's own end, so a message too many would stand in its transcript.
    let origin = Origin::http(standard::serve);
    let data = |bytes: &str| format!("did_receive_data 1 \"{bytes}\"");
    let cases = [
        ("/hello", vec!["did_receive_response 1 200".into(), data("hello, world\\n"), "did_complete 1 ok".into()]),
        ("/status/204", vec!["did_receive_response 1 204".into(), "did_complete 1 ok".into()]),
        ("/status/500", vec!["did_receive_response 1 500".into(), data("status 500\\n"), "did_complete 1 ok".into()]),
        ("/cut", vec!["did_receive_response 1 200".into(), data("abc"), "did_complete 1 -1005".into()]),
        ("/garbage", vec!["did_complete 1 -1011".into()]),
    ];
    for (path, expected) in cases {
        assert_eq!(Story::of(&origin.url(path)).transcript(), expected.join("\n"), "{path}");
    }
}

#[test]
fn a071_e048_complete_comes_once_however_the_end_is_raced_for() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let tasks: Vec<_> = (0..200).map(|_| session.start(&origin.url("/hello"))).collect();
    for task in &tasks {
        task.cancel();
    }
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    for task in &tasks {
        let number = task.identifier();
        let transcript = recorder.transcript_of(number);
        let ends = transcript.lines().filter(|line| line.starts_with("did_complete")).count();
        assert_eq!(ends, 1, "{transcript}");
        let last = transcript.lines().last().unwrap().to_owned();
        assert!(last == format!("did_complete {number} ok") || last == format!("did_complete {number} -999"), "{last}");
        assert_eq!(task.error().is_none(), last.ends_with("ok"));
    }
}

#[test]
fn a072_every_http_answer_is_a_success() {
    let origin = Origin::http(standard::serve);
    for status in [200, 201, 206, 400, 401, 403, 404, 407, 416, 429, 500, 503, 599, 999] {
        let story = Story::of(&origin.url(&format!("/status/{status}")));
        let expected =
            format!("did_receive_response 1 {status}\ndid_receive_data 1 \"status {status}\\n\"\ndid_complete 1 ok");
        assert_eq!(story.transcript(), expected);
        assert!(story.task.error().is_none());
    }
}

#[test]
fn a073_an_error_outlives_its_task() {
    let origin = Origin::http(standard::serve);
    let error = Story::of(&origin.url("/cut")).error();
    assert_eq!((error.domain().as_str(), error.code()), ("NSURLErrorDomain", -1005));
    assert_eq!(error.failing_url(), Some(origin.url("/cut")));
    assert!(!error.message().is_empty());
}

#[test]
fn a073_an_error_names_the_url_that_failed_without_its_secrets() {
    let origin = Origin::http(standard::serve);
    let url = origin.url("/redirect-to?status=302&url=") + &origin.url("/cut?token").replace("//", "//user:pass@");
    let error = Story::of(&url).error();
    assert_eq!(error.failing_url(), Some(origin.url("/cut?token")));
    assert!(!error.message().contains("pass"), "{}", error.message());
}

#[test]
fn a073_an_error_carries_its_cause() {
    let refused = Story::of(&format!("http://{}/", nobody())).error();
    assert_eq!(refused.code(), -1004);
    let cause = refused.underlying().expect("the system's own error");
    assert_eq!((cause.domain().as_str(), cause.code()), ("NSPOSIXErrorDomain", libc::ECONNREFUSED));
    assert!(cause.underlying().is_none());

    // A label of 64 letters is refused by every resolver without asking anybody.
    let unknown = Story::of(&format!("http://{}.invalid/", "x".repeat(64))).error();
    assert_eq!(unknown.code(), -1003);
    assert_eq!(unknown.underlying().expect("the resolver's own error").domain(), "UrlSessionResolverDomain");
}

/// An address where nobody listens: the port is taken on another address of the loopback, so nobody gets it here.
fn nobody() -> std::net::SocketAddr {
    static TAKEN: std::sync::OnceLock<std::net::TcpListener> = std::sync::OnceLock::new();
    let taken = TAKEN.get_or_init(|| std::net::TcpListener::bind("127.0.0.1:0").unwrap());
    ([127, 0, 0, 2], taken.local_addr().unwrap().port()).into()
}

#[test]
fn a074_each_failure_has_its_own_code() {
    let origin = Origin::http(standard::serve);
    let raw = |bytes: &str| Story::answered(bytes).outcome();
    assert_eq!(Story::of(&format!("http://{}.invalid/", "x".repeat(64))).outcome(), "-1003");
    assert_eq!(Story::of(&format!("http://{}/", nobody())).outcome(), "-1004");
    assert_eq!(Story::of(&origin.url("/cut")).outcome(), "-1005");
    assert_eq!(Story::of(&origin.url("/redirect/30")).outcome(), "-1007");
    assert_eq!(Story::of(&origin.url("/garbage")).outcome(), "-1011");
    assert_eq!(raw("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno size\r\n"), "-1015");
    assert_eq!(raw("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: 3\r\n\r\nabc"), "-1016");
    assert_eq!(raw("HTTP/1.1 200 OK\r\nContent-Length: abc\r\n\r\n"), "-1017");
    let impatient = Configuration::default().request_timeout(0.2);
    assert_eq!(Story::with(&impatient, &Request::new(&origin.url("/hang"))).outcome(), "-1001 request");
}

/// An origin that answers the first request of its first connection, and leaves at the second.
fn origin_that_leaves() -> Origin {
    Origin::http(|connection: &mut Connection| {
        connection.read_request();
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        if connection.number == 1 {
            connection.read_request();
            connection.close();
        } else {
            standard::serve(connection);
        }
    })
}

fn after_a_first_task(origin: &Origin, request: &Request) -> String {
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hello"));
    recorder.wait_for("did_complete 1 ok");
    session.task_for(request).resume();
    recorder.wait_for_beginning("did_complete 2")
}

#[test]
fn a075_r034_an_idempotent_request_is_repeated_once_on_a_stale_connection() {
    for method in ["GET", "HEAD", "PUT", "DELETE", "OPTIONS"] {
        let origin = origin_that_leaves();
        let request = Request::new(&origin.url("/again")).method(method);
        assert_eq!(after_a_first_task(&origin, &request), "did_complete 2 ok", "{method}");
        let connections: Vec<_> = origin.requests().iter().map(|request| request.connection).collect();
        assert_eq!(connections, [1, 1, 2], "{method}");
    }
}

#[test]
fn a075_r034_a_request_that_is_not_idempotent_is_not_repeated() {
    for method in ["POST", "PATCH", "QUERY"] {
        let origin = origin_that_leaves();
        let request = Request::new(&origin.url("/again")).method(method).body(b"once");
        assert_eq!(after_a_first_task(&origin, &request), "did_complete 2 -1005", "{method}");
        assert_eq!(origin.requests().len(), 2, "{method}");
    }
}

#[test]
fn a075_nothing_is_repeated_once_a_byte_of_the_answer_was_read() {
    let origin = Origin::http(|connection| {
        connection.read_request();
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        connection.read_request();
        connection.send(b"H");
        connection.close();
    });
    let request = Request::new(&origin.url("/"));
    assert_eq!(after_a_first_task(&origin, &request), "did_complete 2 -1005");
    assert_eq!(origin.requests().len(), 2);
}

#[test]
fn a075_nothing_is_repeated_on_a_fresh_connection() {
    let origin = Origin::http(|connection| {
        connection.read_request();
        connection.close();
    });
    assert_eq!(Story::of(&origin.url("/")).transcript(), "did_complete 1 -1005");
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a075_it_is_repeated_once_and_not_twice() {
    let origin = Origin::http(|connection| {
        connection.read_request();
        if connection.number == 1 {
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            connection.read_request();
        }
        connection.close();
    });
    let request = Request::new(&origin.url("/"));
    assert_eq!(after_a_first_task(&origin, &request), "did_complete 2 -1005");
    assert_eq!(origin.requests().len(), 3);
}

#[test]
fn e053_errors_are_equal_by_domain_and_code() {
    let origin = Origin::http(standard::serve);
    let errors = ["/cut", "/cut?again", "/garbage"].map(|path| Story::of(&origin.url(path)).error());
    let equal = |one: &Error, other: &Error| url_session_error_is_equal(one.get(), other.get());
    assert!(equal(&errors[0], &errors[1]) && equal(&errors[0], &errors[0]));
    assert!(!equal(&errors[0], &errors[2]));
    let cause = Story::of(&format!("http://{}/", nobody())).error();
    assert!(!equal(&cause, &cause.underlying().unwrap()));
}

#[test]
fn e021_a_task_that_can_be_asked_in_complete_has_completed() {
    let origin = Origin::http(standard::serve);
    let received = Arc::new(AtomicUsize::new(0));
    let counted = received.clone();
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidComplete {
            let bytes = url_session_task_count_of_bytes_received(moment.task);
            counted.store(bytes as usize, Ordering::SeqCst);
        }
    });
    Story::told_to(recorder, &Configuration::default(), &Request::new(&origin.url("/bytes/123456")));
    assert_eq!(received.load(Ordering::SeqCst), 123_456);
}
