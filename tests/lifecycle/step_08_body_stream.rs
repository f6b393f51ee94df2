use std::sync::mpsc;
use std::{ptr, thread};

use crate::support::PATIENCE;
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

#[test]
fn a049_a_streamed_upload_asks_for_its_body_at_the_start() {
    let origin = Origin::http(standard::serve);
    let request = Request::new(&origin.url("/echo")).method("PUT").header("Content-Type", "text/plain");
    let story = Story::streamed(Recorder::giving(&[Body::of(b"streamed")]), &request);
    let expected = "need_new_body_stream 1 0\n\
                    did_receive_response 1 200\ndid_receive_data 1 \"streamed\"\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
    assert_eq!(origin.request().value("Content-Type"), Some("text/plain"));
    assert_eq!((story.task.sent(), story.task.expected_to_send()), (8, 8));
}

#[test]
fn a049_the_body_of_the_request_is_not_that_of_a_streamed_upload() {
    let origin = Origin::http(standard::serve);
    let ignored = Body::of(b"a stream of the request");
    for request in [put(&origin).body(b"bytes of the request"), put(&origin).body_stream(&ignored.stream())] {
        assert_eq!(Story::streamed(Recorder::giving(&[Body::of(b"streamed")]), &request).outcome(), "ok");
        assert_eq!(origin.requests().last().unwrap().body, b"streamed");
    }
    assert_eq!(ignored.calls(), ["release"]);
}

#[test]
fn a049_q013_the_length_is_the_sources_or_else_the_requests_or_else_it_is_chunked() {
    let origin = Origin::http(standard::serve);
    let cases = [
        (8, None, (Some("8"), None)),
        (8, Some("99"), (Some("8"), None)),
        (-1, Some("8"), (Some("8"), None)),
        (-1, None, (None, Some("chunked"))),
        (i64::MIN, None, (None, Some("chunked"))),
    ];
    for (length, field, expected) in cases {
        let request = field.map_or_else(|| put(&origin), |value| put(&origin).header("Content-Length", value));
        let body = Body::new(vec![Step::Bytes(b"stre".to_vec()), Step::Bytes(b"amed".to_vec())], length);
        let story = Story::streamed(Recorder::giving(&[body]), &request);
        assert_eq!(story.outcome(), "ok", "{length} {field:?}");
        let sent = origin.requests().pop().unwrap();
        assert_eq!((sent.value("Content-Length"), sent.value("Transfer-Encoding")), expected, "{length} {field:?}");
        assert_eq!(sent.body, b"streamed", "{length} {field:?}");
    }
}

#[test]
fn q013_a_source_may_lack_what_is_optional() {
    let origin = Origin::http(standard::serve);
    let mut source = Body::of(b"streamed").source();
    (source.length, source.rewind, source.close, source.release) = (None, None, None, None);
    let mut stream = ptr::null_mut();
    assert_eq!(url_session_body_stream_new(&source, &mut stream), UrlSessionStatus::OK);
    let request = put(&origin).body_stream(&BodyStream::adopt(stream).unwrap());
    assert_eq!(Story::with(&Configuration::default(), &request).outcome(), "ok");
    let sent = origin.request();
    assert_eq!((sent.value("Transfer-Encoding"), sent.body.as_slice()), (Some("chunked"), b"streamed".as_slice()));
}

#[test]
fn r003_r047_chunks_are_well_formed_and_end_once() {
    let (chunks, sent) = mpsc::channel();
    let origin = Origin::http(move |connection: &mut Connection| {
        let head = connection.read_head().unwrap();
        chunks.send((head, connection.read_chunks().unwrap())).unwrap();
        connection.send(OK.as_bytes());
        // What stands behind the last chunk is the next request, and nothing else.
        connection.read_request();
        connection.send(OK.as_bytes());
    });
    let steps = [vec![b'x'; 1], b"two".to_vec(), vec![b'y'; 70_000], b"\r\n0\r\n\r\n".to_vec()];
    let body = Body::new(steps.iter().cloned().map(Step::Bytes).collect(), -1);
    let recorder = Recorder::giving(&[body]);
    let session = recorder.session(&Configuration::default());
    session.upload_stream(&put(&origin)).resume();
    recorder.wait_for("did_complete 1 ok");
    let (head, chunks) = sent.recv_timeout(PATIENCE).unwrap();
    assert!(head.to_ascii_lowercase().contains("\r\ntransfer-encoding: chunked\r\n"), "{head}");
    assert!(!head.to_ascii_lowercase().contains("content-length"), "{head}");
    assert_eq!(chunks.concat(), steps.concat());
    session.start(&origin.url("/next"));
    recorder.wait_for("did_complete 2 ok");
    assert_eq!((origin.request().target(), origin.accepted()), ("/next", 1));
}

#[test]
fn r047_a_stream_without_a_byte_is_an_empty_body() {
    for length in [0, -1] {
        let origin = Origin::http(standard::serve);
        let recorder = Recorder::giving(&[Body::new(vec![], length)]);
        let session = recorder.session(&Configuration::default());
        session.upload_stream(&put(&origin)).resume();
        recorder.wait_for("did_complete 1 ok");
        session.start(&origin.url("/hello"));
        recorder.wait_for("did_complete 2 ok");
        let requests = origin.requests();
        assert_eq!((requests[0].body.as_slice(), requests[1].target()), (b"".as_slice(), "/hello"));
        assert_eq!(requests[0].value("Content-Length"), (length == 0).then_some("0"));
        assert_eq!(origin.accepted(), 1);
    }
}

#[test]
fn r003_a_long_stream_goes_out_whole_over_http_and_https() {
    let bytes = standard::pattern(0, 10_000_000);
    for origin in [Origin::http(standard::serve), Origin::https(standard::serve)] {
        for length in [bytes.len() as i64, -1] {
            let configuration = Configuration::trusting(origin.certificate());
            let recorder = Recorder::giving(&[Body::in_pieces(&bytes, length)]);
            let story = Story::of_task(recorder, &configuration, |session| session.upload_stream(&put(&origin)));
            assert_eq!((story.outcome(), story.task.sent()), ("ok".into(), 10_000_000));
            assert!(origin.requests().pop().unwrap().body == bytes, "{}, {length}", origin.url(""));
        }
    }
}

#[test]
fn r003_a_stream_goes_with_any_method() {
    let origin = Origin::http(standard::serve);
    for method in ["GET", "POST", "DELETE", "PATCH", "PROPFIND"] {
        for length in [8, -1] {
            let body = Body::new(vec![Step::Bytes(b"streamed".to_vec())], length);
            let request = put(&origin).method(method).body_stream(&body.stream());
            assert_eq!(Story::with(&Configuration::default(), &request).outcome(), "ok", "{method}");
            let sent = origin.requests().pop().unwrap();
            assert_eq!((sent.method(), sent.body.as_slice()), (method, b"streamed".as_slice()));
        }
    }
}

#[test]
fn c060_a_file_is_a_stream_of_known_length_that_can_be_sent_again_and_again() {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let bytes = standard::pattern(0, 1_000_000);
    let stream = BodyStream::of_file(&directory.file("body", &bytes));
    let request = Request::new(&origin.url("/redirect-to?status=307&url=/echo")).method("PUT").body_stream(&stream);
    for _ in 0..2 {
        let story = Story::with(&Configuration::default(), &request);
        assert_eq!((story.outcome(), story.body() == bytes), ("ok".into(), true));
    }
    let requests = origin.requests();
    assert_eq!(requests.len(), 4);
    for request in requests {
        assert_eq!(request.value("Content-Length"), Some("1000000"));
        assert!(request.body == bytes);
    }
}

#[test]
fn c060_a_file_that_is_gone_fails_the_task_and_not_the_stream() {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let request = put(&origin).body_stream(&BodyStream::of_file(&directory.at("missing")));
    assert_eq!(Story::with(&Configuration::default(), &request).transcript(), "did_complete 1 -1100");
    let request = put(&origin).body_stream(&BodyStream::of_file(directory.path()));
    assert_eq!(Story::with(&Configuration::default(), &request).transcript(), "did_complete 1 -1101");
    assert!(origin.requests().is_empty());
}

#[test]
fn a048_without_a_stream_the_body_is_exhausted() {
    type Supply = fn() -> Supplied;
    let supplies: [Supply; 2] = [|| Supplied::Null, || Supplied::Nothing];
    let origin = Origin::http(standard::serve);
    for supply in supplies {
        let story = Story::streamed(Recorder::default().supplying(move |_| supply()), &put(&origin));
        assert_eq!(story.transcript(), "need_new_body_stream 1 0\ndid_complete 1 -1021");
        assert_eq!(story.error().failing_url(), Some(origin.url("/")));
    }
    let without_slot = Story::streamed(Recorder::default(), &put(&origin));
    assert_eq!(without_slot.transcript(), "did_complete 1 -1021");
    assert!(origin.requests().is_empty());
}

#[test]
fn a048_a_question_for_a_stream_may_be_answered_later_and_once() {
    let (origin, clock) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let recorder = Recorder::default().supplying(|_| Supplied::Later);
    let session = recorder.session(&Configuration::default());
    session.upload_stream(&put(&origin)).resume();
    let question = recorder.stream_question();
    Story::of(&clock.url("/hello"));
    assert_eq!(recorder.transcript_of(1), "need_new_body_stream 1 0");
    let (elsewhere, stream) = (question.clone(), Body::of(b"streamed").stream());
    let status = thread::spawn(move || elsewhere.answer(Some(&stream))).join().unwrap();
    assert_eq!(status, UrlSessionStatus::OK);
    assert_eq!(question.answer(None), UrlSessionStatus::ALREADY_ANSWERED);
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(origin.request().body, b"streamed");
}

#[test]
fn a048_a_question_for_a_stream_that_is_let_go_of_is_answered_with_none() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default().supplying(|_| Supplied::Later);
    let session = recorder.session(&Configuration::default());
    session.upload_stream(&put(&origin)).resume();
    drop(recorder.stream_question());
    recorder.wait_for("did_complete 1 -1021");
}

#[test]
fn a048_a_question_for_a_stream_makes_no_task_immortal() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default().supplying(|_| Supplied::Later);
    let session = recorder.session(&Configuration::default().resource_timeout(0.3));
    session.upload_stream(&put(&origin)).resume();
    let unanswered = recorder.stream_question();
    recorder.wait_for("did_complete 1 -1001 resource");
    let task = session.upload_stream(&put(&origin));
    task.resume();
    let late = recorder.stream_question();
    task.cancel();
    recorder.wait_for("did_complete 2 -999");
    let body = Body::of(b"too late");
    late.answer(Some(&body.stream()));
    drop((late, unanswered, task));
    body.wait_for("release");
    assert_eq!(body.calls(), ["release"]);
    assert!(origin.requests().is_empty());
}

#[test]
fn a_request_gives_its_stream_back() {
    let copy = |request: &Request| BodyStream::adopt(url_session_request_copy_http_body_stream(request.get()));
    let origin = Origin::http(standard::serve);
    let body = Body::of(b"streamed");
    let request = put(&origin);
    assert!(copy(&request).is_none());
    let request = request.body(b"bytes");
    assert!(copy(&request).is_none());
    let request = request.body_stream(&body.stream());
    let (mut bytes, mut length) = (ptr::null(), 0);
    assert_eq!(url_session_request_http_body(request.get(), &mut bytes, &mut length), UrlSessionStatus::OK);
    assert_eq!((bytes, length), (ptr::null(), 0));
    let other = put(&origin).body_stream(&copy(&request).expect("a stream"));
    let request = request.set(|r| url_session_request_set_http_body_stream(r, ptr::null_mut()));
    assert!(copy(&request).is_none());
    assert_eq!(Story::with(&Configuration::default(), &other).outcome(), "ok");
    assert_eq!(origin.request().body, b"streamed");
    let other = other.body(b"bytes");
    assert!(copy(&other).is_none());
    drop((request, other));
    body.wait_for("release");
}
