//! The application's stream while it goes out: read where the task's messages are told, one piece ahead.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::{Bytes, BytesMut};
use tokio::sync::oneshot;

use crate::error::{Code, Domain, Error};
use crate::message::{BodyRead, BodySource, PendingRead, ReadFailure};
use crate::task::Task;
use crate::transport::{Feed, OutgoingBody};

/// What is asked for at a time.
const PIECE: usize = 256 << 10;

pub(super) struct StreamFeed {
    task: Arc<Task>,
    source: Arc<dyn BodySource>,
    /// What was asked for and did not come yet; none behind the end.
    pending: Option<PendingRead>,
    /// What was said about the length, less what came.
    left: Option<u64>,
    /// Being sent, and then free again.
    given: Bytes,
    is_held: bool,
}

impl StreamFeed {
    /// From the start, or from there again.
    pub(super) async fn open(
        task: &Arc<Task>,
        source: Arc<dyn BodySource>,
        rewinds: bool,
        declared: Option<u64>,
    ) -> Result<OutgoingBody, Error> {
        let (begun, begins) = oneshot::channel();
        let (read, pending) = BodyRead::new(BytesMut::zeroed(PIECE));
        let asked = source.clone();
        task.outbox().call(move || {
            let is_there = !rewinds || asked.rewind(0);
            let length = is_there.then(|| asked.length());
            let _ = begun.send(length);
            // One of 0 needs no bytes.
            if length.is_some_and(|length| length != Some(0)) {
                asked.read(&read);
            }
        });
        task.clock.hold();
        let begins = begins.await;
        task.clock.unhold();
        let length = match begins {
            Ok(Some(length)) => length.or(declared),
            Ok(None) => return Err(exhausted("the body stream cannot go back to its start: give another")),
            Err(_) => return Err(Error::fault()),
        };
        if length == Some(0) {
            return Ok(OutgoingBody { length, ..OutgoingBody::default() });
        }
        let (task, pending) = (task.clone(), Some(pending));
        let feed = Self { task, source, pending, left: length, given: Bytes::new(), is_held: false };
        Ok(OutgoingBody { length, first: Bytes::new(), rest: Some(Box::new(feed)) })
    }

    /// Into the memory of what was sent last, if nobody needs it any more.
    fn ask(&mut self) {
        let free = std::mem::take(&mut self.given).try_into_mut().unwrap_or_default();
        let mut buffer = if free.capacity() >= PIECE { free } else { BytesMut::new() };
        buffer.resize(PIECE, 0);
        let (read, pending) = BodyRead::new(buffer);
        let source = self.source.clone();
        self.task.outbox().call(move || source.read(&read));
        self.pending = Some(pending);
    }

    /// Counts against the length; whether more is to come.
    fn count(&mut self, bytes: usize) -> Result<bool, Error> {
        let Some(left) = &mut self.left else { return Ok(bytes > 0) };
        match left.checked_sub(bytes as u64) {
            None => Err(exhausted("the body stream has more bytes than its length says: correct the length")),
            Some(rest) if bytes == 0 && rest > 0 => {
                Err(exhausted("the body stream ended before its length was reached: correct the length"))
            }
            Some(rest) => {
                *left = rest;
                Ok(rest > 0)
            }
        }
    }

    /// While the application is waited for, no time runs.
    fn hold(&mut self, holds: bool) {
        if std::mem::replace(&mut self.is_held, holds) == holds {
            return;
        }
        if holds { self.task.clock.hold() } else { self.task.clock.unhold() }
    }
}

impl Feed for StreamFeed {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        let Some(pending) = &mut self.pending else { return Poll::Ready(Ok(None)) };
        let Poll::Ready(read) = Pin::new(pending).poll(context) else {
            self.hold(true);
            return Poll::Pending;
        };
        self.hold(false);
        self.pending = None;
        let piece = read.map_err(failed)?.freeze();
        let has_more = self.count(piece.len())?;
        if piece.is_empty() {
            return Poll::Ready(Ok(None));
        }
        if has_more {
            self.ask();
        }
        self.given = piece.clone();
        Poll::Ready(Ok(Some(piece)))
    }
}

impl Drop for StreamFeed {
    fn drop(&mut self) {
        self.hold(false);
    }
}

/// Told behind everything that was asked before.
pub(super) fn close(task: &Task, source: Arc<dyn BodySource>) {
    task.outbox().call(move || source.close());
}

fn failed(failure: ReadFailure) -> Error {
    match failure {
        ReadFailure::System(number) => {
            let cause = std::io::Error::from_raw_os_error(number);
            let cause = Error::underlying_in(Domain::Posix, number, cause.to_string());
            exhausted("the body stream failed to give its bytes: the underlying error says why").because(cause)
        }
        ReadFailure::Unanswered => exhausted("the body stream let go of a read without an answer: answer every read"),
    }
}

fn exhausted(message: &str) -> Error {
    Error::new(Code::REQUEST_BODY_STREAM_EXHAUSTED, message)
}
