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
    pub(crate) expected_to_send: Counter,
    pub(crate) expected_to_receive: Counter,
}

impl Counters {
    pub(crate) fn new(body: usize) -> Self {
        Self {
            sent: Counter::default(),
            received: Counter::default(),
            decoded: Counter::default(),
            expected_to_send: Counter::new(i64::try_from(body).unwrap_or(-1)),
            expected_to_receive: Counter::new(-1),
        }
    }
}
