use std::ffi::c_char;
use std::ptr;

use super::convert::{boundary, checked, copied, give, optional_text, text, write};
use super::handle::{self, Handle, borrow};
use super::{UrlSessionServerTrust, UrlSessionStatus};
use crate::challenge::{AuthenticationMethod, ProtectionSpace, Protocol, Space};
use crate::identity::Identity;
use crate::message::Text;

/// Where a credential is good: a server or a proxy, and a realm of it (Apple: URLProtectionSpace; RFC 9110, 11.5).
/// Unchanging; any thread, any time.
pub struct UrlSessionProtectionSpace(());

impl Handle for ProtectionSpace {
    type C = UrlSessionProtectionSpace;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// How a protection space wants to know who one is (Apple: the NSURLAuthenticationMethod… texts).
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UrlSessionAuthenticationMethod(pub u32);

impl UrlSessionAuthenticationMethod {
    /// None: the protection space is no living handle.
    pub const UNKNOWN: Self = Self(0);
    /// A user and a password, as they are (RFC 7617).
    pub const HTTP_BASIC: Self = Self(1);
    /// A user, and the proof of a password (RFC 7616).
    pub const HTTP_DIGEST: Self = Self(2);
    /// A token (RFC 6750).
    pub const BEARER: Self = Self(3);
    /// RFC 4559. Later versions speak it; this one passes it over.
    pub const NEGOTIATE: Self = Self(4);
    /// As NEGOTIATE.
    pub const NTLM: Self = Self(5);
    /// A certificate of the application's.
    pub const CLIENT_CERTIFICATE: Self = Self(6);
    /// Whether to trust the server's certificate.
    pub const SERVER_TRUST: Self = Self(7);
}

/// One to look up or keep credentials by, in `*space`; one reference is yours. `protocol` is "http" or "https", with
/// `is_proxy` that of the proxy; `realm` may be NULL. INVALID_ARGUMENT: an unknown
/// protocol, or a method other than HTTP_BASIC, HTTP_DIGEST and BEARER.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_protection_space_new(
    host: *const c_char,
    port: u16,
    protocol: *const c_char,
    is_proxy: bool,
    realm: *const c_char,
    method: UrlSessionAuthenticationMethod,
    space: *mut *mut UrlSessionProtectionSpace,
) -> UrlSessionStatus {
    give(space, || {
        let protocol = match (text(protocol)?, is_proxy) {
            ("http", false) => Protocol::Http,
            ("https", false) => Protocol::Https,
            ("http", true) => Protocol::HttpProxy,
            ("https", true) => Protocol::HttpsProxy,
            _ => return Err(UrlSessionStatus::INVALID_ARGUMENT),
        };
        let method = match method {
            UrlSessionAuthenticationMethod::HTTP_BASIC => AuthenticationMethod::Basic,
            UrlSessionAuthenticationMethod::HTTP_DIGEST => AuthenticationMethod::Digest,
            UrlSessionAuthenticationMethod::BEARER => AuthenticationMethod::Bearer,
            _ => return Err(UrlSessionStatus::INVALID_ARGUMENT),
        };
        let host = host_name(text(host)?);
        let realm = optional_text(realm)?.map(Text::new);
        Ok(ProtectionSpace::new(Space { host, port, protocol, method, realm }).into())
    })
}

/// Takes one more reference; gives back `space`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_protection_space_retain(
    space: *mut UrlSessionProtectionSpace,
) -> *mut UrlSessionProtectionSpace {
    boundary(|| Ok(handle::retain::<ProtectionSpace>(space)))
}

/// Gives one reference back; NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_protection_space_release(space: *mut UrlSessionProtectionSpace) {
    boundary(|| Ok(handle::release::<ProtectionSpace>(space)))
}

/// The host of the server, or of the proxy; an IPv6 address without brackets. Lent by `space`. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_protection_space_host(space: *const UrlSessionProtectionSpace) -> *const c_char {
    boundary(|| Ok(borrow::<ProtectionSpace>(space)?.space().host.as_ptr()))
}

/// Its port. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_protection_space_port(space: *const UrlSessionProtectionSpace) -> u16 {
    boundary(|| Ok(borrow::<ProtectionSpace>(space)?.space().port))
}

/// "http" or "https"; of a proxy its kind (Apple: proxyType). SOCKS proxies ask nobody: their user and
/// password are in their URL. Lives as long as the process.
/// NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_protection_space_protocol(space: *const UrlSessionProtectionSpace) -> *const c_char {
    boundary(|| Ok(borrow::<ProtectionSpace>(space)?.space().protocol.text().as_ptr()))
}

/// Whether a proxy asks. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_protection_space_is_proxy(space: *const UrlSessionProtectionSpace) -> bool {
    boundary(|| Ok(borrow::<ProtectionSpace>(space)?.space().protocol.is_proxy()))
}

/// The realm, as the server wrote it; lent by `space`. NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_protection_space_realm(space: *const UrlSessionProtectionSpace) -> *const c_char {
    boundary(|| {
        let space = borrow::<ProtectionSpace>(space)?;
        Ok(space.space().realm.as_ref().map_or(ptr::null(), |realm| realm.as_ptr()))
    })
}

/// How it wants to know who one is. UNKNOWN for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_protection_space_authentication_method(
    space: *const UrlSessionProtectionSpace,
) -> UrlSessionAuthenticationMethod {
    let method = boundary(|| Ok(borrow::<ProtectionSpace>(space)?.space().method as u32));
    UrlSessionAuthenticationMethod(method)
}

/// Whether a password cannot be read on its way there (Apple: receivesCredentialSecurely): over TLS, or because the
/// method does not send it. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_protection_space_receives_credential_securely(
    space: *const UrlSessionProtectionSpace,
) -> bool {
    boundary(|| Ok(borrow::<ProtectionSpace>(space)?.receives_credential_securely()))
}

/// The certificates of a SERVER_TRUST challenge (Apple: serverTrust); one reference is yours. NULL for other methods.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_protection_space_copy_server_trust(
    space: *const UrlSessionProtectionSpace,
) -> *mut UrlSessionServerTrust {
    copied(|| Ok(borrow::<ProtectionSpace>(space)?.server_trust().cloned()))
}

/// How many issuers a CLIENT_CERTIFICATE challenge names (Apple: distinguishedNames); 0 also means any. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_protection_space_distinguished_name_count(
    space: *const UrlSessionProtectionSpace,
) -> usize {
    boundary(|| Ok(borrow::<ProtectionSpace>(space)?.distinguished_names().len()))
}

/// The name of an issuer in DER, lent by `space`. INVALID_ARGUMENT past the last. No argument may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_protection_space_distinguished_name_at(
    space: *const UrlSessionProtectionSpace,
    index: usize,
    bytes: *mut *const u8,
    length: *mut usize,
) -> UrlSessionStatus {
    checked(|| {
        write(bytes, ptr::null())?;
        write(length, 0)?;
        let space = borrow::<ProtectionSpace>(space)?;
        let name = space.distinguished_names().get(index).ok_or(UrlSessionStatus::INVALID_ARGUMENT)?;
        write(bytes, name.as_ptr())?;
        write(length, name.len())
    })
}

/// As URLs write it; an IPv6 address without its brackets.
fn host_name(host: &str) -> Text {
    let name = url::Host::parse(host).map(|name| name.to_string());
    Text::from(name.unwrap_or_else(|_| host.to_ascii_lowercase()).trim_matches(['[', ']']).to_owned())
}
