//! An exchange up to the head of the answer.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use http::{Response, StatusCode};
use ureq_proto::BodyMode;
use ureq_proto::client::state::RecvResponse;
use ureq_proto::client::{Call, RecvResponseResult};

use super::outgoing::Outgoing;
use crate::error::{Code, Error};
use crate::transport::connection::Connection;
use crate::transport::framing::{self, Framing};
use crate::transport::{Meter, Settings, tls};

/// What of a body a server reads, even if it has no use for it.
const SURELY_READ: usize = 64 << 10;

/// Interim answers before the final one.
pub(in crate::transport) const MOST_INTERIM: usize = 32;

pub(super) struct Answer {
    pub(super) head: Response<()>,
    pub(super) raw: Bytes,
    pub(super) framing: Framing,
    pub(super) keeps_alive: bool,
    /// The request's body waited for it.
    pub(super) expected: bool,
}

pub(in crate::transport) struct Talk<'a> {
    pub(in crate::transport) connection: &'a mut Connection,
    pub(super) meter: &'a Arc<dyn Meter>,
    pub(super) has_sent: bool,
    /// Bytes of the request's body so far.
    pub(super) body_sent: usize,
    pub(super) has_read: bool,
    /// Interim answers so far.
    pub(super) informed: usize,
}

impl<'a> Talk<'a> {
    pub(in crate::transport) fn new(connection: &'a mut Connection, meter: &'a Arc<dyn Meter>) -> Self {
        Self { connection, meter, has_sent: false, body_sent: 0, has_read: false, informed: 0 }
    }

    pub(super) async fn through(&mut self, mut outgoing: Outgoing, settings: &Settings) -> Result<Answer, Error> {
        let was_sent_whole = self.send(&mut outgoing, settings).await?;
        // The rest of the body is nobody's any more.
        outgoing.rest.feed = None;
        let raw = self.read_head(settings).await?;
        let (head, mode) = parse(outgoing.call, &raw)?;
        if head.headers().len() > settings.header_count as usize {
            return Err(malformed("it has more fields than this session allows"));
        }
        framing::check(&head)?;
        // What the system took of a refused body may be unread for ever: not all close then, as RFC 9112, 9.3 has it.
        let was_heard = was_sent_whole && (head.status().is_success() || self.body_sent <= SURELY_READ);
        let goes_on = was_heard && outgoing.keeps_alive && head.status() != StatusCode::SWITCHING_PROTOCOLS;
        let keeps_alive = goes_on && framing::keeps_alive(head.headers(), head.version());
        let framing = Framing::new(mode, settings.header_size as usize);
        let expected = outgoing.expects_continue;
        Ok(Answer { head, raw, framing, keeps_alive, expected })
    }

    /// One read; an error at the end.
    pub(super) async fn fill(&mut self) -> Result<(), Error> {
        let read = poll_fn(|context| self.connection.poll_fill(context)).await;
        match read {
            Ok(0) => Err(Error::lost("the server closed the connection instead of answering: try again", None)),
            Ok(_) => {
                self.has_read = true;
                self.meter.moved();
                Ok(())
            }
            Err(cause) => Err(tls::lost("the connection broke before the answer: try again", &cause)),
        }
    }

    /// The head of the final answer; interim ones are told.
    async fn read_head(&mut self, settings: &Settings) -> Result<Bytes, Error> {
        loop {
            let end = self.find_head_end(settings.header_size as usize).await?;
            if !status(self.connection.unused())?.is_some_and(is_interim) {
                return Ok(self.connection.take(end));
            }
            if self.informed == MOST_INTERIM {
                return Err(malformed("it never becomes final: there are too many interim answers"));
            }
            self.pass_over(end);
        }
    }

    /// Tells an interim answer.
    pub(super) fn pass_over(&mut self, end: usize) {
        self.informed += 1;
        self.meter.clone().informed(&self.connection.unused()[..end]);
        self.connection.skip(end);
    }

    /// Reads until the empty line that ends a head, and says where that is.
    pub(in crate::transport) async fn find_head_end(&mut self, longest: usize) -> Result<usize, Error> {
        let mut searched = 0;
        loop {
            let unused = self.connection.unused();
            if let Some(end) = head_end(unused, searched).filter(|&end| end <= longest) {
                return Ok(end);
            }
            if unused.len() > longest {
                return Err(malformed("it is larger than this session allows"));
            }
            status(unused)?;
            searched = unused.len().saturating_sub(3);
            self.fill().await?;
        }
    }
}

/// What the head says, and how the body that follows is framed; none where none does.
fn parse(mut call: Call<RecvResponse>, raw: &[u8]) -> Result<(Response<()>, Option<BodyMode>), Error> {
    let (_, head) = call.try_response(raw, false).map_err(|cause| malformed(&cause.to_string()))?;
    let head = head.ok_or_else(|| malformed("it ends too early"))?;
    let mode = match call.proceed() {
        Some(RecvResponseResult::RecvBody(call)) => Some(call.body_mode()),
        _ => None,
    };
    Ok((head, mode))
}

/// The status code, as soon as it can be seen; an error as soon as it can be seen that this is not HTTP.
pub(in crate::transport) fn status(unused: &[u8]) -> Result<Option<u16>, Error> {
    const VERSION: &[u8] = b"HTTP/1.";
    let seen = unused.len().min(VERSION.len());
    if unused[..seen] != VERSION[..seen] {
        let message = "what answered does not speak HTTP/1: check the port and the scheme of the URL";
        return Err(Error::new(Code::BAD_SERVER_RESPONSE, message));
    }
    let Some(digits) = unused.get(9..12) else { return Ok(None) };
    let status = std::str::from_utf8(digits).ok().and_then(|digits| digits.parse().ok());
    status.map(Some).ok_or_else(|| malformed("its status is no number"))
}

/// RFC 9110, 15.2: another answer follows. After 101 there is none, but another protocol.
pub(in crate::transport) fn is_interim(status: u16) -> bool {
    matches!(status, 100 | 102..=199)
}

/// Behind the first empty line; the search may skip what was searched before.
pub(super) fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = bytes[at..].iter().position(|&byte| byte == b'\n') {
        at += found + 1;
        match &bytes[at..] {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
    None
}

pub(in crate::transport) fn malformed(why: &str) -> Error {
    let message = format!("the head of the response cannot be read ({why}): the server is at fault");
    Error::new(Code::CANNOT_PARSE_RESPONSE, message)
}
