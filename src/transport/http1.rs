//! One exchange of HTTP/1.1: the request out, the answer in, through ureq-proto's state machine.

use std::future::poll_fn;
use std::io;
use std::sync::Arc;
use std::task::{Poll, ready};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Response};
use ureq_proto::client::state::{RecvResponse, SendBody};
use ureq_proto::client::{Await100Result, Call, RecvResponseResult, SendRequestResult, header_raw};

use super::chunked::Step;
use super::connection::Connection;
use super::framing::{self, Framing};
use super::pool::Lease;
use super::{Meter, Settings, tls};
use crate::error::{Code, Error};
use crate::message::{Body, Request};

/// A body up to this size goes out with its head, in one write.
const SENT_TOGETHER: usize = 16 << 10;
/// A head larger than this is refused before it is sent.
const LARGEST_REQUEST_HEAD: usize = 1 << 20;
/// How long a server may take to say 100 before the body goes out without it (RFC 9110, 10.1.1).
const CONTINUE_WAIT: Duration = Duration::from_secs(1);
/// Interim answers before the final one.
const MOST_INTERIM: usize = 32;
/// What is read of a body nobody wants, to keep its connection.
const DISCARDED: (usize, Duration) = (64 << 10, Duration::from_millis(250));

/// A request in the form that goes on the wire.
pub(crate) struct Outgoing {
    head: http::Request<()>,
    body: Body,
}

impl Outgoing {
    pub(crate) fn new(request: &Request) -> Result<Self, Error> {
        let url = request.url()?;
        let path = &url[url::Position::BeforePath..url::Position::AfterQuery];
        let authority = &url[url::Position::BeforeHost..url::Position::AfterPort];
        let uri = http::Uri::builder().scheme(url.scheme()).authority(authority).path_and_query(path).build();
        let uri = uri.map_err(|cause| refused(&cause.to_string()))?;
        let mut builder = http::Request::builder().method(request.method().clone()).uri(uri);
        if !request.headers().contains("Host") {
            builder = header_raw(builder, "Host", authority.as_bytes());
        }
        for field in request.headers().iter() {
            builder = header_raw(builder, field.name().as_str(), field.value().as_bytes());
        }
        let length = request.body().len();
        let promises_body = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
        if length > 0 || promises_body {
            builder = header_raw(builder, "Content-Length", length.to_string().as_bytes());
        }
        let head = builder.body(()).map_err(|cause| refused(&cause.to_string()))?;
        Ok(Self { head, body: request.body().clone() })
    }

    fn body(&self) -> &[u8] {
        self.body.bytes().map_or(&[], |bytes| bytes)
    }
}

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
        self.was_reused && !self.has_read && (is_idempotent || !self.has_sent)
    }
}

/// An answer whose head is here and whose body may still come.
pub(crate) struct Exchange {
    lease: Option<Lease>,
    meter: Arc<dyn Meter>,
    head: Option<(Response<()>, Bytes)>,
    framing: Framing,
    keeps_alive: bool,
}

pub(super) async fn exchange(
    mut lease: Lease,
    outgoing: &Outgoing,
    meter: Arc<dyn Meter>,
    settings: &Settings,
) -> Result<Exchange, Broken> {
    let was_reused = lease.connection.is_reused;
    let mut talk = Talk { connection: &mut lease.connection, meter: &*meter, has_sent: false, has_read: false };
    match talk.through(outgoing, settings).await {
        Ok(answer) => Ok(Exchange {
            keeps_alive: answer.keeps_alive,
            framing: answer.framing,
            head: Some((answer.head, answer.raw)),
            lease: Some(lease),
            meter,
        }
        .settled()),
        Err(error) => Err(Broken { error, was_reused, has_sent: talk.has_sent, has_read: talk.has_read }),
    }
}

struct Answer {
    head: Response<()>,
    raw: Bytes,
    framing: Framing,
    keeps_alive: bool,
}

/// The part of an exchange up to the head of the answer.
struct Talk<'a> {
    connection: &'a mut Connection,
    meter: &'a dyn Meter,
    has_sent: bool,
    has_read: bool,
}

impl Talk<'_> {
    async fn through(&mut self, outgoing: &Outgoing, settings: &Settings) -> Result<Answer, Error> {
        let (mut call, was_sent_whole) = self.send(outgoing, settings).await?;
        let raw = self.read_head(settings).await?;
        let (_, head) = call.try_response(&raw, false).map_err(|cause| malformed(&cause.to_string()))?;
        let head = head.ok_or_else(|| malformed("it ends too early"))?;
        if head.headers().len() > settings.header_count as usize {
            return Err(malformed("it has more fields than this session allows"));
        }
        framing::check(&head)?;
        let mode = match call.proceed() {
            Some(RecvResponseResult::RecvBody(call)) => Some(call.body_mode()),
            _ => None,
        };
        let asked_to_close = !framing::keeps_alive(outgoing.head.headers(), outgoing.head.version());
        let is_upgrade = head.status() == http::StatusCode::SWITCHING_PROTOCOLS;
        let keeps_alive = framing::keeps_alive(head.headers(), head.version());
        let framing = Framing::new(mode, settings.header_size as usize);
        Ok(Answer { head, raw, framing, keeps_alive: keeps_alive && was_sent_whole && !asked_to_close && !is_upgrade })
    }

    /// The head, and as much of the body as the server wants to hear.
    async fn send(&mut self, outgoing: &Outgoing, settings: &Settings) -> Result<(Call<RecvResponse>, bool), Error> {
        let body = outgoing.body();
        let mut call = Call::new(outgoing.head.clone()).map_err(|cause| refused(&cause.to_string()))?;
        call.allow_non_standard_methods(true);
        if !body.is_empty() {
            call.force_send_body();
        }
        let mut call = call.proceed();
        let mut output = write_head(&mut call)?;
        let proceeded = call.proceed().map_err(|cause| refused(&cause.to_string()))?;
        match proceeded.ok_or_else(|| refused("its head cannot be written"))? {
            SendRequestResult::RecvResponse(call) => {
                self.write(&output, 0).await?;
                Ok((call, true))
            }
            SendRequestResult::SendBody(call) => {
                let together = if body.len() <= SENT_TOGETHER { body.len() } else { 0 };
                output.extend_from_slice(&body[..together]);
                let sent = self.write(&output, together).await?;
                let sent = sent && self.write(&body[together..], body.len() - together).await?;
                Ok((all_sent(call, body.len())?, sent))
            }
            SendRequestResult::Await100(call) => {
                self.write(&output, 0).await?;
                let wanted = self.await_continue(settings.header_size as usize).await?;
                let sent = wanted && self.write(body, body.len()).await?;
                match call.proceed().map_err(|cause| refused(&cause.to_string()))? {
                    Await100Result::SendBody(call) => Ok((all_sent(call, body.len())?, sent)),
                    Await100Result::RecvResponse(call) => Ok((call, sent)),
                }
            }
        }
    }

    /// Writes, the last `body` bytes counted as body; false where the server answered before it had heard all.
    async fn write(&mut self, mut bytes: &[u8], body: usize) -> Result<bool, Error> {
        let head = bytes.len() - body;
        let whole = bytes.len();
        let listens = body > SENT_TOGETHER;
        let outcome = poll_fn(|context| {
            while !bytes.is_empty() {
                match self.connection.poll_write(context, bytes) {
                    Poll::Ready(Ok(written)) => {
                        let before = (whole - bytes.len()).max(head);
                        bytes = &bytes[written..];
                        let after = (whole - bytes.len()).max(head);
                        self.has_sent = true;
                        self.meter.moved();
                        if after > before {
                            self.meter.sent(after - before);
                        }
                    }
                    Poll::Ready(Err(cause)) => return Poll::Ready(Err(cause)),
                    Poll::Pending if !listens => return Poll::Pending,
                    Poll::Pending => {
                        let answered = ready!(self.connection.poll_fill(context))?;
                        self.has_read |= answered > 0;
                        return Poll::Ready(Ok(false));
                    }
                }
            }
            self.connection.poll_flush(context).map_ok(|()| true)
        })
        .await;
        match outcome {
            Ok(whole) => Ok(whole),
            // A server that has heard enough may hang up, with its answer on the way to us.
            Err(cause) if body > 0 && self.has_sent => {
                self.fill().await.map_or(Err(send_failed(&cause)), |_| Ok(false))
            }
            Err(cause) => Err(send_failed(&cause)),
        }
    }

    /// One read; an error at the end.
    async fn fill(&mut self) -> Result<(), Error> {
        let read = poll_fn(|context| self.connection.poll_fill(context)).await;
        match read {
            Ok(0) => Err(Error::lost("the server closed the connection instead of answering: try again", None)),
            Ok(_) => {
                self.has_read = true;
                self.meter.moved();
                Ok(())
            }
            Err(cause) => Err(tls::from_io(&cause)
                .unwrap_or_else(|| Error::lost("the connection broke before the answer: try again", Some(&cause)))),
        }
    }

    /// Whether the server wants the body: it says so, or says nothing for a while.
    async fn await_continue(&mut self, longest: usize) -> Result<bool, Error> {
        let answer = async {
            loop {
                match status(self.connection.unused())? {
                    None => self.fill().await?,
                    Some(100) => return Ok(true),
                    Some(102..=199) => {
                        let end = self.find_head_end(longest).await?;
                        self.connection.skip(end);
                    }
                    Some(_) => return Ok(false),
                }
            }
        };
        tokio::time::timeout(CONTINUE_WAIT, answer).await.unwrap_or(Ok(true))
    }

    /// The head of the final answer; interim ones are passed over.
    async fn read_head(&mut self, settings: &Settings) -> Result<Bytes, Error> {
        for _ in 0..=MOST_INTERIM {
            let end = self.find_head_end(settings.header_size as usize).await?;
            let is_interim = matches!(status(self.connection.unused())?, Some(100 | 102..=199));
            let raw = self.connection.take(end);
            if !is_interim {
                return Ok(raw);
            }
        }
        Err(malformed("it never becomes final: there are too many interim answers"))
    }

    /// Reads until the empty line that ends a head, and says where that is.
    async fn find_head_end(&mut self, longest: usize) -> Result<usize, Error> {
        let mut searched = 0;
        loop {
            let unused = self.connection.unused();
            if let Some(end) = head_end(unused, searched).filter(|&end| end <= longest) {
                return Ok(end);
            }
            if unused.len() > longest {
                return Err(malformed("it is larger than this session allows"));
            }
            status(unused)?;
            searched = unused.len().saturating_sub(3);
            self.fill().await?;
        }
    }
}

fn write_head(call: &mut Call<ureq_proto::client::state::SendRequest>) -> Result<Vec<u8>, Error> {
    let mut output = vec![0; 1 << 10];
    let mut used = 0;
    while !call.can_proceed() {
        match call.write(&mut output[used..]) {
            Ok(written) => used += written,
            Err(ureq_proto::Error::OutputOverflow) if output.len() < LARGEST_REQUEST_HEAD => {
                output.resize(output.len() * 2, 0);
            }
            Err(cause) => return Err(refused(&cause.to_string())),
        }
    }
    output.truncate(used);
    Ok(output)
}

/// Whatever was sent, there is no more to come.
fn all_sent(mut call: Call<SendBody>, length: usize) -> Result<Call<RecvResponse>, Error> {
    call.consume_direct_write(length).map_err(|cause| refused(&cause.to_string()))?;
    call.proceed().ok_or_else(|| refused("its body cannot be framed"))
}

/// The status code, as soon as it can be seen; an error as soon as it can be seen that this is not HTTP.
fn status(unused: &[u8]) -> Result<Option<u16>, Error> {
    const VERSION: &[u8] = b"HTTP/1.";
    let seen = unused.len().min(VERSION.len());
    if unused[..seen] != VERSION[..seen] {
        let message = "what answered does not speak HTTP/1: check the port and the scheme of the URL";
        return Err(Error::new(Code::BAD_SERVER_RESPONSE, message));
    }
    let digits = unused.get(9..12).and_then(|digits| std::str::from_utf8(digits).ok());
    Ok(digits.and_then(|digits| digits.parse().ok()))
}

/// Behind the first empty line; the search may skip what was searched before.
fn head_end(bytes: &[u8], from: usize) -> Option<usize> {
    let mut at = from;
    while let Some(found) = bytes[at..].iter().position(|&byte| byte == b'\n') {
        at += found + 1;
        match &bytes[at..] {
            [b'\n', ..] => return Some(at + 1),
            [b'\r', b'\n', ..] => return Some(at + 2),
            _ => {}
        }
    }
    None
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

    pub(crate) fn take_head(&mut self) -> (Response<()>, Bytes) {
        self.head.take().unwrap_or_default()
    }

    /// The next bytes of the body, none at its end.
    pub(crate) async fn chunk(&mut self) -> Result<Option<Bytes>, Error> {
        loop {
            let Some(lease) = &mut self.lease else { return Ok(None) };
            let connection = &mut lease.connection;
            let here = connection.unused().len();
            match &mut self.framing {
                Framing::Ended => return Ok(None),
                Framing::UntilClose if here > 0 => return Ok(Some(connection.take(here))),
                Framing::Length(left) if here > 0 => {
                    let taken = here.min(usize::try_from(*left).unwrap_or(usize::MAX));
                    *left -= taken as u64;
                    let chunk = connection.take(taken);
                    if *left == 0 {
                        self.end();
                    }
                    return Ok(Some(chunk));
                }
                Framing::Chunked(chunked) => match chunked.step(connection)? {
                    Step::Data(length) => return Ok(Some(connection.take(length))),
                    Step::End => {
                        self.end();
                        return Ok(None);
                    }
                    Step::NeedMore => {}
                },
                Framing::UntilClose | Framing::Length(_) => {}
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
            Err(cause) => Err(tls::from_io(&cause).unwrap_or_else(|| {
                Error::lost("the connection broke in the middle of the body: try again", Some(&cause))
            })),
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

fn refused(why: &str) -> Error {
    Error::new(Code::BAD_URL, format!("the request cannot be written ({why}): change its URL or its header fields"))
}

fn malformed(why: &str) -> Error {
    let message = format!("the head of the response cannot be read ({why}): the server is at fault");
    Error::new(Code::CANNOT_PARSE_RESPONSE, message)
}

fn send_failed(cause: &io::Error) -> Error {
    tls::from_io(cause)
        .unwrap_or_else(|| Error::lost("the connection broke while the request was sent: try again", Some(cause)))
}
