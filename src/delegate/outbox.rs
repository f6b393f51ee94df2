//! Who is told about a task: its completion handler, its own delegate, its session's; slot by slot the first of them
//! that implements it.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::{Answer, Delegate, Message, Moved, Question, Queue, Slot};
use crate::challenge::{Challenge, ChallengeAnswer};
use crate::error::Error;
use crate::file::DownloadedFile;
use crate::identity::Identity;
use crate::message::{Body, Data, Request, Response, ResponseDisposition};
use crate::task::{Progress, Task};

/// A delegate that one task has for itself.
#[derive(Clone)]
struct Own {
    identity: Identity,
    delegate: Arc<dyn Delegate>,
}

pub(crate) struct Outbox {
    queue: Arc<Queue>,
    handler: Option<Arc<dyn Delegate>>,
    own: Mutex<Option<Own>>,
    session: Option<Arc<dyn Delegate>>,
}

impl Outbox {
    pub(crate) fn new(
        queue: Arc<Queue>,
        handler: Option<Arc<dyn Delegate>>,
        session: Option<Arc<dyn Delegate>>,
    ) -> Self {
        Self { queue, handler, own: Mutex::new(None), session }
    }

    /// A body for a completion handler stays in memory.
    pub(crate) fn gathers(&self) -> bool {
        self.handler.is_some()
    }

    /// Puts a delegate in front of the session's. The one it had is released as everything is told: not in this call.
    pub(crate) fn set_own(&self, delegate: Option<Arc<dyn Delegate>>) {
        let own = delegate.map(|delegate| Own { identity: Identity::next(), delegate });
        let before = std::mem::replace(&mut *self.own.lock(), own);
        if let Some(before) = before {
            self.queue.push(Message::call(move || before.delegate.release()));
        }
    }

    /// The task's last message was told.
    pub(super) fn retire(&self) {
        let own = self.own.lock().take();
        if let Some(own) = own {
            own.delegate.release();
        }
    }

    /// For the task that this one becomes: the task's own delegate goes with it.
    pub(crate) fn heir(&self) -> Self {
        let own = Mutex::new(self.own.lock().take());
        Self { queue: self.queue.clone(), handler: None, own, session: self.session.clone() }
    }

    /// Whether anybody is told.
    pub(crate) fn tells(&self, slot: Slot) -> bool {
        self.find(slot).is_some()
    }

    /// Calls where the messages are told.
    pub(crate) fn call(&self, call: impl FnOnce() + Send + 'static) {
        self.queue.push(Message::call(call));
    }

    /// None where there is nobody to ask.
    fn ask<T: Send + 'static>(
        &self,
        task: &Arc<Task>,
        slot: Slot,
        asking: impl FnOnce(&dyn Delegate, &Arc<Task>, &Arc<Answer<T>>) + Send + 'static,
    ) -> Option<Question<T>> {
        let to = self.find(slot)?;
        let (question, answer) = Question::new();
        let ask = move |to: &dyn Delegate, task: &Arc<Task>| asking(to, task, &Arc::new(answer));
        self.queue.push(Message::Told(to, task.clone(), Some(Box::new(ask))));
        Some(question)
    }

    fn tell(&self, task: &Arc<Task>, slot: Slot, telling: impl FnOnce(&dyn Delegate, &Arc<Task>) + Send + 'static) {
        let Some(to) = self.find(slot) else { return };
        if to.is_inline(slot) {
            return telling(&*to, task);
        }
        self.queue.push(Message::Told(to, task.clone(), Some(Box::new(telling))));
    }

    fn find(&self, slot: Slot) -> Option<Arc<dyn Delegate>> {
        let own = self.own.lock().as_ref().map(|own| own.delegate.clone());
        let in_order = [self.handler.clone(), own, self.session.clone()];
        in_order.into_iter().flatten().find(|delegate| delegate.implements(slot))
    }

    /// The one message that comes inside an API call, before anything else could know the task.
    pub(crate) fn did_create_task(&self, task: &Arc<Task>) {
        if let Some(session) = &self.session
            && session.implements(Slot::DidCreateTask)
        {
            session.did_create_task(task);
        }
    }

    /// Who answers for the connections of this task: its own delegate, if that wants to; else its session's, which is
    /// none here.
    pub(crate) fn judge(&self) -> Option<Identity> {
        // First, for few tasks have one of their own.
        self.own.lock().as_ref()?;
        self.own_for(self.connection_slot()?)
    }

    /// Who says to proxies as whom this task comes, in the same way.
    pub(crate) fn introducer(&self) -> Option<Identity> {
        self.own_for(Slot::TaskDidReceiveChallenge)
    }

    fn own_for(&self, slot: Slot) -> Option<Identity> {
        let own = self.own.lock();
        own.as_ref().filter(|own| own.delegate.implements(slot)).map(|own| own.identity)
    }

    /// Whether anybody wants to be asked about connections.
    pub(crate) fn judges(&self) -> bool {
        self.connection_slot().is_some()
    }

    fn connection_slot(&self) -> Option<Slot> {
        let slots = [Slot::SessionDidReceiveChallenge, Slot::TaskDidReceiveChallenge];
        slots.into_iter().find(|&slot| self.tells(slot))
    }

    /// Asks; none where there is nobody to ask. About a connection the session's slot, and where nobody has that the
    /// task's, which is for all else (rows A040, A041).
    pub(crate) fn did_receive_challenge(
        &self,
        task: &Arc<Task>,
        challenge: Challenge,
    ) -> Option<Question<ChallengeAnswer>> {
        let is_for_session = challenge.space().space().method.is_about_connection();
        let challenge = Arc::new(challenge);
        if is_for_session && self.tells(Slot::SessionDidReceiveChallenge) {
            return self.ask(task, Slot::SessionDidReceiveChallenge, move |to, task, answer| {
                to.session_did_receive_challenge(task.session(), &challenge, answer);
            });
        }
        self.ask(task, Slot::TaskDidReceiveChallenge, move |to, task, answer| {
            to.task_did_receive_challenge(task, &challenge, answer);
        })
    }

    /// Asks; none where there is nobody to ask, who would follow.
    pub(crate) fn will_perform_redirection(
        &self,
        task: &Arc<Task>,
        response: &Arc<Response>,
        request: &Arc<Request>,
    ) -> Option<Question<Option<Arc<Request>>>> {
        let (response, request) = (response.clone(), request.clone());
        self.ask(task, Slot::WillPerformRedirection, move |to, task, answer| {
            to.will_perform_redirection(task, &response, &request, answer);
        })
    }

    pub(crate) fn did_receive_informational_response(&self, task: &Arc<Task>, response: Arc<Response>) {
        self.tell(task, Slot::DidReceiveInformationalResponse, move |to, task| {
            to.did_receive_informational_response(task, &response);
        });
    }

    pub(crate) fn did_resume_at_offset(&self, task: &Arc<Task>, offset: i64, expected: i64) {
        self.tell(task, Slot::DidResumeAtOffset, move |to, task| to.did_resume_at_offset(task, offset, expected));
    }

    /// Asks; an unanswered question, or nobody to ask, means allow.
    pub(crate) fn did_receive_response(
        &self,
        task: &Arc<Task>,
        response: &Arc<Response>,
    ) -> Option<Question<ResponseDisposition>> {
        let to = self.find(Slot::DidReceiveResponse).filter(|to| !to.is_inline(Slot::DidReceiveResponse))?;
        let (question, answer) = Question::new();
        self.queue.push(Message::DidReceiveResponse(to, task.clone(), response.clone(), Arc::new(answer)));
        Some(question)
    }

    /// Comes for every task that becomes another, so that what was lent for it can be taken back.
    pub(crate) fn did_become_download(&self, task: &Arc<Task>, download: &Arc<Task>) {
        let to = self.find(Slot::DidBecomeDownload);
        self.queue.push(Message::DidBecomeDownload(to, task.clone(), download.clone()));
    }

    /// Asks for a stream; none where there is nobody to ask.
    pub(crate) fn need_new_body_stream(&self, task: &Arc<Task>, offset: i64) -> Option<Question<Option<Body>>> {
        self.ask(task, Slot::NeedNewBodyStream, move |to, task, answer| to.need_new_body_stream(task, offset, answer))
    }

    pub(crate) fn did_send_body_data(&self, task: &Arc<Task>, moved: Moved) {
        self.tell(task, Slot::DidSendBodyData, move |to, task| to.did_send_body_data(task, moved));
    }

    pub(crate) fn did_receive_data(&self, task: &Arc<Task>, data: Bytes) {
        let Some(to) = self.find(Slot::DidReceiveData) else { return };
        let data = Data::new(data);
        if to.is_inline(Slot::DidReceiveData) {
            return to.did_receive_data(task, &data);
        }
        task.under_way.take(data.bytes().len());
        self.queue.push(Message::DidReceiveData(to, task.clone(), data));
    }

    pub(crate) fn did_write_data(&self, task: &Arc<Task>, moved: Moved) {
        self.tell(task, Slot::DidWriteData, move |to, task| to.did_write_data(task, moved));
    }

    pub(crate) fn did_update_progress(&self, task: &Arc<Task>, progress: Progress) {
        self.tell(task, Slot::DidUpdateProgress, move |to, task| to.did_update_progress(task, &progress));
    }

    /// A file that nobody wants is removed, which may take its time.
    pub(crate) fn drop_there(&self, file: Option<Arc<DownloadedFile>>) {
        if file.is_some() {
            self.call(move || drop(file));
        }
    }

    pub(crate) fn did_finish_downloading(&self, task: &Arc<Task>, file: Arc<DownloadedFile>) {
        if !self.tells(Slot::DidFinishDownloading) {
            return self.drop_there(Some(file));
        }
        self.tell(task, Slot::DidFinishDownloading, move |to, task| to.did_finish_downloading(task, &file));
    }

    pub(crate) fn did_complete(&self, task: &Arc<Task>, error: Option<Arc<Error>>) {
        if self.handler.is_none() && self.session.is_none() && self.own.lock().is_none() {
            return task.let_go();
        }
        self.queue.push(Message::DidComplete(self.find(Slot::DidComplete), task.clone(), error));
    }
}
