//! The delegate workers: threads that tell messages, as many as there are queues busy at once. A slot that never
//! returns keeps one of them and nothing else.

use std::io;
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, unbounded};
use once_cell::sync::{Lazy, OnceCell};
use parking_lot::{Condvar, Mutex};

use super::Queue;

const MOST_THREADS: usize = 256;
const IDLE: Duration = Duration::from_secs(10);

#[derive(Default)]
struct Count {
    threads: usize,
    /// Asleep, or on their way to work.
    idle: usize,
    /// Sent and not yet received.
    waiting: usize,
}

struct Workers {
    /// Every queue is in it at most once, which bounds it by the number of sessions.
    sender: Sender<Arc<Queue>>,
    receiver: Receiver<Arc<Queue>>,
    count: Mutex<Count>,
    /// The channel's own way to wait spins and yields first, which costs more than all it could save here.
    work: Condvar,
}

static WORKERS: Lazy<Workers> = Lazy::new(|| {
    let (sender, receiver) = unbounded();
    Workers { sender, receiver, count: Mutex::default(), work: Condvar::new() }
});

/// Makes the first worker, which stays: a message can then always be told, if later than with more of them.
pub(crate) fn start() -> io::Result<()> {
    static STARTED: OnceCell<()> = OnceCell::new();
    STARTED.get_or_try_init(|| spawn(&mut WORKERS.count.lock())).copied()
}

fn spawn(count: &mut Count) -> io::Result<()> {
    thread::Builder::new().name("urlsession-delegate".to_owned()).spawn(work)?;
    count.threads += 1;
    count.idle += 1;
    Ok(())
}

/// Has a thread run the queue, a new one if all are busy.
pub(super) fn execute(queue: Arc<Queue>) {
    // The receiver lives as long as the process.
    let _ = WORKERS.sender.send(queue);
    let mut count = WORKERS.count.lock();
    count.waiting += 1;
    if count.waiting <= count.idle {
        drop(count);
        WORKERS.work.notify_one();
    } else if count.threads < MOST_THREADS {
        // Where the system has no thread to give, the queue waits for one that is there.
        let _ = spawn(&mut count);
    }
}

fn work() {
    while let Some(queue) = next() {
        queue.run();
        WORKERS.count.lock().idle += 1;
    }
}

/// The next queue; none after having been idle for long.
fn next() -> Option<Arc<Queue>> {
    let mut count = WORKERS.count.lock();
    while count.waiting == 0 {
        let has_timed_out = WORKERS.work.wait_for(&mut count, IDLE).timed_out();
        if has_timed_out && count.waiting == 0 && count.threads > 1 {
            count.idle -= 1;
            count.threads -= 1;
            return None;
        }
    }
    count.waiting -= 1;
    count.idle -= 1;
    drop(count);
    // What was counted was sent before.
    WORKERS.receiver.try_recv().ok()
}
