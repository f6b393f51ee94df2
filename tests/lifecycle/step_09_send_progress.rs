use std::sync::{Arc, Mutex};
use std::time::Instant;

use crate::support::body::{Body, Step};
use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Request, Session, Task};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::{Message, Recorder};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const MOVED: &str = "HTTP/1.1 307 Moved\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n";
/// More than a connection holds whose peer does not read.
const MUCH: usize = 64 << 20;

fn put(origin: &Origin, path: &str) -> Request {
    Request::new(&origin.url(path)).method("PUT")
}

/// A task alone in a session, whose sums are lines. The recorder says where one falls or does not add up.
fn heard(make: impl FnOnce(&Session) -> Task) -> Story {
    Story::of_task(Recorder::default().hearing_progress(), &Configuration::default(), make)
}

#[test]
fn a069_the_last_sum_is_the_total_and_comes_before_the_response() {
    let bytes = standard::pattern(0, 10 << 20);
    for origin in [Origin::http(standard::serve), Origin::https(standard::serve)] {
        let configuration = Configuration::trusting(origin.certificate());
        let recorder = Recorder::default().hearing_progress();
        let make = |session: &Session| session.upload_bytes(&put(&origin, "/upload"), &bytes);
        let story = Story::of_task(recorder, &configuration, make);
        let expected = "did_send_body_data 1 10485760 10485760\ndid_receive_response 1 201\n\
                        did_receive_data 1 \"10485760 bytes came\"\ndid_complete 1 ok";
        assert_eq!(story.transcript(), expected);
    }
}

#[test]
fn a069_the_body_of_a_data_task_has_progress_too() {
    let origin = Origin::http(standard::serve);
    let request = put(&origin, "/echo").body(b"payload");
    let expected = "did_send_body_data 1 7 7\n\
                    did_receive_response 1 200\ndid_receive_data 1 \"payload\"\ndid_complete 1 ok";
    assert_eq!(heard(|session| session.task_for(&request)).transcript(), expected);
}

#[test]
fn a069_without_a_body_nothing_is_said() {
    let origin = Origin::http(standard::serve);
    for method in ["GET", "POST"] {
        let request = Request::new(&origin.url("/echo")).method(method);
        let expected = "did_receive_response 1 200\ndid_complete 1 ok";
        assert_eq!(heard(|session| session.task_for(&request)).transcript(), expected);
    }
}

#[test]
fn a069_of_a_stream_without_a_length_the_total_is_unknown() {
    let origin = Origin::http(standard::serve);
    let steps = || vec![Step::Bytes(b"stre".to_vec()), Step::Bytes(b"amed".to_vec())];
    for (length, expected) in [(-1, -1), (8, 8)] {
        let request = put(&origin, "/status/204").body_stream(&Body::new(steps(), length).stream());
        let story = heard(|session| session.task_for(&request));
        let sums = format!("did_send_body_data 1 8 {expected}\ndid_receive_response 1 204\ndid_complete 1 ok");
        assert_eq!(story.transcript(), sums);
        assert_eq!((story.task.sent(), story.task.expected_to_send()), (8, expected));
    }
}

#[test]
fn e035_a_body_that_goes_out_again_counts_from_0_again() {
    let origin = Origin::in_turn(&[MOVED, MOVED, OK]);
    let bytes = vec![b'x'; 100_000];
    let story = heard(|session| session.upload_bytes(&put(&origin, "/"), &bytes));
    let sum = "did_send_body_data 1 100000 100000\n";
    assert_eq!(story.transcript(), format!("{}did_receive_response 1 200\ndid_complete 1 ok", sum.repeat(3)));
    assert_eq!((story.task.sent(), story.task.expected_to_send()), (100_000, 100_000));
}

#[test]
fn e035_a_body_that_is_dropped_is_not_counted_any_more() {
    let origin = Origin::in_turn(&[&MOVED.replace("307", "303"), OK]);
    let story = heard(|session| session.upload_bytes(&put(&origin, "/"), b"payload"));
    assert_eq!(story.transcript(), "did_send_body_data 1 7 7\ndid_receive_response 1 200\ndid_complete 1 ok");
    assert_eq!((story.task.sent(), story.task.expected_to_send()), (0, 0));
}

#[test]
fn e035_what_is_counted_has_left_and_does_not_only_wait() {
    let gate = Gate::default();
    let at_gate = gate.clone();
    let origin = Origin::http(move |connection: &mut Connection| {
        at_gate.pass();
        standard::serve(connection);
    });
    let recorder = Recorder::default().hearing_progress();
    let session = recorder.session(&Configuration::default());
    let task = session.upload_bytes(&put(&origin, "/upload"), &vec![b'x'; MUCH]);
    assert_eq!((task.sent(), task.expected_to_send()), (0, MUCH as i64));
    task.resume();
    let first = recorder.wait_for_beginning("did_send_body_data 1 ");
    assert!(first.ends_with(&format!(" {MUCH}")), "{first}");
    // A server that reads nothing has not taken more than a connection holds.
    assert!(task.sent() < MUCH as i64);
    gate.open();
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(task.sent(), MUCH as i64);
    assert_eq!(recorder.lines_of(1)[1], format!("did_send_body_data 1 {MUCH} {MUCH}"));
}

#[test]
fn e036_of_a_body_that_nobody_wanted_what_was_sent_is_counted() {
    let origin = Origin::http(|connection: &mut Connection| {
        connection.read_head();
        connection.read_exactly(b"firstother".len());
        connection.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
        connection.wait_for_leave();
    });
    let steps = vec![Step::Bytes(b"first".to_vec()), Step::Bytes(b"other".to_vec()), Step::Later];
    let request = put(&origin, "/").body_stream(&Body::new(steps, 20).stream());
    let story = heard(|session| session.task_for(&request));
    let expected = "did_send_body_data 1 10 20\ndid_receive_response 1 413\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
    assert_eq!((story.task.sent(), story.task.expected_to_send()), (10, 20));
}

#[test]
fn a069_it_is_said_at_most_ten_times_a_second() {
    let times = Arc::new(Mutex::new(0));
    let counted = times.clone();
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidSendBodyData {
            *counted.lock().unwrap() += 1;
        }
    });
    let origin = Origin::http(standard::serve);
    let start = Instant::now();
    let make = |session: &Session| session.upload_bytes(&put(&origin, "/upload"), &vec![b'x'; MUCH]);
    let story = Story::of_task(recorder.hearing_progress(), &Configuration::default(), make);
    assert_eq!(story.outcome(), "ok");
    // One at the start and one at the end, whenever they are.
    let most = 2 + start.elapsed().as_millis() / 100;
    let times = *times.lock().unwrap();
    assert!(times >= 1 && times <= most, "{times} times in {:?}", start.elapsed());
}

/// What progress says, as far as it is no matter of time.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Seen {
    fraction: f64,
    sent: (i64, i64),
    received: (i64, i64),
}

impl From<&UrlSessionProgress> for Seen {
    fn from(progress: &UrlSessionProgress) -> Self {
        Self {
            fraction: progress.fraction,
            sent: (progress.bytes_sent, progress.bytes_expected_to_send),
            received: (progress.bytes_received, progress.bytes_expected_to_receive),
        }
    }
}

/// A task whose progress is written down.
fn watched(make: impl FnOnce(&Session) -> Task) -> (Story, Vec<Seen>) {
    let seen = Arc::new(Mutex::new(Vec::new()));
    let writing = seen.clone();
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidUpdateProgress {
            // SAFETY: the library lends it until the slot returns.
            let progress = unsafe { &*moment.progress };
            assert_eq!(progress.size, size_of::<UrlSessionProgress>());
            assert!(progress.bytes_per_second >= 0.0);
            writing.lock().unwrap().push(Seen::from(progress));
        }
    });
    let story = Story::of_task(recorder.hearing_progress(), &Configuration::default(), make);
    let seen = seen.lock().unwrap().clone();
    (story, seen)
}

#[test]
fn a029_progress_of_an_upload_rises_to_the_end() {
    let origin = Origin::http(standard::serve);
    let bytes = standard::pattern(0, MUCH as u64);
    let (story, seen) = watched(|session| session.upload_bytes(&put(&origin, "/echo"), &bytes));
    assert_eq!(story.outcome(), "ok");
    assert!(seen.windows(2).all(|pair| pair[0].fraction <= pair[1].fraction), "{seen:#?}");
    assert!(seen.iter().all(|seen| seen.fraction <= 1.0), "{seen:#?}");
    let all = (MUCH as i64, MUCH as i64);
    assert_eq!(*seen.last().unwrap(), Seen { fraction: 1.0, sent: all, received: all });
    assert_eq!(Seen::from(&story.task.progress()), *seen.last().unwrap());
}

#[test]
fn a029_a028_progress_is_that_of_both_bodies() {
    let gates = [Gate::default(), Gate::default()];
    let [at_half, at_rest] = gates.clone();
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_request();
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 12\r\n\r\nabc");
        at_half.pass();
        connection.send(b"defghi");
        at_rest.pass();
        connection.send(b"jkl");
    });
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.upload_bytes(&put(&origin, "/"), b"four");
    let seen = || Seen::from(&task.progress());
    assert_eq!(seen().sent, (0, 4));
    assert_eq!(seen().received, (0, -1));
    task.resume();
    recorder.wait_for("did_receive_data 1 \"abc\"");
    assert_eq!(seen(), Seen { fraction: 7.0 / 16.0, sent: (4, 4), received: (3, 12) });
    gates[0].open();
    recorder.wait_for("did_receive_data 1 \"abcdefghi\"");
    assert_eq!(seen(), Seen { fraction: 13.0 / 16.0, sent: (4, 4), received: (9, 12) });
    gates[1].open();
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(seen(), Seen { fraction: 1.0, sent: (4, 4), received: (12, 12) });
    assert_eq!(task.progress().seconds_left, 0.0);
    assert_eq!([task.sent(), task.expected_to_send(), task.received(), task.expected_to_receive()], [4, 4, 12, 12]);
}

#[test]
fn a029_a028_what_is_not_known_is_said_to_be_unknown() {
    let gate = Gate::default();
    let at_gate = gate.clone();
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_request();
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
        at_gate.pass();
        connection.send(b"0\r\n\r\n");
    });
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let body = Body::new(vec![Step::Bytes(b"streamed".to_vec())], -1);
    let task = session.task_for(&put(&origin, "/").body_stream(&body.stream()));
    task.resume();
    recorder.wait_for("did_receive_data 1 \"abc\"");
    let progress = task.progress();
    assert!(progress.fraction < 0.0 && progress.seconds_left < 0.0, "{} {}", progress.fraction, progress.seconds_left);
    assert_eq!((Seen::from(&progress).sent, Seen::from(&progress).received), ((8, -1), (3, -1)));
    assert_eq!([task.expected_to_send(), task.expected_to_receive()], [-1, -1]);
    gate.open();
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(task.progress().fraction, 1.0);
}

#[test]
fn a029_e035_a_body_that_goes_out_again_begins_anew() {
    let (heard, moved) = (Gate::default(), Gate::default());
    let (at_heard, at_moved) = (heard.clone(), moved.clone());
    let origin = Origin::http(move |connection: &mut Connection| {
        // So much goes out again on another connection.
        if connection.number == 1 {
            connection.read_request();
            at_moved.pass();
            connection.send(MOVED.as_bytes());
            return;
        }
        connection.read_head();
        at_heard.open();
        at_moved.pass();
    });
    let recorder = Recorder::default().hearing_progress();
    let session = recorder.session(&Configuration::default());
    let task = session.upload_bytes(&put(&origin, "/"), &vec![b'x'; MUCH]);
    task.resume();
    recorder.wait_for(&format!("did_send_body_data 1 {MUCH} {MUCH}"));
    assert_eq!(task.progress().fraction, 1.0);
    moved.open();
    assert!(heard.pass());
    // Nobody takes the second, so that it stays where it is.
    let fraction = task.progress().fraction;
    assert!((0.0..1.0).contains(&fraction), "{fraction}");
    task.cancel();
    recorder.wait_for("did_complete 1 -999");
    moved.open();
}

#[test]
fn a029_the_largest_length_of_an_answer_is_a_length_like_any_other() {
    let answer = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\nabc", i64::MAX);
    let (origin, gate) = Origin::gated(answer, "");
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.upload_bytes(&put(&origin, "/"), b"payload");
    task.resume();
    recorder.wait_for("did_receive_data 1 \"abc\"");
    let progress = task.progress_with_speed();
    assert!((0.0..1e-9).contains(&progress.fraction) && progress.seconds_left > 1e9);
    let seen = Seen::from(&progress);
    assert_eq!((seen.sent, seen.received), ((7, 7), (3, i64::MAX)));
    task.cancel();
    recorder.wait_for("did_complete 1 -999");
    gate.open();
}

#[test]
fn a029_the_size_of_progress_has_to_be_right() {
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.task("http://127.0.0.1/");
    let mut progress = task.progress();
    for size in [0, 1, size_of::<usize>(), size_of::<UrlSessionProgress>() - 1] {
        progress.size = size;
        let status = url_session_task_progress(task.get(), &mut progress);
        assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT, "{size}");
    }
    let status = url_session_task_progress(task.get(), std::ptr::null_mut());
    assert_eq!(status, UrlSessionStatus::NULL_ARGUMENT);
    task.cancel();
}
