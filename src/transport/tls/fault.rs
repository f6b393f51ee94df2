//! What each refusal is called, theirs and ours.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::{AlertDescription, CertificateError, Error as TlsError, OtherError};

use crate::error::{Code, Domain, Error};

/// Why we end a handshake, where TLS has no word for it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Refusal {
    NotPinned,
    TooManyCertificates,
    /// Not the chain that was accepted.
    AnotherChain,
    NoSignature,
}

/// What became of our certificate in a handshake that failed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum OwnCertificate {
    NotWanted,
    Withheld,
    Shown,
}

impl Refusal {
    pub(super) fn of_certificate(self) -> TlsError {
        TlsError::InvalidCertificate(CertificateError::Other(OtherError(Arc::new(self))))
    }

    pub(super) fn of_key(self) -> TlsError {
        TlsError::Other(OtherError(Arc::new(self)))
    }

    pub(super) fn within(error: &io::Error) -> Option<Self> {
        error.get_ref()?.downcast_ref::<TlsError>().and_then(Self::of)
    }

    fn of(error: &TlsError) -> Option<Self> {
        match error {
            TlsError::InvalidCertificate(CertificateError::Other(other)) | TlsError::Other(other) => {
                other.0.downcast_ref::<Self>().copied()
            }
            _ => None,
        }
    }

    fn explained(self) -> (Code, &'static str) {
        match self {
            Self::NotPinned => (
                Code::SERVER_CERTIFICATE_UNTRUSTED,
                "the server's public key is none of those pinned for its host: do not trust it, or pin its new key",
            ),
            Self::TooManyCertificates => (
                Code::SERVER_CERTIFICATE_UNTRUSTED,
                "the server shows more certificates than a chain has: do not trust it",
            ),
            Self::AnotherChain => (
                Code::SECURE_CONNECTION_FAILED,
                "the server shows another certificate with every connection: try again",
            ),
            Self::NoSignature => (
                Code::SECURE_CONNECTION_FAILED,
                "the application's signer gave no signature for the client certificate: see why there",
            ),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(self, formatter)
    }
}

impl StdError for Refusal {}

/// A connection that broke, for TLS's own reason where it has one.
pub(in crate::transport) fn lost(message: &str, cause: &io::Error) -> Error {
    within(cause).map_or_else(|| Error::lost(message, Some(cause)), explain)
}

/// A handshake that failed.
pub(super) fn failed(cause: &io::Error, own: OwnCertificate) -> Error {
    match within(cause) {
        Some(TlsError::AlertReceived(alert)) => alerted(*alert, own),
        Some(error) => explain(error),
        // It need not say more, and its alert may be lost with the connection.
        None if own == OwnCertificate::Withheld => Error::new(REQUIRED.0, REQUIRED.1).because_of(Some(cause)),
        None => {
            let message = "the connection ended during the TLS handshake: does the port speak TLS?";
            Error::new(Code::SECURE_CONNECTION_FAILED, message).because_of(Some(cause))
        }
    }
}

/// TLS's own error inside an I/O error.
fn within(error: &io::Error) -> Option<&TlsError> {
    error.get_ref()?.downcast_ref()
}

pub(super) fn explain(error: &TlsError) -> Error {
    let (code, message) = match (Refusal::of(error), error) {
        (Some(refusal), _) => refusal.explained(),
        (None, TlsError::InvalidCertificate(fault)) => certificate_fault(fault),
        (None, TlsError::NoCertificatesPresented) => {
            (Code::SERVER_CERTIFICATE_UNTRUSTED, "the server showed no certificate: do not trust it")
        }
        (None, TlsError::AlertReceived(alert)) => return alerted(*alert, OwnCertificate::NotWanted),
        (None, _) => {
            (Code::SECURE_CONNECTION_FAILED, "the TLS handshake failed: check that both sides share a version")
        }
    };
    Error::new(code, message).because(Error::underlying_in(Domain::Tls, 0, error.to_string()))
}

/// Older servers have one alert for certificates that are missing and for those they do not like.
fn alerted(alert: AlertDescription, own: OwnCertificate) -> Error {
    let (code, message) = match alert_fault(alert) {
        _ if own == OwnCertificate::Withheld && may_want_certificate(alert) => REQUIRED,
        fault => fault,
    };
    let number = i32::from(u8::from(alert));
    let cause = Error::underlying_in(Domain::Tls, number, TlsError::AlertReceived(alert).to_string());
    Error::new(code, message).because(cause)
}

const REQUIRED: (Code, &str) = (
    Code::CLIENT_CERTIFICATE_REQUIRED,
    "the server asks for a client certificate: set one in the configuration, or answer its challenge with one",
);

fn may_want_certificate(alert: AlertDescription) -> bool {
    alert == AlertDescription::HandshakeFailure || alert_fault(alert).0 == Code::CLIENT_CERTIFICATE_REJECTED
}

fn certificate_fault(fault: &CertificateError) -> (Code, &'static str) {
    use CertificateError as Fault;
    match fault {
        Fault::Expired | Fault::ExpiredContext { .. } => {
            (Code::SERVER_CERTIFICATE_HAS_BAD_DATE, "the server's certificate has expired: its owner must renew it")
        }
        Fault::NotValidYet | Fault::NotValidYetContext { .. } => (
            Code::SERVER_CERTIFICATE_NOT_YET_VALID,
            "the server's certificate is not valid yet: check the clock of this machine",
        ),
        Fault::UnknownIssuer => (
            Code::SERVER_CERTIFICATE_HAS_UNKNOWN_ROOT,
            "nobody whom this session trusts has signed the server's certificate: trust its root if you know it",
        ),
        Fault::NotValidForName | Fault::NotValidForNameContext { .. } => (
            Code::SERVER_CERTIFICATE_UNTRUSTED,
            "the server's certificate is for another host: check the URL, and do not trust it",
        ),
        Fault::Revoked => (Code::SERVER_CERTIFICATE_UNTRUSTED, "the server's certificate was revoked: do not trust it"),
        _ => (Code::SERVER_CERTIFICATE_UNTRUSTED, "the server's certificate is not valid: do not trust it"),
    }
}

fn alert_fault(alert: AlertDescription) -> (Code, &'static str) {
    use AlertDescription as Alert;
    match alert {
        Alert::CertificateRequired => REQUIRED,
        Alert::BadCertificate
        | Alert::UnsupportedCertificate
        | Alert::CertificateRevoked
        | Alert::CertificateExpired
        | Alert::CertificateUnknown
        | Alert::UnknownCA
        | Alert::AccessDenied => {
            (Code::CLIENT_CERTIFICATE_REJECTED, "the server refused the client's certificate, or asks for one")
        }
        _ => (Code::SECURE_CONNECTION_FAILED, "the server ended the TLS handshake: check that both share a version"),
    }
}
