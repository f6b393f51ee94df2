//! What to ask for.

use ::url::Url;
use bytes::Bytes;

use super::{Headers, Interval, Invalid, Location, Text};
use crate::error::Error;

/// The bytes that go out after the head.
#[derive(Clone, Default, Debug)]
pub(crate) struct Body(Option<Bytes>);

impl Body {
    pub(crate) fn copy(bytes: &[u8]) -> Self {
        Self((!bytes.is_empty()).then(|| Bytes::copy_from_slice(bytes)))
    }

    pub(crate) fn bytes(&self) -> Option<&Bytes> {
        self.0.as_ref()
    }

    pub(crate) fn len(&self) -> usize {
        self.0.as_ref().map_or(0, Bytes::len)
    }
}

#[derive(Clone, Debug)]
pub struct Request {
    location: Location,
    method: http::Method,
    method_text: Text,
    headers: Headers,
    body: Body,
    timeout: Interval,
    resource_timeout: Interval,
    maximum_redirects: Option<u32>,
}

impl Request {
    pub(crate) const MOST_REDIRECTS: u32 = 1000;

    pub(crate) fn new(url: &str) -> Self {
        Self {
            location: Location::new(url),
            method: http::Method::GET,
            method_text: Text::from_static("GET\0"),
            headers: Headers::default(),
            body: Body::default(),
            timeout: Interval::Inherit,
            resource_timeout: Interval::Inherit,
            maximum_redirects: None,
        }
    }

    pub(crate) fn set_url(&mut self, url: &str) {
        self.location = Location::new(url);
    }

    pub(crate) fn set_location(&mut self, location: Location) {
        self.location = location;
    }

    pub(crate) fn location(&self) -> &Location {
        &self.location
    }

    pub(crate) fn url_text(&self) -> &Text {
        self.location.text()
    }

    pub(crate) fn url(&self) -> Result<&Url, Error> {
        self.location.usable()
    }

    pub(crate) fn set_method(&mut self, method: &str) -> Result<(), Invalid> {
        let capitals = method.to_ascii_uppercase();
        let known = ["GET", "HEAD", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"];
        let method = if known.contains(&capitals.as_str()) { &capitals } else { method };
        let parsed = http::Method::from_bytes(method.as_bytes()).map_err(|_| Invalid)?;
        if capitals == "CONNECT" {
            return Err(Invalid);
        }
        self.method_text = Text::new(parsed.as_str());
        self.method = parsed;
        Ok(())
    }

    pub(crate) fn become_get(&mut self) {
        self.method = http::Method::GET;
        self.method_text = Text::from_static("GET\0");
    }

    pub(crate) fn method(&self) -> &http::Method {
        &self.method
    }

    pub(crate) fn method_text(&self) -> &Text {
        &self.method_text
    }

    pub(crate) fn headers(&self) -> &Headers {
        &self.headers
    }

    pub(crate) fn headers_mut(&mut self) -> &mut Headers {
        &mut self.headers
    }

    pub(crate) fn set_body(&mut self, body: Body) {
        self.body = body;
    }

    pub(crate) fn body(&self) -> &Body {
        &self.body
    }

    pub(crate) fn set_timeout(&mut self, timeout: Interval) {
        self.timeout = timeout;
    }

    pub(crate) fn timeout(&self) -> Interval {
        self.timeout
    }

    pub(crate) fn set_resource_timeout(&mut self, timeout: Interval) {
        self.resource_timeout = timeout;
    }

    pub(crate) fn resource_timeout(&self) -> Interval {
        self.resource_timeout
    }

    pub(crate) fn set_maximum_redirects(&mut self, redirects: Option<u32>) -> Result<(), Invalid> {
        if redirects.is_some_and(|redirects| redirects > Self::MOST_REDIRECTS) {
            return Err(Invalid);
        }
        self.maximum_redirects = redirects;
        Ok(())
    }

    pub(crate) fn maximum_redirects(&self) -> Option<u32> {
        self.maximum_redirects
    }

    /// Whether sending it twice is as good as once (RFC 9110, 9.2.2).
    pub(crate) fn is_idempotent(&self) -> bool {
        use http::Method;
        let idempotent = [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS, Method::TRACE];
        idempotent.contains(&self.method)
    }
}
