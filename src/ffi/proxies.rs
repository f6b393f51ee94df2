use std::ffi::c_char;
use std::ptr;

use super::configuration::{change, read};
use super::convert::{boundary, checked, optional_text, text};
use super::handle::borrow;
use super::request::RequestObject;
use super::{UrlSessionConfiguration, UrlSessionRequest, UrlSessionStatus, invalid};
use crate::message::Way;
use crate::transport::{Exceptions, ProxyKey};

/// The proxy for a part of the session's URLs (Apple: connectionProxyDictionary, proxyConfigurations); NULL as `proxy`
/// takes it away again.
///
/// `key` is "scheme://host", "http" or "https", "all://host" or "all", and the narrowest that fits a URL counts, in
/// this order. A request's own proxy goes before it, the environment's comes after it.
///
/// `proxy` is "scheme://user:password@host:port", where only the host must be; text that is reserved in URLs is
/// percent-encoded. The scheme says what is spoken to the proxy:
/// - http, which is also what none means, or https, which is HTTP over TLS with the session's trust: an http URL is
///   asked for from the proxy, for an https URL it opens a tunnel (CONNECT). Port 80 or 443, where none is given.
/// - socks4 (also socks) and socks5, which are given addresses, so that this machine looks up the server's name;
///   socks4a and socks5h, where the proxy does. Port 1080. The password is for 5 and 5h, which want one with the user.
/// - direct:// is no proxy, for what a wider key would send through one.
///
/// User and password are for the proxy alone: no getter, error or server sees them. INVALID_ARGUMENT: another key,
/// another scheme, no host, a path, or a user and password that cannot be said to a proxy of this kind.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_proxy(
    configuration: *mut UrlSessionConfiguration,
    key: *const c_char,
    proxy: *const c_char,
) -> UrlSessionStatus {
    change(configuration, |configuration| {
        let (key, way) = (ProxyKey::parse(text(key)?).map_err(invalid)?, way(proxy)?);
        Ok(configuration.transport.proxies.set(key, way))
    })
}

/// What was set for this key, "direct://" or a proxy's URL with its port and without user and password. Lent until the
/// configuration is changed or released; NULL where there is nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_proxy(
    configuration: *const UrlSessionConfiguration,
    key: *const c_char,
) -> *const c_char {
    boundary(|| {
        let key = ProxyKey::parse(text(key)?).map_err(invalid)?;
        let found = |way: Option<&Way>| way.map_or(ptr::null(), |way| way.text().as_ptr());
        Ok(read(configuration, |configuration| found(configuration.transport.proxies.get(&key))))
    })
}

/// Hosts that take no proxy of the configuration (Apple: ExceptionsList, excludedDomains); NULL is none again. The list
/// has commas between its elements, blanks do not count, and neither does case. An element is a name, which stands for
/// the names below it too and may begin with "." or "*."; an address, or a network such as 10.0.0.0/8 or 2001:db8::/32,
/// which a name is never looked up for; either of them but a network with ":port"; or "*", which is every host.
/// INVALID_ARGUMENT for any other element; then nothing is changed.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_proxy_exceptions(
    configuration: *mut UrlSessionConfiguration,
    exceptions: *const c_char,
) -> UrlSessionStatus {
    change(configuration, |configuration| {
        let parsed = optional_text(exceptions)?.map(Exceptions::parse).transpose().map_err(invalid)?;
        Ok(configuration.transport.proxies.exceptions = parsed.unwrap_or_default())
    })
}

/// The above, as it was given. Lent until the configuration is changed or released; NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_proxy_exceptions(
    configuration: *const UrlSessionConfiguration,
) -> *const c_char {
    read(configuration, |it| it.transport.proxies.exceptions.text().map_or(ptr::null(), |text| text.as_ptr()))
}

/// Whether a URL that neither its request nor the configuration has a proxy for takes the one of the environment, which
/// is what Apple calls the system's settings. At first true. The environment is read once, when a session is made:
/// http_proxy for http, https_proxy or HTTPS_PROXY for https, all_proxy or ALL_PROXY for both where there is none of
/// these, no_proxy or NO_PROXY for exceptions, with lists as above whose unknown elements do not count. Of two
/// spellings the one in small letters counts. HTTP_PROXY is not read, because whoever asks a CGI program for something
/// can set it. localhost, names below it and addresses of this machine take no proxy of the environment. A variable
/// that holds no proxy fails the tasks that would take it with BAD_URL, rather than send them straight.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_uses_environment_proxies(
    configuration: *mut UrlSessionConfiguration,
    uses: bool,
) -> UrlSessionStatus {
    change(configuration, |configuration| Ok(configuration.transport.proxies.uses_environment = uses))
}

/// The above. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_uses_environment_proxies(
    configuration: *const UrlSessionConfiguration,
) -> bool {
    read(configuration, |configuration| configuration.transport.proxies.uses_environment)
}

/// The proxy for this request, whatever the session has: written as for url_session_configuration_set_proxy, so
/// "direct://" is none. NULL, as at first, takes the session's. A redirect takes it along.
///
/// A field Proxy-Authorization of the request is for the proxy alone and goes before user and password of its URL: it
/// is sent to an HTTP proxy with an http URL, in front of the tunnel for an https URL, and to nobody else. Refused, it
/// gives way to what a delegate answers. Suppressed, an HTTP proxy is told nothing, and nobody is asked.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_set_proxy(
    request: *mut UrlSessionRequest,
    proxy: *const c_char,
) -> UrlSessionStatus {
    checked(|| {
        let way = way(proxy)?;
        borrow::<RequestObject>(request)?.with(|request| Ok(request.set_way(way)))
    })
}

/// The above, "direct://" or a URL with its port and without user and password. Lent until the request is changed or
/// released; NULL where the session's counts.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_proxy(request: *const UrlSessionRequest) -> *const c_char {
    boundary(|| {
        let request = borrow::<RequestObject>(request)?;
        Ok(request.with(|request| request.way().map_or(ptr::null(), |way| way.text().as_ptr())))
    })
}

fn way(proxy: *const c_char) -> Result<Option<Way>, UrlSessionStatus> {
    optional_text(proxy)?.map(Way::parse).transpose().map_err(invalid)
}
