//! The bytes that go out after the head, and where they come from.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use bytes::Bytes;

use super::BodySource;
use crate::identity::Identity;

#[derive(Clone, Default)]
pub(crate) enum Body {
    #[default]
    None,
    Bytes(Bytes),
    /// Pieces, one behind the other; they can be read again and again.
    Segments(Arc<[Segment]>),
    /// The application's stream, which is read once.
    Stream(Arc<dyn BodySource>),
    /// The delegate is asked for a stream.
    Asked,
}

#[derive(Clone)]
pub(crate) enum Segment {
    Bytes(Bytes),
    /// Opened when the body goes out, not before.
    File(PathBuf),
}

impl Body {
    pub(crate) fn copy(bytes: &[u8]) -> Self {
        if bytes.is_empty() { Self::None } else { Self::Bytes(Bytes::copy_from_slice(bytes)) }
    }

    pub(crate) fn file(path: &str) -> Self {
        Self::Segments(Arc::new([Segment::File(path.into())]))
    }

    pub(crate) fn bytes(&self) -> Option<&Bytes> {
        if let Self::Bytes(bytes) = self { Some(bytes) } else { None }
    }

    /// How long it is, where that is known before it is opened.
    pub(crate) fn length(&self) -> Option<u64> {
        match self {
            Self::None => Some(0),
            Self::Bytes(bytes) => Some(bytes.len() as u64),
            Self::Segments(_) | Self::Stream(_) | Self::Asked => None,
        }
    }
}

impl fmt::Debug for Body {
    /// What a body says is nobody's business.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::None => "no body",
            Self::Bytes(_) => "bytes",
            Self::Segments(_) => "segments",
            Self::Stream(_) => "a stream",
            Self::Asked => "a stream of the delegate's",
        })
    }
}

/// A body that an application holds, to give it to a request or as an answer.
pub struct BodyStream {
    pub(crate) identity: Identity,
    body: Body,
}

impl BodyStream {
    pub(crate) fn new(body: Body) -> Arc<Self> {
        Arc::new(Self { identity: Identity::next(), body })
    }

    pub(crate) fn body(&self) -> &Body {
        &self.body
    }
}
