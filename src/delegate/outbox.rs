//! Who is told about a task: its completion handler, its own delegate, its session's; slot by slot the first of them
//! that implements it.

use std::sync::Arc;

use bytes::Bytes;
use parking_lot::Mutex;

use super::{Delegate, Message, Question, Queue, Slot};
use crate::error::Error;
use crate::message::{Data, Response, ResponseDisposition};
use crate::task::Task;

pub(crate) struct Outbox {
    queue: Arc<Queue>,
    handler: Option<Arc<dyn Delegate>>,
    own: Mutex<Option<Arc<dyn Delegate>>>,
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
        let before = std::mem::replace(&mut *self.own.lock(), delegate);
        if let Some(before) = before {
            self.queue.push(Message::call(move || before.release()));
        }
    }

    /// The task's last message was told.
    pub(super) fn retire(&self) {
        let own = self.own.lock().take();
        if let Some(own) = own {
            own.release();
        }
    }

    fn find(&self, slot: Slot) -> Option<Arc<dyn Delegate>> {
        let own = self.own.lock().clone();
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

    pub(crate) fn did_receive_data(&self, task: &Arc<Task>, data: Bytes) {
        let Some(to) = self.find(Slot::DidReceiveData) else { return };
        let data = Data::new(data);
        if to.is_inline(Slot::DidReceiveData) {
            return to.did_receive_data(task, &data);
        }
        task.under_way.take(data.bytes().len());
        self.queue.push(Message::DidReceiveData(to, task.clone(), data));
    }

    pub(crate) fn did_complete(&self, task: &Arc<Task>, error: Option<Arc<Error>>) {
        if self.handler.is_none() && self.session.is_none() && self.own.lock().is_none() {
            return task.let_go();
        }
        self.queue.push(Message::DidComplete(self.find(Slot::DidComplete), task.clone(), error));
    }
}
