//! Bodies and a proxy's 407: those that go out again, those that come with it, and those that end in a file.

use std::sync::{Arc, Mutex};

use crate::support::body::Body;
use crate::support::challenge::{Credential, Reply};
use crate::support::directory::Directory;
use crate::support::downloads::Downloads;
use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::{self, Connection, Origin};
use crate::support::proxy::{ASKS, AUTHORIZED, Guarded, URLS, serve, serve_the_known};
use crate::support::realm;
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const BODY: &[u8] = b"the whole body";
const ECHOES: [&str; 2] = ["http://nowhere.invalid/echo", "https://localhost/echo"];
const NOWHERE: &str = "http://nowhere.invalid/echo";

fn guarded() -> Guarded {
    Guarded::by(&realm::basic("proxy", "alice", "secret"))
}

fn alice(recorder: Recorder) -> Recorder {
    recorder.trusting(|_| Reply::Default).meeting(|_| Reply::Use(Credential::user("alice", "secret")))
}

/// The user whom [`AUTHORIZED`] is.
fn user() -> Recorder {
    Recorder::letting_in(|_| Reply::Use(Credential::user("user", "word")))
}

fn put(url: &str) -> Request {
    Request::new(url).method("PUT")
}

/// The body reached the server, in http after it was refused once; a tunnel is refused before there is one.
fn was_sent(there: &Guarded, url: &str, story: &Story) {
    assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 200), "{}", story.transcript());
    assert_eq!(story.body(), BODY);
    let bodies: Vec<_> = there.proxy.requests().into_iter().map(|request| request.body).collect();
    let expected = if url == NOWHERE { [BODY; 2] } else { [&b""[..]; 2] };
    assert_eq!(bodies, expected, "{url}");
    assert_eq!((there.schemes(), story.task.sent()), (vec!["-".to_owned(), "Basic".to_owned()], BODY.len() as i64));
}

#[test]
fn a048_bytes_go_out_to_a_proxy_again() {
    for url in ECHOES {
        let there = guarded();
        let recorder = alice(Recorder::default());
        was_sent(&there, url, &Story::told_to(recorder, &there.configuration(), &put(url).body(BODY)));
    }
}

#[test]
fn a048_a_file_goes_out_to_a_proxy_again() {
    let directory = Directory::default();
    let path = directory.file("body", BODY);
    for url in ECHOES {
        let there = guarded();
        let make = |session: &Session| session.upload_file(&put(url), &path);
        was_sent(&there, url, &Story::of_task(alice(Recorder::default()), &there.configuration(), make));
    }
}

#[test]
fn a048_a_stream_to_a_proxy_is_rewound_or_asked_for_again() {
    for url in ECHOES {
        let (there, body) = (guarded(), Body::of(BODY));
        let request = put(url).body_stream(&body.stream());
        was_sent(&there, url, &Story::told_to(alice(Recorder::default()), &there.configuration(), &request));
        assert_eq!(body.calls().iter().any(|call| call == "rewind 0"), url == NOWHERE, "{:?}", body.calls());
        let there = guarded();
        let recorder = alice(Recorder::giving(&[Body::of(BODY), Body::of(BODY)]));
        let make = |session: &Session| session.upload_stream(&put(url));
        let story = Story::of_task(recorder, &there.configuration(), make);
        was_sent(&there, url, &story);
        let asked = story.transcript().matches("need_new_body_stream 1 0\n").count();
        assert_eq!(asked, if url == NOWHERE { 2 } else { 1 }, "{}", story.transcript());
    }
}

#[test]
fn a048_without_another_stream_for_a_proxy_the_body_is_exhausted() {
    let there = guarded();
    let make = |session: &Session| session.upload_stream(&put(NOWHERE));
    let recorder = alice(Recorder::giving(&[Body::of(BODY)]));
    let story = Story::of_task(recorder, &there.configuration(), make);
    assert_eq!((story.outcome().as_str(), there.proxy.requests().len()), ("-1021", 1));
    // A 407 that is delivered needs no second one, and a tunnel only the first.
    let recorder = Recorder::giving(&[Body::of(BODY)]);
    let story = Story::of_task(recorder, &there.configuration(), make);
    assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 407));
    let make = |session: &Session| session.upload_stream(&put(ECHOES[1]));
    let recorder = alice(Recorder::giving(&[Body::of(BODY)]));
    let story = Story::of_task(recorder, &there.configuration(), make);
    assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 200));
}

#[test]
fn a048_what_waits_for_a_100_is_not_sent_to_a_407() {
    let bodies = Arc::new(Mutex::new(Vec::new()));
    let came = bodies.clone();
    let proxy = Origin::http(move |connection: &mut Connection| {
        while let Some(head) = connection.read_head() {
            let request = origin::Request { connection: 1, head, body: Vec::new() };
            assert_eq!(request.value("expect"), Some("100-continue"));
            if request.value("proxy-authorization") != Some(AUTHORIZED) {
                connection.send(ASKS.replace("\r\n\r\n", "\r\nConnection: close\r\n\r\n").as_bytes());
                came.lock().unwrap().push(connection.read_exactly(1));
                return;
            }
            connection.send(b"HTTP/1.1 100 Continue\r\n\r\n");
            came.lock().unwrap().push(connection.read_exactly(BODY.len()));
            connection.send(b"HTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let configuration = Configuration::ephemeral().expect_continue_above(0).continue_timeout(20.0);
    let configuration = configuration.proxy("all", &proxy.url(""));
    let story = Story::told_to(user(), &configuration, &put(NOWHERE).body(BODY));
    assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 201));
    assert_eq!(*bodies.lock().unwrap(), [None, Some(BODY.to_vec())]);
}

#[test]
fn a048_a_proxy_may_refuse_a_long_body_and_neither_read_it_nor_close() {
    let gate = Gate::default();
    let at_gate = gate.clone();
    let rest = serve(([127, 0, 0, 1], 9).into());
    let proxy = Origin::http(move |connection: &mut Connection| {
        if connection.number > 1 {
            return rest(connection);
        }
        connection.read_head();
        connection.send(ASKS.as_bytes());
        at_gate.pass();
    });
    // So much that the system takes all of it, whoever reads.
    let body = standard::pattern(0, 100_000);
    let configuration = Configuration::ephemeral().proxy("all", &proxy.url(""));
    let story = Story::told_to(user(), &configuration, &put(NOWHERE).body(&body));
    gate.open();
    assert_eq!((story.outcome(), story.body() == body), ("ok".into(), true));
}

/// The numbers of the connections to a proxy that refuses so first.
fn connections(refusal: String) -> Vec<usize> {
    let known = serve_the_known(([127, 0, 0, 1], 9).into());
    let proxy = Origin::http(move |connection: &mut Connection| {
        if connection.number == 1 {
            connection.read_request();
            connection.send(refusal.as_bytes());
        }
        known(connection);
    });
    let configuration = Configuration::ephemeral().proxy("all", &proxy.url(""));
    let story = Story::told_to(user(), &configuration, &Request::new("http://nowhere.invalid/hello"));
    assert_eq!((story.outcome(), story.body()), ("ok".into(), b"hello, world\n".to_vec()));
    proxy.requests().iter().map(|request| request.connection).collect()
}

#[test]
fn a043_what_comes_with_a_407_is_read_where_it_is_little() {
    let with = |fields: &str, body: &str| {
        format!("HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\n{fields}\r\n{body}")
    };
    let little = "x".repeat(60_000);
    assert_eq!(connections(with("Content-Length: 60000\r\n", &little)), [1, 1]);
    assert_eq!(connections(with("Transfer-Encoding: chunked\r\n", "4\r\nwho?\r\n0\r\n\r\n")), [1, 1]);
    assert_eq!(connections(with("Content-Length: 0\r\nConnection: close\r\n", "")), [1, 2]);
    assert_eq!(connections(with("", "for ever")), [1, 2]);
    assert_eq!(connections(with("Content-Length: 99999999999\r\n", &little)), [1, 2]);
    assert_eq!(
        connections(with("Transfer-Encoding: chunked\r\n", &format!("20000\r\n{little}{little}{little}"))),
        [1, 2]
    );
}

#[test]
fn e011_a_download_is_what_came_after_the_407() {
    for url in URLS.map(|url| url.replace("hello", "bytes/1000")) {
        let there = guarded();
        let downloads = Downloads::told_to(alice(Recorder::default().hearing_progress()), there.configuration());
        let told = downloads.download(&url);
        assert!(told.starts_with("did_receive_challenge 1 Basic \"proxy\" 0 -\n"), "{told}");
        assert!(told.ends_with("did_finish_downloading 1 1000 bytes\ndid_complete 1 ok"), "{told}");
        assert_eq!(downloads.recorder.downloaded(1), standard::pattern(0, 1000));
    }
}

#[test]
fn e011_a_proxy_asks_for_tasks_with_a_completion_handler_too() {
    for url in URLS {
        let (there, recorder) = (guarded(), alice(Recorder::default()));
        let session = recorder.session(&there.configuration());
        recorder.handler_task(&session, "a", &Request::new(url)).resume();
        recorder.wait_for("handler a 200 \"hello, world\\n\"");
        assert_eq!(recorder.transcript_of(1), "did_receive_challenge 1 Basic \"proxy\" 0 -");
        // The task's own is asked first.
        let (of_session, of_task) = (Recorder::letting_in(|_| Reply::Cancel), alice(Recorder::default()));
        let session = of_session.session(&there.configuration());
        let task = session.task(url);
        assert_eq!(url_session_task_set_delegate(task.get(), &of_task.delegate()), UrlSessionStatus::OK);
        task.resume();
        of_task.wait_for("did_complete 1 ok");
        assert_eq!(of_session.transcript(), "did_create_task 1");
    }
}
