use std::sync::{Arc, Mutex};

use crate::support::body::{Body, BodyStream};
use crate::support::challenge::{Credential, Reply};
use crate::support::digest::Digest;
use crate::support::directory::Directory;
use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::{self, Connection, Origin};
use crate::support::realm::{self, schemes};
use crate::support::recorder::{Recorder, Supplied};
use crate::support::standard;
use crate::support::story::Story;
use crate::support::upload::MultipartForm;

const BODY: &[u8] = b"the whole body";

fn guarded() -> Origin {
    realm::origin(&realm::basic("here", "alice", "secret"))
}

fn alice(recorder: Recorder) -> Recorder {
    recorder.meeting(|_| Reply::Use(Credential::user("alice", "secret")))
}

fn put(origin: &Origin) -> Request {
    Request::new(&origin.url("/echo")).method("PUT")
}

/// Both requests had the body, and the second one was let in.
fn was_sent_twice(origin: &Origin, story: &Story) {
    assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 200), "{}", story.transcript());
    assert_eq!(schemes(&origin.requests()), ["-", "Basic"]);
    for request in origin.requests() {
        assert_eq!((request.method(), request.body.as_slice()), ("PUT", BODY));
    }
    assert_eq!(story.body(), BODY);
    assert_eq!(story.task.sent(), BODY.len() as i64);
}

#[test]
fn a048_bytes_go_out_again() {
    let origin = guarded();
    let recorder = alice(Recorder::default().hearing_progress());
    let story = Story::told_to(recorder, &Configuration::ephemeral(), &put(&origin).body(BODY));
    was_sent_twice(&origin, &story);
    let sums: Vec<_> = recorder.lines().into_iter().filter(|line| line.starts_with("did_send_body_data")).collect();
    assert_eq!(sums, ["did_send_body_data 1 14 14", "did_send_body_data 1 14 14"], "from 0 again");
}

#[test]
fn a048_a_file_goes_out_again() {
    let (origin, directory) = (guarded(), Directory::default());
    let path = directory.file("body", BODY);
    let make = |session: &Session| session.upload_file(&put(&origin), &path);
    was_sent_twice(&origin, &Story::of_task(alice(Recorder::default()), &Configuration::ephemeral(), make));
}

#[test]
fn a048_a_form_goes_out_again() {
    let (origin, directory) = (guarded(), Directory::default());
    let path = directory.file("attached", BODY);
    let form = MultipartForm::default().field("name", "value").file("file", &path, None, None);
    let request = Request::new(&origin.url("/echo")).multipart_form(&form);
    let story = Story::told_to(alice(Recorder::default()), &Configuration::ephemeral(), &request);
    let requests = origin.requests();
    assert_eq!((story.response().status_code(), requests.len()), (200, 2));
    assert!(requests[0].body == requests[1].body && requests[0].body.windows(14).any(|part| part == BODY));
    assert_eq!(requests[0].value("content-type"), requests[1].value("content-type"));
}

#[test]
fn a048_a_stream_is_rewound() {
    let (origin, body) = (guarded(), Body::of(BODY));
    let request = put(&origin).body_stream(&body.stream());
    was_sent_twice(&origin, &Story::told_to(alice(Recorder::default()), &Configuration::ephemeral(), &request));
    assert_eq!(body.calls()[..4], ["read", "rewind 0", "read", "close"]);
}

#[test]
fn a048_a_streamed_upload_is_asked_again() {
    let origin = guarded();
    let story = Story::streamed(alice(Recorder::giving(&[Body::of(BODY), Body::of(BODY)])), &put(&origin));
    was_sent_twice(&origin, &story);
    let expected = "need_new_body_stream 1 0\n\
                    did_receive_challenge 1 Basic \"here\" 0 -\n\
                    need_new_body_stream 1 0\n\
                    did_receive_response 1 200\n";
    assert!(story.transcript().starts_with(expected), "{}", story.transcript());
}

#[test]
fn a048_without_another_stream_the_body_is_exhausted() {
    let origin = guarded();
    let story = Story::streamed(alice(Recorder::giving(&[Body::of(BODY)])), &put(&origin));
    assert_eq!((story.outcome().as_str(), origin.requests().len()), ("-1021", 1));
    // The same where a stream that cannot rewind has nobody who would give another.
    let request = put(&origin).body_stream(&Body::of(BODY).stream_without_rewind());
    let story = Story::told_to(alice(Recorder::default()), &Configuration::ephemeral(), &request);
    assert_eq!((story.outcome().as_str(), origin.requests().len()), ("-1021", 2));
}

#[test]
fn a048_a_401_that_is_delivered_needs_no_second_body() {
    let origin = guarded();
    let recorder = Recorder::giving(&[Body::of(BODY)]).meeting(|_| Reply::Default);
    let story = Story::streamed(recorder, &put(&origin));
    assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 401));
}

/// The first connection says 401 as soon as it has the head; later ones let everybody in.
fn impatient() -> Origin {
    Origin::http(|connection: &mut Connection| {
        if connection.number > 1 {
            return standard::serve(connection);
        }
        connection.read_head();
        connection.send(b"HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=\"here\"\r\nContent-Length: 0\r\n\r\n");
        connection.wait_for_leave();
    })
}

#[test]
fn a048_a_401_may_come_before_the_body_has_gone_out() {
    let body = standard::pattern(0, 32 << 20);
    let origin = impatient();
    let request = Request::new(&origin.url("/upload")).method("PUT").body(&body);
    let story = Story::told_to(alice(Recorder::default()), &Configuration::ephemeral(), &request);
    assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 201));
    assert!(origin.request().body == body, "{} bytes came", origin.request().body.len());
    assert_eq!(schemes(&origin.requests()), ["Basic"]);
}

#[test]
fn a048_what_waits_for_a_100_is_not_sent_to_a_401() {
    let (guard, bodies) = (realm::basic("here", "alice", "secret"), Arc::new(Mutex::new(Vec::new())));
    let came = bodies.clone();
    let origin = Origin::http(move |connection: &mut Connection| {
        while let Some(head) = connection.read_head() {
            let request = origin::Request { connection: 1, head, body: Vec::new() };
            match guard(&request) {
                Err(fields) => {
                    let answer = format!("HTTP/1.1 401 No\r\n{fields}Content-Length: 0\r\nConnection: close\r\n\r\n");
                    connection.send(answer.as_bytes());
                    came.lock().unwrap().push(connection.read_exactly(1));
                    return;
                }
                Ok(_) => {
                    connection.send(b"HTTP/1.1 100 Continue\r\n\r\n");
                    came.lock().unwrap().push(connection.read_exactly(BODY.len()));
                    connection.send(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
                }
            }
        }
    });
    let configuration = Configuration::ephemeral().expect_continue_above(0).continue_timeout(20.0);
    let story = Story::told_to(alice(Recorder::default()), &configuration, &put(&origin).body(BODY));
    assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 201));
    assert_eq!(*bodies.lock().unwrap(), [None, Some(BODY.to_vec())]);
}

#[test]
fn q045_a_body_that_is_not_at_hand_cannot_be_protected() {
    let (digest, _) = Digest { qop: "auth-int", ..Digest::default() }.guard();
    let directory = Directory::default();
    let path = directory.file("body", BODY);
    let supply = move || {
        Recorder::default().supplying({
            let path = path.clone();
            move |_| Supplied::Stream(BodyStream::of_file(&path))
        })
    };
    let origin = realm::origin(&digest);
    let story = Story::streamed(alice(supply()), &put(&origin));
    assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 401));
    // What does not protect it is taken instead.
    let origin = realm::origin(&realm::any(vec![digest, realm::basic("here", "alice", "secret")]));
    let story = Story::streamed(alice(supply()), &put(&origin));
    assert_eq!((story.response().status_code(), schemes(&origin.requests())), (200, vec!["-".into(), "Basic".into()]));
}
