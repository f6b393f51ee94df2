//! Step 10, for a download: bytes on their way to the file, which is written beside the network threads. What waits is
//! bounded: past the bound the connection is not read.

use std::mem;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::{Bytes, BytesMut};
use tokio::task::{JoinHandle, spawn_blocking};

use super::{hold, progress};
use crate::error::Error;
use crate::file::{DownloadedFile, PartialFile};
use crate::task::Task;

/// What is written at a time where it comes fast.
const BATCH: usize = 1 << 20;
/// How long what comes slowly may wait.
const PATIENCE: Duration = Duration::from_millis(100);
/// Smaller pieces are copied together.
const SMALL: usize = 4 << 10;

/// Where the bytes go.
enum Target {
    /// To a file that is made with the first write.
    New(PathBuf),
    File(PartialFile),
}

type Written = Result<PartialFile, Error>;

pub(super) struct Writer {
    task: Arc<Task>,
    /// Here unless it is being written to.
    target: Option<Target>,
    writing: Option<JoinHandle<Written>>,
    finishing: Option<JoinHandle<Result<Arc<DownloadedFile>, Error>>>,
    batch: Vec<Bytes>,
    small: BytesMut,
    waiting: usize,
    /// With what waits.
    length: u64,
    written_at: Option<Instant>,
}

impl Writer {
    pub(super) fn new(task: &Arc<Task>, directory: PathBuf) -> Self {
        Self::with(task, Target::New(directory), 0)
    }

    pub(super) fn going_on(task: &Arc<Task>, file: PartialFile, length: u64) -> Self {
        Self::with(task, Target::File(file), length)
    }

    fn with(task: &Arc<Task>, target: Target, length: u64) -> Self {
        Self {
            task: task.clone(),
            target: Some(target),
            writing: None,
            finishing: None,
            batch: Vec::new(),
            small: BytesMut::new(),
            waiting: 0,
            length,
            written_at: None,
        }
    }

    /// All bytes so far, on disk or on their way.
    pub(super) fn length(&self) -> u64 {
        self.length
    }

    pub(super) async fn push(&mut self, piece: Bytes) -> Result<(), Error> {
        self.length += piece.len() as u64;
        self.waiting += piece.len();
        if piece.len() < SMALL {
            self.small.extend_from_slice(&piece);
        } else {
            self.seal();
            self.batch.push(piece);
        }
        if self.waiting >= BATCH { self.write().await } else { Ok(()) }
    }

    /// When what waits should be written, if no more comes before; none where nothing waits.
    pub(super) fn due(&self) -> Option<Instant> {
        let now = Instant::now();
        (self.waiting > 0).then(|| self.written_at.map_or(now, |at| at + PATIENCE))
    }

    /// Begins to write what waits, behind what is being written.
    pub(super) async fn write(&mut self) -> Result<(), Error> {
        let land = self.land().await?;
        self.written_at = Some(Instant::now());
        self.writing = Some(spawn_blocking(land));
        Ok(())
    }

    /// The whole file. Whoever stopped waiting for it may ask again.
    pub(super) async fn finish(&mut self) -> Result<Arc<DownloadedFile>, Error> {
        if self.finishing.is_none() {
            let (land, task) = (self.land().await?, self.task.clone());
            self.finishing = Some(spawn_blocking(move || {
                let file = land()?;
                progress::wrote_all(&task);
                file.finish()
            }));
        }
        let Some(finishing) = &mut self.finishing else { return Err(Error::fault()) };
        let finished = hold::during(&self.task, finishing).await;
        self.finishing = None;
        finished.unwrap_or_else(|_| Err(Error::fault()))
    }

    /// Puts all that waits into the file, where it may block.
    async fn land(&mut self) -> Result<impl FnOnce() -> Written + Send + use<>, Error> {
        let target = self.target().await?;
        let (task, batch, bytes) = (self.task.clone(), self.take(), mem::take(&mut self.waiting));
        Ok(move || {
            let mut file = target.open()?;
            file.write(&batch)?;
            progress::wrote(&task, bytes);
            Ok(file)
        })
    }

    pub(super) fn is_finishing(&self) -> bool {
        self.finishing.is_some()
    }

    /// The file with all that came; none where nothing did.
    pub(super) async fn settle(&mut self) -> Result<Option<PartialFile>, Error> {
        if self.waiting > 0 {
            self.write().await?;
        }
        match self.target().await? {
            Target::File(file) => Ok(Some(file)),
            Target::New(_) => Ok(None),
        }
    }

    /// No file is left when this is over.
    pub(super) async fn discard(&mut self) {
        if self.is_finishing() {
            let _ = self.finish().await;
        }
        self.batch.clear();
        if let Ok(target) = self.target().await {
            // To remove a large file takes its time.
            let _ = spawn_blocking(move || drop(target)).await;
        }
    }

    /// Once nothing is being written.
    async fn target(&mut self) -> Result<Target, Error> {
        if let Some(writing) = &mut self.writing {
            // A slow disk is no idle network.
            let written = hold::during(&self.task, writing).await;
            self.writing = None;
            self.target = Some(Target::File(written.unwrap_or_else(|_| Err(Error::fault()))?));
        }
        self.target.take().ok_or_else(Error::fault)
    }

    fn seal(&mut self) {
        if !self.small.is_empty() {
            self.batch.push(self.small.split().freeze());
        }
    }

    fn take(&mut self) -> Vec<Bytes> {
        self.seal();
        mem::take(&mut self.batch)
    }
}

impl Target {
    fn open(self) -> Written {
        match self {
            Self::New(directory) => PartialFile::create(&directory),
            Self::File(file) => Ok(file),
        }
    }
}
