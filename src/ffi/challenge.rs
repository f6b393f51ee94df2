use super::convert::{boundary, checked, copied};
use super::handle::{self, Handle, borrow};
use super::{UrlSessionCredential, UrlSessionError, UrlSessionProtectionSpace, UrlSessionResponse, UrlSessionStatus};
use crate::challenge::{Challenge, ChallengeAnswer, Credential};
use crate::delegate::Answer;
use crate::identity::Identity;

/// Somebody wants to know who the application is, or whether it trusts them (Apple: URLAuthenticationChallenge).
/// Unchanging; any thread, any time.
pub struct UrlSessionChallenge(());

impl Handle for Challenge {
    type C = UrlSessionChallenge;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// Takes one more reference; gives back `challenge`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_challenge_retain(challenge: *mut UrlSessionChallenge) -> *mut UrlSessionChallenge {
    boundary(|| Ok(handle::retain::<Challenge>(challenge)))
}

/// Gives one reference back; NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_challenge_release(challenge: *mut UrlSessionChallenge) {
    boundary(|| Ok(handle::release::<Challenge>(challenge)))
}

/// Who asks, and how; one reference is yours. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_challenge_copy_protection_space(
    challenge: *const UrlSessionChallenge,
) -> *mut UrlSessionProtectionSpace {
    copied(|| Ok(Some(borrow::<Challenge>(challenge)?.space().clone())))
}

/// What PERFORM_DEFAULT_HANDLING would use: the credential of the request, the session, the URL or a storage; one
/// reference is yours. NULL where there is none, and once it was refused.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_challenge_copy_proposed_credential(
    challenge: *const UrlSessionChallenge,
) -> *mut UrlSessionCredential {
    copied(|| Ok(borrow::<Challenge>(challenge)?.proposed().cloned()))
}

/// How many credentials this protection space has refused in this task. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_challenge_previous_failure_count(challenge: *const UrlSessionChallenge) -> u32 {
    boundary(|| Ok(borrow::<Challenge>(challenge)?.failures()))
}

/// The 401 or 407 that asks (Apple: failureResponse); one reference is yours. NULL where TLS asks.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_challenge_copy_failure_response(
    challenge: *const UrlSessionChallenge,
) -> *mut UrlSessionResponse {
    copied(|| Ok(borrow::<Challenge>(challenge)?.response().cloned()))
}

/// Why the platform does not trust the server; one reference is yours. NULL where it does, and for other methods.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_challenge_copy_error(challenge: *const UrlSessionChallenge) -> *mut UrlSessionError {
    copied(|| Ok(borrow::<Challenge>(challenge)?.error().cloned()))
}

/// What becomes of a challenge (Apple: URLSession.AuthChallengeDisposition, whose numbers these are).
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UrlSessionChallengeDisposition(pub u32);

impl UrlSessionChallengeDisposition {
    /// Go on with the credential. Without one, or with one of another kind than the method wants, such as a token for
    /// HTTP_BASIC, go on without: a 401 or 407 is then the response (where it refuses a tunnel the task fails with
    /// USER_AUTHENTICATION_REQUIRED), a server asks for its certificate in vain, and a server that should be trusted is
    /// not. A credential that this protection space has refused in this task counts as none, too.
    pub const USE_CREDENTIAL: Self = Self(0);
    /// As if the slot were NULL; the credential is ignored. For SERVER_TRUST the platform's verdict, for other methods
    /// the proposed credential; where there is none, what is stored for a weaker method that is offered, too.
    pub const PERFORM_DEFAULT_HANDLING: Self = Self(1);
    /// The task fails with CANCELLED.
    pub const CANCEL: Self = Self(2);
    /// Not this one: the next method that is offered, and when there is none, as USE_CREDENTIAL without one.
    pub const REJECT_PROTECTION_SPACE: Self = Self(3);
}

/// The question who the application is, or whom it trusts (Apple: the completionHandler of
/// didReceiveChallenge:completionHandler:). Answer it in the slot, or retain it and answer later from any thread.
pub struct UrlSessionChallengeCompletion(());

impl Handle for Answer<ChallengeAnswer> {
    type C = UrlSessionChallengeCompletion;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// Takes one more reference, to answer after the slot has returned; NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_challenge_completion_retain(
    completion: *mut UrlSessionChallengeCompletion,
) -> *mut UrlSessionChallengeCompletion {
    boundary(|| Ok(handle::retain::<Answer<ChallengeAnswer>>(completion)))
}

/// Gives one reference back; NULL does nothing. With the last one an unanswered question gets its default,
/// PERFORM_DEFAULT_HANDLING.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_challenge_completion_release(completion: *mut UrlSessionChallengeCompletion) {
    boundary(|| Ok(handle::release::<Answer<ChallengeAnswer>>(completion)))
}

/// Answers. `credential` may be NULL, and is only looked at for USE_CREDENTIAL. The first answer wins, a second returns
/// ALREADY_ANSWERED; one that comes after the task has ended is harmless. INVALID_ARGUMENT for an unknown disposition:
/// and INVALID_HANDLE for a credential that is none: the question stays open. Any thread, any time.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_challenge_completion_answer(
    completion: *mut UrlSessionChallengeCompletion,
    disposition: UrlSessionChallengeDisposition,
    credential: *mut UrlSessionCredential,
) -> UrlSessionStatus {
    checked(|| {
        let completion = borrow::<Answer<ChallengeAnswer>>(completion)?;
        let answer = match disposition {
            UrlSessionChallengeDisposition::USE_CREDENTIAL if credential.is_null() => ChallengeAnswer::Use(None),
            UrlSessionChallengeDisposition::USE_CREDENTIAL => {
                ChallengeAnswer::Use(Some(borrow::<Credential>(credential)?))
            }
            UrlSessionChallengeDisposition::PERFORM_DEFAULT_HANDLING => ChallengeAnswer::Default,
            UrlSessionChallengeDisposition::CANCEL => ChallengeAnswer::Cancel,
            UrlSessionChallengeDisposition::REJECT_PROTECTION_SPACE => ChallengeAnswer::Reject,
            _ => return Err(UrlSessionStatus::INVALID_ARGUMENT),
        };
        if completion.give(answer) { Ok(()) } else { Err(UrlSessionStatus::ALREADY_ANSWERED) }
    })
}
