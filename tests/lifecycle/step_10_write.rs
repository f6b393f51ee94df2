use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};
use std::{fs, thread};

use crate::support::PATIENCE;
use crate::support::downloads::Downloads;
use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::{Message, Recorder};
use crate::support::standard;
use urlsession::*;

#[test]
fn e031_the_sum_ends_at_the_whole() {
    // The recorder says so where the bytes of two messages do not add up.
    let (origin, downloads) = (Origin::http(standard::serve), Downloads::default());
    let expected = "did_write_data 1 3000000 3000000\ndid_finish_downloading 1 3000000 bytes\ndid_complete 1 ok";
    assert_eq!(downloads.download(&origin.url("/bytes/3000000")), expected);
    assert_eq!(downloads.recorder.downloaded(1), standard::pattern(0, 3_000_000));
}

#[test]
fn e031_what_is_expected_is_negative_where_nobody_knows() {
    let (origin, downloads) = (Origin::http(standard::serve), Downloads::default());
    for (number, path) in (1..).zip(["/chunked/1000000", "/close/1000000"]) {
        let told = downloads.download(&origin.url(path));
        assert!(told.starts_with(&format!("did_write_data {number} 1000000 -1\n")), "{path}:\n{told}");
        assert_eq!(downloads.recorder.downloaded(number), standard::pattern(0, 1_000_000), "{path}");
    }
}

#[test]
fn e031_a_coding_that_the_application_asked_for_is_decoded_and_has_no_total() {
    let (origin, downloads) = (Origin::http(standard::serve), Downloads::default());
    let request = Request::new(&origin.url("/gzip")).header("Accept-Encoding", "gzip");
    let task = downloads.session.download_for(&request);
    let expected = "did_write_data 1 12 -1\ndid_finish_downloading 1 \"hello, gzip\\n\"\ndid_complete 1 ok";
    assert_eq!(downloads.run(&task), expected);
}

#[test]
fn a_download_asks_for_no_coding() {
    let (origin, downloads) = (Origin::http(standard::serve), Downloads::default());
    downloads.download(&origin.url("/hello"));
    assert_eq!(origin.request().value("Accept-Encoding"), Some("identity"));
}

#[test]
fn a036_a_download_has_no_response_gate_and_no_data() {
    let (origin, downloads) = (Origin::http(standard::serve), Downloads::default());
    let told = downloads.download(&origin.url("/hello"));
    assert_eq!(told, "did_write_data 1 13 13\ndid_finish_downloading 1 \"hello, world\\n\"\ndid_complete 1 ok");
}

#[test]
fn e031_an_empty_file_has_nothing_to_tell() {
    let (origin, downloads) = (Origin::http(standard::serve), Downloads::default());
    let told = downloads.download(&origin.url("/bytes/0"));
    assert_eq!(told, "did_finish_downloading 1 \"\"\ndid_complete 1 ok");
}

/// An origin that sends a body byte by byte for this long.
fn dripping(length: usize, pause: Duration) -> Origin {
    Origin::http(move |connection: &mut Connection| {
        connection.read_request();
        connection.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").as_bytes());
        for _ in 0..length {
            connection.send(b"x");
            thread::sleep(pause);
        }
        connection.wait_for_leave();
    })
}

#[test]
fn e031_it_is_told_ten_times_a_second_at_most_and_at_the_end() {
    let origin = dripping(200, Duration::from_millis(5));
    let times: Arc<Mutex<Vec<Instant>>> = Arc::default();
    let seen = times.clone();
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidWriteData {
            seen.lock().unwrap().push(Instant::now());
        }
    });
    let downloads = Downloads::told_to(recorder.hearing_progress(), Configuration::default());
    let start = Instant::now();
    let told = downloads.download(&origin.url("/"));
    let took = start.elapsed();
    assert!(told.starts_with("did_write_data 1 200 200\n"), "{told}");
    let times = times.lock().unwrap();
    let most = took.as_millis() as usize / 100 + 2;
    assert!((3..=most).contains(&times.len()), "{} times in {took:?}", times.len());
}

#[test]
fn e031_what_was_written_is_told_before_a_failure() {
    let origin = Origin::http(|connection: &mut Connection| {
        connection.read_request();
        connection.send(b"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 1000000\r\n\r\n");
        connection.send(&standard::pattern(0, 999_999));
        connection.close();
    });
    let downloads = Downloads::default();
    let told = downloads.download(&origin.url("/"));
    assert_eq!(told, "did_write_data 1 999999 1000000\ndid_complete 1 -1005");
    assert_eq!(fs::metadata(&downloads.directory.files()[0]).unwrap().len(), 999_999);
}

#[test]
fn e031_without_the_slot_the_file_comes_all_the_same() {
    let origin = Origin::http(standard::serve);
    let downloads = Downloads::told_to(Recorder::default(), Configuration::default());
    let told = downloads.download(&origin.url("/bytes/3000000"));
    assert_eq!(told, "did_finish_downloading 1 3000000 bytes\ndid_complete 1 ok");
}

#[test]
fn a062_a_slow_slot_does_not_stop_the_file() {
    // The bytes pass it by, so that the whole file is there before the slot returns.
    let origin = Origin::http(standard::serve);
    let gate = Gate::default();
    let at_gate = gate.clone();
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidWriteData {
            at_gate.pass();
        }
    });
    let downloads = Downloads::told_to(recorder.hearing_progress(), Configuration::default());
    downloads.session.start_download(&origin.url("/bytes/3000000"));
    recorder.wait_for_beginning("did_write_data 1 ");
    let path = downloads.directory.files().pop().unwrap();
    // Every look at the file waits for a whole download of another session.
    let (start, other) = (Instant::now(), Downloads::default());
    while fs::metadata(&path).unwrap().len() < 3_000_000 {
        assert!(start.elapsed() < PATIENCE, "the file stops at {} bytes", fs::metadata(&path).unwrap().len());
        assert!(other.download(&origin.url("/hello")).ends_with("ok"));
    }
    (0..100).for_each(|_| gate.open());
    recorder.wait_for("did_complete 1 ok");
}

#[test]
fn a028_the_counters_follow_a_download() {
    let (origin, gate) = Origin::gated("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", "def");
    let downloads = Downloads::default();
    let task = downloads.session.download(&origin.url("/"));
    assert_eq!((task.received(), task.expected_to_receive()), (0, -1));
    task.resume();
    downloads.recorder.wait_for("did_write_data 1 3 6");
    assert_eq!((task.received(), task.expected_to_receive(), task.sent()), (3, 6, 0));
    gate.open();
    downloads.end_of(&task);
    assert_eq!((task.received(), task.expected_to_receive(), task.sent()), (6, 6, 0));
}

#[test]
fn a029_progress_can_be_asked_for() {
    let (origin, gate) = Origin::gated("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", "def");
    let downloads = Downloads::default();
    let task = downloads.session.download(&origin.url("/"));
    let before = task.progress();
    assert!(before.fraction < 0.0 && before.seconds_left < 0.0, "{} {}", before.fraction, before.seconds_left);
    assert_eq!((before.bytes_received, before.bytes_expected_to_receive), (0, -1));
    let start = Instant::now();
    task.resume();
    downloads.recorder.wait_for("did_write_data 1 3 6");
    let half = task.progress();
    assert_eq!((half.fraction, half.bytes_received, half.bytes_expected_to_receive), (0.5, 3, 6));
    assert_eq!((half.bytes_sent, half.bytes_expected_to_send), (0, 0));
    // Of less than a quarter of a second nothing is said.
    let is_unknown = half.bytes_per_second == 0.0 && half.seconds_left < 0.0;
    assert!(is_unknown || start.elapsed() >= Duration::from_millis(250), "{} a second", half.bytes_per_second);
    assert!(task.progress_with_speed().seconds_left > 0.0);
    gate.open();
    downloads.end_of(&task);
    let whole = task.progress();
    assert_eq!((whole.fraction, whole.bytes_received, whole.seconds_left), (1.0, 6, 0.0));
}

#[test]
fn a029_progress_is_unknown_without_a_length_until_the_end() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    let (origin, gate) = Origin::gated(head, "0\r\n\r\n");
    let downloads = Downloads::default();
    let task = downloads.session.start_download(&origin.url("/"));
    downloads.recorder.wait_for("did_write_data 1 3 -1");
    let progress = task.progress();
    assert!(progress.fraction < 0.0 && progress.seconds_left < 0.0);
    assert_eq!((progress.bytes_received, progress.bytes_expected_to_receive), (3, -1));
    gate.open();
    downloads.end_of(&task);
    assert_eq!(task.progress().fraction, 1.0);
}

#[test]
fn a029_progress_stops_where_a_task_fails() {
    let origin = Origin::http(standard::serve);
    let downloads = Downloads::default();
    let task = downloads.session.download(&origin.url("/cut"));
    assert!(downloads.run(&task).ends_with("-1005"));
    assert_eq!((task.progress().fraction, task.progress().bytes_received), (0.3, 3));
}

#[test]
fn a029_progress_is_told_and_never_falls() {
    let origin = dripping(100, Duration::from_millis(5));
    let told: Arc<Mutex<Vec<f64>>> = Arc::default();
    let seen = told.clone();
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidUpdateProgress {
            // SAFETY: the library lends the struct until the slot returns.
            let progress = unsafe { &*moment.progress };
            assert_eq!(progress.size, size_of::<UrlSessionProgress>());
            seen.lock().unwrap().push(progress.fraction);
        }
    });
    let downloads = Downloads::told_to(recorder.hearing_progress(), Configuration::default());
    downloads.download(&origin.url("/"));
    let told = told.lock().unwrap();
    assert!(told.len() >= 3 && told.is_sorted(), "{told:?}");
    assert_eq!(told.last(), Some(&1.0));
}

#[test]
fn a029_progress_of_a_data_task_is_told_too() {
    let origin = Origin::http(standard::serve);
    let told: Arc<Mutex<Vec<(f64, i64)>>> = Arc::default();
    let seen = told.clone();
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidUpdateProgress {
            // SAFETY: the library lends the struct until the slot returns.
            let progress = unsafe { &*moment.progress };
            seen.lock().unwrap().push((progress.fraction, progress.bytes_received));
        }
    });
    let session = recorder.hearing_progress().session(&Configuration::default());
    session.start(&origin.url("/bytes/1000000"));
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(told.lock().unwrap().last(), Some(&(1.0, 1_000_000)));
}

#[test]
fn a029_a_struct_of_another_size_is_filled_as_far_as_it_goes() {
    let session = Session::new(&Configuration::default(), None);
    let task = session.download("http://127.0.0.1/");
    let mut progress = task.progress();
    progress.size = 0;
    let status = url_session_task_progress(task.get(), &mut progress);
    assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT);
    // An older program knows nothing of the last field.
    progress.size = std::mem::offset_of!(UrlSessionProgress, seconds_left);
    progress.seconds_left = 42.0;
    assert_eq!(url_session_task_progress(task.get(), &mut progress), UrlSessionStatus::OK);
    assert_eq!(progress.seconds_left, 42.0);
}
