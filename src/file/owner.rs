//! Whether a file is ours, and still the one of its name. In a directory of many users others may have put theirs there.

use std::fs::Metadata;

#[cfg(unix)]
use std::os::unix::fs::MetadataExt;

/// A plain file that nobody else can have written to.
#[cfg(unix)]
pub(super) fn is_ours_alone(file: &Metadata) -> bool {
    let is_private = file.mode() & 0o077 == 0 && file.nlink() == 1;
    file.is_file() && is_private && file.uid() == rustix::process::geteuid().as_raw()
}

#[cfg(not(unix))]
pub(super) fn is_ours_alone(file: &Metadata) -> bool {
    file.is_file()
}

#[cfg(unix)]
pub(super) fn is_same(open: &Metadata, named: &Metadata) -> bool {
    named.is_file() && open.dev() == named.dev() && open.ino() == named.ino()
}

#[cfg(not(unix))]
pub(super) fn is_same(open: &Metadata, named: &Metadata) -> bool {
    named.is_file() && open.len() == named.len()
}
