use super::configuration::{change, read};
use super::{UrlSessionConfiguration, UrlSessionStatus};

/// Whether the session goes nowhere over http: then a task whose URL, or a redirect's, is http and does not become
/// https by what its HSTS storage knows, fails with APP_TRANSPORT_SECURITY_REQUIRES_SECURE_CONNECTION before anything
/// is sent. A redirect that your slot answers with an https URL is fine. Default false (Apple: App Transport Security).
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_requires_https(
    configuration: *mut UrlSessionConfiguration,
    requires_https: bool,
) -> UrlSessionStatus {
    change(configuration, |configuration| Ok(configuration.rules.requires_https = requires_https))
}

/// The above. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_requires_https(configuration: *const UrlSessionConfiguration) -> bool {
    read(configuration, |configuration| configuration.rules.requires_https)
}

/// Whether the session connects to the Internet alone, for URLs that somebody else chooses: of the addresses of every
/// host, redirects included, those are dropped that are loopback, private (RFC 1918, fc00::/7), link-local, shared
/// (100.64.0.0/10), unspecified, multicast, reserved or for documentation, also where they are embedded in an IPv6
/// address (mapped, NAT64, 6to4, Teredo); where none is left the task fails with CANNOT_CONNECT_TO_HOST. What was
/// checked is what is connected to: a name is looked up once. A proxy may be anywhere; through one this applies to
/// hosts that are addresses, and to names that are looked up here (socks4 and socks5), but not to those that the proxy
/// looks up. It does not apply to what your dialer connects. Default false; not Apple's.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_refuses_private_addresses(
    configuration: *mut UrlSessionConfiguration,
    refuses: bool,
) -> UrlSessionStatus {
    change(configuration, |configuration| Ok(configuration.transport.refuses_private_addresses = refuses))
}

/// The above. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_refuses_private_addresses(
    configuration: *const UrlSessionConfiguration,
) -> bool {
    read(configuration, |configuration| configuration.transport.refuses_private_addresses)
}
