//! A session's messages, told one at a time and in order, by whatever thread the executor lends.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::{Message, workers};

/// Batches told in a row before another session's turn.
const BATCHES_IN_A_ROW: usize = 16;

#[derive(Default)]
struct Waiting {
    messages: VecDeque<Message>,
    /// A thread tells messages, or one is on its way.
    scheduled: bool,
}

#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
}

impl Queue {
    /// Wakes a thread only if none is busy with this queue. What waits is bounded by what tasks may have under way.
    pub(crate) fn push(self: &Arc<Self>, message: Message) {
        let mut waiting = self.waiting.lock();
        waiting.messages.push_back(message);
        if std::mem::replace(&mut waiting.scheduled, true) {
            return;
        }
        drop(waiting);
        workers::execute(self.clone());
    }

    /// Tells what waits; called by the executor, on one thread at a time.
    pub(super) fn run(self: Arc<Self>) {
        let mut batch = VecDeque::new();
        for _ in 0..BATCHES_IN_A_ROW {
            {
                let mut waiting = self.waiting.lock();
                if waiting.messages.is_empty() {
                    waiting.scheduled = false;
                    return;
                }
                std::mem::swap(&mut batch, &mut waiting.messages);
            }
            for message in batch.drain(..) {
                message.deliver();
            }
        }
        workers::execute(self);
    }
}
