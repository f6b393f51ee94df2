use std::ffi::{c_char, c_void};
use std::mem::{offset_of, size_of};
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::UrlSessionStatus;
use super::convert::{boundary, checked, copy_struct, give, text};
use super::handle::{self, Handle, Loan, borrow};
use crate::identity::Identity;
use crate::message::{Body, BodyRead, BodySource, BodyStream};

/// Where the bytes of a body come from, when the library is ready to send them (Apple: NSInputStream). Fill `size` with
/// sizeof(UrlSessionBodySource). The struct is copied. Its functions are called where the slots of the session are
/// called, one at a time with them: a `read` that would have to wait returns at once, retains its completion, and is
/// answered later; one that blocks holds up every message of the session, an early answer too.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct UrlSessionBodySource {
    /// sizeof(UrlSessionBodySource), as the application was compiled; members past it count as NULL.
    pub size: usize,
    /// Given to every function; may be NULL.
    pub context: *mut c_void,
    /// Called once, when nothing here will be called any more, by whatever thread lets go of the stream last. May be
    /// NULL.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// How many bytes there are from here to the end; negative, or a NULL function: nobody knows. Asked once, before
    /// the first read. A length becomes the request's Content-Length: a read that goes past it, or an end before it,
    /// fails the task with REQUEST_BODY_STREAM_EXHAUSTED, and once it is reached nothing more is read. Without one the
    /// request's own Content-Length counts, and without that the body goes out chunked.
    pub length: Option<unsafe extern "C" fn(context: *mut c_void) -> i64>,
    /// Write up to `capacity` bytes to `buffer` and answer how many there are; 0 is the end. In the call, or later
    /// from any thread with `completion` retained. `buffer` is good until the answer, or until the completion's last
    /// reference is given back, whatever becomes of the task meanwhile. Never answered: as failed. Not NULL.
    pub read: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            buffer: *mut u8,
            capacity: usize,
            completion: *mut UrlSessionReadCompletion,
        ),
    >,
    /// Go to this many bytes from where the first read began, because the body has to go out again: then `length` is
    /// asked anew. A read that was not answered yet is forgotten. False, or a NULL function: the stream cannot.
    pub rewind: Option<unsafe extern "C" fn(context: *mut c_void, offset: i64) -> bool>,
    /// The task does not need the stream any more, sent or not. Called once for each task that had it; another task may
    /// then rewind it and read it again. May be NULL.
    pub close: Option<unsafe extern "C" fn(context: *mut c_void)>,
}

const EMPTY: UrlSessionBodySource = UrlSessionBodySource {
    size: size_of::<UrlSessionBodySource>(),
    context: ptr::null_mut(),
    release: None,
    length: None,
    read: None,
    rewind: None,
    close: None,
};

/// A body that is read while it is sent (Apple: NSInputStream). It is read by one task at a time. Any thread, any time.
pub struct UrlSessionBodyStream(());

impl Handle for BodyStream {
    type C = UrlSessionBodyStream;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// The question for the next bytes of a body.
pub struct UrlSessionReadCompletion(());

impl Handle for BodyRead {
    type C = UrlSessionReadCompletion;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// An application's source behind the core's trait.
struct SourceTable {
    table: UrlSessionBodySource,
    was_read: AtomicBool,
}

// SAFETY: the table is function pointers, which the header says are called from library threads, and a context that
// is only handed back.
unsafe impl Send for SourceTable {}
// SAFETY: as above; nothing in it changes but an atomic.
unsafe impl Sync for SourceTable {}

impl SourceTable {
    /// Copies as much of the application's struct as both sides know.
    fn copy(source: *const UrlSessionBodySource) -> Result<Self, UrlSessionStatus> {
        let table = copy_struct(source, offset_of!(UrlSessionBodySource, rewind), EMPTY)?;
        // Whoever sees a failure keeps the context.
        table.read.map(|_| Self { table, was_read: AtomicBool::new(false) }).ok_or(UrlSessionStatus::NULL_ARGUMENT)
    }
}

impl BodySource for SourceTable {
    fn length(&self) -> Option<u64> {
        // SAFETY: the application's function, called as the header says; so are the ones below.
        let length = unsafe { self.table.length?(self.table.context) };
        u64::try_from(length).ok()
    }

    fn read(&self, read: &Arc<BodyRead>) {
        let Some(function) = self.table.read else { return };
        self.was_read.store(true, Ordering::Relaxed);
        let lent = Loan::new(read);
        // SAFETY: see length; the buffer has that many bytes, and lives as long as the completion.
        unsafe { function(self.table.context, read.pointer(), read.capacity(), lent.handle()) };
    }

    fn was_read(&self) -> bool {
        self.was_read.load(Ordering::Relaxed)
    }

    fn can_rewind(&self) -> bool {
        self.table.rewind.is_some()
    }

    fn rewind(&self, offset: u64) -> bool {
        let Some(rewind) = self.table.rewind else { return false };
        // SAFETY: see length.
        i64::try_from(offset).is_ok_and(|offset| unsafe { rewind(self.table.context, offset) })
    }

    fn close(&self) {
        let Some(close) = self.table.close else { return };
        // SAFETY: see length.
        unsafe { close(self.table.context) };
    }
}

impl Drop for SourceTable {
    fn drop(&mut self) {
        let Some(release) = self.table.release else { return };
        // SAFETY: see length; nothing calls it any more.
        unsafe { release(self.table.context) };
    }
}

/// A stream of your own, in `*stream`; one reference is yours. INVALID_ARGUMENT: the struct's size cannot be right.
/// Where this does not return OK nothing of `source` is called, `release` neither. Neither argument may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_body_stream_new(
    source: *const UrlSessionBodySource,
    stream: *mut *mut UrlSessionBodyStream,
) -> UrlSessionStatus {
    give(stream, || Ok(BodyStream::new(Body::Stream(Arc::new(SourceTable::copy(source)?)))))
}

/// The bytes of a file, in `*stream`; one reference is yours. The file is opened when the body goes out, and again when
/// it goes out again: one that is missing then fails the task with FILE_DOES_NOT_EXIST. Its length is the length of the
/// body. Neither argument may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_body_stream_new_with_file(
    path: *const c_char,
    stream: *mut *mut UrlSessionBodyStream,
) -> UrlSessionStatus {
    give(stream, || Ok(BodyStream::new(Body::file(text(path)?))))
}

/// Takes one more reference; gives back `stream`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_body_stream_retain(stream: *mut UrlSessionBodyStream) -> *mut UrlSessionBodyStream {
    boundary(|| Ok(handle::retain::<BodyStream>(stream)))
}

/// Gives one reference back; NULL does nothing. A request or a task that has the stream keeps it.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_body_stream_release(stream: *mut UrlSessionBodyStream) {
    boundary(|| Ok(handle::release::<BodyStream>(stream)))
}

/// Takes one more reference, to answer after the function has returned; NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_read_completion_retain(
    completion: *mut UrlSessionReadCompletion,
) -> *mut UrlSessionReadCompletion {
    boundary(|| Ok(handle::retain::<BodyRead>(completion)))
}

/// Gives one reference back; NULL does nothing. With the last one an unanswered question counts as failed.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_read_completion_release(completion: *mut UrlSessionReadCompletion) {
    boundary(|| Ok(handle::release::<BodyRead>(completion)))
}

/// So many bytes are in the buffer, which is the library's again; 0 is the end of the body. The first answer wins, a
/// second returns ALREADY_ANSWERED; one that comes after the task has ended is harmless. INVALID_ARGUMENT for more than
/// the buffer holds: the question stays open. Any thread, any time.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_read_completion_answer(
    completion: *mut UrlSessionReadCompletion,
    length: usize,
) -> UrlSessionStatus {
    answer(completion, |read| {
        let fits = length <= read.capacity();
        fits.then(|| read.give(length)).ok_or(UrlSessionStatus::INVALID_ARGUMENT)
    })
}

/// There are no bytes and never will be: the task fails with REQUEST_BODY_STREAM_EXHAUSTED, whose underlying error is
/// `system_error`, an errno. Otherwise as above.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_read_completion_fail(
    completion: *mut UrlSessionReadCompletion,
    system_error: i32,
) -> UrlSessionStatus {
    answer(completion, |read| Ok(read.fail(system_error)))
}

fn answer(
    completion: *mut UrlSessionReadCompletion,
    answer: impl FnOnce(&BodyRead) -> Result<bool, UrlSessionStatus>,
) -> UrlSessionStatus {
    checked(|| {
        let read = borrow::<BodyRead>(completion)?;
        answer(&read)?.then_some(()).ok_or(UrlSessionStatus::ALREADY_ANSWERED)
    })
}
