use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::support::downloads::Downloads;
use crate::support::gate::Gate;
use crate::support::handle::Configuration;
use crate::support::origin::Origin;
use crate::support::recorder::{Message, Recorder};
use crate::support::served_file::{End, ServedFile};
use crate::support::standard;

/// More than is compared before a download goes on.
const LENGTH: usize = 200_000;
const OFFSET: usize = 150_000;

/// A download that was paused with all but the last bytes of a file there.
struct Paused {
    served: ServedFile,
    origin: Origin,
    downloads: Downloads,
    resume_data: Vec<u8>,
    file: PathBuf,
}

impl Default for Paused {
    fn default() -> Self {
        let served = ServedFile::new(&standard::pattern(0, LENGTH as u64), "\"v1\"");
        let origin = served.serve();
        let downloads = Downloads::default();
        served.end(End::Cut(OFFSET));
        let task = downloads.session.download(&origin.url("/"));
        downloads.run(&task);
        let resume_data = task.error().unwrap().resume_data().expect("resume data");
        let file = downloads.directory.files().pop().expect("a partial file");
        assert_eq!(fs::metadata(&file).unwrap().len(), OFFSET as u64);
        Self { served, origin, downloads, resume_data, file }
    }
}

impl Paused {
    /// Goes on after this was done to the file; the range that the origin is asked for.
    fn range_after(&self, change: impl FnOnce(&Path)) -> Option<String> {
        change(&self.file);
        self.downloads.go_on(&self.resume_data);
        assert_eq!(self.downloads.recorder.downloaded(2), standard::pattern(0, LENGTH as u64));
        let requests = self.origin.requests();
        assert_eq!(requests.len(), 2);
        requests[1].value("range").map(str::to_owned)
    }
}

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
    assert_eq!(fs::metadata(&victim).unwrap().len(), OFFSET as u64);
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
