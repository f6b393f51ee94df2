//! An exchange up to the head of the answer.

use std::future::poll_fn;
use std::io;
use std::task::{Poll, ready};
use std::time::Duration;

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

/// How long a server may take to say 100 before the body goes out without it (RFC 9110, 10.1.1).
const CONTINUE_WAIT: Duration = Duration::from_secs(1);
/// Interim answers before the final one.
const MOST_INTERIM: usize = 32;

pub(super) struct Answer {
    pub(super) head: Response<()>,
    pub(super) raw: Bytes,
    pub(super) framing: Framing,
    pub(super) keeps_alive: bool,
}

pub(super) struct Talk<'a> {
    connection: &'a mut Connection,
    meter: &'a dyn Meter,
    pub(super) has_sent: bool,
    pub(super) has_read: bool,
}

impl<'a> Talk<'a> {
    pub(super) fn new(connection: &'a mut Connection, meter: &'a dyn Meter) -> Self {
        Self { connection, meter, has_sent: false, has_read: false }
    }

    pub(super) async fn through(&mut self, outgoing: Outgoing, settings: &Settings) -> Result<Answer, Error> {
        let was_sent_whole = self.send(&outgoing, settings).await?;
        let raw = self.read_head(settings).await?;
        let (head, mode) = parse(outgoing.call, &raw)?;
        if head.headers().len() > settings.header_count as usize {
            return Err(malformed("it has more fields than this session allows"));
        }
        framing::check(&head)?;
        let goes_on = was_sent_whole && outgoing.keeps_alive && head.status() != StatusCode::SWITCHING_PROTOCOLS;
        let keeps_alive = goes_on && framing::keeps_alive(head.headers(), head.version());
        let framing = Framing::new(mode, settings.header_size as usize);
        Ok(Answer { head, raw, framing, keeps_alive })
    }

    /// The head, and as much of the body as the server wants to hear; whether that was all of it.
    async fn send(&mut self, outgoing: &Outgoing, settings: &Settings) -> Result<bool, Error> {
        let longest = settings.header_size as usize;
        let was_heard = self.write(&outgoing.first, outgoing.first_body, longest).await?;
        if !was_heard || outgoing.rest.is_empty() {
            return Ok(was_heard);
        }
        if outgoing.expects_continue && !Box::pin(self.await_continue(longest)).await? {
            return Ok(false);
        }
        self.write(&outgoing.rest, outgoing.rest.len(), longest).await
    }

    /// Writes, the last `body` bytes counted as body; false where the server answered before it had heard all.
    async fn write(&mut self, mut bytes: &[u8], body: usize, longest: usize) -> Result<bool, Error> {
        let head = bytes.len() - body;
        let whole = bytes.len();
        let listens = head == 0;
        let outcome = poll_fn(|context| {
            while !bytes.is_empty() {
                match self.connection.poll_write(context, bytes) {
                    Poll::Ready(Ok(written)) => {
                        let before = (whole - bytes.len()).max(head);
                        bytes = &bytes[written..];
                        let after = (whole - bytes.len()).max(head);
                        self.has_sent = true;
                        self.meter.moved();
                        if after > before {
                            self.meter.sent(after - before);
                        }
                    }
                    Poll::Ready(Err(cause)) => return Poll::Ready(Err(cause)),
                    Poll::Pending if !listens => return Poll::Pending,
                    Poll::Pending => {
                        let read = ready!(self.connection.poll_fill(context))?;
                        self.has_read |= read > 0;
                        if read == 0 || self.has_final_status(longest) {
                            return Poll::Ready(Ok(false));
                        }
                    }
                }
            }
            self.connection.poll_flush(context).map_ok(|()| true)
        })
        .await;
        match outcome {
            Ok(whole) => Ok(whole),
            Err(cause) => self.last_words(body > 0 && self.has_sent, &cause).await,
        }
    }

    /// A server that has heard enough hangs up, perhaps with its answer on the way to us, or the reason why TLS ends.
    async fn last_words(&mut self, may_be_answer: bool, cause: &io::Error) -> Result<bool, Error> {
        let had_read = self.has_read;
        match self.fill().await {
            Ok(()) if may_be_answer => Ok(false),
            Err(reason) if reason.is_about_trust() => Err(reason),
            // Nothing that was said before we spoke is an answer to us.
            _ => {
                self.has_read = had_read;
                Err(tls::lost("the connection broke while the request was sent: try again", cause))
            }
        }
    }

    /// Whether what was read ends the sending: an answer that is final, or none at all. Interim ones are passed over.
    fn has_final_status(&mut self, longest: usize) -> bool {
        loop {
            let unused = self.connection.unused();
            match (status(unused), head_end(unused, 0)) {
                (Ok(Some(status)), Some(end)) if is_interim(status) => self.connection.skip(end),
                (Ok(status), None) if status.is_none_or(is_interim) => return unused.len() > longest,
                _ => return true,
            }
        }
    }

    /// One read; an error at the end.
    async fn fill(&mut self) -> Result<(), Error> {
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

    /// Whether the server wants the body: it says so, or says nothing for a while.
    async fn await_continue(&mut self, longest: usize) -> Result<bool, Error> {
        let answer = async {
            loop {
                match status(self.connection.unused())? {
                    None => self.fill().await?,
                    Some(100) => return Ok(true),
                    Some(status) if is_interim(status) => {
                        let end = self.find_head_end(longest).await?;
                        self.connection.skip(end);
                    }
                    Some(_) => return Ok(false),
                }
            }
        };
        tokio::time::timeout(CONTINUE_WAIT, answer).await.unwrap_or(Ok(true))
    }

    /// The head of the final answer; interim ones are passed over.
    async fn read_head(&mut self, settings: &Settings) -> Result<Bytes, Error> {
        for _ in 0..=MOST_INTERIM {
            let end = self.find_head_end(settings.header_size as usize).await?;
            let is_final = !status(self.connection.unused())?.is_some_and(is_interim);
            let raw = self.connection.take(end);
            if is_final {
                return Ok(raw);
            }
        }
        Err(malformed("it never becomes final: there are too many interim answers"))
    }

    /// Reads until the empty line that ends a head, and says where that is.
    async fn find_head_end(&mut self, longest: usize) -> Result<usize, Error> {
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
fn status(unused: &[u8]) -> Result<Option<u16>, Error> {
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
fn is_interim(status: u16) -> bool {
    matches!(status, 100 | 102..=199)
}

/// Behind the first empty line; the search may skip what was searched before.
fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
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

fn malformed(why: &str) -> Error {
    let message = format!("the head of the response cannot be read ({why}): the server is at fault");
    Error::new(Code::CANNOT_PARSE_RESPONSE, message)
}
