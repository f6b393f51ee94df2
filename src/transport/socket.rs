//! A socket to a server, whoever made it, or a tunnel that is as good as one.

use std::io;
use std::mem::MaybeUninit;
use std::pin::Pin;
use std::task::{Context, Poll};

use socket2::SockRef;
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
#[cfg(unix)]
use tokio::net::UnixStream;
use tokio_rustls::client::TlsStream;

use super::read_ahead::ReadAhead;

/// A socket that is never written with writev, which could raise SIGPIPE; a plain write cannot.
pub(super) enum Socket {
    Tcp(TcpStream),
    /// The application's.
    #[cfg(unix)]
    Own(UnixStream),
    /// Inside the TLS of a proxy.
    Tls(Box<TlsStream<ReadAhead>>),
}

macro_rules! each {
    ($socket:expr, $stream:ident => $call:expr) => {
        match $socket {
            Socket::Tcp($stream) => $call,
            #[cfg(unix)]
            Socket::Own($stream) => $call,
            Socket::Tls($stream) => $call,
        }
    };
}

impl Socket {
    pub(super) fn has_nothing_to_read(&self) -> bool {
        let peek = |socket: SockRef| socket.peek(&mut [MaybeUninit::uninit()]);
        let peeked = match self {
            Self::Tcp(stream) => peek(SockRef::from(stream)),
            #[cfg(unix)]
            Self::Own(stream) => peek(SockRef::from(stream)),
            Self::Tls(stream) => return stream.get_ref().0.has_nothing_to_read(),
        };
        peeked.is_err_and(|error| error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Whether a read is worth a try.
    pub(super) fn poll_read_ready(&self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match self {
            Self::Tcp(stream) => stream.poll_read_ready(context),
            #[cfg(unix)]
            Self::Own(stream) => stream.poll_read_ready(context),
            // What is ready below may be a part of a record.
            Self::Tls(_) => Poll::Ready(Ok(())),
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        each!(&mut *self, stream => Pin::new(stream).poll_read(context, into))
    }
}

impl AsyncWrite for Socket {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        each!(&mut *self, stream => Pin::new(stream).poll_write(context, bytes))
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(&mut *self, stream => Pin::new(stream).poll_flush(context))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        each!(&mut *self, stream => Pin::new(stream).poll_shutdown(context))
    }
}
