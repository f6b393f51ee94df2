use std::ffi::c_char;
use std::path::Path;

use super::configuration::{ConfigurationObject, replace};
use super::convert::{boundary, bytes, checked, copied, explained, optional_text, text};
use super::handle::{self, Handle, borrow, borrow_if_any};
use super::{UrlSessionConfiguration, UrlSessionData, UrlSessionError, UrlSessionStatus, invalid};
use crate::identity::Identity;
use crate::store::HstsStorage;

/// Which hosts are spoken to over https only, because they said so in Strict-Transport-Security (RFC 6797) or you did.
/// Of every answer over https, from a server whose certificate nobody had to accept, sessions learn here; before every
/// request, redirects included, an http URL of such a host becomes https, at another port than 80 that port. Nobody is
/// asked, it counts as no redirect, and the task's current request shows it. Addresses have no policy. Up to 10000
/// hosts; the first to expire makes room. Any thread, any time.
pub struct UrlSessionHstsStorage(());

impl Handle for HstsStorage {
    type C = UrlSessionHstsStorage;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// An empty one, in memory; one reference is yours.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_hsts_storage_new() -> *mut UrlSessionHstsStorage {
    copied(|| Ok(Some(HstsStorage::new())))
}

/// The one that default configurations use, in memory unless you give it a file. Lent for as long as the process lives.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_hsts_storage_shared() -> *mut UrlSessionHstsStorage {
    boundary(|| Ok(handle::lend_for_good(HstsStorage::shared())))
}

/// Takes one more reference; gives back `storage`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_hsts_storage_retain(storage: *mut UrlSessionHstsStorage) -> *mut UrlSessionHstsStorage {
    boundary(|| Ok(handle::retain::<HstsStorage>(storage)))
}

/// Gives one reference back; NULL does nothing. Configurations and sessions that use the storage keep it; with the last
/// of them it writes its file, where it has one.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_hsts_storage_release(storage: *mut UrlSessionHstsStorage) {
    boundary(|| Ok(handle::release::<HstsStorage>(storage)))
}

/// As if the host had said so itself: https only for so many seconds from now, and on hosts below it too where
/// `include_subdomains` says so. 0 seconds forget it; more than a hundred years are a hundred years. INVALID_ARGUMENT:
/// an address, or not the name of a host.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_hsts_storage_set_host(
    storage: *mut UrlSessionHstsStorage,
    host: *const c_char,
    max_age: u64,
    include_subdomains: bool,
) -> UrlSessionStatus {
    checked(|| borrow::<HstsStorage>(storage)?.set(text(host)?, max_age, include_subdomains).map_err(invalid))
}

/// Whether the host, or one above it that includes it, is known. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_hsts_storage_contains(
    storage: *const UrlSessionHstsStorage,
    host: *const c_char,
) -> bool {
    boundary(|| Ok(borrow::<HstsStorage>(storage)?.contains(text(host)?)))
}

/// Forgets all hosts.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_hsts_storage_remove_all(storage: *mut UrlSessionHstsStorage) -> UrlSessionStatus {
    checked(|| Ok(borrow::<HstsStorage>(storage)?.remove_all()))
}

/// Takes hosts from lines of text, as url_session_hsts_storage_copy_export and curl write them, in place of what is
/// known of them: `host "20301231 23:59:59"` in UTC, or `host "unlimited"`, a dot before the host for hosts below it
/// too. A preload list can come in this way. Lines that cannot be read, and what has expired, are skipped.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_hsts_storage_import(
    storage: *mut UrlSessionHstsStorage,
    lines: *const u8,
    length: usize,
) -> UrlSessionStatus {
    checked(|| Ok(borrow::<HstsStorage>(storage)?.import(bytes(lines, length)?)))
}

/// All hosts as lines of text, in the order of their names; one reference is yours. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_hsts_storage_copy_export(storage: *const UrlSessionHstsStorage) -> *mut UrlSessionData {
    copied(|| Ok(Some(borrow::<HstsStorage>(storage)?.export())))
}

/// Keeps the hosts in a file of such lines from here on: takes what is in it and not known yet, then writes what has
/// changed a moment after it did. A relative path counts from the working directory. The file is readable by its owner
/// alone and replaced as a whole; one that is not there yet comes to be. NULL: only in memory again. FAILED: it cannot
/// be read, and nothing has changed; `*error`, which may be NULL, says why, and one reference of it is yours. The
/// shared storage is never let go of: flush it before the process ends. Reads and writes files, so it may take its
/// time.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_hsts_storage_set_file(
    storage: *mut UrlSessionHstsStorage,
    path: *const c_char,
    error: *mut *mut UrlSessionError,
) -> UrlSessionStatus {
    explained(error, || {
        let path = optional_text(path)?.map(Path::new);
        Ok(borrow::<HstsStorage>(storage)?.set_file(path)?)
    })
}

/// Writes the file now, if there is one and something has changed, for example before the process ends; blocks.
/// FAILED: it cannot be written, as above.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_hsts_storage_flush(
    storage: *mut UrlSessionHstsStorage,
    error: *mut *mut UrlSessionError,
) -> UrlSessionStatus {
    explained(error, || Ok(borrow::<HstsStorage>(storage)?.flush()?))
}

/// Where sessions of this configuration remember which hosts want https; NULL: nowhere, and no URL is changed. Default
/// configurations use the shared storage, ephemeral ones each have their own, which a copy of one shares.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_hsts_storage(
    configuration: *mut UrlSessionConfiguration,
    storage: *mut UrlSessionHstsStorage,
) -> UrlSessionStatus {
    replace(configuration, || borrow_if_any::<HstsStorage>(storage), |configuration| &mut configuration.rules.hsts)
}

/// The above; one reference is yours. NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_copy_hsts_storage(
    configuration: *const UrlSessionConfiguration,
) -> *mut UrlSessionHstsStorage {
    copied(|| Ok(borrow::<ConfigurationObject>(configuration)?.with(|configuration| configuration.rules.hsts.clone())))
}
