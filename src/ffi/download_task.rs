use std::ffi::{c_char, c_void};
use std::path::PathBuf;
use std::sync::Arc;

use super::convert::{bytes, checked, optional_text, text};
use super::handle::borrow;
use super::handler::{download_handler, resume_data_handler};
use super::session::make_task;
use super::task::in_session;
use super::{
    UrlSession, UrlSessionDownloadTaskCompletionHandler, UrlSessionRequest, UrlSessionResumeDataHandler,
    UrlSessionStatus, UrlSessionTask, invalid, request,
};
use crate::delegate::{Delegate, DownloadHandlerDelegate};
use crate::message::Request;
use crate::session::Session;
use crate::task::{Kind, ResumeData, Task};

/// A download task that gets `url` into a file, in `*task`; suspended until url_session_task_resume; one reference is
/// yours (Apple: downloadTaskWithURL:). The bytes go to a temporary file beside the delegate, which is told how many
/// and gets the whole file. It asks for the body uncompressed, unless the request says otherwise: only so can it go on
/// where it stopped. SESSION_INVALIDATED: nothing was made.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_download_task_with_url(
    session: *mut UrlSession,
    url: *const c_char,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || Ok((Kind::Download(None), Request::new(text(url)?), None)))
}

/// The same for a whole request, which is copied.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_download_task_with_request(
    session: *mut UrlSession,
    request: *const UrlSessionRequest,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || Ok((Kind::Download(None), request::snapshot(request)?, None)))
}

/// A download that goes on where another stopped, in this process or another one (Apple: downloadTaskWithResumeData:).
/// The bytes are copied. Of the first request they keep the URL with its query, but without user and password, and the
/// fields Accept, Accept-Language and User-Agent; other fields and limits are gone: give them with
/// url_session_download_task_with_resume_data_request. The server is asked for the rest, on condition that it is still
/// the same version (RFC 9110, 13.1.5); where it is not, or the temporary file is not as it was left, the download
/// starts over. INVALID_ARGUMENT: these are not resume data of this library, or not whole.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_download_task_with_resume_data(
    session: *mut UrlSession,
    resume_data: *const u8,
    length: usize,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || {
        let (kind, request) = resumed(bytes(resume_data, length)?)?;
        Ok((kind, request, None))
    })
}

/// The same with a request of yours in place of the one in the resume data: with fields that are not kept there, such
/// as Authorization, or with a fresh query in place of an expired signature. INVALID_ARGUMENT also where its scheme,
/// host, port or path is another, or its method is not GET.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_download_task_with_resume_data_request(
    session: *mut UrlSession,
    resume_data: *const u8,
    length: usize,
    request: *const UrlSessionRequest,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || {
        let (kind, request) = resumed_with(bytes(resume_data, length)?, request)?;
        Ok((kind, request, None))
    })
}

/// A download whose outcome goes to `handler`, exactly once, where the session's slots are called. The handler stands
/// in for the write progress, finished and complete slots; all other slots are still called. If this function
/// does not return OK the handler is never called.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_download_task_with_url_completion_handler(
    session: *mut UrlSession,
    url: *const c_char,
    handler: UrlSessionDownloadTaskCompletionHandler,
    context: *mut c_void,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || Ok((Kind::Download(None), Request::new(text(url)?), keeping(handler, context)?)))
}

/// The same for a whole request, which is copied.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_download_task_with_request_completion_handler(
    session: *mut UrlSession,
    request: *const UrlSessionRequest,
    handler: UrlSessionDownloadTaskCompletionHandler,
    context: *mut c_void,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || Ok((Kind::Download(None), request::snapshot(request)?, keeping(handler, context)?)))
}

/// The same from resume data, which are copied.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_download_task_with_resume_data_completion_handler(
    session: *mut UrlSession,
    resume_data: *const u8,
    length: usize,
    handler: UrlSessionDownloadTaskCompletionHandler,
    context: *mut c_void,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || {
        let (kind, request) = resumed(bytes(resume_data, length)?)?;
        Ok((kind, request, keeping(handler, context)?))
    })
}

/// A download that goes on, with a request of yours, and whose outcome goes to `handler`.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_download_task_with_resume_data_request_completion_handler(
    session: *mut UrlSession,
    resume_data: *const u8,
    length: usize,
    request: *const UrlSessionRequest,
    handler: UrlSessionDownloadTaskCompletionHandler,
    context: *mut c_void,
    task: *mut *mut UrlSessionTask,
) -> UrlSessionStatus {
    make_task(session, task, || {
        let (kind, request) = resumed_with(bytes(resume_data, length)?, request)?;
        Ok((kind, request, keeping(handler, context)?))
    })
}

/// Removes the temporary file that resume data belong to, where nobody goes on with them: in the download directory of
/// `session`, and only if it is as it was left and no task has it. What is not there is as good as removed.
/// INVALID_ARGUMENT: these are not resume data of this library, or not whole.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_discard_resume_data(
    session: *mut UrlSession,
    resume_data: *const u8,
    length: usize,
) -> UrlSessionStatus {
    checked(|| {
        let session = borrow::<Session>(session)?;
        let resume_data = ResumeData::parse(bytes(resume_data, length)?).map_err(invalid)?;
        Ok(session.discard(&resume_data))
    })
}

/// Where the finished file goes by itself, in place of what may be there; copied. Then the file that the finished slot
/// or the handler gets is that one, readable by its owner alone, and stays; it cannot be moved again. A download that
/// fails puts nothing there. A relative path counts from the working directory. NULL, the default: nowhere. The
/// directory is looked for when the task begins: CANNOT_MOVE_FILE where it is not there. INVALID_STATE once the task
/// was resumed or cancelled, and for what is no download task: what becomes one is moved in its finished slot.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_set_download_destination(
    task: *mut UrlSessionTask,
    path: *const c_char,
) -> UrlSessionStatus {
    checked(|| {
        let (task, path) = (borrow::<Task>(task)?, optional_text(path)?);
        if path.is_some_and(str::is_empty) {
            return Err(UrlSessionStatus::INVALID_ARGUMENT);
        }
        task.set_destination(path.map(PathBuf::from)).then_some(()).ok_or(UrlSessionStatus::INVALID_STATE)
    })
}

/// Pauses a download for good: ends it with CANCELLED, and gives what a new task can go on from (Apple:
/// cancelByProducingResumeData:). `handler` is called once, where the session's slots are called; before complete,
/// whose error has the same bytes, unless the task has come to its end already. Asked again before complete, each
/// handler gets the same. It gets NULL where the download cannot go on: no byte is here yet, the status is not 200, the
/// server gave neither a strong ETag nor a Last-Modified that is at least a second older than the answer, or refuses
/// parts, the body is compressed, the method is not GET; also where the task is no download, was cancelled or has
/// completed before, or completes after all because the last byte was here already. The temporary file is kept: it
/// belongs to the resume data from here on, and goes with url_session_discard_resume_data. If this function does not
/// return OK the handler is never called.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_cancel_by_producing_resume_data(
    task: *mut UrlSessionTask,
    handler: UrlSessionResumeDataHandler,
    context: *mut c_void,
) -> UrlSessionStatus {
    checked(|| {
        let (task, handler) = (borrow::<Task>(task)?, resume_data_handler(handler, context)?);
        task.add_resume_data_handler(handler);
        Ok(in_session(&task, Session::cancel))
    })
}

fn resumed(bytes: &[u8]) -> Result<(Kind, Request), UrlSessionStatus> {
    let resume_data = ResumeData::parse(bytes).map_err(invalid)?;
    let request = resume_data.request().map_err(invalid)?;
    Ok((Kind::Download(Some(resume_data)), request))
}

fn resumed_with(bytes: &[u8], request: *const UrlSessionRequest) -> Result<(Kind, Request), UrlSessionStatus> {
    let resume_data = ResumeData::parse(bytes).map_err(invalid)?;
    let request = request::snapshot(request)?;
    resume_data.check(&request).map_err(invalid)?;
    Ok((Kind::Download(Some(resume_data)), request))
}

/// The delegate behind a completion handler that gets a file.
fn keeping(
    handler: UrlSessionDownloadTaskCompletionHandler,
    context: *mut c_void,
) -> Result<Option<Arc<dyn Delegate>>, UrlSessionStatus> {
    Ok(Some(DownloadHandlerDelegate::new(download_handler(handler, context)?)))
}
