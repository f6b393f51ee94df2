//! One connection of an origin, in the hands of its script.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::{HandshakeKind, ServerConfig, ServerConnection, StreamOwned};

use super::PATIENCE;

/// What a client asked, as it came.
#[derive(Clone, Debug)]
pub struct Request {
    /// The number of the connection it came on, 1 for the first.
    pub connection: usize,
    /// From the method to the last field, each line with its CRLF.
    pub head: String,
    /// Without its chunked framing.
    pub body: Vec<u8>,
}

impl Request {
    pub fn method(&self) -> &str {
        self.head.split(' ').next().unwrap_or_default()
    }

    pub fn target(&self) -> &str {
        self.head.split(' ').nth(1).unwrap_or_default()
    }

    /// The values of a field, whatever its case, in their order.
    pub fn values(&self, name: &str) -> Vec<&str> {
        let fields = self.head.lines().skip(1).filter_map(|line| line.split_once(':'));
        fields.filter(|(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim()).collect()
    }

    /// The value of a field that comes at most once.
    pub fn value(&self, name: &str) -> Option<&str> {
        let values = self.values(name);
        assert!(values.len() < 2, "{name} came {} times:\n{}", values.len(), self.head);
        values.first().copied()
    }
}

pub(super) enum Stream {
    Plain(TcpStream),
    Tls(Box<StreamOwned<ServerConnection, TcpStream>>),
}

impl Stream {
    pub(super) fn handshake(mut socket: TcpStream, config: Arc<ServerConfig>) -> io::Result<Self> {
        let mut tls = ServerConnection::new(config).unwrap();
        while tls.is_handshaking() {
            tls.complete_io(&mut socket).inspect_err(|_| {
                // To close before the peer has read why would take that away from it.
                drop(io::copy(&mut socket.try_clone().unwrap(), &mut io::sink()));
            })?;
        }
        Ok(Self::Tls(Box::new(StreamOwned::new(tls, socket))))
    }

    fn socket(&self) -> &TcpStream {
        match self {
            Self::Plain(socket) => socket,
            Self::Tls(stream) => stream.get_ref(),
        }
    }

    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.read(buffer),
            Self::Tls(stream) => stream.read(buffer),
        }
    }

    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::Plain(stream) => stream.write(bytes),
            Self::Tls(stream) => stream.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::Plain(stream) => stream.flush(),
            Self::Tls(stream) => stream.flush(),
        }
    }
}

/// One connection, in the hands of its script. It closes when the script returns.
pub struct Connection {
    /// 1 for the first.
    pub number: usize,
    stream: Stream,
    /// What was read past what was asked for.
    buffer: Vec<u8>,
    record: Box<dyn Fn(&Request)>,
}

impl Connection {
    pub(super) fn new(number: usize, stream: Stream, record: impl Fn(&Request) + 'static) -> Self {
        Self { number, stream, buffer: Vec::new(), record: Box::new(record) }
    }

    /// The certificate that the client has shown, in DER.
    pub fn client_certificate(&self) -> Option<Vec<u8>> {
        let certificates = self.tls()?.peer_certificates()?;
        certificates.first().map(|certificate| certificate.to_vec())
    }

    /// Whether TLS goes on where it stopped on another connection.
    pub fn is_resumed(&self) -> bool {
        self.tls().is_some_and(|tls| tls.handshake_kind() == Some(HandshakeKind::Resumed))
    }

    fn tls(&self) -> Option<&ServerConnection> {
        match &self.stream {
            Stream::Plain(_) => None,
            Stream::Tls(stream) => Some(&stream.conn),
        }
    }

    /// The next request with its body, recorded; None when the peer has left or sends nothing any more.
    pub fn read_request(&mut self) -> Option<Request> {
        let head = self.read_head()?;
        let mut request = Request { connection: self.number, head, body: Vec::new() };
        let length = request.value("content-length").map(|value| value.parse().expect("a Content-Length"));
        request.body = match length {
            Some(length) => self.read_exactly(length)?,
            None if request.value("transfer-encoding").is_some() => self.read_chunks()?.concat(),
            None => Vec::new(),
        };
        (self.record)(&request);
        Some(request)
    }

    /// From the method to the empty line, for a script that reads the body by itself; nothing is recorded.
    pub fn read_head(&mut self) -> Option<String> {
        let end = self.find(b"\r\n\r\n")?;
        Some(String::from_utf8_lossy(&self.take(end + 4)).into_owned())
    }

    /// The chunks of a body as they came, but for the last, which is empty.
    pub fn read_chunks(&mut self) -> Option<Vec<Vec<u8>>> {
        let mut chunks = Vec::new();
        loop {
            match self.read_chunk()? {
                chunk if chunk.is_empty() => return Some(chunks),
                chunk => chunks.push(chunk),
            }
        }
    }

    /// The next chunk; empty where it is the last.
    pub fn read_chunk(&mut self) -> Option<Vec<u8>> {
        let end = self.find(b"\r\n")?;
        let line = String::from_utf8_lossy(&self.take(end + 2)).into_owned();
        let size = usize::from_str_radix(line.trim_end(), 16).expect("a chunk size");
        let mut chunk = self.read_exactly(size + 2)?;
        assert_eq!(chunk.split_off(size), b"\r\n", "behind a chunk of {size}");
        Some(chunk)
    }

    /// All that comes until nothing has come for so long.
    pub fn read_until_silent(&mut self, pause: Duration) -> Vec<u8> {
        self.stream.socket().set_read_timeout(Some(pause)).unwrap();
        while self.fill().is_some() {}
        self.stream.socket().set_read_timeout(Some(PATIENCE)).unwrap();
        std::mem::take(&mut self.buffer)
    }

    pub fn read_exactly(&mut self, length: usize) -> Option<Vec<u8>> {
        while self.buffer.len() < length {
            self.fill()?;
        }
        Some(self.take(length))
    }

    fn find(&mut self, mark: &[u8]) -> Option<usize> {
        loop {
            if let Some(place) = self.buffer.windows(mark.len()).position(|window| window == mark) {
                return Some(place);
            }
            self.fill()?;
        }
    }

    fn take(&mut self, length: usize) -> Vec<u8> {
        let taken = self.buffer[..length].to_vec();
        self.buffer.drain(..length);
        taken
    }

    fn fill(&mut self) -> Option<()> {
        let mut bytes = [0; 16 * 1024];
        let length = self.stream.read(&mut bytes).ok().filter(|length| *length > 0)?;
        self.buffer.extend_from_slice(&bytes[..length]);
        Some(())
    }

    /// Sends all of it; false where the peer has left.
    pub fn send(&mut self, bytes: &[u8]) -> bool {
        let mut rest = bytes;
        while !rest.is_empty() {
            match self.stream.write(rest) {
                Ok(length @ 1..) => rest = &rest[length..],
                _ => return false,
            }
        }
        self.stream.flush().is_ok()
    }

    /// Sends as much of it as the peer takes without pausing for so long, and says how much that was.
    pub fn send_until_stuck(&mut self, bytes: &[u8], pause: Duration) -> usize {
        self.stream.socket().set_write_timeout(Some(pause)).unwrap();
        let mut sent = 0;
        while sent < bytes.len() {
            match self.stream.write(&bytes[sent..]) {
                Ok(length @ 1..) => sent += length,
                _ => break,
            }
        }
        self.stream.socket().set_write_timeout(Some(PATIENCE)).unwrap();
        sent
    }

    /// Blocks until the peer leaves; false where it had not after a while.
    pub fn wait_for_leave(&mut self) -> bool {
        let mut bytes = [0; 16 * 1024];
        loop {
            match self.stream.read(&mut bytes) {
                Ok(0) => return true,
                Ok(_) => {}
                Err(error) => return !matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut),
            }
        }
    }

    /// Passes on what either side says, until one of them has left.
    pub fn join(&mut self, mut other: TcpStream) {
        // Long enough for the system to wait, and short enough for the other side not to.
        const TURN: Duration = Duration::from_millis(1);
        let is_idle = |error: &io::Error| matches!(error.kind(), io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut);
        let end = Instant::now() + PATIENCE;
        self.stream.socket().set_read_timeout(Some(TURN)).unwrap();
        other.set_read_timeout(Some(TURN)).unwrap();
        let mut bytes = [0; 64 * 1024];
        while Instant::now() < end {
            match self.stream.read(&mut bytes) {
                Ok(length @ 1..) if other.write_all(&bytes[..length]).is_ok() => {}
                Err(error) if is_idle(&error) => {}
                _ => return,
            }
            match other.read(&mut bytes) {
                Ok(length @ 1..) if self.send(&bytes[..length]) => {}
                Err(error) if is_idle(&error) => {}
                _ => return self.close(),
            }
        }
    }

    /// Ends the connection, as a peer that has said all does.
    pub fn close(&mut self) {
        if let Stream::Tls(stream) = &mut self.stream {
            stream.conn.send_close_notify();
            drop(stream.flush());
        }
        drop(self.stream.socket().shutdown(Shutdown::Both));
    }
}
