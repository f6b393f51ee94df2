//! A task with a completion handler is a task with a delegate that gathers and calls once.

use std::sync::Arc;

use bytes::BytesMut;
use parking_lot::Mutex;

use super::{Answer, Delegate, Slot};
use crate::error::Error;
use crate::message::{Data, Response, ResponseDisposition};
use crate::task::Task;

pub(crate) type CompletionHandler =
    Box<dyn FnOnce(Option<&Arc<Data>>, Option<&Arc<Response>>, Option<&Arc<Error>>) + Send>;

#[derive(Default)]
struct Gathered {
    /// The first chunk is kept as it came: most bodies have no second.
    first: Option<Arc<Data>>,
    rest: BytesMut,
}

pub(crate) struct GatheringDelegate {
    handler: Mutex<Option<CompletionHandler>>,
    gathered: Mutex<Gathered>,
}

impl GatheringDelegate {
    pub(crate) fn new(handler: CompletionHandler) -> Arc<Self> {
        Arc::new(Self { handler: Mutex::new(Some(handler)), gathered: Mutex::default() })
    }

    fn take(&self) -> Arc<Data> {
        let Gathered { first, rest } = std::mem::take(&mut *self.gathered.lock());
        match first {
            Some(first) if rest.is_empty() => first,
            _ => Data::new(rest.freeze()),
        }
    }
}

impl Delegate for GatheringDelegate {
    fn implements(&self, slot: Slot) -> bool {
        matches!(slot, Slot::DidReceiveResponse | Slot::DidReceiveData | Slot::DidComplete)
    }

    fn is_inline(&self, slot: Slot) -> bool {
        slot != Slot::DidComplete
    }

    fn did_receive_response(
        &self,
        _task: &Arc<Task>,
        _response: &Arc<Response>,
        answer: &Arc<Answer<ResponseDisposition>>,
    ) {
        answer.give(ResponseDisposition::Allow);
    }

    fn did_receive_data(&self, _task: &Arc<Task>, data: &Arc<Data>) {
        let mut gathered = self.gathered.lock();
        if gathered.first.is_none() {
            gathered.first = Some(data.clone());
            return;
        }
        if gathered.rest.is_empty() {
            let first = gathered.first.clone();
            gathered.rest.extend_from_slice(first.as_ref().map_or(&[], |first| first.bytes()));
        }
        gathered.rest.extend_from_slice(data.bytes());
    }

    fn did_complete(&self, task: &Arc<Task>, error: Option<&Arc<Error>>) {
        let Some(handler) = self.handler.lock().take() else { return };
        let (data, response) = (self.take(), task.response());
        handler(error.is_none().then_some(&data), response.as_ref(), error);
    }
}
