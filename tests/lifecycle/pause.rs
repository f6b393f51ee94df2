use std::time::Instant;
use std::{fs, hint, thread};

use crate::support::PATIENCE;
use crate::support::downloads::Downloads;
use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Request, Session, Task};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::Recorder;
use crate::support::served_file::ServedFile;
use crate::support::standard;
use urlsession::*;

const HALF: &str = "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 6\r\n\r\nabc";
const REST: &str =
    "HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 3-5/6\r\nContent-Length: 3\r\n\r\ndef";

/// What is told of the second task of a session that goes on.
const WENT_ON: &str =
    "did_resume_at_offset 2 3 6\ndid_write_data 2 6 6\ndid_finish_downloading 2 \"abcdef\"\ndid_complete 2 ok";

#[test]
fn a064_e047_resume_data_come_once_and_before_complete() {
    let origin = Origin::in_turn(&[HALF]);
    let downloads = Downloads::default();
    let task = downloads.session.start_download(&origin.url("/"));
    downloads.recorder.wait_for("did_write_data 1 3 6");
    let resume_data = downloads.recorder.pause(&task).expect("resume data");
    downloads.session.finish_tasks_and_invalidate();
    downloads.recorder.wait_for("release");
    let expected = "did_write_data 1 3 6\nresume_data 1\ndid_complete 1 -999";
    assert_eq!(downloads.recorder.transcript_of(1), expected);
    assert_eq!(task.error().unwrap().resume_data(), Some(resume_data));
    assert_eq!(downloads.directory.files().len(), 1);
}

#[test]
fn a064_a_paused_download_goes_on_in_another_session() {
    let origin = Origin::in_turn(&[HALF, REST]);
    let downloads = Downloads::default();
    let resume_data = downloads.pause(&origin.url("/")).unwrap();
    let downloads = downloads.restarted();
    assert_eq!(downloads.go_on(&resume_data), WENT_ON.replace(" 2 ", " 1 "));
}

#[test]
fn a064_plain_cancel_leaves_nothing() {
    let origin = Origin::in_turn(&[HALF]);
    let downloads = Downloads::default();
    let task = downloads.session.start_download(&origin.url("/"));
    downloads.recorder.wait_for("did_write_data 1 3 6");
    assert_eq!(downloads.directory.files().len(), 1);
    task.cancel();
    assert_eq!(downloads.end_of(&task), "did_write_data 1 3 6\ndid_complete 1 -999");
    assert_eq!(task.error().unwrap().resume_data(), None);
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn a064_e047_what_cannot_be_paused_is_cancelled() {
    let (origin, plain) = (Origin::http(standard::serve), Origin::in_turn(&[&HALF.replace("ETag", "X-Tag")]));
    let downloads = Downloads::default();
    let (session, recorder) = (&downloads.session, downloads.recorder);

    let never_resumed = session.download(&origin.url("/bytes/10"));
    let no_head = session.start_download(&origin.url("/hang"));
    let data_task = session.start(&origin.url("/head-then-hang"));
    let no_validator = session.start_download(&plain.url("/"));
    origin.wait_for_requests(2);
    recorder.wait_for("did_receive_data 3 \"abc\"");
    recorder.wait_for("did_write_data 4 3 6");
    for task in [&never_resumed, &no_head, &data_task, &no_validator] {
        assert_eq!(recorder.pause(task), None);
        let number = task.identifier();
        let told = downloads.end_of(task);
        let expected = format!("no_resume_data {number}\ndid_complete {number} -999");
        assert!(told.ends_with(&expected), "{told}");
        assert_eq!(task.error().unwrap().resume_data(), None);
    }
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn a064_e047_a_task_that_has_ended_is_not_paused() {
    let origin = Origin::http(standard::serve);
    let downloads = Downloads::default();
    let task = downloads.session.download(&origin.url("/hello"));
    downloads.run(&task);
    assert_eq!(downloads.recorder.pause(&task), None);
    assert!(task.error().is_none());

    let cancelled = downloads.session.start_download(&origin.url("/hang"));
    cancelled.cancel();
    assert_eq!(downloads.recorder.pause(&cancelled), None);
    assert_eq!(downloads.end_of(&cancelled).matches("did_complete").count(), 1);
}

#[test]
fn a064_a_resumed_task_that_never_ran_gives_its_resume_data_back() {
    let origin = Origin::in_turn(&[HALF, REST]);
    let downloads = Downloads::default();
    let resume_data = downloads.pause(&origin.url("/")).unwrap();
    let task = downloads.session.download_from(&resume_data).unwrap();
    assert_eq!(downloads.recorder.pause(&task), Some(resume_data.clone()));
    assert_eq!(downloads.end_of(&task), "resume_data 2\ndid_complete 2 -999");
    assert_eq!(downloads.go_on(&resume_data), WENT_ON.replace(" 2 ", " 3 "));
}

/// Resume data, another session over their directory, and an origin that lets whoever goes on wait.
struct Waiting {
    downloads: Downloads,
    other: (Recorder, Session),
    resume_data: Vec<u8>,
    _origin: Origin,
}

impl Waiting {
    fn with(configuration: Configuration) -> Self {
        let origin = Origin::http(|connection: &mut Connection| {
            if connection.read_request().is_some_and(|request| request.value("range").is_none()) {
                connection.send(HALF.as_bytes());
            }
            connection.wait_for_leave();
        });
        let downloads = Downloads::default();
        let resume_data = downloads.pause(&origin.url("/")).expect("resume data");
        let recorder = Recorder::default();
        let session = recorder.session(&configuration.download_directory(downloads.directory.path()));
        Self { downloads, other: (recorder, session), resume_data, _origin: origin }
    }

    /// A task that goes on, and is told something else in one of the moments of its beginning.
    fn begin(&self, moment: u32) -> Task {
        let task = self.other.1.download_from(&self.resume_data).unwrap();
        task.resume();
        (0..moment * 20).for_each(|_| hint::spin_loop());
        task
    }

    fn end_of(&self, task: &Task) -> String {
        self.other.0.wait_for_beginning(&format!("did_complete {} ", task.identifier()))
    }
}

#[test]
fn a064_e047_resume_data_are_never_lost_to_a_task_that_is_paused_at_once() {
    let waiting = Waiting::with(Configuration::default());
    for moment in 0..300 {
        let task = waiting.begin(moment);
        assert_eq!(waiting.other.0.pause(&task).as_ref(), Some(&waiting.resume_data), "at moment {moment}");
        waiting.end_of(&task);
        assert_eq!(task.error().unwrap().resume_data().as_ref(), Some(&waiting.resume_data), "at moment {moment}");
        assert_eq!(waiting.downloads.directory.files().len(), 1, "at moment {moment}");
    }
}

#[test]
fn e033_e047_resume_data_are_never_lost_to_a_task_whose_time_is_up_at_once() {
    for round in 0..100 {
        let seconds = f64::from(round) * 5e-6 + 1e-9;
        let waiting = Waiting::with(Configuration::default().resource_timeout(seconds));
        let task = waiting.begin(0);
        assert!(waiting.end_of(&task).ends_with(" -1001 resource"), "after {seconds} s");
        assert_eq!(task.error().unwrap().resume_data().as_ref(), Some(&waiting.resume_data), "after {seconds} s");
        assert_eq!(waiting.downloads.directory.files().len(), 1, "after {seconds} s");
    }
}

#[test]
fn a064_a_resumed_task_that_is_cancelled_at_once_gives_nothing_and_leaves_nothing_half() {
    for moment in 0..300 {
        let waiting = Waiting::with(Configuration::default());
        let task = waiting.begin(moment);
        task.cancel();
        assert!(waiting.end_of(&task).ends_with(" -999"), "at moment {moment}");
        assert_eq!(task.error().unwrap().resume_data(), None, "at moment {moment}");
        // It goes with the task that had it, and stays where none had.
        let left: Vec<_> = waiting.downloads.directory.files().into_iter().map(fs::read).collect();
        assert!(left.is_empty() || matches!(&left[..], [Ok(bytes)] if bytes == b"abc"), "at moment {moment}: {left:?}");
    }
}

#[test]
fn a064_who_asks_after_a_plain_cancel_gets_nothing() {
    let origin = Origin::http(standard::serve);
    let downloads = Downloads::default();
    for _ in 0..100 {
        let task = downloads.session.start_download(&origin.url("/file/1000/half"));
        downloads.recorder.wait_for(&format!("did_write_data {} 500 1000", task.identifier()));
        task.cancel();
        assert_eq!(downloads.recorder.pause(&task), None);
        downloads.recorder.wait_for(&format!("did_complete {} -999", task.identifier()));
        assert_eq!(task.error().unwrap().resume_data(), None);
    }
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn a064_e047_completion_wins_over_pausing_too_late() {
    // The last byte is written when the slot that tells it is called.
    let answer = HALF.replace("\r\n\r\nabc", "\r\n\r\nabcdef");
    for place in ["did_write_data 1 6 6", "did_finish_downloading 1"] {
        let origin = Origin::in_turn(&[&answer]);
        let gate = Gate::default();
        let at_gate = gate.clone();
        let recorder = Recorder::with(move |moment| {
            let slot = format!("{:?}", moment.message).to_ascii_lowercase();
            if place.replace('_', "").starts_with(&slot) {
                at_gate.pass();
            }
        });
        let downloads = Downloads::told_to(recorder.hearing_progress(), Configuration::default());
        let task = downloads.session.start_download(&origin.url("/"));
        recorder.wait_for_beginning(place);
        recorder.ask_resume_data(&task);
        gate.open();
        let told = downloads.end_of(&task);
        assert!(told.contains("did_finish_downloading 1 \"abcdef\"\n"), "{told}");
        assert!(told.contains("did_complete 1 ok"), "{told}");
        recorder.wait_for("no_resume_data 1");
        assert!(downloads.directory.files().is_empty());
    }
}

#[test]
fn a064_a_download_with_a_completion_handler_can_be_paused() {
    let origin = Origin::in_turn(&[HALF, REST]);
    let downloads = Downloads::default();
    let task = downloads.recorder.download_handler_task(&downloads.session, "a", &Request::new(&origin.url("/")));
    task.resume();
    origin.wait_for_requests(1);
    // The handler takes the place of the slot that would tell that bytes are here.
    let start = Instant::now();
    while task.received() < 3 {
        assert!(start.elapsed() < PATIENCE, "no bytes came");
        thread::yield_now();
    }
    let resume_data = downloads.recorder.pause(&task).expect("resume data");
    downloads.recorder.wait_for("handler a 200 -999");
    assert_eq!(downloads.go_on(&resume_data), WENT_ON);
}

#[test]
fn a064_a_download_of_a_session_without_a_delegate_can_be_paused() {
    let (origin, recorder) = (Origin::http(standard::serve), Recorder::default());
    let session = Session::new(&Configuration::default(), None);
    let task = session.start_download(&origin.url("/hang"));
    origin.wait_for_requests(1);
    assert_eq!(recorder.pause(&task), None);
    assert_eq!(task.error().unwrap().code(), -999);
}

#[test]
fn a064_who_asks_twice_is_told_twice() {
    let origin = Origin::in_turn(&[HALF]);
    let downloads = Downloads::default();
    let task = downloads.session.start_download(&origin.url("/"));
    downloads.recorder.wait_for("did_write_data 1 3 6");
    downloads.recorder.ask_resume_data(&task);
    downloads.recorder.ask_resume_data(&task);
    task.cancel();
    let told = |lines: &[String]| lines.iter().filter(|line| line.ends_with("resume_data 1")).count() == 2;
    downloads.recorder.wait_until("two answers", told);
    assert_eq!(downloads.end_of(&task).matches("did_complete").count(), 1);
    let resume_data = task.error().unwrap().resume_data().expect("resume data");
    assert_eq!(downloads.session.download_from(&resume_data).unwrap().kind(), UrlSessionTaskKind::DOWNLOAD.0);
}

#[test]
fn a064_nobody_to_answer_to_is_refused() {
    let downloads = Downloads::default();
    let task = downloads.session.download("http://127.0.0.1/");
    let status = url_session_task_cancel_by_producing_resume_data(task.get(), None, std::ptr::null_mut());
    assert_eq!((status, task.state()), (UrlSessionStatus::NULL_ARGUMENT, UrlSessionTaskState::SUSPENDED.0));
}

#[test]
fn a064_a_suspended_download_can_be_paused() {
    let origin = Origin::in_turn(&[HALF, REST]);
    let downloads = Downloads::default();
    let task = downloads.session.start_download(&origin.url("/"));
    downloads.recorder.wait_for("did_write_data 1 3 6");
    task.suspend();
    let resume_data = downloads.recorder.pause(&task).expect("resume data");
    assert_eq!(downloads.go_on(&resume_data), WENT_ON);
}

#[test]
fn a064_a_request_of_ones_own_takes_the_place_of_the_one_in_the_resume_data() {
    let origin = Origin::in_turn(&[HALF, REST]);
    let downloads = Downloads::default();
    let resume_data = downloads.pause(&origin.url("/file?signature=old")).unwrap();
    let request = Request::new(&origin.url("/file?signature=new")).header("Authorization", "secret");
    let task = downloads.session.download_from_with(&resume_data, &request).unwrap();
    assert_eq!(downloads.run(&task), WENT_ON);
    let asked = &origin.requests()[1];
    assert_eq!((asked.target(), asked.value("authorization")), ("/file?signature=new", Some("secret")));
    assert_eq!((asked.value("range"), asked.value("if-range")), (Some("bytes=3-"), Some("\"v1\"")));
}

#[test]
fn a064_a_request_for_something_else_is_refused() {
    let (origin, other) = (Origin::in_turn(&[HALF]), Origin::in_turn(&[]));
    let downloads = Downloads::default();
    let resume_data = downloads.pause(&origin.url("/file")).unwrap();
    let secure = origin.url("/file").replace("http:", "https:");
    for url in [origin.url("/other"), other.url("/file"), secure, "no URL".to_owned()] {
        let refused = downloads.session.download_from_with(&resume_data, &Request::new(&url)).err();
        assert_eq!(refused, Some(UrlSessionStatus::INVALID_ARGUMENT), "{url}");
    }
}

#[test]
fn a064_e048_however_the_end_is_raced_for_there_is_one_answer_and_one_end() {
    let file = ServedFile::new(&standard::pattern(0, 100_000), "\"v1\"");
    let (origin, downloads) = (file.serve(), Downloads::told_to(Recorder::default(), Configuration::default()));
    let tasks: Vec<_> = (0..200).map(|_| downloads.session.start_download(&origin.url("/"))).collect();
    for task in &tasks {
        downloads.recorder.ask_resume_data(task);
    }
    downloads.session.finish_tasks_and_invalidate();
    downloads.recorder.wait_for("release");
    let mut kept = 0;
    for task in &tasks {
        let number = task.identifier();
        let told = downloads.recorder.transcript_of(number);
        assert_eq!(told.matches("did_complete").count(), 1, "{told}");
        assert_eq!(told.matches("resume_data").count(), 1, "{told}");
        let is_kept = !told.contains("no_resume_data");
        assert!(!is_kept || told.ends_with("-999"), "{told}");
        assert_eq!(task.error().is_some_and(|error| error.resume_data().is_some()), is_kept, "{told}");
        kept += usize::from(is_kept);
    }
    assert_eq!(downloads.directory.files().len(), kept);
}

#[test]
fn a064_a_plain_cancel_leaves_nothing_whenever_it_comes() {
    let file = ServedFile::new(&standard::pattern(0, 100_000), "\"v1\"");
    let (origin, downloads) = (file.serve(), Downloads::told_to(Recorder::default(), Configuration::default()));
    let tasks: Vec<_> = (0..200).map(|_| downloads.session.start_download(&origin.url("/"))).collect();
    for task in &tasks {
        task.cancel();
    }
    downloads.session.finish_tasks_and_invalidate();
    downloads.recorder.wait_for("release");
    assert!(downloads.directory.files().is_empty());
}
