//! Body streams: a source that does what a test tells it to, step by step, and records what it was asked.

use std::collections::VecDeque;
use std::ffi::c_void;
use std::path::Path;
use std::ptr;
use std::sync::{Condvar, Mutex};
use std::time::{Duration, Instant};

use urlsession::*;

use super::PATIENCE;
use super::download::path_text;
use super::handle::handle;

handle!(BodyStream, UrlSessionBodyStream, url_session_body_stream_retain, url_session_body_stream_release);
handle!(
    ReadCompletion,
    UrlSessionReadCompletion,
    url_session_read_completion_retain,
    url_session_read_completion_release
);

/// How the source answers a read. After the last step comes the end.
#[derive(Clone)]
pub enum Step {
    /// These bytes at once, in as many reads as it takes.
    Bytes(Vec<u8>),
    /// It keeps the read for the test: see [`Body::next_read`].
    Later,
    /// It fails with this errno.
    Fail(i32),
    /// It neither answers nor retains the read.
    Nothing,
}

/// Never freed, so that a call too many is a line too many and not a crash.
#[derive(Clone, Copy)]
pub struct Body(&'static Source);

struct Source {
    steps: Vec<Step>,
    length: i64,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    left: VecDeque<Step>,
    calls: Vec<String>,
    /// How many bytes were read so far.
    given: usize,
    reads: VecDeque<Read>,
    /// A read that the test answers is out.
    reading: bool,
    closed: bool,
}

/// A read that waits for its answer.
pub struct Read {
    buffer: *mut u8,
    capacity: usize,
    completion: ReadCompletion,
    source: &'static Source,
}

// SAFETY: the header says that the buffer is the reader's until it answers, from any thread.
unsafe impl Send for Read {}

impl Body {
    /// One of known length that gives these bytes at once.
    pub fn of(bytes: &[u8]) -> Self {
        Self::new(vec![Step::Bytes(bytes.to_vec())], bytes.len() as i64)
    }

    /// One of this length that gives these bytes in pieces of a megabyte.
    pub fn in_pieces(bytes: &[u8], length: i64) -> Self {
        Self::new(bytes.chunks(1 << 20).map(|piece| Step::Bytes(piece.to_vec())).collect(), length)
    }

    /// One of length -1 does not know its length.
    pub fn new(steps: Vec<Step>, length: i64) -> Self {
        let state = State { left: steps.clone().into(), ..State::default() };
        let source = Source { steps, length, state: Mutex::new(state), changed: Condvar::new() };
        Self(Box::leak(Box::new(source)))
    }

    /// The table that C would fill. The test may take functions away.
    pub fn source(self) -> UrlSessionBodySource {
        UrlSessionBodySource {
            size: size_of::<UrlSessionBodySource>(),
            context: ptr::from_ref(self.0).cast_mut().cast(),
            release: Some(release),
            length: Some(length),
            read: Some(read),
            rewind: Some(rewind),
            close: Some(close),
        }
    }

    pub fn stream(self) -> BodyStream {
        stream_of(&self.source())
    }

    /// One that cannot be sent twice.
    pub fn stream_without_rewind(self) -> BodyStream {
        stream_of(&UrlSessionBodySource { rewind: None, ..self.source() })
    }

    /// What it was asked, reads that follow one another once: `read`, `rewind OFFSET`, `close`, `release`.
    pub fn calls(self) -> Vec<String> {
        self.0.state.lock().unwrap().calls.clone()
    }

    pub fn wait_for(self, call: &str) {
        let there = |state: &State| state.calls.iter().any(|there| there == call);
        let state = self.0.state.lock().unwrap();
        let (state, _) = self.0.changed.wait_timeout_while(state, PATIENCE, |state| !there(state)).unwrap();
        let (found, calls) = (there(&state), state.calls.clone());
        drop(state);
        assert!(found, "waited for `{call}`; the calls so far: {calls:?}");
    }

    /// How many bytes were read once nothing has been read for so long.
    pub fn given_until_stuck(self, pause: Duration) -> usize {
        let end = Instant::now() + PATIENCE;
        let mut state = self.0.state.lock().unwrap();
        loop {
            let given = state.given;
            let is_still = |state: &mut State| state.given == given;
            let (now, result) = self.0.changed.wait_timeout_while(state, pause, is_still).unwrap();
            if result.timed_out() && given > 0 {
                return given;
            }
            assert!(Instant::now() < end, "{given} bytes were read, and more are");
            state = now;
        }
    }

    /// The next read that was kept by [`Step::Later`].
    pub fn next_read(self) -> Read {
        let state = self.0.state.lock().unwrap();
        let (mut state, _) =
            self.0.changed.wait_timeout_while(state, PATIENCE, |state| state.reads.is_empty()).unwrap();
        state.reads.pop_front().expect("a read")
    }
}

impl BodyStream {
    /// One of the library's own over a file.
    pub fn of_file(path: &Path) -> Self {
        let mut stream = ptr::null_mut();
        let status = url_session_body_stream_new_with_file(path_text(path).as_ptr(), &mut stream);
        assert_eq!(status, UrlSessionStatus::OK);
        Self::adopt(stream).unwrap()
    }
}

fn stream_of(source: &UrlSessionBodySource) -> BodyStream {
    let mut stream = ptr::null_mut();
    assert_eq!(url_session_body_stream_new(source, &mut stream), UrlSessionStatus::OK);
    BodyStream::adopt(stream).unwrap()
}

impl Read {
    pub fn capacity(&self) -> usize {
        self.capacity
    }

    /// Fills the buffer and answers; no bytes are the end.
    pub fn answer(self, bytes: &[u8]) -> UrlSessionStatus {
        self.put(bytes);
        self.source.change(|state| state.reading = false);
        url_session_read_completion_answer(self.completion.get(), bytes.len())
    }

    pub fn fail(self, errno: i32) -> UrlSessionStatus {
        self.source.change(|state| state.reading = false);
        url_session_read_completion_fail(self.completion.get(), errno)
    }

    /// Fills the buffer without an answer.
    pub fn put(&self, bytes: &[u8]) {
        assert!(bytes.len() <= self.capacity, "a buffer of {} is too small", self.capacity);
        // SAFETY: the library lends so many bytes until the read is answered.
        unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), self.buffer, bytes.len()) };
    }

    pub fn completion(&self) -> &ReadCompletion {
        &self.completion
    }
}

impl Source {
    fn change<R>(&self, change: impl FnOnce(&mut State) -> R) -> R {
        let changed = change(&mut self.state.lock().unwrap());
        self.changed.notify_all();
        changed
    }
}

impl State {
    fn call(&mut self, call: String) {
        if self.calls.last() != Some(&call) || call != "read" {
            self.calls.push(call);
        }
    }
}

fn source(context: *mut c_void) -> &'static Source {
    // SAFETY: the context is the source that `Body::source` put there, which is never freed.
    unsafe { &*context.cast::<Source>() }
}

unsafe extern "C" fn length(context: *mut c_void) -> i64 {
    source(context).length
}

unsafe extern "C" fn read(
    context: *mut c_void,
    buffer: *mut u8,
    capacity: usize,
    completion: *mut UrlSessionReadCompletion,
) {
    let source = source(context);
    let step = source.change(|state| {
        state.call("read".to_owned());
        if state.reading || state.closed || capacity == 0 {
            state.call("read after a read, after the close, or without a buffer".to_owned());
        }
        state.left.pop_front()
    });
    match step {
        None => drop(url_session_read_completion_answer(completion, 0)),
        Some(Step::Nothing) => {}
        Some(Step::Fail(errno)) => drop(url_session_read_completion_fail(completion, errno)),
        Some(Step::Bytes(mut bytes)) => {
            let rest = bytes.split_off(capacity.min(bytes.len()));
            // SAFETY: the library lends `capacity` bytes until the read is answered.
            unsafe { ptr::copy_nonoverlapping(bytes.as_ptr(), buffer, bytes.len()) };
            source.change(|state| {
                state.given += bytes.len();
                if !rest.is_empty() {
                    state.left.push_front(Step::Bytes(rest));
                }
            });
            url_session_read_completion_answer(completion, bytes.len());
        }
        Some(Step::Later) => source.change(|state| {
            state.reading = true;
            state.reads.push_back(Read { buffer, capacity, completion: ReadCompletion::retain(completion), source });
        }),
    }
}

/// Begins the steps anew, past so many of their bytes.
unsafe extern "C" fn rewind(context: *mut c_void, offset: i64) -> bool {
    let source = source(context);
    source.change(|state| {
        state.call(format!("rewind {offset}"));
        (state.reading, state.closed) = (false, false);
        state.left = source.steps.clone().into();
        let mut skip = offset as usize;
        while skip > 0 {
            let Some(Step::Bytes(bytes)) = state.left.front_mut() else { return false };
            let skipped = skip.min(bytes.len());
            bytes.drain(..skipped);
            skip -= skipped;
            if bytes.is_empty() {
                state.left.pop_front();
            }
        }
        true
    })
}

unsafe extern "C" fn close(context: *mut c_void) {
    source(context).change(|state| {
        state.call("close".to_owned());
        state.closed = true;
    });
}

unsafe extern "C" fn release(context: *mut c_void) {
    source(context).change(|state| state.call("release".to_owned()));
}
