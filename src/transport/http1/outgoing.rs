//! A request in the form that goes on the wire.

use http::Method;
use ureq_proto::client::state::SendRequest;
use ureq_proto::client::{Call, header_raw};

use super::refused;
use crate::error::Error;
use crate::message::{Body, Request};

/// A head larger than this is refused before it is sent.
const LARGEST_HEAD: usize = 1 << 20;

pub(crate) struct Outgoing {
    pub(super) head: http::Request<()>,
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

    pub(super) fn call(&self) -> Result<Call<SendRequest>, Error> {
        let mut call = Call::new(self.head.clone()).map_err(|cause| refused(&cause.to_string()))?;
        call.allow_non_standard_methods(true);
        if self.body.len() > 0 {
            call.force_send_body();
        }
        Ok(call.proceed())
    }

    pub(super) fn body(&self) -> &[u8] {
        self.body.bytes().map_or(&[], |bytes| bytes)
    }
}

/// The head, as bytes.
pub(super) fn write_head(call: &mut Call<SendRequest>) -> Result<Vec<u8>, Error> {
    let mut output = vec![0; 1 << 10];
    let mut used = 0;
    while !call.can_proceed() {
        match call.write(&mut output[used..]) {
            Ok(written) => used += written,
            Err(ureq_proto::Error::OutputOverflow) if output.len() < LARGEST_HEAD => {
                output.resize(output.len() * 2, 0);
            }
            Err(cause) => return Err(refused(&cause.to_string())),
        }
    }
    output.truncate(used);
    Ok(output)
}
