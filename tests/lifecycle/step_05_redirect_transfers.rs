use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::body::Body;
use crate::support::downloads::Downloads;
use crate::support::handle::{Configuration, Request, Task};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::{Direction, Message, Recorder};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const EMPTY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const MOVED: &str = "HTTP/1.1 307 Moved\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n";

fn asked(task: u64, status: u16, url: &str, method: &str) -> String {
    format!("will_perform_redirection {task} {status} {url} {method}")
}

fn following(follows: bool) -> Recorder {
    Recorder::default().leading(move |_| if follows { Direction::Follow } else { Direction::Stay })
}

#[test]
fn a050_a_task_with_a_completion_handler_is_asked_too() {
    let origin = Origin::http(standard::serve);
    for (follows, outcome) in [(true, "200 \"hello, world\\n\""), (false, "302 \"moved\\n\"")] {
        let recorder = following(follows);
        let session = recorder.session(&Configuration::default());
        recorder.handler_task(&session, "a", &Request::new(&origin.url("/redirect/0"))).resume();
        recorder.wait_for(&format!("handler a {outcome}"));
        assert_eq!(recorder.transcript_of(1), asked(1, 302, &origin.url("/hello"), "GET"));
        session.finish_tasks_and_invalidate();
    }
}

#[test]
fn a050_a_download_is_asked_too() {
    let origin = Origin::http(standard::serve);
    for (follows, file) in [(true, "hello, world\\n"), (false, "moved\\n")] {
        let recorder = following(follows);
        let downloads = Downloads::told_to(recorder, Configuration::default());
        let asked = asked(1, 302, &origin.url("/hello"), "GET");
        let expected = format!("{asked}\ndid_finish_downloading 1 \"{file}\"\ndid_complete 1 ok");
        assert_eq!(downloads.download(&origin.url("/redirect/0")), expected);
    }
}

#[test]
fn a050_a_download_that_goes_elsewhere_still_wants_the_bytes_as_they_are() {
    let origin = Origin::http(standard::serve);
    let elsewhere = origin.url("/bytes/9");
    let recorder = Recorder::default().leading(move |_| Direction::To(Request::new(&elsewhere)));
    let downloads = Downloads::told_to(recorder, Configuration::default());
    downloads.download(&origin.url("/redirect/0"));
    let codings: Vec<_> = origin.requests().iter().map(|r| r.value("Accept-Encoding").map(str::to_owned)).collect();
    assert_eq!(codings, [Some("identity".to_owned()), Some("identity".to_owned())]);
}

#[test]
fn r040_the_download_that_a_task_becomes_has_its_history() {
    let origin = Origin::http(standard::serve);
    let redirects = Arc::new(AtomicUsize::new(0));
    let counted = redirects.clone();
    let recorder = Recorder::with(move |moment| match moment.message {
        Message::DidReceiveResponse => {
            let become_download = UrlSessionResponseDisposition::BECOME_DOWNLOAD;
            url_session_response_completion_answer(moment.completion, become_download);
        }
        Message::DidBecomeDownloadTask => {
            counted.store(Task::retain(moment.download_task).history().len(), Ordering::Relaxed);
        }
        _ => {}
    });
    let downloads = Downloads::told_to(recorder, Configuration::default());
    downloads.session.start(&origin.url("/redirect/2"));
    downloads.recorder.wait_for("did_complete 2 ok");
    assert_eq!(redirects.load(Ordering::Relaxed), 3);
}

/// An origin that sends `/` on to `/file`, which stops half way, and whose rest is had by its range.
fn origin_of_a_file() -> Origin {
    Origin::http(|connection: &mut Connection| {
        while let Some(request) = connection.read_request() {
            let answer = match (request.target(), request.value("range")) {
                ("/", _) => "302 Found\r\nLocation: /file\r\nContent-Length: 0\r\n\r\n",
                ("/file", None) => "200 OK\r\nETag: \"v1\"\r\nContent-Length: 6\r\n\r\nabc",
                (_, None) => "200 OK\r\nETag: \"v2\"\r\nContent-Length: 6\r\n\r\nABCDEF",
                (_, Some(_)) => {
                    "206 Partial\r\nETag: \"v1\"\r\nContent-Range: bytes 3-5/6\r\nContent-Length: 3\r\n\r\ndef"
                }
            };
            connection.send(format!("HTTP/1.1 {answer}").as_bytes());
        }
    })
}

#[test]
fn a066_a_download_that_goes_on_keeps_its_range_where_it_is_sent() {
    let origin = origin_of_a_file();
    let recorder = Recorder::default().hearing_progress().leading(|_| Direction::Follow);
    let downloads = Downloads::told_to(recorder, Configuration::default());
    let resume_data = downloads.pause(&origin.url("/")).expect("resume data");
    let asked = asked(2, 302, &origin.url("/file"), "GET");
    let expected = format!(
        "{asked}\ndid_resume_at_offset 2 3 6\ndid_write_data 2 6 6\ndid_finish_downloading 2 \"abcdef\"\n\
         did_complete 2 ok"
    );
    assert_eq!(downloads.go_on(&resume_data), expected);
    let ranges: Vec<_> = origin.requests()[2..].iter().map(|r| r.value("Range").map(str::to_owned)).collect();
    assert_eq!(ranges, [Some("bytes=3-".to_owned()), Some("bytes=3-".to_owned())]);
    assert_eq!(origin.requests()[3].value("If-Range"), Some("\"v1\""));
}

#[test]
fn a066_a_download_that_goes_on_elsewhere_without_its_range_starts_over() {
    let origin = origin_of_a_file();
    let elsewhere = origin.url("/other");
    let recorder = Recorder::default().hearing_progress().leading(move |hop| match hop.request.value("Range") {
        Some(_) => Direction::To(Request::new(&elsewhere)),
        None => Direction::Follow,
    });
    let downloads = Downloads::told_to(recorder, Configuration::default());
    let resume_data = downloads.pause(&origin.url("/")).expect("resume data");
    let asked = asked(2, 302, &origin.url("/file"), "GET");
    let expected = format!("{asked}\ndid_write_data 2 6 6\ndid_finish_downloading 2 \"ABCDEF\"\ndid_complete 2 ok");
    assert_eq!(downloads.go_on(&resume_data), expected);
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn a048_a_stream_is_asked_for_after_the_redirect_was_answered() {
    let origin = Origin::in_turn(&[MOVED, EMPTY]);
    let recorder = Recorder::giving(&[Body::of(b"streamed"), Body::of(b"again")]).leading(|_| Direction::Follow);
    let story = Story::streamed(recorder, &Request::new(&origin.url("/")).method("PUT"));
    let asked = asked(1, 307, &origin.url("/to"), "PUT");
    let expected = format!(
        "need_new_body_stream 1 0\n{asked}\nneed_new_body_stream 1 0\ndid_receive_response 1 200\ndid_complete 1 ok"
    );
    assert_eq!(story.transcript(), expected);
    let bodies: Vec<_> = origin.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies, [b"streamed".to_vec(), b"again".to_vec()]);
}

#[test]
fn a048_no_stream_is_asked_for_where_none_goes_out_again() {
    let origin = Origin::in_turn(&[&MOVED.replace("307", "303"), EMPTY]);
    let recorder = Recorder::giving(&[Body::of(b"streamed")]).leading(|_| Direction::Follow);
    let story = Story::streamed(recorder, &Request::new(&origin.url("/")).method("PUT"));
    let asked = asked(1, 303, &origin.url("/to"), "GET");
    let expected = format!("need_new_body_stream 1 0\n{asked}\ndid_receive_response 1 200\ndid_complete 1 ok");
    assert_eq!(story.transcript(), expected);
}

#[test]
fn q021_a_stream_that_rewinds_goes_out_again_after_the_answer() {
    let origin = Origin::in_turn(&[MOVED, EMPTY]);
    let body = Body::of(b"streamed");
    let request = Request::new(&origin.url("/")).method("PUT").body_stream(&body.stream());
    let recorder = Recorder::default().leading(|_| Direction::Follow);
    let story = Story::told_to(recorder, &Configuration::default(), &request);
    assert_eq!(story.outcome(), "ok");
    assert!(origin.requests().iter().all(|request| request.body == b"streamed"));
    assert_eq!(body.calls()[..4], ["read", "rewind 0", "read", "close"]);
}

/// A recorder that answers with another request, whose body is this.
fn answering_with(recorder: Recorder, body: Body) -> Recorder {
    recorder.leading(move |hop| {
        let another = Request::new(&hop.request.url()).method("PUT");
        Direction::To(another.body_stream(&body.stream_without_rewind()))
    })
}

/// How a request of this make ends, and the body that its origin gets at last.
fn answered_with(body: Body, make: impl FnOnce(Request) -> Request) -> (String, Vec<u8>) {
    let origin = Origin::in_turn(&[MOVED, EMPTY]);
    let recorder = answering_with(Recorder::default(), body);
    let request = make(Request::new(&origin.url("/")).method("PUT"));
    let story = Story::told_to(recorder, &Configuration::default(), &request);
    (story.outcome(), origin.requests().last().unwrap().body.clone())
}

#[test]
fn a050_an_answer_may_have_a_body_stream() {
    let body = Body::of(b"another");
    let expected = ("ok".to_owned(), b"another".to_vec());
    assert_eq!(answered_with(body, |request| request.body(b"first")), expected);
    body.wait_for("release");
    assert_eq!(body.calls(), ["read", "close", "release"]);
}

#[test]
fn a050_an_answer_may_have_a_body_stream_in_place_of_one_that_went_out() {
    let (first, body) = (Body::of(b"first"), Body::of(b"another"));
    let stream = first.stream();
    let got = answered_with(body, |request| request.body_stream(&stream));
    assert_eq!(got, ("ok".to_owned(), b"another".to_vec()));
    body.wait_for("release");
    assert_eq!(body.calls(), ["read", "close", "release"]);
    drop(stream);
    first.wait_for("release");
    assert_eq!(first.calls(), ["read", "close", "release"]);
}

#[test]
fn a050_an_answer_may_have_a_body_stream_in_place_of_one_that_was_asked_for() {
    let body = Body::of(b"another");
    let origin = Origin::in_turn(&[MOVED, EMPTY]);
    let recorder = answering_with(Recorder::giving(&[Body::of(b"first")]), body);
    let story = Story::streamed(recorder, &Request::new(&origin.url("/")).method("PUT"));
    let asked = asked(1, 307, &origin.url("/to"), "PUT");
    let expected = format!("need_new_body_stream 1 0\n{asked}\ndid_receive_response 1 200\ndid_complete 1 ok");
    assert_eq!(story.transcript(), expected);
    assert_eq!(origin.requests()[1].body, b"another");
}

#[test]
fn a050_an_upload_may_be_answered_with_its_redirect() {
    let origin = Origin::in_turn(&[MOVED]);
    let recorder = Recorder::giving(&[Body::of(b"streamed")]).leading(|_| Direction::Stay);
    let story = Story::streamed(recorder, &Request::new(&origin.url("/")).method("PUT"));
    let asked = asked(1, 307, &origin.url("/to"), "PUT");
    let expected = format!("need_new_body_stream 1 0\n{asked}\ndid_receive_response 1 307\ndid_complete 1 ok");
    assert_eq!((story.transcript(), story.task.sent()), (expected, 8));
}
