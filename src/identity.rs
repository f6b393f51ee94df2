//! A name for an object that no other object of this process ever gets.

use std::sync::atomic::{AtomicUsize, Ordering};

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct Identity(usize);

impl Identity {
    /// Starts above what a mistaken small number could name.
    pub(crate) fn next() -> Self {
        static NEXT: AtomicUsize = AtomicUsize::new(0x1_0000);
        Self(NEXT.fetch_add(1, Ordering::Relaxed))
    }

    pub(crate) fn number(self) -> usize {
        self.0
    }
}
