//! Step 7: the head of the answer, and whether its body is wanted.

use std::sync::Arc;

use super::watch;
use crate::error::Error;
use crate::message::{Request, Response, ResponseDisposition};
use crate::task::Task;
use crate::transport::Exchange;

/// The head, as the task shows it from here on.
pub(super) fn head(task: &Task, request: &Request, exchange: &mut Exchange) -> Result<Arc<Response>, Error> {
    let length = exchange.body_length();
    let (head, raw) = exchange.take_head();
    let response = Response::new(request.url()?.clone(), request.url_text().clone(), head, raw, length);
    task.set_response(response.clone());
    task.counters.received.set(0);
    task.counters.decoded.set(0);
    task.counters.expected_to_receive.set(length);
    Ok(response)
}

/// No data before the answer; meanwhile the connection is not read.
pub(super) async fn gate(task: &Arc<Task>, response: &Arc<Response>) -> Result<(), Error> {
    let Some(question) = task.outbox().did_receive_response(task, response) else { return Ok(()) };
    let disposition = question.answer(ResponseDisposition::Allow).await;
    task.clock.moved();
    watch::heed(task).await?;
    match disposition {
        ResponseDisposition::Allow => Ok(()),
        ResponseDisposition::Cancel => Err(Error::cancelled()),
    }
}
