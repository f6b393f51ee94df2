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
    finish::complete(task, outcome); //                                                      13 complete, once, last
}

async fn life_cycle(task: &Arc<Task>, rules: &Rules, transport: &Arc<Transport>) -> Result<(), Error> {
    crate::fault::point(crate::fault::DRIVE);
    let mut request = request::first(task, rules)?; //                                        3 what the task was made for
    for followed in 0.. {
        let mut exchange = exchange::begin(task, transport, &request).await?; //               4 trust; 8, 9 body and progress
        let response = response::head(task, &request, &mut exchange)?;
        if let Some(next) = redirect::next(task, rules, followed, &request, &response)? {
            Box::pin(exchange.discard()).await; //                                                      5 redirect, and back to 4
            request = next;
            continue;
        }
        response::gate(task, &response).await?; //                                            7 allow or cancel
        return receive::body(task, rules, &response, exchange).await; //                      10 data
    }
    Ok(())
}
