use std::ffi::c_char;
use std::mem::{offset_of, size_of};
use std::ptr;
use std::sync::Arc;

use url::Url;

use super::convert::{boundary, copy_struct, give, optional_text, text};
use super::handle::{self, Handle, borrow};
use super::{UrlSessionStatus, invalid};
use crate::identity::Identity;
use crate::message::Location;
use crate::store::{Cookie, CookieProperties, SameSite, now};

/// A cookie (Apple: NSHTTPCookie). It never changes. Any thread, any time.
pub struct UrlSessionCookie(());

impl Handle for Cookie {
    type C = UrlSessionCookie;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// With whose requests a server wants a cookie to go (Apple: NSHTTPCookieSameSitePolicy). Recorded and no more: an
/// application has no pages that could make requests to other sites.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UrlSessionCookieSameSite(pub u32);

impl UrlSessionCookieSameSite {
    /// The server did not say, or said nothing that is known.
    pub const UNSPECIFIED: Self = Self(0);
    /// With all.
    pub const NONE: Self = Self(1);
    /// With those of its own site, and with those that lead to it.
    pub const LAX: Self = Self(2);
    /// With those of its own site.
    pub const STRICT: Self = Self(3);
}

/// What a cookie is made of (Apple: NSHTTPCookiePropertyKey). Fill `size` with sizeof(UrlSessionCookieProperties), and
/// leave at 0 what is not said. Texts are copied.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct UrlSessionCookieProperties {
    /// sizeof(UrlSessionCookieProperties), as the application was compiled; members past it count as 0.
    pub size: usize,
    /// Without '='. NULL or empty: a cookie without a name, of which only the value is sent.
    pub name: *const c_char,
    /// NULL: empty.
    pub value: *const c_char,
    /// The host, or the domain above it; a dot in front is nothing, and a name outside ASCII is written as the DNS has
    /// it. Not NULL: a cookie that goes everywhere there is not.
    pub domain: *const c_char,
    /// What the path of a URL begins with. NULL, and what does not begin with a slash: "/".
    pub path: *const c_char,
    /// Seconds since 1970. 0: it has no end, and goes with its storage.
    pub expires: f64,
    /// A UrlSessionCookieSameSite.
    pub same_site: u32,
    /// Not 0: only for https, on loopback too.
    pub secure: u32,
    /// Not 0: the server does not want scripts to see it. Recorded and no more.
    pub http_only: u32,
    /// Not 0: for the host `domain` alone, and not for all below it. So is every cookie whose domain is an address or
    /// a public suffix, such as com or github.io.
    pub host_only: u32,
}

const EMPTY: UrlSessionCookieProperties = UrlSessionCookieProperties {
    size: size_of::<UrlSessionCookieProperties>(),
    name: ptr::null(),
    value: ptr::null(),
    domain: ptr::null(),
    path: ptr::null(),
    expires: 0.0,
    same_site: 0,
    secure: 0,
    http_only: 0,
    host_only: 0,
};

/// A cookie of the application's making, in `*cookie` (Apple: initWithProperties:); one reference is yours.
/// INVALID_ARGUMENT: no domain, or one of more than 1024 bytes; neither name nor value, or more than 4096 bytes of
/// both; a path of more than 8192; a control character, ';', or a blank at an end; `expires` that is not finite; or a
/// name that promises what is not so: "__Secure-" is for secure cookies, "__Host-" for secure ones of a host alone and
/// of the path "/" (RFC 6265bis). `properties` and `cookie`: not NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_new(
    properties: *const UrlSessionCookieProperties,
    cookie: *mut *mut UrlSessionCookie,
) -> UrlSessionStatus {
    give(cookie, || make(&copy_struct(properties, offset_of!(UrlSessionCookieProperties, path), EMPTY)?))
}

/// The cookie that `set_cookie`, the value of a Set-Cookie field, would set if `url` answered with it now (Apple:
/// cookiesWithResponseHeaderFields:forURL:), in `*cookie`; one reference is yours. It is read as RFC 6265bis says.
/// INVALID_ARGUMENT: `url` is no http or https URL, or may not set such a cookie. None may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_new_with_header(
    url: *const c_char,
    set_cookie: *const c_char,
    cookie: *mut *mut UrlSessionCookie,
) -> UrlSessionStatus {
    give(cookie, || Cookie::from_field(&url_of(url)?, text(set_cookie)?.as_bytes(), now()).map_err(invalid))
}

/// Takes one more reference; gives back `cookie`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_retain(cookie: *mut UrlSessionCookie) -> *mut UrlSessionCookie {
    boundary(|| Ok(handle::retain::<Cookie>(cookie)))
}

/// Gives one reference back; NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_release(cookie: *mut UrlSessionCookie) {
    boundary(|| Ok(handle::release::<Cookie>(cookie)))
}

/// The name, perhaps empty. Lent as long as you hold `cookie`; NULL for NULL. So are the texts below. Octets that are
/// not UTF-8 are shown as Latin-1, and go back to the server as they came.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_name(cookie: *const UrlSessionCookie) -> *const c_char {
    boundary(|| Ok(borrow::<Cookie>(cookie)?.name().as_ptr()))
}

/// The value, perhaps empty, with its quotes if it has any.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_value(cookie: *const UrlSessionCookie) -> *const c_char {
    boundary(|| Ok(borrow::<Cookie>(cookie)?.value().as_ptr()))
}

/// The domain, in small letters and without a dot in front.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_domain(cookie: *const UrlSessionCookie) -> *const c_char {
    boundary(|| Ok(borrow::<Cookie>(cookie)?.domain().as_ptr()))
}

/// The path.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_path(cookie: *const UrlSessionCookie) -> *const c_char {
    boundary(|| Ok(borrow::<Cookie>(cookie)?.path().as_ptr()))
}

/// When it ends, in seconds since 1970 (Apple: expiresDate); 0 where it has no end, and for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_expires(cookie: *const UrlSessionCookie) -> f64 {
    boundary(|| Ok(borrow::<Cookie>(cookie)?.expires().unwrap_or_default()))
}

/// Whether it goes to https alone. False for NULL, and so are those below.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_is_secure(cookie: *const UrlSessionCookie) -> bool {
    boundary(|| Ok(borrow::<Cookie>(cookie)?.is_secure()))
}

/// Whether scripts should not see it.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_is_http_only(cookie: *const UrlSessionCookie) -> bool {
    boundary(|| Ok(borrow::<Cookie>(cookie)?.is_http_only()))
}

/// Whether it is for its host alone.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_is_host_only(cookie: *const UrlSessionCookie) -> bool {
    boundary(|| Ok(borrow::<Cookie>(cookie)?.is_host_only()))
}

/// Whether it has no end of its own, and is written to no file.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_is_session_only(cookie: *const UrlSessionCookie) -> bool {
    boundary(|| Ok(borrow::<Cookie>(cookie)?.expires().is_none()))
}

/// With whose requests the server wants it to go; UNSPECIFIED for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_cookie_same_site(cookie: *const UrlSessionCookie) -> UrlSessionCookieSameSite {
    UrlSessionCookieSameSite(boundary(|| Ok(borrow::<Cookie>(cookie)?.same_site() as u32)))
}

/// The URL behind a text, if the library can go there.
pub(super) fn url_of(url: *const c_char) -> Result<Url, UrlSessionStatus> {
    Location::new(text(url)?).usable().cloned().map_err(|_| UrlSessionStatus::INVALID_ARGUMENT)
}

fn make(properties: &UrlSessionCookieProperties) -> Result<Arc<Cookie>, UrlSessionStatus> {
    let octets = |pointer| Ok(optional_text(pointer)?.unwrap_or_default().as_bytes());
    let domain = optional_text(properties.domain)?.ok_or(UrlSessionStatus::INVALID_ARGUMENT)?;
    if !properties.expires.is_finite() {
        return Err(UrlSessionStatus::INVALID_ARGUMENT);
    }
    let properties = CookieProperties {
        name: octets(properties.name)?,
        value: octets(properties.value)?,
        domain,
        path: octets(properties.path)?,
        expires: (properties.expires != 0.0).then_some(properties.expires),
        same_site: same_site(properties.same_site)?,
        is_secure: properties.secure != 0,
        is_http_only: properties.http_only != 0,
        is_host_only: properties.host_only != 0,
    };
    Cookie::new(properties).map_err(invalid)
}

fn same_site(number: u32) -> Result<SameSite, UrlSessionStatus> {
    match UrlSessionCookieSameSite(number) {
        UrlSessionCookieSameSite::UNSPECIFIED => Ok(SameSite::Unspecified),
        UrlSessionCookieSameSite::NONE => Ok(SameSite::None),
        UrlSessionCookieSameSite::LAX => Ok(SameSite::Lax),
        UrlSessionCookieSameSite::STRICT => Ok(SameSite::Strict),
        _ => Err(UrlSessionStatus::INVALID_ARGUMENT),
    }
}
