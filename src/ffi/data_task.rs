use std::ffi::{c_char, c_void};
use std::sync::Arc;

use super::convert::text;
use super::handler::completion_handler;
use super::session::make_task;
use super::{
    UrlSession, UrlSessionDataTaskCompletionHandler, UrlSessionRequest, UrlSessionStatus, UrlSessionTask, request,
};
use crate::delegate::{Delegate, GatheringDelegate};
use crate::message::Request;
use crate::task::Kind;

/// A data task that gets `url`, in `*task`; suspended until url_session_task_resume; one reference is yours, and a
/// resumed task runs to its end also without it. A broken URL fails the task, not this call. SESSION_INVALIDATED:
/// nothing was made.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_data_task_with_url(
    session: *mut UrlSession,
    url: *const c_char,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || Ok((Kind::Data, Request::new(text(url)?), None)))
}

/// The same for a whole request, which is copied.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_data_task_with_request(
    session: *mut UrlSession,
    request: *const UrlSessionRequest,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || Ok((Kind::Data, request::snapshot(request)?, None)))
}

/// A data task whose outcome goes to `handler`, exactly once, where the session's slots are called. The handler
/// stands in for the response, data and complete slots; all other slots are still called. If this function does not
/// return OK the handler is never called.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_data_task_with_url_completion_handler(
    session: *mut UrlSession,
    url: *const c_char,
    handler: UrlSessionDataTaskCompletionHandler,
    context: *mut c_void,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || Ok((Kind::Data, Request::new(text(url)?), gathering(handler, context)?)))
}

/// The same for a whole request, which is copied.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_data_task_with_request_completion_handler(
    session: *mut UrlSession,
    request: *const UrlSessionRequest,
    handler: UrlSessionDataTaskCompletionHandler,
    context: *mut c_void,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || Ok((Kind::Data, request::snapshot(request)?, gathering(handler, context)?)))
}

/// The delegate behind a completion handler that gets data.
pub(super) fn gathering(
    handler: UrlSessionDataTaskCompletionHandler,
    context: *mut c_void,
) -> Result<Option<Arc<dyn Delegate>>, UrlSessionStatus> {
    Ok(Some(GatheringDelegate::new(completion_handler(handler, context)?)))
}
