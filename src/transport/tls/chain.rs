//! The certificates that a server shows.

use aws_lc_rs::digest::{Context, SHA256, digest};
use bytes::Bytes;
use rustls::pki_types::CertificateDer;
use rustls::server::ParsedCertificate;

use crate::challenge::Certificate;

/// A chain has four; one with more than this is made to cost time.
pub(super) const LONGEST: usize = 32;

/// What two chains are equal in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Digest([u8; 32]);

impl Digest {
    pub(super) fn of(chain: &[CertificateDer<'_>]) -> Self {
        let mut context = Context::new(&SHA256);
        for certificate in chain {
            context.update(&certificate.len().to_be_bytes());
            context.update(certificate);
        }
        Self(bytes_of(context.finish()))
    }
}

/// Of its SubjectPublicKeyInfo (RFC 7469); none where it cannot be read.
pub(super) fn public_key_sha256(certificate: &CertificateDer<'_>) -> Option<[u8; 32]> {
    let parsed = ParsedCertificate::try_from(certificate).ok()?;
    Some(bytes_of(digest(&SHA256, &parsed.subject_public_key_info())))
}

pub(super) fn certificates(chain: &[CertificateDer<'_>]) -> Vec<Certificate> {
    let certificate = |der: &CertificateDer<'_>| Certificate {
        der: Bytes::copy_from_slice(der),
        public_key_sha256: public_key_sha256(der),
    };
    chain.iter().map(certificate).collect()
}

fn bytes_of(digest: aws_lc_rs::digest::Digest) -> [u8; 32] {
    let mut bytes = [0; 32];
    bytes.copy_from_slice(digest.as_ref());
    bytes
}
