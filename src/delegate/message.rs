//! What waits to be told, and to whom.

use std::sync::Arc;

use super::{Answer, Delegate};
use crate::error::Error;
use crate::identity::Identity;
use crate::message::{Data, Response, ResponseDisposition};
use crate::task::Task;

type Recipient = Arc<dyn Delegate>;

pub(crate) enum Message {
    DidReceiveResponse(Recipient, Arc<Task>, Arc<Response>, Answer<ResponseDisposition>),
    DidReceiveData(Recipient, Arc<Task>, Arc<Data>),
    /// Comes for every task that has a delegate, so that what was lent for it can be taken back.
    DidComplete(Option<Recipient>, Arc<Task>, Option<Arc<Error>>),
    DidBecomeInvalid(Recipient, Identity, Box<dyn FnOnce() + Send>),
    Call(Box<dyn FnOnce() + Send>),
}

impl Message {
    pub(crate) fn deliver(self) {
        crate::fault::point(crate::fault::DELIVERY);
        match self {
            Self::DidReceiveResponse(to, task, response, answer) => to.did_receive_response(&task, &response, answer),
            Self::DidReceiveData(to, task, data) => {
                // Also when the slot panics: bytes that are never given back would stop the task.
                let _delivered = Delivered(&task, data.bytes().len());
                to.did_receive_data(&task, &data);
            }
            Self::DidComplete(to, task, error) => {
                if let Some(to) = to {
                    to.did_complete(&task, error.as_ref());
                }
                task.outbox().retire();
                task.let_go();
            }
            Self::DidBecomeInvalid(to, session, retire) => {
                to.did_become_invalid(session, None);
                to.release();
                retire();
            }
            Self::Call(call) => call(),
        }
    }
}

struct Delivered<'a>(&'a Task, usize);

impl Drop for Delivered<'_> {
    fn drop(&mut self) {
        self.0.under_way.give_back(self.1);
    }
}
