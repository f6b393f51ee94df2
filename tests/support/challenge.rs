//! Challenges that a test answers: what is asked, and as whom to go on.

use std::ffi::c_void;
use std::ptr;

use urlsession::*;

use super::handle::{Error, Response, c_text, handle, text};
use super::moment::{Message, Moment};
use super::recorder::Record;
use super::slots::record;

handle!(Challenge, UrlSessionChallenge, url_session_challenge_retain, url_session_challenge_release);
handle!(
    ChallengeCompletion,
    UrlSessionChallengeCompletion,
    url_session_challenge_completion_retain,
    url_session_challenge_completion_release
);
handle!(
    ProtectionSpace,
    UrlSessionProtectionSpace,
    url_session_protection_space_retain,
    url_session_protection_space_release
);
handle!(Credential, UrlSessionCredential, url_session_credential_retain, url_session_credential_release);

/// How the recorder answers a challenge.
pub enum Reply {
    Use(Credential),
    /// USE_CREDENTIAL, and none.
    UseNone,
    /// PERFORM_DEFAULT_HANDLING, with a credential that is to be ignored.
    Default,
    Cancel,
    Reject,
    /// It neither answers nor retains the question.
    Nothing,
    /// It keeps the question for the test: see [`super::recorder::Recorder::asked`].
    Later,
}

pub(super) type Reception = dyn Fn(&Asked) -> Reply + Send + Sync;

/// A challenge that somebody has to answer.
pub struct Asked {
    pub challenge: Challenge,
    pub completion: ChallengeCompletion,
}

impl Asked {
    /// False where the question was answered already.
    pub fn answer(&self, reply: &Reply) -> bool {
        let ignored = Credential::user("ignored", "ignored");
        let (disposition, credential) = match reply {
            Reply::Use(credential) => (UrlSessionChallengeDisposition::USE_CREDENTIAL, credential.get()),
            Reply::UseNone => (UrlSessionChallengeDisposition::USE_CREDENTIAL, ptr::null_mut()),
            Reply::Default => (UrlSessionChallengeDisposition::PERFORM_DEFAULT_HANDLING, ignored.get()),
            Reply::Cancel => (UrlSessionChallengeDisposition::CANCEL, ptr::null_mut()),
            Reply::Reject => (UrlSessionChallengeDisposition::REJECT_PROTECTION_SPACE, ptr::null_mut()),
            Reply::Nothing | Reply::Later => panic!("no answer"),
        };
        match url_session_challenge_completion_answer(self.completion.get(), disposition, credential) {
            UrlSessionStatus::OK => true,
            UrlSessionStatus::ALREADY_ANSWERED => false,
            other => panic!("the answer to the challenge says {}", other.0),
        }
    }
}

impl Challenge {
    pub fn space(&self) -> ProtectionSpace {
        ProtectionSpace::adopt(url_session_challenge_copy_protection_space(self.get())).expect("a protection space")
    }

    pub fn proposed(&self) -> Option<Credential> {
        Credential::adopt(url_session_challenge_copy_proposed_credential(self.get()))
    }

    pub fn failures(&self) -> u32 {
        url_session_challenge_previous_failure_count(self.get())
    }

    pub fn response(&self) -> Option<Response> {
        Response::adopt(url_session_challenge_copy_failure_response(self.get()))
    }

    pub fn error(&self) -> Option<Error> {
        Error::adopt(url_session_challenge_copy_error(self.get()))
    }

    /// As `METHOD "REALM" FAILURES PROPOSED`.
    fn shown(&self) -> String {
        let (space, failures) = (self.space(), self.failures());
        let proposed = self.proposed().map(|credential| credential.name().unwrap_or("somebody".to_owned()));
        let proposed = proposed.unwrap_or_else(|| "-".to_owned());
        format!("{} {:?} {failures} {proposed}", space.method_name(), space.realm().unwrap_or_default())
    }
}

impl ProtectionSpace {
    pub fn host(&self) -> String {
        text(url_session_protection_space_host(self.get())).unwrap()
    }

    pub fn port(&self) -> u16 {
        url_session_protection_space_port(self.get())
    }

    pub fn protocol(&self) -> String {
        text(url_session_protection_space_protocol(self.get())).unwrap()
    }

    pub fn is_proxy(&self) -> bool {
        url_session_protection_space_is_proxy(self.get())
    }

    pub fn realm(&self) -> Option<String> {
        text(url_session_protection_space_realm(self.get()))
    }

    pub fn method(&self) -> UrlSessionAuthenticationMethod {
        url_session_protection_space_authentication_method(self.get())
    }

    fn method_name(&self) -> &'static str {
        match self.method() {
            UrlSessionAuthenticationMethod::HTTP_BASIC => "Basic",
            UrlSessionAuthenticationMethod::HTTP_DIGEST => "Digest",
            UrlSessionAuthenticationMethod::BEARER => "Bearer",
            UrlSessionAuthenticationMethod::CLIENT_CERTIFICATE => "ClientCertificate",
            UrlSessionAuthenticationMethod::SERVER_TRUST => "ServerTrust",
            _ => "Unknown",
        }
    }
}

impl Credential {
    /// For one challenge.
    pub fn user(user: &str, password: &str) -> Self {
        Self::kept(user, password, UrlSessionCredentialPersistence::NONE)
    }

    pub fn for_session(user: &str, password: &str) -> Self {
        Self::kept(user, password, UrlSessionCredentialPersistence::FOR_SESSION)
    }

    pub fn permanent(user: &str, password: &str) -> Self {
        Self::kept(user, password, UrlSessionCredentialPersistence::PERMANENT)
    }

    fn kept(user: &str, password: &str, persistence: UrlSessionCredentialPersistence) -> Self {
        let (user, password, mut credential) = (c_text(user), c_text(password), ptr::null_mut());
        let status =
            url_session_credential_new_with_user(user.as_ptr(), password.as_ptr(), persistence, &mut credential);
        assert_eq!(status, UrlSessionStatus::OK);
        Self::adopt(credential).unwrap()
    }

    pub fn bearer(token: &str, persistence: UrlSessionCredentialPersistence) -> Self {
        let (token, mut credential) = (c_text(token), ptr::null_mut());
        let status = url_session_credential_new_with_bearer_token(token.as_ptr(), persistence, &mut credential);
        assert_eq!(status, UrlSessionStatus::OK);
        Self::adopt(credential).unwrap()
    }

    pub fn name(&self) -> Option<String> {
        text(url_session_credential_user(self.get()))
    }
}

pub(super) unsafe extern "C" fn session_did_receive_challenge(
    context: *mut c_void,
    session: *mut UrlSession,
    challenge: *mut UrlSessionChallenge,
    completion: *mut UrlSessionChallengeCompletion,
) {
    let record = record(context);
    let _turn = record.turn();
    let asked = retained(challenge, completion);
    record.add(None, format!("session_did_receive_challenge {}", asked.challenge.shown()));
    record.inside(&Moment::of_session(Message::SessionDidReceiveChallenge, session));
    receive(record, record.trust.get().map(|reception| &**reception), asked);
}

pub(super) unsafe extern "C" fn task_did_receive_challenge(
    context: *mut c_void,
    session: *mut UrlSession,
    task: *mut UrlSessionTask,
    challenge: *mut UrlSessionChallenge,
    completion: *mut UrlSessionChallengeCompletion,
) {
    let record = record(context);
    let _turn = record.turn();
    let (number, asked) = (url_session_task_identifier(task), retained(challenge, completion));
    record.add(Some(number), format!("did_receive_challenge {number} {}", asked.challenge.shown()));
    record.inside(&Moment::of_task(Message::TaskDidReceiveChallenge, session, task));
    receive(record, record.meet.get().map(|reception| &**reception), asked);
}

fn retained(challenge: *mut UrlSessionChallenge, completion: *mut UrlSessionChallengeCompletion) -> Asked {
    Asked { challenge: Challenge::retain(challenge), completion: ChallengeCompletion::retain(completion) }
}

fn receive(record: &'static Record, reception: Option<&Reception>, asked: Asked) {
    match reception.map_or(Reply::Nothing, |reception| reception(&asked)) {
        Reply::Nothing => {}
        Reply::Later => {
            record.challenges.lock().unwrap().push_back(asked);
            record.changed.notify_all();
        }
        reply => {
            if !asked.answer(&reply) {
                record.add(None, "the challenge was answered already".to_owned());
            }
        }
    }
}
