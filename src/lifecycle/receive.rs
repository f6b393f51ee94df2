//! Step 10: the body, decoded, within its limits, no faster than the application or the disk takes it.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use bytes::Bytes;
use http::header::CONTENT_ENCODING;
use tokio::time::{Instant, timeout_at};

use super::multipart::Parts;
use super::resumption::Download;
use super::writer::Writer;
use super::{Rules, delivery, progress};
use crate::error::{Code, Error};
use crate::message::{ContentDecoder, Response};
use crate::task::Task;
use crate::transport::{Exchange, Transport};

/// For the data slot, or for whoever gathers.
pub(super) async fn body(
    task: &Arc<Task>,
    rules: &Rules,
    transport: &Transport,
    response: &Arc<Response>,
    mut exchange: Exchange,
) -> Result<(), Error> {
    let mut decoder = decoder(rules, response, &exchange)?;
    let mut parts = Parts::of(task, response, transport.header_size()).map(Box::new);
    let tally = Tally::new(task, rules);
    while let Some(chunk) = exchange.chunk().await? {
        tally.received(&chunk);
        let Some(decoder) = &mut decoder else {
            deliver(&tally, &mut parts, chunk).await?;
            continue;
        };
        decoder.push(chunk);
        while let Some(piece) = decoder.next()? {
            deliver(&tally, &mut parts, piece).await?;
        }
    }
    decoder.map_or(Ok(()), |decoder| decoder.finish())?;
    match parts {
        Some(parts) => parts.finish(task).await,
        None => Ok(()),
    }
}

/// For the file of a download.
pub(super) async fn file(
    task: &Arc<Task>,
    rules: &Rules,
    response: &Arc<Response>,
    mut exchange: Exchange,
    download: &mut Download,
) -> Result<(), Error> {
    let mut decoder = decoder(rules, response, &exchange)?;
    let tally = Tally::new(task, rules);
    let writer = download.writer()?;
    while let Some(chunk) = next(&mut exchange, writer).await? {
        tally.received(&chunk);
        let Some(decoder) = &mut decoder else {
            tally.decoded(&chunk)?;
            writer.push(chunk).await?;
            continue;
        };
        decoder.push(chunk);
        while let Some(piece) = decoder.next()? {
            // One chunk may become many pieces, and other tasks want their turn.
            tokio::task::consume_budget().await;
            tally.decoded(&piece)?;
            writer.push(piece).await?;
        }
    }
    decoder.map_or(Ok(()), |decoder| decoder.finish())
}

/// The next bytes; while there are none, what waits is written.
async fn next(exchange: &mut Exchange, writer: &mut Writer) -> Result<Option<Bytes>, Error> {
    let mut chunk = pin!(exchange.chunk());
    if let Poll::Ready(chunk) = poll_fn(|context| Poll::Ready(chunk.as_mut().poll(context))).await {
        return chunk;
    }
    let Some(due) = writer.due() else { return chunk.await };
    match timeout_at(Instant::from_std(due), chunk.as_mut()).await {
        Ok(chunk) => chunk,
        Err(_) => {
            writer.write().await?;
            chunk.await
        }
    }
}

fn decoder(rules: &Rules, response: &Response, exchange: &Exchange) -> Result<Option<ContentDecoder>, Error> {
    let codings = response.headers().get_all(CONTENT_ENCODING).iter().map(|value| value.as_bytes());
    if exchange.has_body() { ContentDecoder::for_fields(codings, rules.decompression_ratio) } else { Ok(None) }
}

async fn deliver(tally: &Tally<'_>, parts: &mut Option<Box<Parts>>, piece: Bytes) -> Result<(), Error> {
    // One chunk may become many pieces, and other tasks want their turn.
    tokio::task::consume_budget().await;
    tally.decoded(&piece)?;
    match parts {
        None => delivery::data(tally.task, piece).await,
        Some(parts) => parts.take(tally.task, piece).await,
    }
}

/// What came in, what became of it, and what may.
struct Tally<'a> {
    task: &'a Arc<Task>,
    most_decoded: u64,
}

impl<'a> Tally<'a> {
    fn new(task: &'a Arc<Task>, rules: &Rules) -> Self {
        let is_gathered = task.outbox().gathers() && !task.is_download();
        let gathered = if is_gathered { rules.gathered_size } else { u64::MAX };
        Self { task, most_decoded: rules.decoded_size.min(gathered) }
    }

    fn received(&self, chunk: &Bytes) {
        self.task.counters.received.add(chunk.len());
        progress::updated(self.task);
    }

    fn decoded(&self, piece: &Bytes) -> Result<(), Error> {
        self.task.counters.decoded.add(piece.len());
        if self.task.counters.decoded.get().unsigned_abs() > self.most_decoded {
            let message = "the body is larger than this session allows: raise the limit or stream it";
            return Err(Error::new(Code::DATA_LENGTH_EXCEEDS_MAXIMUM, message));
        }
        Ok(())
    }
}
