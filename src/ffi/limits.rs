use std::ffi::c_char;

use super::configuration::{change, read};
use super::convert::text;
use super::{UrlSessionConfiguration, UrlSessionStatus, invalid};
use crate::message::Request;
use crate::session::Configuration;

/// How many connections the session opens to one origin; further tasks wait, by priority, then first come. Default 6,
/// 1 to 65535 (Apple: httpMaximumConnectionsPerHost).
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_http_maximum_connections_per_host(
    configuration: *mut UrlSessionConfiguration,
    connections: u32,
) -> UrlSessionStatus {
    limit(configuration, |it| &mut it.transport.connections_per_host, connections, 1..=65535)
}

/// The above. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_http_maximum_connections_per_host(
    configuration: *const UrlSessionConfiguration,
) -> u32 {
    read(configuration, |configuration| configuration.transport.connections_per_host)
}

/// How many redirects a task follows; one more fails it with HTTP_TOO_MANY_REDIRECTS. 0 follows none: the 3xx is the
/// result. Default 20, at most 1000.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_maximum_redirects(
    configuration: *mut UrlSessionConfiguration,
    redirects: u32,
) -> UrlSessionStatus {
    limit(configuration, |it| &mut it.rules.redirects, redirects, 0..=Request::MOST_REDIRECTS)
}

/// The above. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_maximum_redirects(configuration: *const UrlSessionConfiguration) -> u32 {
    read(configuration, |configuration| configuration.rules.redirects)
}

/// One more name of a header field that holds a secret, in whatever case: a redirect to another origin does not take it
/// along. From https to http is another origin; from http to https of the same host, both at their default ports, is
/// not. Known are Authorization, Proxy-Authorization, Cookie, Cookie2, X-API-Key, API-Key, X-Auth-Token,
/// X-Access-Token, X-Amz-Security-Token, X-CSRF-Token, X-Goog-API-Key, X-Vault-Token and Private-Token.
/// INVALID_ARGUMENT: not a name.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_add_sensitive_header_field(
    configuration: *mut UrlSessionConfiguration,
    name: *const c_char,
) -> UrlSessionStatus {
    change(configuration, |configuration| configuration.rules.add_sensitive(text(name)?).map_err(invalid))
}

/// How many bytes the head of a response may have, and as many the trailers of a body; more is CANNOT_PARSE_RESPONSE.
/// Default 65536, from 1024 to 16 MiB.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_maximum_header_size(
    configuration: *mut UrlSessionConfiguration,
    bytes: u32,
) -> UrlSessionStatus {
    limit(configuration, |it| &mut it.transport.header_size, bytes, 1024..=16 << 20)
}

/// The above. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_maximum_header_size(configuration: *const UrlSessionConfiguration) -> u32 {
    read(configuration, |configuration| configuration.transport.header_size)
}

/// How many fields the head of a response may have; more is CANNOT_PARSE_RESPONSE. Default 100, from 1 to 128.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_maximum_header_count(
    configuration: *mut UrlSessionConfiguration,
    fields: u32,
) -> UrlSessionStatus {
    limit(configuration, |it| &mut it.transport.header_count, fields, 1..=Configuration::MOST_HEADERS)
}

/// The above. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_maximum_header_count(configuration: *const UrlSessionConfiguration) -> u32 {
    read(configuration, |configuration| configuration.transport.header_count)
}

/// How many bytes a body may have once decoded; more is DATA_LENGTH_EXCEEDS_MAXIMUM. Default UINT64_MAX, no limit:
/// what streams through the data slot is bounded in memory whatever its length.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_maximum_decoded_size(
    configuration: *mut UrlSessionConfiguration,
    bytes: u64,
) -> UrlSessionStatus {
    limit(configuration, |it| &mut it.rules.decoded_size, bytes, 0..=u64::MAX)
}

/// The above. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_maximum_decoded_size(configuration: *const UrlSessionConfiguration) -> u64 {
    read(configuration, |configuration| configuration.rules.decoded_size)
}

/// How many bytes a completion handler's body may have, which is gathered in memory; more is
/// DATA_LENGTH_EXCEEDS_MAXIMUM. Default 256 MiB.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_maximum_gathered_size(
    configuration: *mut UrlSessionConfiguration,
    bytes: u64,
) -> UrlSessionStatus {
    limit(configuration, |it| &mut it.rules.gathered_size, bytes, 0..=u64::MAX)
}

/// The above. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_maximum_gathered_size(
    configuration: *const UrlSessionConfiguration,
) -> u64 {
    read(configuration, |configuration| configuration.rules.gathered_size)
}

/// How many bytes one compressed byte may become, on the average of a body and once it has become 10 MiB; more is
/// DATA_LENGTH_EXCEEDS_MAXIMUM, for it is a decompression bomb. Default 250; 0 means no limit.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_maximum_decompression_ratio(
    configuration: *mut UrlSessionConfiguration,
    ratio: u32,
) -> UrlSessionStatus {
    limit(configuration, |it| &mut it.rules.decompression_ratio, ratio, 0..=u32::MAX)
}

/// The above. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_maximum_decompression_ratio(
    configuration: *const UrlSessionConfiguration,
) -> u32 {
    read(configuration, |configuration| configuration.rules.decompression_ratio)
}

fn limit<T: PartialOrd>(
    configuration: *mut UrlSessionConfiguration,
    limit: impl FnOnce(&mut Configuration) -> &mut T,
    value: T,
    allowed: std::ops::RangeInclusive<T>,
) -> UrlSessionStatus {
    change(configuration, |configuration| {
        if !allowed.contains(&value) {
            return Err(UrlSessionStatus::INVALID_ARGUMENT);
        }
        *limit(configuration) = value;
        Ok(())
    })
}
