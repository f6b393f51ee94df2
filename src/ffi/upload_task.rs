use std::ffi::{c_char, c_void};

use super::convert::{bytes, text};
use super::data_task::gathering;
use super::session::make_task;
use super::{
    UrlSession, UrlSessionDataTaskCompletionHandler, UrlSessionRequest, UrlSessionStatus, UrlSessionTask, request,
};
use crate::message::{Body, Request};
use crate::task::Kind;

/// An upload task that sends bytes, which are copied, in `*task`; suspended until url_session_task_resume; one
/// reference is yours (Apple: uploadTaskWithRequest:fromData:). The request's own body is ignored, and its method is
/// sent as it is: set POST or PUT. What the server answers comes as for a data task. SESSION_INVALIDATED: nothing was
/// made.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_upload_task_with_request_from_data(
    session: *mut UrlSession,
    request: *const UrlSessionRequest,
    body: *const u8,
    length: usize,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || Ok((Kind::Upload, with(request, Body::copy(bytes(body, length)?))?, None)))
}

/// The same for a file, streamed from the disk with its length as Content-Length (Apple:
/// uploadTaskWithRequest:fromFile:). It is opened when the task runs: one that is missing fails the task with
/// FILE_DOES_NOT_EXIST, not this call.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_upload_task_with_request_from_file(
    session: *mut UrlSession,
    request: *const UrlSessionRequest,
    path: *const c_char,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || Ok((Kind::Upload, with(request, Body::file(text(path)?))?, None)))
}

/// The same for a stream, which task_need_new_body_stream gives when the task runs (Apple:
/// uploadTaskWithStreamedRequest:). It goes out with its length, or with the request's Content-Length, or chunked.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_upload_task_with_streamed_request(
    session: *mut UrlSession,
    request: *const UrlSessionRequest,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || Ok((Kind::Upload, with(request, Body::Asked)?, None)))
}

/// An upload of bytes whose outcome goes to `handler`, exactly once, where the session's slots are called; otherwise as
/// url_session_data_task_with_url_completion_handler. Send progress is told all the same.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_upload_task_with_request_from_data_completion_handler(
    session: *mut UrlSession,
    request: *const UrlSessionRequest,
    body: *const u8,
    length: usize,
    handler: UrlSessionDataTaskCompletionHandler,
    context: *mut c_void,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || {
        let request = with(request, Body::copy(bytes(body, length)?))?;
        Ok((Kind::Upload, request, gathering(handler, context)?))
    })
}

/// The same for a file.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_upload_task_with_request_from_file_completion_handler(
    session: *mut UrlSession,
    request: *const UrlSessionRequest,
    path: *const c_char,
    handler: UrlSessionDataTaskCompletionHandler,
    context: *mut c_void,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || {
        let request = with(request, Body::file(text(path)?))?;
        Ok((Kind::Upload, request, gathering(handler, context)?))
    })
}

fn with(request: *const UrlSessionRequest, body: Body) -> Result<Request, UrlSessionStatus> {
    let mut request = request::snapshot(request)?;
    request.set_body(body);
    Ok(request)
}
