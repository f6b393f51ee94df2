use std::sync::Arc;

use super::convert::{boundary, checked};
use super::handle::{self, Handle, borrow};
use super::{UrlSessionBodyStream, UrlSessionRequest, UrlSessionStatus, request};
use crate::delegate::Answer;
use crate::identity::Identity;
use crate::message::{Body, BodyStream, Request, ResponseDisposition};

/// The question at the response gate (Apple: the completionHandler of dataTask:didReceiveResponse:). Answer it in the
/// slot, or retain it and answer later from any thread.
pub struct UrlSessionResponseCompletion(());

impl Handle for Answer<ResponseDisposition> {
    type C = UrlSessionResponseCompletion;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// What becomes of a response. Apple's numbers; 3 (become stream) comes with a later version.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UrlSessionResponseDisposition(pub u32);

impl UrlSessionResponseDisposition {
    /// End the task with CANCELLED.
    pub const CANCEL: Self = Self(0);
    /// Go on: the data comes.
    pub const ALLOW: Self = Self(1);
    /// The body goes to a file: the task ends without another word, and a download task goes on in its place, which
    /// data_task_did_become_download_task brings. Of a part of multipart/x-mixed-replace: as ALLOW.
    pub const BECOME_DOWNLOAD: Self = Self(2);
}

/// Takes one more reference, to answer after the slot has returned; NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_response_completion_retain(
    completion: *mut UrlSessionResponseCompletion,
) -> *mut UrlSessionResponseCompletion {
    boundary(|| Ok(handle::retain::<Answer<ResponseDisposition>>(completion)))
}

/// Gives one reference back; NULL does nothing. With the last one an unanswered question gets its default, ALLOW.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_response_completion_release(completion: *mut UrlSessionResponseCompletion) {
    boundary(|| Ok(handle::release::<Answer<ResponseDisposition>>(completion)))
}

/// Answers. The first answer wins, a second returns ALREADY_ANSWERED; one that comes after the task has ended is
/// harmless. INVALID_ARGUMENT for an unknown disposition: the question stays open. Any thread, any time.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_response_completion_answer(
    completion: *mut UrlSessionResponseCompletion,
    disposition: UrlSessionResponseDisposition,
) -> UrlSessionStatus {
    checked(|| {
        let completion = borrow::<Answer<ResponseDisposition>>(completion)?;
        let disposition = match disposition {
            UrlSessionResponseDisposition::CANCEL => ResponseDisposition::Cancel,
            UrlSessionResponseDisposition::ALLOW => ResponseDisposition::Allow,
            UrlSessionResponseDisposition::BECOME_DOWNLOAD => ResponseDisposition::BecomeDownload,
            _ => return Err(UrlSessionStatus::INVALID_ARGUMENT),
        };
        if completion.give(disposition) { Ok(()) } else { Err(UrlSessionStatus::ALREADY_ANSWERED) }
    })
}

/// The question where a redirect leads (Apple: the completionHandler of willPerformHTTPRedirection:). Answer it in the
/// slot, or retain it and answer later from any thread.
pub struct UrlSessionRedirectionCompletion(());

impl Handle for Answer<Option<Arc<Request>>> {
    type C = UrlSessionRedirectionCompletion;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// Takes one more reference, to answer after the slot has returned; NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_redirection_completion_retain(
    completion: *mut UrlSessionRedirectionCompletion,
) -> *mut UrlSessionRedirectionCompletion {
    boundary(|| Ok(handle::retain::<Answer<Option<Arc<Request>>>>(completion)))
}

/// Gives one reference back; NULL does nothing. With the last one an unanswered question gets its default: the redirect
/// is followed.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_redirection_completion_release(completion: *mut UrlSessionRedirectionCompletion) {
    boundary(|| Ok(handle::release::<Answer<Option<Arc<Request>>>>(completion)))
}

/// Answers with the request to go on with, which is copied: the one of the slot, perhaps changed, or any other, to
/// which the library's default fields are added, but not those of the session's configuration; the timeouts stay those
/// of the task's own request. NULL: the task stays with the 3xx, which is its response. The first
/// answer wins, a second returns ALREADY_ANSWERED; one that comes after the task has ended is harmless. Any thread, any
/// time.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_redirection_completion_answer(
    completion: *mut UrlSessionRedirectionCompletion,
    request: *const UrlSessionRequest,
) -> UrlSessionStatus {
    checked(|| {
        let completion = borrow::<Answer<Option<Arc<Request>>>>(completion)?;
        let request = match request.is_null() {
            true => None,
            false => Some(Arc::new(request::snapshot(request)?)),
        };
        if completion.give(request) { Ok(()) } else { Err(UrlSessionStatus::ALREADY_ANSWERED) }
    })
}

/// The question for a stream to send (Apple: the completionHandler of task:needNewBodyStream:). Answer it in the slot,
/// or retain it and answer later from any thread.
pub struct UrlSessionBodyStreamCompletion(());

impl Handle for Answer<Option<Body>> {
    type C = UrlSessionBodyStreamCompletion;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// Takes one more reference, to answer after the slot has returned; NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_body_stream_completion_retain(
    completion: *mut UrlSessionBodyStreamCompletion,
) -> *mut UrlSessionBodyStreamCompletion {
    boundary(|| Ok(handle::retain::<Answer<Option<Body>>>(completion)))
}

/// Gives one reference back; NULL does nothing. With the last one an unanswered question gets its default, no stream.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_body_stream_completion_release(completion: *mut UrlSessionBodyStreamCompletion) {
    boundary(|| Ok(handle::release::<Answer<Option<Body>>>(completion)))
}

/// Answers with a stream that stands at the asked offset, which the task retains; NULL ends the task with
/// REQUEST_BODY_STREAM_EXHAUSTED. The first answer wins, a second returns ALREADY_ANSWERED; one that comes after the
/// task has ended is harmless. Any thread, any time.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_body_stream_completion_answer(
    completion: *mut UrlSessionBodyStreamCompletion,
    stream: *mut UrlSessionBodyStream,
) -> UrlSessionStatus {
    checked(|| {
        let completion = borrow::<Answer<Option<Body>>>(completion)?;
        let body = match stream.is_null() {
            true => None,
            false => Some(borrow::<BodyStream>(stream)?.body().clone()),
        };
        if completion.give(body) { Ok(()) } else { Err(UrlSessionStatus::ALREADY_ANSWERED) }
    })
}
