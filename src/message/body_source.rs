//! An application's stream of bytes, which the library pulls.

use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::BytesMut;
use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::identity::Identity;

/// Called where the messages of its task's session are told.
pub(crate) trait BodySource: Send + Sync {
    /// None where nobody knows.
    fn length(&self) -> Option<u64>;
    /// Asks for the next bytes; none of them are the end.
    fn read(&self, read: &Arc<BodyRead>);
    /// It was read before, perhaps by another task.
    fn was_read(&self) -> bool;
    fn can_rewind(&self) -> bool;
    /// Whether the next bytes are those at the offset.
    fn rewind(&self, offset: u64) -> bool;
    /// Nothing is read any more.
    fn close(&self);
}

/// Why a source has no bytes.
pub(crate) enum ReadFailure {
    /// The system's number.
    System(i32),
    /// It was asked and let go of the question.
    Unanswered,
}

/// A question for bytes, and the buffer that they come in.
pub struct BodyRead {
    pub(crate) identity: Identity,
    capacity: usize,
    asked: Mutex<Asked>,
}

struct Asked {
    /// Its memory stays where it is for as long as the question lives: an application may write late.
    buffer: BytesMut,
    sender: Option<oneshot::Sender<ReadAnswer>>,
}

/// The buffer, and how much of it was filled.
pub(crate) type ReadAnswer = Result<(BytesMut, usize), ReadFailure>;

/// The bytes to come.
pub(crate) struct PendingRead(oneshot::Receiver<ReadAnswer>);

impl BodyRead {
    /// `buffer` is what may be written to, all of it.
    pub(crate) fn new(buffer: BytesMut) -> (Arc<Self>, PendingRead) {
        let (sender, receiver) = oneshot::channel();
        let capacity = buffer.len();
        let asked = Mutex::new(Asked { buffer, sender: Some(sender) });
        (Arc::new(Self { identity: Identity::next(), capacity, asked }), PendingRead(receiver))
    }

    pub(crate) fn capacity(&self) -> usize {
        self.capacity
    }

    /// Where the application writes.
    pub(crate) fn pointer(&self) -> *mut u8 {
        self.asked.lock().buffer.as_mut_ptr()
    }

    /// Whether this answer was the first: so many bytes are in the buffer.
    pub(crate) fn give(&self, length: usize) -> bool {
        let mut asked = self.asked.lock();
        let Some(sender) = asked.sender.take() else { return false };
        // Nobody takes what comes too late: then the buffer stays.
        if !sender.is_closed() {
            let _ = sender.send(Ok((std::mem::take(&mut asked.buffer), length)));
        }
        true
    }

    /// Whether this answer was the first: there are no bytes, and why.
    pub(crate) fn fail(&self, number: i32) -> bool {
        let sender = self.asked.lock().sender.take();
        sender.map(|sender| sender.send(Err(ReadFailure::System(number)))).is_some()
    }
}

impl PendingRead {
    /// The answer, if it is there.
    pub(crate) fn now(&mut self) -> Option<ReadAnswer> {
        match self.0.try_recv() {
            Ok(answer) => Some(answer),
            Err(oneshot::error::TryRecvError::Empty) => None,
            Err(oneshot::error::TryRecvError::Closed) => Some(Err(ReadFailure::Unanswered)),
        }
    }
}

impl Future for PendingRead {
    type Output = ReadAnswer;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map(|answer| answer.unwrap_or(Err(ReadFailure::Unanswered)))
    }
}
