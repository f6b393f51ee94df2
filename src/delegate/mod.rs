//! The outbox: the only way anything goes back to the application. A [`Delegate`] is told and asked; what it does not
//! implement behaves as the trait's default methods do, which are the system-provided delegate.

mod answer;
mod completion_handler;
mod message;
mod outbox;
mod queue;
mod workers;

use std::sync::Arc;

pub(crate) use answer::{Answer, Question};
pub(crate) use completion_handler::{CompletionHandler, GatheringDelegate};
pub(crate) use message::Message;
pub(crate) use outbox::Outbox;
pub(crate) use queue::Queue;
pub(crate) use workers::start as start_workers;

use crate::error::Error;
use crate::identity::Identity;
use crate::message::{Data, Response, ResponseDisposition};
use crate::task::Task;

/// The methods below, in the order of the life cycle.
#[expect(clippy::enum_variant_names, reason = "they are the names of the methods")]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Slot {
    DidCreateTask,
    DidReceiveResponse,
    DidReceiveData,
    DidComplete,
}

pub(crate) trait Delegate: Send + Sync {
    /// What is not implemented is never called, and the next delegate in line is asked.
    fn implements(&self, slot: Slot) -> bool;

    /// Library code that never blocks is called where the message arises, with no hop.
    fn is_inline(&self, _slot: Slot) -> bool {
        false
    }

    fn did_create_task(&self, _task: &Arc<Task>) {}

    fn did_receive_response(
        &self,
        _task: &Arc<Task>,
        _response: &Arc<Response>,
        answer: &Arc<Answer<ResponseDisposition>>,
    ) {
        answer.give(ResponseDisposition::Allow);
    }

    fn did_receive_data(&self, _task: &Arc<Task>, _data: &Arc<Data>) {}

    fn did_complete(&self, _task: &Arc<Task>, _error: Option<&Arc<Error>>) {}

    fn did_become_invalid(&self, _session: Identity, _error: Option<&Arc<Error>>) {}

    /// Nothing will be called any more.
    fn release(&self) {}
}
