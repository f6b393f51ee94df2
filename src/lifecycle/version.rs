//! Which version of a resource a download has: what the server tells it by, and whether other bytes are of the same.

use http::header::{ACCEPT_RANGES, CONTENT_ENCODING, CONTENT_RANGE, DATE, ETAG, LAST_MODIFIED};
use http::{HeaderMap, HeaderName, Method, StatusCode};

use crate::message::{Request, Response};
use crate::task::{ResumeData, Task, Validator};

/// What has to be the same for the bytes that are here to be part of the whole.
#[derive(Clone)]
pub(super) struct Version {
    pub(super) validator: Validator,
    pub(super) length: Option<u64>,
}

impl Version {
    /// None where the download could not go on. `is_partial`: the library asked for a part, not the application.
    pub(super) fn of(task: &Task, is_partial: bool, response: &Response) -> Option<Self> {
        let headers = response.headers();
        let refuses_parts = field(headers, ACCEPT_RANGES).is_some_and(|unit| unit.trim().eq_ignore_ascii_case("none"));
        let is_whole = response.status() == StatusCode::OK && !headers.contains_key(CONTENT_ENCODING);
        let (original, current) = (task.original_request(), task.current_request());
        let is_get = |request: &Request| *request.method() == Method::GET;
        let has_own_range = !is_partial && current.headers().contains("range");
        let is_plain = is_get(original) && is_get(&current) && !has_own_range;
        if refuses_parts || !is_whole || !is_plain {
            return None;
        }
        let validator = entity_tag(headers).or_else(|| last_modified(headers))?;
        Some(Self { validator, length: u64::try_from(response.expected_content_length()).ok() })
    }

    pub(super) fn of_paused(paused: ResumeData) -> Self {
        Self { validator: paused.validator, length: paused.length }
    }

    /// Whether a partial response has the bytes that follow the first `offset`, to the end.
    pub(super) fn goes_on(&self, offset: u64, response: &Response) -> bool {
        let headers = response.headers();
        let Some(range) = ContentRange::of(headers) else { return false };
        let is_to_the_end = range.length.or(self.length) == Some(range.end);
        let is_as_long = self.length.is_none_or(|mine| range.length.is_none_or(|length| length == mine));
        let says_the_same = match &self.validator {
            Validator::EntityTag(tag) => field(headers, ETAG).is_none_or(|other| other == tag),
            Validator::LastModified(date) => field(headers, LAST_MODIFIED).is_none_or(|other| other == date),
        };
        let length = response.expected_content_length();
        let is_framed = length < 0 || u64::try_from(length) == Ok(range.end - range.first);
        let is_coded = headers.contains_key(CONTENT_ENCODING);
        range.first == offset && is_to_the_end && is_as_long && says_the_same && is_framed && !is_coded
    }

    /// What such a response says about the whole.
    pub(super) fn learn(&mut self, response: &Response) {
        let range = ContentRange::of(response.headers());
        self.length = self.length.or_else(|| range?.length);
    }
}

/// RFC 9110, 8.8.3: a strong one.
fn entity_tag(headers: &HeaderMap) -> Option<Validator> {
    // Which of two it is nobody knows.
    headers.get_all(ETAG).iter().nth(1).map_or(Some(()), |_| None)?;
    let tag = field(headers, ETAG)?.trim();
    let is_strong = tag.len() >= 2 && tag.starts_with('"') && tag.ends_with('"');
    is_strong.then(|| Validator::EntityTag(tag.to_owned()))
}

/// RFC 9110, 8.8.2.2: strong only if nothing could have changed within the second that it names.
fn last_modified(headers: &HeaderMap) -> Option<Validator> {
    let date = field(headers, LAST_MODIFIED)?.trim();
    let modified = httpdate::parse_http_date(date).ok()?;
    // RFC 9110, 6.6.1: a response without a date is from when it came.
    let now = match field(headers, DATE) {
        Some(date) => httpdate::parse_http_date(date.trim()).ok()?,
        None => std::time::SystemTime::now(),
    };
    let age = now.duration_since(modified).ok()?;
    (age.as_secs() >= 1).then(|| Validator::LastModified(date.to_owned()))
}

fn field(headers: &HeaderMap, name: HeaderName) -> Option<&str> {
    headers.get(name)?.to_str().ok()
}

/// RFC 9110, 14.4.
struct ContentRange {
    first: u64,
    /// Behind the last.
    end: u64,
    length: Option<u64>,
}

impl ContentRange {
    fn of(headers: &HeaderMap) -> Option<Self> {
        let (unit, range) = field(headers, CONTENT_RANGE)?.trim().split_once(' ')?;
        let (range, length) = range.trim().split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let length = if length == "*" { None } else { Some(number(length)?) };
        let range = Self { first: number(first)?, end: number(last)?.checked_add(1)?, length };
        let is_sound = range.first < range.end && range.length.is_none_or(|length| range.end <= length);
        (unit.eq_ignore_ascii_case("bytes") && is_sound).then_some(range)
    }
}

fn number(digits: &str) -> Option<u64> {
    digits.bytes().all(|digit| digit.is_ascii_digit()).then(|| digits.parse().ok())?
}
