//! An HTTP proxy: it answers for every http server by the standard script, and tunnels to one https origin. What it was
//! told is in the requests of the origin that it is.

use std::net::{SocketAddr, TcpStream};

use urlsession::*;

use super::handle::{Configuration, Request, c_text, text};
use super::origin::{self, Connection, Origin};
use super::standard;

pub const ASKS: &str =
    "HTTP/1.1 407 Who?\r\nProxy-Authenticate: Basic realm=\"proxy\"\r\nContent-Length: 4\r\n\r\nwho?";

/// Basic of user and word.
pub const AUTHORIZED: &str = "Basic dXNlcjp3b3Jk";

/// What a proxy does for everybody, with all tunnels to this address.
pub fn serve(target: SocketAddr) -> impl Fn(&mut Connection) + Send + Sync {
    move |connection| {
        while let Some(request) = connection.read_request() {
            if !pass_on(connection, request, target) {
                return;
            }
        }
    }
}

/// The same for those who say [`AUTHORIZED`]; the others are asked.
pub fn serve_the_known(target: SocketAddr) -> impl Fn(&mut Connection) + Send + Sync {
    move |connection| {
        while let Some(request) = connection.read_request() {
            let is_known = request.value("proxy-authorization") == Some(AUTHORIZED);
            let goes_on = match is_known {
                true => pass_on(connection, request, target),
                false => connection.send(ASKS.as_bytes()),
            };
            if !goes_on {
                return;
            }
        }
    }
}

/// Tunnels, or answers as the server of the request's URL; false where the connection ends with that.
fn pass_on(connection: &mut Connection, mut request: origin::Request, target: SocketAddr) -> bool {
    if request.method() == "CONNECT" {
        tunnel(connection, target, b"HTTP/1.1 200 Connection established\r\n\r\n");
        return false;
    }
    let absolute = request.target().to_owned();
    let rest = absolute.strip_prefix("http://").expect("an absolute URL");
    let path = rest.find('/').map_or("/", |slash| &rest[slash..]);
    request.head = request.head.replacen(&absolute, path, 1);
    standard::answer(connection, &request)
}

pub fn tunnel(connection: &mut Connection, target: SocketAddr, answer: &[u8]) {
    let server = TcpStream::connect(target).unwrap();
    if connection.send(answer) {
        connection.join(server);
    }
}

impl Configuration {
    pub fn proxy(self, key: &str, proxy: &str) -> Self {
        let (key, proxy) = (c_text(key), c_text(proxy));
        self.set(|c| url_session_configuration_set_proxy(c, key.as_ptr(), proxy.as_ptr()))
    }

    pub fn proxy_exceptions(self, exceptions: &str) -> Self {
        let exceptions = c_text(exceptions);
        self.set(|c| url_session_configuration_set_proxy_exceptions(c, exceptions.as_ptr()))
    }

    pub fn proxy_of(&self, key: &str) -> Option<String> {
        text(url_session_configuration_proxy(self.get(), c_text(key).as_ptr()))
    }
}

impl Request {
    pub fn proxy(self, proxy: &str) -> Self {
        let proxy = c_text(proxy);
        self.set(|r| url_session_request_set_proxy(r, proxy.as_ptr()))
    }
}

impl Origin {
    /// As a proxy, with what its URL has in front of the host.
    pub fn proxy_url(&self, login: &str) -> String {
        self.url("").replacen("://", &format!("://{login}"), 1)
    }
}
