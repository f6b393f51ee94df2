use std::ffi::c_char;

use super::convert::{boundary, bytes, checked, copied, text};
use super::handle::{self, Builder, Handle, borrow};
use super::{UrlSessionStatus, invalid};
use crate::identity::Identity;
use crate::message::{Interval, Request};
use crate::session::{Configuration, TlsVersion};

/// How a session behaves (Apple: URLSessionConfiguration). Filled by one thread; a session takes a copy, so later
/// changes touch no session.
pub struct UrlSessionConfiguration(());

/// A configuration as C fills it.
pub(super) type ConfigurationObject = Builder<Configuration>;

impl Handle for ConfigurationObject {
    type C = UrlSessionConfiguration;

    fn identity(&self) -> Identity {
        Builder::identity(self)
    }
}

/// A TLS version, as the wire writes it.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UrlSessionTlsVersion(pub u32);

impl UrlSessionTlsVersion {
    /// TLS 1.2.
    pub const V1_2: Self = Self(0x0303);
    /// TLS 1.3.
    pub const V1_3: Self = Self(0x0304);
}

/// The defaults, with stores that later versions keep on disk; one reference is yours.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_new_default() -> *mut UrlSessionConfiguration {
    copied(|| Ok(Some(Builder::new(Configuration::new_default()))))
}

/// The defaults, with everything in memory and gone with the session; one reference is yours.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_new_ephemeral() -> *mut UrlSessionConfiguration {
    copied(|| Ok(Some(Builder::new(Configuration::new_ephemeral()))))
}

/// Another configuration with the same content; one reference is yours. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_copy(
    configuration: *const UrlSessionConfiguration,
) -> *mut UrlSessionConfiguration {
    copied(|| Ok(Some(Builder::new(snapshot(configuration)?))))
}

/// Takes one more reference; gives back `configuration`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_retain(
    configuration: *mut UrlSessionConfiguration,
) -> *mut UrlSessionConfiguration {
    boundary(|| Ok(handle::retain::<ConfigurationObject>(configuration)))
}

/// Gives one reference back; NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_release(configuration: *mut UrlSessionConfiguration) {
    boundary(|| Ok(handle::release::<ConfigurationObject>(configuration)))
}

/// Seconds without a byte moving after which a task fails: the timer restarts with every byte, and stands still while
/// a task is suspended, waits for a free connection or waits for a slow data slot. 0 restores the default, 60;
/// INFINITY means never. INVALID_ARGUMENT: negative or not a number.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_timeout_interval_for_request(
    configuration: *mut UrlSessionConfiguration,
    seconds: f64,
) -> UrlSessionStatus {
    change(configuration, |configuration| {
        Ok(configuration.timeouts.request = Interval::from_seconds(seconds).map_err(invalid)?)
    })
}

/// The above. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_timeout_interval_for_request(
    configuration: *const UrlSessionConfiguration,
) -> f64 {
    read(configuration, |configuration| configuration.timeouts.request().seconds())
}

/// Seconds that a whole task may take, redirects, repeats and waiting included; it stands still while the task is
/// suspended. 0 restores the default, 604800 (7 days); INFINITY means any time. INVALID_ARGUMENT as above.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_timeout_interval_for_resource(
    configuration: *mut UrlSessionConfiguration,
    seconds: f64,
) -> UrlSessionStatus {
    change(configuration, |configuration| {
        Ok(configuration.timeouts.resource = Interval::from_seconds(seconds).map_err(invalid)?)
    })
}

/// The above. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_timeout_interval_for_resource(
    configuration: *const UrlSessionConfiguration,
) -> f64 {
    read(configuration, |configuration| configuration.timeouts.resource().seconds())
}

/// Seconds that waiting for a free connection, resolving, connecting and the TLS handshake may take together; not
/// Apple's. 0 restores the default, INFINITY: then the two timers above are all there is. INVALID_ARGUMENT as above.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_timeout_interval_for_connect(
    configuration: *mut UrlSessionConfiguration,
    seconds: f64,
) -> UrlSessionStatus {
    change(configuration, |configuration| {
        Ok(configuration.timeouts.connect = Interval::from_seconds(seconds).map_err(invalid)?)
    })
}

/// The above. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_timeout_interval_for_connect(
    configuration: *const UrlSessionConfiguration,
) -> f64 {
    read(configuration, |configuration| configuration.timeouts.connect().seconds())
}

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

/// A header field for every request of the session that does not set it itself (Apple: httpAdditionalHeaders); NULL
/// as value takes it away again. Rules as for url_session_request_set_value_for_header_field. A sensitive one
/// (Authorization, Cookie, X-API-Key and the like) does not follow a redirect to another origin.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_http_additional_header(
    configuration: *mut UrlSessionConfiguration,
    name: *const c_char,
    value: *const c_char,
) -> UrlSessionStatus {
    change(configuration, |configuration| match super::convert::optional_text(value)? {
        Some(value) => configuration.rules.headers.set(text(name)?, value.as_bytes()).map_err(invalid),
        None => Ok(configuration.rules.headers.remove(text(name)?)),
    })
}

/// Certificates to trust beside the platform's: one or more in PEM, copied. INVALID_ARGUMENT where there is none or
/// one is broken; then nothing is added.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_add_trusted_certificates(
    configuration: *mut UrlSessionConfiguration,
    pem: *const u8,
    length: usize,
) -> UrlSessionStatus {
    change(configuration, |configuration| configuration.transport.tls.trust(bytes(pem, length)?).map_err(invalid))
}

/// The oldest TLS version to speak, at first V1_2 (Apple: tlsMinimumSupportedProtocolVersion). INVALID_ARGUMENT for
/// an unknown one, or one above the newest.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_tls_minimum_version(
    configuration: *mut UrlSessionConfiguration,
    version: UrlSessionTlsVersion,
) -> UrlSessionStatus {
    change(configuration, |configuration| {
        let maximum = configuration.transport.tls.maximum;
        configuration.transport.tls.set_versions(tls_version(version)?, maximum).map_err(invalid)
    })
}

/// The newest TLS version to speak, at first V1_3 (Apple: tlsMaximumSupportedProtocolVersion). INVALID_ARGUMENT for
/// an unknown one, or one below the oldest.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_tls_maximum_version(
    configuration: *mut UrlSessionConfiguration,
    version: UrlSessionTlsVersion,
) -> UrlSessionStatus {
    change(configuration, |configuration| {
        let minimum = configuration.transport.tls.minimum;
        configuration.transport.tls.set_versions(minimum, tls_version(version)?).map_err(invalid)
    })
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

/// How many bytes the head of a response may have, and as many the trailers of a body; more is CANNOT_PARSE_RESPONSE.
/// Default 65536, from 1024 to 16 MiB.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_maximum_header_size(
    configuration: *mut UrlSessionConfiguration,
    bytes: u32,
) -> UrlSessionStatus {
    limit(configuration, |it| &mut it.transport.header_size, bytes, 1024..=16 << 20)
}

/// How many fields the head of a response may have; more is CANNOT_PARSE_RESPONSE. Default 100, from 1 to 128.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_maximum_header_count(
    configuration: *mut UrlSessionConfiguration,
    fields: u32,
) -> UrlSessionStatus {
    limit(configuration, |it| &mut it.transport.header_count, fields, 1..=Configuration::MOST_HEADERS)
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

/// How many bytes a completion handler's body may have, which is gathered in memory; more is
/// DATA_LENGTH_EXCEEDS_MAXIMUM. Default 256 MiB.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_maximum_gathered_size(
    configuration: *mut UrlSessionConfiguration,
    bytes: u64,
) -> UrlSessionStatus {
    limit(configuration, |it| &mut it.rules.gathered_size, bytes, 0..=u64::MAX)
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

pub(super) fn snapshot(configuration: *const UrlSessionConfiguration) -> Result<Configuration, UrlSessionStatus> {
    Ok(borrow::<ConfigurationObject>(configuration)?.with(|configuration| configuration.clone()))
}

fn tls_version(version: UrlSessionTlsVersion) -> Result<TlsVersion, UrlSessionStatus> {
    match version {
        UrlSessionTlsVersion::V1_2 => Ok(TlsVersion::V1_2),
        UrlSessionTlsVersion::V1_3 => Ok(TlsVersion::V1_3),
        _ => Err(UrlSessionStatus::INVALID_ARGUMENT),
    }
}

fn change(
    configuration: *mut UrlSessionConfiguration,
    change: impl FnOnce(&mut Configuration) -> Result<(), UrlSessionStatus>,
) -> UrlSessionStatus {
    checked(|| borrow::<ConfigurationObject>(configuration)?.with(change))
}

fn read<R: super::convert::Fallback>(
    configuration: *const UrlSessionConfiguration,
    read: impl FnOnce(&Configuration) -> R,
) -> R {
    boundary(|| Ok(borrow::<ConfigurationObject>(configuration)?.with(|configuration| read(configuration))))
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
