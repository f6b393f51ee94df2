use std::ffi::c_char;
use std::sync::Arc;

use super::convert::{boundary, checked, copied, optional_text};
use super::custody;
use super::delegate_table::DelegateTable;
use super::handle::{self, Builder, Handle, borrow};
use super::{
    UrlSessionData, UrlSessionDelegate, UrlSessionError, UrlSessionRequest, UrlSessionResponse, UrlSessionStatus,
};
use crate::identity::Identity;
use crate::session::Session;
use crate::task::{Kind, Task};

/// One transfer (Apple: URLSessionTask). Any thread, any time.
pub struct UrlSessionTask(());

impl Handle for Task {
    type C = UrlSessionTask;

    fn identity(&self) -> Identity {
        self.identity
    }

    fn let_go(this: &Arc<Self>) {
        custody::let_go_of_task(this);
    }
}

/// Where a task stands. Apple's numbers.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UrlSessionTaskState(pub u32);

impl UrlSessionTaskState {
    /// Resumed.
    pub const RUNNING: Self = Self(0);
    /// Not resumed yet, or suspended again: no traffic, no timers.
    pub const SUSPENDED: Self = Self(1);
    /// Cancelled, and about to complete.
    pub const CANCELING: Self = Self(2);
    /// Ended, well or not; nothing comes after its complete slot.
    pub const COMPLETED: Self = Self(3);
}

/// What a task is for. Apple has a class for each.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UrlSessionTaskKind(pub u32);

impl UrlSessionTaskKind {
    /// The body comes to the data slot, or to a handler in memory.
    pub const DATA: Self = Self(0);
    /// As DATA, and what it sends comes from bytes, a file or a stream.
    pub const UPLOAD: Self = Self(1);
    /// The body comes to a file.
    pub const DOWNLOAD: Self = Self(2);
}

/// Takes one more reference; gives back `task`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_retain(task: *mut UrlSessionTask) -> *mut UrlSessionTask {
    boundary(|| Ok(handle::retain::<Task>(task)))
}

/// Gives one reference back; NULL does nothing. A resumed task goes on to its end without it.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_release(task: *mut UrlSessionTask) {
    boundary(|| Ok(handle::release::<Task>(task)))
}

/// Undoes one suspension; a task begins with one and runs at none. On a task that runs, was cancelled or has
/// completed: does nothing. Returns at once; no slot is called inside it.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_resume(task: *mut UrlSessionTask) -> UrlSessionStatus {
    with_session(task, Session::resume)
}

/// One suspension more: while there is any, nothing is sent or read and no timer runs. The task keeps a connection that
/// it has, and is passed over where it waits for one. If the server hangs up meanwhile, a download that could be
/// resumed goes on from where it stands over a new connection, without a word; any other task fails with
/// NETWORK_CONNECTION_LOST. Messages that are under way may still come. On a task that was cancelled or has completed:
/// does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_suspend(task: *mut UrlSessionTask) -> UrlSessionStatus {
    checked(|| Ok(borrow::<Task>(task)?.suspend()))
}

/// Ends the task with CANCELLED, also one that was never resumed. Returns at once; complete comes later, and messages
/// that are under way may come between. Of a download, what came is removed, also where the task was made from resume
/// data, which then start over; one that was never resumed leaves the file of its resume data alone. On a task that has
/// completed, or again: does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_cancel(task: *mut UrlSessionTask) -> UrlSessionStatus {
    with_session(task, Session::cancel)
}

/// The number of the task in its session: 1 for the first, never used again. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_identifier(task: *const UrlSessionTask) -> u64 {
    boundary(|| Ok(borrow::<Task>(task)?.identifier()))
}

/// Where the task stands; COMPLETED for NULL and for a released handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_state(task: *const UrlSessionTask) -> UrlSessionTaskState {
    let state = boundary(|| Ok(Some(borrow::<Task>(task)?.state() as u32)));
    state.map_or(UrlSessionTaskState::COMPLETED, UrlSessionTaskState)
}

/// What the task is for; DATA for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_kind(task: *const UrlSessionTask) -> UrlSessionTaskKind {
    let kind = boundary(|| {
        Ok(Some(match borrow::<Task>(task)?.kind() {
            Kind::Data => UrlSessionTaskKind::DATA,
            Kind::Upload => UrlSessionTaskKind::UPLOAD,
            Kind::Download(_) => UrlSessionTaskKind::DOWNLOAD,
        }))
    });
    kind.unwrap_or(UrlSessionTaskKind::DATA)
}

/// A hint from 0.0 to 1.0, 0.5 at first (Apple: priority; low is 0.25, high 0.75): the higher of two tasks that wait
/// for a connection gets it first. INVALID_ARGUMENT outside that range, and for NaN.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_set_priority(task: *mut UrlSessionTask, priority: f32) -> UrlSessionStatus {
    checked(|| {
        let task = borrow::<Task>(task)?;
        if !(0.0..=1.0).contains(&priority) {
            return Err(UrlSessionStatus::INVALID_ARGUMENT);
        }
        Ok(task.set_priority(priority))
    })
}

/// The hint above; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_priority(task: *const UrlSessionTask) -> f32 {
    boundary(|| Ok(borrow::<Task>(task)?.priority()))
}

/// A text of yours (Apple: taskDescription); copied. NULL takes it away.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_set_description(
    task: *mut UrlSessionTask,
    description: *const c_char,
) -> UrlSessionStatus {
    checked(|| Ok(borrow::<Task>(task)?.set_description(optional_text(description)?)))
}

/// The text above; one reference is yours. NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_copy_description(task: *const UrlSessionTask) -> *mut UrlSessionData {
    copied(|| Ok(borrow::<Task>(task)?.description()))
}

/// The request the task was made with; one reference, to a copy, is yours. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_copy_original_request(task: *const UrlSessionTask) -> *mut UrlSessionRequest {
    copied(|| Ok(Some(Builder::new(borrow::<Task>(task)?.original_request().as_ref().clone()))))
}

/// The request as it stands: after redirects, and with the header fields that the session added once the task runs.
/// One reference, to a copy, is yours. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_copy_current_request(task: *const UrlSessionTask) -> *mut UrlSessionRequest {
    copied(|| Ok(Some(Builder::new(borrow::<Task>(task)?.current_request().as_ref().clone()))))
}

/// The last response; one reference is yours. NULL before its head is here.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_copy_response(task: *const UrlSessionTask) -> *mut UrlSessionResponse {
    copied(|| Ok(borrow::<Task>(task)?.response()))
}

/// How many redirects the task has followed. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_redirect_count(task: *const UrlSessionTask) -> usize {
    boundary(|| Ok(borrow::<Task>(task)?.redirects()))
}

/// A response that sent the task on, 0 for the first (Python's requests: history); one reference is yours. NULL past
/// the last.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_copy_redirect_response(
    task: *const UrlSessionTask,
    index: usize,
) -> *mut UrlSessionResponse {
    copied(|| Ok(borrow::<Task>(task)?.redirect(index)))
}

/// The request that the response asks for and the task did not make, because redirects are off or at their limit, or
/// the slot was answered with NULL (Python's requests: next); one reference, to a copy, is yours. NULL where the
/// response leads nowhere, or nowhere that could be gone to.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_copy_next_request(task: *const UrlSessionTask) -> *mut UrlSessionRequest {
    copied(|| Ok(borrow::<Task>(task)?.next_request().map(|next| Builder::new(next.as_ref().clone()))))
}

/// Why the task failed; one reference is yours. NULL where it did not, or has not completed.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_copy_error(task: *const UrlSessionTask) -> *mut UrlSessionError {
    copied(|| Ok(borrow::<Task>(task)?.error()))
}

/// Bytes of the request's body sent so far; from 0 again when it is sent again. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_count_of_bytes_sent(task: *const UrlSessionTask) -> i64 {
    boundary(|| Ok(borrow::<Task>(task)?.counters.sent.get()))
}

/// Bytes of the response's body received so far, as they came: still compressed; with those that a download made from
/// resume data had already. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_count_of_bytes_received(task: *const UrlSessionTask) -> i64 {
    boundary(|| Ok(borrow::<Task>(task)?.counters.received.get()))
}

/// Bytes of the response's body so far once decoded; not Apple's. The same as received without a content coding.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_count_of_bytes_decoded(task: *const UrlSessionTask) -> i64 {
    boundary(|| Ok(borrow::<Task>(task)?.counters.decoded.get()))
}

/// Length of the request's body; -1 where it is not known. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_count_of_bytes_expected_to_send(task: *const UrlSessionTask) -> i64 {
    boundary(|| Ok(borrow::<Task>(task)?.counters.expected_to_send.get()))
}

/// Length of the response's body as it comes, its Content-Length; -1 where it is not known. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_count_of_bytes_expected_to_receive(task: *const UrlSessionTask) -> i64 {
    boundary(|| Ok(borrow::<Task>(task)?.counters.expected_to_receive.get()))
}

/// A delegate of the task's own, asked before the session's: slot by slot, what it leaves NULL goes to the session's
/// (Apple: URLSessionTask.delegate). Copied; NULL takes it away. Its `release` is called once for each time it was
/// given: after the task's complete slot has returned, or when another takes its place. INVALID_STATE once the task
/// was resumed or cancelled.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_set_delegate(
    task: *mut UrlSessionTask,
    delegate: *const UrlSessionDelegate,
) -> UrlSessionStatus {
    checked(|| {
        let task = borrow::<Task>(task)?;
        task.set_delegate(|| DelegateTable::copy(delegate))?.then_some(()).ok_or(UrlSessionStatus::INVALID_STATE)
    })
}

fn with_session(task: *mut UrlSessionTask, call: impl FnOnce(&Arc<Session>, &Arc<Task>)) -> UrlSessionStatus {
    checked(|| Ok(in_session(&borrow::<Task>(task)?, call)))
}

/// A session that is gone has no task left that could do anything.
pub(super) fn in_session(task: &Arc<Task>, call: impl FnOnce(&Arc<Session>, &Arc<Task>)) {
    if let Some(session) = handle::find::<Session>(task.session().number()) {
        call(&session, task);
    }
}
