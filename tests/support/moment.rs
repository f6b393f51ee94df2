//! A slot that is running.

use std::ptr;

use urlsession::*;

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Message {
    DidCreateTask,
    SessionDidReceiveChallenge,
    TaskDidReceiveChallenge,
    WillPerformRedirection,
    DidReceiveInformationalResponse,
    DidResumeAtOffset,
    DidReceiveResponse,
    DidBecomeDownloadTask,
    NeedNewBodyStream,
    DidSendBodyData,
    DidReceiveData,
    DidWriteData,
    DidUpdateProgress,
    DidFinishDownloading,
    /// The completion handler of a download task.
    DownloadHandler,
    DidComplete,
    DidBecomeInvalid,
    Release,
}

/// A slot that is running, after its line was written. What it was not given is NULL.
pub struct Moment {
    pub message: Message,
    pub session: *mut UrlSession,
    pub task: *mut UrlSessionTask,
    pub response: *mut UrlSessionResponse,
    pub completion: *mut UrlSessionResponseCompletion,
    /// What the task became.
    pub download_task: *mut UrlSessionTask,
    pub progress: *const UrlSessionProgress,
    pub file: *mut UrlSessionDownloadedFile,
}

impl Moment {
    pub(super) fn of_task(message: Message, session: *mut UrlSession, task: *mut UrlSessionTask) -> Self {
        Self {
            message,
            session,
            task,
            response: ptr::null_mut(),
            completion: ptr::null_mut(),
            download_task: ptr::null_mut(),
            progress: ptr::null(),
            file: ptr::null_mut(),
        }
    }

    pub(super) fn of_session(message: Message, session: *mut UrlSession) -> Self {
        Self::of_task(message, session, ptr::null_mut())
    }
}
