//! Download tasks, what they leave, and what they go on from.

use std::ffi::CString;
use std::path::{Path, PathBuf};
use std::time::Instant;
use std::{ptr, thread};

use urlsession::*;

use super::PATIENCE;
use super::handle::{Configuration, Data, Error, Request, Session, Task, c_text, handle, text};
use super::recorder::Recorder;
use super::transfer_slots;

handle!(
    DownloadedFile,
    UrlSessionDownloadedFile,
    url_session_downloaded_file_retain,
    url_session_downloaded_file_release
);

pub(super) fn path_text(path: &Path) -> CString {
    c_text(path.to_str().unwrap())
}

impl DownloadedFile {
    pub fn path(&self) -> PathBuf {
        text(url_session_downloaded_file_path(self.get())).unwrap().into()
    }

    /// Moves it; the status, and the error that comes with FAILED.
    pub fn move_to(&self, path: &Path) -> (UrlSessionStatus, Option<Error>) {
        let mut error = ptr::null_mut();
        let status = url_session_downloaded_file_move_to(self.get(), path_text(path).as_ptr(), &mut error);
        (status, Error::adopt(error))
    }
}

impl Configuration {
    pub fn download_directory(self, path: &Path) -> Self {
        let path = path_text(path);
        self.set(|c| url_session_configuration_set_download_directory(c, path.as_ptr()))
    }

    pub fn downloads_require_success(self) -> Self {
        self.set(|c| url_session_configuration_set_downloads_require_success(c, true))
    }
}

impl Session {
    pub fn download(&self, url: &str) -> Task {
        let (url, mut task) = (c_text(url), ptr::null_mut());
        assert_eq!(url_session_download_task_with_url(self.get(), url.as_ptr(), &mut task), UrlSessionStatus::OK);
        Task::adopt(task).unwrap()
    }

    pub fn download_for(&self, request: &Request) -> Task {
        let mut task = ptr::null_mut();
        let status = url_session_download_task_with_request(self.get(), request.get(), &mut task);
        assert_eq!(status, UrlSessionStatus::OK);
        Task::adopt(task).unwrap()
    }

    /// Makes a download and resumes it.
    pub fn start_download(&self, url: &str) -> Task {
        let task = self.download(url);
        task.resume();
        task
    }

    /// The task that goes on from resume data, if the library takes them.
    pub fn download_from(&self, resume_data: &[u8]) -> Result<Task, UrlSessionStatus> {
        let mut task = ptr::null_mut();
        let (bytes, length) = (resume_data.as_ptr(), resume_data.len());
        let status = url_session_download_task_with_resume_data(self.get(), bytes, length, &mut task);
        made(status, task)
    }

    /// The same with another request in place of the one in the resume data.
    pub fn download_from_with(&self, resume_data: &[u8], request: &Request) -> Result<Task, UrlSessionStatus> {
        let (session, mut task) = (self.get(), ptr::null_mut());
        let (bytes, length) = (resume_data.as_ptr(), resume_data.len());
        let status =
            url_session_download_task_with_resume_data_request(session, bytes, length, request.get(), &mut task);
        made(status, task)
    }

    /// Removes the temporary file that resume data belong to.
    pub fn discard(&self, resume_data: &[u8]) -> UrlSessionStatus {
        url_session_discard_resume_data(self.get(), resume_data.as_ptr(), resume_data.len())
    }
}

fn made(status: UrlSessionStatus, task: *mut UrlSessionTask) -> Result<Task, UrlSessionStatus> {
    assert_eq!(task.is_null(), status != UrlSessionStatus::OK);
    Task::adopt(task).ok_or(status)
}

impl Task {
    /// Apple's number.
    pub fn kind(&self) -> u32 {
        url_session_task_kind(self.get()).0
    }

    pub fn set_download_destination(&self, path: &Path) -> UrlSessionStatus {
        url_session_task_set_download_destination(self.get(), path_text(path).as_ptr())
    }

    pub fn progress(&self) -> UrlSessionProgress {
        let mut progress = UrlSessionProgress {
            size: size_of::<UrlSessionProgress>(),
            fraction: 0.0,
            bytes_sent: 0,
            bytes_expected_to_send: 0,
            bytes_received: 0,
            bytes_expected_to_receive: 0,
            bytes_per_second: 0.0,
            seconds_left: 0.0,
        };
        assert_eq!(url_session_task_progress(self.get(), &mut progress), UrlSessionStatus::OK);
        progress
    }

    /// The same once a speed is known.
    pub fn progress_with_speed(&self) -> UrlSessionProgress {
        let start = Instant::now();
        loop {
            let progress = self.progress();
            if progress.bytes_per_second > 0.0 {
                return progress;
            }
            assert!(start.elapsed() < PATIENCE, "there is no speed at {} bytes", progress.bytes_received);
            thread::yield_now();
        }
    }
}

impl Error {
    pub fn resume_data(&self) -> Option<Vec<u8>> {
        Data::adopt(url_session_error_copy_resume_data(self.get())).map(|data| data.bytes())
    }
}

impl Recorder {
    /// A download whose outcome becomes one line: `handler LABEL STATUS CONTENT` or `handler LABEL STATUS ERROR`.
    pub fn download_handler_task(&self, session: &Session, label: &'static str, request: &Request) -> Task {
        let context = Box::into_raw(Box::new((*self, label))).cast();
        let mut task = ptr::null_mut();
        let status = url_session_download_task_with_request_completion_handler(
            session.get(),
            request.get(),
            Some(transfer_slots::download_handler),
            context,
            &mut task,
        );
        assert_eq!(status, UrlSessionStatus::OK);
        Task::adopt(task).unwrap()
    }

    /// The same from resume data.
    pub fn resumed_handler_task(&self, session: &Session, label: &'static str, resume_data: &[u8]) -> Task {
        let context = Box::into_raw(Box::new((*self, label))).cast();
        let mut task = ptr::null_mut();
        let status = url_session_download_task_with_resume_data_completion_handler(
            session.get(),
            resume_data.as_ptr(),
            resume_data.len(),
            Some(transfer_slots::download_handler),
            context,
            &mut task,
        );
        assert_eq!(status, UrlSessionStatus::OK);
        Task::adopt(task).unwrap()
    }

    /// The same with another request in place of the one in the resume data.
    pub fn resumed_handler_task_with(
        &self,
        session: &Session,
        label: &'static str,
        resume_data: &[u8],
        request: &Request,
    ) -> Task {
        let context = Box::into_raw(Box::new((*self, label))).cast();
        let mut task = ptr::null_mut();
        let status = url_session_download_task_with_resume_data_request_completion_handler(
            session.get(),
            resume_data.as_ptr(),
            resume_data.len(),
            request.get(),
            Some(transfer_slots::download_handler),
            context,
            &mut task,
        );
        assert_eq!(status, UrlSessionStatus::OK);
        Task::adopt(task).unwrap()
    }

    /// Cancels by producing resume data; the answer becomes the line `resume_data N` or `no_resume_data N`.
    pub fn ask_resume_data(&self, task: &Task) {
        let context = Box::into_raw(Box::new((*self, task.identifier()))).cast();
        let status =
            url_session_task_cancel_by_producing_resume_data(task.get(), Some(transfer_slots::resume_data), context);
        assert_eq!(status, UrlSessionStatus::OK);
    }

    /// The same, and what the answer was.
    pub fn pause(&self, task: &Task) -> Option<Vec<u8>> {
        self.ask_resume_data(task);
        let number = task.identifier();
        let lines = [format!("resume_data {number}"), format!("no_resume_data {number}")];
        self.wait_until(&lines.join(" or "), |there| there.iter().any(|line| lines.contains(line)));
        self.0.resume_data.lock().unwrap()[&number].clone()
    }
}
