use std::ffi::{CString, c_char, c_void};
use std::os::fd::{FromRawFd, OwnedFd};
use std::sync::Arc;

use super::configuration::replace;
use super::handle::Context;
use super::{UrlSessionConfiguration, UrlSessionStatus};
use crate::transport::Dialer;

/// Gives a connected stream socket for a host and a port, which are the proxy's where there is one: TCP, Unix, one end
/// of a socketpair. The library owns it from then on, and speaks TLS on it where the URL says https. -1, and what is no
/// such socket, fails the task with CANNOT_CONNECT_TO_HOST. Called on a library thread, perhaps on several at once, and
/// may block; `host` is lent, an IPv6 address without brackets.
pub type UrlSessionDialFunction =
    Option<unsafe extern "C" fn(context: *mut c_void, host: *const c_char, port: u16) -> i32>;

struct DialFunction {
    dial: unsafe extern "C" fn(context: *mut c_void, host: *const c_char, port: u16) -> i32,
    release: Option<unsafe extern "C" fn(context: *mut c_void)>,
    context: Context,
}

impl Dialer for DialFunction {
    fn dial(&self, host: &str, port: u16) -> Option<OwnedFd> {
        let host = CString::new(host).ok()?;
        // SAFETY: the application's function, called as the header says.
        let socket = unsafe { (self.dial)(self.context.0, host.as_ptr(), port) };
        // SAFETY: asks about a number, whatever it is.
        let is_open = unsafe { libc::fcntl(socket, libc::F_GETFD) } != -1;
        // SAFETY: the header says that the socket is ours from now on.
        is_open.then(|| unsafe { OwnedFd::from_raw_fd(socket) })
    }
}

impl Drop for DialFunction {
    fn drop(&mut self) {
        if let Some(release) = self.release {
            // SAFETY: see dial; nothing calls it any more.
            unsafe { release(self.context.0) };
        }
    }
}

/// Connections of the application's making, in place of the library's own resolving and connecting: for tests without
/// a network, Unix sockets, tunnels. NULL as `dial` goes back to the library's own. `release`, which may be NULL, is
/// called with `context` once no configuration and no session needs it any more, by whatever thread lets go of the last
/// of them. Not on Windows.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_dialer(
    configuration: *mut UrlSessionConfiguration,
    dial: UrlSessionDialFunction,
    context: *mut c_void,
    release: Option<unsafe extern "C" fn(context: *mut c_void)>,
) -> UrlSessionStatus {
    let dialer = || {
        let context = Context(context);
        Ok(dial.map(|dial| Arc::new(DialFunction { dial, release, context }) as Arc<dyn Dialer>))
    };
    replace(configuration, dialer, |configuration| &mut configuration.transport.dialer)
}
