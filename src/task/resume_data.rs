//! What a paused download needs to go on, in this process or another. Lines of text, told in CONTRIBUTING.md; nothing
//! secret is in it.

use std::fmt::Write;
use std::sync::Arc;

use flate2::Crc;
use http::Method;
use url::Url;

use crate::message::{Data, Invalid, Request, is_same_origin};

const MAGIC: &str = "liburlsession resume data ";
const VERSION: &str = "1";
/// More is none of ours.
const MOST_BYTES: usize = 1 << 20;

/// What tells one version of a resource from another (RFC 9110, 8.8).
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Validator {
    /// A strong one, with its quotes.
    EntityTag(String),
    /// As the server wrote it.
    LastModified(String),
}

impl Validator {
    pub(crate) fn as_str(&self) -> &str {
        match self {
            Self::EntityTag(value) | Self::LastModified(value) => value,
        }
    }
}

#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct ResumeData {
    pub(crate) url: String,
    /// Its name in the download directory.
    pub(crate) file: String,
    pub(crate) offset: u64,
    pub(crate) length: Option<u64>,
    pub(crate) validator: Validator,
    /// Checksum of the file's last bytes before the offset.
    pub(crate) tail: u32,
    /// Of the request, those that choose a representation.
    pub(crate) headers: Vec<(String, String)>,
}

impl ResumeData {
    pub(crate) fn to_data(&self) -> Arc<Data> {
        let mut text = format!("{MAGIC}{VERSION}\nurl: {}\nfile: {}\noffset: {}\n", self.url, self.file, self.offset);
        // A String takes all that is written.
        let _ = match self.length {
            Some(length) => writeln!(text, "length: {length}"),
            None => writeln!(text, "length: -1"),
        };
        let _ = match &self.validator {
            Validator::EntityTag(tag) => writeln!(text, "etag: {tag}"),
            Validator::LastModified(date) => writeln!(text, "last-modified: {date}"),
        };
        let _ = writeln!(text, "tail: {:08x}", self.tail);
        for (name, value) in &self.headers {
            let _ = writeln!(text, "header {name}: {value}");
        }
        let _ = writeln!(text, "checksum: {:08x}", checksum(text.as_bytes()));
        Data::copy(text.as_bytes())
    }

    /// What a task that goes on asks for, but for the part.
    pub(crate) fn request(&self) -> Result<Request, Invalid> {
        let mut request = Request::new(&self.url);
        for (name, value) in &self.headers {
            request.headers_mut().set(name, value.as_bytes())?;
        }
        Ok(request)
    }

    /// Whether the request may stand in for that: the same resource, as far as can be seen.
    pub(crate) fn check(&self, request: &Request) -> Result<(), Invalid> {
        let (Ok(mine), Ok(other)) = (Url::parse(&self.url), request.url()) else { return Err(Invalid) };
        let is_same = is_same_origin(&mine, other) && mine.path() == other.path() && *request.method() == Method::GET;
        is_same.then_some(()).ok_or(Invalid)
    }

    /// Takes nothing that it did not write itself.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, Invalid> {
        if bytes.len() > MOST_BYTES {
            return Err(Invalid);
        }
        let text = std::str::from_utf8(bytes).map_err(|_| Invalid)?;
        let parsed = Self::from_text(text).ok_or(Invalid)?;
        if parsed.to_data().bytes() == bytes { Ok(parsed) } else { Err(Invalid) }
    }

    fn from_text(text: &str) -> Option<Self> {
        let mut lines = text.lines().peekable();
        let mut value = |key: &str| lines.next()?.strip_prefix(key);
        if value(MAGIC)? != VERSION {
            return None;
        }
        let (url, file) = (value("url: ")?.to_owned(), value("file: ")?.to_owned());
        let offset = value("offset: ")?.parse().ok()?;
        let length = match value("length: ")? {
            "-1" => None,
            known => Some(known.parse().ok()?),
        };
        let validator = lines.next()?;
        let validator = match validator.strip_prefix("etag: ") {
            Some(tag) => Validator::EntityTag(tag.to_owned()),
            None => Validator::LastModified(validator.strip_prefix("last-modified: ")?.to_owned()),
        };
        let tail = u32::from_str_radix(lines.next()?.strip_prefix("tail: ")?, 16).ok()?;
        let mut headers = Vec::new();
        while let Some(header) = lines.next_if(|line| line.starts_with("header ")) {
            let (name, value) = header.strip_prefix("header ")?.split_once(": ")?;
            headers.push((name.to_owned(), value.to_owned()));
        }
        lines.next()?.strip_prefix("checksum: ")?;
        Some(Self { url, file, offset, length, validator, tail, headers })
    }
}

/// CRC-32, of these data and of the file that they are about.
pub(crate) fn checksum(bytes: &[u8]) -> u32 {
    let mut checksum = Crc::new();
    checksum.update(bytes);
    checksum.sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn example() -> ResumeData {
        ResumeData {
            url: "https://example.com/file?part=1".to_owned(),
            file: "urlsession-abc.download".to_owned(),
            offset: 12345,
            length: Some(99999),
            validator: Validator::EntityTag("\"v1\"".to_owned()),
            tail: 0xdead_beef,
            headers: vec![("accept".to_owned(), "text/plain".to_owned())],
        }
    }

    #[test]
    fn a067_what_was_written_is_read() {
        let dated = Validator::LastModified("Sun, 06 Nov 1994 08:49:37 GMT".to_owned());
        let unknown = ResumeData { length: None, validator: dated, headers: Vec::new(), ..example() };
        for resume_data in [example(), unknown] {
            assert_eq!(ResumeData::parse(resume_data.to_data().bytes()).unwrap(), resume_data);
        }
    }

    #[test]
    fn a067_nothing_else_is() {
        let good = example().to_data();
        for at in 0..good.bytes().len() {
            assert!(ResumeData::parse(&good.bytes()[..at]).is_err(), "cut at {at}");
            for bit in 0..8 {
                let mut flipped = good.bytes().to_vec();
                flipped[at] ^= 1 << bit;
                assert!(ResumeData::parse(&flipped).is_err(), "bit {bit} of byte {at}");
            }
        }
        assert!(ResumeData::parse(&[good.bytes(), b"\n"].concat()).is_err());
    }
}
