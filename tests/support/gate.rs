//! A door that one thread opens and another waits at.

use std::sync::{Arc, Condvar, Mutex};

use super::PATIENCE;

#[derive(Clone, Default)]
pub struct Gate(Arc<(Mutex<usize>, Condvar)>);

impl Gate {
    /// Lets one waiter through, now or when it comes.
    pub fn open(&self) {
        *self.0.0.lock().unwrap() += 1;
        self.0.1.notify_one();
    }

    /// Waits for its turn; false where it did not come. No panic: slots wait here, and must not unwind into C.
    pub fn pass(&self) -> bool {
        let opened = self.0.0.lock().unwrap();
        let (mut opened, _) = self.0.1.wait_timeout_while(opened, PATIENCE, |opened| *opened == 0).unwrap();
        let passed = *opened > 0;
        *opened -= usize::from(passed);
        passed
    }
}
