//! How often an application is told how far a transfer is: ten times a second, and at its end.

use std::sync::OnceLock;
use std::time::{Duration, Instant};

use parking_lot::Mutex;

const INTERVAL: Duration = Duration::from_millis(100);

/// Of a task.
#[derive(Default)]
pub(crate) struct Paces {
    pub(crate) sending: Mutex<Pace>,
    pub(crate) writing: Mutex<Pace>,
    pub(crate) updating: Mutex<Pace>,
    /// Whether anybody is told how far the task is, which does not change while it runs.
    pub(crate) tells_progress: OnceLock<bool>,
}

#[derive(Default)]
pub(crate) struct Pace {
    told: Option<Instant>,
    untold: i64,
}

impl Pace {
    /// What is to be told now that so many more bytes moved.
    pub(crate) fn add(&mut self, bytes: usize) -> Option<i64> {
        self.untold += i64::try_from(bytes).unwrap_or(i64::MAX);
        let now = Instant::now();
        if self.told.is_some_and(|told| now.duration_since(told) < INTERVAL) {
            return None;
        }
        self.told = Some(now);
        Some(std::mem::take(&mut self.untold))
    }

    /// It begins again.
    pub(crate) fn restart(&mut self) {
        *self = Self::default();
    }

    /// What was not told yet.
    pub(crate) fn rest(&mut self) -> Option<i64> {
        let rest = std::mem::take(&mut self.untold);
        (rest > 0).then_some(rest)
    }
}
