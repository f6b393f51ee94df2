//! A request in the form that goes on the wire.

use std::ops::Range;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, EXPECT, HOST, PROXY_AUTHORIZATION, TRANSFER_ENCODING};
use http::request::Builder;
use http::{HeaderValue, Method};
use ureq_proto::client::state::{RecvResponse, SendBody, SendRequest};
use ureq_proto::client::{Await100Result, Call, SendRequestResult, header_raw};
use url::{Position, Url};

use super::refused;
use crate::error::Error;
use crate::message::{Field, Request};
use crate::transport::{ExtraField, Feed, OutgoingBody, Route, Settings, framing};

/// A head larger than this is refused before it is sent.
const LARGEST_HEAD: usize = 1 << 20;

/// A body up to this size goes out with its head, in one write.
pub(super) const SENT_TOGETHER: usize = 16 << 10;

/// A request as bytes, and the state machine at the point where they all have been sent.
pub(crate) struct Outgoing {
    /// The head, and the body's first bytes too if they are few.
    pub(super) first: Vec<u8>,
    /// What of it is body.
    pub(super) first_body: Range<usize>,
    pub(super) rest: Rest,
    /// The rest waits until the server wants it.
    pub(super) expects_continue: bool,
    /// The request lets the connection go on.
    pub(super) keeps_alive: bool,
    pub(super) call: Call<RecvResponse>,
}

/// What of the body does not go out with the head.
pub(super) struct Rest {
    pub(super) at_hand: Bytes,
    pub(super) feed: Option<Box<dyn Feed>>,
    pub(super) is_chunked: bool,
}

impl Rest {
    pub(super) fn is_nothing(&self) -> bool {
        self.at_hand.is_empty() && self.feed.is_none()
    }

    /// What goes out behind the last byte.
    pub(super) fn end(&self) -> &'static str {
        if self.is_chunked { "0\r\n\r\n" } else { "" }
    }
}

impl Outgoing {
    pub(crate) fn new(
        request: &Request,
        route: &Route,
        extra: &[ExtraField],
        body: OutgoingBody,
        settings: &Settings,
    ) -> Result<Self, Error> {
        let is_for_proxy = route.proxy_of_requests().is_some();
        let head = head(request, is_for_proxy, &body, settings)?;
        let keeps_alive = framing::keeps_alive(head.headers(), head.version());
        let is_chunked = body.length.is_none();
        let has_body = body.length != Some(0);
        let mut call = Call::new(head).map_err(refuse)?;
        call.allow_non_standard_methods(true);
        if has_body {
            call.force_send_body();
        }
        let mut call = call.proceed();
        let mut first = write_head(&mut call)?;
        write_extra(&mut first, request, extra);
        if is_for_proxy {
            make_absolute(&mut first, request.url()?);
        }
        let (call, expects_continue) = match call.proceed().map_err(refuse)? {
            Some(SendRequestResult::SendBody(call)) => (all_sent(call, body.length)?, false),
            Some(SendRequestResult::Await100(call)) => match call.proceed().map_err(refuse)? {
                Await100Result::SendBody(call) => (all_sent(call, body.length)?, true),
                Await100Result::RecvResponse(call) => (call, true),
            },
            Some(SendRequestResult::RecvResponse(call)) => (call, false),
            None => return Err(refused("its head cannot be written")),
        };
        let mut at_hand = body.first;
        let goes_together = !expects_continue && !is_chunked && at_hand.len() <= SENT_TOGETHER;
        let together = if goes_together { at_hand.split_to(at_hand.len()) } else { Bytes::new() };
        let first_body = first.len()..first.len() + together.len();
        first.extend_from_slice(&together);
        let rest = Rest { at_hand, feed: body.rest, is_chunked: is_chunked && has_body };
        Ok(Self { first, first_body, rest, expects_continue, keeps_alive, call })
    }
}

fn head(
    request: &Request,
    is_for_proxy: bool,
    body: &OutgoingBody,
    settings: &Settings,
) -> Result<http::Request<()>, Error> {
    let url = request.url()?;
    let path = &url[Position::BeforePath..Position::AfterQuery];
    let mut builder = http::Request::builder().method(request.method().clone()).uri(path);
    if !request.headers().contains(HOST.as_str()) {
        builder = builder.header(HOST, &url[Position::BeforeHost..Position::AfterPort]);
    }
    // A proxy that does not read the request has got it in front of the tunnel, and a server must never get it.
    for field in request.headers().iter().filter(|field| is_for_proxy || !field.is(PROXY_AUTHORIZATION.as_str())) {
        builder = with_field(builder, field);
    }
    let promises_body = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
    match body.length {
        Some(length) if length > 0 || promises_body => builder = builder.header(CONTENT_LENGTH, length),
        Some(_) => {}
        None => builder = builder.header(TRANSFER_ENCODING, "chunked"),
    }
    let is_long = body.length.is_none_or(|length| length > settings.expect_continue_above);
    if settings.expect_continue_above != u64::MAX && is_long && request.may_expect() {
        builder = builder.header(EXPECT, "100-continue");
    }
    builder.body(()).map_err(|cause| refused(&cause.to_string()))
}

/// In the case it was written in. Small letters need no memory of it, and cost nothing.
fn with_field(builder: Builder, field: &Field) -> Builder {
    let (name, value) = (field.name().as_str(), field.value());
    match HeaderValue::from_maybe_shared(value.shared()) {
        Ok(value) if !name.bytes().any(|byte| byte.is_ascii_uppercase()) => builder.header(name, value),
        _ => header_raw(builder, name, value.as_bytes()),
    }
}

fn write_head(call: &mut Call<SendRequest>) -> Result<Vec<u8>, Error> {
    let mut output = vec![0; 1 << 10];
    let mut used = 0;
    while !call.can_proceed() {
        match call.write(&mut output[used..]) {
            Ok(written) => used += written,
            Err(ureq_proto::Error::OutputOverflow) if output.len() < LARGEST_HEAD => {
                output.resize(output.len() * 2, 0);
            }
            Err(cause) => return Err(refuse(cause)),
        }
    }
    output.truncate(used);
    Ok(output)
}

/// Behind the request's own fields, before the empty line. ureq-proto would refuse a user or a realm beyond ASCII.
fn write_extra(head: &mut Vec<u8>, request: &Request, extra: &[ExtraField]) {
    let mut admitted = extra.iter().filter(|(name, _)| request.headers().admits(name.as_str())).peekable();
    if admitted.peek().is_none() {
        return;
    }
    head.truncate(head.len().saturating_sub(b"\r\n".len()));
    for (name, value) in admitted {
        for part in [name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"] {
            head.extend_from_slice(part);
        }
    }
    head.extend_from_slice(b"\r\n");
}

/// A proxy is told the whole URL (RFC 9112, 3.2.2), which ureq-proto does not write.
fn make_absolute(head: &mut Vec<u8>, url: &Url) {
    let behind_method = head.iter().position(|&byte| byte == b' ').map_or(0, |space| space + 1);
    let origin = format!("http://{}", &url[Position::BeforeHost..Position::AfterPort]);
    head.splice(behind_method..behind_method, origin.into_bytes());
}

/// The state machine need not see the body go: all it wants to know is how long it is, or that it has ended.
fn all_sent(mut call: Call<SendBody>, length: Option<u64>) -> Result<Call<RecvResponse>, Error> {
    match length {
        Some(mut left) => {
            while left > 0 {
                let step = usize::try_from(left).unwrap_or(usize::MAX);
                call.consume_direct_write(step).map_err(refuse)?;
                left -= step as u64;
            }
        }
        None => call.write(&[], &mut [0; 16]).map(drop).map_err(refuse)?,
    }
    call.proceed().ok_or_else(|| refused("its body cannot be framed"))
}

fn refuse(cause: ureq_proto::Error) -> Error {
    refused(&cause.to_string())
}
