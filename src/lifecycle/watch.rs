//! Whatever a task is doing: a cancel or a timer ends it by dropping it, a suspension holds it by not polling it, and
//! a panic in it is its own error.

use std::future::poll_fn;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use tokio::time::{Instant, Sleep, sleep_until};

use crate::delegate::Queue;
use crate::error::Error;
use crate::task::{State, Task};

pub(super) async fn watch<T>(task: &Arc<Task>, work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let mut work = pin!(work);
    let mut alarm = pin!(None::<Sleep>);
    poll_fn(|context| {
        Queue::run_overdue();
        match task.poll_state(context.waker()) {
            State::Canceling | State::Completed => return Poll::Ready(Err(task.interruption())),
            State::Suspended => return Poll::Pending,
            State::Running => {}
        }
        if let Poll::Ready(outcome) = caught(context, work.as_mut()) {
            return Poll::Ready(outcome);
        }
        while let Some((at, timeout)) = task.clock.next() {
            let at = Instant::from_std(at);
            if at <= Instant::now() {
                return Poll::Ready(Err(Error::timed_out(timeout)));
            }
            // An alarm that rings too early is let ring: traffic moves the time on with every byte.
            if alarm.as_ref().as_pin_ref().is_none_or(|alarm| alarm.deadline() > at || alarm.is_elapsed()) {
                alarm.set(Some(sleep_until(at)));
            }
            let Some(alarm) = alarm.as_mut().as_pin_mut() else { break };
            if alarm.poll(context).is_pending() {
                break;
            }
        }
        Poll::Pending
    })
    .await
}

/// The work goes on until it waits for something: what the application said meanwhile counts from here on.
pub(super) async fn heed(task: &Task) -> Result<(), Error> {
    poll_fn(|_| match task.state() {
        // The watch has the waker, and polls again once the task is resumed.
        State::Suspended => Poll::Pending,
        State::Running => Poll::Ready(Ok(())),
        State::Canceling | State::Completed => Poll::Ready(Err(task.interruption())),
    })
    .await
}

/// Work that nothing holds up any more.
pub(super) async fn unwatched<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    let mut work = pin!(work);
    poll_fn(|context| caught(context, work.as_mut())).await
}

fn caught<T>(
    context: &mut Context<'_>,
    work: std::pin::Pin<&mut impl Future<Output = Result<T, Error>>>,
) -> Poll<Result<T, Error>> {
    let polled = catch_unwind(AssertUnwindSafe(|| work.poll(context)));
    polled.unwrap_or_else(|_| Poll::Ready(Err(Error::fault())))
}
