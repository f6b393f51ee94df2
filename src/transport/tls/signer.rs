//! A key that the application signs with: what it can sign is told by its certificate.

use std::fmt;
use std::sync::Arc;

use rustls::pki_types::{AlgorithmIdentifier, alg_id};
use rustls::sign::{Signer as TlsSigner, SigningKey};
use rustls::{Error as TlsError, SignatureAlgorithm, SignatureScheme};

use super::fault::Refusal;
use crate::challenge::Signer;

#[derive(Clone, Copy)]
struct Kind {
    identifier: AlgorithmIdentifier,
    algorithm: SignatureAlgorithm,
    /// The best first.
    schemes: &'static [SignatureScheme],
}

const KINDS: [Kind; 5] = [
    Kind {
        identifier: alg_id::ECDSA_P256,
        algorithm: SignatureAlgorithm::ECDSA,
        schemes: &[SignatureScheme::ECDSA_NISTP256_SHA256],
    },
    Kind {
        identifier: alg_id::ECDSA_P384,
        algorithm: SignatureAlgorithm::ECDSA,
        schemes: &[SignatureScheme::ECDSA_NISTP384_SHA384],
    },
    Kind {
        identifier: alg_id::ECDSA_P521,
        algorithm: SignatureAlgorithm::ECDSA,
        schemes: &[SignatureScheme::ECDSA_NISTP521_SHA512],
    },
    Kind { identifier: alg_id::ED25519, algorithm: SignatureAlgorithm::ED25519, schemes: &[SignatureScheme::ED25519] },
    Kind {
        identifier: alg_id::RSA_ENCRYPTION,
        algorithm: SignatureAlgorithm::RSA,
        schemes: &[
            SignatureScheme::RSA_PSS_SHA256,
            SignatureScheme::RSA_PSS_SHA384,
            SignatureScheme::RSA_PSS_SHA512,
            SignatureScheme::RSA_PKCS1_SHA256,
            SignatureScheme::RSA_PKCS1_SHA384,
            SignatureScheme::RSA_PKCS1_SHA512,
        ],
    },
];

pub(super) struct SignerKey {
    signer: Arc<dyn Signer>,
    kind: Kind,
}

struct Chosen {
    signer: Arc<dyn Signer>,
    scheme: SignatureScheme,
}

impl SignerKey {
    /// None where this library knows no scheme for such a key.
    pub(super) fn new(signer: Arc<dyn Signer>, public_key: &[u8]) -> Option<Arc<Self>> {
        let kind = KINDS.into_iter().find(|kind| is_of(public_key, &kind.identifier))?;
        Some(Arc::new(Self { signer, kind }))
    }
}

/// The identifier stands behind the headers of two sequences, the first of which is 2 to 4 bytes long.
fn is_of(public_key: &[u8], identifier: &[u8]) -> bool {
    (4..=6).any(|start| public_key.get(start..).is_some_and(|rest| rest.starts_with(identifier)))
}

impl SigningKey for SignerKey {
    fn choose_scheme(&self, offered: &[SignatureScheme]) -> Option<Box<dyn TlsSigner>> {
        let scheme = self.kind.schemes.iter().copied().find(|scheme| offered.contains(scheme))?;
        Some(Box::new(Chosen { signer: self.signer.clone(), scheme }))
    }

    fn algorithm(&self) -> SignatureAlgorithm {
        self.kind.algorithm
    }
}

impl TlsSigner for Chosen {
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, TlsError> {
        self.signer.sign(u16::from(self.scheme), message).ok_or_else(|| Refusal::NoSignature.of_key())
    }

    fn scheme(&self) -> SignatureScheme {
        self.scheme
    }
}

impl fmt::Debug for SignerKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("SignerKey").finish_non_exhaustive()
    }
}

impl fmt::Debug for Chosen {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Chosen").field("scheme", &self.scheme).finish_non_exhaustive()
    }
}
