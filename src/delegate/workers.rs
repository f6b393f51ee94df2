//! The delegate workers: threads that tell messages, as many as there are queues busy at once. A slot that never
//! returns keeps one of them and nothing else.

use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};
use once_cell::sync::Lazy;
use parking_lot::Mutex;

use super::Queue;

const MOST_THREADS: usize = 256;
const IDLE: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Count {
    threads: usize,
    idle: usize,
    /// Sent and not yet received.
    waiting: usize,
}

struct Workers {
    /// Every queue is in it at most once, which bounds it by the number of sessions.
    sender: Sender<Arc<Queue>>,
    receiver: Receiver<Arc<Queue>>,
    count: Mutex<Count>,
}

static WORKERS: Lazy<Workers> = Lazy::new(|| {
    let (sender, receiver) = unbounded();
    Workers { sender, receiver, count: Mutex::default() }
});

/// Has a thread run the queue, a new one if all are busy.
pub(super) fn execute(queue: Arc<Queue>) {
    {
        let mut count = WORKERS.count.lock();
        count.waiting += 1;
        if count.waiting > count.idle && count.threads < MOST_THREADS {
            let worker = thread::Builder::new().name("urlsession-delegate".to_owned());
            // Where the system has no thread to give, the queue waits for one that is there.
            if worker.spawn(work).is_ok() {
                count.threads += 1;
                count.idle += 1;
            }
        }
    }
    // The receiver lives as long as the process.
    let _ = WORKERS.sender.send(queue);
}

fn work() {
    loop {
        let queue = WORKERS.receiver.recv_timeout(IDLE);
        let mut count = WORKERS.count.lock();
        let Ok(queue) = queue else {
            // Something may have been sent just now for the thread that this one was counted as.
            if count.waiting > 0 {
                continue;
            }
            count.idle -= 1;
            count.threads -= 1;
            return;
        };
        count.waiting -= 1;
        count.idle -= 1;
        drop(count);
        queue.run();
        WORKERS.count.lock().idle += 1;
    }
}
