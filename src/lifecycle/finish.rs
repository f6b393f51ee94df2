//! Step 13: complete, exactly once, and last.

use std::sync::Arc;

use crate::error::Error;
use crate::task::Task;

pub(super) fn complete(task: &Arc<Task>, outcome: Result<(), Error>) {
    let error = task.complete(outcome);
    task.outbox().did_complete(task, error);
}
