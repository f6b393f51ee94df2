//! Steps 4, 5, 8 and 9: a connection, the request on it, and where the answer sends us; once more where the connection
//! turns out to be dead, or somebody wants to know who we are.

use std::sync::Arc;

use http::StatusCode;

use super::authorization::Authorization;
use super::upload::Upload;
use super::{Means, cookies, progress, redirect, response, transport_security};
use crate::error::Error;
use crate::message::{Request, Response};
use crate::task::{Task, expectation};
use crate::transport::{Exchange, Meter, Route, Turn};

/// The answer to the request, after all redirects.
pub(super) async fn answer(
    task: &Arc<Task>,
    means: Means<'_>,
    mut request: Arc<Request>,
) -> Result<(Arc<Response>, Exchange), Error> {
    let mut journey = Journey::new(task, means);
    let mut followed = 0;
    loop {
        // 4: nothing goes over http that must not.
        request = transport_security::secured(task, means.rules, request)?;
        let route = means.transport.route(&request, task.outbox().judge(), || task.outbox().introducer())?;
        // 4, 8, 9: a connection and its trust, the body and its progress.
        let mut exchange = journey.begin(&route, &mut request).await?;
        let response = response::head(task, &request, &mut exchange)?;
        if exchange.is_trusted() {
            transport_security::learn(means.rules, request.url()?, &response);
        }
        // 4: who we are, and back to the connection.
        if journey.authorization.meet(&route, &mut request, &response).await? {
            Box::pin(exchange.discard()).await;
            continue;
        }
        // 5: a redirect, and back to 4.
        let Some(next) = redirect::next(task, means.rules, followed, &request, &response).await? else {
            return Ok((response, exchange));
        };
        Box::pin(exchange.discard()).await;
        request = next;
        followed += 1;
    }
}

/// What goes along from hop to hop.
struct Journey<'a> {
    task: &'a Arc<Task>,
    means: Means<'a>,
    upload: Upload<'a>,
    authorization: Authorization<'a>,
}

impl<'a> Journey<'a> {
    fn new(task: &'a Arc<Task>, means: Means<'a>) -> Self {
        Self { task, means, upload: Upload::new(task), authorization: Authorization::new(task, means) }
    }

    /// Sends the request and reads the head of the answer.
    async fn begin(&mut self, route: &Route, request: &mut Arc<Request>) -> Result<Exchange, Error> {
        self.authorization.look_up(request).await?;
        let exchange = self.send(route, request).await?;
        let is_refused = exchange.status() == StatusCode::EXPECTATION_FAILED && exchange.was_expected();
        if !is_refused {
            return Ok(exchange);
        }
        // RFC 9110, 15.5.18: the same without the expectation.
        Box::pin(exchange.discard()).await;
        Arc::make_mut(request).never_expect();
        self.task.set_current_request(request.clone());
        Box::pin(self.send(route, request)).await
    }

    async fn send(&mut self, route: &Route, request: &Request) -> Result<Exchange, Error> {
        let (task, transport) = (self.task, self.means.transport);
        let turn = Turn { priority: task.priority(), number: task.turn(), is_only_try: !request.is_idempotent() };
        let meter: Arc<dyn Meter> = task.clone();
        let mut fresh = false;
        loop {
            let body = self.upload.prepare(request).await?;
            let lease = transport.lease(route, turn, fresh, &meter, &self.authorization.challenges).await?;
            // Not before its turn: a body that is open holds files and memory.
            let body = body.open(task).await?;
            task.counters.expected_to_send.set(expectation(body.length));
            let has_body = body.length != Some(0);
            progress::restart_sending(task);
            // Secrets that are this hop's alone.
            let mut extra = self.authorization.fields(route, request).await?;
            extra.extend(cookies::field(self.means.rules, request));
            let outgoing = transport.outgoing(request, route, &extra, body)?;
            match transport.exchange(lease, outgoing, meter.clone()).await {
                Ok(exchange) => {
                    cookies::learn(self.means.rules, request, &exchange);
                    if has_body {
                        // Also where the server did not want to hear all.
                        progress::sent_all(task);
                    }
                    return Ok(exchange);
                }
                // RFC 9112, 9.3.1: the server may have closed the connection just as we took it.
                Err(broken) if !fresh && broken.may_repeat(request.is_idempotent()) => fresh = true,
                Err(broken) => return Err(broken.error),
            }
        }
    }
}
