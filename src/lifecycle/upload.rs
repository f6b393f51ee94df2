//! Step 8: the body of a request, opened anew whenever it goes out.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::body_stream::{self, StreamFeed};
use super::segments::{self, Measured, SegmentFeed};
use crate::error::{Code, Error};
use crate::message::{Body, BodySource, Request};
use crate::task::Task;
use crate::transport::OutgoingBody;

pub(super) struct Upload<'a> {
    task: &'a Arc<Task>,
    /// What is being read.
    open: Option<Arc<dyn BodySource>>,
    /// The request's own, where the delegate gave another for it.
    replaced: Option<Arc<dyn BodySource>>,
}

/// A body that is about to go out.
pub(super) enum Prepared {
    Bytes(Bytes),
    Segments(VecDeque<Measured>),
    Stream {
        source: Arc<dyn BodySource>,
        rewinds: bool,
        /// The length that the request says.
        declared: Option<u64>,
    },
}

impl<'a> Upload<'a> {
    pub(super) fn new(task: &'a Arc<Task>) -> Self {
        Self { task, open: None, replaced: None }
    }

    /// What is to be sent, which takes its time where somebody has to be asked for it.
    pub(super) async fn prepare(&mut self, request: &Request) -> Result<Prepared, Error> {
        match request.body() {
            Body::None => Ok(Prepared::Bytes(Bytes::new())),
            Body::Bytes(bytes) => Ok(Prepared::Bytes(bytes.clone())),
            Body::Segments(segments) => Ok(Prepared::Segments(segments::measure(segments.clone()).await?)),
            Body::Stream(source) => self.stream(request, source).await,
            // Boxed, for few requests ask.
            Body::Asked => Box::pin(self.ask(request)).await,
        }
    }

    /// The first time as it is, then rewound; what cannot rewind is asked for, and what was asked for is asked for again.
    async fn stream(&mut self, request: &Request, source: &Arc<dyn BodySource>) -> Result<Prepared, Error> {
        let is_the_one = |other: &Arc<dyn BodySource>| Arc::ptr_eq(other, source);
        let is_open = self.open.as_ref().is_some_and(is_the_one);
        let rewinds = is_open || source.was_read();
        if self.replaced.as_ref().is_some_and(is_the_one) || rewinds && !source.can_rewind() {
            self.replaced = Some(source.clone());
            return Box::pin(self.ask(request)).await;
        }
        if !is_open {
            self.close();
            self.open = Some(source.clone());
        }
        Ok(Prepared::Stream { source: source.clone(), rewinds, declared: request.declared_length() })
    }

    async fn ask(&mut self, request: &Request) -> Result<Prepared, Error> {
        self.close();
        let answer = match self.task.outbox().need_new_body_stream(self.task, 0) {
            Some(question) => question.answer(None).await,
            None => None,
        };
        self.task.clock.moved();
        match answer {
            Some(Body::Stream(source)) => {
                self.open = Some(source.clone());
                Ok(Prepared::Stream { source, rewinds: false, declared: request.declared_length() })
            }
            Some(Body::Segments(segments)) => Ok(Prepared::Segments(segments::measure(segments).await?)),
            Some(Body::Bytes(_) | Body::None | Body::Asked) | None => {
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

impl Prepared {
    pub(super) async fn open(self, task: &Arc<Task>) -> Result<OutgoingBody, Error> {
        match self {
            Self::Bytes(first) => Ok(OutgoingBody { length: Some(first.len() as u64), first, rest: None }),
            Self::Segments(measured) => Ok(SegmentFeed::open(task, measured)),
            // Boxed, for few requests have a stream.
            Self::Stream { source, rewinds, declared } => {
                Box::pin(StreamFeed::open(task, source, rewinds, declared)).await
            }
        }
    }
}

impl Drop for Upload<'_> {
    fn drop(&mut self) {
        self.close();
    }
}
