//! Step 14: a response that replaces itself, part by part, and goes back to step 7 for every one.

use std::sync::Arc;

use bytes::Bytes;

use super::{delivery, response};
use crate::error::{Code, Error};
use crate::message::{MultipartReader, PartEvent, Response, ResponseDisposition};
use crate::task::Task;

pub(super) struct Parts {
    whole: Arc<Response>,
    reader: MultipartReader,
}

impl Parts {
    /// None for any other response, and for whoever gathers the body as it is.
    pub(super) fn of(task: &Task, whole: &Arc<Response>, most_head: usize) -> Option<Self> {
        let is_replaced = whole.mime_type().is_some_and(|kind| kind.as_str() == "multipart/x-mixed-replace");
        if !is_replaced || task.outbox().gathers() {
            return None;
        }
        Some(Self { whole: whole.clone(), reader: MultipartReader::new(&whole.multipart_boundary()?, most_head) })
    }

    pub(super) async fn take(&mut self, task: &Arc<Task>, piece: Bytes) -> Result<(), Error> {
        self.reader.push(&piece);
        while let Some(event) = self.reader.next().map_err(|_| malformed())? {
            match event {
                PartEvent::Head(head) => self.begin(task, &head).await?,
                PartEvent::Data(data) => delivery::data(task, data).await?,
            }
        }
        Ok(())
    }

    async fn begin(&self, task: &Arc<Task>, head: &[u8]) -> Result<(), Error> {
        let part = self.whole.part(head).ok_or_else(malformed)?;
        task.set_response(part.clone());
        match response::gate(task, &part).await? {
            ResponseDisposition::Cancel => Err(Error::cancelled()),
            ResponseDisposition::Allow | ResponseDisposition::BecomeDownload => Ok(()),
        }
    }

    pub(super) async fn finish(mut self: Box<Self>, task: &Arc<Task>) -> Result<(), Error> {
        let last = self.reader.finish().map_err(|_| malformed())?;
        if last.is_empty() { Ok(()) } else { delivery::data(task, last).await }
    }
}

fn malformed() -> Error {
    let message = "a part of the multipart response cannot be read: the server is at fault";
    Error::new(Code::CANNOT_PARSE_RESPONSE, message)
}
