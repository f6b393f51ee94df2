use std::ffi::c_char;
use std::ptr;
use std::sync::Arc;

use super::configuration::{ConfigurationObject, change, read, replace};
use super::convert::{boundary, copied, optional_text, text};
use super::handle::{borrow, borrow_if_any};
use super::request::{RequestObject, change as change_request};
use super::{UrlSessionConfiguration, UrlSessionCookieStorage, UrlSessionRequest, UrlSessionStatus, invalid};
use crate::session::CookieAcceptPolicy;
use crate::store::CookieStorage;

/// Whose cookies are stored. Apple's numbers (NSHTTPCookieAcceptPolicy).
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UrlSessionCookieAcceptPolicy(pub u32);

impl UrlSessionCookieAcceptPolicy {
    /// Everybody's.
    pub const ALWAYS: Self = Self(0);
    /// Nobody's.
    pub const NEVER: Self = Self(1);
    /// Of the site of the request's main document: the same registrable domain, by the public suffix list. A request
    /// that names none is its own, and so is each of its redirects.
    pub const ONLY_FROM_MAIN_DOCUMENT_DOMAIN: Self = Self(2);
}

/// Where the session's cookies are (Apple: httpCookieStorage); retained. Sessions may share one. NULL: nowhere, there
/// are none. A default configuration has the shared storage, each ephemeral one a storage of its own, which its copies
/// and sessions share. A request gets the cookies for its URL on every hop; every answer sets some, redirects and
/// errors too, but not informational ones and not a proxy's 407. A Cookie field of the request's or the session's own
/// wins: then none of the storage's go with that hop, while its answer may still set some.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_http_cookie_storage(
    configuration: *mut UrlSessionConfiguration,
    storage: *mut UrlSessionCookieStorage,
) -> UrlSessionStatus {
    replace(
        configuration,
        || borrow_if_any::<CookieStorage>(storage),
        |configuration| &mut configuration.rules.cookies.storage,
    )
}

/// The above; one reference is yours. NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_copy_http_cookie_storage(
    configuration: *const UrlSessionConfiguration,
) -> *mut UrlSessionCookieStorage {
    copied(|| {
        let configuration: Arc<ConfigurationObject> = borrow(configuration)?;
        Ok(configuration.with(|configuration| configuration.rules.cookies.storage.clone()))
    })
}

/// Whether requests get cookies of the storage, at first true (Apple: httpShouldSetCookies). Answers set some all the
/// same: that is for the accept policy to say.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_http_should_set_cookies(
    configuration: *mut UrlSessionConfiguration,
    should_set: bool,
) -> UrlSessionStatus {
    change(configuration, |configuration| Ok(configuration.rules.cookies.sends = should_set))
}

/// The above. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_http_should_set_cookies(
    configuration: *const UrlSessionConfiguration,
) -> bool {
    read(configuration, |configuration| configuration.rules.cookies.sends)
}

/// Whose cookies are stored, at first ONLY_FROM_MAIN_DOCUMENT_DOMAIN (Apple: httpCookieAcceptPolicy). What is stored
/// already is sent whatever this says. INVALID_ARGUMENT for an unknown one.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_http_cookie_accept_policy(
    configuration: *mut UrlSessionConfiguration,
    policy: UrlSessionCookieAcceptPolicy,
) -> UrlSessionStatus {
    let policy = match policy {
        UrlSessionCookieAcceptPolicy::ALWAYS => Ok(CookieAcceptPolicy::Always),
        UrlSessionCookieAcceptPolicy::NEVER => Ok(CookieAcceptPolicy::Never),
        UrlSessionCookieAcceptPolicy::ONLY_FROM_MAIN_DOCUMENT_DOMAIN => {
            Ok(CookieAcceptPolicy::OnlyFromMainDocumentDomain)
        }
        _ => Err(UrlSessionStatus::INVALID_ARGUMENT),
    };
    change(configuration, |configuration| Ok(configuration.rules.cookies.accepts = policy?))
}

/// The above. ALWAYS for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_http_cookie_accept_policy(
    configuration: *const UrlSessionConfiguration,
) -> UrlSessionCookieAcceptPolicy {
    UrlSessionCookieAcceptPolicy(read(configuration, |configuration| configuration.rules.cookies.accepts as u32))
}

/// Whether the session's cookies go with the request, and its answers set some, at first true (Apple:
/// HTTPShouldHandleCookies).
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_set_http_should_handle_cookies(
    request: *mut UrlSessionRequest,
    should_handle: bool,
) -> UrlSessionStatus {
    change_request(request, |request| Ok(request.set_handles_cookies(should_handle)))
}

/// The above. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_http_should_handle_cookies(request: *const UrlSessionRequest) -> bool {
    boundary(|| Ok(borrow::<RequestObject>(request)?.with(|request| request.handles_cookies())))
}

/// The URL of the page that the request is made for (Apple: mainDocumentURL), for ONLY_FROM_MAIN_DOCUMENT_DOMAIN:
/// cookies of other sites are then not stored. NULL, as at first: the request is for itself. INVALID_ARGUMENT: no http
/// or https URL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_set_main_document_url(
    request: *mut UrlSessionRequest,
    url: *const c_char,
) -> UrlSessionStatus {
    change_request(request, |request| request.set_main_document(optional_text(url)?).map_err(invalid))
}

/// The above, as it was parsed. Lent until the request is changed or released; NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_main_document_url(request: *const UrlSessionRequest) -> *const c_char {
    boundary(|| {
        let text = |request: &mut crate::message::Request| {
            request.main_document().map_or(ptr::null(), |document| document.text().as_ptr())
        };
        Ok(borrow::<RequestObject>(request)?.with(text))
    })
}

/// A cookie for this request alone, in place of one of the same name, stored or not (Python's requests: cookies=). It
/// goes along to redirects within the origin and is never stored. NULL as value takes it away. A Cookie field of the
/// request's own wins over it. INVALID_ARGUMENT: an empty name and value, or what cannot stand in a cookie (see
/// url_session_cookie_new).
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_set_cookie(
    request: *mut UrlSessionRequest,
    name: *const c_char,
    value: *const c_char,
) -> UrlSessionStatus {
    change_request(request, |request| request.set_cookie(text(name)?, optional_text(value)?).map_err(invalid))
}
