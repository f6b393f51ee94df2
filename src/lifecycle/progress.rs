//! Step 9 and what of step 10 is numbers: how far a task is, told ten times a second and at the end.

use std::sync::Arc;

use crate::delegate::{Moved, Slot};
use crate::task::Task;

pub(super) fn restart_sending(task: &Task) {
    if task.counters.sent.get() > 0 {
        task.counters.sent.set(0);
        task.restart_speed();
        task.paces.sending.lock().restart();
    }
}

/// Bytes of the request's body left.
pub(super) fn sent(task: &Arc<Task>, bytes: usize) {
    task.counters.sent.add(bytes);
    let due = task.paces.sending.lock().add(bytes);
    tell_sent(task, due);
    updated(task);
}

pub(super) fn sent_all(task: &Arc<Task>) {
    let due = task.paces.sending.lock().rest();
    tell_sent(task, due);
}

fn tell_sent(task: &Arc<Task>, due: Option<i64>) {
    let Some(bytes) = due else { return };
    let (total, expected) = (task.counters.sent.get(), task.counters.expected_to_send.get());
    task.outbox().did_send_body_data(task, Moved { bytes, total, expected });
}

/// The file is so long already, and as long as `expected` when it is whole.
pub(super) fn start_writing(task: &Task, offset: i64, expected: i64) {
    task.counters.written.set(offset);
    task.counters.expected_to_write.set(expected);
    task.paces.writing.lock().restart();
}

/// Bytes of the body were written to the file.
pub(super) fn wrote(task: &Arc<Task>, bytes: usize) {
    if bytes == 0 {
        return;
    }
    task.counters.written.add(bytes);
    let due = task.paces.writing.lock().add(bytes);
    tell_written(task, due);
}

pub(super) fn wrote_all(task: &Arc<Task>) {
    let due = task.paces.writing.lock().rest();
    tell_written(task, due);
}

/// Nothing was written, but there is something already.
pub(super) fn tell_offset(task: &Arc<Task>) {
    tell_written(task, Some(0));
}

fn tell_written(task: &Arc<Task>, due: Option<i64>) {
    let Some(bytes) = due else { return };
    let (total, expected) = (task.counters.written.get(), task.counters.expected_to_write.get());
    task.outbox().did_write_data(task, Moved { bytes, total, expected });
}

/// Something moved, in whatever direction.
pub(super) fn updated(task: &Arc<Task>) {
    if tells_progress(task) && task.paces.updating.lock().add(0).is_some() {
        task.outbox().did_update_progress(task, task.progress());
    }
}

/// All has moved that will.
pub(super) fn updated_last(task: &Arc<Task>) {
    if tells_progress(task) {
        task.outbox().did_update_progress(task, task.progress());
    }
}

fn tells_progress(task: &Task) -> bool {
    *task.paces.tells_progress.get_or_init(|| task.outbox().tells(Slot::DidUpdateProgress))
}
