//! An HTTP proxy: it answers for every http server by the standard script, and tunnels to one https origin. What it was
//! told is in the requests of the origin that it is.

use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use urlsession::*;

use super::certificate;
use super::challenge::{Asked, Reply};
use super::handle::{Configuration, Request, c_text, text};
use super::origin::{self, Connection, Origin};
use super::realm::{self, Guard};
use super::recorder::Recorder;
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
fn pass_on(connection: &mut Connection, request: origin::Request, target: SocketAddr) -> bool {
    if request.method() == "CONNECT" {
        tunnel(connection, target, b"HTTP/1.1 200 Connection established\r\n\r\n");
        return false;
    }
    standard::answer(connection, &at_server(request))
}

/// What the server of an http URL gets.
fn at_server(mut request: origin::Request) -> origin::Request {
    let absolute = request.target().to_owned();
    let rest = absolute.strip_prefix("http://").expect("an absolute URL");
    let path = rest.find('/').map_or("/", |slash| &rest[slash..]);
    request.head = request.head.replacen(&absolute, path, 1);
    request
}

/// What a server's guard would be asked in the place of the proxy.
fn at_proxy(mut request: origin::Request) -> origin::Request {
    let is_for_server = |line: &&str| line.to_ascii_lowercase().starts_with("authorization:");
    let lines = request.head.split_inclusive("\r\n").filter(|line| !is_for_server(line));
    let renamed = lines.map(|line| match line.to_ascii_lowercase().starts_with("proxy-authorization:") {
        true => &line["proxy-".len()..],
        false => line,
    });
    request.head = renamed.collect();
    request
}

/// What a server's guard says, in the words of a proxy.
fn of_proxy(fields: &str) -> String {
    fields.replace("WWW-Authenticate", "Proxy-Authenticate").replace("Authentication-Info", "Proxy-Authentication-Info")
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

impl Recorder {
    /// Hears in the task's slot who asks for a password, and answers; in the session's whom to trust, and leaves it.
    pub fn letting_in(reception: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        Self::default().trusting(|_| Reply::Default).meeting(reception)
    }
}

impl Origin {
    /// As a proxy, with what its URL has in front of the host.
    pub fn proxy_url(&self, login: &str) -> String {
        self.url("").replacen("://", &format!("://{login}"), 1)
    }
}

/// A proxy that asks who comes, and the https server of all its tunnels; of http servers it plays the part itself.
pub struct Guarded {
    pub proxy: Origin,
    pub server: Origin,
}

/// One whose server is [`Guarded::server`], and one whose server is the proxy.
pub const URLS: [&str; 2] = ["http://nowhere.invalid/hello", "https://localhost/hello"];

impl Guarded {
    pub fn by(guard: &Arc<Guard>) -> Self {
        Self::both(guard, &realm::open())
    }

    /// The same, with servers that ask too.
    pub fn both(of_proxy: &Arc<Guard>, of_server: &Arc<Guard>) -> Self {
        let server = Origin::https(realm::script(of_server, standard::answer));
        Self { proxy: Origin::http(script(of_proxy, of_server, server.address())), server }
    }

    /// The same, with TLS to the proxy.
    pub fn behind_tls(guard: &Arc<Guard>) -> Self {
        let server = Origin::https(standard::serve);
        Self { proxy: Origin::https(script(guard, &realm::open(), server.address())), server }
    }

    pub fn configuration(&self) -> Configuration {
        self.configuration_with("")
    }

    /// With what the proxy's URL has in front of the host.
    pub fn configuration_with(&self, login: &str) -> Configuration {
        let trusted = certificate::trusted();
        Configuration::ephemeral()
            .set(|c| url_session_configuration_add_trusted_certificates(c, trusted.as_ptr(), trusted.len()))
            .proxy("all", &self.proxy.proxy_url(login))
    }

    /// What the proxy was told, in order; `-` where that was nothing.
    pub fn said(&self) -> Vec<String> {
        let requests: Vec<_> = self.proxy.requests().into_iter().map(at_proxy).collect();
        realm::said(&requests)
    }

    /// The same by the schemes.
    pub fn schemes(&self) -> Vec<String> {
        let requests: Vec<_> = self.proxy.requests().into_iter().map(at_proxy).collect();
        realm::schemes(&requests)
    }
}

fn script(
    guard: &Arc<Guard>,
    of_server: &Arc<Guard>,
    target: SocketAddr,
) -> impl Fn(&mut Connection) + Send + Sync + 'static {
    let (guard, of_server) = (guard.clone(), of_server.clone());
    move |connection| {
        while let Some(request) = connection.read_request() {
            let let_in = guard(&at_proxy(request.clone()));
            let stays = match let_in {
                Err(fields) => standard::respond(connection, &request, 407, &of_proxy(&fields), realm::REFUSED),
                Ok(_) if request.method() == "CONNECT" => pass_on(connection, request, target),
                Ok(fields) if !fields.is_empty() => {
                    standard::respond(connection, &request, 200, &of_proxy(&fields), b"let in\n")
                }
                Ok(_) => realm::answer(&of_server, connection, &at_server(request), &standard::answer),
            };
            if !stays {
                return;
            }
        }
    }
}
