//! Files on disk: the temporary file of a download, while it is written and when it is whole.

use std::fs::{File, OpenOptions};

mod downloaded;
mod partial;

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
