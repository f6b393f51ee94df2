//! A socket for TLS, which asks for a few kilobytes at a time: one call to the system serves many of its reads.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use bytes::{Buf, BytesMut};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, ReadBuf};

use super::blocks;
use super::socket::Socket;

/// Four records of the largest kind.
const AHEAD: usize = 64 << 10;

pub(super) struct ReadAhead {
    socket: Socket,
    /// Read and not asked for yet; without a block when there is nothing.
    ahead: BytesMut,
}

impl ReadAhead {
    pub(super) fn new(socket: Socket) -> Self {
        Self { socket, ahead: BytesMut::new() }
    }

    pub(super) fn has_nothing_to_read(&self) -> bool {
        self.ahead.is_empty() && self.socket.has_nothing_to_read()
    }

    fn poll_ahead(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.socket.poll_read_ready(context))?;
        let mut block = blocks::take(AHEAD);
        let read = std::pin::pin!(self.socket.read_buf(&mut block)).poll(context);
        match read {
            Poll::Ready(Ok(bytes)) if bytes > 0 => self.ahead = block,
            _ => blocks::put(block),
        }
        read.map_ok(|_| ())
    }
}

impl AsyncRead for ReadAhead {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        if self.ahead.is_empty() {
            ready!(self.poll_ahead(context))?;
        }
        let taken = self.ahead.len().min(into.remaining());
        into.put_slice(&self.ahead[..taken]);
        self.ahead.advance(taken);
        if taken > 0 && self.ahead.is_empty() {
            blocks::put(std::mem::take(&mut self.ahead));
        }
        Poll::Ready(Ok(()))
    }
}

impl AsyncWrite for ReadAhead {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.socket).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.socket).poll_shutdown(context)
    }
}
