//! Steps 4, 8 and 9: a connection, and the request on it; once more where the connection turns out to be dead.

use std::sync::Arc;

use crate::error::Error;
use crate::message::Request;
use crate::task::{State, Task};
use crate::transport::{Exchange, Meter, Outgoing, Route, Transport, Turn};

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

    fn moved(&self) {
        self.clock.moved();
    }

    fn sent(&self, bytes: usize) {
        self.counters.sent.add(bytes);
    }
}

/// Sends the request and reads the head of the answer.
pub(super) async fn begin(task: &Arc<Task>, transport: &Arc<Transport>, request: &Request) -> Result<Exchange, Error> {
    let route = Route::to(request.url()?)?;
    let turn = Turn { priority: task.priority(), number: task.turn(), is_only_try: !request.is_idempotent() };
    let meter: Arc<dyn Meter> = task.clone();
    let mut fresh = false;
    loop {
        task.counters.sent.set(0);
        task.counters.expected_to_send.set(i64::try_from(request.body().len()).unwrap_or(-1));
        let lease = transport.lease(&route, turn, fresh, &meter).await?;
        match transport.exchange(lease, Outgoing::new(request)?, meter.clone()).await {
            Ok(exchange) => return Ok(exchange),
            // RFC 9112, 9.3.1: the server may have closed the connection just as we took it.
            Err(broken) if !fresh && broken.may_repeat(request.is_idempotent()) => fresh = true,
            Err(broken) => return Err(broken.error),
        }
    }
}
