//! The outbox: the only way anything goes back to the application. A [`Delegate`] is told and asked; what it does not
//! implement behaves as the trait's default methods do, which are the system-provided delegate.

mod answer;
mod completion_handler;
mod download_handler;
mod message;
mod outbox;
mod queue;
mod workers;

use std::sync::Arc;

pub(crate) use answer::{Answer, Question};
pub(crate) use completion_handler::{CompletionHandler, GatheringDelegate};
pub(crate) use download_handler::{DownloadHandler, DownloadHandlerDelegate};
pub(crate) use message::Message;
pub(crate) use outbox::Outbox;
pub(crate) use queue::Queue;
pub(crate) use workers::start as start_workers;

use crate::challenge::{Challenge, ChallengeAnswer};
use crate::error::Error;
use crate::file::DownloadedFile;
use crate::identity::Identity;
use crate::message::{Body, Data, Request, Response, ResponseDisposition};
use crate::task::{Progress, Task};

/// The methods below, in the order of the life cycle.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Slot {
    DidCreateTask,
    SessionDidReceiveChallenge,
    TaskDidReceiveChallenge,
    WillPerformRedirection,
    DidReceiveInformationalResponse,
    DidResumeAtOffset,
    DidReceiveResponse,
    DidBecomeDownload,
    NeedNewBodyStream,
    DidSendBodyData,
    DidReceiveData,
    DidWriteData,
    DidUpdateProgress,
    DidFinishDownloading,
    DidComplete,
}

/// Bytes since this was told last, in all, and what is expected in all; -1 where nobody knows.
#[derive(Clone, Copy)]
pub(crate) struct Moved {
    pub(crate) bytes: i64,
    pub(crate) total: i64,
    pub(crate) expected: i64,
}

pub(crate) trait Delegate: Send + Sync {
    /// What is not implemented is never called, and the next delegate in line is asked.
    fn implements(&self, slot: Slot) -> bool;

    /// Library code that never blocks is called where the message arises, with no hop.
    fn is_inline(&self, _slot: Slot) -> bool {
        false
    }

    fn did_create_task(&self, _task: &Arc<Task>) {}

    /// About a connection: whom to trust, and with which certificate.
    fn session_did_receive_challenge(
        &self,
        _session: Identity,
        _challenge: &Arc<Challenge>,
        answer: &Arc<Answer<ChallengeAnswer>>,
    ) {
        answer.give(ChallengeAnswer::Default);
    }

    /// About a request; and about its connection, where nobody else is asked.
    fn task_did_receive_challenge(
        &self,
        _task: &Arc<Task>,
        _challenge: &Arc<Challenge>,
        answer: &Arc<Answer<ChallengeAnswer>>,
    ) {
        answer.give(ChallengeAnswer::Default);
    }

    /// The request to go on with; none makes the 3xx the result.
    fn will_perform_redirection(
        &self,
        _task: &Arc<Task>,
        _response: &Arc<Response>,
        request: &Arc<Request>,
        answer: &Arc<Answer<Option<Arc<Request>>>>,
    ) {
        answer.give(Some(request.clone()));
    }

    fn did_receive_informational_response(&self, _task: &Arc<Task>, _response: &Arc<Response>) {}

    fn did_resume_at_offset(&self, _task: &Arc<Task>, _offset: i64, _expected: i64) {}

    fn did_receive_response(
        &self,
        _task: &Arc<Task>,
        _response: &Arc<Response>,
        answer: &Arc<Answer<ResponseDisposition>>,
    ) {
        answer.give(ResponseDisposition::Allow);
    }

    fn did_become_download(&self, _task: &Arc<Task>, _download: &Arc<Task>) {}

    /// A stream to send from `offset` on; none ends the task.
    fn need_new_body_stream(&self, _task: &Arc<Task>, _offset: i64, answer: &Arc<Answer<Option<Body>>>) {
        answer.give(None);
    }

    fn did_send_body_data(&self, _task: &Arc<Task>, _moved: Moved) {}

    fn did_receive_data(&self, _task: &Arc<Task>, _data: &Arc<Data>) {}

    fn did_write_data(&self, _task: &Arc<Task>, _moved: Moved) {}

    fn did_update_progress(&self, _task: &Arc<Task>, _progress: &Progress) {}

    /// The file goes when this returns, unless it was moved or is held.
    fn did_finish_downloading(&self, _task: &Arc<Task>, _file: &Arc<DownloadedFile>) {}

    fn did_complete(&self, _task: &Arc<Task>, _error: Option<&Arc<Error>>) {}

    fn did_become_invalid(&self, _session: Identity, _error: Option<&Arc<Error>>) {}

    /// Nothing will be called any more.
    fn release(&self) {}
}
