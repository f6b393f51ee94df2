//! A form as a body of parts (RFC 7578), whose files are read when they are sent.

use std::fmt::Write;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::Path;
use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::HeaderValue;

use super::body::{Body, Segment};
use super::{Invalid, Text};

#[derive(Clone)]
pub(crate) struct MultipartForm {
    boundary: String,
    content_type: Text,
    segments: Vec<Segment>,
    /// Bytes that stand behind the last segment.
    open: BytesMut,
}

impl MultipartForm {
    pub(crate) fn new() -> Self {
        let boundary = boundary();
        let content_type = Text::from(format!("multipart/form-data; boundary={boundary}"));
        Self { boundary, content_type, segments: Vec::new(), open: BytesMut::new() }
    }

    pub(crate) fn content_type(&self) -> &Text {
        &self.content_type
    }

    pub(crate) fn add_field(&mut self, name: &str, value: &str) {
        self.begin(name, None, None);
        self.add(value.as_bytes());
    }

    pub(crate) fn add_bytes(
        &mut self,
        name: &str,
        filename: Option<&str>,
        content_type: Option<&str>,
        bytes: &[u8],
    ) -> Result<(), Invalid> {
        check(content_type)?;
        self.begin(name, filename, content_type);
        self.add(bytes);
        Ok(())
    }

    pub(crate) fn add_file(
        &mut self,
        name: &str,
        path: &str,
        filename: Option<&str>,
        content_type: Option<&str>,
    ) -> Result<(), Invalid> {
        check(content_type)?;
        let guessed = mime_guess::from_path(path).first_or_octet_stream();
        let of_path = Path::new(path).file_name().and_then(|name| name.to_str());
        self.begin(name, filename.or(of_path), content_type.or(Some(guessed.essence_str())));
        self.segments.push(Segment::Bytes(self.open.split().freeze()));
        self.segments.push(Segment::File(path.into()));
        self.add(b"");
        Ok(())
    }

    pub(crate) fn body(&self) -> Body {
        let end = format!("--{}--\r\n", self.boundary);
        let last = Bytes::from([&self.open, end.as_bytes()].concat());
        let segments = self.segments.iter().cloned().chain([Segment::Bytes(last)]);
        Body::Segments(Arc::from_iter(segments))
    }

    fn begin(&mut self, name: &str, filename: Option<&str>, content_type: Option<&str>) {
        let mut head = format!("--{}\r\nContent-Disposition: form-data; name=\"{}\"", self.boundary, quoted(name));
        // A String takes all that is written.
        let _ = filename.map(|filename| write!(head, "; filename=\"{}\"", quoted(filename)));
        let _ = content_type.map(|content_type| write!(head, "\r\nContent-Type: {content_type}"));
        head.push_str("\r\n\r\n");
        self.open.extend_from_slice(head.as_bytes());
    }

    fn add(&mut self, content: &[u8]) {
        self.open.extend_from_slice(content);
        self.open.extend_from_slice(b"\r\n");
    }
}

/// As browsers do it: what would end the quotes or the line is percent-encoded, and all else is as it is.
fn quoted(name: &str) -> String {
    name.replace('"', "%22").replace('\r', "%0D").replace('\n', "%0A")
}

fn check(content_type: Option<&str>) -> Result<(), Invalid> {
    content_type.map_or(Ok(()), |value| HeaderValue::from_str(value).map(drop).map_err(|_| Invalid))
}

/// So much chance that it stands in no part.
fn boundary() -> String {
    let chance = || RandomState::new().build_hasher().finish();
    format!("urlsession-{:016x}{:016x}", chance(), chance())
}
