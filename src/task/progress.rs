//! How far a task is, in numbers that a bar can be drawn from.

use std::time::{Duration, Instant};

use parking_lot::Mutex;

use super::Counters;

/// Speed is measured over no less than this: before, nothing is said about it.
const MOMENT: Duration = Duration::from_millis(250);
/// What the latest moment counts against those before.
const WEIGHT: f64 = 0.3;

#[derive(Clone, Copy)]
pub(crate) struct Progress {
    /// From 0 to 1, negative where nobody knows.
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
    bytes_per_second: Option<f64>,
    fraction: f64,
}

/// What progress was seen last.
pub(crate) struct Speedometer(Mutex<Speed>);

impl Default for Speedometer {
    fn default() -> Self {
        Self(Mutex::new(Speed { since: None, moved: 0, bytes_per_second: None, fraction: -1.0 }))
    }
}

impl Speedometer {
    /// Time begins to count, from here.
    pub(crate) fn start(&self, counters: &Counters) {
        self.0.lock().start(counters);
    }

    /// The counters jumped: a body goes out again, or a download goes on elsewhere than it stood.
    pub(crate) fn restart(&self, counters: &Counters) {
        let mut speed = self.0.lock();
        speed.start(counters);
        speed.fraction = -1.0;
    }

    /// Nothing moves, and nothing is wrong with that.
    pub(crate) fn stop(&self) {
        self.0.lock().since = None;
    }

    pub(crate) fn read(&self, counters: &Counters, end: End) -> Progress {
        let (sent, received) = (counters.sent.get(), counters.received.get());
        let (to_send, to_receive) = (counters.expected_to_send.get(), counters.expected_to_receive.get());
        let mut speed = self.0.lock();
        let moved = sent.saturating_add(received);
        speed.measure(moved);
        let expected = expected(to_send, to_receive);
        let now = match expected {
            _ if end == End::Well => 1.0,
            Some(expected) if expected > 0 => (moved as f64 / expected as f64).min(1.0),
            _ => -1.0,
        };
        speed.fraction = speed.fraction.max(now);
        let seconds_left = match (end, expected, speed.bytes_per_second) {
            (End::Well, ..) => 0.0,
            (End::None, Some(expected), Some(per_second)) if per_second > 0.0 => {
                expected.saturating_sub(moved).max(0) as f64 / per_second
            }
            _ => -1.0,
        };
        Progress {
            fraction: speed.fraction,
            sent,
            expected_to_send: to_send,
            received,
            expected_to_receive: to_receive,
            bytes_per_second: speed.bytes_per_second.unwrap_or_default(),
            seconds_left,
        }
    }
}

/// How a task has ended, if it has.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum End {
    None,
    Well,
    Badly,
}

impl Speed {
    fn start(&mut self, counters: &Counters) {
        self.moved = counters.sent.get().saturating_add(counters.received.get());
        self.since = Some(Instant::now());
    }

    fn measure(&mut self, moved: i64) {
        let Some(elapsed) = self.since.map(|since| since.elapsed()).filter(|elapsed| *elapsed >= MOMENT) else {
            return;
        };
        let latest = moved.saturating_sub(self.moved).max(0) as f64 / elapsed.as_secs_f64();
        let before = self.bytes_per_second.unwrap_or(latest);
        self.bytes_per_second = Some(before + (latest - before) * WEIGHT);
        (self.moved, self.since) = (moved, Some(Instant::now()));
    }
}

/// All that will move; the answer to a body counts once its length is known.
fn expected(to_send: i64, to_receive: i64) -> Option<i64> {
    match (to_send, to_receive) {
        (send, receive) if send >= 0 && receive >= 0 => Some(send.saturating_add(receive)),
        (send, _) if send > 0 => Some(send),
        _ => None,
    }
}
