//! A dialer: it says where the calls of a session go, so that any host and port can be an origin of the test's.

use std::ffi::{c_char, c_void};
use std::net::{SocketAddr, TcpStream};
use std::os::fd::IntoRawFd;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use urlsession::*;

use super::handle::{Configuration, text};

/// Never freed, so that a call too many is counted and not a crash.
#[derive(Clone, Copy)]
pub struct Phone(&'static Line);

struct Line {
    directory: Box<Directory>,
    dialed: Mutex<Vec<String>>,
    released: AtomicUsize,
}

/// The address for a host and a port; none where nobody answers.
type Directory = dyn Fn(&str, u16) -> Option<SocketAddr> + Send + Sync;

impl Phone {
    pub fn new(directory: impl Fn(&str, u16) -> Option<SocketAddr> + Send + Sync + 'static) -> Self {
        let directory = Box::new(directory);
        Self(Box::leak(Box::new(Line { directory, dialed: Mutex::default(), released: AtomicUsize::new(0) })))
    }

    /// Every call goes to this address.
    pub fn to(address: SocketAddr) -> Self {
        Self::new(move |_, _| Some(address))
    }

    pub fn give_to(self, configuration: Configuration) -> Configuration {
        let context = std::ptr::from_ref(self.0).cast_mut().cast();
        configuration.set(|c| url_session_configuration_set_dialer(c, Some(dial), context, Some(release)))
    }

    /// Hosts and ports, in the order they were called.
    pub fn dialed(self) -> Vec<String> {
        self.0.dialed.lock().unwrap().clone()
    }

    pub fn released(self) -> usize {
        self.0.released.load(Ordering::SeqCst)
    }
}

unsafe extern "C" fn dial(context: *mut c_void, host: *const c_char, port: u16) -> i32 {
    // SAFETY: the context is a line, which is never freed.
    let line = unsafe { &*context.cast::<Line>() };
    let host = text(host).unwrap_or_default();
    line.dialed.lock().unwrap().push(format!("{host} {port}"));
    let stream = (line.directory)(&host, port).and_then(|address| TcpStream::connect(address).ok());
    stream.map_or(-1, TcpStream::into_raw_fd)
}

unsafe extern "C" fn release(context: *mut c_void) {
    // SAFETY: as above.
    unsafe { &*context.cast::<Line>() }.released.fetch_add(1, Ordering::SeqCst);
}
