//! Step 8: the body of a request, opened anew whenever it goes out.

use std::sync::Arc;

use super::body_stream::{self, StreamFeed};
use super::segments::SegmentFeed;
use crate::error::{Code, Error};
use crate::message::{Body, BodySource, Request, Segment};
use crate::task::Task;
use crate::transport::OutgoingBody;

pub(super) struct Upload<'a> {
    task: &'a Arc<Task>,
    /// What is being read.
    open: Option<Arc<dyn BodySource>>,
    /// By another, which the delegate gave.
    was_replaced: bool,
}

impl<'a> Upload<'a> {
    pub(super) fn new(task: &'a Arc<Task>) -> Self {
        Self { task, open: None, was_replaced: false }
    }

    pub(super) async fn open(&mut self, request: &Request) -> Result<OutgoingBody, Error> {
        match request.body() {
            Body::None => Ok(OutgoingBody { length: Some(0), ..OutgoingBody::default() }),
            Body::Bytes(bytes) => {
                Ok(OutgoingBody { length: Some(bytes.len() as u64), first: bytes.clone(), rest: None })
            }
            Body::Segments(segments) => SegmentFeed::open(segments.clone()).await,
            // Boxed, for few requests have a stream.
            Body::Stream(source) => Box::pin(self.stream(request, source)).await,
            Body::Asked => Box::pin(self.ask(request)).await,
        }
    }

    /// The first time as it is, then rewound; what cannot rewind is asked for.
    async fn stream(&mut self, request: &Request, source: &Arc<dyn BodySource>) -> Result<OutgoingBody, Error> {
        let was_read = source.was_read();
        if self.was_replaced || was_read && !source.can_rewind() {
            return self.ask(request).await;
        }
        self.open = Some(source.clone());
        StreamFeed::open(self.task, source.clone(), was_read, request.declared_length()).await
    }

    async fn ask(&mut self, request: &Request) -> Result<OutgoingBody, Error> {
        self.close();
        self.was_replaced = true;
        let answer = match self.task.outbox().need_new_body_stream(self.task, 0) {
            Some(question) => question.answer(None).await,
            None => None,
        };
        self.task.clock.moved();
        match answer {
            Some(Body::Stream(source)) => {
                self.open = Some(source.clone());
                StreamFeed::open(self.task, source, false, request.declared_length()).await
            }
            Some(Body::Segments(segments)) => SegmentFeed::open(segments).await,
            Some(Body::Bytes(bytes)) => SegmentFeed::open(Arc::new([Segment::Bytes(bytes)])).await,
            Some(Body::None | Body::Asked) | None => {
                let message = "the body has to be sent and there is no stream for it: answer task_need_new_body_stream \
                               with one, or use bytes or a file";
                Err(Error::new(Code::REQUEST_BODY_STREAM_EXHAUSTED, message))
            }
        }
    }

    fn close(&mut self) {
        if let Some(source) = self.open.take() {
            body_stream::close(self.task, source);
        }
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        self.close();
    }
}
