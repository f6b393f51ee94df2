//! An application's delegate, as the core calls it.

use std::mem::offset_of;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::convert::copy_struct;
use super::custody;
use super::delegate::NO_DELEGATE;
use super::handle::{self, Builder, Loan};
use super::handler::{lend, pointer_of};
use super::{UrlSession, UrlSessionDelegate, UrlSessionProgress, UrlSessionStatus, UrlSessionTask};
use crate::challenge::{Challenge, ChallengeAnswer};
use crate::delegate::{Answer, Delegate, Moved, Slot};
use crate::error::Error;
use crate::file::DownloadedFile;
use crate::identity::Identity;
use crate::message::{Body, Data, Request, Response, ResponseDisposition};
use crate::task::{Progress, Task};

pub(super) struct DelegateTable {
    table: UrlSessionDelegate,
    released: AtomicBool,
}

// SAFETY: the table is function pointers, which the header says are called from library threads, and a context that
// is only handed back.
unsafe impl Send for DelegateTable {}
// SAFETY: as above; nothing in it changes but an atomic.
unsafe impl Sync for DelegateTable {}

impl DelegateTable {
    /// Copies as much of the application's struct as both sides know; `Ok(None)` for NULL.
    pub(super) fn copy(delegate: *const UrlSessionDelegate) -> Result<Option<Arc<dyn Delegate>>, UrlSessionStatus> {
        if delegate.is_null() {
            return Ok(None);
        }
        let table = copy_struct(delegate, offset_of!(UrlSessionDelegate, did_create_task), NO_DELEGATE)?;
        Ok(Some(Arc::new(Self { table, released: AtomicBool::new(false) })))
    }
}

/// A task, lent to a slot that other slots may follow: one that the application suspends there, and then cannot name
/// any more, ends.
struct LentTask<'a> {
    task: &'a Arc<Task>,
    loan: Option<Loan<UrlSessionTask>>,
}

impl<'a> LentTask<'a> {
    fn new(task: &'a Arc<Task>) -> Self {
        Self { task, loan: Some(Loan::new(task)) }
    }

    fn handle(&self) -> *mut UrlSessionTask {
        pointer_of(&self.loan)
    }
}

impl Drop for LentTask<'_> {
    fn drop(&mut self) {
        drop(self.loan.take());
        custody::let_go_of_task(self.task);
    }
}

/// What every slot gets first.
fn session_of(task: &Task) -> *mut UrlSession {
    handle::pointer(task.session())
}

impl Delegate for DelegateTable {
    fn implements(&self, slot: Slot) -> bool {
        let table = &self.table;
        match slot {
            Slot::DidCreateTask => table.did_create_task.is_some(),
            Slot::SessionDidReceiveChallenge => table.session_did_receive_challenge.is_some(),
            Slot::TaskDidReceiveChallenge => table.task_did_receive_challenge.is_some(),
            Slot::WillPerformRedirection => table.task_will_perform_http_redirection.is_some(),
            Slot::DidReceiveInformationalResponse => table.task_did_receive_informational_response.is_some(),
            Slot::DidResumeAtOffset => table.download_task_did_resume_at_offset.is_some(),
            Slot::DidReceiveResponse => table.data_task_did_receive_response.is_some(),
            Slot::DidBecomeDownload => table.data_task_did_become_download_task.is_some(),
            Slot::NeedNewBodyStream => table.task_need_new_body_stream.is_some(),
            Slot::DidSendBodyData => table.task_did_send_body_data.is_some(),
            Slot::DidReceiveData => table.data_task_did_receive_data.is_some(),
            Slot::DidWriteData => table.download_task_did_write_data.is_some(),
            Slot::DidUpdateProgress => table.task_did_update_progress.is_some(),
            Slot::DidFinishDownloading => table.download_task_did_finish_downloading.is_some(),
            Slot::DidComplete => table.task_did_complete.is_some(),
        }
    }

    fn did_create_task(&self, task: &Arc<Task>) {
        let Some(slot) = self.table.did_create_task else { return };
        let lent = Loan::new(task);
        // SAFETY: the application's function, called as the header says; so are the ones below.
        unsafe { slot(self.table.context, session_of(task), lent.handle()) };
    }

    fn session_did_receive_challenge(
        &self,
        session: Identity,
        challenge: &Arc<Challenge>,
        answer: &Arc<Answer<ChallengeAnswer>>,
    ) {
        let Some(slot) = self.table.session_did_receive_challenge else { return };
        let (challenge, answer) = (Loan::new(challenge), Loan::new(answer));
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, handle::pointer(session), challenge.handle(), answer.handle()) };
    }

    fn task_did_receive_challenge(
        &self,
        task: &Arc<Task>,
        challenge: &Arc<Challenge>,
        answer: &Arc<Answer<ChallengeAnswer>>,
    ) {
        let Some(slot) = self.table.task_did_receive_challenge else { return };
        let (lent, challenge, answer) = (LentTask::new(task), Loan::new(challenge), Loan::new(answer));
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, session_of(task), lent.handle(), challenge.handle(), answer.handle()) };
    }

    fn will_perform_redirection(
        &self,
        task: &Arc<Task>,
        response: &Arc<Response>,
        request: &Arc<Request>,
        answer: &Arc<Answer<Option<Arc<Request>>>>,
    ) {
        let Some(slot) = self.table.task_will_perform_http_redirection else { return };
        let (lent, response, answer) = (LentTask::new(task), Loan::new(response), Loan::new(answer));
        let request = Loan::new(&Builder::new(Request::clone(request)));
        let (context, session) = (self.table.context, session_of(task));
        // SAFETY: see did_create_task.
        unsafe { slot(context, session, lent.handle(), response.handle(), request.handle(), answer.handle()) };
    }

    fn did_receive_informational_response(&self, task: &Arc<Task>, response: &Arc<Response>) {
        let Some(slot) = self.table.task_did_receive_informational_response else { return };
        let (lent, response) = (LentTask::new(task), Loan::new(response));
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, session_of(task), lent.handle(), response.handle()) };
    }

    fn did_resume_at_offset(&self, task: &Arc<Task>, offset: i64, expected: i64) {
        let Some(slot) = self.table.download_task_did_resume_at_offset else { return };
        let lent = LentTask::new(task);
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, session_of(task), lent.handle(), offset, expected) };
    }

    fn did_receive_response(
        &self,
        task: &Arc<Task>,
        response: &Arc<Response>,
        answer: &Arc<Answer<ResponseDisposition>>,
    ) {
        let Some(slot) = self.table.data_task_did_receive_response else { return };
        let (lent, response, answer) = (LentTask::new(task), Loan::new(response), Loan::new(answer));
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, session_of(task), lent.handle(), response.handle(), answer.handle()) };
    }

    fn did_become_download(&self, task: &Arc<Task>, download: &Arc<Task>) {
        let Some(slot) = self.table.data_task_did_become_download_task else { return };
        let (lent, download) = (Loan::new(task), LentTask::new(download));
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, session_of(task), lent.handle(), download.handle()) };
    }

    fn need_new_body_stream(&self, task: &Arc<Task>, offset: i64, answer: &Arc<Answer<Option<Body>>>) {
        let Some(slot) = self.table.task_need_new_body_stream else { return };
        let (lent, answer) = (LentTask::new(task), Loan::new(answer));
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, session_of(task), lent.handle(), offset, answer.handle()) };
    }

    fn did_send_body_data(&self, task: &Arc<Task>, moved: Moved) {
        let Some(slot) = self.table.task_did_send_body_data else { return };
        let lent = LentTask::new(task);
        let Moved { bytes, total, expected } = moved;
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, session_of(task), lent.handle(), bytes, total, expected) };
    }

    fn did_receive_data(&self, task: &Arc<Task>, data: &Arc<Data>) {
        let Some(slot) = self.table.data_task_did_receive_data else { return };
        let (lent, loan, bytes) = (LentTask::new(task), Loan::new(data), data.bytes());
        let session = session_of(task);
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, session, lent.handle(), bytes.as_ptr(), bytes.len(), loan.handle()) };
    }

    fn did_write_data(&self, task: &Arc<Task>, moved: Moved) {
        let Some(slot) = self.table.download_task_did_write_data else { return };
        let lent = LentTask::new(task);
        let Moved { bytes, total, expected } = moved;
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, session_of(task), lent.handle(), bytes, total, expected) };
    }

    fn did_update_progress(&self, task: &Arc<Task>, progress: &Progress) {
        let Some(slot) = self.table.task_did_update_progress else { return };
        let (lent, progress) = (LentTask::new(task), UrlSessionProgress::from(progress));
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, session_of(task), lent.handle(), &progress) };
    }

    fn did_finish_downloading(&self, task: &Arc<Task>, file: &Arc<DownloadedFile>) {
        let Some(slot) = self.table.download_task_did_finish_downloading else { return };
        let (lent, loan) = (LentTask::new(task), Loan::new(file));
        let path = file.path().as_ptr();
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, session_of(task), lent.handle(), path, loan.handle()) };
    }

    fn did_complete(&self, task: &Arc<Task>, error: Option<&Arc<Error>>) {
        let Some(slot) = self.table.task_did_complete else { return };
        let (lent, error) = (Loan::new(task), lend(error));
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, session_of(task), lent.handle(), pointer_of(&error)) };
    }

    fn did_become_invalid(&self, session: Identity, error: Option<&Arc<Error>>) {
        let Some(slot) = self.table.session_did_become_invalid else { return };
        let error = lend(error);
        // SAFETY: see did_create_task.
        unsafe { slot(self.table.context, handle::pointer(session), pointer_of(&error)) };
    }

    fn release(&self) {
        if self.released.swap(true, Ordering::AcqRel) {
            return;
        }
        let Some(release) = self.table.release else { return };
        // SAFETY: see did_create_task; the swap above makes it once.
        unsafe { release(self.table.context) };
    }
}

impl Drop for DelegateTable {
    /// A table whose session could not be made, or was taken back by another, never saw its last message.
    fn drop(&mut self) {
        self.release();
    }
}
