//! What is remembered, and kept in a file where it has one: its owner's alone, and replaced as a whole.

use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use parking_lot::{Mutex, RwLock};

use crate::error::{Code, Error};
use crate::file::{directory_of, readable};

/// Changes of this time go to the file in one.
const GATHERED: Duration = Duration::from_millis(200);
/// More than all that can be remembered.
const LARGEST: u64 = 64 << 20;

/// Something that can be written down.
pub(super) trait Memory: Send + Sync + 'static {
    /// How often it has changed.
    fn changes(&self) -> u64;
    /// As the file has it.
    fn write(&self) -> Vec<u8>;
}

pub(super) struct Kept<T: Memory> {
    memory: RwLock<T>,
    /// Taken before the memory, never while that is held.
    file: Mutex<Option<KeptFile>>,
    has_file: AtomicBool,
    /// A thread is about to write the file.
    is_writing: AtomicBool,
}

impl<T: Memory> Kept<T> {
    pub(super) fn new(memory: T) -> Arc<Self> {
        Arc::new(Self {
            memory: RwLock::new(memory),
            file: Mutex::default(),
            has_file: AtomicBool::new(false),
            is_writing: AtomicBool::new(false),
        })
    }

    pub(super) fn read<R>(&self, read: impl FnOnce(&T) -> R) -> R {
        read(&self.memory.read())
    }

    pub(super) fn change<R>(self: &Arc<Self>, change: impl FnOnce(&mut T) -> R) -> R {
        let (changed, is_other) = {
            let mut memory = self.memory.write();
            let before = memory.changes();
            let changed = change(&mut memory);
            (changed, memory.changes() != before)
        };
        if is_other && self.has_file.load(Ordering::Relaxed) {
            self.write_soon();
        }
        changed
    }

    /// Keeps it in a file from here on, which is read first; none: only in memory. May block.
    pub(super) fn set_file(
        self: &Arc<Self>,
        path: Option<&Path>,
        remember: impl FnOnce(&mut T, &[u8]),
    ) -> Result<(), Error> {
        // What fails is for the next file, or for whoever flushes before.
        let _ = self.flush();
        let opened = path.map(KeptFile::open).transpose()?;
        let mut kept = self.file.lock();
        self.has_file.store(opened.is_some(), Ordering::Relaxed);
        let Some((mut file, content)) = opened else {
            *kept = None;
            return Ok(());
        };
        self.change(|memory| {
            let before = memory.changes();
            remember(memory, &content);
            // Of what only came from there it has nothing to learn.
            file.changes = (before == 0).then(|| memory.changes());
        });
        *kept = Some(file);
        drop(kept);
        self.write_soon();
        Ok(())
    }

    /// Writes what has changed, if there is a file. May block.
    pub(super) fn flush(&self) -> Result<(), Error> {
        let mut file = self.file.lock();
        let Some(file) = file.as_mut() else { return Ok(()) };
        let (changes, content) = self.read(|memory| {
            let changes = Some(memory.changes()).filter(|changes| file.changes != Some(*changes));
            (changes, changes.map(|_| memory.write()))
        });
        if let Some(content) = content {
            replace(&file.path, &content).map_err(|cause| unwritable(&cause))?;
            file.changes = changes;
        }
        Ok(())
    }

    /// On a thread of its own, which a file may keep waiting.
    fn write_soon(self: &Arc<Self>) {
        if self.is_writing.swap(true, Ordering::AcqRel) {
            return;
        }
        let kept = Arc::downgrade(self);
        let write = move || {
            thread::sleep(GATHERED);
            // Where nobody has it any more, it was written when it was let go of.
            let Some(kept) = kept.upgrade() else { return };
            kept.is_writing.store(false, Ordering::Release);
            // What fails is tried again with the next change, and told to whoever flushes.
            let _ = kept.flush();
        };
        if thread::Builder::new().name("urlsession-store".to_owned()).spawn(write).is_err() {
            self.is_writing.store(false, Ordering::Release);
        }
    }
}

impl<T: Memory> Drop for Kept<T> {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = self.flush();
    }
}

struct KeptFile {
    path: PathBuf,
    /// How many changes it has seen; none where it was never written.
    changes: Option<u64>,
}

impl KeptFile {
    /// With what is in it, which is nothing where it is not there yet.
    fn open(path: &Path) -> Result<(Self, Vec<u8>), Error> {
        // Where the program stands may change.
        let path = std::path::absolute(path).map_err(|cause| unreadable(&cause))?;
        let content = match read(&path) {
            Err(cause) if cause.kind() == io::ErrorKind::NotFound && directory_of(&path).is_dir() => Ok(Vec::new()),
            read => read.map_err(|cause| unreadable(&cause)),
        };
        let content = content?;
        make_private(&path);
        Ok((Self { path, changes: None }, content))
    }
}

/// From here on its owner's alone; where that cannot be, it is once it is replaced.
fn make_private(path: &Path) {
    #[cfg(unix)]
    if let Ok(metadata) = path.metadata() {
        let mut permissions = metadata.permissions();
        let mode = std::os::unix::fs::PermissionsExt::mode(&permissions);
        if mode & 0o077 != 0 {
            std::os::unix::fs::PermissionsExt::set_mode(&mut permissions, mode & !0o077);
            let _ = std::fs::set_permissions(path, permissions);
        }
    }
    #[cfg(not(unix))]
    let _ = path;
}

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let file = readable(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "it is no plain file"));
    }
    let mut content = Vec::new();
    match file.take(LARGEST + 1).read_to_end(&mut content)? as u64 > LARGEST {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => Ok(content),
    }
}

/// At once or not at all. A temporary file is made for its owner alone.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let mut file = tempfile::Builder::new().prefix(".urlsession-").tempfile_in(directory_of(path))?;
    file.write_all(content)?;
    file.persist(path).map(drop).map_err(|refused| refused.error)
}

fn unreadable(cause: &io::Error) -> Error {
    let message = "the file cannot be read: check its path, its directory and who may read it";
    Error::new(Code::CANNOT_OPEN_FILE, message).because_of(Some(cause))
}

fn unwritable(cause: &io::Error) -> Error {
    let message = "the file cannot be written: check that its directory exists, may be written to and is not full";
    Error::new(Code::CANNOT_WRITE_TO_FILE, message).because_of(Some(cause))
}
