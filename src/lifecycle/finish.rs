//! Steps 12 and 13: a file that is whole, and complete, exactly once and last.

use std::sync::Arc;

use super::progress;
use crate::error::Error;
use crate::file::DownloadedFile;
use crate::task::Task;

pub(super) fn complete(task: &Arc<Task>, outcome: Result<Option<Arc<DownloadedFile>>, Error>) {
    let (file, outcome) = match outcome {
        Ok(file) => (file, Ok(())),
        Err(error) => (None, Err(error)),
    };
    let was_placed = file.as_ref().is_some_and(|file| file.was_moved());
    let error = task.complete(outcome, was_placed);
    let resume_data = error.as_ref().and_then(|error| error.resume_data()).cloned();
    for handler in task.take_resume_data_handlers() {
        let resume_data = resume_data.clone();
        task.outbox().call(move || handler(resume_data.as_ref()));
    }
    if error.is_none() {
        progress::updated_last(task);
    }
    match file {
        Some(file) if error.is_none() => task.outbox().did_finish_downloading(task, file),
        // Removed where that may take its time.
        file => task.outbox().drop_there(file),
    }
    task.outbox().did_complete(task, error);
}
