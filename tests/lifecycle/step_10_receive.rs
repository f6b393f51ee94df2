use std::io::Write;
use std::iter;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Data, Request, Session};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::{Message, Recorder};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

#[test]
fn a061_data_come_in_order_and_whole() {
    let origin = Origin::http(standard::serve);
    for path in ["/bytes/3000000", "/chunked/3000000", "/close/3000000"] {
        let story = Story::of(&origin.url(path));
        let expected = "did_receive_response 1 200\ndid_receive_data 1 3000000 bytes\ndid_complete 1 ok";
        assert_eq!(story.transcript(), expected, "{path}");
        assert_eq!(story.body(), standard::pattern(0, 3_000_000), "{path}");
    }
}

#[test]
fn a061_data_come_over_https_too() {
    let origin = Origin::https(standard::serve);
    let configuration = Configuration::trusting(origin.certificate());
    for path in ["/bytes/3000000", "/chunked/3000000", "/close/3000000"] {
        let story = Story::with(&configuration, &Request::new(&origin.url(path)));
        assert_eq!((story.outcome(), story.body().len()), ("ok".into(), 3_000_000), "{path}");
        assert_eq!(story.body(), standard::pattern(0, 3_000_000), "{path}");
    }
}

#[test]
fn a061_data_are_decoded() {
    let origin = Origin::http(standard::serve);
    let story = Story::of(&origin.url("/gzip"));
    let expected = "did_receive_response 1 200\ndid_receive_data 1 \"hello, gzip\\n\"\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
    assert_eq!(story.response().expected_content_length(), -1);
}

#[test]
fn a061_c061_the_first_byte_is_not_held_back() {
    for content_type in ["", "Content-Type: application/json\r\n", "Content-Type: text/html\r\n"] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n{content_type}\r\n");
        let (origin, gate) = Origin::gated(head + "a", "b");
        let recorder = Recorder::default();
        let session = recorder.session(&Configuration::default());
        session.start(&origin.url("/"));
        recorder.wait_for("did_receive_data 1 \"a\"");
        gate.open();
        recorder.wait_for("did_complete 1 ok");
        assert_eq!(recorder.body(1), b"ab");
    }
}

#[test]
fn a061_c061_the_first_compressed_byte_is_not_held_back() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(b"first").unwrap();
    encoder.flush().unwrap();
    let first = encoder.get_ref().clone();
    encoder.write_all(b", second").unwrap();
    let whole = encoder.finish().unwrap();
    let rest = whole[first.len()..].to_vec();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", whole.len());
    let (origin, gate) = Origin::gated([head.as_bytes(), &first].concat(), rest);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/"));
    recorder.wait_for("did_receive_data 1 \"first\"");
    gate.open();
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(recorder.body(1), b"first, second");
}

#[test]
fn e025_data_can_be_kept_after_the_slot() {
    static KEPT: Mutex<Vec<Data>> = Mutex::new(Vec::new());
    unsafe extern "C" fn keep(
        _: *mut std::ffi::c_void,
        _: *mut UrlSession,
        _: *mut UrlSessionTask,
        _: *const u8,
        _: usize,
        data: *mut UrlSessionData,
    ) {
        KEPT.lock().unwrap().push(Data::retain(data));
    }
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.task(&origin.url("/bytes/1000000"));
    let mut delegate = recorder.delegate();
    delegate.release = None;
    delegate.data_task_did_receive_data = Some(keep);
    assert_eq!(url_session_task_set_delegate(task.get(), &delegate), UrlSessionStatus::OK);
    task.resume();
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    drop((task, session));
    let kept: Vec<u8> = KEPT.lock().unwrap().iter().flat_map(Data::bytes).collect();
    assert_eq!(kept, standard::pattern(0, 1_000_000));
}

#[test]
fn e025_an_empty_body_gives_no_data() {
    // The recorder writes a line of its own for data without a byte.
    let origin = Origin::http(standard::serve);
    for path in ["/bytes/0", "/chunked/0", "/close/0"] {
        let story = Story::of(&origin.url(path));
        assert_eq!(story.transcript(), "did_receive_response 1 200\ndid_complete 1 ok", "{path}");
    }
}

#[test]
fn a062_a_slow_slot_slows_the_connection_down() {
    const MUCH: usize = 64 << 20;
    let (slot, stuck, taken) = (Gate::default(), Gate::default(), Arc::new(Mutex::new(0)));
    let (at_stuck, counted, at_slot) = (stuck.clone(), taken.clone(), slot.clone());
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_request();
        connection.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {MUCH}\r\n\r\n").as_bytes());
        let body = vec![b'x'; MUCH];
        let sent = connection.send_until_stuck(&body, Duration::from_millis(500));
        *counted.lock().unwrap() = sent;
        at_stuck.open();
        connection.send(&body[sent..]);
        connection.wait_for_leave();
    });
    let first = Mutex::new(true);
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidReceiveData && std::mem::take(&mut *first.lock().unwrap()) {
            at_slot.pass();
        }
    });
    let session = recorder.session(&Configuration::default());
    let task = session.start(&origin.url("/"));
    assert!(stuck.pass());
    let taken = *taken.lock().unwrap();
    assert!(taken < 32 << 20, "{taken} bytes were taken while the slot was busy");
    assert!(task.received() < 16 << 20, "{} bytes are under way", task.received());
    slot.open();
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(recorder.body(1).len(), MUCH);
}

#[test]
fn a062_chunks_weigh_more_than_their_bytes() {
    let (slot, stuck) = (Gate::default(), Gate::default());
    let (at_slot, at_stuck) = (slot.clone(), stuck.clone());
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_request();
        connection.send(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n");
        connection.send_until_stuck(&b"1\r\nx\r\n".repeat(3 << 20), Duration::from_millis(500));
        at_stuck.open();
        connection.wait_for_leave();
    });
    let first = Mutex::new(true);
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidReceiveData && std::mem::take(&mut *first.lock().unwrap()) {
            at_slot.pass();
        }
    });
    let session = recorder.session(&Configuration::default());
    let task = session.start(&origin.url("/"));
    assert!(stuck.pass());
    assert!(task.received() < 64 << 10, "{} chunks are under way", task.received());
    task.cancel();
    slot.open();
    recorder.wait_for("did_complete 1 -999");
}

#[test]
fn a062_a_slow_slot_is_no_idle_network() {
    // The slot takes longer than the request timer allows for a silent network.
    let (head, body) = ("HTTP/1.1 200 OK\r\nContent-Length: 20000000\r\n\r\n", vec![b'x'; 20_000_000]);
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_request();
        connection.send(head.as_bytes());
        connection.send(&body);
        connection.wait_for_leave();
    });
    let clock = Origin::http(standard::serve);
    let (slot, first) = (Gate::default(), Mutex::new(true));
    let at_slot = slot.clone();
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidReceiveData && std::mem::take(&mut *first.lock().unwrap()) {
            at_slot.pass();
        }
    });
    let configuration = Configuration::default().request_timeout(1.0);
    let session = recorder.session(&configuration);
    session.start(&origin.url("/"));
    recorder.wait_for_beginning("did_receive_data 1");
    for _ in 0..2 {
        let story = Story::with(&configuration, &Request::new(&clock.url("/hang")));
        assert_eq!(story.outcome(), "-1001 request");
    }
    slot.open();
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(recorder.body(1).len(), 20_000_000);
}

#[test]
fn a062_a_slow_session_does_not_slow_another() {
    let origin = Origin::http(standard::serve);
    let slot = Gate::default();
    let at_slot = slot.clone();
    let slow = Recorder::with(move |moment| {
        if moment.message == Message::DidReceiveData {
            at_slot.pass();
        }
    });
    let session = slow.session(&Configuration::default());
    session.start(&origin.url("/hello"));
    slow.wait_for_beginning("did_receive_data 1");
    assert_eq!(Story::of(&origin.url("/bytes/1000000")).outcome(), "ok");
    slot.open();
    slow.wait_for("did_complete 1 ok");
}

#[test]
fn a062_a_stream_without_a_pause_does_not_keep_anothers_messages_back() {
    // Eight letters without a pattern: to decode them takes longer than to send them.
    let next = |random: &u32| Some(random.wrapping_mul(1_664_525).wrapping_add(1_013_904_223));
    let letters: Vec<u8> = iter::successors(Some(1), next).take(4 << 20).map(|random| (random >> 29) as u8).collect();
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(&letters).unwrap();
    let member = encoder.finish().unwrap();
    let streaming = Origin::http(move |connection| {
        connection.read_request();
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n");
        while connection.send(&member) {}
    });
    let busy = Recorder::default();
    let mut delegate = busy.delegate();
    delegate.data_task_did_receive_data = None;
    let session = Session::new(&Configuration::default(), Some(&delegate));
    let tasks = [session.start(&streaming.url("/")), session.start(&streaming.url("/"))];
    busy.wait_for("did_receive_response 1 200");
    busy.wait_for("did_receive_response 2 200");
    let origin = Origin::http(standard::serve);
    assert_eq!(Story::of(&origin.url("/hello")).outcome(), "ok");
    assert_eq!(tasks.map(|task| task.state()), [UrlSessionTaskState::RUNNING.0; 2]);
    session.invalidate_and_cancel();
    busy.wait_for("release");
}
