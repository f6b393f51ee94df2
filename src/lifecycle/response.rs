//! Step 7: the heads of answers, and whether a body is wanted.

use std::sync::Arc;

use super::watch;
use crate::error::Error;
use crate::message::{Request, Response, ResponseDisposition};
use crate::task::Task;
use crate::transport::Exchange;

/// An interim answer (RFC 9110, 15.2). That the body may come is not for the application.
pub(super) fn inform(task: &Arc<Task>, head: &[u8]) {
    let request = task.current_request();
    let Ok(url) = request.url() else { return };
    let response = Response::from_head(url.clone(), request.url_text().clone(), head);
    if let Some(response) = response.filter(|response| response.status() != 100) {
        task.outbox().did_receive_informational_response(task, response);
    }
}

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
pub(super) async fn gate(task: &Arc<Task>, response: &Arc<Response>) -> Result<ResponseDisposition, Error> {
    let Some(question) = task.outbox().did_receive_response(task, response) else {
        return Ok(ResponseDisposition::Allow);
    };
    let disposition = question.answer(ResponseDisposition::Allow).await;
    task.clock.moved();
    watch::heed(task).await?;
    Ok(disposition)
}
