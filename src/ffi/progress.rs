use std::mem::{offset_of, size_of};
use std::ptr;

use super::convert::{checked, size_of_struct};
use super::handle::borrow;
use super::{UrlSessionStatus, UrlSessionTask};
use crate::task::{Progress, Task};

/// How far a task is (Apple: NSProgress of a task): enough to draw a bar from.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct UrlSessionProgress {
    /// sizeof(UrlSessionProgress), as whoever filled it in was compiled; members past it are not there.
    pub size: usize,
    /// Of the bytes of both bodies, from 0.0 to 1.0; it falls only where a body has to go out again or a download
    /// starts over. An answer counts once its length is known, so 1.0 may stand before the end of an upload; a task
    /// that ended well has 1.0 whatever was sent. Negative where nobody knows how much there is.
    pub fraction: f64,
    /// As url_session_task_count_of_bytes_sent, and the three below likewise.
    pub bytes_sent: i64,
    /// -1 where nobody knows.
    pub bytes_expected_to_send: i64,
    /// With what a download made from resume data had already.
    pub bytes_received: i64,
    /// -1 where nobody knows.
    pub bytes_expected_to_receive: i64,
    /// In both directions, of late; 0 in the first quarter of a second, until there is something to measure. While
    /// nothing moves no slot is called: a bar that shows a stall asks url_session_task_progress.
    pub bytes_per_second: f64,
    /// What is left at that speed; negative where nobody knows.
    pub seconds_left: f64,
}

impl From<&Progress> for UrlSessionProgress {
    fn from(progress: &Progress) -> Self {
        Self {
            size: size_of::<Self>(),
            fraction: progress.fraction,
            bytes_sent: progress.sent,
            bytes_expected_to_send: progress.expected_to_send,
            bytes_received: progress.received,
            bytes_expected_to_receive: progress.expected_to_receive,
            bytes_per_second: progress.bytes_per_second,
            seconds_left: progress.seconds_left,
        }
    }
}

/// How far the task is now. Set `progress->size` to sizeof(UrlSessionProgress) before; no more than that is written.
/// INVALID_ARGUMENT: the size cannot be right. Cancel, suspend and resume the task itself (Apple lets NSProgress do
/// it).
#[unsafe(no_mangle)]
pub extern "C" fn url_session_task_progress(
    task: *const UrlSessionTask,
    progress: *mut UrlSessionProgress,
) -> UrlSessionStatus {
    checked(|| fill(progress, &borrow::<Task>(task)?.progress()))
}

fn fill(out: *mut UrlSessionProgress, progress: &Progress) -> Result<(), UrlSessionStatus> {
    let size = size_of_struct(out, offset_of!(UrlSessionProgress, bytes_sent))?;
    let known = size.min(size_of::<UrlSessionProgress>());
    let now = UrlSessionProgress { size, ..UrlSessionProgress::from(progress) };
    // SAFETY: the application's struct has `size` writable bytes, ours at least `known`.
    unsafe { ptr::copy_nonoverlapping((&raw const now).cast::<u8>(), out.cast::<u8>(), known) };
    Ok(())
}
