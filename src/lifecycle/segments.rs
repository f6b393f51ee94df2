//! Bytes and files while they go out, one behind the other. Files are opened when it is their turn. What the system has
//! in memory is read where it is sent, and all else beside the network threads, a piece ahead.

use std::collections::VecDeque;
use std::fs::{self, File, Metadata};
use std::io::{self, Read, Seek, SeekFrom};
use std::mem;
use std::path::{Path, PathBuf};
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use tokio::task::{JoinHandle, spawn_blocking};

use super::hold::Hold;
use crate::error::{Code, Error};
use crate::file::{read_cached, readable};
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
    /// With how much of it was read.
    File(File, u64),
}

/// A read that goes on, with the file that it reads.
type Reading = JoinHandle<Result<(File, u64, BytesMut), Error>>;

pub(super) struct SegmentFeed {
    segments: VecDeque<Measured>,
    /// With what is left of the file.
    reading: Option<(Reading, u64)>,
    given: Bytes,
    hold: Hold,
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
        let mut feed = Self { segments, reading: None, given: Bytes::new(), hold: Hold::new(task) };
        feed.read_ahead();
        OutgoingBody { length, first: Bytes::new(), rest: Some(Box::new(feed)) }
    }

    /// Begins to read the next piece where that is in a file, and may take its time.
    fn read_ahead(&mut self) {
        let is_cold = |next: &mut Measured| match &next.segment {
            Opened::Bytes(_) => false,
            Opened::Closed(_) => true,
            Opened::File(file, offset) => read_cached(file, &mut [0], *offset).is_none(),
        };
        let Some(Measured { segment, left }) = self.segments.pop_front_if(is_cold) else { return };
        let buffer = self.buffer(left);
        self.reading = Some((spawn_blocking(move || segment.read(buffer)), left));
    }

    /// Into the memory of what was sent last, if nobody needs it any more.
    fn buffer(&mut self, left: u64) -> BytesMut {
        let size = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE);
        let free = mem::take(&mut self.given).try_into_mut().unwrap_or_default();
        let mut buffer = if free.capacity() >= size { free } else { BytesMut::new() };
        buffer.resize(size, 0);
        buffer
    }

    /// What is at hand of the next segment.
    fn at_hand(&mut self) -> Option<Bytes> {
        let Measured { segment, left } = self.segments.pop_front()?;
        let (file, offset) = match segment {
            Opened::Bytes(bytes) => return Some(bytes),
            Opened::Closed(_) => return self.wait_for(segment, left),
            Opened::File(file, offset) => (file, offset),
        };
        let mut buffer = self.buffer(left);
        let Some(length) = read_cached(&file, &mut buffer, offset) else {
            self.given = buffer.freeze();
            return self.wait_for(Opened::File(file, offset), left);
        };
        buffer.truncate(length);
        Some(self.give(file, offset, left, buffer))
    }

    fn wait_for(&mut self, segment: Opened, left: u64) -> Option<Bytes> {
        self.segments.push_front(Measured { segment, left });
        self.read_ahead();
        None
    }

    /// The piece, and the rest of its file to where it was.
    fn give(&mut self, file: File, offset: u64, left: u64, piece: BytesMut) -> Bytes {
        let left = left - piece.len() as u64;
        if left > 0 {
            let segment = Opened::File(file, offset + piece.len() as u64);
            self.segments.push_front(Measured { segment, left });
        }
        let piece = piece.freeze();
        self.given = piece.clone();
        piece
    }
}

impl Feed for SegmentFeed {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        loop {
            if let Some((reading, left)) = &mut self.reading {
                let (read, left) = (Pin::new(reading).poll(context), *left);
                self.hold.set(read.is_pending());
                let (file, offset, piece) = ready!(read).unwrap_or_else(|_| Err(Error::fault()))?;
                self.reading = None;
                let piece = self.give(file, offset, left, piece);
                self.read_ahead();
                return Poll::Ready(Ok(Some(piece)));
            }
            if let Some(piece) = self.at_hand() {
                return Poll::Ready(Ok(Some(piece)));
            }
            if self.segments.is_empty() && self.reading.is_none() {
                return Poll::Ready(Ok(None));
            }
        }
    }
}

impl Measured {
    fn new(segment: &Segment) -> Result<Self, Error> {
        Ok(match segment {
            Segment::Bytes(bytes) => Self { left: bytes.len() as u64, segment: Opened::Bytes(bytes.clone()) },
            Segment::File(path) => Self { left: measure_file(path)?, segment: Opened::Closed(path.clone()) },
        })
    }
}

impl Opened {
    /// The next bytes of a file, at least one.
    fn read(self, mut buffer: BytesMut) -> Result<(File, u64, BytesMut), Error> {
        let failed = |cause: io::Error| cannot_read(&cause);
        let (mut file, offset) = match self {
            Self::File(file, offset) => (file, offset),
            Self::Closed(path) => (readable(&path).map_err(failed)?, 0),
            Self::Bytes(_) => return Err(Error::fault()),
        };
        file.seek(SeekFrom::Start(offset)).map_err(failed)?;
        let length = loop {
            match file.read(&mut buffer) {
                Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
                read => break read.map_err(failed)?,
            }
        };
        if length == 0 {
            let message = "the file became shorter while it was sent: leave it as it is until the task has completed";
            return Err(Error::new(Code::REQUEST_BODY_STREAM_EXHAUSTED, message));
        }
        buffer.truncate(length);
        Ok((file, offset, buffer))
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
