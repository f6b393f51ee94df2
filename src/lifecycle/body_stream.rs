//! The application's stream while it goes out: read where the task's messages are told, some pieces at a time, and
//! ahead of what is being sent.

use std::collections::VecDeque;
use std::mem;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::sync::oneshot;

use super::hold::{self, Hold};
use crate::error::{Code, Domain, Error};
use crate::message::{BodyRead, BodySource, PendingRead, ReadFailure};
use crate::task::Task;
use crate::transport::{Feed, OutgoingBody};

/// What a read may give.
const PIECE: usize = 512 << 10;
/// A buffer with less room than this is not read into again.
const ROOM: usize = 64 << 10;
/// What is read in one go, for to go to the application and back costs more than to copy much.
const BATCH: usize = 2 << 20;
/// What a source that takes its time has given is sent before more is asked for.
const PATIENCE: Duration = Duration::from_millis(1);

pub(super) struct StreamFeed {
    task: Arc<Task>,
    source: Arc<dyn BodySource>,
    next: Next,
    pieces: VecDeque<BytesMut>,
    /// What was said about the length, less what came.
    left: Option<u64>,
    /// Being sent, and then free again.
    given: Vec<Bytes>,
    hold: Hold,
}

/// What comes behind the pieces that are here.
enum Next {
    /// The source was asked.
    Batch(oneshot::Receiver<Batch>),
    /// It will answer later.
    Read(PendingRead),
    /// It has more.
    More,
    End,
}

/// What a source gave in one go.
struct Batch {
    pieces: VecDeque<BytesMut>,
    then: Then,
}

enum Then {
    More,
    Waits(PendingRead),
    End(Result<(), ReadFailure>),
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
        let (read, batch) = oneshot::channel();
        let asked = source.clone();
        task.outbox().call(move || {
            let is_there = !rewinds || asked.rewind(0);
            let length = is_there.then(|| asked.length().or(declared));
            let _ = begun.send(length);
            // One of 0 needs no bytes.
            if let Some(length) = length.filter(|length| *length != Some(0)) {
                let _ = read.send(Batch::read(&*asked, Vec::new(), length));
            }
        });
        let length = match hold::during(task, begins).await {
            Ok(Some(length)) => length,
            Ok(None) => return Err(exhausted("the body stream cannot go back to its start: give another")),
            Err(_) => return Err(Error::fault()),
        };
        if length == Some(0) {
            return Ok(OutgoingBody { length, ..OutgoingBody::default() });
        }
        let feed = Self {
            task: task.clone(),
            source,
            next: Next::Batch(batch),
            pieces: VecDeque::new(),
            left: length,
            given: Vec::new(),
            hold: Hold::new(task),
        };
        Ok(OutgoingBody { length, first: Bytes::new(), rest: Some(Box::new(feed)) })
    }

    /// Into the memory of what was sent, if nobody needs it any more.
    fn ask(&mut self) {
        let free = mem::take(&mut self.given).into_iter().filter_map(|given| given.try_into_mut().ok()).collect();
        let (read, batch) = oneshot::channel();
        let (source, left) = (self.source.clone(), self.left);
        self.task.outbox().call(move || {
            let _ = read.send(Batch::read(&*source, free, left));
        });
        self.next = Next::Batch(batch);
    }

    /// Until there is a piece, or an end.
    fn poll_pieces(&mut self, context: &mut Context<'_>) -> Poll<Result<(), Error>> {
        while self.pieces.is_empty() {
            match &mut self.next {
                Next::End => break,
                Next::More => self.ask(),
                Next::Batch(batch) => {
                    let batch = ready!(Pin::new(batch).poll(context)).map_err(|_| Error::fault())?;
                    self.pieces = batch.pieces;
                    self.next = match batch.then {
                        Then::More => Next::More,
                        Then::Waits(read) => Next::Read(read),
                        Then::End(Ok(())) => Next::End,
                        Then::End(Err(failure)) => return Poll::Ready(Err(failed(failure))),
                    };
                }
                Next::Read(read) => {
                    let (mut piece, length) = ready!(Pin::new(read).poll(context)).map_err(failed)?;
                    piece.truncate(length);
                    self.next = if piece.is_empty() { Next::End } else { Next::More };
                    self.pieces.extend((!piece.is_empty()).then_some(piece));
                }
            }
        }
        Poll::Ready(Ok(()))
    }

    /// Counts against the length.
    fn count(&mut self, bytes: usize) -> Result<(), Error> {
        let Some(left) = &mut self.left else { return Ok(()) };
        let rest = left.checked_sub(bytes as u64);
        *left =
            rest.ok_or_else(|| exhausted("the body stream has more bytes than its length says: correct the length"))?;
        if *left == 0 {
            // Nothing is read behind the length.
            self.next = Next::End;
        } else if bytes == 0 {
            return Err(exhausted("the body stream ended before its length was reached: correct the length"));
        }
        Ok(())
    }
}

impl Feed for StreamFeed {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        let polled = self.poll_pieces(context);
        self.hold.set(polled.is_pending());
        ready!(polled)?;
        let piece = self.pieces.pop_front().map(BytesMut::freeze);
        if piece.is_some() || self.left != Some(0) {
            self.count(piece.as_ref().map_or(0, Bytes::len))?;
        }
        if self.pieces.is_empty() && matches!(self.next, Next::More) {
            // While this piece is sent.
            self.ask();
        }
        self.given.extend(piece.clone());
        Poll::Ready(Ok(piece))
    }
}

impl Batch {
    /// As much as the source has at once, up to a bound and to the length.
    fn read(source: &dyn BodySource, mut free: Vec<BytesMut>, left: Option<u64>) -> Self {
        let (mut pieces, mut total) = (VecDeque::new(), 0);
        let (mut filled, mut room) = (BytesMut::new(), BytesMut::new());
        let mut then = Then::More;
        let begun = Instant::now();
        while total < BATCH && left.is_none_or(|left| (total as u64) < left) {
            if total > 0 && begun.elapsed() > PATIENCE {
                break;
            }
            if room.len() < ROOM {
                pieces.extend(whole(mem::take(&mut filled), mem::take(&mut room)));
                room = buffer(&mut free);
            }
            let (read, mut pending) = BodyRead::new(mem::take(&mut room));
            source.read(&read);
            drop(read);
            match pending.now() {
                Some(Ok((mut piece, length))) if length > 0 => {
                    total += length;
                    room = piece.split_off(length);
                    filled.unsplit(piece);
                }
                Some(answer) => {
                    then = Then::End(answer.map(drop));
                    break;
                }
                None => {
                    then = Then::Waits(pending);
                    break;
                }
            }
        }
        pieces.extend(whole(filled, room));
        Self { pieces, then }
    }
}

/// What was filled, with the room behind it for the next time.
fn whole(mut filled: BytesMut, room: BytesMut) -> Option<BytesMut> {
    let length = filled.len();
    filled.unsplit(room);
    filled.truncate(length);
    (length > 0).then_some(filled)
}

/// One that was used before, where there is one.
fn buffer(free: &mut Vec<BytesMut>) -> BytesMut {
    let used = free.pop().filter(|used| used.capacity() >= PIECE);
    let mut buffer = used.unwrap_or_default();
    buffer.resize(PIECE, 0);
    buffer
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
