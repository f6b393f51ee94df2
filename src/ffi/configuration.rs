use std::ffi::c_char;

use super::convert::{boundary, bytes, checked, copied, text};
use super::handle::{self, Builder, Handle, borrow};
use super::{UrlSessionStatus, invalid};
use crate::identity::Identity;
use crate::message::Interval;
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

/// The defaults, with the storages that all default configurations share; one reference is yours. The storages are in
/// memory until they are given a file. Of the environment count proxies and the variables of certificates, each with a
/// switch; netrc and SSLKEYLOGFILE do not, unless it is said.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_new_default() -> *mut UrlSessionConfiguration {
    copied(|| Ok(Some(Builder::new(Configuration::new_default()))))
}

/// The defaults, with storages of its own in memory, gone with their last configuration or session; one reference is
/// yours.
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
/// an unknown one, or one above the newest: set that first.
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

/// The above. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_tls_minimum_version(
    configuration: *const UrlSessionConfiguration,
) -> UrlSessionTlsVersion {
    UrlSessionTlsVersion(read(configuration, |configuration| configuration.transport.tls.minimum as u32))
}

/// The newest TLS version to speak, at first V1_3 (Apple: tlsMaximumSupportedProtocolVersion). INVALID_ARGUMENT for
/// an unknown one, or one below the oldest: set that first.
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

/// The above. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_tls_maximum_version(
    configuration: *const UrlSessionConfiguration,
) -> UrlSessionTlsVersion {
    UrlSessionTlsVersion(read(configuration, |configuration| configuration.transport.tls.maximum as u32))
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

pub(super) fn change(
    configuration: *mut UrlSessionConfiguration,
    change: impl FnOnce(&mut Configuration) -> Result<(), UrlSessionStatus>,
) -> UrlSessionStatus {
    checked(|| borrow::<ConfigurationObject>(configuration)?.with(change))
}

/// Puts a value in the place of another, which is dropped outside the lock: it may write a file or call the application.
pub(super) fn replace<T>(
    configuration: *mut UrlSessionConfiguration,
    value: impl FnOnce() -> Result<T, UrlSessionStatus>,
    place: impl FnOnce(&mut Configuration) -> &mut T,
) -> UrlSessionStatus {
    checked(|| {
        let configuration = borrow::<ConfigurationObject>(configuration)?;
        let value = value()?;
        let before = configuration.with(|configuration| std::mem::replace(place(configuration), value));
        Ok(drop(before))
    })
}

pub(super) fn read<R: super::convert::Fallback>(
    configuration: *const UrlSessionConfiguration,
    read: impl FnOnce(&Configuration) -> R,
) -> R {
    boundary(|| Ok(borrow::<ConfigurationObject>(configuration)?.with(|configuration| read(configuration))))
}
