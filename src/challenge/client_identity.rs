//! A certificate of the application's with its key: as whom it goes to a server that wants to know.

use std::sync::Arc;

use bytes::Bytes;
use zeroize::Zeroizing;

/// A key that stays where it is.
pub(crate) trait Signer: Send + Sync {
    /// The signature of `message` in this scheme (RFC 8446, 4.2.3); none where there is none. May block.
    fn sign(&self, scheme: u16, message: &[u8]) -> Option<Vec<u8>>;
}

pub(crate) enum Key {
    /// PKCS #8, PKCS #1 or SEC 1; nothing is left of it when this is dropped.
    Der(Zeroizing<Vec<u8>>),
    Signer(Arc<dyn Signer>),
}

pub(crate) struct ClientIdentity {
    /// Its own certificate first.
    chain: Vec<Bytes>,
    key: Key,
}

impl ClientIdentity {
    pub(crate) fn new(chain: Vec<Bytes>, key: Key) -> Arc<Self> {
        Arc::new(Self { chain, key })
    }

    pub(crate) fn chain(&self) -> &[Bytes] {
        &self.chain
    }

    pub(crate) fn key(&self) -> &Key {
        &self.key
    }

    /// Two signers may differ where their certificates do not.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let is_same_key = match (&self.key, &other.key) {
            (Key::Der(one), Key::Der(other)) => one == other,
            (Key::Signer(one), Key::Signer(other)) => Arc::ptr_eq(one, other),
            _ => false,
        };
        is_same_key && self.chain == other.chain
    }
}
