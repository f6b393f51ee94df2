//! What transport tells of an exchange, passed on to its task.

use std::sync::Arc;

use super::{progress, response};
use crate::task::{State, Task};
use crate::transport::Meter;

impl Meter for Task {
    fn is_suspended(&self) -> bool {
        self.state() == State::Suspended
    }

    fn waiting(&self) {
        self.clock.connecting();
        self.clock.hold();
    }

    fn connecting(&self) {
        self.clock.unhold();
    }

    fn connected(&self) {
        self.clock.connected();
    }

    fn answering(&self) {
        self.clock.unhold();
    }

    fn moved(&self) {
        self.clock.moved();
    }

    fn sent(self: Arc<Self>, bytes: usize) {
        progress::sent(&self, bytes);
    }

    fn sent_all(self: Arc<Self>) {
        progress::sent_all(&self);
    }

    fn informed(self: Arc<Self>, head: &[u8]) {
        response::inform(&self, head);
    }
}
