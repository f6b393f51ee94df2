//! An exchange whose head is here: its body, and what becomes of the connection.

use std::future::poll_fn;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode};

use super::outgoing::Outgoing;
use super::talk::Talk;
use crate::error::Error;
use crate::transport::chunked::Step;
use crate::transport::framing::Framing;
use crate::transport::pool::Lease;
use crate::transport::{Meter, Settings, tls};

/// What is read of a body nobody wants, to keep its connection.
pub(in crate::transport) const DISCARDED: (usize, Duration) = (64 << 10, Duration::from_millis(250));

/// An exchange that failed, and whether it is safe to try again.
pub(crate) struct Broken {
    pub(crate) error: Error,
    was_reused: bool,
    has_sent: bool,
    has_read: bool,
}

impl Broken {
    /// Row A075: only on a connection that had answered before, and only if nothing of this answer was read.
    pub(crate) fn may_repeat(&self, is_idempotent: bool) -> bool {
        self.was_reused && !self.has_read && !self.error.is_about_body() && (is_idempotent || !self.has_sent)
    }
}

/// An answer whose head is here and whose body may still come.
pub(crate) struct Exchange {
    lease: Option<Lease>,
    meter: Arc<dyn Meter>,
    head: Option<(Response<()>, Bytes)>,
    framing: Framing,
    keeps_alive: bool,
    expected: bool,
    is_trusted: bool,
}

/// The request out, the head of the answer in.
pub(in crate::transport) async fn exchange(
    mut lease: Lease,
    outgoing: Outgoing,
    meter: Arc<dyn Meter>,
    settings: &Settings,
) -> Result<Exchange, Broken> {
    let (was_reused, is_trusted) = (lease.connection.is_reused, lease.connection.is_trusted());
    let mut talk = Talk::new(&mut lease.connection, &meter);
    match talk.through(outgoing, settings).await {
        Ok(answer) => Ok(Exchange {
            keeps_alive: answer.keeps_alive,
            expected: answer.expected,
            is_trusted,
            framing: answer.framing,
            head: Some((answer.head, answer.raw)),
            lease: Some(lease),
            meter,
        }
        .settled()),
        Err(error) => Err(Broken { error, was_reused, has_sent: talk.has_sent, has_read: talk.has_read }),
    }
}

impl Exchange {
    /// What Content-Length promises; -1 where nothing is promised.
    pub(crate) fn body_length(&self) -> i64 {
        match self.framing {
            Framing::Length(length) => i64::try_from(length).unwrap_or(-1),
            Framing::Ended => 0,
            Framing::Chunked(_) | Framing::UntilClose => -1,
        }
    }

    pub(crate) fn has_body(&self) -> bool {
        !matches!(self.framing, Framing::Ended)
    }

    pub(crate) fn status(&self) -> StatusCode {
        self.head.as_ref().map_or_else(StatusCode::default, |(head, _)| head.status())
    }

    /// The values of a field of the head.
    pub(crate) fn values(&self, name: HeaderName) -> impl Iterator<Item = &[u8]> {
        let head = self.head.iter();
        head.flat_map(move |(head, _)| head.headers().get_all(&name)).map(HeaderValue::as_bytes)
    }

    /// Whether the request's body waited for this answer, or for another before it.
    pub(crate) fn was_expected(&self) -> bool {
        self.expected
    }

    /// It came from whom it was asked of, beyond all doubt.
    pub(crate) fn is_trusted(&self) -> bool {
        self.is_trusted
    }

    /// Tells somebody else from here on.
    pub(crate) fn set_meter(&mut self, meter: Arc<dyn Meter>) {
        self.meter = meter;
    }

    pub(crate) fn take_head(&mut self) -> (Response<()>, Bytes) {
        self.head.take().unwrap_or_default()
    }

    /// The next bytes of the body, none at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let Some(lease) = &mut self.lease else { return Ok(None) };
            match self.framing.step(&mut lease.connection)? {
                Step::Data(length) => {
                    let chunk = lease.connection.take(length);
                    if matches!(self.framing, Framing::Ended) {
                        self.end();
                    }
                    return Ok(Some(chunk));
                }
                Step::End => {
                    self.end();
                    return Ok(None);
                }
                Step::NeedMore => {}
            }
            self.fill().await?;
        }
    }

    async fn fill(&mut self) -> Result<(), Error> {
        let Some(lease) = &mut self.lease else { return Ok(()) };
        let read = poll_fn(|context| lease.connection.poll_fill(context)).await;
        self.meter.moved();
        match read {
            Ok(0) if matches!(self.framing, Framing::UntilClose) => {
                self.framing = Framing::Ended;
                self.lease = None;
                Ok(())
            }
            Ok(0) => Err(Error::lost("the server closed the connection in the middle of the body: try again", None)),
            Ok(_) => Ok(()),
            Err(cause) => Err(tls::lost("the connection broke in the middle of the body: try again", &cause)),
        }
    }

    /// The body is over: its connection is the next one's, if it can go on.
    fn end(&mut self) {
        self.framing = Framing::Ended;
        let reusable = |lease: &Lease| self.keeps_alive && lease.connection.unused().is_empty();
        if let Some(lease) = self.lease.take().filter(reusable) {
            lease.give_back();
        }
    }

    fn settled(mut self) -> Self {
        if matches!(self.framing, Framing::Ended) {
            self.end();
        }
        self
    }

    /// Reads what little may be left, so that the connection can go on; more than a little is not worth it.
    pub(crate) async fn discard(mut self) {
        let (most, patience) = DISCARDED;
        let is_worth_it = match self.framing {
            Framing::Length(length) => length <= most as u64,
            Framing::Chunked(_) => true,
            Framing::UntilClose | Framing::Ended => false,
        };
        if !self.keeps_alive || !is_worth_it {
            return;
        }
        let read = async {
            let mut read = 0;
            while let Ok(Some(chunk)) = self.chunk().await {
                read += chunk.len();
                if read > most {
                    break;
                }
            }
        };
        // Too slow is as good as too long: dropped, the connection closes.
        let _ = tokio::time::timeout(patience, read).await;
    }
}
