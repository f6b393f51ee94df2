//! Data on its way to the application, no faster than that takes it.

use std::sync::Arc;

use bytes::Bytes;

use super::{hold, watch};
use crate::error::Error;
use crate::task::Task;

pub(super) async fn data(task: &Arc<Task>, piece: Bytes) -> Result<(), Error> {
    watch::heed(task).await?;
    task.outbox().did_receive_data(task, piece);
    if !task.under_way.has_room() {
        // A slow application is no idle network.
        hold::during(task, task.under_way.room()).await;
    }
    Ok(())
}
