//! Bytes on their way to a delegate. Past the bound the connection is not read, which is all the back-pressure there
//! is: TCP does the rest.

use std::future::poll_fn;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Poll, Waker};

use parking_lot::Mutex;

/// What a message weighs beside its bytes: many small ones are heavy, too.
const MESSAGE: usize = 256;
/// One more chunk may be taken while there is less than this under way.
const BOUND: usize = 1 << 20;

#[derive(Default)]
pub(crate) struct UnderWay {
    bytes: AtomicUsize,
    reader: Mutex<Option<Waker>>,
}

impl UnderWay {
    pub(crate) fn take(&self, bytes: usize) {
        self.bytes.fetch_add(bytes + MESSAGE, Ordering::SeqCst);
    }

    /// Wakes the reader once there is room worth waking for.
    pub(crate) fn give_back(&self, bytes: usize) {
        let weight = bytes + MESSAGE;
        let before = self.bytes.fetch_sub(weight, Ordering::SeqCst);
        if before >= BOUND / 2 && before - weight < BOUND / 2 {
            let reader = self.reader.lock().take();
            if let Some(reader) = reader {
                reader.wake();
            }
        }
    }

    pub(crate) fn has_room(&self) -> bool {
        self.bytes.load(Ordering::SeqCst) < BOUND
    }

    /// Until at most half of the bound is under way.
    pub(crate) async fn room(&self) {
        poll_fn(|context| {
            *self.reader.lock() = Some(context.waker().clone());
            if self.bytes.load(Ordering::SeqCst) >= BOUND / 2 {
                return Poll::Pending;
            }
            self.reader.lock().take();
            Poll::Ready(())
        })
        .await;
    }
}
