use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Instant;

use crate::support::PATIENCE;
use crate::support::directory::Directory;
use crate::support::download::DownloadedFile;
use crate::support::downloads::Downloads;
use crate::support::handle::{Configuration, Error, Request, Session, Task};
use crate::support::origin::Origin;
use crate::support::recorder::Recorder;
use crate::support::standard;
use urlsession::*;

/// What comes of moving a downloaded file there in the slot: what is told, the status and the error of the call.
fn moved_to(target: &Path) -> (String, UrlSessionStatus, Option<Error>) {
    let origin = Origin::http(standard::serve);
    let (outcome, target) = (Arc::new(Mutex::new(None)), target.to_owned());
    let seen = outcome.clone();
    let downloads = Downloads::handing_over(move |file| *seen.lock().unwrap() = Some(file.move_to(&target)));
    let told = downloads.download(&origin.url("/hello"));
    assert!(downloads.directory.files().is_empty(), "a file was left behind");
    let (status, error) = outcome.lock().unwrap().take().unwrap();
    (told, status, error)
}

const FINISHED: &str = "did_finish_downloading 1 \"hello, world\\n\"\ndid_complete 1 ok";

#[test]
fn e030_a_file_that_is_retained_lives_until_it_is_released() {
    let origin = Origin::http(standard::serve);
    let kept: Arc<Mutex<Option<DownloadedFile>>> = Arc::default();
    let seen = kept.clone();
    let downloads = Downloads::handing_over(move |file| *seen.lock().unwrap() = Some(file.clone()));
    assert_eq!(downloads.download(&origin.url("/hello")), FINISHED);
    downloads.session.finish_tasks_and_invalidate();
    downloads.recorder.wait_for("release");
    let file = kept.lock().unwrap().take().unwrap();
    let path = file.path();
    assert_eq!(fs::read(&path).unwrap(), b"hello, world\n");
    drop(file);
    assert!(!path.exists());
}

#[test]
fn e030_a_file_that_is_retained_can_be_moved_later() {
    let origin = Origin::http(standard::serve);
    let kept: Arc<Mutex<Option<DownloadedFile>>> = Arc::default();
    let seen = kept.clone();
    let downloads = Downloads::handing_over(move |file| *seen.lock().unwrap() = Some(file.clone()));
    downloads.download(&origin.url("/hello"));
    let (file, target) = (kept.lock().unwrap().take().unwrap(), downloads.directory.at("target"));
    assert_eq!(file.move_to(&target).0, UrlSessionStatus::OK);
    assert_eq!(file.path(), target);
    drop(file);
    assert_eq!(fs::read(target).unwrap(), b"hello, world\n");
}

#[test]
fn e030_a_file_is_moved_in_the_slot() {
    let directory = Directory::default();
    let target = directory.at("target");
    let (told, status, error) = moved_to(&target);
    assert_eq!((told.as_str(), status, error.is_none()), (FINISHED, UrlSessionStatus::OK, true));
    assert_eq!(fs::read(target).unwrap(), b"hello, world\n");
}

#[test]
fn e030_a_file_takes_the_place_of_another() {
    let directory = Directory::default();
    let target = directory.file("target", b"the one before, which was longer");
    assert_eq!(moved_to(&target).1, UrlSessionStatus::OK);
    assert_eq!(fs::read(target).unwrap(), b"hello, world\n");
    assert_eq!(directory.files().len(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn e030_a_file_is_moved_to_another_file_system() {
    let Some(elsewhere) = elsewhere() else { return };
    let target = elsewhere.at("target");
    for before in [None, Some(b"the one before")] {
        if let Some(before) = before {
            fs::write(&target, before).unwrap();
        }
        assert_eq!(moved_to(&target).1, UrlSessionStatus::OK);
        assert_eq!(fs::read(&target).unwrap(), b"hello, world\n");
    }
}

/// A directory on another file system than the temporary files, where there is one.
#[cfg(target_os = "linux")]
fn elsewhere() -> Option<Directory> {
    use std::os::unix::fs::MetadataExt;

    let memory = Path::new("/dev/shm");
    let device = |path: &Path| fs::metadata(path).ok().map(|metadata| metadata.dev());
    let is_elsewhere = device(memory).is_some_and(|other| Some(other) != device(&std::env::temp_dir()));
    if !is_elsewhere {
        println!("skipped: /dev/shm is no other file system");
    }
    is_elsewhere.then(|| Directory::within(memory))
}

#[cfg(target_os = "linux")]
#[test]
fn e030_once_a_file_is_on_its_way_to_another_file_system_nothing_holds_it_up() {
    const LARGE: u64 = 64 << 20;
    let origin = Origin::http(standard::serve);
    let ask: fn(&Downloads, &Task) = |downloads, task| assert_eq!(downloads.recorder.pause(task), None);
    let cancel: fn(&Downloads, &Task) = |_, task| task.cancel();
    for end in [ask, cancel] {
        let (Some(elsewhere), downloads) = (elsewhere(), Downloads::default()) else { return };
        let target = elsewhere.at("target");
        let task = downloads.session.download(&origin.url(&format!("/bytes/{LARGE}")));
        assert_eq!(task.set_download_destination(&target), UrlSessionStatus::OK);
        task.resume();
        let start = Instant::now();
        while elsewhere.files().is_empty() {
            assert!(start.elapsed() < PATIENCE, "nothing comes to the destination");
            thread::yield_now();
        }
        end(&downloads, &task);
        let told = downloads.end_of(&task);
        assert!(told.ends_with("did_complete 1 ok"), "{told}");
        assert_eq!(fs::metadata(&target).unwrap().len(), LARGE);
        assert_eq!(elsewhere.files(), [target]);
        assert!(downloads.directory.files().is_empty());
    }
}

#[cfg(target_os = "linux")]
#[test]
fn e030_whenever_time_is_up_there_is_either_a_file_or_an_error() {
    const LENGTH: u64 = 16 << 20;
    const ROUNDS: u32 = 40;
    let (Some(elsewhere), origin) = (elsewhere(), Origin::http(standard::serve)) else { return };
    let downloads = Downloads::default();
    let run = |name: &str, seconds: f64| {
        let request = Request::new(&origin.url(&format!("/bytes/{LENGTH}"))).resource_timeout(seconds);
        let (task, target) = (downloads.session.download_for(&request), elsewhere.at(name));
        assert_eq!(task.set_download_destination(&target), UrlSessionStatus::OK);
        let told = downloads.run(&task);
        assert_eq!(target.exists(), told.ends_with(" ok"), "{told}");
        target
    };
    let start = Instant::now();
    run("whole", PATIENCE.as_secs_f64());
    let whole = start.elapsed().as_secs_f64();
    // From well before the copy to behind it.
    let seconds = |round: u32| whole * (0.5 + 0.7 * f64::from(round) / f64::from(ROUNDS));
    let there: Vec<_> =
        (0..ROUNDS).map(|round| run(&round.to_string(), seconds(round))).filter(|target| target.exists()).collect();
    downloads.session.finish_tasks_and_invalidate();
    downloads.recorder.wait_for("release");
    // Nothing came after its task had failed.
    assert_eq!(elsewhere.files().len(), there.len() + 1, "{:?}", elsewhere.files());
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn e030_a_move_that_fails_says_why_and_changes_nothing() {
    let directory = Directory::default();
    let file = directory.file("file", b"");
    let cases = [
        (directory.at("none").join("target"), libc::ENOENT),
        (file.join("target"), libc::ENOTDIR),
        (directory.path().to_owned(), libc::EISDIR),
    ];
    for (target, errno) in cases {
        let (told, status, error) = moved_to(&target);
        assert_eq!((told.as_str(), status), (FINISHED, UrlSessionStatus::FAILED), "{target:?}");
        let error = error.expect("an error");
        assert_eq!((error.domain().as_str(), error.code()), ("NSURLErrorDomain", -3005));
        let cause = error.underlying().expect("the system's own error");
        assert_eq!((cause.domain().as_str(), cause.code()), ("NSPOSIXErrorDomain", errno), "{target:?}");
    }
    assert_eq!(directory.files(), [file]);
}

#[test]
fn e030_a_move_that_failed_can_be_made_good() {
    let directory = Directory::default();
    let (nowhere, target) = (directory.at("none").join("target"), directory.at("target"));
    let (origin, to) = (Origin::http(standard::serve), target.clone());
    let statuses = Arc::new(Mutex::new(Vec::new()));
    let seen = statuses.clone();
    let downloads = Downloads::handing_over(move |file| {
        seen.lock().unwrap().extend([&nowhere, &to, &to].map(|target| file.move_to(target).0));
    });
    downloads.download(&origin.url("/hello"));
    let expected = [UrlSessionStatus::FAILED, UrlSessionStatus::OK, UrlSessionStatus::INVALID_STATE];
    assert_eq!(*statuses.lock().unwrap(), expected);
    assert_eq!(fs::read(target).unwrap(), b"hello, world\n");
}

#[test]
fn e030_a_file_that_was_taken_away_cannot_be_moved() {
    let directory = Directory::default();
    let (origin, target) = (Origin::http(standard::serve), directory.at("target"));
    let outcome = Arc::new(Mutex::new(None));
    let seen = outcome.clone();
    let downloads = Downloads::handing_over(move |file| {
        fs::remove_file(file.path()).unwrap();
        *seen.lock().unwrap() = Some(file.move_to(&target));
    });
    assert_eq!(downloads.download(&origin.url("/hello")), FINISHED);
    let (status, error) = outcome.lock().unwrap().take().unwrap();
    assert_eq!((status, error.unwrap().code()), (UrlSessionStatus::FAILED, -3005));
    assert!(directory.files().is_empty());
}

#[test]
fn e030_a_destination_is_where_the_file_goes() {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let target = directory.file("target", b"the one before");
    let path = Arc::new(Mutex::new(PathBuf::new()));
    let seen = path.clone();
    let downloads = Downloads::handing_over(move |file| *seen.lock().unwrap() = file.path());
    let task = downloads.session.download(&origin.url("/hello"));
    assert_eq!(task.set_download_destination(&target), UrlSessionStatus::OK);
    assert_eq!(downloads.run(&task), FINISHED);
    assert_eq!(*path.lock().unwrap(), target);
    assert_eq!(fs::read(&target).unwrap(), b"hello, world\n");
    assert!(downloads.directory.files().is_empty());
    assert_eq!(task.set_download_destination(&target), UrlSessionStatus::INVALID_STATE);
}

#[test]
fn e030_a_destination_needs_nobody_who_listens() {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let (recorder, target) = (Recorder::default(), directory.at("target"));
    let mut delegate = recorder.delegate();
    delegate.download_task_did_finish_downloading = None;
    let session = Session::new(&Configuration::default(), Some(&delegate));
    let task = session.download(&origin.url("/hello"));
    assert_eq!(task.set_download_destination(&target), UrlSessionStatus::OK);
    task.resume();
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(fs::read(&target).unwrap(), b"hello, world\n");
}

#[test]
fn e030_a_destination_in_no_directory_fails_the_task_at_once() {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let downloads = Downloads::default();
    let task = downloads.session.download(&origin.url("/hello"));
    assert_eq!(task.set_download_destination(&directory.at("none").join("target")), UrlSessionStatus::OK);
    assert_eq!(downloads.run(&task), "did_complete 1 -3005");
    assert!(origin.requests().is_empty());
}

#[test]
fn e030_a_destination_whose_directory_went_away_fails_the_task_in_the_end() {
    let head = "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 6\r\n\r\nabc";
    let (origin, gate) = Origin::gated(head, "def");
    let (downloads, directory) = (Downloads::default(), Directory::default());
    let task = downloads.session.download(&origin.url("/"));
    assert_eq!(task.set_download_destination(&directory.at("target")), UrlSessionStatus::OK);
    task.resume();
    downloads.recorder.wait_for("did_write_data 1 3 6");
    fs::remove_dir(directory.path()).unwrap();
    gate.open();
    assert_eq!(downloads.end_of(&task), "did_write_data 1 6 6\ndid_complete 1 -3005");
    assert_eq!(task.error().unwrap().underlying().expect("the system's own error").code(), libc::ENOENT);
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn e030_only_a_download_that_was_not_resumed_takes_a_destination() {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let downloads = Downloads::default();
    let running = downloads.session.start_download(&origin.url("/hang"));
    let data_task = downloads.session.task(&origin.url("/hello"));
    for task in [running, data_task] {
        assert_eq!(task.set_download_destination(&directory.at("target")), UrlSessionStatus::INVALID_STATE);
    }
}
