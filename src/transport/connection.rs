//! A stream and what was read from it and not used yet. A connection that only waits holds no buffer.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, Waker};

use bytes::{Buf, Bytes, BytesMut};
use tokio::io::{AsyncReadExt, AsyncWrite};
use tokio_rustls::client::TlsStream;

use super::blocks;
use super::read_ahead::ReadAhead;
use super::socket::Socket;

pub(super) enum Stream {
    Plain(Socket),
    Tls {
        stream: Box<TlsStream<ReadAhead>>,
        /// Nobody had to accept the certificate against what the platform makes of it.
        is_trusted: bool,
    },
}

impl Stream {
    pub(super) fn into_socket(self) -> Socket {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls { stream, .. } => Socket::Tls(stream),
        }
    }
}

/// A read that fills its buffer makes the next one larger, up to the second.
const READ_SIZES: (usize, usize) = (16 << 10, 512 << 10);
/// Smaller pieces are copied, and so is what is little of its block, so that one which is kept does not keep much else.
const COPIED: usize = 2 << 10;

pub(super) struct Connection {
    stream: Stream,
    unused: BytesMut,
    has_block: bool,
    read_size: usize,
    /// It has answered before.
    pub(super) is_reused: bool,
}

/// A read gives one record, however many are there; a larger piece costs less to hand on than many small ones.
fn read_records(
    stream: &mut TlsStream<ReadAhead>,
    into: &mut BytesMut,
    size: usize,
    context: &mut Context<'_>,
) -> Poll<io::Result<usize>> {
    let mut total = 0;
    while total < size {
        match std::pin::pin!(stream.read_buf(into)).poll(context) {
            Poll::Ready(Ok(bytes)) if bytes > 0 => total += bytes,
            // What ends the stream is told again by the next read.
            _ if total > 0 => break,
            nothing => return nothing,
        }
    }
    Poll::Ready(Ok(total))
}

/// Room for a read, in a new block where this one is still lent out; then true.
fn make_room(unused: &mut BytesMut, has_block: bool, size: usize) -> bool {
    if unused.try_reclaim(size) {
        return false;
    }
    let mut block = blocks::take(size + unused.len());
    block.extend_from_slice(unused);
    let before = std::mem::replace(unused, block);
    if has_block {
        blocks::put(before);
    }
    true
}

impl Connection {
    pub(super) fn new(stream: Stream) -> Self {
        Self { stream, unused: BytesMut::new(), has_block: false, read_size: READ_SIZES.0, is_reused: false }
    }

    /// Without what is unused.
    pub(super) fn into_socket(mut self) -> Socket {
        self.unused.clear();
        self.release_buffer();
        self.stream.into_socket()
    }

    /// Reads once, behind what is unused; 0 at the end.
    pub(super) fn poll_fill(&mut self, context: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let read = match &mut self.stream {
            Stream::Plain(socket) => {
                // Without a byte to read there is no need for a buffer.
                if socket.poll_read_ready(context)?.is_pending() {
                    self.release_buffer();
                    return Poll::Pending;
                }
                self.has_block |= make_room(&mut self.unused, self.has_block, self.read_size);
                std::pin::pin!(socket.read_buf(&mut self.unused)).poll(context)
            }
            Stream::Tls { stream, .. } => {
                self.has_block |= make_room(&mut self.unused, self.has_block, self.read_size);
                read_records(stream, &mut self.unused, self.read_size, context)
            }
        };
        match read {
            Poll::Ready(Ok(bytes)) if bytes >= self.read_size => {
                self.read_size = (self.read_size * 2).min(READ_SIZES.1);
            }
            Poll::Pending => self.release_buffer(),
            _ => {}
        }
        read
    }

    pub(super) fn release_buffer(&mut self) {
        if self.unused.is_empty() && std::mem::take(&mut self.has_block) {
            blocks::put(std::mem::take(&mut self.unused));
        }
    }

    pub(super) fn poll_write(&mut self, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        match &mut self.stream {
            Stream::Plain(socket) => Pin::new(socket).poll_write(context, bytes),
            Stream::Tls { stream, .. } => Pin::new(stream).poll_write(context, bytes),
        }
    }

    pub(super) fn poll_flush(&mut self, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        match &mut self.stream {
            Stream::Plain(socket) => Pin::new(socket).poll_flush(context),
            Stream::Tls { stream, .. } => Pin::new(stream).poll_flush(context),
        }
    }

    /// There is no doubt about who is at the other end.
    pub(super) fn is_trusted(&self) -> bool {
        matches!(self.stream, Stream::Tls { is_trusted: true, .. })
    }

    pub(super) fn unused(&self) -> &[u8] {
        &self.unused
    }

    pub(super) fn skip(&mut self, bytes: usize) {
        self.unused.advance(bytes);
    }

    /// The next bytes, for good.
    pub(super) fn take(&mut self, bytes: usize) -> Bytes {
        if bytes > COPIED && bytes > self.unused.capacity() / 16 {
            return self.unused.split_to(bytes).freeze();
        }
        let copy = Bytes::copy_from_slice(&self.unused[..bytes]);
        self.unused.advance(bytes);
        copy
    }

    /// Between exchanges there is nothing to read: a byte, or the end, means that the connection is of no more use.
    /// The runtime may not have heard of it yet; the system has, but to ask it costs a call.
    pub(super) fn is_alive(&mut self, asks_the_system: bool) -> bool {
        let mut context = Context::from_waker(Waker::noop());
        if !self.unused.is_empty() || self.poll_fill(&mut context).is_ready() {
            return false;
        }
        !asks_the_system || self.has_nothing_to_read()
    }

    /// As the system says, which knows before the runtime does.
    pub(super) fn has_nothing_to_read(&self) -> bool {
        match &self.stream {
            Stream::Plain(socket) => socket.has_nothing_to_read(),
            Stream::Tls { stream, .. } => stream.get_ref().0.has_nothing_to_read(),
        }
    }
}
