use std::sync::mpsc;
use std::time::Duration;

use crate::support::PATIENCE;
use crate::support::body::{Body, Step};
use crate::support::directory::Directory;
use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Request};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
/// More than a connection holds whose peer does not read.
const MUCH: usize = 64 << 20;

fn put(origin: &Origin, path: &str) -> Request {
    Request::new(&origin.url(path)).method("PUT")
}

#[test]
fn a022_a_suspended_upload_sends_nothing() {
    let (suspended, resumed) = (Gate::default(), Gate::default());
    let (at_suspended, at_resumed) = (suspended.clone(), resumed.clone());
    let (counts, counted) = mpsc::channel();
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_head();
        at_suspended.pass();
        // What had left before the suspension still comes, and that is all.
        let before = connection.read_until_silent(Duration::from_millis(500)).len();
        counts.send(before).unwrap();
        at_resumed.pass();
        connection.read_exactly(MUCH - before);
        connection.send(OK.as_bytes());
    });
    let (clock, directory) = (Origin::http(standard::serve), Directory::default());
    let impatient = Configuration::default().request_timeout(1.5);
    let recorder = Recorder::default().hearing_progress();
    let session = recorder.session(&impatient);
    let task = session.upload_file(&put(&origin, "/"), &directory.sparse("body", MUCH));
    task.resume();
    recorder.wait_for_beginning("did_send_body_data 1 ");
    task.suspend();
    suspended.open();
    let before = counted.recv_timeout(PATIENCE).unwrap();
    assert!(before < MUCH, "all {before} bytes came");
    let sent = task.sent();
    assert_eq!(Story::with(&impatient, &Request::new(&clock.url("/hang"))).outcome(), "-1001 request");
    assert_eq!((task.sent(), task.state()), (sent, UrlSessionTaskState::SUSPENDED.0));
    task.resume();
    resumed.open();
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(task.sent(), MUCH as i64);
}

#[test]
fn e049_an_upload_from_bytes_is_suspended_without_a_file() {
    let gate = Gate::default();
    let at_gate = gate.clone();
    let origin = Origin::http(move |connection: &mut Connection| {
        at_gate.pass();
        standard::serve(connection);
    });
    let (directory, recorder) = (Directory::default(), Recorder::default().hearing_progress());
    let session = recorder.session(&Configuration::default().download_directory(directory.path()));
    let bytes = standard::pattern(0, MUCH as u64);
    let task = session.upload_bytes(&put(&origin, "/upload"), &bytes);
    task.resume();
    recorder.wait_for_beginning("did_send_body_data 1 ");
    task.suspend();
    gate.open();
    assert_eq!(Story::of(&Origin::http(standard::serve).url("/hello")).outcome(), "ok");
    assert_eq!(task.state(), UrlSessionTaskState::SUSPENDED.0);
    assert!(task.sent() < MUCH as i64 && directory.files().is_empty());
    task.resume();
    recorder.wait_for("did_complete 1 ok");
    assert!(origin.request().body == bytes && directory.files().is_empty());
}

#[test]
fn a022_a_suspended_upload_reads_nothing_from_its_source() {
    let origin = Origin::http(standard::serve);
    let body = Body::new(vec![Step::Later, Step::Later], 10);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.task_for(&put(&origin, "/echo").body_stream(&body.stream()));
    task.resume();
    let first = body.next_read();
    // Whoever asked has long gone to sleep when another task has come and gone.
    assert_eq!(Story::of(&origin.url("/hello")).outcome(), "ok");
    task.suspend();
    assert_eq!(first.answer(b"first"), UrlSessionStatus::OK);
    assert_eq!(Story::of(&origin.url("/hello")).outcome(), "ok");
    assert_eq!(body.calls(), ["read"]);
    assert_eq!(task.sent(), 0);
    task.resume();
    let second = body.next_read();
    task.suspend();
    task.resume();
    assert_eq!(second.answer(b"other"), UrlSessionStatus::OK);
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(recorder.body(1), b"firstother");
}

#[test]
fn a023_a_suspended_upload_has_no_timers() {
    let (origin, clock) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let impatient = Configuration::default().request_timeout(0.5).resource_timeout(1.5);
    let body = Body::new(vec![Step::Later], 8);
    let recorder = Recorder::default();
    let session = recorder.session(&impatient);
    let task = session.task_for(&put(&origin, "/echo").body_stream(&body.stream()));
    task.resume();
    let read = body.next_read();
    task.suspend();
    // Both of its timers would have run out.
    for _ in 0..4 {
        assert_eq!(Story::with(&impatient, &Request::new(&clock.url("/hang"))).outcome(), "-1001 request");
    }
    task.resume();
    assert_eq!(read.answer(b"streamed"), UrlSessionStatus::OK);
    recorder.wait_for("did_complete 1 ok");
}
