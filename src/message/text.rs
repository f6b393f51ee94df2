//! UTF-8 that C can read too: one NUL stands behind it and none inside.

use std::ffi::c_char;
use std::fmt;

use bytes::Bytes;

#[derive(Clone, PartialEq, Eq, Hash)]
pub struct Text(Bytes);

impl Text {
    /// Text that ends with its NUL already.
    pub(crate) const fn from_static(text: &'static str) -> Self {
        let bytes = text.as_bytes();
        assert!(!bytes.is_empty() && bytes[bytes.len() - 1] == 0);
        Self(Bytes::from_static(bytes))
    }

    /// A NUL inside becomes U+FFFD, so that C sees the whole text.
    pub(crate) fn new(text: &str) -> Self {
        match text.contains('\0') {
            true => Self::with_nul(text.replace('\0', "\u{fffd}")),
            false => {
                let mut owned = String::with_capacity(text.len() + 1);
                owned.push_str(text);
                Self::with_nul(owned)
            }
        }
    }

    /// Bytes of a header field: UTF-8, or else Latin-1.
    pub(crate) fn from_field(bytes: &[u8]) -> Self {
        match std::str::from_utf8(bytes) {
            Ok(text) => Self::new(text),
            Err(_) => Self::new(&bytes.iter().map(|&byte| char::from(byte)).collect::<String>()),
        }
    }

    fn with_nul(mut text: String) -> Self {
        text.push('\0');
        Self(Bytes::from(text))
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0[..self.0.len() - 1]).unwrap_or_default()
    }

    pub(crate) fn as_ptr(&self) -> *const c_char {
        self.0.as_ptr().cast()
    }

    /// The bytes, without the NUL.
    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0[..self.0.len() - 1]
    }

    /// The bytes, without the NUL and without a copy.
    pub(crate) fn shared(&self) -> Bytes {
        self.0.slice(..self.0.len() - 1)
    }

    /// The bytes, with the NUL.
    pub(crate) fn into_bytes(self) -> Bytes {
        self.0
    }
}

impl From<String> for Text {
    fn from(text: String) -> Self {
        match text.contains('\0') {
            true => Self::new(&text),
            false => Self::with_nul(text),
        }
    }
}

impl fmt::Display for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for Text {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self.as_str(), formatter)
    }
}
