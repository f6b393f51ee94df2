use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use crate::support::directory::Directory;
use crate::support::downloads::Downloads;
use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::Origin;
use crate::support::recorder::{Message, Moment, Recorder};
use crate::support::standard;
use urlsession::*;

const FINISHED: &str = "did_finish_downloading 1 \"hello, world\\n\"\ndid_complete 1 ok";

#[test]
fn a063_e030_the_file_is_whole_in_the_slot_and_gone_after_it() {
    let origin = Origin::http(standard::serve);
    let path = Arc::new(Mutex::new(PathBuf::new()));
    let seen = path.clone();
    let downloads = Downloads::handing_over(move |file| *seen.lock().unwrap() = file.path());
    assert_eq!(downloads.download(&origin.url("/hello")), FINISHED);
    let path = path.lock().unwrap();
    assert_eq!(path.parent(), Some(downloads.directory.path()));
    assert!(!path.exists());
}

#[cfg(target_os = "linux")]
#[test]
fn e030_the_file_is_closed_in_the_slot() {
    let origin = Origin::http(standard::serve);
    let open = Arc::new(Mutex::new(Vec::new()));
    let seen = open.clone();
    let downloads = Downloads::handing_over(move |file| {
        let descriptors =
            fs::read_dir("/proc/self/fd").unwrap().filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
        seen.lock().unwrap().extend(descriptors.filter(|open| *open == file.path()));
    });
    assert_eq!(downloads.download(&origin.url("/hello")), FINISHED);
    assert!(open.lock().unwrap().is_empty());
}

#[test]
fn a063_the_file_waits_for_a_slow_slot() {
    let origin = Origin::http(standard::serve);
    let gate = Gate::default();
    let at_gate = gate.clone();
    // The message waits for its turn behind another that takes its time.
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidReceiveResponse {
            at_gate.pass();
        }
    });
    let downloads = Downloads::told_to(recorder, Configuration::default());
    downloads.session.start(&origin.url("/hello"));
    recorder.wait_for("did_receive_response 1 200");
    let task = downloads.session.start_download(&origin.url("/hello"));
    origin.wait_for_requests(2);
    let other = Downloads::default();
    other.download(&origin.url("/hello"));
    gate.open();
    assert_eq!(downloads.end_of(&task), FINISHED.replace(" 1 ", " 2 "));
}

#[test]
fn a036_a_completion_handler_gets_the_file() {
    let origin = Origin::http(standard::serve);
    let path = Arc::new(Mutex::new(PathBuf::new()));
    let seen = path.clone();
    let downloads = Downloads::handing_over(move |file| *seen.lock().unwrap() = file.path());
    let (recorder, request) = (downloads.recorder, Request::new(&origin.url("/hello")));
    recorder.download_handler_task(&downloads.session, "a", &request).resume();
    downloads.session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    let expected = "did_create_task 1\nhandler a 200 \"hello, world\\n\"\ndid_become_invalid\nrelease";
    assert_eq!(recorder.transcript(), expected);
    assert!(!path.lock().unwrap().exists());
}

#[test]
fn a036_a_completion_handler_moves_the_file() {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let target = directory.at("target");
    let to = target.clone();
    let downloads = Downloads::handing_over(move |file| assert_eq!(file.move_to(&to).0, UrlSessionStatus::OK));
    let request = Request::new(&origin.url("/hello"));
    let task = downloads.recorder.download_handler_task(&downloads.session, "a", &request);
    task.resume();
    downloads.session.finish_tasks_and_invalidate();
    downloads.recorder.wait_for("release");
    assert_eq!(fs::read(target).unwrap(), b"hello, world\n");
}

#[test]
fn a037_c062_what_a_completion_handler_of_a_download_gets() {
    let origin = Origin::http(standard::serve);
    let downloads = Downloads::default();
    let cases = [
        ("an error page", "/status/404", "404 \"status 404\\n\""),
        ("no body", "/status/204", "204 \"\""),
        ("an empty body", "/bytes/0", "200 \"\""),
        ("half a body", "/cut", "200 -1005"),
        ("no answer", "/garbage", "- -1011"),
    ];
    for (label, path, expected) in cases {
        let request = Request::new(&origin.url(path));
        downloads.recorder.download_handler_task(&downloads.session, label, &request).resume();
        let line = downloads.recorder.wait_for_beginning(&format!("handler {label} "));
        assert_eq!(line, format!("handler {label} {expected}"));
    }
    let request = Request::new(&origin.url("/hello"));
    downloads.recorder.download_handler_task(&downloads.session, "cancelled", &request).cancel();
    downloads.recorder.wait_for("handler cancelled - -999");
    downloads.session.finish_tasks_and_invalidate();
    downloads.recorder.wait_for("release");
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn e034_an_error_page_is_a_file() {
    let (origin, downloads) = (Origin::http(standard::serve), Downloads::default());
    for (number, status) in (1..).zip([400, 404, 416, 500]) {
        let task = downloads.session.download(&origin.url(&format!("/status/{status}")));
        let told = downloads.run(&task);
        let expected = format!("did_finish_downloading {number} \"status {status}\\n\"\ndid_complete {number} ok");
        assert!(told.ends_with(&expected), "{told}");
        assert_eq!(task.response().unwrap().status_code(), status);
    }
}

#[test]
fn e034_an_error_page_is_a_failure_where_success_is_required() {
    let origin = Origin::http(standard::serve);
    let downloads = Downloads::with(Configuration::default().downloads_require_success());
    for (number, status) in (1..).zip([200, 201, 204, 206, 299, 304, 300, 400, 404, 416, 500]) {
        let task = downloads.session.download(&origin.url(&format!("/status/{status}")));
        let told = downloads.run(&task);
        if status < 300 || status == 304 {
            assert!(told.ends_with(&format!("did_complete {number} ok")), "{status}:\n{told}");
        } else {
            assert_eq!(told, format!("did_complete {number} -1011"), "{status}");
            assert_eq!(task.response().unwrap().status_code(), status);
            assert_eq!(task.error().unwrap().resume_data(), None);
        }
    }
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn e034_where_success_is_required_it_is_of_downloads_only() {
    let origin = Origin::http(standard::serve);
    let downloads = Downloads::with(Configuration::default().downloads_require_success());
    let told = downloads.run(&downloads.session.task(&origin.url("/status/404")));
    assert!(told.ends_with("did_complete 1 ok"), "{told}");
}

#[test]
fn a063_a_failed_download_finishes_no_file() {
    let (origin, downloads) = (Origin::http(standard::serve), Downloads::default());
    for path in ["/cut", "/garbage"] {
        let told = downloads.download(&origin.url(path));
        assert!(!told.contains("did_finish_downloading"), "{told}");
    }
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn a063_cancel_in_the_slot_comes_too_late() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::with(|moment: &Moment| {
        if moment.message == Message::DidFinishDownloading {
            assert_eq!(url_session_task_cancel(moment.task), UrlSessionStatus::OK);
        }
    });
    let downloads = Downloads::told_to(recorder, Configuration::default());
    let task = downloads.session.download(&origin.url("/hello"));
    assert_eq!(downloads.run(&task), FINISHED);
}

#[test]
fn a063_without_the_slot_the_file_goes() {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let recorder = Recorder::default();
    let mut delegate = recorder.delegate();
    delegate.download_task_did_finish_downloading = None;
    let configuration = Configuration::default().download_directory(directory.path());
    let session = Session::new(&configuration, Some(&delegate));
    session.start_download(&origin.url("/hello"));
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    assert_eq!(recorder.transcript_of(1), "did_complete 1 ok");
    assert!(directory.files().is_empty());
}

#[test]
fn a_download_directory_that_is_none_fails_the_task() {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let file = directory.file("file", b"");
    for (path, errno) in [(directory.at("none"), libc::ENOENT), (file, libc::ENOTDIR)] {
        let recorder = Recorder::default();
        let session = recorder.session(&Configuration::default().download_directory(&path));
        let task = session.start_download(&origin.url("/hello"));
        recorder.wait_for("did_complete 1 -3000");
        let cause = task.error().unwrap().underlying().expect("the system's own error");
        assert_eq!((cause.domain().as_str(), cause.code()), ("NSPOSIXErrorDomain", errno), "{path:?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_download_directory_that_takes_no_files_fails_the_task() {
    // Not even the superuser's.
    let (origin, recorder) = (Origin::http(standard::serve), Recorder::default());
    let session = recorder.session(&Configuration::default().download_directory(Path::new("/proc")));
    let task = session.start_download(&origin.url("/hello"));
    recorder.wait_for("did_complete 1 -3000");
    assert_eq!(task.error().unwrap().underlying().expect("the system's own error").domain(), "NSPOSIXErrorDomain");
}

#[test]
fn a_file_that_vanished_fails_the_task() {
    let (origin, gate) = Origin::gated("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", "def");
    let downloads = Downloads::default();
    let task = downloads.session.start_download(&origin.url("/"));
    downloads.recorder.wait_for("did_write_data 1 3 6");
    fs::remove_file(&downloads.directory.files()[0]).unwrap();
    gate.open();
    assert_eq!(downloads.end_of(&task), "did_write_data 1 3 6\ndid_complete 1 -3001");
}

#[test]
fn a_file_that_vanished_cannot_be_paused() {
    let origin = Origin::in_turn(&["HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 6\r\n\r\nabc"]);
    let downloads = Downloads::default();
    let task = downloads.session.start_download(&origin.url("/"));
    downloads.recorder.wait_for("did_write_data 1 3 6");
    fs::remove_file(&downloads.directory.files()[0]).unwrap();
    assert_eq!(downloads.recorder.pause(&task), None);
    assert!(downloads.end_of(&task).ends_with("did_complete 1 -999"));
}

#[test]
fn a_download_directory_is_the_systems_unless_another_is_given() {
    let origin = Origin::http(standard::serve);
    let path = Arc::new(Mutex::new(PathBuf::new()));
    let seen = path.clone();
    let downloads = Downloads::handing_over(move |file| *seen.lock().unwrap() = file.path());
    let session = downloads.recorder.session(&Configuration::default());
    session.start_download(&origin.url("/hello"));
    downloads.recorder.wait_for("did_complete 1 ok");
    assert_eq!(path.lock().unwrap().parent(), Some(std::env::temp_dir().as_path()));

    let configuration = Configuration::default();
    let directory = || crate::support::handle::text(url_session_configuration_download_directory(configuration.get()));
    assert_eq!(directory(), None);
    let configured = Configuration::retain(configuration.get()).download_directory(Path::new("/some/where"));
    assert_eq!(directory().as_deref(), Some("/some/where"));
    configured.set(|c| url_session_configuration_set_download_directory(c, std::ptr::null()));
    assert_eq!(directory(), None);
}
