//! The file that a storage keeps its cookies in: its owner's alone, and replaced as a whole.

use std::fs;
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use crate::error::{Code, Error};
use crate::file::{directory_of, readable};

/// More than all that a storage can hold.
const LARGEST: u64 = 32 << 20;

pub(super) struct CookieFile {
    path: PathBuf,
    /// How many changes it has seen.
    changes: u64,
}

impl CookieFile {
    /// With what is in it, which is nothing where it is not there yet.
    pub(super) fn open(path: &Path) -> Result<(Self, Vec<u8>), Error> {
        // Where the program stands may change.
        let path = std::path::absolute(path).map_err(|cause| unreadable(&cause))?;
        let content = match read(&path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => directory(&path).map(|()| Vec::new()),
            read => read,
        };
        let content = content.map_err(|cause| unreadable(&cause))?;
        Ok((Self { path, changes: 0 }, content))
    }

    pub(super) fn has_seen(&mut self, changes: u64) {
        self.changes = changes;
    }

    /// Has the content of so many changes, unless it has it already.
    pub(super) fn keep(&mut self, changes: u64, content: impl FnOnce() -> Vec<u8>) -> Result<(), Error> {
        if self.changes != changes {
            replace(&self.path, &content()).map_err(|cause| {
                let message =
                    "the cookie file cannot be written: check that its directory exists and may be written to";
                Error::new(Code::CANNOT_WRITE_TO_FILE, message).because_of(Some(&cause))
            })?;
            self.changes = changes;
        }
        Ok(())
    }
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = readable(path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() || metadata.len() > LARGEST {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file, or larger than 32 MiB"));
    }
    let mut content = Vec::new();
    file.take(LARGEST).read_to_end(&mut content)?;
    Ok(content)
}

/// A file can only come to be in a directory that is there.
fn directory(path: &Path) -> io::Result<()> {
    let is_directory = fs::metadata(directory_of(path))?.is_dir();
    if is_directory { Ok(()) } else { Err(io::ErrorKind::NotADirectory.into()) }
}

/// At once or not at all. A temporary file is made for its owner alone.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".urlsession-cookies-").tempfile_in(directory_of(path))?;
    file.write_all(content)?;
    file.persist(path).map(drop).map_err(|refused| refused.error)
}

fn unreadable(cause: &io::Error) -> Error {
    let message = "the cookie file cannot be read: check its path, its directory and who may read it";
    Error::new(Code::CANNOT_OPEN_FILE, message).because_of(Some(cause))
}
