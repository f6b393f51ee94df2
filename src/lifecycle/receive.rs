//! Step 10: the body, decoded, within its limits, no faster than the application takes it.

use std::sync::Arc;

use bytes::Bytes;
use http::header::CONTENT_ENCODING;

use super::{Rules, watch};
use crate::error::{Code, Error};
use crate::message::{ContentDecoder, Response};
use crate::task::Task;
use crate::transport::Exchange;

pub(super) async fn body(
    task: &Arc<Task>,
    rules: &Rules,
    response: &Response,
    mut exchange: Exchange,
) -> Result<(), Error> {
    let codings = response.headers().get_all(CONTENT_ENCODING).iter().map(|value| value.as_bytes());
    let mut decoder =
        if exchange.has_body() { ContentDecoder::for_fields(codings, rules.decompression_ratio)? } else { None };
    let tally = Tally::new(task, rules);
    while let Some(chunk) = exchange.chunk().await? {
        tally.received(&chunk);
        let Some(decoder) = &mut decoder else {
            deliver(&tally, chunk).await?;
            continue;
        };
        decoder.push(chunk);
        while let Some(piece) = decoder.next()? {
            deliver(&tally, piece).await?;
        }
    }
    decoder.map_or(Ok(()), |decoder| decoder.finish())
}

async fn deliver(tally: &Tally<'_>, piece: Bytes) -> Result<(), Error> {
    // One chunk may become many pieces, and other tasks want their turn.
    tokio::task::consume_budget().await;
    tally.decoded(&piece)?;
    let task = tally.task;
    watch::heed(task).await?;
    task.outbox().did_receive_data(task, piece);
    if !task.under_way.has_room() {
        // A slow application is no idle network.
        task.clock.hold();
        task.under_way.room().await;
        task.clock.unhold();
    }
    Ok(())
}

/// What came in, what became of it, and what may.
struct Tally<'a> {
    task: &'a Arc<Task>,
    most_decoded: u64,
}

impl<'a> Tally<'a> {
    fn new(task: &'a Arc<Task>, rules: &Rules) -> Self {
        let gathered = if task.outbox().gathers() { rules.gathered_size } else { u64::MAX };
        Self { task, most_decoded: rules.decoded_size.min(gathered) }
    }

    fn received(&self, chunk: &Bytes) {
        self.task.counters.received.add(chunk.len());
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
