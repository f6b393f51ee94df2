//! A session's messages, told one at a time and in order, by whatever thread the executor lends.

use std::cell::{Cell, RefCell};
use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, Instant};

use parking_lot::{Condvar, Mutex};

use super::{Message, workers};

/// Batches told in a row before another session's turn.
const BATCHES_IN_A_ROW: usize = 16;
/// A network thread keeps no more messages than this back until it has nothing else to do.
const MOST_KEPT_BACK: usize = 64;

const KEPT_AT_MOST: Duration = Duration::from_millis(1);
/// After so many bytes of data in one batch more are on their way, and it pays to let some gather: to be woken for
/// every piece costs more than to count it.
const LINGER_FROM: usize = 64 << 10;
const LINGER: Duration = Duration::from_micros(200);

thread_local! {
    /// Queues that this network thread will have run once it has nothing else to do: to wake a thread for every message
    /// costs more than everything else.
    static KEPT_BACK: RefCell<Vec<Arc<Queue>>> = const { RefCell::new(Vec::new()) };
    static KEPT_SINCE: Cell<Option<Instant>> = const { Cell::new(None) };
    /// The runtime tells this thread's end of work: the threads it keeps for blocking calls it does not tell.
    static IS_TOLD: Cell<bool> = const { Cell::new(false) };
}

#[derive(Default)]
struct Waiting {
    messages: VecDeque<Message>,
    /// A thread tells messages, or one is on its way, or will be when the network thread is idle.
    scheduled: bool,
    is_kept_back: bool,
    /// The thread that tells messages waits a moment for more data.
    lingers: bool,
}

#[derive(Default)]
pub(crate) struct Queue {
    waiting: Mutex<Waiting>,
    /// A message came that is worth ending the moment for.
    urgent: Condvar,
}

impl Queue {
    /// Wakes a thread only if none is busy with this queue. What waits is bounded by what tasks may have under way.
    pub(crate) fn push(self: &Arc<Self>, message: Message) {
        let mut waiting = self.waiting.lock();
        if waiting.lingers && message.data_length() == 0 {
            self.urgent.notify_one();
        }
        waiting.messages.push_back(message);
        let is_first = !std::mem::replace(&mut waiting.scheduled, true);
        let is_network_thread = || IS_TOLD.get() && tokio::task::try_id().is_some();
        if is_first && is_network_thread() {
            waiting.is_kept_back = true;
            drop(waiting);
            KEPT_BACK.with_borrow_mut(|kept| kept.push(self.clone()));
            KEPT_SINCE.set(KEPT_SINCE.get().or_else(|| Some(Instant::now())));
        } else if is_first || waiting.is_kept_back && waiting.messages.len() > MOST_KEPT_BACK {
            waiting.is_kept_back = false;
            drop(waiting);
            workers::execute(self.clone());
        }
    }

    /// The network thread has nothing else to do; called on it by the runtime.
    pub(crate) fn run_kept_back() {
        IS_TOLD.set(true);
        KEPT_SINCE.set(None);
        let kept = KEPT_BACK.with_borrow_mut(std::mem::take);
        for queue in kept {
            let is_kept_back = std::mem::take(&mut queue.waiting.lock().is_kept_back);
            if is_kept_back {
                workers::execute(queue);
            }
        }
    }

    /// A network thread that always has something else to do; called between two things.
    pub(crate) fn run_overdue() {
        if KEPT_SINCE.get().is_some_and(|since| since.elapsed() > KEPT_AT_MOST) {
            Self::run_kept_back();
        }
    }

    /// Waits a moment for data to gather, or for a message that is none.
    fn linger(&self) {
        let mut waiting = self.waiting.lock();
        if waiting.messages.iter().all(|message| message.data_length() > 0) {
            waiting.lingers = true;
            self.urgent.wait_for(&mut waiting, LINGER);
            waiting.lingers = false;
        }
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
            let data: usize = batch.iter().map(Message::data_length).sum();
            for message in batch.drain(..) {
                message.deliver();
            }
            if data >= LINGER_FROM {
                self.linger();
            }
        }
        workers::execute(self);
    }
}
