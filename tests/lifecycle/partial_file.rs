use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::Path;

use crate::support::downloads::Downloads;
use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Session, Task};
use crate::support::paused::{LENGTH, OFFSET, Paused};
use crate::support::recorder::{Message, Recorder};
use crate::support::served_file::{End, ServedFile};
use crate::support::standard;

/// The range that is asked for after this was done to the file.
fn range_after(change: impl FnOnce(&Path)) -> Option<String> {
    Paused::default().range_after(change)
}

fn overwrite(path: &Path, place: usize, bytes: &[u8]) {
    let mut content = fs::read(path).unwrap();
    content.splice(place..place + bytes.len(), bytes.iter().copied());
    fs::write(path, content).unwrap();
}

#[test]
fn a065_the_file_goes_on_where_it_stopped() {
    assert_eq!(range_after(|_| {}), Some(format!("bytes={OFFSET}-")));
}

#[test]
fn a065_a_file_that_is_gone_starts_over() {
    assert_eq!(range_after(|path| fs::remove_file(path).unwrap()), None);
}

#[test]
fn a065_a_shorter_file_starts_over() {
    let cut = |length| move |path: &Path| File::options().write(true).open(path).unwrap().set_len(length).unwrap();
    assert_eq!(range_after(cut(OFFSET as u64 - 1)), None);
    assert_eq!(range_after(cut(0)), None);
}

#[test]
fn a065_a_longer_file_is_cut_back() {
    // Bytes were written and not counted any more when the process was killed.
    let grow = |path: &Path| OpenOptions::new().append(true).open(path).unwrap().write_all(b"more").unwrap();
    assert_eq!(range_after(grow), Some(format!("bytes={OFFSET}-")));
}

#[test]
fn a065_an_altered_file_starts_over() {
    assert_eq!(range_after(|path| overwrite(path, OFFSET - 1, b"\xff")), None);
    assert_eq!(range_after(|path| overwrite(path, OFFSET - 60_000, b"\xff")), None);
    assert_eq!(range_after(|path| fs::write(path, vec![0; OFFSET]).unwrap()), None);
}

#[test]
fn a065_a_directory_in_its_place_is_left_alone() {
    let paused = Paused::default();
    let become_directory = |path: &Path| {
        fs::remove_file(path).unwrap();
        fs::create_dir(path).unwrap();
    };
    assert_eq!(paused.range_after(become_directory), None);
    assert!(paused.file.is_dir());
}

#[cfg(unix)]
#[test]
fn a065_a_link_in_its_place_is_not_followed() {
    let paused = Paused::default();
    let victim = paused.downloads.directory.at("victim");
    let become_link = |path: &Path| {
        fs::rename(path, &victim).unwrap();
        std::os::unix::fs::symlink(&victim, path).unwrap();
    };
    assert_eq!(paused.range_after(become_link), None);
    assert_eq!(fs::read(&victim).unwrap(), standard::pattern(0, OFFSET as u64));
}

#[cfg(unix)]
#[test]
fn a065_a_file_with_a_second_name_is_somebody_elses_too() {
    let paused = Paused::default();
    let victim = paused.downloads.directory.at("victim");
    assert_eq!(paused.range_after(|path| fs::hard_link(path, &victim).unwrap()), None);
    assert_eq!(fs::read(victim).unwrap(), standard::pattern(0, OFFSET as u64));
    // Once it is the only name again the download goes on.
    let paused = Paused::default();
    let victim = paused.downloads.directory.at("victim");
    fs::hard_link(&paused.file, &victim).unwrap();
    let expected = Some(format!("bytes={OFFSET}-"));
    assert_eq!(paused.range_after(|_| fs::remove_file(victim).unwrap()), expected);
}

#[cfg(unix)]
#[test]
fn a065_a_file_that_others_may_write_to_starts_over() {
    use std::os::unix::fs::PermissionsExt;

    for mode in [0o660, 0o620, 0o602, 0o640] {
        let paused = Paused::default();
        let open_up = |path: &Path| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(paused.range_after(open_up), None, "{mode:o}");
        assert_eq!(fs::read(&paused.file).unwrap(), standard::pattern(0, OFFSET as u64), "{mode:o}");
    }
}

#[cfg(unix)]
#[test]
fn a065_a_pipe_in_its_place_holds_nobody_up() {
    let become_pipe = |path: &Path| {
        fs::remove_file(path).unwrap();
        let path = std::ffi::CString::new(path.to_str().unwrap()).unwrap();
        // SAFETY: the path is NUL-terminated.
        assert_eq!(unsafe { libc::mkfifo(path.as_ptr(), 0o600) }, 0);
    };
    assert_eq!(range_after(become_pipe), None);
}

#[test]
fn a065_of_two_tasks_from_one_resume_data_one_goes_on() {
    let paused = Paused::default();
    let downloads = &paused.downloads;
    paused.served.end(End::Hold(10));
    let first = downloads.session.download_from(&paused.resume_data).unwrap();
    first.resume();
    downloads.recorder.wait_for_beginning("did_resume_at_offset 2");
    let told = downloads.go_on(&paused.resume_data);
    assert!(!told.contains("did_resume_at_offset"), "{told}");
    assert_eq!(downloads.recorder.downloaded(3), standard::pattern(0, LENGTH as u64));
    // The first still has its file.
    let again = downloads.recorder.pause(&first).expect("resume data");
    downloads.end_of(&first);
    downloads.go_on(&again);
    assert_eq!(downloads.recorder.downloaded(4), standard::pattern(0, LENGTH as u64));
}

#[test]
fn a065_a_whole_file_that_nobody_was_told_of_yet_is_nobody_elses() {
    let paused = Paused::default();
    let (downloads, gate) = (&paused.downloads, Gate::default());
    let at_gate = gate.clone();
    let slow = Recorder::with(move |moment| {
        if moment.message == Message::DidResumeAtOffset {
            at_gate.pass();
        }
    });
    let session = slow.session(&Configuration::default().download_directory(downloads.directory.path()));
    let first = session.download_from(&paused.resume_data).unwrap();
    first.resume();
    slow.wait_for_beginning("did_resume_at_offset");
    let told = downloads.go_on(&paused.resume_data);
    assert!(!told.contains("did_resume_at_offset"), "{told}");
    gate.open();
    slow.wait_for("did_complete 1 ok");
    let whole = standard::pattern(0, LENGTH as u64);
    assert!(slow.downloaded(1) == whole && downloads.recorder.downloaded(2) == whole);
}

/// Many tasks begin from one resume data while another that was begun is cancelled, again and again: they come whole.
fn all_come_whole(begin_another: impl Fn(&ServedFile, &Session, &[u8]) -> Option<Task>) {
    let served = ServedFile::new(b"abcdef", "\"v1\"");
    let (origin, downloads) = (served.serve(), Downloads::default());
    for _ in 0..100 {
        served.end(End::Cut(3));
        let paused = downloads.session.download(&origin.url("/"));
        downloads.run(&paused);
        let resume_data = paused.error().unwrap().resume_data().expect("resume data");
        let another = begin_another(&served, &downloads.session, &resume_data);
        if let Some(another) = &another {
            downloads.recorder.wait_for_beginning(&format!("did_resume_at_offset {} ", another.identifier()));
        }
        let tasks = [0; 16].map(|_| downloads.session.download_from(&resume_data).unwrap());
        another.inspect(Task::cancel);
        tasks.iter().for_each(|task| task.resume());
        for task in &tasks {
            let told = downloads.end_of(task);
            assert!(told.ends_with(" ok"), "{told}");
            assert_eq!(downloads.recorder.downloaded(task.identifier()), b"abcdef", "{told}");
        }
    }
    downloads.session.finish_tasks_and_invalidate();
    downloads.recorder.wait_for("release");
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn a065_all_tasks_from_one_resume_data_come_whole_whoever_is_first() {
    // The first is about to finish when the last ones look for its file.
    all_come_whole(|_, _, _| None);
}

#[test]
fn a065_a_file_that_goes_with_a_cancelled_task_is_nobody_elses_before() {
    all_come_whole(|served, session, resume_data| {
        served.end(End::Hold(1));
        let first = session.download_from(resume_data).unwrap();
        first.resume();
        Some(first)
    });
}

#[test]
fn a065_resume_data_that_were_used_up_start_over() {
    let paused = Paused::default();
    paused.downloads.go_on(&paused.resume_data);
    let told = paused.downloads.go_on(&paused.resume_data);
    assert!(!told.contains("did_resume_at_offset"), "{told}");
    assert_eq!(paused.downloads.recorder.downloaded(3), standard::pattern(0, LENGTH as u64));
}

#[cfg(unix)]
#[test]
fn a_partial_file_is_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;

    let paused = Paused::default();
    assert_eq!(fs::metadata(&paused.file).unwrap().permissions().mode() & 0o777, 0o600);
    let name = paused.file.file_name().unwrap().to_str().unwrap();
    assert!(name.starts_with("urlsession-") && name.ends_with(".download"), "{name}");
}
