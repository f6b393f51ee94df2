//! Where a body ends (RFC 9112, 6.3), and whether the connection can go on after it.

use http::header::{CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, Response, Version};
use ureq_proto::BodyMode;

use super::chunked::{Chunked, Step};
use super::connection::Connection;
use crate::error::{Code, Error};

pub(super) enum Framing {
    /// So many bytes are left.
    Length(u64),
    Chunked(Chunked),
    UntilClose,
    Ended,
}

impl Framing {
    pub(super) fn new(mode: Option<BodyMode>, most_trailers: usize) -> Self {
        match mode {
            None | Some(BodyMode::NoBody | BodyMode::LengthDelimited(0)) => Self::Ended,
            Some(BodyMode::LengthDelimited(length)) => Self::Length(length),
            Some(BodyMode::Chunked) => Self::Chunked(Chunked::new(most_trailers)),
            Some(BodyMode::CloseDelimited) => Self::UntilClose,
        }
    }

    /// Uses up what frames the data; the caller takes the data itself.
    pub(super) fn step(&mut self, connection: &mut Connection) -> Result<Step, Error> {
        let here = connection.unused().len();
        match self {
            Self::Ended => Ok(Step::End),
            Self::Chunked(chunked) => chunked.step(connection),
            Self::UntilClose | Self::Length(_) if here == 0 => Ok(Step::NeedMore),
            Self::UntilClose => Ok(Step::Data(here)),
            Self::Length(left) => {
                let taken = here.min(usize::try_from(*left).unwrap_or(usize::MAX));
                *left -= taken as u64;
                if *left == 0 {
                    *self = Self::Ended;
                }
                Ok(Step::Data(taken))
            }
        }
    }
}

/// What would let two readers see two different messages is refused, and so are codings nobody asked for.
pub(super) fn check(head: &Response<()>) -> Result<(), Error> {
    let headers = head.headers();
    if !headers.contains_key(TRANSFER_ENCODING) {
        return Ok(());
    }
    if headers.contains_key(CONTENT_LENGTH) {
        let message = "the response has both a Content-Length and a Transfer-Encoding: the server is at fault, or an \
                       attacker in between";
        return Err(Error::new(Code::CANNOT_PARSE_RESPONSE, message));
    }
    let is_chunked = tokens(headers, TRANSFER_ENCODING).map(|coding| coding.eq_ignore_ascii_case("chunked"));
    if !is_chunked.eq([true]) || head.version() == Version::HTTP_10 {
        let message = "the response has a transfer coding that was not asked for: only chunked can be decoded";
        return Err(Error::new(Code::CANNOT_DECODE_RAW_DATA, message));
    }
    Ok(())
}

/// RFC 9112, 9.3.
pub(super) fn keeps_alive(headers: &HeaderMap, version: Version) -> bool {
    let mut persists = version != Version::HTTP_10;
    for token in tokens(headers, CONNECTION) {
        if token.eq_ignore_ascii_case("close") {
            return false;
        }
        persists |= token.eq_ignore_ascii_case("keep-alive");
    }
    persists
}

/// The comma-separated elements of a field.
fn tokens(headers: &HeaderMap, name: http::HeaderName) -> impl Iterator<Item = &str> {
    // What is not even text is an element that nothing knows.
    let values = headers.get_all(name).into_iter().map(|value| value.to_str().unwrap_or_default());
    values.flat_map(|value| value.split(',')).map(str::trim)
}
