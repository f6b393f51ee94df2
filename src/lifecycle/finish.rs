//! Step 13: complete, exactly once, and last.

use std::sync::Arc;

use crate::error::Error;
use crate::message::without_secrets;
use crate::task::Task;

pub(super) fn complete(task: &Arc<Task>, outcome: Result<(), Error>) {
    let failing_url = || without_secrets(task.current_request().location());
    let error = outcome.err().map(|error| Arc::new(error.at(failing_url)));
    task.complete(error.clone());
    task.outbox().did_complete(task, error);
}
