//! A directory of a test's own.

use std::fs;
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Gone with everything in it when it is dropped.
pub struct Directory(PathBuf);

impl Default for Directory {
    fn default() -> Self {
        Self::within(&std::env::temp_dir())
    }
}

impl Directory {
    pub fn within(path: &Path) -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let path = path.join(format!("urlsession-test-{}-{number}", process::id()));
        fs::create_dir(&path).unwrap();
        Self(path)
    }

    pub fn path(&self) -> &Path {
        &self.0
    }

    /// The path of a file in it.
    pub fn at(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// A file with this content.
    pub fn file(&self, name: &str, content: &[u8]) -> PathBuf {
        let path = self.at(name);
        fs::write(&path, content).unwrap();
        path
    }

    /// A file that is long and takes no room.
    pub fn sparse(&self, name: &str, length: usize) -> PathBuf {
        let path = self.file(name, b"");
        resize(&path, length);
        path
    }

    /// What is in it, in order.
    pub fn files(&self) -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(&self.0).unwrap().map(|entry| entry.unwrap().path()).collect();
        files.sort();
        files
    }
}

/// Cuts a file off, or adds zeros to it.
pub fn resize(path: &Path, length: usize) {
    let file = fs::OpenOptions::new().write(true).open(path).unwrap();
    file.set_len(length as u64).unwrap();
}

impl Drop for Directory {
    fn drop(&mut self) {
        drop(fs::remove_dir_all(&self.0));
    }
}
