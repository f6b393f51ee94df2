//! The temporary file of a download that goes on. Every function here may block.

use std::fs::{self, File, TryLockError};
use std::io::{self, IoSlice, Read, Seek, SeekFrom, Write};
use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use tempfile::TempPath;

use super::owner::{is_ours_alone, is_same};
use super::{DownloadedFile, directory_of, options};
use crate::error::{Code, Error};
use crate::task::checksum;

const PREFIX: &str = "urlsession-";
const SUFFIX: &str = ".download";
/// What is compared before a download goes on in a file that another process may have left.
const TAIL: u64 = 64 << 10;
/// Pieces per call to the system.
const MOST_SLICES: usize = 64;

/// Removed when it is dropped, unless it was kept.
pub(crate) struct PartialFile {
    /// Let go of before the lock is, so that nobody takes the file in between.
    path: TempPath,
    /// Locked, so that no other task goes on in it.
    file: File,
    /// Resume data that name it are out there.
    is_known: bool,
}

impl PartialFile {
    pub(crate) fn create(directory: &Path) -> Result<Self, Error> {
        let refuse = |cause: io::Error| {
            let message = "the temporary file of the download cannot be made: check that the download directory \
                           exists, may be written to and is not full";
            Error::new(Code::CANNOT_CREATE_FILE, message).because_of(Some(&cause))
        };
        let made = names().make_in(directory, |path| options().create_new(true).open(path));
        let (file, path) = made.map_err(refuse)?.into_parts();
        // Where the file system has no locks, nothing else is lost.
        let _ = file.try_lock();
        Ok(Self { path, file, is_known: false })
    }

    /// The file of a download that was paused, cut back to its offset; none where it is not as it was left.
    pub(crate) fn reopen(directory: &Path, name: &str, offset: u64, tail: u32) -> Option<Self> {
        if !is_ours(name) {
            return None;
        }
        let path = directory.join(name);
        let mut file = options().open(&path).ok()?;
        let metadata = file.metadata().ok().filter(|file| is_ours_alone(file) && file.len() >= offset)?;
        if matches!(file.try_lock(), Err(TryLockError::WouldBlock)) {
            return None;
        }
        // Whoever had the lock may have given the file another name meanwhile.
        let named = fs::symlink_metadata(&path).ok()?;
        if !is_same(&metadata, &named) || tail_of(&mut file, offset).ok()? != tail {
            return None;
        }
        file.set_len(offset).ok()?;
        file.seek(SeekFrom::Start(offset)).ok()?;
        Some(Self { path: TempPath::try_from_path(path).ok()?, file, is_known: true })
    }

    pub(crate) fn write(&mut self, pieces: &[Bytes]) -> Result<(), Error> {
        // To fill what nobody can find any more helps nobody.
        fs::symlink_metadata(&self.path).map_err(|cause| vanished(Some(&cause)))?;
        let mut slices: Vec<_> = pieces.iter().map(|piece| IoSlice::new(piece)).collect();
        let mut rest = &mut slices[..];
        while !rest.is_empty() {
            let at_once = rest.len().min(MOST_SLICES);
            match self.file.write_vectored(&rest[..at_once]) {
                Ok(0) => return Err(cannot_write(&io::ErrorKind::WriteZero.into())),
                Ok(written) => IoSlice::advance_slices(&mut rest, written),
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                Err(cause) => return Err(cannot_write(&cause)),
            }
        }
        Ok(())
    }

    /// The whole file, closed.
    pub(crate) fn finish(self) -> Result<Arc<DownloadedFile>, Error> {
        self.check()?;
        let path = if self.is_known { self.renamed()? } else { self.path };
        Ok(DownloadedFile::new(path))
    }

    /// Under a name that no resume data lead to: whoever goes on from them starts over.
    fn renamed(self) -> Result<TempPath, Error> {
        let renamed = names().make_in(directory_of(&self.path), |path| fs::rename(&self.path, path));
        renamed.map(|renamed| renamed.into_parts().1).map_err(|cause| vanished(Some(&cause)))
    }

    /// Checksum of the last bytes before `offset`, where the file goes on.
    pub(crate) fn tail(&mut self, offset: u64) -> io::Result<u32> {
        tail_of(&mut self.file, offset)
    }

    /// Leaves the file where it is, under this name.
    pub(crate) fn keep(self) -> Option<String> {
        self.check().ok()?;
        let path = self.path.keep().ok()?;
        Some(path.file_name()?.to_str()?.to_owned())
    }

    /// Whether it is still there under its name.
    fn check(&self) -> Result<(), Error> {
        let open = self.file.metadata().map_err(|cause| vanished(Some(&cause)))?;
        let named = fs::symlink_metadata(&self.path).map_err(|cause| vanished(Some(&cause)))?;
        if is_same(&open, &named) { Ok(()) } else { Err(vanished(None)) }
    }
}

fn names() -> tempfile::Builder<'static, 'static> {
    let mut names = tempfile::Builder::new();
    names.prefix(PREFIX).suffix(SUFFIX).rand_bytes(12);
    names
}

fn vanished(cause: Option<&io::Error>) -> Error {
    let message = "the temporary file of the download was taken away while it was written: keep what cleans the \
                   download directory from running programs";
    Error::new(Code::CANNOT_OPEN_FILE, message).because_of(cause)
}

/// A name that comes from resume data leads to no other file than one of ours.
fn is_ours(name: &str) -> bool {
    let chance = name.strip_prefix(PREFIX).and_then(|rest| rest.strip_suffix(SUFFIX));
    chance.is_some_and(|chance| !chance.is_empty() && chance.bytes().all(|byte| byte.is_ascii_alphanumeric()))
}

fn tail_of(file: &mut File, offset: u64) -> io::Result<u32> {
    let length = offset.min(TAIL);
    file.seek(SeekFrom::Start(offset - length))?;
    let mut bytes = Vec::new();
    file.take(length).read_to_end(&mut bytes)?;
    Ok(checksum(&bytes))
}

fn cannot_write(cause: &io::Error) -> Error {
    let message = "the download cannot be written to its temporary file: make room on the disk of the download \
                   directory, or choose another";
    Error::new(Code::CANNOT_WRITE_TO_FILE, message).because_of(Some(cause))
}
