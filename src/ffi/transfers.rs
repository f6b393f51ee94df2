use std::ffi::c_char;
use std::ptr;

use super::configuration::{change, read};
use super::convert::{boundary, optional_text};
use super::handle::borrow;
use super::{UrlSessionConfiguration, UrlSessionStatus, invalid};
use crate::message::{Interval, Text};

/// Where downloads have their temporary files, "urlsession-….download", until they are moved; copied. NULL, the
/// default, is the system's directory for such files, which is often in memory, which others use too, and which may be
/// emptied while a paused download waits: choose another for large files. Resume data name a file in this directory: a
/// session that goes on with one needs the same. Processes that are killed leave their files here. INVALID_ARGUMENT: an
/// empty path.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_download_directory(
    configuration: *mut UrlSessionConfiguration,
    path: *const c_char,
) -> UrlSessionStatus {
    change(configuration, |configuration| {
        let path = optional_text(path)?;
        if path.is_some_and(str::is_empty) {
            return Err(UrlSessionStatus::INVALID_ARGUMENT);
        }
        Ok(configuration.rules.download_directory = path.map(Text::new))
    })
}

/// The above; NULL for the system's. Lent until the configuration is changed or released.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_download_directory(
    configuration: *const UrlSessionConfiguration,
) -> *const c_char {
    boundary(|| {
        let configuration = borrow::<super::configuration::ConfigurationObject>(configuration)?;
        let path = |path: &Text| path.as_ptr();
        Ok(configuration
            .with(|configuration| configuration.rules.download_directory.as_ref().map_or(ptr::null(), path)))
    })
}

/// Whether a download whose status is not 2xx or 304 fails with BAD_SERVER_RESPONSE, instead of ending with the error
/// page in its file. Default false.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_downloads_require_success(
    configuration: *mut UrlSessionConfiguration,
    require: bool,
) -> UrlSessionStatus {
    change(configuration, |configuration| Ok(configuration.rules.downloads_require_success = require))
}

/// The above. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_downloads_require_success(
    configuration: *const UrlSessionConfiguration,
) -> bool {
    read(configuration, |configuration| configuration.rules.downloads_require_success)
}

/// A body of more bytes than this goes out with "Expect: 100-continue": first the head, and the body when the server
/// wants it (RFC 9110, 10.1.1). One of unknown length does so at any value but the default, UINT64_MAX, which means:
/// only where a request has the field itself. A server that answers 417 gets the request once more without.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_expect_continue_above(
    configuration: *mut UrlSessionConfiguration,
    bytes: u64,
) -> UrlSessionStatus {
    change(configuration, |configuration| Ok(configuration.transport.expect_continue_above = bytes))
}

/// The above. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_expect_continue_above(
    configuration: *const UrlSessionConfiguration,
) -> u64 {
    read(configuration, |configuration| configuration.transport.expect_continue_above)
}

/// Seconds that a body waits for the server's 100 before it goes out without. 0 restores the default, 1; INFINITY waits
/// until the task times out. INVALID_ARGUMENT: negative or not a number.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_timeout_interval_for_continue(
    configuration: *mut UrlSessionConfiguration,
    seconds: f64,
) -> UrlSessionStatus {
    change(configuration, |configuration| {
        Ok(configuration.transport.continue_wait = Interval::from_seconds(seconds).map_err(invalid)?)
    })
}

/// The above. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_timeout_interval_for_continue(
    configuration: *const UrlSessionConfiguration,
) -> f64 {
    read(configuration, |configuration| configuration.transport.continue_wait().seconds())
}
