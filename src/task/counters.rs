//! How many bytes moved, and how many are expected to; -1 where nobody knows.

use std::sync::atomic::{AtomicI64, Ordering};

#[derive(Default)]
pub(crate) struct Counter(AtomicI64);

impl Counter {
    fn new(value: i64) -> Self {
        Self(AtomicI64::new(value))
    }

    pub(crate) fn get(&self) -> i64 {
        self.0.load(Ordering::Relaxed)
    }

    pub(crate) fn set(&self, value: i64) {
        self.0.store(value, Ordering::Relaxed);
    }

    pub(crate) fn add(&self, bytes: usize) {
        self.0.fetch_add(i64::try_from(bytes).unwrap_or(i64::MAX), Ordering::Relaxed);
    }
}

pub(crate) struct Counters {
    pub(crate) sent: Counter,
    pub(crate) received: Counter,
    pub(crate) decoded: Counter,
    pub(crate) written: Counter,
    pub(crate) expected_to_write: Counter,
    pub(crate) expected_to_send: Counter,
    pub(crate) expected_to_receive: Counter,
}

impl Counters {
    /// Those of a task that another becomes.
    pub(super) fn heir(&self) -> Self {
        let copy = |counter: &Counter| Counter::new(counter.get());
        Self {
            sent: copy(&self.sent),
            received: copy(&self.received),
            decoded: copy(&self.decoded),
            written: copy(&self.written),
            expected_to_write: copy(&self.expected_to_write),
            expected_to_send: copy(&self.expected_to_send),
            expected_to_receive: copy(&self.expected_to_receive),
        }
    }

    pub(crate) fn new(body: Option<u64>) -> Self {
        Self {
            sent: Counter::default(),
            received: Counter::default(),
            decoded: Counter::default(),
            written: Counter::default(),
            expected_to_write: Counter::new(-1),
            expected_to_send: Counter::new(expectation(body)),
            expected_to_receive: Counter::new(-1),
        }
    }
}

/// A length as a counter shows it.
pub(crate) fn expectation(length: Option<u64>) -> i64 {
    length.and_then(|length| i64::try_from(length).ok()).unwrap_or(-1)
}
