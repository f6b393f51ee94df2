use std::ffi::{c_char, c_void};
use std::iter;
use std::path::Path;
use std::sync::Arc;

use super::convert::{boundary, bytes, checked, copied, explained, give_if_any, optional_text, text, write_if_wanted};
use super::cookie::url_of;
use super::handle::{self, Context, Handle, Loan, borrow};
use super::{UrlSessionCookie, UrlSessionData, UrlSessionError, UrlSessionStatus};
use crate::identity::Identity;
use crate::message::{CookiePair, Data, Text};
use crate::store::{Cookie, CookieStorage};

/// Cookies of one session or of several (Apple: NSHTTPCookieStorage): at most 3000, 180 of a domain; what is longest
/// unused makes room. In memory, and in a file where it was given one. Any thread, any time.
pub struct UrlSessionCookieStorage(());

impl Handle for CookieStorage {
    type C = UrlSessionCookieStorage;

    fn identity(&self) -> Identity {
        self.identity
    }

    fn let_go(this: &Arc<Self>) {
        // What fails was told to nobody who asked.
        let _ = this.flush();
    }
}

/// An empty storage of your own; one reference is yours.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_storage_new() -> *mut UrlSessionCookieStorage {
    copied(|| Ok(Some(CookieStorage::new())))
}

/// Another storage with the same cookies and without a file; one reference is yours. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_storage_copy(
    storage: *const UrlSessionCookieStorage,
) -> *mut UrlSessionCookieStorage {
    copied(|| Ok(Some(borrow::<CookieStorage>(storage)?.copy())))
}

/// The storage of the process, which every default configuration and the shared session use (Apple:
/// sharedHTTPCookieStorage). It is in memory until url_session_cookie_storage_set_file gives it a file. Lent for as
/// long as the process lives.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_storage_shared() -> *mut UrlSessionCookieStorage {
    boundary(|| Ok(handle::lend_for_good(CookieStorage::shared())))
}

/// Takes one more reference; gives back `storage`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_storage_retain(
    storage: *mut UrlSessionCookieStorage,
) -> *mut UrlSessionCookieStorage {
    boundary(|| Ok(handle::retain::<CookieStorage>(storage)))
}

/// Gives one reference back; NULL does nothing. With your last one what has changed is written to the storage's file;
/// configurations and sessions may go on using it.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_storage_release(storage: *mut UrlSessionCookieStorage) {
    boundary(|| Ok(handle::release::<CookieStorage>(storage)))
}

/// Puts a cookie there, in place of the one with its name, domain and path (Apple: setCookie:). One that has expired
/// takes that away. What a server may not do you may: no URL is asked for.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_storage_set_cookie(
    storage: *mut UrlSessionCookieStorage,
    cookie: *mut UrlSessionCookie,
) -> UrlSessionStatus {
    checked(|| Ok(borrow::<CookieStorage>(storage)?.set(borrow::<Cookie>(cookie)?)))
}

/// As if `url` had answered with this value of a Set-Cookie field. INVALID_ARGUMENT: `url` is no http or https URL, or
/// may not set such a cookie. The accept policy is a configuration's, and not asked.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_storage_store_header(
    storage: *mut UrlSessionCookieStorage,
    url: *const c_char,
    set_cookie: *const c_char,
) -> UrlSessionStatus {
    checked(|| {
        let (storage, url, field) = (borrow::<CookieStorage>(storage)?, url_of(url)?, text(set_cookie)?);
        let taken = storage.learn(&url, iter::once(field.as_bytes()));
        if taken == 1 { Ok(()) } else { Err(UrlSessionStatus::INVALID_ARGUMENT) }
    })
}

/// Takes away the cookie with the name, domain and path of this one (Apple: deleteCookie:). OK too where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_storage_delete_cookie(
    storage: *mut UrlSessionCookieStorage,
    cookie: *const UrlSessionCookie,
) -> UrlSessionStatus {
    checked(|| Ok(borrow::<CookieStorage>(storage)?.delete(&*borrow::<Cookie>(cookie)?)))
}

/// Takes away the cookies that were created then or later, in seconds since 1970 (Apple: removeCookiesSinceDate:); a
/// cookie that took another's place counts from when that was created, one from a file from when it was read. 0: all.
/// INVALID_ARGUMENT: not a number.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_storage_remove_cookies_since(
    storage: *mut UrlSessionCookieStorage,
    seconds: f64,
) -> UrlSessionStatus {
    checked(|| {
        let storage = borrow::<CookieStorage>(storage)?;
        if seconds.is_nan() { Err(UrlSessionStatus::INVALID_ARGUMENT) } else { Ok(storage.delete_since(seconds)) }
    })
}

/// The cookie of that name, in `*cookie`; one reference is yours. OK with NULL where there is none. `domain` and `path`
/// narrow it down, and may be NULL. INVALID_STATE: there is more than one, so say which.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_storage_copy_cookie(
    storage: *const UrlSessionCookieStorage,
    name: *const c_char,
    domain: *const c_char,
    path: *const c_char,
    cookie: *mut *mut UrlSessionCookie,
) -> UrlSessionStatus {
    give_if_any(cookie, || {
        let (storage, name) = (borrow::<CookieStorage>(storage)?, text(name)?);
        storage.cookie(name, optional_text(domain)?, optional_text(path)?).map_err(|_| UrlSessionStatus::INVALID_STATE)
    })
}

/// Called once, before the call that it was given to returns, with cookies that are lent until it returns itself.
pub type UrlSessionCookiesHandler =
    Option<unsafe extern "C" fn(context: *mut c_void, cookies: *const *mut UrlSessionCookie, count: usize)>;

/// Lists the cookies that go with a request for `url`, in the order in which they are sent: longer paths first, then
/// those that were created first (Apple: cookiesForURL:). NULL as `url`: all, as they were created (Apple: cookies).
/// `handler` is called once, inside this call; it may call what it likes. INVALID_ARGUMENT: no http or https URL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_storage_get_cookies(
    storage: *const UrlSessionCookieStorage,
    url: *const c_char,
    handler: UrlSessionCookiesHandler,
    context: *mut c_void,
) -> UrlSessionStatus {
    checked(|| {
        let (storage, handler) = (borrow::<CookieStorage>(storage)?, handler.ok_or(UrlSessionStatus::NULL_ARGUMENT)?);
        let cookies = if url.is_null() { storage.cookies() } else { storage.cookies_for(&url_of(url)?) };
        let loans: Vec<_> = cookies.iter().map(Loan::new).collect();
        let handles: Vec<_> = loans.iter().map(Loan::handle).collect();
        let context = Context(context);
        // SAFETY: the application's function, called as the header says.
        unsafe { handler(context.0, handles.as_ptr(), handles.len()) };
        Ok(())
    })
}

/// What the Cookie field of a request for `url` would be, "a=1; b=2"; one reference is yours. It has 64 KiB at most: a
/// cookie that does not fit is left out. NULL where no cookie goes there, and for what is no http or https URL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_storage_copy_cookie_header(
    storage: *const UrlSessionCookieStorage,
    url: *const c_char,
) -> *mut UrlSessionData {
    copied(|| {
        let cookies = borrow::<CookieStorage>(storage)?.cookies_for(&url_of(url)?);
        let field = CookiePair::field(cookies.iter().map(|cookie| cookie.pair()));
        Ok(field.map(|field| Data::text(&Text::from_field(&field))))
    })
}

/// Takes cookies from the bytes of a Netscape cookie file, as curl, wget and browsers' tools write it, in place of
/// those that are the same; `*count`, which may be NULL: how many. Lines that are no cookie, or one that has expired,
/// are skipped; after 3000 no more are read.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_storage_import_netscape(
    storage: *mut UrlSessionCookieStorage,
    file: *const u8,
    length: usize,
    count: *mut usize,
) -> UrlSessionStatus {
    write_if_wanted(count, || 0);
    checked(|| {
        let imported = borrow::<CookieStorage>(storage)?.import(bytes(file, length)?);
        Ok(write_if_wanted(count, || imported))
    })
}

/// All cookies as the bytes of a Netscape cookie file, those without an end too; one reference is yours. What curl does
/// not know, SameSite, stands in comments. A cookie with a tab in its name or path cannot be written there. NULL for
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_storage_copy_netscape(
    storage: *const UrlSessionCookieStorage,
) -> *mut UrlSessionData {
    copied(|| Ok(Some(Data::new(borrow::<CookieStorage>(storage)?.export().into()))))
}

/// Keeps the cookies in a file from here on, in the form of url_session_cookie_storage_copy_netscape, but without those
/// that have no end. What the file has is taken beside what is in the storage; one that is not there is empty, and a
/// line that is no cookie is skipped. A change is written within a second, by a thread for it: the file is replaced as
/// a whole, and its owner alone may read it. So it is one storage's and one process's: of two, the last who writes
/// wins. Nothing is synced to the disk. A relative path counts from the working directory. A file it had before is
/// written once more; NULL: then only in memory again. FAILED: nothing has changed, and `*error`, which may be NULL,
/// says why (CANNOT_OPEN_FILE, and below it the system's); one reference is yours.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_storage_set_file(
    storage: *mut UrlSessionCookieStorage,
    path: *const c_char,
    error: *mut *mut UrlSessionError,
) -> UrlSessionStatus {
    explained(error, || {
        let storage = borrow::<CookieStorage>(storage)?;
        Ok(storage.set_file(optional_text(path)?.map(Path::new))?)
    })
}

/// Writes what has changed to the file at once, if there is one; a process that ends should have called it. FAILED:
/// `*error`, which may be NULL, says why (CANNOT_WRITE_TO_FILE); one reference is yours. It is tried again with the
/// next change.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_storage_flush(
    storage: *mut UrlSessionCookieStorage,
    error: *mut *mut UrlSessionError,
) -> UrlSessionStatus {
    explained(error, || Ok(borrow::<CookieStorage>(storage)?.flush()?))
}
