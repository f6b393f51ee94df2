//! The way to a server when it is the application's: a socket of its own instead of one of ours.

use std::io;
use std::os::fd::OwnedFd;
use std::sync::Arc;

use socket2::{SockRef, Type};
use tokio::net::UnixStream;
use tokio::task::spawn_blocking;

use super::socket::Socket;
use crate::error::{Code, Error};

pub(crate) trait Dialer: Send + Sync {
    /// A connected stream socket, or none. May block.
    fn dial(&self, host: &str, port: u16) -> Option<OwnedFd>;
}

pub(super) async fn dial(dialer: &Arc<dyn Dialer>, host: &str, port: u16) -> Result<Socket, Error> {
    let (dialer, host) = (dialer.clone(), host.to_owned());
    let dialed = spawn_blocking(move || dialer.dial(&host, port)).await;
    let socket = dialed.ok().flatten().ok_or_else(|| {
        Error::new(Code::CANNOT_CONNECT_TO_HOST, "the application's dialer gave no connection: see why there")
    })?;
    let adopted = adopt(socket);
    adopted.map_err(|cause| {
        let message = "the application's dialer gave no connected stream socket";
        Error::new(Code::CANNOT_CONNECT_TO_HOST, message).because_of(Some(&cause))
    })
}

/// Reads and writes go through the same calls for every family of stream sockets, so one type serves them all.
fn adopt(socket: OwnedFd) -> io::Result<Socket> {
    let socket_type = SockRef::from(&socket).r#type()?;
    if socket_type != Type::STREAM {
        return Err(io::Error::from(io::ErrorKind::InvalidInput));
    }
    SockRef::from(&socket).peer_addr()?;
    let stream = std::os::unix::net::UnixStream::from(socket);
    stream.set_nonblocking(true)?;
    Ok(Socket::Own(UnixStream::from_std(stream)?))
}
