//! While the application or the disk is waited for, and not the network, no idle time runs.

use std::mem;
use std::sync::Arc;

use crate::task::Task;

/// Waits for something else than the network.
pub(super) async fn during<T>(task: &Task, work: impl Future<Output = T>) -> T {
    task.clock.hold();
    let done = work.await;
    task.clock.unhold();
    done
}

/// The same for what is polled.
pub(super) struct Hold {
    task: Arc<Task>,
    holds: bool,
}

impl Hold {
    pub(super) fn new(task: &Arc<Task>) -> Self {
        Self { task: task.clone(), holds: false }
    }

    pub(super) fn set(&mut self, holds: bool) {
        match (mem::replace(&mut self.holds, holds), holds) {
            (false, true) => self.task.clock.hold(),
            (true, false) => self.task.clock.unhold(),
            _ => {}
        }
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        self.set(false);
    }
}
