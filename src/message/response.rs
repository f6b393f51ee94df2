//! The head of an answer. What only some applications ask for is worked out when they do.

use std::sync::{Arc, OnceLock};

use ::url::Url;
use bytes::Bytes;
use http::header::{CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE};
use parking_lot::Mutex;

use super::{Field, Text, content_type, filename};
use crate::identity::Identity;

/// What becomes of a response once its head is known. Apple's numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ResponseDisposition {
    Cancel = 0,
    Allow = 1,
    BecomeDownload = 2,
}

/// Of a head that is not the final one.
const MOST_FIELDS: usize = 128;

/// A field as it came: a value is bytes, in whatever encoding.
pub(crate) struct ReceivedField {
    name: Text,
    /// With a NUL behind, for C.
    value: Vec<u8>,
}

pub struct Response {
    pub(crate) identity: Identity,
    url: Url,
    url_text: Text,
    status: u16,
    headers: http::HeaderMap,
    /// The head as it came, which alone knows the fields' case and order.
    raw: Bytes,
    expected_content_length: i64,
    fields: OnceLock<Vec<ReceivedField>>,
    joined: Mutex<Vec<Field>>,
    mime_type: OnceLock<Option<Text>>,
    text_encoding_name: OnceLock<Option<Text>>,
    suggested_filename: OnceLock<Text>,
}

impl Response {
    pub(crate) fn new(url: Url, url_text: Text, head: http::Response<()>, raw: Bytes, body_length: i64) -> Arc<Self> {
        let (head, ()) = head.into_parts();
        let coded = head.headers.contains_key(CONTENT_ENCODING);
        Arc::new(Self {
            identity: Identity::next(),
            url,
            url_text,
            status: head.status.as_u16(),
            headers: head.headers,
            raw,
            expected_content_length: if coded { -1 } else { body_length },
            fields: OnceLock::new(),
            joined: Mutex::default(),
            mime_type: OnceLock::new(),
            text_encoding_name: OnceLock::new(),
            suggested_filename: OnceLock::new(),
        })
    }

    /// From a head alone, as it came; none where that cannot be read.
    pub(crate) fn from_head(url: Url, url_text: Text, raw: &[u8]) -> Option<Arc<Self>> {
        let mut fields = [httparse::EMPTY_HEADER; MOST_FIELDS];
        let mut head = httparse::Response::new(&mut fields);
        head.parse(raw).ok().filter(|parsed| parsed.is_complete())?;
        let mut response = http::Response::builder().status(head.code?);
        for field in &*head.headers {
            response = response.header(field.name, field.value);
        }
        let response = response.body(()).ok()?;
        let length = response.headers().get(CONTENT_LENGTH).and_then(|length| length.to_str().ok()?.parse().ok());
        let length = length.and_then(|length: u64| i64::try_from(length).ok()).unwrap_or(-1);
        Some(Self::new(url, url_text, response, Bytes::copy_from_slice(raw), length))
    }

    /// The response that a part of this one's body is, by the part's own fields.
    pub(crate) fn part(&self, fields: &[u8]) -> Option<Arc<Self>> {
        let raw = [format!("HTTP/1.1 {} \r\n", self.status).as_bytes(), fields].concat();
        Self::from_head(self.url.clone(), self.url_text.clone(), &raw)
    }

    /// Between the parts of a multipart body.
    pub(crate) fn multipart_boundary(&self) -> Option<String> {
        let boundary = content_type::parameter(self.text_of(CONTENT_TYPE)?.as_str(), "boundary")?;
        (!boundary.is_empty()).then_some(boundary)
    }

    pub(crate) fn url_text(&self) -> &Text {
        &self.url_text
    }

    pub(crate) fn status(&self) -> u16 {
        self.status
    }

    pub(crate) fn headers(&self) -> &http::HeaderMap {
        &self.headers
    }

    pub(crate) fn expected_content_length(&self) -> i64 {
        self.expected_content_length
    }

    pub(crate) fn mime_type(&self) -> Option<&Text> {
        let read = || content_type::essence(self.text_of(CONTENT_TYPE)?.as_str());
        self.mime_type.get_or_init(read).as_ref()
    }

    pub(crate) fn text_encoding_name(&self) -> Option<&Text> {
        let read = || content_type::charset(self.text_of(CONTENT_TYPE)?.as_str());
        self.text_encoding_name.get_or_init(read).as_ref()
    }

    pub(crate) fn suggested_filename(&self) -> &Text {
        self.suggested_filename.get_or_init(|| {
            let disposition = self.text_of(CONTENT_DISPOSITION);
            let disposition = disposition.as_ref().map(Text::as_str);
            Text::from(filename::suggested(&self.url, disposition, self.mime_type().map(Text::as_str)))
        })
    }

    /// Every field, in wire order and case.
    pub(crate) fn fields(&self) -> &[ReceivedField] {
        self.fields.get_or_init(|| {
            let mut fields = vec![httparse::EMPTY_HEADER; self.headers.len()];
            let mut head = httparse::Response::new(&mut fields);
            match head.parse(&self.raw) {
                Ok(_) => head.headers.iter().map(|field| ReceivedField::new(field.name, field.value)).collect(),
                // It was parsed once with success; if not twice, the map still has everything but case and order.
                Err(_) => {
                    let fields = self.headers.iter();
                    fields.map(|(name, value)| ReceivedField::new(name.as_str(), value.as_bytes())).collect()
                }
            }
        })
    }

    /// All values of a name as one; of Set-Cookie, which does not join, the first.
    pub(crate) fn joined(&self, name: &str) -> Option<Text> {
        let mut joined = self.joined.lock();
        if let Some(known) = joined.iter().find(|field| field.is(name)) {
            return Some(known.value().clone());
        }
        let mut values = self.headers.get_all(name).iter();
        let mut value = values.next()?.as_bytes().to_vec();
        if !SET_COOKIE.as_str().eq_ignore_ascii_case(name) {
            for more in values {
                value.extend_from_slice(b", ");
                value.extend_from_slice(more.as_bytes());
            }
        }
        let field = Field::new(Text::new(name), Text::from_field(&value));
        let value = field.value().clone();
        joined.push(field);
        Some(value)
    }

    fn text_of(&self, name: http::HeaderName) -> Option<Text> {
        self.headers.get(name).map(|value| Text::from_field(value.as_bytes()))
    }
}

impl ReceivedField {
    fn new(name: &str, value: &[u8]) -> Self {
        Self { name: Text::new(name), value: [value, &[0]].concat() }
    }

    pub(crate) fn name(&self) -> &Text {
        &self.name
    }

    pub(crate) fn value(&self) -> &[u8] {
        &self.value[..self.value.len() - 1]
    }
}
