use std::ffi::c_char;
use std::path::Path;
use std::ptr;

use super::convert::{boundary, checked, text, write_if_wanted};
use super::handle::{self, Handle, borrow};
use super::{UrlSessionError, UrlSessionStatus};
use crate::file::{DownloadedFile, Immovable};
use crate::identity::Identity;

/// A whole download, closed, in its temporary file. The file is removed with the last reference: when the slot that
/// lends it has returned, or when you give back one of your own. Unless it was moved. Any thread, any time.
pub struct UrlSessionDownloadedFile(());

impl Handle for DownloadedFile {
    type C = UrlSessionDownloadedFile;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// Takes one more reference, which keeps the file; gives back `file`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_downloaded_file_retain(
    file: *mut UrlSessionDownloadedFile,
) -> *mut UrlSessionDownloadedFile {
    boundary(|| Ok(handle::retain::<DownloadedFile>(file)))
}

/// Gives one reference back; NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_downloaded_file_release(file: *mut UrlSessionDownloadedFile) {
    boundary(|| Ok(handle::release::<DownloadedFile>(file)))
}

/// Where the file is, also after it was moved. Lent as long as you hold `file`, or the slot runs. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_downloaded_file_path(file: *const UrlSessionDownloadedFile) -> *const c_char {
    boundary(|| Ok(borrow::<DownloadedFile>(file)?.path().as_ptr()))
}

/// Moves the file to `path`, in place of what may be there: at once, or not at all. A relative path counts from the
/// working directory. To another file system it is copied beside the target first, so this may take its time, and the
/// session's other messages wait meanwhile; nothing is synced to the disk. From then on the file is yours, readable by
/// its owner alone. FAILED: it stays where it is, and `*error`, which may be NULL, says why (CANNOT_MOVE_FILE, and
/// below it the system's); one reference is yours. INVALID_STATE: it was moved before, or went to the task's
/// destination.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_downloaded_file_move_to(
    file: *mut UrlSessionDownloadedFile,
    path: *const c_char,
    error: *mut *mut UrlSessionError,
) -> UrlSessionStatus {
    write_if_wanted(error, ptr::null_mut);
    checked(|| match borrow::<DownloadedFile>(file)?.move_to(Path::new(text(path)?)) {
        Ok(()) => Ok(()),
        Err(Immovable::Moved) => Err(UrlSessionStatus::INVALID_STATE),
        Err(Immovable::Failed(why)) => {
            write_if_wanted(error, || handle::give(why.into()));
            Err(UrlSessionStatus::FAILED)
        }
    })
}
