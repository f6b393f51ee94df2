use super::UrlSessionStatus;
use super::convert::{boundary, checked};
use super::handle::{self, Handle, borrow};
use crate::delegate::Answer;
use crate::identity::Identity;
use crate::message::ResponseDisposition;

/// The question at the response gate (Apple: the completionHandler of dataTask:didReceiveResponse:). Answer it in the
/// slot, or retain it and answer later from any thread.
pub struct UrlSessionResponseCompletion(());

impl Handle for Answer<ResponseDisposition> {
    type C = UrlSessionResponseCompletion;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// What becomes of a response. Apple's numbers; 2 (become download) and 3 (become stream) come with later versions.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UrlSessionResponseDisposition(pub u32);

impl UrlSessionResponseDisposition {
    /// End the task with CANCELLED.
    pub const CANCEL: Self = Self(0);
    /// Go on: the data comes.
    pub const ALLOW: Self = Self(1);
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
            _ => return Err(UrlSessionStatus::INVALID_ARGUMENT),
        };
        if completion.give(disposition) { Ok(()) } else { Err(UrlSessionStatus::ALREADY_ANSWERED) }
    })
}
