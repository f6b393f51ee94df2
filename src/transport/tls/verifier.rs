//! Who says inside a handshake whether it goes on.

use std::fmt;
use std::iter::once;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, verify_tls12_signature, verify_tls13_signature};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, DigitallySignedStruct, Error as TlsError, SignatureScheme};

use super::chain::{Digest, LONGEST};
use super::fault::Refusal;
use super::pins::Pins;
use super::seen;

/// Whom a session trusts.
pub(super) struct Trust {
    /// None trusts nobody, unless anybody is accepted.
    pub(super) authority: Option<Arc<dyn ServerCertVerifier>>,
    pub(super) accepts_any: bool,
    pub(super) pins: Pins,
    pub(super) provider: Arc<CryptoProvider>,
}

/// What a chain has to be, beside pinned where the host has pins.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Demand {
    Trusted,
    /// Somebody will judge it before anything is sent.
    Any,
    /// Somebody has judged it.
    Exactly(Digest),
}

pub(super) struct Verifier {
    trust: Arc<Trust>,
    demand: Demand,
}

impl Trust {
    /// What the platform makes of it, with what the configuration adds. The pins have been looked at before.
    pub(super) fn verdict(&self, chain: &[CertificateDer<'_>], name: &ServerName<'_>) -> Result<(), TlsError> {
        let (own, others) = chain.split_first().ok_or(TlsError::NoCertificatesPresented)?;
        self.verify(own, others, name, &[], UnixTime::now())
    }

    fn verify(
        &self,
        own: &CertificateDer<'_>,
        others: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<(), TlsError> {
        match &self.authority {
            _ if self.accepts_any => Ok(()),
            Some(authority) => authority.verify_server_cert(own, others, name, ocsp_response, now).map(drop),
            None => Err(TlsError::InvalidCertificate(CertificateError::UnknownIssuer)),
        }
    }
}

impl Verifier {
    pub(super) fn new(trust: Arc<Trust>, demand: Demand) -> Arc<Self> {
        Arc::new(Self { trust, demand })
    }
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, TlsError> {
        if intermediates.len() >= LONGEST {
            return Err(Refusal::TooManyCertificates.of_certificate());
        }
        let chain: Vec<_> = once(end_entity).chain(intermediates).cloned().collect();
        match self.demand {
            Demand::Trusted => self.trust.verify(end_entity, intermediates, server_name, ocsp_response, now)?,
            Demand::Any => seen::see_chain(&chain),
            Demand::Exactly(digest) if Digest::of(&chain) == digest => {}
            Demand::Exactly(_) => return Err(Refusal::AnotherChain.of_certificate()),
        }
        self.trust.pins.check(&chain, server_name, now, &self.trust.provider)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls12_signature(message, certificate, signed, &self.trust.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, TlsError> {
        verify_tls13_signature(message, certificate, signed, &self.trust.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.trust.provider.signature_verification_algorithms.supported_schemes()
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Verifier").field("demand", &self.demand).finish_non_exhaustive()
    }
}
