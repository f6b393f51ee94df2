use std::fs;
use std::path::Path;

use crate::support::downloads::Downloads;
use crate::support::gate::Gate;
use crate::support::paused::{OFFSET, Paused};
use crate::support::served_file::End;
use crate::support::standard;
use urlsession::*;

/// Discards after this was done to the file; whether the file has gone.
fn removes_after(change: impl FnOnce(&Path)) -> bool {
    let paused = Paused::default();
    change(&paused.file);
    assert_eq!(paused.discard(), UrlSessionStatus::OK);
    fs::symlink_metadata(&paused.file).is_err()
}

#[test]
fn a064_what_is_discarded_is_gone_and_starts_over() {
    let paused = Paused::default();
    assert_eq!(paused.discard(), UrlSessionStatus::OK);
    assert!(paused.downloads.directory.files().is_empty());
    // What is not there is as good as removed.
    assert_eq!(paused.discard(), UrlSessionStatus::OK);
    assert_eq!(paused.range_after(|_| {}), None);
    assert!(paused.downloads.directory.files().is_empty());
}

#[test]
fn a064_a_longer_file_is_discarded_too() {
    // More than was counted is what a process leaves that was killed.
    assert!(removes_after(|path| fs::write(path, standard::pattern(0, OFFSET as u64 + 1)).unwrap()));
}

#[test]
fn a064_what_is_not_as_it_was_left_is_not_discarded() {
    assert!(!removes_after(|path| fs::write(path, vec![0; OFFSET]).unwrap()));
    assert!(!removes_after(|path| fs::write(path, standard::pattern(0, OFFSET as u64 - 1)).unwrap()));
    assert!(!removes_after(|path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    }));
}

#[cfg(unix)]
#[test]
fn a064_what_is_somebody_elses_is_not_discarded() {
    use std::os::unix::fs::{PermissionsExt, symlink};

    let elsewhere = Downloads::default();
    let victim = |name: &str| elsewhere.directory.at(name);
    assert!(!removes_after(|path| fs::set_permissions(path, fs::Permissions::from_mode(0o620)).unwrap()));
    assert!(!removes_after(|path| fs::hard_link(path, victim("second name")).unwrap()));
    assert!(!removes_after(|path| {
        fs::rename(path, victim("target")).unwrap();
        symlink(victim("target"), path).unwrap();
    }));
    for name in ["second name", "target"] {
        assert_eq!(fs::read(victim(name)).unwrap(), standard::pattern(0, OFFSET as u64), "{name}");
    }
}

#[test]
fn a064_what_a_task_has_is_not_discarded() {
    let paused = Paused::default();
    let (downloads, gate) = (&paused.downloads, Gate::default());
    paused.served.end(End::CutLater(10, gate.clone()));
    let task = downloads.session.download_from(&paused.resume_data).unwrap();
    task.resume();
    downloads.recorder.wait_for_beginning("did_resume_at_offset 2 ");
    assert_eq!(paused.discard(), UrlSessionStatus::OK);
    assert_eq!(downloads.directory.files(), [paused.file.as_path()]);
    // Nor does that shorten what the task has got since.
    gate.open();
    assert!(downloads.end_of(&task).ends_with("did_complete 2 -1005"));
    let again = task.error().unwrap().resume_data().expect("resume data");
    let told = downloads.go_on(&again);
    assert!(told.starts_with(&format!("did_resume_at_offset 3 {} ", OFFSET + 10)), "{told}");
}

#[test]
fn a064_discarding_looks_in_the_download_directory_of_its_session() {
    let (paused, other) = (Paused::default(), Downloads::default());
    assert_eq!(other.session.discard(&paused.resume_data), UrlSessionStatus::OK);
    assert!(paused.file.exists());
    paused.downloads.session.finish_tasks_and_invalidate();
    paused.downloads.recorder.wait_for("release");
    assert_eq!(paused.discard(), UrlSessionStatus::OK);
    assert!(!paused.file.exists());
}

#[test]
fn a067_garbage_cannot_be_discarded() {
    let paused = Paused::default();
    let cut = &paused.resume_data[..paused.resume_data.len() - 1];
    for garbage in [b"".as_slice(), b"no resume data", cut] {
        assert_eq!(paused.downloads.session.discard(garbage), UrlSessionStatus::INVALID_ARGUMENT);
    }
    let status = url_session_discard_resume_data(paused.downloads.session.get(), std::ptr::null(), 1);
    assert_eq!(status, UrlSessionStatus::NULL_ARGUMENT);
    assert!(paused.file.exists());
}
