use std::io::Write;
use std::sync::{Arc, Mutex};
use std::{hint, thread};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::downloads::Downloads;
use crate::support::handle::{Configuration, Request, Session, Task};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::{Answer, Message, Recorder};
use crate::support::served_file::{End, ServedFile};
use crate::support::standard;
use urlsession::*;

const WHOLE: &str = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabcdef";
const BECAME: &str = "did_receive_response 1 200\ndid_become_download_task 1 2";

/// Downloads whose data tasks become such at the response gate.
fn becoming() -> Downloads {
    Downloads::told_to(Recorder::answering(Answer::BecomeDownload).hearing_progress(), Configuration::default())
}

/// The same, and where the download tasks that data tasks became are to be found.
fn becoming_known() -> (Downloads, Arc<Mutex<Vec<Task>>>) {
    let tasks: Arc<Mutex<Vec<Task>>> = Arc::default();
    let seen = tasks.clone();
    let recorder = Recorder::with(move |moment| match moment.message {
        Message::DidReceiveResponse => {
            let become_download = UrlSessionResponseDisposition::BECOME_DOWNLOAD;
            url_session_response_completion_answer(moment.completion, become_download);
        }
        Message::DidBecomeDownloadTask => seen.lock().unwrap().push(Task::retain(moment.download_task)),
        _ => {}
    });
    (Downloads::told_to(recorder.hearing_progress(), Configuration::default()), tasks)
}

/// What is told of the download task that the first data task became, to its end.
fn told_of_download(downloads: &Downloads) -> String {
    downloads.recorder.wait_for_beginning("did_complete 2 ");
    downloads.recorder.lines_of(2).join("\n")
}

#[test]
fn a059_e027_bytes_that_were_read_are_in_the_file() {
    let origin = Origin::in_turn(&[WHOLE]);
    let downloads = becoming();
    downloads.session.start(&origin.url("/"));
    let expected = "did_write_data 2 6 6\ndid_finish_downloading 2 \"abcdef\"\ndid_complete 2 ok";
    assert_eq!(told_of_download(&downloads), expected);
    downloads.session.finish_tasks_and_invalidate();
    downloads.recorder.wait_for("release");
    assert_eq!(downloads.recorder.transcript_of(1), BECAME);
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn e027_no_task_is_told_to_be_made() {
    let origin = Origin::in_turn(&[WHOLE]);
    let downloads = becoming();
    downloads.session.start(&origin.url("/"));
    told_of_download(&downloads);
    assert!(!downloads.recorder.lines().contains(&"did_create_task 2".to_owned()));
}

#[test]
fn a059_bytes_come_before_and_after_a_late_answer() {
    let (origin, gate) = Origin::gated("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", "def");
    let recorder = Recorder::answering(Answer::Later).hearing_progress();
    let downloads = Downloads::told_to(recorder, Configuration::default());
    downloads.session.start(&origin.url("/"));
    let question = recorder.question();
    let become_download = UrlSessionResponseDisposition::BECOME_DOWNLOAD;
    let status = url_session_response_completion_answer(question.get(), become_download);
    assert_eq!(status, UrlSessionStatus::OK);
    recorder.wait_for("did_write_data 2 3 6");
    gate.open();
    let expected = "did_write_data 2 6 6\ndid_finish_downloading 2 \"abcdef\"\ndid_complete 2 ok";
    assert_eq!(told_of_download(&downloads), expected);
    assert_eq!(recorder.transcript_of(1), BECAME);
}

#[test]
fn a059_large_bodies_come_whole() {
    let origin = Origin::http(standard::serve);
    for path in ["/bytes/3000000", "/chunked/3000000", "/close/3000000", "/bytes/0"] {
        let downloads = becoming();
        downloads.session.start(&origin.url(path));
        assert!(told_of_download(&downloads).ends_with("did_complete 2 ok"), "{path}");
        let length = path.rsplit('/').next().unwrap().parse().unwrap();
        assert_eq!(downloads.recorder.downloaded(2), standard::pattern(0, length), "{path}");
    }
}

#[test]
fn a059_a_compressed_body_is_decoded_into_the_file() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(b"hello, gzip\n").unwrap();
    let body = encoder.finish().unwrap();
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
    let answer = [head.into_bytes(), body].concat();
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_request();
        connection.send(&answer);
        connection.wait_for_leave();
    });
    let downloads = becoming();
    downloads.session.start(&origin.url("/"));
    // A sum of decoded bytes has no total to be compared with.
    let expected = "did_write_data 2 12 -1\ndid_finish_downloading 2 \"hello, gzip\\n\"\ndid_complete 2 ok";
    assert_eq!(told_of_download(&downloads), expected);
}

#[test]
fn e027_the_new_task_has_an_identifier_a_request_and_a_response() {
    let (origin, gate) = Origin::gated("HTTP/1.1 200 OK\r\nContent-Length: 6\r\nX: y\r\n\r\nabc", "def");
    let (downloads, tasks) = becoming_known();
    let old = downloads.session.task_for(&Request::new(&origin.url("/redirected")).header("X-Own", "mine"));
    old.resume();
    downloads.recorder.wait_for("did_write_data 2 3 6");
    let new = tasks.lock().unwrap()[0].clone();
    assert_eq!((old.identifier(), new.identifier()), (1, 2));
    assert_eq!((old.kind(), new.kind()), (UrlSessionTaskKind::DATA.0, UrlSessionTaskKind::DOWNLOAD.0));
    assert_eq!((old.state(), new.state()), (UrlSessionTaskState::COMPLETED.0, UrlSessionTaskState::RUNNING.0));
    for task in [&old, &new] {
        assert_eq!(task.original_request().url(), origin.url("/redirected"));
        assert_eq!(task.current_request().value("X-Own").as_deref(), Some("mine"));
        assert_eq!(task.response().unwrap().value("X").as_deref(), Some("y"));
        assert!(task.error().is_none());
    }
    assert_eq!((new.received(), new.expected_to_receive()), (3, 6));
    assert_eq!(downloads.session.download(&origin.url("/")).identifier(), 3);
    gate.open();
    assert!(told_of_download(&downloads).ends_with("did_complete 2 ok"));
}

#[test]
fn a059_the_new_task_is_cancelled_and_the_old_one_is_not() {
    let origin = Origin::in_turn(&["HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc"]);
    let (downloads, tasks) = becoming_known();
    let old = downloads.session.start(&origin.url("/"));
    downloads.recorder.wait_for("did_write_data 2 3 6");
    old.cancel();
    old.suspend();
    assert_eq!(tasks.lock().unwrap()[0].state(), UrlSessionTaskState::RUNNING.0);
    tasks.lock().unwrap()[0].cancel();
    assert_eq!(told_of_download(&downloads), "did_write_data 2 3 6\ndid_complete 2 -999");
    downloads.session.finish_tasks_and_invalidate();
    downloads.recorder.wait_for("release");
    assert_eq!(downloads.recorder.transcript_of(1), BECAME);
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn a059_cancelled_before_the_answer_it_becomes_nothing() {
    let origin = Origin::in_turn(&[WHOLE]);
    let recorder = Recorder::answering(Answer::Later);
    let downloads = Downloads::told_to(recorder, Configuration::default());
    let task = downloads.session.start(&origin.url("/"));
    let question = recorder.question();
    task.cancel();
    url_session_response_completion_answer(question.get(), UrlSessionResponseDisposition::BECOME_DOWNLOAD);
    downloads.session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    assert_eq!(recorder.transcript_of(1), "did_receive_response 1 200\ndid_complete 1 -999");
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn a059_what_a_data_task_became_can_be_paused() {
    let file = ServedFile::new(b"abcdef", "\"v1\"");
    let origin = file.serve();
    let (downloads, tasks) = becoming_known();
    file.end(End::Hold(3));
    downloads.session.start(&origin.url("/"));
    downloads.recorder.wait_for("did_write_data 2 3 6");
    let task = tasks.lock().unwrap()[0].clone();
    let resume_data = downloads.recorder.pause(&task).expect("resume data");
    let told = downloads.go_on(&resume_data);
    assert!(told.starts_with("did_resume_at_offset 3 3 6"), "{told}");
    assert_eq!(downloads.recorder.downloaded(3), b"abcdef");
}

#[test]
fn a059_a064_whoever_pauses_a_data_task_as_it_becomes_a_download_is_told_once() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::answering(Answer::Later);
    let downloads = Downloads::told_to(recorder, Configuration::default());
    let tasks: Vec<_> = (0..200)
        .map(|moment| {
            let task = downloads.session.start(&origin.url("/hello"));
            let question = recorder.question();
            thread::scope(|threads| {
                threads.spawn(|| {
                    let become_download = UrlSessionResponseDisposition::BECOME_DOWNLOAD;
                    url_session_response_completion_answer(question.get(), become_download);
                });
                threads.spawn(|| {
                    (0..moment * 20).for_each(|_| hint::spin_loop());
                    recorder.ask_resume_data(&task);
                });
            });
            task
        })
        .collect();
    downloads.session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    for task in tasks {
        let told = recorder.transcript_of(task.identifier());
        assert_eq!(told.matches("no_resume_data").count(), 1, "{told}");
        let ends = ["did_become_download_task", "did_complete"].map(|end| told.matches(end).count());
        assert!(matches!(ends, [1, 0] | [0, 1]), "{told}");
    }
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn e033_what_a_data_task_became_carries_resume_data_when_it_breaks() {
    let file = ServedFile::new(b"abcdef", "\"v1\"");
    let origin = file.serve();
    let (downloads, tasks) = becoming_known();
    file.end(End::Cut(3));
    downloads.session.start(&origin.url("/"));
    assert!(told_of_download(&downloads).ends_with("did_complete 2 -1005"));
    let resume_data = tasks.lock().unwrap()[0].error().unwrap().resume_data().expect("resume data");
    downloads.go_on(&resume_data);
    assert_eq!(downloads.recorder.downloaded(3), b"abcdef");
}

#[test]
fn a059_invalidation_waits_for_the_new_task() {
    let (origin, gate) = Origin::gated("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", "def");
    let downloads = becoming();
    downloads.session.start(&origin.url("/"));
    downloads.recorder.wait_for("did_write_data 2 3 6");
    downloads.session.finish_tasks_and_invalidate();
    gate.open();
    downloads.recorder.wait_for("release");
    let lines = downloads.recorder.lines();
    assert_eq!(lines[lines.len() - 3..], ["did_complete 2 ok", "did_become_invalid", "release"], "{lines:#?}");
}

#[test]
fn a059_an_invalidated_session_still_lets_a_data_task_become_a_download() {
    let origin = Origin::in_turn(&[WHOLE]);
    let recorder = Recorder::answering(Answer::Later);
    let downloads = Downloads::told_to(recorder, Configuration::default());
    downloads.session.start(&origin.url("/"));
    let question = recorder.question();
    downloads.session.finish_tasks_and_invalidate();
    url_session_response_completion_answer(question.get(), UrlSessionResponseDisposition::BECOME_DOWNLOAD);
    recorder.wait_for("release");
    assert_eq!(recorder.lines_of(2), ["did_finish_downloading 2 \"abcdef\"", "did_complete 2 ok"]);
}

#[test]
fn a059_invalidate_and_cancel_cancels_the_new_task() {
    let origin = Origin::in_turn(&["HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 6\r\n\r\nabc"]);
    let downloads = becoming();
    downloads.session.start(&origin.url("/"));
    downloads.recorder.wait_for("did_write_data 2 3 6");
    downloads.session.invalidate_and_cancel();
    downloads.recorder.wait_for("release");
    assert_eq!(downloads.recorder.lines_of(2).last().unwrap(), "did_complete 2 -999");
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn a059_a034_the_new_task_is_listed_and_the_old_one_is_not() {
    let (origin, gate) = Origin::gated("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", "def");
    let downloads = becoming();
    downloads.session.start(&origin.url("/"));
    downloads.recorder.wait_for("did_write_data 2 3 6");
    downloads.recorder.list_tasks(&downloads.session);
    assert_eq!(downloads.recorder.wait_for_beginning("all_tasks"), "all_tasks 2");
    gate.open();
    assert!(told_of_download(&downloads).ends_with("did_complete 2 ok"));
}

#[test]
fn a059_the_new_task_is_suspended_in_the_slot_that_gives_it() {
    let (origin, gate) = Origin::gated("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", "def");
    let clock = Origin::http(standard::serve);
    let suspending = Recorder::with(move |moment| match moment.message {
        Message::DidReceiveResponse => {
            let become_download = UrlSessionResponseDisposition::BECOME_DOWNLOAD;
            url_session_response_completion_answer(moment.completion, become_download);
        }
        Message::DidBecomeDownloadTask => {
            assert_eq!(url_session_task_suspend(moment.download_task), UrlSessionStatus::OK);
            gate.open();
        }
        _ => {}
    });
    let session = suspending.session(&Configuration::default());
    session.start(&origin.url("/"));
    suspending.wait_for("did_become_download_task 1 2");
    // A whole download in the same session is time enough for whatever was to happen.
    let other = session.start_download(&clock.url("/hello"));
    suspending.wait_for(&format!("did_complete {} ok", other.identifier()));
    assert!(suspending.lines_of(2).is_empty());
    session.invalidate_and_cancel();
    suspending.wait_for("did_complete 2 -999");
}

#[test]
fn a059_the_tasks_own_delegate_hears_of_the_new_task() {
    let origin = Origin::in_turn(&[WHOLE]);
    let (of_session, of_task) = (Recorder::default(), Recorder::answering(Answer::BecomeDownload));
    let downloads = Downloads::told_to(of_session, Configuration::default());
    let task = downloads.session.task(&origin.url("/"));
    assert_eq!(url_session_task_set_delegate(task.get(), &of_task.delegate()), UrlSessionStatus::OK);
    task.resume();
    of_task.wait_for("release");
    let finished = "did_finish_downloading 2 \"abcdef\"\ndid_complete 2 ok\nrelease";
    assert_eq!(of_task.transcript(), format!("{BECAME}\n{finished}"));
    assert_eq!(of_session.transcript(), "did_create_task 1");
}

#[test]
fn a059_nobody_needs_to_hold_the_tasks() {
    let (origin, gate) = Origin::gated("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", "def");
    let recorder = Recorder::answering(Answer::BecomeDownload).hearing_progress();
    let session: Session = recorder.session(&Configuration::default());
    session.start(&origin.url("/"));
    recorder.wait_for("did_write_data 2 3 6");
    drop(session);
    gate.open();
    recorder.wait_for("release");
    assert_eq!(recorder.lines_of(2).last().unwrap(), "did_complete 2 ok");
}

#[test]
fn a059_without_the_slots_of_a_download_it_runs_to_its_end() {
    let origin = Origin::in_turn(&[WHOLE]);
    let recorder = Recorder::answering(Answer::BecomeDownload);
    let downloads = Downloads::default();
    let mut delegate = recorder.delegate();
    delegate.data_task_did_become_download_task = None;
    delegate.download_task_did_finish_downloading = None;
    let configuration = Configuration::default().download_directory(downloads.directory.path());
    Session::new(&configuration, Some(&delegate)).start(&origin.url("/"));
    recorder.wait_for("release");
    let expected = "did_create_task 1\ndid_receive_response 1 200\ndid_complete 2 ok\ndid_become_invalid\nrelease";
    assert_eq!(recorder.transcript(), expected);
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn a059_an_upload_becomes_a_download_too() {
    let origin = Origin::http(standard::serve);
    let downloads = becoming();
    let request = Request::new(&origin.url("/echo")).method("POST");
    downloads.session.upload_bytes(&request, b"what was sent").resume();
    downloads.recorder.wait_for("did_complete 2 ok");
    assert_eq!(downloads.recorder.downloaded(2), b"what was sent");
    assert!(downloads.recorder.lines_of(1).contains(&"did_become_download_task 1 2".to_owned()));
}
