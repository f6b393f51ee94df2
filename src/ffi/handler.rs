use std::ffi::c_void;
use std::ptr;
use std::sync::Arc;

use super::handle::{Context, Handle, Loan};
use super::{UrlSessionData, UrlSessionDownloadedFile, UrlSessionError, UrlSessionResponse, UrlSessionStatus};
use crate::delegate::{CompletionHandler, DownloadHandler};
use crate::task::ResumeDataHandler;

/// Called once with the whole outcome of a task (Apple: the completionHandler of dataTaskWithRequest:). On failure
/// `error` says why and `data` is NULL; `response` is set if a head came. On success `data` is never NULL, though it
/// may be empty. All are lent until the function returns. For upload tasks too, whose data is the answer's.
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
) -> Result<CompletionHandler, UrlSessionStatus> {
    let handler = handler.ok_or(UrlSessionStatus::NULL_ARGUMENT)?;
    let context = Context(context);
    Ok(Box::new(move |data, response, error| {
        let context = context;
        let (data, response, error) = (lend(data), lend(response), lend(error));
        // SAFETY: the application's function, called as the header says; so are the ones below.
        unsafe { handler(context.0, pointer_of(&data), pointer_of(&response), pointer_of(&error)) };
    }))
}

/// Called once with the whole outcome of a download (Apple: the completionHandler of downloadTaskWithRequest:). On
/// failure `error` says why and `file` is NULL; `response` is set if a head came. Whatever the status code, success
/// means that the body is in `file`, which is removed when the function returns unless you move or retain it. All are
/// lent until then.
pub type UrlSessionDownloadTaskCompletionHandler = Option<
    unsafe extern "C" fn(
        context: *mut c_void,
        file: *mut UrlSessionDownloadedFile,
        response: *mut UrlSessionResponse,
        error: *mut UrlSessionError,
    ),
>;

/// The core's closure for an application's completion handler.
pub(super) fn download_handler(
    handler: UrlSessionDownloadTaskCompletionHandler,
    context: *mut c_void,
) -> Result<DownloadHandler, UrlSessionStatus> {
    let handler = handler.ok_or(UrlSessionStatus::NULL_ARGUMENT)?;
    let context = Context(context);
    Ok(Box::new(move |file, response, error| {
        let context = context;
        let (file, response, error) = (lend(file), lend(response), lend(error));
        // SAFETY: see completion_handler.
        unsafe { handler(context.0, pointer_of(&file), pointer_of(&response), pointer_of(&error)) };
    }))
}

/// Called once with what a cancelled download can go on from (Apple: the completionHandler of
/// cancelByProducingResumeData:); NULL where it cannot. Lent until the function returns: retain it, or store its bytes.
pub type UrlSessionResumeDataHandler =
    Option<unsafe extern "C" fn(context: *mut c_void, resume_data: *mut UrlSessionData)>;

/// The core's closure for an application's function.
pub(super) fn resume_data_handler(
    handler: UrlSessionResumeDataHandler,
    context: *mut c_void,
) -> Result<ResumeDataHandler, UrlSessionStatus> {
    let handler = handler.ok_or(UrlSessionStatus::NULL_ARGUMENT)?;
    let context = Context(context);
    Ok(Box::new(move |resume_data| {
        let context = context;
        let resume_data = lend(resume_data);
        // SAFETY: see completion_handler.
        unsafe { handler(context.0, pointer_of(&resume_data)) };
    }))
}

/// A loan of what may not be there.
pub(super) fn lend<T: Handle>(object: Option<&Arc<T>>) -> Option<Loan<T::C>> {
    object.map(Loan::new)
}

pub(super) fn pointer_of<C>(loan: &Option<Loan<C>>) -> *mut C {
    loan.as_ref().map_or(ptr::null_mut(), Loan::handle)
}
