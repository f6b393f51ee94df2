//! Bytes and files while they go out, one behind the other; files are read beside the network threads, a piece ahead.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

use bytes::{Bytes, BytesMut};
use tokio::task::{JoinHandle, spawn_blocking};

use crate::error::{Code, Error};
use crate::message::Segment;
use crate::transport::{Feed, OutgoingBody};

/// What is read at a time.
const PIECE: usize = 512 << 10;

enum Opened {
    Bytes(Bytes),
    /// With what is left of the length that it had when it was opened.
    File(File, u64),
}

/// A read that goes on, with the file that it reads.
type Reading = JoinHandle<(File, io::Result<BytesMut>)>;

pub(super) struct SegmentFeed {
    segments: VecDeque<Opened>,
    reading: Option<(Reading, u64)>,
    given: Bytes,
}

impl SegmentFeed {
    pub(super) async fn open(segments: Arc<[Segment]>) -> Result<OutgoingBody, Error> {
        let opened = spawn_blocking(move || segments.iter().map(open).collect::<Result<VecDeque<_>, _>>());
        let segments = opened.await.unwrap_or_else(|_| Err(Error::fault()))?;
        let length = segments.iter().map(Opened::length).sum();
        let mut feed = Self { segments, reading: None, given: Bytes::new() };
        feed.read_ahead();
        let rest: Option<Box<dyn Feed>> = if length > 0 { Some(Box::new(feed)) } else { None };
        Ok(OutgoingBody { length: Some(length), first: Bytes::new(), rest })
    }

    /// Begins to read the next piece where that is in a file.
    fn read_ahead(&mut self) {
        self.segments.retain(|segment| segment.length() > 0);
        if self.reading.is_some() || !matches!(self.segments.front(), Some(Opened::File(..))) {
            return;
        }
        let Some(Opened::File(file, left)) = self.segments.pop_front() else { return };
        let size = usize::try_from(left).unwrap_or(usize::MAX).min(PIECE);
        // The memory of what was sent last, if nobody needs it any more.
        let free = std::mem::take(&mut self.given).try_into_mut().unwrap_or_default();
        let buffer = if free.capacity() >= size { free } else { BytesMut::new() };
        self.reading = Some((spawn_blocking(move || read(file, buffer, size)), left));
    }
}

impl Feed for SegmentFeed {
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>> {
        let Some((reading, left)) = &mut self.reading else {
            let Some(Opened::Bytes(bytes)) = self.segments.pop_front() else { return Poll::Ready(Ok(None)) };
            self.read_ahead();
            return Poll::Ready(Ok(Some(bytes)));
        };
        let (read, left) = (ready!(Pin::new(reading).poll(context)), *left);
        self.reading = None;
        let (file, read) = read.map_err(|_| Error::fault())?;
        let piece = read.map_err(|cause| cannot_read(&cause))?.freeze();
        if piece.is_empty() {
            let message = "the file became shorter while it was sent: leave it as it is until the task has completed";
            return Poll::Ready(Err(Error::new(Code::REQUEST_BODY_STREAM_EXHAUSTED, message)));
        }
        self.segments.push_front(Opened::File(file, left - piece.len() as u64));
        self.read_ahead();
        self.given = piece.clone();
        Poll::Ready(Ok(Some(piece)))
    }
}

impl Opened {
    fn length(&self) -> u64 {
        match self {
            Self::Bytes(bytes) => bytes.len() as u64,
            Self::File(_, left) => *left,
        }
    }
}

fn open(segment: &Segment) -> Result<Opened, Error> {
    match segment {
        Segment::Bytes(bytes) => Ok(Opened::Bytes(bytes.clone())),
        Segment::File(path) => open_file(path),
    }
}

fn open_file(path: &Path) -> Result<Opened, Error> {
    let file = File::open(path).map_err(|cause| cannot_read(&cause))?;
    let metadata = file.metadata().map_err(|cause| cannot_read(&cause))?;
    if metadata.is_dir() {
        let message = "what should be uploaded is a directory: give the path of a file";
        return Err(Error::new(Code::FILE_IS_DIRECTORY, message));
    }
    Ok(Opened::File(file, metadata.len()))
}

fn read(mut file: File, mut buffer: BytesMut, size: usize) -> (File, io::Result<BytesMut>) {
    buffer.resize(size, 0);
    let read = loop {
        match file.read(&mut buffer) {
            Err(cause) if cause.kind() == io::ErrorKind::Interrupted => {}
            read => break read,
        }
    };
    let read = read.map(|bytes| {
        buffer.truncate(bytes);
        buffer
    });
    (file, read)
}

fn cannot_read(cause: &io::Error) -> Error {
    let (code, message) = match cause.kind() {
        io::ErrorKind::NotFound => (Code::FILE_DOES_NOT_EXIST, "the file to upload is not there: check its path"),
        _ => (Code::NO_PERMISSIONS_TO_READ_FILE, "the file to upload cannot be read: check its permissions"),
    };
    Error::new(code, message).because_of(Some(cause))
}
