//! Which tasks a session has, and whether it takes more.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Refused;
use crate::task::Task;

#[derive(Clone, Copy, PartialEq, Eq, Default)]
enum Phase {
    #[default]
    Open,
    /// No new tasks.
    Closing,
    /// No tasks at all.
    Closed,
}

/// Whether the session is at its end.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Retired {
    No,
    /// Said once.
    Last,
}

struct Entry {
    task: Arc<Task>,
    /// The delegate was told of it; before that nothing else may be told.
    announced: bool,
}

#[derive(Default)]
pub(super) struct Registry {
    last_identifier: u64,
    tasks: BTreeMap<u64, Entry>,
    phase: Phase,
    /// Tasks that are being announced end when they have been.
    cancels: bool,
}

impl Registry {
    pub(super) fn enter(&mut self, make: impl FnOnce(u64) -> Arc<Task>) -> Result<Arc<Task>, Refused> {
        if self.phase != Phase::Open {
            return Err(Refused::Invalidated);
        }
        self.last_identifier += 1;
        let task = make(self.last_identifier);
        self.tasks.insert(self.last_identifier, Entry { task: task.clone(), announced: false });
        Ok(task)
    }

    /// A task in place of another, which has not left yet: also where no more are taken.
    pub(super) fn succeed(&mut self, make: impl FnOnce(u64) -> Option<Arc<Task>>) -> Option<Arc<Task>> {
        let task = make(self.last_identifier + 1)?;
        self.last_identifier += 1;
        self.tasks.insert(self.last_identifier, Entry { task: task.clone(), announced: true });
        Some(task)
    }

    /// Whether tasks that come to be are cancelled.
    pub(super) fn cancels(&self) -> bool {
        self.cancels
    }

    /// Whether the task must be cancelled now.
    pub(super) fn announce(&mut self, task: &Task) -> bool {
        if let Some(entry) = self.tasks.get_mut(&task.identifier()) {
            entry.announced = true;
        }
        self.cancels
    }

    pub(super) fn leave(&mut self, task: &Task) -> Retired {
        self.tasks.remove(&task.identifier());
        self.retired()
    }

    pub(super) fn close(&mut self, cancels: bool) -> Retired {
        self.cancels |= cancels;
        if self.phase == Phase::Open {
            self.phase = Phase::Closing;
        }
        self.retired()
    }

    fn retired(&mut self) -> Retired {
        if self.phase != Phase::Closing || !self.tasks.is_empty() {
            return Retired::No;
        }
        self.phase = Phase::Closed;
        Retired::Last
    }

    pub(super) fn tasks(&self) -> Vec<Arc<Task>> {
        self.tasks.values().map(|entry| entry.task.clone()).collect()
    }

    pub(super) fn announced(&self) -> Vec<Arc<Task>> {
        self.tasks.values().filter(|entry| entry.announced).map(|entry| entry.task.clone()).collect()
    }
}
