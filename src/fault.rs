//! Places where a test can make the library panic; without the feature `fault-injection` they are nothing.

pub(crate) const DRIVE: u32 = 1;
pub(crate) const DELIVERY: u32 = 2;

#[cfg(feature = "fault-injection")]
mod armed {
    use std::sync::atomic::{AtomicU32, Ordering};

    static ARMED: AtomicU32 = AtomicU32::new(0);

    /// The next to pass `place` panics; false for a place that is none.
    pub(crate) fn arm(place: u32) -> bool {
        let known = matches!(place, super::DRIVE | super::DELIVERY);
        if known {
            ARMED.store(place, Ordering::SeqCst);
        }
        known
    }

    pub(crate) fn point(place: u32) {
        if ARMED.compare_exchange(place, 0, Ordering::SeqCst, Ordering::Relaxed).is_ok() {
            panic!("asked for by url_session_fault_panic");
        }
    }
}

#[cfg(feature = "fault-injection")]
pub(crate) use armed::{arm, point};

#[cfg(not(feature = "fault-injection"))]
pub(crate) fn point(_: u32) {}
