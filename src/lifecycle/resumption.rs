//! Step 6, and what of steps 10 and 12 is a download's: which bytes are here already, what the server is asked for, and
//! whether its answer goes on where they end. Two versions of a resource are never joined.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::StatusCode;
use tokio::task::{JoinHandle, spawn_blocking};

use super::version::Version;
use super::writer::Writer;
use super::{Rules, hold, progress};
use crate::error::{Code, Error};
use crate::file::{DownloadedFile, PartialFile, directory_of};
use crate::message::{Data, Request, Response, without_secrets};
use crate::task::{Kind, ResumeData, Task, expectation};

/// Header fields that choose a representation, and are no secrets.
const CHOOSING: [&str; 3] = ["accept", "accept-language", "user-agent"];

/// What becomes of an answer.
pub(super) enum Met {
    /// Its body is for the file.
    Accepted,
    /// Another one is asked for, from the start.
    Again,
}

pub(super) struct Download {
    directory: PathBuf,
    /// What was paused elsewhere, until its file is open.
    paused: Option<ResumeData>,
    reopening: Option<JoinHandle<Option<PartialFile>>>,
    writer: Option<Writer>,
    /// To its destination, from where it does not come back.
    moving: Option<JoinHandle<Result<Arc<DownloadedFile>, Error>>>,
    /// Of what is in the file; none where it cannot go on.
    version: Option<Version>,
    /// The rest of the file was asked for.
    is_partial: bool,
    has_restarted: bool,
    /// The connection was lost while the task stood still, and this is the second.
    lost: Option<Error>,
    /// How often the task had stood still when this was asked for.
    freezes: u32,
    /// The first, which the task goes on to show.
    response: Option<Arc<Response>>,
}

impl Download {
    pub(super) fn new(task: &Task, rules: &Rules) -> Self {
        let paused = if let Kind::Download(Some(resume_data)) = task.kind() { Some(resume_data.clone()) } else { None };
        Self {
            directory: rules.download_directory(),
            paused,
            reopening: None,
            moving: None,
            writer: None,
            version: None,
            is_partial: false,
            has_restarted: false,
            lost: None,
            freezes: task.freezes(),
            response: None,
        }
    }

    /// The file of what was paused, if it is as it was left; and whether the whole could go where it should.
    pub(super) async fn prepare(&mut self, task: &Arc<Task>) -> Result<(), Error> {
        if let Some(destination) = task.destination() {
            let checked = spawn_blocking(move || check(&destination)).await;
            checked.unwrap_or_else(|_| Err(Error::fault()))?;
        }
        let Some(paused) = &self.paused else { return Ok(()) };
        let (directory, name, offset, tail) = (self.directory.clone(), paused.file.clone(), paused.offset, paused.tail);
        self.reopening = Some(spawn_blocking(move || PartialFile::reopen(&directory, &name, offset, tail)));
        let reopened = self.reopened().await;
        if let (Some(paused), Some(file)) = (self.paused.take(), reopened) {
            self.writer = Some(Writer::going_on(task, file, offset));
            self.version = Some(Version::of_paused(paused));
        }
        Ok(())
    }

    /// Whoever stopped waiting for it may ask again.
    async fn reopened(&mut self) -> Option<PartialFile> {
        let reopened = self.reopening.as_mut()?.await;
        self.reopening = None;
        reopened.ok().flatten()
    }

    /// The request, for what is missing.
    pub(super) fn request(&mut self, task: &Task, first: Arc<Request>) -> Arc<Request> {
        self.is_partial = false;
        self.freezes = task.freezes();
        let (Some(writer), Some(version)) = (&self.writer, &self.version) else { return first };
        let mut request = Request::clone(&first);
        let range = format!("bytes={}-", writer.length());
        let headers = request.headers_mut();
        let is_set = headers.set("Range", range.as_bytes());
        if is_set.and_then(|()| headers.set("If-Range", version.validator.as_str().as_bytes())).is_err() {
            return first;
        }
        self.is_partial = true;
        let request = Arc::new(request);
        task.set_current_request(request.clone());
        request
    }

    /// Whether the body of this answer is for the file, and from where on.
    pub(super) async fn meet(
        &mut self,
        task: &Arc<Task>,
        rules: &Rules,
        response: &Arc<Response>,
    ) -> Result<Met, Error> {
        let status = response.status();
        if self.is_partial && status == StatusCode::PARTIAL_CONTENT && self.fits(response) {
            self.go_on(task, response);
            return Ok(Met::Accepted);
        }
        if self.is_partial && matches!(status, 206 | 416) {
            if std::mem::replace(&mut self.has_restarted, true) {
                return Err(self.lost.take().unwrap_or_else(misfit));
            }
            self.forget().await;
            return Ok(Met::Again);
        }
        if let Some(lost) = self.lost.take().filter(|_| !is_success(status)) {
            return Err(lost);
        }
        if rules.downloads_require_success && !is_success(status) && status != StatusCode::NOT_MODIFIED {
            let message = format!("the server answered with status {status}: check the URL and what it asks for");
            return Err(Error::new(Code::BAD_SERVER_RESPONSE, message));
        }
        if status == StatusCode::OK {
            self.forget().await;
        } else {
            // What is no version of the whole resource leaves alone what is here of one.
            self.leave().await;
        }
        self.start_over(task, response);
        Ok(Met::Accepted)
    }

    fn go_on(&mut self, task: &Arc<Task>, response: &Arc<Response>) {
        let (Some(writer), Some(version)) = (&self.writer, &mut self.version) else { return };
        version.learn(response);
        let (offset, length) = (expectation(Some(writer.length())), expectation(version.length));
        task.counters.received.set(offset);
        task.counters.decoded.set(offset);
        task.counters.expected_to_receive.set(length);
        task.restart_speed();
        match self.response.as_ref().filter(|_| self.lost.is_some()) {
            // Without a word.
            Some(first) => task.set_response(first.clone()),
            None => {
                progress::start_writing(task, offset, length);
                task.outbox().did_resume_at_offset(task, offset, length);
                progress::tell_offset(task);
                self.response = Some(response.clone());
            }
        }
        self.lost = None;
    }

    fn start_over(&mut self, task: &Arc<Task>, response: &Arc<Response>) {
        self.lost = None;
        self.response = Some(response.clone());
        self.version = Version::of(task, self.is_partial, response);
        self.writer = Some(Writer::new(task, self.directory.clone()));
        task.counters.received.set(0);
        task.counters.decoded.set(0);
        task.restart_speed();
        progress::start_writing(task, 0, response.expected_content_length());
    }

    fn fits(&self, response: &Response) -> bool {
        let (Some(writer), Some(version)) = (&self.writer, &self.version) else { return false };
        version.goes_on(writer.length(), response)
    }

    pub(super) fn writer(&mut self) -> Result<&mut Writer, Error> {
        self.writer.as_mut().ok_or_else(Error::fault)
    }

    /// As many bytes have to be here as the whole has, however the body was framed.
    fn check_length(&mut self) -> Result<(), Error> {
        let Some(length) = self.version.as_ref().and_then(|version| version.length) else { return Ok(()) };
        match self.writer()?.length().cmp(&length) {
            Ordering::Equal => Ok(()),
            Ordering::Less => Err(Error::lost("the server ended the body before all of it was sent: try again", None)),
            Ordering::Greater => {
                self.version = None;
                Err(misfit())
            }
        }
    }

    /// Whether a connection that was lost because the task stood still is made anew without a word.
    pub(super) fn may_go_on(&mut self, task: &Task, lost: Error) -> Result<(), Error> {
        let has_stood_still = task.freezes() != self.freezes;
        let has_bytes = self.writer.as_ref().is_some_and(|writer| writer.length() > 0);
        if !has_stood_still || self.version.is_none() || !has_bytes || lost.code() != Code::NETWORK_CONNECTION_LOST {
            return Err(lost);
        }
        self.lost = Some(lost);
        Ok(())
    }

    /// Step 12: the whole file, closed, and where it should be. Whoever stopped waiting for it may ask again.
    pub(super) async fn finish(&mut self, task: &Arc<Task>) -> Result<Arc<DownloadedFile>, Error> {
        if self.moving.is_none() {
            self.check_length()?;
            let file = self.writer()?.finish().await?;
            let Some(destination) = task.destination() else { return Ok(file) };
            let moved = move || file.move_to(&destination).map(|()| file).map_err(Error::from);
            self.moving = Some(spawn_blocking(moved));
        }
        let Some(moving) = &mut self.moving else { return Err(Error::fault()) };
        let moved = hold::during(task, moving).await;
        self.moving = None;
        moved.unwrap_or_else(|_| Err(Error::fault()))
    }

    /// The task has come to its end: what it received is kept where somebody can go on with it.
    pub(super) async fn conclude(
        mut self,
        task: &Arc<Task>,
        outcome: Result<Arc<DownloadedFile>, Error>,
    ) -> Result<Arc<DownloadedFile>, Error> {
        if let Some(file) = self.reopened().await {
            // Nothing was added to it: it is still what its resume data say.
            let _ = spawn_blocking(|| file.keep()).await;
        }
        let error = match outcome {
            Ok(file) => return Ok(file),
            Err(error) => error,
        };
        let is_cancelled = error.code() == Code::CANCELLED;
        let is_given_up = is_cancelled && !task.is_being_paused();
        let is_whole = self.moving.is_some() || is_cancelled && !is_given_up && self.is_whole();
        if is_whole && let Ok(file) = self.finish(task).await {
            return Ok(file);
        }
        let resume_data = if is_given_up { None } else { self.resume_data(task).await };
        self.forget().await;
        Err(match resume_data {
            Some(resume_data) => error.with_resume_data(resume_data),
            None => error,
        })
    }

    /// The last byte came while the task was being paused.
    fn is_whole(&self) -> bool {
        let Some(writer) = &self.writer else { return false };
        let length = self.version.as_ref().and_then(|version| version.length);
        writer.is_finishing() || length.is_some_and(|length| length == writer.length())
    }

    async fn resume_data(&mut self, task: &Arc<Task>) -> Option<Arc<Data>> {
        if let Some(paused) = self.paused.take() {
            return Some(paused.to_data());
        }
        let version = self.version.clone()?;
        let mut writer = self.writer.take().filter(|writer| writer.length() > 0)?;
        let offset = writer.length();
        let mut file = writer.settle().await.ok()??;
        progress::wrote_all(task);
        let kept = spawn_blocking(move || Some((file.tail(offset).ok()?, file.keep()?))).await;
        let (tail, file) = kept.ok()??;
        let request = task.original_request();
        let chosen = request.headers().iter().filter(|field| CHOOSING.iter().any(|name| field.is(name)));
        let resume_data = ResumeData {
            url: without_secrets(request.location()).to_string(),
            file,
            offset,
            length: version.length,
            validator: version.validator,
            tail,
            headers: chosen.map(|field| (field.name().to_string(), field.value().to_string())).collect(),
        };
        Some(resume_data.to_data())
    }

    /// Nothing is here any more.
    async fn forget(&mut self) {
        self.version = None;
        if let Some(writer) = &mut self.writer {
            writer.discard().await;
        }
        self.writer = None;
    }

    /// What is here stays for whoever has its resume data.
    async fn leave(&mut self) {
        self.version = None;
        if let Some(writer) = &mut self.writer
            && let Ok(Some(file)) = writer.settle().await
        {
            let _ = spawn_blocking(|| file.keep()).await;
        }
        self.writer = None;
    }
}

fn misfit() -> Error {
    let message = "the server sends other parts of the file than it is asked for: it is at fault";
    Error::new(Code::BAD_SERVER_RESPONSE, message)
}

fn is_success(status: u16) -> bool {
    (200..300).contains(&status)
}

/// Whether a file could be put there, before it is fetched.
fn check(destination: &Path) -> Result<(), Error> {
    if directory_of(destination).is_dir() && !destination.is_dir() {
        return Ok(());
    }
    let message = "the destination of the download is in no directory, or is one itself: give the path of a file in a \
                   directory that exists";
    Err(Error::new(Code::CANNOT_MOVE_FILE, message))
}
