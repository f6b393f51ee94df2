//! Bytes and files while they go out, one behind the other. Files are opened when it is their turn, and read beside the
//! network threads, a piece ahead.

use std::collections::VecDeque;
use std::fs::{self, File, Metadata};
use std::io::{self, Read};
use std::mem;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::error::{Code, Error};
use crate::file::readable;
use crate::message::Segment;
use crate::task::Task;
use crate::transport::{Feed, OutgoingBody};

/// What is read at a time.
const PIECE: usize = 512 << 10;

/// A segment, and what is left of the length that it had when the body was measured.
pub(super) struct Measured {
    segment: Opened,
    left: u64,
}

enum Opened {
    Bytes(Bytes),
    Closed(PathBuf),
    File(File),
}

/// A read that goes on, with the file that it reads.
type Reading = JoinHandle<Result<(File, BytesMut), Error>>;

pub(super) struct SegmentFeed {
    task: Arc<Task>,
    segments: VecDeque<Measured>,
    /// With what is left of the file.
    reading: Option<(Reading, u64)>,
    given: Bytes,
    is_held: bool,
}

/// How long the segments are, as far as files are there.
pub(super) async fn measure(segments: Arc<[Segment]>) -> Result<VecDeque<Measured>, Error> {
    let measured = spawn_blocking(move || segments.iter().map(Measured::new).collect());
    measured.await.unwrap_or_else(|_| Err(Error::fault()))
}

impl SegmentFeed {
    pub(super) fn open(task: &Arc<Task>, mut segments: VecDeque<Measured>) -> OutgoingBody {
        segments.retain(|segment| segment.left > 0);
        let length = Some(segments.iter().map(|segment| segment.left).sum());
        if segments.is_empty() {
            return OutgoingBody { length, ..OutgoingBody::default() };
        }
        let mut feed = Self { task: task.clone(), segments, reading: None, given: Bytes::new(), is_held: false };
        feed.read_ahead();
        OutgoingBody { length, first: Bytes::new(), rest: Some(Box::new(feed)) }
    }

    /// Begins to read the next piece where that is in a file.
    fn read_ahead(&mut self) {
        let Some(Measured { segment, left }) = self.segments.pop_front_if(|next| !next.is_bytes()) else { return };
        let size = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE);
        // The memory of what was sent last, if nobody needs it any more.
        let free = mem::take(&mut self.given).try_into_mut().unwrap_or_default();
        let buffer = if free.capacity() >= size { free } else { BytesMut::new() };
        self.reading = Some((spawn_blocking(move || segment.read(buffer, size)), left));
    }

    /// A slow disk is no idle network.
    fn hold(&mut self, holds: bool) {
        if mem::replace(&mut self.is_held, holds) == holds {
            return;
        }
        if holds { self.task.clock.hold() } else { self.task.clock.unhold() }
    }
}

impl Feed for SegmentFeed {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        let Some((reading, left)) = &mut self.reading else {
            let Some(Measured { segment: Opened::Bytes(bytes), .. }) = self.segments.pop_front() else {
                return Poll::Ready(Ok(None));
            };
            self.read_ahead();
            return Poll::Ready(Ok(Some(bytes)));
        };
        let (read, left) = (Pin::new(reading).poll(context), *left);
        self.hold(read.is_pending());
        let (file, piece) = ready!(read).unwrap_or_else(|_| Err(Error::fault()))?;
        self.reading = None;
        let left = left - piece.len() as u64;
        if left > 0 {
            self.segments.push_front(Measured { segment: Opened::File(file), left });
        }
        self.read_ahead();
        let piece = piece.freeze();
        self.given = piece.clone();
        Poll::Ready(Ok(Some(piece)))
    }
}

impl Drop for SegmentFeed {
    fn drop(&mut self) {
        self.hold(false);
    }
}

impl Measured {
    fn new(segment: &Segment) -> Result<Self, Error> {
        Ok(match segment {
            Segment::Bytes(bytes) => Self { left: bytes.len() as u64, segment: Opened::Bytes(bytes.clone()) },
            Segment::File(path) => Self { left: measure_file(path)?, segment: Opened::Closed(path.clone()) },
        })
    }

    fn is_bytes(&self) -> bool {
        matches!(self.segment, Opened::Bytes(_))
    }
}

impl Opened {
    /// The next bytes of a file, at least one.
    fn read(self, mut buffer: BytesMut, size: usize) -> Result<(File, BytesMut), Error> {
        let mut file = match self {
            Self::File(file) => file,
            Self::Closed(path) => readable(&path).map_err(|cause| cannot_read(&cause))?,
            Self::Bytes(_) => return Err(Error::fault()),
        };
        buffer.resize(size, 0);
        let length = loop {
            match file.read(&mut buffer) {
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                read => break read.map_err(|cause| cannot_read(&cause))?,
            }
        };
        if length == 0 {
            let message = "the file became shorter while it was sent: leave it as it is until the task has completed";
            return Err(Error::new(Code::REQUEST_BODY_STREAM_EXHAUSTED, message));
        }
        buffer.truncate(length);
        Ok((file, buffer))
    }
}

fn measure_file(path: &Path) -> Result<u64, Error> {
    let metadata = fs::metadata(path).map_err(|cause| cannot_read(&cause))?;
    check_kind(&metadata)?;
    // Whether it may be read shows when it is opened, which is best known before a server is bothered.
    readable(path).map_err(|cause| cannot_read(&cause))?;
    Ok(metadata.len())
}

fn check_kind(metadata: &Metadata) -> Result<(), Error> {
    if metadata.is_file() {
        return Ok(());
    }
    if metadata.is_dir() {
        let message = "what should be uploaded is a directory: give the path of a file";
        return Err(Error::new(Code::FILE_IS_DIRECTORY, message));
    }
    let message = "what should be uploaded is a pipe or a device: use a body stream for it";
    Err(Error::new(Code::CANNOT_OPEN_FILE, message))
}

fn cannot_read(cause: &io::Error) -> Error {
    let (code, message) = match cause.kind() {
        io::ErrorKind::NotFound => (Code::FILE_DOES_NOT_EXIST, "the file to upload is not there: check its path"),
        io::ErrorKind::PermissionDenied => {
            (Code::NO_PERMISSIONS_TO_READ_FILE, "the file to upload may not be read: check its permissions")
        }
        _ => (Code::CANNOT_OPEN_FILE, "the file to upload cannot be read: the underlying error says why"),
    };
    Error::new(code, message).because_of(Some(cause))
}
