//! One task, from its first request to its last message. [`life_cycle`] and [`download`] read like Apple's document.

mod authorization;
mod body_stream;
mod challenge;
mod cookies;
mod delivery;
mod errand;
mod exchange;
mod finish;
mod hold;
mod meter;
mod multipart;
mod offer;
mod party;
mod progress;
mod proxy;
mod receive;
mod redirect;
mod request;
mod response;
mod resumption;
mod segments;
mod transport_security;
mod upload;
mod version;
mod watch;
mod writer;

use std::sync::Arc;

pub(crate) use cookies::CookieAcceptPolicy;
#[cfg(any(test, feature = "fuzzing"))]
pub(crate) use redirect::resolve as resolve_location;
pub(crate) use request::{NetrcFile, Rules};

use crate::error::Error;
use crate::file::DownloadedFile;
use crate::message::{Response, ResponseDisposition};
use crate::store::Admissions;
use crate::task::Task;
use crate::transport::{Exchange, Transport};
use resumption::{Download, Met};

/// What the tasks of a session have in common.
#[derive(Clone, Copy)]
pub(crate) struct Means<'a> {
    pub(crate) rules: &'a Rules,
    pub(crate) transport: &'a Arc<Transport>,
    pub(crate) admissions: &'a Admissions,
}

impl<'a> Means<'a> {
    fn keys(&self) -> party::Keys<'a> {
        party::Keys { admissions: self.admissions, storage: self.rules.credential_storage.as_deref() }
    }
}

/// What a data task leaves to the download that it becomes.
pub(crate) struct Handover {
    response: Arc<Response>,
    exchange: Exchange,
}

/// Drives the task to its end, whatever that is, and tells it; or up to where another goes on in its place.
pub(crate) async fn drive(task: &Arc<Task>, means: Means<'_>) -> Option<Handover> {
    if task.is_download() {
        take_over(task, means, None).await;
        return None;
    }
    // Boxed, because what is only moved into its place would be kept there twice.
    match watch::watch(task, Box::pin(life_cycle(task, means))).await {
        Ok(Some(handover)) => Some(handover),
        outcome => {
            // 13: complete, once and last.
            finish::complete(task, outcome.map(|_| None));
            None
        }
    }
}

/// Ends a task that was told to before another could go on in its place.
pub(crate) fn interrupt(task: &Arc<Task>) {
    finish::complete(task, Err(task.interruption()));
}

/// Drives a download to its end, from the start or from a response that is here already.
pub(crate) async fn take_over(task: &Arc<Task>, means: Means<'_>, handover: Option<Handover>) {
    let mut state = Download::new(task, means.rules);
    let work = Box::pin(download(task, means, &mut state, handover));
    let outcome = watch::watch(task, work).await;
    let outcome = watch::unwatched(Box::pin(state.conclude(task, outcome))).await;
    // 12, 13: the file, and complete, once and last.
    finish::complete(task, outcome.map(Some));
}

async fn life_cycle(task: &Arc<Task>, means: Means<'_>) -> Result<Option<Handover>, Error> {
    crate::fault::point(crate::fault::DRIVE);
    // 3: what the task was made for, with what its session adds.
    let request = request::first(task, means.rules)?;
    // 4, 5, 8, 9: connections and their trust, redirects, the body and its progress.
    let (response, exchange) = exchange::answer(task, means, request).await?;
    // 7: allow, cancel or become a download.
    match response::gate(task, &response).await? {
        ResponseDisposition::BecomeDownload => Ok(Some(Handover { response, exchange })),
        ResponseDisposition::Cancel => Err(Error::cancelled()),
        // 10, 14: data; of a response in parts for every part.
        ResponseDisposition::Allow => {
            receive::body(task, means.rules, means.transport, &response, exchange).await?;
            Ok(None)
        }
    }
}

async fn download(
    task: &Arc<Task>,
    means: Means<'_>,
    state: &mut Download,
    mut handover: Option<Handover>,
) -> Result<Arc<DownloadedFile>, Error> {
    crate::fault::point(crate::fault::DRIVE);
    state.prepare(task).await?;
    loop {
        let Handover { response, exchange } = match handover.take() {
            Some(mut handover) => {
                handover.exchange.set_meter(task.clone());
                handover
            }
            None => {
                // 3, 4, 5, 8, 9: as for any task, but for the bytes that are here already.
                let request = state.request(task, request::first(task, means.rules)?);
                let (response, exchange) = exchange::answer(task, means, request).await?;
                Handover { response, exchange }
            }
        };
        // 6: whether it goes on where it stopped.
        if let Met::Again = state.meet(task, means.rules, &response).await? {
            Box::pin(exchange.discard()).await;
            continue;
        }
        // 10: write progress.
        match receive::file(task, means.rules, &response, exchange, state).await {
            Ok(()) => break,
            Err(lost) => state.may_go_on(task, lost)?,
        }
    }
    // 12: the whole file.
    state.finish(task).await
}
