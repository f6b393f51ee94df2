//! Files on disk: the temporary file of a download, while it is written and when it is whole.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

mod cached;
mod downloaded;
mod owner;
mod partial;

pub(crate) use cached::read_cached;
pub(crate) use downloaded::{DownloadedFile, Immovable};
pub(crate) use partial::PartialFile;

/// How a file of ours is opened.
fn options() -> OpenOptions {
    let mut options = File::options();
    options.read(true).write(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        // What is downloaded is the owner's alone; and a name in a directory of many users may lead elsewhere by now.
        options.mode(0o600).custom_flags(libc::O_NOFOLLOW | libc::O_NONBLOCK);
    }
    options
}

/// A file to read, opened without waiting for whoever may be at the other end of it.
pub(crate) fn readable(path: &Path) -> io::Result<File> {
    let mut options = File::options();
    options.read(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::custom_flags(&mut options, libc::O_NONBLOCK);
    options.open(path)
}

/// The directory that a path leads to a file in.
pub(crate) fn directory_of(path: &Path) -> &Path {
    path.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."))
}
