//! A stream to a route: the first address that answers, and TLS on it where the route asks for it.

use std::io;
use std::net::SocketAddr;

use tokio::net::TcpStream;

use super::connection::Stream;
use super::socket::Socket;
use super::tls::Tls;
use super::{Authenticator, Route, Settings, address_guard, resolve};
use crate::error::{Code, Error};

pub(super) async fn connect(
    route: &Route,
    settings: &Settings,
    tls: &Tls,
    authenticator: &dyn Authenticator,
) -> Result<Stream, Error> {
    if !route.is_secure {
        return socket(route, settings).await.map(Stream::Plain);
    }
    let mut handshakes = tls.handshakes(route.peer(), route.judge, authenticator)?;
    loop {
        let socket = socket(route, settings).await?;
        if let Some(stream) = handshakes.on(socket).await? {
            return Ok(Stream::Tls(stream));
        }
    }
}

async fn socket(route: &Route, settings: &Settings) -> Result<Socket, Error> {
    #[cfg(unix)]
    if let Some(dialer) = &settings.dialer {
        return super::dialer::dial(dialer, route).await;
    }
    let addresses = resolve::resolve(route).await?;
    let addresses = match settings.refuses_private_addresses {
        true => address_guard::outside(addresses)?,
        false => addresses,
    };
    dial(addresses).await.map(Socket::Tcp)
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
