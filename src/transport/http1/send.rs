//! The sending half of an exchange: the head, and as much of the body as the server wants to hear.

use std::future::poll_fn;
use std::io;
use std::ops::Range;
use std::task::{Context, Poll, ready};

use bytes::Bytes;

use super::outgoing::{Outgoing, Rest, SENT_TOGETHER};
use super::talk::{MOST_INTERIM, Talk, head_end, is_interim, status};
use crate::error::Error;
use crate::transport::{Settings, tls};

const BROKE: &str = "the connection broke while the request was sent: try again";

/// What goes out before the system is asked for an answer, where the server takes all at once.
const MOST_IN_A_ROW: usize = 256 << 10;
/// What a piece counts beside its bytes: many small ones take their time, too.
const PIECE: usize = 4 << 10;

/// What there is to send next.
enum Next {
    Piece(Bytes),
    End,
    /// Nothing: the server has answered, or has closed its side.
    Answered,
}

impl Talk<'_> {
    /// The head, and as much of the body as the server wants to hear; whether that was all of it.
    pub(super) async fn send(&mut self, outgoing: &mut Outgoing, settings: &Settings) -> Result<bool, Error> {
        let longest = settings.header_size as usize;
        let was_heard = self.write(&outgoing.first, outgoing.first_body.clone(), false, longest).await?;
        if was_heard && outgoing.rest.is_nothing() {
            if !outgoing.first_body.is_empty() {
                self.meter.clone().sent_all();
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
        let mut in_a_row = 0;
        loop {
            let was_heard = match self.next_piece(rest, longest).await? {
                Next::Piece(piece) => {
                    in_a_row += piece.len() + PIECE;
                    match rest.is_chunked {
                        true => self.write_chunk(&piece, longest).await?,
                        false => self.write(&piece, 0..piece.len(), true, longest).await?,
                    }
                }
                Next::End => {
                    let was_heard = self.write(rest.end().as_bytes(), 0..0, true, longest).await?;
                    self.meter.clone().sent_all();
                    return Ok(was_heard);
                }
                Next::Answered => false,
            };
            if !was_heard {
                return Ok(false);
            }
            if in_a_row > MOST_IN_A_ROW {
                in_a_row = 0;
                if !self.connection.has_nothing_to_read() {
                    // Perhaps an answer, of which the runtime has not heard yet.
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    async fn next_piece(&mut self, rest: &mut Rest, longest: usize) -> Result<Next, Error> {
        if !rest.at_hand.is_empty() {
            return Ok(Next::Piece(std::mem::take(&mut rest.at_hand)));
        }
        let Some(feed) = &mut rest.feed else { return Ok(Next::End) };
        poll_fn(|context| {
            // Whoever resumes the task has it polled again.
            if self.meter.is_suspended() {
                return Poll::Pending;
            }
            // First, for a server that goes on to take what it has no use for.
            if let Poll::Ready(answered) = self.poll_early_answer(context, longest) {
                return Poll::Ready(answered.map(|()| Next::Answered).map_err(|cause| tls::lost(BROKE, &cause)));
            }
            let piece = ready!(feed.poll_next(context))?;
            Poll::Ready(Ok(piece.map_or(Next::End, Next::Piece)))
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
            if !self.connection.unused().is_empty() {
                self.meter.answering();
            }
        }
    }

    /// Writes; false where the server answered before it had heard all, if it is listened to.
    pub(in crate::transport) async fn write(
        &mut self,
        bytes: &[u8],
        body: Range<usize>,
        listens: bool,
        longest: usize,
    ) -> Result<bool, Error> {
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
                            self.body_sent += after - before;
                            self.meter.clone().sent(after - before);
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
                Err(tls::lost(BROKE, cause))
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
}
