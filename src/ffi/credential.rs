use std::ffi::c_char;
use std::ptr;

use super::convert::{boundary, give, text};
use super::handle::{self, Handle, borrow};
use super::{UrlSessionServerTrust, UrlSessionStatus, invalid};
use crate::challenge::{Credential, Persistence, Proof, ServerTrust};
use crate::identity::Identity;

/// What proves who the application is, or that it accepts who a server is (Apple: URLCredential). Unchanging; any
/// thread, any time. Nothing secret in it gets into an error, a log or resume data.
pub struct UrlSessionCredential(());

impl Handle for Credential {
    type C = UrlSessionCredential;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// How long a credential is kept once it was accepted (Apple: URLCredential.Persistence, whose numbers these are; 3,
/// synchronizable, is none of ours).
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UrlSessionCredentialPersistence(pub u32);

impl UrlSessionCredentialPersistence {
    /// For this challenge alone; a proxy's for whatever the task still has to send through it.
    pub const NONE: Self = Self(0);
    /// For all tasks of this session, in memory: the same protection space does not ask again.
    pub const FOR_SESSION: Self = Self(1);
    /// In the session's credential storage: beyond this process only where that has a file, never elsewhere.
    pub const PERMANENT: Self = Self(2);
}

/// A user and a password (Apple: URLCredential(user:password:persistence:)), in `*credential`; one reference is yours.
/// Both are UTF-8 and may be empty. INVALID_ARGUMENT: a control character, a colon in the user (RFC 7617), or an
/// unknown persistence. No argument may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_new_with_user(
    user: *const c_char,
    password: *const c_char,
    persistence: UrlSessionCredentialPersistence,
    credential: *mut *mut UrlSessionCredential,
) -> UrlSessionStatus {
    give(credential, || {
        Credential::password(text(user)?, text(password)?, persistence_of(persistence)?).map_err(invalid)
    })
}

/// A bearer token (RFC 6750), without the word Bearer, in `*credential`; one reference is yours. INVALID_ARGUMENT: it
/// is no token, or an unknown persistence. No argument may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_new_with_bearer_token(
    token: *const c_char,
    persistence: UrlSessionCredentialPersistence,
    credential: *mut *mut UrlSessionCredential,
) -> UrlSessionStatus {
    give(credential, || Credential::bearer(text(token)?, persistence_of(persistence)?).map_err(invalid))
}

/// To accept a server for the connection whose challenge brought `trust` (Apple: URLCredential(trust:)), in
/// `*credential`; one reference is yours. It accepts whatever is wrong: an expired certificate, another host's. After a
/// check of your own PERFORM_DEFAULT_HANDLING keeps the platform's. For another connection it means nothing. No
/// argument may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_new_with_server_trust(
    trust: *mut UrlSessionServerTrust,
    credential: *mut *mut UrlSessionCredential,
) -> UrlSessionStatus {
    give(credential, || Ok(Credential::new(Proof::ServerTrust(borrow::<ServerTrust>(trust)?), Persistence::None)))
}

/// Takes one more reference; gives back `credential`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_retain(credential: *mut UrlSessionCredential) -> *mut UrlSessionCredential {
    boundary(|| Ok(handle::retain::<Credential>(credential)))
}

/// Gives one reference back; NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_release(credential: *mut UrlSessionCredential) {
    boundary(|| Ok(handle::release::<Credential>(credential)))
}

/// The user; lent by `credential`. NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_user(credential: *const UrlSessionCredential) -> *const c_char {
    boundary(|| Ok(borrow::<Credential>(credential)?.user().map_or(ptr::null(), |user| user.as_ptr())))
}

/// The password; lent by `credential`. NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_password(credential: *const UrlSessionCredential) -> *const c_char {
    boundary(|| {
        Ok(match borrow::<Credential>(credential)?.proof() {
            Proof::Password(password) => password.password.as_ptr(),
            _ => ptr::null(),
        })
    })
}

/// How long it is kept. NONE for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_persistence(
    credential: *const UrlSessionCredential,
) -> UrlSessionCredentialPersistence {
    let persistence = boundary(|| Ok(borrow::<Credential>(credential)?.persistence() as u32));
    UrlSessionCredentialPersistence(persistence)
}

pub(super) fn persistence_of(persistence: UrlSessionCredentialPersistence) -> Result<Persistence, UrlSessionStatus> {
    match persistence {
        UrlSessionCredentialPersistence::NONE => Ok(Persistence::None),
        UrlSessionCredentialPersistence::FOR_SESSION => Ok(Persistence::ForSession),
        UrlSessionCredentialPersistence::PERMANENT => Ok(Persistence::Permanent),
        _ => Err(UrlSessionStatus::INVALID_ARGUMENT),
    }
}
