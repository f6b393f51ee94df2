//! What waits to be told, and to whom.

use std::any::Any;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use super::{Answer, Delegate};
use crate::error::Error;
use crate::identity::Identity;
use crate::message::{Data, Response, ResponseDisposition};
use crate::task::Task;

type Recipient = Arc<dyn Delegate>;

/// What a recipient is told about a task.
pub(super) type Telling = Option<Box<dyn FnOnce(&dyn Delegate, &Arc<Task>) + Send>>;

pub(crate) enum Message {
    DidReceiveResponse(Recipient, Arc<Task>, Arc<Response>, Arc<Answer<ResponseDisposition>>),
    DidReceiveData(Recipient, Arc<Task>, Arc<Data>),
    /// A statement or a question that is too rare to have a line of its own.
    Told(Recipient, Arc<Task>, Telling),
    /// The first is silent from here on, and lives on in the second.
    DidBecomeDownload(Option<Recipient>, Arc<Task>, Arc<Task>),
    /// Comes for every task that has a delegate, so that what was lent for it can be taken back.
    DidComplete(Option<Recipient>, Arc<Task>, Option<Arc<Error>>),
    /// With what the session kept until now.
    DidBecomeInvalid(Recipient, Identity, Option<Box<dyn Any + Send + Sync>>),
    Call(Option<Box<dyn FnOnce() + Send>>),
}

impl Message {
    pub(crate) fn call(call: impl FnOnce() + Send + 'static) -> Self {
        Self::Call(Some(Box::new(call)))
    }

    /// Bytes of data; no data message is without.
    pub(super) fn data_length(&self) -> usize {
        match self {
            Self::DidReceiveData(_, _, data) => data.bytes().len(),
            _ => 0,
        }
    }

    /// A panic of ours stops here. It costs a task its life, but no task and no session its last message.
    pub(crate) fn deliver(mut self) {
        if catch_unwind(AssertUnwindSafe(|| self.tell())).is_ok() {
            return;
        }
        match &mut self {
            Self::DidReceiveResponse(_, task, ..) | Self::DidReceiveData(_, task, _) | Self::Told(_, task, _) => {
                return task.fault();
            }
            Self::DidBecomeDownload(_, task, download) => {
                task.let_go();
                return download.fault();
            }
            Self::DidComplete(_, task, error) => {
                *error = task.complete(Err(Error::fault()), false);
            }
            Self::DidBecomeInvalid(..) | Self::Call(_) => {}
        }
        let _ = catch_unwind(AssertUnwindSafe(|| self.tell()));
    }

    fn tell(&mut self) {
        crate::fault::point(crate::fault::DELIVERY);
        match self {
            Self::DidReceiveResponse(to, task, response, answer) => to.did_receive_response(task, response, answer),
            Self::DidReceiveData(to, task, data) => {
                // Also when the slot panics: bytes that are never given back would stop the task.
                let _delivered = Delivered(task, data.bytes().len());
                to.did_receive_data(task, data);
            }
            Self::Told(to, task, telling) => telling.take().into_iter().for_each(|telling| telling(&**to, task)),
            Self::DidBecomeDownload(to, task, download) => {
                if let Some(to) = to {
                    to.did_become_download(task, download);
                }
                task.let_go();
            }
            Self::DidComplete(to, task, error) => {
                if error.is_none() {
                    *error = task.late_fault();
                }
                if let Some(to) = to {
                    to.did_complete(task, error.as_ref());
                }
                task.outbox().retire();
                task.let_go();
            }
            Self::DidBecomeInvalid(to, session, kept) => {
                to.did_become_invalid(*session, None);
                to.release();
                drop(kept.take());
            }
            Self::Call(call) => call.take().into_iter().for_each(|call| call()),
        }
    }
}

struct Delivered<'a>(&'a Task, usize);

impl Drop for Delivered<'_> {
    fn drop(&mut self) {
        self.0.under_way.give_back(self.1);
    }
}
