//! What transport tells of an exchange, passed on to its task.

use std::sync::Arc;

use super::{progress, response};
use crate::task::{State, Task};
use crate::transport::Meter;

pub(super) struct Gauge(pub(super) Arc<Task>);

impl Meter for Gauge {
    fn is_suspended(&self) -> bool {
        self.0.state() == State::Suspended
    }

    fn waiting(&self) {
        self.0.clock.connecting();
        self.0.clock.hold();
    }

    fn connecting(&self) {
        self.0.clock.unhold();
    }

    fn connected(&self) {
        self.0.clock.connected();
    }

    fn answering(&self) {
        self.0.clock.unhold();
    }

    fn moved(&self) {
        self.0.clock.moved();
    }

    fn sent(&self, bytes: usize) {
        progress::sent(&self.0, bytes);
    }

    fn sent_all(&self) {
        progress::sent_all(&self.0);
    }

    fn informed(&self, head: &[u8]) {
        response::inform(&self.0, head);
    }
}
