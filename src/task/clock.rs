//! A task's timers. Two of them are Apple's: idle time, which starts anew with every byte, and wall clock for the
//! whole; a third covers getting connected. All stand still while the task is suspended.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use crate::error::Timeout;

/// How long each timer may run; none means for ever.
#[derive(Clone, Copy, Default)]
pub(crate) struct Limits {
    pub(crate) connect: Option<Duration>,
    pub(crate) request: Option<Duration>,
    pub(crate) resource: Option<Duration>,
}

#[derive(Clone, Copy)]
struct Hands {
    /// Since when the task runs, moved on by the time it stood still.
    begun: Instant,
    /// The last byte.
    moved: Instant,
    connecting: Option<Instant>,
    /// The task waits for us or for the application, not for the network: idle time does not count.
    held: bool,
    frozen: Option<Instant>,
}

pub(crate) struct Clock {
    limits: Limits,
    hands: Mutex<Hands>,
}

impl Clock {
    pub(crate) fn new(limits: Limits) -> Self {
        let now = Instant::now();
        Self {
            limits,
            hands: Mutex::new(Hands { begun: now, moved: now, connecting: None, held: false, frozen: Some(now) }),
        }
    }

    /// That of a task that another becomes.
    pub(super) fn heir(&self) -> Self {
        Self { limits: self.limits, hands: Mutex::new(*self.hands.lock()) }
    }

    pub(crate) fn freeze(&self) {
        self.hands.lock().frozen.get_or_insert_with(Instant::now);
    }

    pub(crate) fn run(&self) {
        let mut hands = self.hands.lock();
        let Some(since) = hands.frozen.take() else { return };
        let stood = since.elapsed();
        hands.begun += stood;
        hands.moved += stood;
        hands.connecting = hands.connecting.map(|since| since + stood);
    }

    /// A byte moved, or the peer's next turn begins.
    pub(crate) fn moved(&self) {
        self.hands.lock().moved = Instant::now();
    }

    /// What is waited for is not the network's fault.
    pub(crate) fn hold(&self) {
        self.hands.lock().held = true;
    }

    pub(crate) fn unhold(&self) {
        let mut hands = self.hands.lock();
        hands.held = false;
        hands.moved = Instant::now();
    }

    pub(crate) fn connecting(&self) {
        self.hands.lock().connecting = Some(Instant::now());
    }

    pub(crate) fn connected(&self) {
        let mut hands = self.hands.lock();
        hands.connecting = None;
        hands.held = false;
        hands.moved = Instant::now();
    }

    /// Which timer runs out first, and when.
    pub(crate) fn next(&self) -> Option<(Instant, Timeout)> {
        let hands = self.hands.lock();
        if hands.frozen.is_some() {
            return None;
        }
        // An instant past what the system can count is never.
        let at = |since: Instant, limit: Option<Duration>| since.checked_add(limit?);
        let resource = at(hands.begun, self.limits.resource).map(|at| (at, Timeout::Resource));
        let connect =
            hands.connecting.and_then(|since| at(since, self.limits.connect)).map(|at| (at, Timeout::Connect));
        let request = at(hands.moved, self.limits.request).filter(|_| !hands.held).map(|at| (at, Timeout::Request));
        [resource, connect, request].into_iter().flatten().min_by_key(|(at, _)| *at)
    }
}
