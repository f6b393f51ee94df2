use std::ffi::c_void;
use std::mem::{offset_of, size_of};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::custody;
use super::handle::{self, Context, Loan};
use super::{
    UrlSession, UrlSessionData, UrlSessionError, UrlSessionResponse, UrlSessionResponseCompletion, UrlSessionStatus,
    UrlSessionTask,
};
use crate::delegate::{Answer, Delegate, Slot};
use crate::error::Error;
use crate::identity::Identity;
use crate::message::{Data, Response, ResponseDisposition};
use crate::task::Task;

/// What a session tells and asks (Apple: URLSessionDelegate, URLSessionTaskDelegate, URLSessionDataDelegate). Fill
/// `size` with sizeof(UrlSessionDelegate) and leave what you do not implement NULL: a NULL slot behaves as its comment
/// says and costs nothing. The struct is copied. All a slot gets is lent until it returns. Slots stand in the order
/// of the life cycle.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct UrlSessionDelegate {
    /// sizeof(UrlSessionDelegate), as the application was compiled; slots past it count as NULL.
    pub size: usize,
    /// Given to every slot; may be NULL. Slots are called from library threads.
    pub context: *mut c_void,
    /// Called once, when no slot will be called any more: for a session's delegate after session_did_become_invalid
    /// has returned, for a task's own after its task_did_complete has. On a library thread. NULL: nothing is called.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// A task was made (Apple: urlSession:didCreateTask:). The only slot that is called inside a call of yours: on the
    /// thread that makes the task, before the function that makes it returns. The place for a description, a
    /// priority, a delegate of its own. Not sent to a task's own delegate, which comes later.
    pub did_create_task:
        Option<unsafe extern "C" fn(context: *mut c_void, session: *mut UrlSession, task: *mut UrlSessionTask)>,
    /// The head of the final response is here (Apple: urlSession:dataTask:didReceiveResponse:completionHandler:). No
    /// data comes before `completion` is answered; meanwhile the connection is not read and the request timer runs.
    /// NULL, or never answered: ALLOW. Not called for tasks with a completion handler.
    pub data_task_did_receive_response: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            task: *mut UrlSessionTask,
            response: *mut UrlSessionResponse,
            completion: *mut UrlSessionResponseCompletion,
        ),
    >,
    /// The next bytes of the body, decoded, in order, never none (Apple: urlSession:dataTask:didReceiveData:). They
    /// are lent; `data` holds the same bytes and may be retained, which copies nothing. While a slot is slow the
    /// connection is not read. NULL: the bytes are counted and dropped. Not called for tasks with a completion handler.
    pub data_task_did_receive_data: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            task: *mut UrlSessionTask,
            bytes: *const u8,
            length: usize,
            data: *mut UrlSessionData,
        ),
    >,
    /// The last message of a task, once for every task that was resumed or cancelled (Apple:
    /// urlSession:task:didCompleteWithError:). `error` is NULL where a whole response came, whatever its status code.
    /// The task's state is COMPLETED by now. Not called for tasks with a completion handler.
    pub task_did_complete: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            session: *mut UrlSession,
            task: *mut UrlSessionTask,
            error: *mut UrlSessionError,
        ),
    >,
    /// The last message of a session, once, after the last of every task (Apple:
    /// urlSession:didBecomeInvalidWithError:). `error` is NULL where the application asked for it, as it is in this
    /// version always.
    pub session_did_become_invalid:
        Option<unsafe extern "C" fn(context: *mut c_void, session: *mut UrlSession, error: *mut UrlSessionError)>,
}

const EMPTY: UrlSessionDelegate = UrlSessionDelegate {
    size: size_of::<UrlSessionDelegate>(),
    context: ptr::null_mut(),
    release: None,
    did_create_task: None,
    data_task_did_receive_response: None,
    data_task_did_receive_data: None,
    task_did_complete: None,
    session_did_become_invalid: None,
};

/// An application's table behind the core's trait.
pub(super) struct DelegateTable {
    table: UrlSessionDelegate,
    released: AtomicBool,
}

// SAFETY: the table is function pointers, which the header says are called from library threads, and a context that
// is only handed back.
unsafe impl Send for DelegateTable {}
// SAFETY: as above; nothing in it changes but an atomic.
unsafe impl Sync for DelegateTable {}

impl DelegateTable {
    /// Copies as much of the application's struct as both sides know; `Ok(None)` for NULL.
    pub(super) fn copy(delegate: *const UrlSessionDelegate) -> Result<Option<Arc<dyn Delegate>>, UrlSessionStatus> {
        if delegate.is_null() {
            return Ok(None);
        }
        // SAFETY: the header asks for a struct that begins with its own size.
        let size = unsafe { (*delegate).size };
        if size < offset_of!(UrlSessionDelegate, did_create_task) || !size.is_multiple_of(size_of::<usize>()) {
            return Err(UrlSessionStatus::INVALID_ARGUMENT);
        }
        let mut table = EMPTY;
        let known = size.min(size_of::<UrlSessionDelegate>());
        // SAFETY: the application's struct has `size` bytes, ours at least `known`; every field is a pointer for which
        // all zeros is a value, and `known` cuts between fields.
        unsafe { ptr::copy_nonoverlapping(delegate.cast::<u8>(), (&raw mut table).cast::<u8>(), known) };
        Ok(Some(Arc::new(Self { table, released: AtomicBool::new(false) })))
    }
}

/// What every slot gets first.
fn session_of(task: &Task) -> *mut UrlSession {
    handle::pointer(task.session())
}

fn lend_error(error: Option<&Arc<Error>>) -> Option<Loan<UrlSessionError>> {
    error.map(Loan::new)
}

fn pointer_of(error: &Option<Loan<UrlSessionError>>) -> *mut UrlSessionError {
    error.as_ref().map_or(ptr::null_mut(), Loan::handle)
}

impl Delegate for DelegateTable {
    fn implements(&self, slot: Slot) -> bool {
        match slot {
            Slot::DidCreateTask => self.table.did_create_task.is_some(),
            Slot::DidReceiveResponse => self.table.data_task_did_receive_response.is_some(),
            Slot::DidReceiveData => self.table.data_task_did_receive_data.is_some(),
            Slot::DidComplete => self.table.task_did_complete.is_some(),
        }
    }

    fn did_create_task(&self, task: &Arc<Task>) {
        let Some(slot) = self.table.did_create_task else { return };
        let lent = Loan::new(task);
        // SAFETY: the application's function, called as the header says; so are the ones below.
        unsafe { slot(self.table.context, session_of(task), lent.handle()) };
    }

    fn did_receive_response(
        &self,
        task: &Arc<Task>,
        response: &Arc<Response>,
        answer: &Arc<Answer<ResponseDisposition>>,
    ) {
        let Some(slot) = self.table.data_task_did_receive_response else { return };
        let (lent, response, answer) = (Loan::new(task), Loan::new(response), Loan::new(answer));
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, session_of(task), lent.handle(), response.handle(), answer.handle()) };
        drop(lent);
        custody::let_go_of_task(task);
    }

    fn did_receive_data(&self, task: &Arc<Task>, data: &Arc<Data>) {
        let Some(slot) = self.table.data_task_did_receive_data else { return };
        let (lent, loan, bytes) = (Loan::new(task), Loan::new(data), data.bytes());
        let session = session_of(task);
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, session, lent.handle(), bytes.as_ptr(), bytes.len(), loan.handle()) };
        drop(lent);
        custody::let_go_of_task(task);
    }

    fn did_complete(&self, task: &Arc<Task>, error: Option<&Arc<Error>>) {
        let Some(slot) = self.table.task_did_complete else { return };
        let (lent, error) = (Loan::new(task), lend_error(error));
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, session_of(task), lent.handle(), pointer_of(&error)) };
    }

    fn did_become_invalid(&self, session: Identity, error: Option<&Arc<Error>>) {
        let Some(slot) = self.table.session_did_become_invalid else { return };
        let error = lend_error(error);
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, handle::pointer(session), pointer_of(&error)) };
    }

    fn release(&self) {
        if self.released.swap(true, Ordering::AcqRel) {
            return;
        }
        let Some(release) = self.table.release else { return };
        // SAFETY: see did_create_task; the swap above makes it once.
        unsafe { release(self.table.context) };
    }
}

impl Drop for DelegateTable {
    /// A table whose session could not be made, or was taken back by another, never saw its last message.
    fn drop(&mut self) {
        self.release();
    }
}

/// Called once with the whole outcome of a task (Apple: the completionHandler of dataTaskWithRequest:). On failure
/// `error` says why and `data` is NULL; `response` is set if a head came. On success `data` is never NULL, though it
/// may be empty. All are lent until the function returns.
pub type UrlSessionDataTaskCompletionHandler = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        data: *mut UrlSessionData,
        response: *mut UrlSessionResponse,
        error: *mut UrlSessionError,
    ),
>;

/// The core's closure for an application's completion handler.
pub(super) fn completion_handler(
    handler: UrlSessionDataTaskCompletionHandler,
    context: *mut c_void,
) -> Result<crate::delegate::CompletionHandler, UrlSessionStatus> {
    let handler = handler.ok_or(UrlSessionStatus::NULL_ARGUMENT)?;
    let context = Context(context);
    Ok(Box::new(move |data, response, error| {
        let context = context;
        let data: Option<Loan<UrlSessionData>> = data.map(Loan::new);
        let response: Option<Loan<UrlSessionResponse>> = response.map(Loan::new);
        let error = lend_error(error);
        let data = data.as_ref().map_or(ptr::null_mut(), Loan::handle);
        let response = response.as_ref().map_or(ptr::null_mut(), Loan::handle);
        // SAFETY: see did_create_task.
        unsafe { handler(context.0, data, response, pointer_of(&error)) };
    }))
}
