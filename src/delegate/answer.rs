//! A question to a delegate: answered once, at any time, from any thread; or not at all, which is the default.

use parking_lot::Mutex;
use tokio::sync::oneshot;

use crate::identity::Identity;

/// The delegate's side.
pub struct Answer<T> {
    pub(crate) identity: Identity,
    sender: Mutex<Option<oneshot::Sender<T>>>,
}

/// The driver's side.
pub(crate) struct Question<T>(oneshot::Receiver<T>);

impl<T> Question<T> {
    pub(crate) fn new() -> (Self, Answer<T>) {
        let (sender, receiver) = oneshot::channel();
        (Self(receiver), Answer { identity: Identity::next(), sender: Mutex::new(Some(sender)) })
    }

    /// The answer; `default` where every copy of the question was dropped.
    pub(crate) async fn answer(self, default: T) -> T {
        self.0.await.unwrap_or(default)
    }
}

impl<T> Answer<T> {
    /// Whether this answer was the first. One that comes too late for the driver is still the first.
    pub(crate) fn give(&self, answer: T) -> bool {
        let sender = self.sender.lock().take();
        sender.map(|sender| sender.send(answer)).is_some()
    }
}
