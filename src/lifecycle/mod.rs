//! One task, from its first request to its last message. [`life_cycle`] reads like Apple's document.

mod exchange;
mod finish;
mod receive;
mod redirect;
mod request;
mod response;
mod watch;

use std::sync::Arc;

pub(crate) use request::Rules;

use crate::error::Error;
use crate::task::Task;
use crate::transport::Transport;

/// Drives the task to its end, whatever that is, and tells it.
pub(crate) async fn drive(task: &Arc<Task>, rules: &Rules, transport: &Arc<Transport>) {
    // Boxed, because what is only moved into its place would be kept there twice.
    let outcome = watch::watch(task, Box::pin(life_cycle(task, rules, transport))).await;
    // 13: complete, once and last.
    finish::complete(task, outcome);
}

async fn life_cycle(task: &Arc<Task>, rules: &Rules, transport: &Arc<Transport>) -> Result<(), Error> {
    crate::fault::point(crate::fault::DRIVE);
    // 3: what the task was made for, with what its session adds.
    let mut request = request::first(task, rules)?;
    for followed in 0.. {
        // 4, 8, 9: a connection and its trust, the body and its progress.
        let mut exchange = exchange::begin(task, transport, &request).await?;
        let response = response::head(task, &request, &mut exchange)?;
        // 5: a redirect, and back to 4.
        if let Some(next) = redirect::next(task, rules, followed, &request, &response)? {
            Box::pin(exchange.discard()).await;
            request = next;
            continue;
        }
        // 7: allow or cancel.
        response::gate(task, &response).await?;
        // 10: data.
        return receive::body(task, rules, &response, exchange).await;
    }
    Ok(())
}
