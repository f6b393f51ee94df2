//! The certificates that a server shows, and what the platform makes of them.

use std::sync::Arc;

use bytes::Bytes;

use crate::error::Error;
use crate::identity::Identity;
use crate::message::Text;

#[derive(Debug)]
pub(crate) struct Certificate {
    pub(crate) der: Bytes,
    /// SHA-256 of its SubjectPublicKeyInfo; none where it cannot be read.
    pub(crate) public_key_sha256: Option<[u8; 32]>,
}

#[derive(Debug)]
pub struct ServerTrust {
    pub(crate) identity: Identity,
    host: Text,
    /// The server's own first, as they came.
    chain: Vec<Certificate>,
    /// None where the platform trusts it for this host.
    error: Option<Arc<Error>>,
}

impl ServerTrust {
    pub(crate) fn new(host: Text, chain: Vec<Certificate>, error: Option<Error>) -> Arc<Self> {
        Arc::new(Self { identity: Identity::next(), host, chain, error: error.map(Arc::new) })
    }

    pub(crate) fn host(&self) -> &Text {
        &self.host
    }

    pub(crate) fn chain(&self) -> &[Certificate] {
        &self.chain
    }

    pub(crate) fn error(&self) -> Option<&Arc<Error>> {
        self.error.as_ref()
    }
}
