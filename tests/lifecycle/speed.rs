use std::sync::{Arc, Mutex};

use crate::support::downloads::Downloads;
use crate::support::handle::{Configuration, Task};
use crate::support::origin::Origin;
use crate::support::paused::{LENGTH, OFFSET, Paused};
use crate::support::recorder::{Message, Recorder};
use crate::support::served_file::End;
use urlsession::*;

#[test]
fn a029_what_was_here_already_is_no_speed() {
    const MOVED: i64 = 10;
    let paused = Paused::default();
    let downloads = &paused.downloads;
    paused.served.end(End::Hold(MOVED as usize));
    let task = downloads.session.download_from(&paused.resume_data).unwrap();
    task.resume();
    downloads.recorder.wait_for(&format!("did_write_data 2 {} {LENGTH}", OFFSET as i64 + MOVED));
    let progress = task.progress_with_speed();
    assert_eq!(progress.bytes_received, OFFSET as i64 + MOVED);
    // Speed is measured over no less than a quarter of a second.
    assert!(progress.bytes_per_second <= MOVED as f64 * 4.0, "{} a second", progress.bytes_per_second);
    assert!(progress.fraction >= 0.75 && progress.seconds_left > 0.0);
    task.cancel();
    downloads.end_of(&task);
}

#[test]
fn a029_what_a_data_task_became_has_a_speed() {
    let (origin, gate) = Origin::gated("HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nabc", "def");
    let download: Arc<Mutex<Option<Task>>> = Arc::default();
    let seen = download.clone();
    let recorder = Recorder::with(move |moment| match moment.message {
        Message::DidReceiveResponse => {
            let become_download = UrlSessionResponseDisposition::BECOME_DOWNLOAD;
            url_session_response_completion_answer(moment.completion, become_download);
        }
        Message::DidBecomeDownloadTask => *seen.lock().unwrap() = Some(Task::retain(moment.download_task)),
        _ => {}
    });
    let downloads = Downloads::told_to(recorder.hearing_progress(), Configuration::default());
    downloads.session.start(&origin.url("/"));
    recorder.wait_for("did_write_data 2 3 6");
    let task = download.lock().unwrap().take().unwrap();
    assert!(task.progress_with_speed().seconds_left > 0.0);
    gate.open();
    recorder.wait_for("did_complete 2 ok");
    assert_eq!((task.progress().fraction, task.progress().seconds_left), (1.0, 0.0));
}
