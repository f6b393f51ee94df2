use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use crate::support::PATIENCE;
use crate::support::body::{Body, Step};
use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::{Message, Recorder};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";

fn put(origin: &Origin) -> Request {
    Request::new(&origin.url("/")).method("PUT")
}

/// A streamed upload of this body that has begun.
fn started(body: Body, configuration: &Configuration, request: &Request) -> (Recorder, Session) {
    let recorder = Recorder::giving(&[body]);
    let session = recorder.session(configuration);
    session.upload_stream(request).resume();
    (recorder, session)
}

#[test]
fn r003_a_stream_that_is_not_as_long_as_it_says_fails() {
    let steps = |lengths: &[usize]| lengths.iter().map(|&length| Step::Bytes(vec![b'x'; length])).collect::<Vec<_>>();
    for (lengths, promised) in [(&[5][..], 8), (&[], 8), (&[9], 8), (&[5, 4], 8)] {
        for of_source in [true, false] {
            let origin = Origin::http(standard::serve);
            let body = Body::new(steps(lengths), if of_source { promised } else { -1 });
            let request = put(&origin).header("Content-Length", &promised.to_string());
            let story = Story::streamed(Recorder::giving(&[body]), &request);
            assert_eq!(story.outcome(), "-1021", "{lengths:?} of {promised}");
            assert!(origin.requests().is_empty(), "{lengths:?} of {promised}: {:#?}", origin.requests());
            drop(story);
            body.wait_for("release");
            assert_eq!(body.calls(), ["read", "close", "release"], "{lengths:?} of {promised}");
        }
    }
}

#[test]
fn r047_what_was_read_goes_out_while_more_is_awaited() {
    let (chunks, sent) = mpsc::channel();
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_head();
        while let Some(chunk) = connection.read_chunk().filter(|chunk| !chunk.is_empty()) {
            chunks.send(chunk).unwrap();
        }
        connection.send(OK.as_bytes());
    });
    let body = Body::new(vec![Step::Later, Step::Later, Step::Later], -1);
    let (recorder, _session) = started(body, &Configuration::default(), &put(&origin));
    for piece in [b"first", b"other"] {
        let read = body.next_read();
        // From a thread that is none of the library's, after the function has returned.
        assert_eq!(thread::spawn(move || read.answer(piece)).join().unwrap(), UrlSessionStatus::OK);
        assert_eq!(sent.recv_timeout(PATIENCE).unwrap(), piece);
    }
    assert_eq!(body.next_read().answer(b""), UrlSessionStatus::OK);
    recorder.wait_for("did_complete 1 ok");
}

#[test]
fn r047_a_read_is_answered_once_and_with_what_fits() {
    let origin = Origin::http(standard::serve);
    let body = Body::new(vec![Step::Later], -1);
    let (recorder, _session) = started(body, &Configuration::default(), &put(&origin));
    let read = body.next_read();
    let completion = read.completion().clone();
    let too_many = url_session_read_completion_answer(completion.get(), read.capacity() + 1);
    assert_eq!(too_many, UrlSessionStatus::INVALID_ARGUMENT);
    assert_eq!(read.answer(b"once"), UrlSessionStatus::OK);
    assert_eq!(url_session_read_completion_answer(completion.get(), 1), UrlSessionStatus::ALREADY_ANSWERED);
    assert_eq!(url_session_read_completion_fail(completion.get(), 5), UrlSessionStatus::ALREADY_ANSWERED);
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(origin.request().body, b"once");
}

#[test]
fn r047_a_read_that_fails_says_why() {
    const EIO: i32 = 5;
    let origin = Origin::http(standard::serve);
    let steps = vec![Step::Bytes(b"half".to_vec()), Step::Fail(EIO)];
    let story = Story::streamed(Recorder::giving(&[Body::new(steps, -1)]), &put(&origin));
    assert_eq!(story.outcome(), "-1021");
    let cause = story.error().underlying().expect("an underlying error");
    assert_eq!((cause.domain().as_str(), cause.code()), ("NSPOSIXErrorDomain", EIO));
    assert!(origin.requests().is_empty());
}

#[test]
fn r047_a_read_that_nobody_keeps_fails() {
    let origin = Origin::http(standard::serve);
    let story = Story::streamed(Recorder::giving(&[Body::new(vec![Step::Nothing], -1)]), &put(&origin));
    assert_eq!(story.outcome(), "-1021");
    let body = Body::new(vec![Step::Later], 8);
    let (recorder, _session) = started(body, &Configuration::default(), &put(&origin));
    drop(body.next_read());
    recorder.wait_for("did_complete 1 -1021");
    assert!(origin.requests().is_empty());
}

#[test]
fn r047_a_read_may_be_answered_after_its_task_was_cancelled() {
    let origin = Origin::http(standard::serve);
    let body = Body::new(vec![Step::Later], 8);
    let recorder = Recorder::giving(&[body]);
    let session = recorder.session(&Configuration::default());
    let task = session.upload_stream(&put(&origin));
    task.resume();
    let read = body.next_read();
    task.cancel();
    recorder.wait_for("did_complete 1 -999");
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    drop((task, session));
    body.wait_for("release");
    assert_eq!(body.calls(), ["read", "close", "release"]);
    // The buffer is still ours: to write there may hurt nobody.
    let late = vec![0xff; read.capacity()];
    read.answer(&late);
    assert!(origin.requests().is_empty());
}

#[test]
fn r047_a_read_that_is_never_answered_makes_no_task_immortal() {
    let origin = Origin::http(standard::serve);
    let body = Body::new(vec![Step::Later], -1);
    let configuration = Configuration::default().resource_timeout(0.3);
    let (recorder, _session) = started(body, &configuration, &put(&origin));
    let read = body.next_read();
    recorder.wait_for("did_complete 1 -1001 resource");
    body.wait_for("close");
    drop(read);
}

#[test]
fn r047_a_stream_is_closed_once_and_then_released() {
    let whole = Origin::http(standard::serve);
    let early = Origin::http(|connection: &mut Connection| {
        connection.read_head();
        connection.read_exactly(b"5\r\nfirst".len());
        connection.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 0\r\n\r\n");
        connection.wait_for_leave();
    });
    let lost = Origin::http(|connection: &mut Connection| {
        connection.read_head();
        connection.read_exactly(b"5\r\nfirst".len());
    });
    let malformed = Origin::in_turn(&["SSH-2.0-OpenSSH\r\n"; 2]);
    let cases = [
        (&whole, Step::Bytes(b"rest".to_vec()), "ok"),
        (&whole, Step::Fail(5), "-1021"),
        (&early, Step::Later, "ok"),
        (&lost, Step::Later, "-1005"),
        (&malformed, Step::Bytes(b"rest".to_vec()), "-1011"),
    ];
    for (origin, step, outcome) in cases {
        for is_asked in [true, false] {
            let body = Body::new(vec![Step::Bytes(b"first".to_vec()), step.clone()], -1);
            let story = if is_asked {
                Story::streamed(Recorder::giving(&[body]), &put(origin))
            } else {
                Story::with(&Configuration::default(), &put(origin).body_stream(&body.stream()))
            };
            assert_eq!(story.outcome(), outcome);
            drop(story);
            body.wait_for("release");
            assert_eq!(body.calls(), ["read", "close", "release"], "{outcome}");
        }
    }
}

#[test]
fn r047_a_stream_is_closed_and_released_with_its_session() {
    let origin = Origin::http(standard::serve);
    let (read, unread) = (Body::new(vec![Step::Later], 8), Body::of(b"streamed"));
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.task_for(&put(&origin).body_stream(&read.stream())).resume();
    let never_resumed = session.task_for(&put(&origin).body_stream(&unread.stream()));
    let pending = read.next_read();
    session.invalidate_and_cancel();
    recorder.wait_for("release");
    drop((session, never_resumed));
    read.wait_for("release");
    unread.wait_for("release");
    assert_eq!((read.calls().join(" "), unread.calls().join(" ")), ("read close release".into(), "release".into()));
    drop(pending);
}

#[test]
fn e036_an_answer_may_come_while_the_source_is_awaited() {
    let origin = Origin::http(|connection: &mut Connection| {
        connection.read_head();
        connection.read_exactly(b"5\r\nfirst".len());
        connection.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
        connection.wait_for_leave();
    });
    let body = Body::new(vec![Step::Bytes(b"first".to_vec()), Step::Later], -1);
    let story = Story::streamed(Recorder::giving(&[body]), &put(&origin));
    let expected = "need_new_body_stream 1 0\n\
                    did_receive_response 1 413\ndid_receive_data 1 \"big\"\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
}

#[test]
fn e036_an_answer_may_come_when_nothing_can_be_sent_any_more() {
    const PIECES: usize = 4096;
    let (stuck, told) = (Gate::default(), Gate::default());
    let gates = (stuck.clone(), told.clone());
    let answer_and_stay = move |connection: &mut Connection| {
        connection.read_head();
        gates.0.pass();
        connection.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\n\r\nbig");
        gates.1.pass();
    };
    for origin in [Origin::http(answer_and_stay.clone()), Origin::https(answer_and_stay)] {
        let configuration = Configuration::trusting(origin.certificate()).request_timeout(5.0);
        for length in [(PIECES << 14) as i64, -1] {
            // Pieces that are smaller than what TLS keeps for itself.
            let body = Body::new(vec![Step::Bytes(vec![b'x'; 1 << 14]); PIECES], length);
            let (recorder, _session) = started(body, &configuration, &put(&origin));
            body.given_until_stuck(Duration::from_millis(500));
            stuck.open();
            recorder.wait_for_beginning("did_complete 1 ");
            let expected = "need_new_body_stream 1 0\n\
                            did_receive_response 1 413\ndid_receive_data 1 \"big\"\ndid_complete 1 ok";
            assert_eq!(recorder.transcript_of(1), expected, "{} {length}", origin.url("/"));
            told.open();
        }
    }
}

#[test]
fn a010_a_slow_source_is_no_idle_network() {
    let (origin, clock) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let impatient = Configuration::default().request_timeout(0.5);
    let body = Body::new(vec![Step::Later], 4);
    let (recorder, _session) = started(body, &impatient, &put(&origin));
    let read = body.next_read();
    for _ in 0..2 {
        assert_eq!(Story::with(&impatient, &Request::new(&clock.url("/hang"))).outcome(), "-1001 request");
    }
    assert_eq!(read.answer(b"late"), UrlSessionStatus::OK);
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(origin.request().body, b"late");
}

#[test]
fn a010_an_answer_that_is_begun_and_never_ended_times_out_whatever_the_source_does() {
    let origin = Origin::http(|connection: &mut Connection| {
        connection.read_head();
        connection.read_exactly(b"5\r\nfirst".len());
        connection.send(b"HTTP/1.1 413 Too La");
        connection.wait_for_leave();
    });
    let body = Body::new(vec![Step::Bytes(b"first".to_vec()), Step::Later], -1);
    let impatient = Configuration::default().request_timeout(0.5);
    let (recorder, _session) = started(body, &impatient, &put(&origin));
    assert_eq!(recorder.wait_for_beginning("did_complete 1 "), "did_complete 1 -1001 request");
}

#[test]
fn r047_a_server_that_does_not_read_stops_the_source() {
    const MUCH: usize = 64 << 20;
    let gate = Gate::default();
    let at_gate = gate.clone();
    let origin = Origin::http(move |connection: &mut Connection| {
        at_gate.pass();
        let request = connection.read_request().unwrap();
        connection.send(if request.body.len() == MUCH { OK.as_bytes() } else { b"" });
    });
    for length in [MUCH as i64, -1] {
        let body = Body::in_pieces(&vec![b'x'; MUCH], length);
        let (recorder, _session) = started(body, &Configuration::default(), &put(&origin));
        let given = body.given_until_stuck(Duration::from_millis(500));
        assert!(given < MUCH / 2, "{given} bytes were read that nobody took");
        gate.open();
        recorder.wait_for("did_complete 1 ok");
    }
}

#[test]
fn a_source_is_read_where_the_slots_are_called_and_one_at_a_time_with_them() {
    let origin = Origin::http(standard::serve);
    let slot = Gate::default();
    let at_slot = slot.clone();
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidReceiveResponse && url_session_task_identifier(moment.task) == 1 {
            at_slot.pass();
        }
    });
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hello"));
    recorder.wait_for("did_receive_response 1 200");
    let body = Body::of(b"streamed");
    session.task_for(&put(&origin).body_stream(&body.stream())).resume();
    Story::of(&origin.url("/hello"));
    assert_eq!(body.calls(), [""; 0]);
    slot.open();
    recorder.wait_for("did_complete 2 ok");
    assert_eq!(body.calls()[..2], ["read", "close"]);
}
