//! A download that was paused, and what it left.

use std::path::{Path, PathBuf};

use urlsession::*;

use super::downloads::Downloads;
use super::origin::Origin;
use super::served_file::{End, ServedFile};
use super::standard;

/// More than is compared before a download goes on.
pub const LENGTH: usize = 200_000;
pub const OFFSET: usize = 150_000;

/// It has all but the last bytes of a file.
pub struct Paused {
    pub served: ServedFile,
    pub origin: Origin,
    pub downloads: Downloads,
    pub resume_data: Vec<u8>,
    pub file: PathBuf,
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
        assert_eq!(file.metadata().unwrap().len(), OFFSET as u64);
        Self { served, origin, downloads, resume_data, file }
    }
}

impl Paused {
    /// Goes on after this was done to the file; the range that the origin is asked for.
    pub fn range_after(&self, change: impl FnOnce(&Path)) -> Option<String> {
        change(&self.file);
        let before = self.origin.requests().len();
        let task = self.downloads.session.download_from(&self.resume_data).unwrap();
        self.downloads.run(&task);
        let whole = standard::pattern(0, LENGTH as u64);
        assert!(self.downloads.recorder.downloaded(task.identifier()) == whole, "other bytes came");
        let requests = self.origin.requests();
        assert_eq!(requests.len(), before + 1);
        requests[before].value("range").map(str::to_owned)
    }

    pub fn discard(&self) -> UrlSessionStatus {
        self.downloads.session.discard(&self.resume_data)
    }
}
