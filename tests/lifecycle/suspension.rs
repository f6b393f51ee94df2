use std::collections::VecDeque;
use std::sync::Mutex;
use std::time::Duration;

use crate::support::downloads::Downloads;
use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Task};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::Recorder;
use crate::support::served_file::{End, ServedFile};
use crate::support::standard;
use urlsession::*;

/// What is told of a download that is whole, however it got there.
const WHOLE: &str = "did_write_data 1 6 6\ndid_finish_downloading 1 \"abcdef\"\ndid_complete 1 ok";

/// A download of this file that was suspended at half, whose peer has hung up since.
fn hung_up_on(file: &ServedFile, origin: &Origin, downloads: &Downloads) -> Task {
    let gate = Gate::default();
    file.end(End::CutLater(3, gate.clone()));
    let task = downloads.session.start_download(&origin.url("/"));
    downloads.recorder.wait_for("did_write_data 1 3 6");
    task.suspend();
    gate.open();
    origin.wait_for_ends(1);
    task
}

#[test]
fn a023_a_download_goes_on_where_its_peer_hung_up_meanwhile() {
    let file = ServedFile::new(b"abcdef", "\"v1\"");
    let (origin, downloads) = (file.serve(), Downloads::default());
    let task = hung_up_on(&file, &origin, &downloads);
    assert_eq!(task.state(), UrlSessionTaskState::SUSPENDED.0);
    task.resume();
    assert_eq!(downloads.end_of(&task), WHOLE);
    let asked = &origin.requests()[1];
    assert_eq!((asked.value("range"), asked.value("if-range")), (Some("bytes=3-"), Some("\"v1\"")));
    assert_eq!((task.received(), task.expected_to_receive()), (6, 6));
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn a023_a_download_that_was_suspended_goes_on_when_its_peer_hangs_up_later() {
    let file = ServedFile::new(b"abcdef", "\"v1\"");
    let (origin, downloads, gate) = (file.serve(), Downloads::default(), Gate::default());
    file.end(End::CutLater(3, gate.clone()));
    let task = downloads.session.start_download(&origin.url("/"));
    downloads.recorder.wait_for("did_write_data 1 3 6");
    task.suspend();
    task.resume();
    gate.open();
    assert_eq!(downloads.end_of(&task), WHOLE);
    assert_eq!(origin.requests()[1].value("range"), Some("bytes=3-"));
}

#[test]
fn a023_a_download_that_was_never_suspended_does_not() {
    let file = ServedFile::new(b"abcdef", "\"v1\"");
    let (origin, downloads) = (file.serve(), Downloads::default());
    file.end(End::Cut(3));
    let task = downloads.session.download(&origin.url("/"));
    assert_eq!(downloads.run(&task), "did_write_data 1 3 6\ndid_complete 1 -1005");
    assert!(task.error().unwrap().resume_data().is_some());
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a066_what_changed_meanwhile_is_never_glued() {
    let file = ServedFile::new(b"abcdef", "\"v1\"");
    let (origin, downloads) = (file.serve(), Downloads::default());
    let task = hung_up_on(&file, &origin, &downloads);
    file.change(b"ABCD", "\"v2\"");
    task.resume();
    let expected = "did_write_data 1 3 6\ndid_write_data 1 4 4\ndid_finish_downloading 1 \"ABCD\"\ndid_complete 1 ok";
    assert_eq!(downloads.end_of(&task), expected);
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn a022_each_suspension_is_good_for_one_more_connection() {
    let file = ServedFile::new(b"abcdef", "\"v1\"");
    let (origin, downloads) = (file.serve(), Downloads::default());
    let task = hung_up_on(&file, &origin, &downloads);
    file.end(End::Cut(1));
    task.resume();
    let told = downloads.end_of(&task);
    assert!(told == "did_write_data 1 4 6\ndid_complete 1 -1005" || told == WHOLE, "{told}");
    if let Some(error) = task.error() {
        downloads.go_on(&error.resume_data().expect("resume data"));
        assert_eq!(downloads.recorder.downloaded(2), b"abcdef");
    }
}

#[test]
fn a023_a066_a_resumed_download_goes_on_where_its_peer_hung_up_meanwhile() {
    let file = ServedFile::new(b"abcdef", "\"v1\"");
    let (origin, downloads, gate) = (file.serve(), Downloads::default(), Gate::default());
    file.end(End::Cut(2));
    let first = downloads.session.download(&origin.url("/"));
    downloads.run(&first);
    file.end(End::CutLater(2, gate.clone()));
    let task = downloads.session.download_from(&first.error().unwrap().resume_data().unwrap()).unwrap();
    task.resume();
    downloads.recorder.wait_for("did_resume_at_offset 2 2 6");
    task.suspend();
    gate.open();
    origin.wait_for_ends(2);
    task.resume();
    let told = downloads.end_of(&task);
    assert_eq!(told.matches("did_resume_at_offset").count(), 1, "{told}");
    assert!(told.ends_with("did_finish_downloading 2 \"abcdef\"\ndid_complete 2 ok"), "{told}");
}

#[test]
fn a023_a_data_task_whose_peer_hung_up_meanwhile_is_lost() {
    let file = ServedFile::new(b"abcdef", "\"v1\"");
    let (origin, gate, recorder) = (file.serve(), Gate::default(), Recorder::default());
    file.end(End::CutLater(3, gate.clone()));
    let session = recorder.session(&Configuration::default());
    let task = session.start(&origin.url("/"));
    recorder.wait_for("did_receive_data 1 \"abc\"");
    task.suspend();
    gate.open();
    origin.wait_for_ends(1);
    task.resume();
    recorder.wait_for("did_complete 1 -1005");
    assert_eq!((recorder.body(1), origin.requests().len()), (b"abc".to_vec(), 1));
}

/// An origin that gives these answers in turn, and hangs up after those at half when the gate opens.
fn hanging_up_at_half(answers: &[&str]) -> (Origin, Gate) {
    let answers: VecDeque<_> = answers.iter().map(|answer| (*answer).to_owned()).collect();
    let (answers, gate) = (Mutex::new(answers), Gate::default());
    let (next, at_gate) = (move || answers.lock().unwrap().pop_front(), gate.clone());
    let origin = Origin::http(move |connection: &mut Connection| {
        while connection.read_request().is_some() {
            let Some(answer) = next() else { return };
            connection.send(answer.as_bytes());
            if answer.ends_with("abc") {
                at_gate.pass();
                return;
            }
        }
    });
    (origin, gate)
}

const HALF: &str = "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 6\r\n\r\nabc";
const MISFIT: &str =
    "HTTP/1.1 206 Partial Content\r\nETag: \"v2\"\r\nContent-Range: bytes 3-5/6\r\nContent-Length: 3\r\n\r\nDEF";
const BEYOND: &str = "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n";
const NEW: &str = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nABCDEF";
const BUSY: &str = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nbusy\n";

/// What is told of a download that gets these answers, and whose peer hung up while it was suspended at half.
fn after_a_suspension(answers: &[&str]) -> (String, Option<Vec<u8>>) {
    let (origin, gate) = hanging_up_at_half(answers);
    let downloads = Downloads::default();
    let task = downloads.session.start_download(&origin.url("/"));
    downloads.recorder.wait_for("did_write_data 1 3 6");
    task.suspend();
    gate.open();
    origin.wait_for_ends(1);
    task.resume();
    (downloads.end_of(&task), task.error().and_then(|error| error.resume_data()))
}

#[test]
fn a023_a_download_that_cannot_go_on_is_lost() {
    let (told, resume_data) = after_a_suspension(&[&HALF.replace("ETag: ", "ETag: W/"), NEW]);
    assert_eq!(told, "did_write_data 1 3 6\ndid_complete 1 -1005");
    assert!(resume_data.is_none());
}

#[test]
fn a066_an_answer_that_does_not_fit_is_asked_for_once_more_and_whole() {
    let expected = "did_write_data 1 3 6\ndid_write_data 1 6 6\ndid_finish_downloading 1 \"ABCDEF\"\ndid_complete 1 ok";
    assert_eq!(after_a_suspension(&[HALF, MISFIT, NEW]).0, expected);
    assert_eq!(after_a_suspension(&[HALF, BEYOND, NEW]).0, expected);
}

#[test]
fn a066_another_answer_is_no_part_of_the_file_and_not_the_file() {
    let (told, resume_data) = after_a_suspension(&[HALF, BUSY]);
    assert_eq!(told, "did_write_data 1 3 6\ndid_complete 1 -1005");
    assert!(resume_data.is_some());
}

#[test]
fn e033_a_connection_that_is_lost_again_before_any_answer_leaves_resume_data() {
    let (told, resume_data) = after_a_suspension(&[HALF]);
    assert_eq!(told, "did_write_data 1 3 6\ndid_complete 1 -1005");
    assert!(resume_data.is_some());
}

#[test]
fn a066_the_rest_of_a_file_is_never_taken_for_the_whole() {
    // The task has used up its one new start when a range that does not fit comes.
    let (origin, gate) = hanging_up_at_half(&[HALF, BEYOND, HALF, MISFIT]);
    let downloads = Downloads::default();
    let resume_data = downloads.pause(&origin.url("/")).unwrap();
    gate.open();
    origin.wait_for_ends(1);
    let task = downloads.session.download_from(&resume_data).unwrap();
    task.resume();
    downloads.recorder.wait_for("did_write_data 2 3 6");
    task.suspend();
    gate.open();
    origin.wait_for_ends(2);
    task.resume();
    let told = downloads.end_of(&task);
    assert!(!told.contains("did_finish_downloading"), "{told}");
}

#[test]
fn a023_a_suspended_download_takes_no_bytes() {
    let (gate, stuck) = (Gate::default(), Gate::default());
    let (at_gate, at_stuck) = (gate.clone(), stuck.clone());
    const MUCH: usize = 64 << 20;
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_request();
        connection.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {MUCH}\r\n\r\nx").as_bytes());
        at_gate.pass();
        let rest = vec![b'x'; MUCH - 1];
        let sent = connection.send_until_stuck(&rest, Duration::from_millis(500));
        at_stuck.open();
        connection.send(&rest[sent..]);
        connection.wait_for_leave();
    });
    let (downloads, clock) = (Downloads::default(), Origin::http(standard::serve));
    let task = downloads.session.start_download(&origin.url("/"));
    downloads.recorder.wait_for(&format!("did_write_data 1 1 {MUCH}"));
    // Whoever wrote this has long gone back to sleep when another task has come and gone.
    assert!(downloads.download(&clock.url("/hello")).ends_with("ok"));
    task.suspend();
    gate.open();
    assert!(stuck.pass());
    assert_eq!(task.received(), 1);
    task.resume();
    assert!(downloads.end_of(&task).ends_with("did_complete 1 ok"));
    assert_eq!(downloads.recorder.downloaded(1).len(), MUCH);
}

#[test]
fn a023_a_suspended_download_has_no_timers() {
    let file = ServedFile::new(b"abcdef", "\"v1\"");
    let (origin, clock) = (file.serve(), Origin::http(standard::serve));
    let downloads = Downloads::with(Configuration::default().request_timeout(0.5).resource_timeout(1.5));
    let task = hung_up_on(&file, &origin, &downloads);
    // Another task's timers tell that both would have run out.
    for _ in 0..4 {
        let told = downloads.download(&clock.url("/hang"));
        assert!(told.ends_with("-1001 request"), "{told}");
    }
    task.resume();
    assert_eq!(downloads.end_of(&task), WHOLE);
}

#[test]
fn a022_a_download_that_is_suspended_again_and_again_comes_whole() {
    let (origin, downloads) = (Origin::http(standard::serve), Downloads::default());
    let task = downloads.session.start_download(&origin.url("/bytes/30000000"));
    while task.state() != UrlSessionTaskState::COMPLETED.0 {
        task.suspend();
        task.resume();
    }
    assert!(downloads.end_of(&task).ends_with("did_complete 1 ok"));
    assert_eq!(downloads.recorder.downloaded(1), standard::pattern(0, 30_000_000));
}
