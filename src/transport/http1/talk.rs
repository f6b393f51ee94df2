//! An exchange up to the head of the answer.

use std::future::poll_fn;
use std::io;
use std::ops::Range;
use std::task::{Context, Poll, ready};

use bytes::Bytes;
use http::{Response, StatusCode};
use ureq_proto::BodyMode;
use ureq_proto::client::state::RecvResponse;
use ureq_proto::client::{Call, RecvResponseResult};

use super::outgoing::{Outgoing, Rest, SENT_TOGETHER};
use crate::error::{Code, Error};
use crate::transport::connection::Connection;
use crate::transport::framing::{self, Framing};
use crate::transport::{Meter, Settings, tls};

const BROKE_SENDING: &str = "the connection broke while the request was sent: try again";
/// Interim answers before the final one.
const MOST_INTERIM: usize = 32;

pub(super) struct Answer {
    pub(super) head: Response<()>,
    pub(super) raw: Bytes,
    pub(super) framing: Framing,
    pub(super) keeps_alive: bool,
    /// The request's body waited for it.
    pub(super) expected: bool,
}

/// What there is to send next.
enum Next {
    Piece(Bytes),
    End,
    /// Nothing: the server has answered, or has closed its side.
    Answered,
}

pub(super) struct Talk<'a> {
    connection: &'a mut Connection,
    meter: &'a dyn Meter,
    pub(super) has_sent: bool,
    pub(super) has_read: bool,
    /// Interim answers so far.
    informed: usize,
}

impl<'a> Talk<'a> {
    pub(super) fn new(connection: &'a mut Connection, meter: &'a dyn Meter) -> Self {
        Self { connection, meter, has_sent: false, has_read: false, informed: 0 }
    }

    pub(super) async fn through(&mut self, mut outgoing: Outgoing, settings: &Settings) -> Result<Answer, Error> {
        let was_sent_whole = self.send(&mut outgoing, settings).await?;
        let raw = self.read_head(settings).await?;
        let (head, mode) = parse(outgoing.call, &raw)?;
        if head.headers().len() > settings.header_count as usize {
            return Err(malformed("it has more fields than this session allows"));
        }
        framing::check(&head)?;
        let goes_on = was_sent_whole && outgoing.keeps_alive && head.status() != StatusCode::SWITCHING_PROTOCOLS;
        let keeps_alive = goes_on && framing::keeps_alive(head.headers(), head.version());
        let framing = Framing::new(mode, settings.header_size as usize);
        let expected = outgoing.expects_continue;
        Ok(Answer { head, raw, framing, keeps_alive, expected })
    }

    /// The head, and as much of the body as the server wants to hear; whether that was all of it.
    async fn send(&mut self, outgoing: &mut Outgoing, settings: &Settings) -> Result<bool, Error> {
        let longest = settings.header_size as usize;
        let was_heard = self.write(&outgoing.first, outgoing.first_body.clone(), false, longest).await?;
        if was_heard && outgoing.rest.is_nothing() {
            if !outgoing.first_body.is_empty() {
                self.meter.sent_all();
            }
            return Ok(true);
        }
        if outgoing.expects_continue && !Box::pin(self.await_continue(settings)).await? {
            return Ok(false);
        }
        // Boxed, for few requests have so much of a body.
        Box::pin(self.send_rest(&mut outgoing.rest, longest)).await
    }

    async fn send_rest(&mut self, rest: &mut Rest, longest: usize) -> Result<bool, Error> {
        loop {
            let was_heard = match self.next_piece(rest, longest).await? {
                Next::Piece(piece) if rest.is_chunked => self.write_chunk(&piece, longest).await?,
                Next::Piece(piece) => self.write(&piece, 0..piece.len(), true, longest).await?,
                Next::End => {
                    let was_heard = self.write(rest.end().as_bytes(), 0..0, true, longest).await?;
                    self.meter.sent_all();
                    return Ok(was_heard);
                }
                Next::Answered => false,
            };
            if !was_heard {
                return Ok(false);
            }
        }
    }

    async fn next_piece(&mut self, rest: &mut Rest, longest: usize) -> Result<Next, Error> {
        if !rest.at_hand.is_empty() {
            return Ok(Next::Piece(std::mem::take(&mut rest.at_hand)));
        }
        let Some(feed) = &mut rest.feed else { return Ok(Next::End) };
        poll_fn(|context| {
            if let Poll::Ready(piece) = feed.poll_next(context) {
                return Poll::Ready(piece.map(|piece| piece.map_or(Next::End, Next::Piece)));
            }
            let answered = ready!(self.poll_early_answer(context, longest));
            Poll::Ready(answered.map(|()| Next::Answered).map_err(|cause| tls::lost(BROKE_SENDING, &cause)))
        })
        .await
    }

    /// RFC 9112, 7.1. Little goes out in one write; much is not copied for that.
    async fn write_chunk(&mut self, piece: &Bytes, longest: usize) -> Result<bool, Error> {
        let size = format!("{:x}\r\n", piece.len());
        if piece.len() <= SENT_TOGETHER {
            let chunk = [size.as_bytes(), piece, b"\r\n"].concat();
            return self.write(&chunk, size.len()..size.len() + piece.len(), true, longest).await;
        }
        Ok(self.write(size.as_bytes(), 0..0, true, longest).await?
            && self.write(piece, 0..piece.len(), true, longest).await?
            && self.write(b"\r\n", 0..0, true, longest).await?)
    }

    /// Ready once the server has answered, or has closed its side, before it has heard all.
    fn poll_early_answer(&mut self, context: &mut Context<'_>, longest: usize) -> Poll<io::Result<()>> {
        loop {
            let read = ready!(self.connection.poll_fill(context))?;
            self.has_read |= read > 0;
            if read == 0 || self.has_final_status(longest) {
                return Poll::Ready(Ok(()));
            }
        }
    }

    /// Writes; false where the server answered before it had heard all, if it is listened to.
    async fn write(&mut self, bytes: &[u8], body: Range<usize>, listens: bool, longest: usize) -> Result<bool, Error> {
        let mut written = 0;
        let outcome = poll_fn(|context| {
            loop {
                let is_all = written == bytes.len();
                let step = match is_all {
                    true => self.connection.poll_flush(context).map_ok(|()| 0),
                    false => self.connection.poll_write(context, &bytes[written..]),
                };
                match step {
                    Poll::Ready(Ok(_)) if is_all => return Poll::Ready(Ok(true)),
                    Poll::Ready(Ok(more)) => {
                        let before = written.clamp(body.start, body.end);
                        written += more;
                        let after = written.clamp(body.start, body.end);
                        self.has_sent = true;
                        self.meter.moved();
                        if after > before {
                            self.meter.sent(after - before);
                        }
                    }
                    Poll::Ready(Err(cause)) => return Poll::Ready(Err(cause)),
                    Poll::Pending if !listens => return Poll::Pending,
                    Poll::Pending => {
                        ready!(self.poll_early_answer(context, longest))?;
                        return Poll::Ready(Ok(false));
                    }
                }
            }
        })
        .await;
        match outcome {
            Ok(whole) => Ok(whole),
            Err(cause) => self.last_words((listens || !body.is_empty()) && self.has_sent, &cause).await,
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
                Err(tls::lost(BROKE_SENDING, cause))
            }
        }
    }

    /// Whether what was read ends the sending: an answer that is final, or none at all. Interim ones are passed over.
    fn has_final_status(&mut self, longest: usize) -> bool {
        loop {
            let unused = self.connection.unused();
            match (status(unused), head_end(unused, 0)) {
                (Ok(Some(status)), Some(end)) if is_interim(status) && self.informed < MOST_INTERIM => {
                    self.pass_over(end);
                }
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
    async fn await_continue(&mut self, settings: &Settings) -> Result<bool, Error> {
        let answer = async {
            loop {
                match status(self.connection.unused())? {
                    None => self.fill().await?,
                    Some(100) => return Ok(true),
                    Some(status) if is_interim(status) => {
                        let end = self.find_head_end(settings.header_size as usize).await?;
                        if self.informed == MOST_INTERIM {
                            return Ok(false);
                        }
                        self.pass_over(end);
                    }
                    Some(_) => return Ok(false),
                }
            }
        };
        match settings.continue_wait().duration() {
            Some(patience) => tokio::time::timeout(patience, answer).await.unwrap_or(Ok(true)),
            None => answer.await,
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
    fn pass_over(&mut self, end: usize) {
        self.informed += 1;
        self.meter.informed(&self.connection.unused()[..end]);
        self.connection.skip(end);
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
