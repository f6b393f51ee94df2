//! A request in the form that goes on the wire.

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, HOST};
use http::request::Builder;
use http::{HeaderValue, Method};
use ureq_proto::client::state::{RecvResponse, SendBody, SendRequest};
use ureq_proto::client::{Await100Result, Call, SendRequestResult, header_raw};
use url::Position;

use super::refused;
use crate::error::Error;
use crate::message::{Field, Request};
use crate::transport::framing;

/// A head larger than this is refused before it is sent.
const LARGEST_HEAD: usize = 1 << 20;

/// A body up to this size goes out with its head, in one write.
const SENT_TOGETHER: usize = 16 << 10;

/// A request as bytes, and the state machine at the point where they all have been sent.
pub(crate) struct Outgoing {
    /// The head, and the body too if it is small.
    pub(super) first: Vec<u8>,
    /// How much of it is body.
    pub(super) first_body: usize,
    pub(super) rest: Bytes,
    /// The rest waits until the server wants it.
    pub(super) expects_continue: bool,
    /// The request lets the connection go on.
    pub(super) keeps_alive: bool,
    pub(super) call: Call<RecvResponse>,
}

impl Outgoing {
    pub(crate) fn new(request: &Request) -> Result<Self, Error> {
        let head = head(request)?;
        let keeps_alive = framing::keeps_alive(head.headers(), head.version());
        let body = request.body().bytes().cloned().unwrap_or_default();
        let mut call = Call::new(head).map_err(refuse)?;
        call.allow_non_standard_methods(true);
        if !body.is_empty() {
            call.force_send_body();
        }
        let mut call = call.proceed();
        let mut first = write_head(&mut call)?;
        let (call, expects_continue) = match call.proceed().map_err(refuse)? {
            Some(SendRequestResult::SendBody(call)) => (all_sent(call, body.len())?, false),
            Some(SendRequestResult::Await100(call)) => match call.proceed().map_err(refuse)? {
                Await100Result::SendBody(call) => (all_sent(call, body.len())?, true),
                Await100Result::RecvResponse(call) => (call, true),
            },
            Some(SendRequestResult::RecvResponse(call)) => (call, false),
            None => return Err(refused("its head cannot be written")),
        };
        let together = if body.len() <= SENT_TOGETHER && !expects_continue { body.len() } else { 0 };
        first.extend_from_slice(&body[..together]);
        Ok(Self { first, first_body: together, rest: body.slice(together..), expects_continue, keeps_alive, call })
    }
}

fn head(request: &Request) -> Result<http::Request<()>, Error> {
    let url = request.url()?;
    let path = &url[Position::BeforePath..Position::AfterQuery];
    let mut builder = http::Request::builder().method(request.method().clone()).uri(path);
    if !request.headers().contains(HOST.as_str()) {
        builder = builder.header(HOST, &url[Position::BeforeHost..Position::AfterPort]);
    }
    for field in request.headers().iter() {
        builder = with_field(builder, field);
    }
    let length = request.body().len();
    let promises_body = matches!(*request.method(), Method::POST | Method::PUT | Method::PATCH);
    if length > 0 || promises_body {
        builder = builder.header(CONTENT_LENGTH, length);
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

/// The state machine need not see the body go: all it wants to know is how long it is.
fn all_sent(mut call: Call<SendBody>, length: usize) -> Result<Call<RecvResponse>, Error> {
    call.consume_direct_write(length).map_err(refuse)?;
    call.proceed().ok_or_else(|| refused("its body cannot be framed"))
}

fn refuse(cause: ureq_proto::Error) -> Error {
    refused(&cause.to_string())
}
