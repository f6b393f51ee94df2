//! A stream to a route: the first address that answers, perhaps a proxy's, and TLS on it where the route asks for it.

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use tokio::net::TcpStream;

use super::connection::Stream;
use super::resolve::resolve;
use super::socket::Socket;
use super::tls::Tls;
use super::{Authenticator, Meter, Peer, Route, Settings, address_guard, socks, tunnel};
use crate::error::{Code, Error};
use crate::message::{Proxy, ProxyKind};

/// What a connection is made with.
pub(super) struct Connector<'a> {
    pub(super) settings: &'a Settings,
    pub(super) tls: &'a Tls,
    pub(super) authenticator: &'a dyn Authenticator,
    pub(super) meter: &'a Arc<dyn Meter>,
}

impl Connector<'_> {
    pub(super) async fn connect(&self, route: &Route) -> Result<Stream, Error> {
        if route.proxy().is_some() && route.host.parse::<IpAddr>().is_ok() {
            // The proxy gets it as it is: nobody looks it up any more.
            self.look_up(route.peer()).await?;
        }
        if let Some(proxy) = route.proxy_of_requests() {
            return self.reach(proxy, route).await;
        }
        if !route.is_secure {
            return self.lead(route).await.map(Stream::Plain);
        }
        let mut handshakes = self.tls.handshakes(route.peer(), route.judge, self.authenticator)?;
        loop {
            if let Some(stream) = handshakes.on(self.lead(route).await?).await? {
                return Ok(Stream::Tls { stream, is_trusted: handshakes.is_trusted() });
            }
        }
    }

    /// To the server, whatever is on the way.
    async fn lead(&self, route: &Route) -> Result<Socket, Error> {
        match route.proxy() {
            None => self.dial(route.peer()).await,
            // Boxed, for few connections lead through a proxy.
            Some(proxy) if proxy.kind().is_http() => Box::pin(tunnel::open(self, proxy, route)).await,
            Some(proxy) => Box::pin(socks::open(self, proxy, route)).await,
        }
    }

    /// To the proxy itself.
    pub(super) async fn reach(&self, proxy: &Proxy, route: &Route) -> Result<Stream, Error> {
        let peer = Peer::of(proxy);
        let stream = async {
            if proxy.kind() != ProxyKind::Https {
                return self.dial(peer).await.map(Stream::Plain);
            }
            let mut handshakes = self.tls.handshakes(peer, route.judge, self.authenticator)?;
            loop {
                if let Some(stream) = handshakes.on(self.dial(peer).await?).await? {
                    return Ok(Stream::Tls { stream, is_trusted: handshakes.is_trusted() });
                }
            }
        };
        stream.await.map_err(|error| of_proxy(proxy, error))
    }

    /// The addresses of a proxy, or those of a server that URLs may lead to.
    pub(super) async fn look_up(&self, peer: Peer<'_>) -> Result<Vec<SocketAddr>, Error> {
        let addresses = resolve(peer.host, peer.port).await?;
        match self.settings.refuses_private_addresses && !peer.protocol.is_proxy() {
            true => address_guard::outside(addresses),
            false => Ok(addresses),
        }
    }

    async fn dial(&self, peer: Peer<'_>) -> Result<Socket, Error> {
        #[cfg(unix)]
        if let Some(dialer) = &self.settings.dialer {
            return super::dialer::dial(dialer, peer.host, peer.port).await;
        }
        dial(self.look_up(peer).await?).await.map(Socket::Tcp)
    }
}

/// An error that the proxy is to blame for, not the URL's server.
pub(super) fn of_proxy(proxy: &Proxy, error: Error) -> Error {
    match error.code() {
        Code::CANCELLED => error,
        _ => error.about(format_args!("the proxy {proxy} cannot be used")),
    }
}

/// The first that answers; what was checked is what is connected to.
async fn dial(addresses: Vec<SocketAddr>) -> Result<TcpStream, Error> {
    let mut last = io::Error::from(io::ErrorKind::NotFound);
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => {
                // Requests are written whole; waiting for more to send would only cost time.
                stream.set_nodelay(true).map_err(|cause| unreachable_host(&cause))?;
                return Ok(stream);
            }
            Err(cause) => last = cause,
        }
    }
    Err(unreachable_host(&last))
}

fn unreachable_host(cause: &io::Error) -> Error {
    let error = match cause.kind() {
        io::ErrorKind::NetworkUnreachable | io::ErrorKind::NetworkDown => {
            Error::new(Code::NOT_CONNECTED_TO_INTERNET, "no network leads to the host: check the connection")
        }
        io::ErrorKind::ConnectionRefused => Error::new(
            Code::CANNOT_CONNECT_TO_HOST,
            "the host refused the connection: check the port, and that the server runs",
        ),
        _ => Error::new(Code::CANNOT_CONNECT_TO_HOST, "the host cannot be reached: check its address and the network"),
    };
    error.because_of(Some(cause))
}
