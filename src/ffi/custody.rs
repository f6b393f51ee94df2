//! Who could still name a session or a task. What nobody can name any more, nobody can end: so it ends by itself.

use std::sync::Arc;

use super::handle::{find, is_held};
use crate::session::Session;
use crate::task::{State, Task};

/// Nobody can resume what nobody holds. A task that is just being made will be held.
pub(super) fn let_go_of_session(session: &Arc<Session>) {
    session.finish_tasks_and_invalidate();
    for task in session.announced_tasks() {
        let_go_of_task(&task);
    }
}

/// A suspended task that nobody can name any more can never be resumed: it ends, so that its session can.
pub(super) fn let_go_of_task(task: &Arc<Task>) {
    if task.state() != State::Suspended || is_held(task.identity) || is_held(task.session()) {
        return;
    }
    match find::<Session>(task.session().number()) {
        // Its tasks can be asked for as long as the process lives.
        Some(session) if session.is_shared() => {}
        Some(session) => session.cancel(task),
        None => {}
    }
}
