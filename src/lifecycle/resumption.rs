//! Step 6, and what of steps 10 and 12 is a download's: which bytes are here already, what the server is asked for, and
//! whether its answer goes on where they end. Two versions of a resource are never joined.

use std::cmp::Ordering;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use http::StatusCode;
use tokio::task::spawn_blocking;

use super::version::Version;
use super::writer::Writer;
use super::{Rules, progress};
use crate::error::{Code, Error};
use crate::file::{DownloadedFile, PartialFile};
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
    writer: Option<Writer>,
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
        let configured = rules.download_directory.as_ref().map(|path| PathBuf::from(path.as_str()));
        Self {
            directory: PartialFile::directory_of(configured.as_ref()),
            paused,
            writer: None,
            version: None,
            is_partial: false,
            has_restarted: false,
            lost: None,
            freezes: task.freezes(),
            response: None,
        }
    }

    /// The file of what was paused, if it is as it was left.
    pub(super) async fn reopen(&mut self, task: &Arc<Task>) {
        let Some(paused) = self.paused.take() else { return };
        let (directory, name) = (self.directory.clone(), paused.file.clone());
        let reopened = spawn_blocking(move || PartialFile::reopen(&directory, &name, paused.offset, paused.tail)).await;
        if let Ok(Some(file)) = reopened {
            self.writer = Some(Writer::going_on(task, file, paused.offset));
            self.version = Some(Version::of_paused(paused));
        }
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
        if is_success(status) {
            self.forget().await;
        } else {
            // What is no version of the resource leaves alone what is here of one.
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

    /// Step 12: the whole file, closed, and where it should be.
    pub(super) async fn finish(&mut self, task: &Arc<Task>) -> Result<Arc<DownloadedFile>, Error> {
        self.check_length()?;
        let file = self.writer()?.finish().await?;
        let Some(destination) = task.destination() else { return Ok(file) };
        let moved = spawn_blocking(move || file.move_to(&destination).map(|()| file).map_err(Error::from)).await;
        moved.unwrap_or_else(|_| Err(Error::fault()))
    }

    /// The task has come to its end: what it received is kept where somebody can go on with it.
    pub(super) async fn conclude(
        mut self,
        task: &Arc<Task>,
        outcome: Result<Arc<DownloadedFile>, Error>,
    ) -> Result<Arc<DownloadedFile>, Error> {
        let is_cancelled = outcome.as_ref().is_err_and(|error| error.code() == Code::CANCELLED);
        let error = match outcome {
            Err(error) if is_cancelled && !task.is_being_paused() => error,
            Err(error) if self.is_whole(is_cancelled) => match self.finish(task).await {
                Ok(file) => return Ok(file),
                Err(_) => error,
            },
            Err(error) => match self.resume_data(task).await {
                Some(resume_data) => error.with_resume_data(resume_data),
                None => error,
            },
            done => return done,
        };
        self.forget().await;
        Err(error)
    }

    /// The last byte came while the task was being paused.
    fn is_whole(&self, is_cancelled: bool) -> bool {
        let Some(writer) = self.writer.as_ref().filter(|_| is_cancelled) else { return false };
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
        if let Some(writer) = self.writer.take() {
            writer.discard().await;
        }
    }

    /// What is here stays for whoever has its resume data.
    async fn leave(&mut self) {
        self.version = None;
        let Some(mut writer) = self.writer.take() else { return };
        if let Ok(Some(file)) = writer.settle().await {
            let _ = spawn_blocking(|| file.keep()).await;
        }
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
pub(super) fn check_destination(task: &Task) -> Result<(), Error> {
    let Some(destination) = task.destination() else { return Ok(()) };
    let parent = destination.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    if parent.is_dir() && !destination.is_dir() {
        return Ok(());
    }
    let message = "the destination of the download is in no directory, or is one itself: give the path of a file in a \
                   directory that exists";
    Err(Error::new(Code::CANNOT_MOVE_FILE, message))
}
