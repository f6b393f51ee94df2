//! What to ask for.

use std::sync::Arc;

use ::url::Url;

use super::{Body, CookiePair, Headers, Interval, Invalid, Location, MultipartForm, Text, Way};
use crate::challenge::Credential;
use crate::error::Error;

/// As whom a request goes.
#[derive(Clone, Debug, Default)]
pub(crate) enum RequestCredential {
    /// Whatever the session, the URL or a storage says.
    #[default]
    Inherit,
    Nobody,
    This(Arc<Credential>),
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
    credential: RequestCredential,
    declared_length: Option<u64>,
    /// A server did not understand that its body waited.
    never_expects: bool,
    /// Whether the session's cookies go with it, and its answers set some.
    handles_cookies: bool,
    /// Of its own: they go with it and are stored nowhere.
    cookies: Vec<CookiePair>,
    main_document: Option<Box<Location>>,
    /// None is what the session has for the URL.
    way: Option<Way>,
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
            credential: RequestCredential::Inherit,
            declared_length: None,
            never_expects: false,
            handles_cookies: true,
            cookies: Vec::new(),
            main_document: None,
            way: None,
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

    /// Gives the body that it had.
    pub(crate) fn replace_body(&mut self, body: Body) -> Body {
        std::mem::replace(&mut self.body, body)
    }

    pub(crate) fn body(&self) -> &Body {
        &self.body
    }

    /// A form is posted, unless another method was set.
    pub(crate) fn set_multipart_form(&mut self, form: &MultipartForm) -> Result<(), Invalid> {
        self.headers.set("Content-Type", form.content_type().as_bytes())?;
        if self.method == http::Method::GET {
            self.method = http::Method::POST;
            self.method_text = Text::from_static("POST\0");
        }
        self.body = form.body();
        Ok(())
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

    pub(crate) fn set_credential(&mut self, credential: RequestCredential) {
        self.credential = credential;
    }

    pub(crate) fn credential(&self) -> &RequestCredential {
        &self.credential
    }

    pub(crate) fn set_way(&mut self, way: Option<Way>) {
        self.way = way;
    }

    pub(crate) fn way(&self) -> Option<&Way> {
        self.way.as_ref()
    }

    /// It was for another origin; nobody stays nobody.
    pub(crate) fn drop_credential(&mut self) {
        if let RequestCredential::This(_) = self.credential {
            self.credential = RequestCredential::Inherit;
        }
    }

    /// The length that the application says its stream has.
    pub(crate) fn declared_length(&self) -> Option<u64> {
        self.declared_length
    }

    /// Takes the Content-Length for what the application says; the true one is written when the body is.
    pub(crate) fn declare_length(&mut self) {
        if !self.headers.contains("content-length") {
            return;
        }
        self.declared_length = self.headers.joined("content-length").and_then(|length| length.as_str().parse().ok());
        self.headers.drop_field("content-length");
    }

    /// Whether the library may let the body wait for the server by itself.
    pub(crate) fn may_expect(&self) -> bool {
        !self.never_expects && !self.headers.contains("expect")
    }

    /// The body goes out with the head from here on.
    pub(crate) fn never_expect(&mut self) {
        self.headers.drop_field("expect");
        self.never_expects = true;
    }

    pub(crate) fn set_handles_cookies(&mut self, handles_cookies: bool) {
        self.handles_cookies = handles_cookies;
    }

    pub(crate) fn handles_cookies(&self) -> bool {
        self.handles_cookies
    }

    /// In place of the one with that name; none takes it away.
    pub(crate) fn set_cookie(&mut self, name: &str, value: Option<&str>) -> Result<(), Invalid> {
        let cookie = value.map(|value| CookiePair::new(name.as_bytes(), value.as_bytes())).transpose()?;
        self.cookies.retain(|cookie| cookie.name().as_str() != name);
        self.cookies.extend(cookie);
        Ok(())
    }

    pub(crate) fn cookies(&self) -> &[CookiePair] {
        &self.cookies
    }

    /// They stay with the origin they were meant for.
    pub(crate) fn drop_cookies(&mut self) {
        self.cookies.clear();
    }

    /// None: the request is itself the main document's.
    pub(crate) fn set_main_document(&mut self, url: Option<&str>) -> Result<(), Invalid> {
        let location = url.map(|url| Box::new(Location::new(url)));
        if location.as_ref().is_some_and(|location| location.usable().is_err()) {
            return Err(Invalid);
        }
        self.main_document = location;
        Ok(())
    }

    pub(crate) fn main_document(&self) -> Option<&Location> {
        self.main_document.as_deref()
    }

    /// Whether sending it twice is as good as once (RFC 9110, 9.2.2).
    pub(crate) fn is_idempotent(&self) -> bool {
        use http::Method;
        let idempotent = [Method::GET, Method::HEAD, Method::PUT, Method::DELETE, Method::OPTIONS, Method::TRACE];
        idempotent.contains(&self.method)
    }
}
