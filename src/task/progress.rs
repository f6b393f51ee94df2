//! How far a task is, in numbers that a bar can be drawn from.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::{Counters, Kind};

/// Speed is measured over no less than this.
const MOMENT: Duration = Duration::from_millis(250);
/// What the latest moment counts against those before.
const WEIGHT: f64 = 0.3;

#[derive(Clone, Copy)]
pub(crate) struct Progress {
    /// From 0 to 1, negative where nobody knows; never less than it was.
    pub(crate) fraction: f64,
    pub(crate) sent: i64,
    pub(crate) expected_to_send: i64,
    pub(crate) received: i64,
    pub(crate) expected_to_receive: i64,
    pub(crate) bytes_per_second: f64,
    /// Negative where nobody knows.
    pub(crate) seconds_left: f64,
}

struct Speed {
    since: Option<Instant>,
    moved: i64,
    bytes_per_second: f64,
    fraction: f64,
}

/// What progress was seen last.
pub(crate) struct Speedometer(Mutex<Speed>);

impl Default for Speedometer {
    fn default() -> Self {
        Self(Mutex::new(Speed { since: None, moved: 0, bytes_per_second: 0.0, fraction: -1.0 }))
    }
}

impl Speedometer {
    /// Time begins to count, from here.
    pub(crate) fn start(&self, counters: &Counters) {
        let mut speed = self.0.lock();
        speed.moved = counters.sent.get() + counters.received.get();
        speed.since = Some(Instant::now());
    }

    /// Nothing moves, and nothing is wrong with that.
    pub(crate) fn stop(&self) {
        self.0.lock().since = None;
    }

    pub(crate) fn read(&self, kind: &Kind, counters: &Counters, is_done: bool) -> Progress {
        let (sent, received) = (counters.sent.get(), counters.received.get());
        let (to_send, to_receive) = (counters.expected_to_send.get(), counters.expected_to_receive.get());
        let mut speed = self.0.lock();
        speed.measure(sent + received);
        let expected = expected(kind, to_send, to_receive);
        let now = match expected {
            _ if is_done => 1.0,
            Some(expected) if expected > 0 => ((sent + received) as f64 / expected as f64).min(1.0),
            _ => -1.0,
        };
        speed.fraction = speed.fraction.max(now);
        let left = expected.map(|expected| (expected - sent - received).max(0) as f64 / speed.bytes_per_second);
        Progress {
            fraction: speed.fraction,
            sent,
            expected_to_send: to_send,
            received,
            expected_to_receive: to_receive,
            bytes_per_second: speed.bytes_per_second,
            seconds_left: if is_done { 0.0 } else { left.filter(|left| left.is_finite()).unwrap_or(-1.0) },
        }
    }
}

impl Speed {
    fn measure(&mut self, moved: i64) {
        let Some(since) = self.since else { return };
        let elapsed = since.elapsed();
        if elapsed < MOMENT && self.bytes_per_second > 0.0 || elapsed.is_zero() {
            return;
        }
        let latest = (moved - self.moved).max(0) as f64 / elapsed.as_secs_f64();
        let before = if self.bytes_per_second > 0.0 { self.bytes_per_second } else { latest };
        self.bytes_per_second = before + (latest - before) * WEIGHT;
        if elapsed >= MOMENT {
            (self.moved, self.since) = (moved, Some(Instant::now()));
        }
    }
}

/// All that will move; an upload's answer counts once it has begun.
fn expected(kind: &Kind, to_send: i64, to_receive: i64) -> Option<i64> {
    match (to_send, to_receive) {
        (send, receive) if send >= 0 && receive >= 0 => Some(send + receive),
        (send, _) if send > 0 && matches!(kind, Kind::Upload) => Some(send),
        _ => None,
    }
}
