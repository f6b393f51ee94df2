//! Counted bytes that travel without being copied.

use std::sync::Arc;

use bytes::Bytes;

use super::Text;
use crate::identity::Identity;

#[derive(Debug)]
pub struct Data {
    pub(crate) identity: Identity,
    bytes: Bytes,
    length: usize,
}

impl Data {
    pub(crate) fn new(bytes: Bytes) -> Arc<Self> {
        let length = bytes.len();
        Arc::new(Self { identity: Identity::next(), bytes, length })
    }

    pub(crate) fn copy(bytes: &[u8]) -> Arc<Self> {
        Self::new(Bytes::copy_from_slice(bytes))
    }

    /// A text, whose NUL stands behind what the length counts.
    pub(crate) fn text(text: &Text) -> Arc<Self> {
        let bytes = text.clone().into_bytes();
        let length = bytes.len() - 1;
        Arc::new(Self { identity: Identity::next(), bytes, length })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}
