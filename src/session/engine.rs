//! The network threads: one runtime for all sessions of the process, made when the first needs it.

use std::num::NonZero;
use std::thread;

use once_cell::sync::OnceCell;
use tokio::runtime::{Builder, Runtime};

use super::Refused;
use crate::delegate::{Queue, start_workers};

/// Waiting costs no thread, and threads that look for work to share cost more than they bring: half of the cores, for
/// the other half is the application's and the delegate workers'.
const MOST_NETWORK_THREADS: usize = 4;
/// For calls to the system that block: names that are looked up, which take half of them at most, and files.
const MOST_BLOCKING_THREADS: usize = 128;

#[derive(Clone, Copy)]
pub(crate) struct Engine(&'static Runtime);

impl Engine {
    pub(crate) fn running() -> Result<Self, Refused> {
        static RUNTIME: OnceCell<Runtime> = OnceCell::new();
        let make = || {
            start_workers().map_err(|_| Refused::OutOfResources)?;
            let cores = thread::available_parallelism().map_or(1, NonZero::get);
            Builder::new_multi_thread()
                .worker_threads((cores / 2).clamp(1, MOST_NETWORK_THREADS))
                .max_blocking_threads(MOST_BLOCKING_THREADS)
                .thread_name("urlsession-network")
                .on_thread_park(Queue::run_kept_back)
                .enable_io()
                .enable_time()
                .build()
                .map_err(|_| Refused::OutOfResources)
        };
        RUNTIME.get_or_try_init(make).map(Self)
    }

    pub(crate) fn spawn(self, work: impl Future<Output = ()> + Send + 'static) {
        self.0.spawn(work);
    }
}
