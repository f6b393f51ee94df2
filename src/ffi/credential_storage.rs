use std::ffi::c_char;
use std::path::Path;

use super::convert::{boundary, checked, copied, explained, optional_text};
use super::handle::{self, Handle, borrow};
use super::{UrlSessionCredential, UrlSessionError, UrlSessionProtectionSpace, UrlSessionStatus, invalid};
use crate::challenge::{Credential, ProtectionSpace};
use crate::identity::Identity;
use crate::store::CredentialStorage;

/// Credentials by the protection space where they are good (Apple: URLCredentialStorage). What a challenge's default
/// handling finds here it proposes and uses. The method is part of the space: a password for HTTP_BASIC is not sent as
/// HTTP_DIGEST, nor the other way round. Several sessions may use one; any thread, any time.
pub struct UrlSessionCredentialStorage(());

impl Handle for CredentialStorage {
    type C = UrlSessionCredentialStorage;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// An empty one, in memory; one reference is yours.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_storage_new() -> *mut UrlSessionCredentialStorage {
    copied(|| Ok(Some(CredentialStorage::new())))
}

/// The one that default configurations use (Apple: URLCredentialStorage.shared), in memory until it is given a file.
/// Lent for as long as the process lives.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_storage_shared() -> *mut UrlSessionCredentialStorage {
    boundary(|| Ok(handle::lend_for_good(CredentialStorage::shared())))
}

/// Takes one more reference; gives back `storage`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_storage_retain(
    storage: *mut UrlSessionCredentialStorage,
) -> *mut UrlSessionCredentialStorage {
    boundary(|| Ok(handle::retain::<CredentialStorage>(storage)))
}

/// Gives one reference back; NULL does nothing. Configurations and sessions that use the storage keep it.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_storage_release(storage: *mut UrlSessionCredentialStorage) {
    boundary(|| Ok(handle::release::<CredentialStorage>(storage)))
}

/// Keeps a credential, in place of what the same user had in this space, and with `is_default` as what is proposed
/// there (Apple: setDefaultCredential:forProtectionSpace:); the first is proposed anyway. Whatever its persistence
/// says. INVALID_ARGUMENT: it is neither a password nor a token. No pointer may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_storage_set_credential(
    storage: *mut UrlSessionCredentialStorage,
    space: *const UrlSessionProtectionSpace,
    credential: *mut UrlSessionCredential,
    is_default: bool,
) -> UrlSessionStatus {
    checked(|| {
        let (storage, space) = (borrow::<CredentialStorage>(storage)?, borrow::<ProtectionSpace>(space)?);
        storage.set(space.space(), borrow::<Credential>(credential)?, is_default).map_err(invalid)
    })
}

/// That of a user, or with NULL the default (Apple: defaultCredentialForProtectionSpace:); one reference is yours. NULL
/// where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_storage_copy_credential(
    storage: *const UrlSessionCredentialStorage,
    space: *const UrlSessionProtectionSpace,
    user: *const c_char,
) -> *mut UrlSessionCredential {
    copied(|| {
        let (storage, space) = (borrow::<CredentialStorage>(storage)?, borrow::<ProtectionSpace>(space)?);
        Ok(storage.get(space.space(), optional_text(user)?))
    })
}

/// Forgets that of a user, or with NULL all of the space; what is not there does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_storage_remove_credential(
    storage: *mut UrlSessionCredentialStorage,
    space: *const UrlSessionProtectionSpace,
    user: *const c_char,
) -> UrlSessionStatus {
    checked(|| {
        let (storage, space) = (borrow::<CredentialStorage>(storage)?, borrow::<ProtectionSpace>(space)?);
        Ok(storage.remove(space.space(), optional_text(user)?))
    })
}

/// Keeps the PERMANENT credentials in a file from here on, and takes what it has beside what is here; nothing is
/// written to disk unasked. The file is text, readable by its owner alone but not encrypted, and replaced as a whole a
/// moment after a change; one that is not there yet comes to be. NULL: only in memory again. FAILED: it cannot be read,
/// and `*error`, which may be NULL, says why; one reference of it is yours.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_storage_set_file(
    storage: *mut UrlSessionCredentialStorage,
    path: *const c_char,
    error: *mut *mut UrlSessionError,
) -> UrlSessionStatus {
    explained(error, || {
        let path = optional_text(path)?.map(Path::new);
        Ok(borrow::<CredentialStorage>(storage)?.set_file(path)?)
    })
}

/// Writes the file now, if there is one and something has changed, for example before the process ends; blocks.
/// FAILED as above.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_storage_flush(
    storage: *mut UrlSessionCredentialStorage,
    error: *mut *mut UrlSessionError,
) -> UrlSessionStatus {
    explained(error, || Ok(borrow::<CredentialStorage>(storage)?.flush()?))
}

/// Forgets everything. What a session was let in with it goes on sending; make another session to be asked again.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_storage_remove_all(
    storage: *mut UrlSessionCredentialStorage,
) -> UrlSessionStatus {
    checked(|| Ok(borrow::<CredentialStorage>(storage)?.remove_all()))
}
