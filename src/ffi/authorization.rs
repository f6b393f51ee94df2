use std::ffi::c_char;
use std::sync::Arc;

use super::configuration::{change, read, replace, snapshot};
use super::convert::{checked, copied, optional_text, text};
use super::handle::{borrow, borrow_if_any};
use super::{
    UrlSessionConfiguration, UrlSessionCredential, UrlSessionCredentialStorage, UrlSessionRequest, UrlSessionStatus,
    request,
};
use crate::challenge::{Credential, Proof};
use crate::lifecycle::NetrcFile;
use crate::message::{Location, RequestCredential, Text};
use crate::store::CredentialStorage;

/// As whom a request goes, where it has no Authorization field of its own; that would beat everything here.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UrlSessionCredentialUse(pub u32);

impl UrlSessionCredentialUse {
    /// As whom the session, the URL, a netrc file or, once the server has asked, the credential storage says, in this
    /// order; what requests do that say nothing.
    pub const INHERIT: Self = Self(0);
    /// As nobody: nothing is sent, and the default of a challenge is to go on without.
    pub const NONE: Self = Self(1);
    /// As whom the credential says, sent ahead: a password as Basic until the server asks for Digest, a token as
    /// Bearer. To the origin of the request's URL only, or from http to https of the same host, both at their default
    /// ports; a redirect elsewhere goes on as with INHERIT.
    pub const THIS: Self = Self(2);
}

/// As whom a request goes; last one wins. INVALID_ARGUMENT: an unknown use, or a credential that is neither a password
/// nor a token; `credential` must be NULL but for THIS.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_set_credential(
    request: *mut UrlSessionRequest,
    credential_use: UrlSessionCredentialUse,
    credential: *mut UrlSessionCredential,
) -> UrlSessionStatus {
    checked(|| {
        let choice = match (credential_use, credential.is_null()) {
            (UrlSessionCredentialUse::INHERIT, true) => RequestCredential::Inherit,
            (UrlSessionCredentialUse::NONE, true) => RequestCredential::Nobody,
            (UrlSessionCredentialUse::THIS, _) => RequestCredential::This(sendable(credential)?),
            _ => return Err(UrlSessionStatus::INVALID_ARGUMENT),
        };
        borrow::<request::RequestObject>(request)?.with(|request| request.set_credential(choice));
        Ok(())
    })
}

/// As whom the session goes to one origin, sent ahead as UrlSessionCredentialUse says; last one wins, and with NULL the
/// session says nothing of it, as at first. `origin` is a URL such as "https://api.example.com", of which only scheme,
/// host and port count: to no other origin the credential goes. Its persistence does not matter. An Authorization field
/// among the configuration's additional ones goes before it. INVALID_ARGUMENT: no such URL, or neither a password nor a
/// token.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_credential(
    configuration: *mut UrlSessionConfiguration,
    origin: *const c_char,
    credential: *mut UrlSessionCredential,
) -> UrlSessionStatus {
    change(configuration, |configuration| {
        let origin = Location::new(text(origin)?);
        let origin = origin.usable().map_err(|_| UrlSessionStatus::INVALID_ARGUMENT)?;
        let credential = if credential.is_null() { None } else { Some(sendable(credential)?) };
        Ok(configuration.rules.set_credential(origin.clone(), credential))
    })
}

/// Where default handling looks for credentials, and where PERMANENT ones are kept (Apple: urlCredentialStorage). At
/// first the shared one; of an ephemeral configuration one of its own. NULL: none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_credential_storage(
    configuration: *mut UrlSessionConfiguration,
    storage: *mut UrlSessionCredentialStorage,
) -> UrlSessionStatus {
    replace(
        configuration,
        || borrow_if_any::<CredentialStorage>(storage),
        |configuration| &mut configuration.rules.credential_storage,
    )
}

/// The above; one reference is yours. NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_copy_credential_storage(
    configuration: *const UrlSessionConfiguration,
) -> *mut UrlSessionCredentialStorage {
    copied(|| Ok(snapshot(configuration)?.rules.credential_storage))
}

/// Whether a netrc file says who to be where neither the request nor the session nor the URL does; at first not. It
/// beats no Authorization field. `path` names the file; NULL is the usual one: what the environment's NETRC names, else
/// .netrc or _netrc in the home directory. It is read when it is needed, and passed over where it cannot be.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_uses_netrc(
    configuration: *mut UrlSessionConfiguration,
    uses_netrc: bool,
    path: *const c_char,
) -> UrlSessionStatus {
    change(configuration, |configuration| {
        Ok(configuration.rules.netrc = match (uses_netrc, optional_text(path)?) {
            (false, _) => NetrcFile::Unused,
            (true, None) => NetrcFile::Usual,
            (true, Some(path)) => NetrcFile::Named(Text::new(path)),
        })
    })
}

/// The above. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_uses_netrc(configuration: *const UrlSessionConfiguration) -> bool {
    read(configuration, |configuration| !matches!(configuration.rules.netrc, NetrcFile::Unused))
}

/// One that can go out with a request.
fn sendable(credential: *mut UrlSessionCredential) -> Result<Arc<Credential>, UrlSessionStatus> {
    let credential = borrow::<Credential>(credential)?;
    let is_sendable = matches!(credential.proof(), Proof::Password(_) | Proof::Bearer(_));
    is_sendable.then_some(credential).ok_or(UrlSessionStatus::INVALID_ARGUMENT)
}
