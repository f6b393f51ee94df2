//! TLS: whom a session trusts, and what each refusal is called.

use std::io;
use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{
    AlertDescription, CertificateError, ClientConfig, Error as TlsError, RootCertStore, SupportedProtocolVersion,
    version,
};
use rustls_platform_verifier::Verifier;
use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

use super::read_ahead::ReadAhead;
use super::socket::Socket;
use crate::error::{Code, Domain, Error};
use crate::message::Invalid;

/// As the wire writes them.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Debug)]
pub(crate) enum TlsVersion {
    V1_2 = 0x0303,
    V1_3 = 0x0304,
}

#[derive(Clone)]
pub(crate) struct TlsSettings {
    /// Beside the platform's.
    trusted: Vec<CertificateDer<'static>>,
    pub(crate) minimum: TlsVersion,
    pub(crate) maximum: TlsVersion,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self { trusted: Vec::new(), minimum: TlsVersion::V1_2, maximum: TlsVersion::V1_3 }
    }
}

impl TlsSettings {
    pub(crate) fn trust(&mut self, pem: &[u8]) -> Result<(), Invalid> {
        let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
        let parsed = parsed.map_err(|_| Invalid)?;
        let mut roots = RootCertStore::empty();
        let are_certificates = parsed.iter().all(|certificate| roots.add(certificate.clone()).is_ok());
        if parsed.is_empty() || !are_certificates {
            return Err(Invalid);
        }
        self.trusted.extend(parsed);
        Ok(())
    }

    pub(crate) fn set_versions(&mut self, minimum: TlsVersion, maximum: TlsVersion) -> Result<(), Invalid> {
        if minimum > maximum {
            return Err(Invalid);
        }
        (self.minimum, self.maximum) = (minimum, maximum);
        Ok(())
    }

    fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        let known = [(TlsVersion::V1_3, &version::TLS13), (TlsVersion::V1_2, &version::TLS12)];
        let wanted = |version: TlsVersion| self.minimum <= version && version <= self.maximum;
        known.into_iter().filter(|(version, _)| wanted(*version)).map(|(_, version)| version).collect()
    }
}

pub(super) struct Tls {
    settings: TlsSettings,
    /// Made with the first https request, beside the task: reading the platform's roots takes milliseconds.
    config: OnceCell<Arc<ClientConfig>>,
}

impl Tls {
    pub(super) fn new(settings: TlsSettings) -> Self {
        Self { settings, config: OnceCell::new() }
    }

    pub(super) async fn connect(&self, socket: Socket, host: &str) -> Result<TlsStream<ReadAhead>, Error> {
        let config = self.config.get_or_try_init(|| self.configure()).await.map_err(|cause| explain(&cause))?;
        let name = ServerName::try_from(host.to_owned()).map_err(|_| {
            Error::new(Code::BAD_URL, "the host's name cannot be in a certificate: check the spelling of the URL")
        })?;
        let handshake = TlsConnector::from(config.clone()).connect(name, ReadAhead::new(socket)).await;
        handshake.map_err(|cause| {
            from_io(&cause).unwrap_or_else(|| {
                let message = "the connection ended during the TLS handshake: does the port speak TLS?";
                Error::new(Code::SECURE_CONNECTION_FAILED, message).because_of(Some(&cause))
            })
        })
    }

    async fn configure(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let settings = self.settings.clone();
        let configured = spawn_blocking(move || settings.configure()).await;
        configured.unwrap_or_else(|cause| Err(TlsError::General(cause.to_string())))
    }
}

impl TlsSettings {
    fn configure(&self) -> Result<Arc<ClientConfig>, TlsError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider.clone())
            .with_protocol_versions(&self.versions())?
            .dangerous()
            .with_custom_certificate_verifier(self.verifier(provider)?);
        let mut config = config.with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }

    /// The platform's; where it trusts nobody at all, Mozilla's list.
    fn verifier(&self, provider: Arc<CryptoProvider>) -> Result<Arc<dyn ServerCertVerifier>, TlsError> {
        let trusted = self.trusted.iter().cloned();
        if let Ok(platform) = Verifier::new_with_extra_roots(trusted.clone(), provider.clone()) {
            return Ok(Arc::new(platform));
        }
        let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        roots.add_parsable_certificates(trusted);
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider).build();
        Ok(verifier.map_err(|cause| TlsError::General(cause.to_string()))?)
    }
}

/// A connection that broke, for TLS's own reason where it has one.
pub(super) fn lost(message: &str, cause: &io::Error) -> Error {
    from_io(cause).unwrap_or_else(|| Error::lost(message, Some(cause)))
}

/// TLS's own error inside an I/O error, explained.
fn from_io(error: &io::Error) -> Option<Error> {
    error.get_ref()?.downcast_ref::<TlsError>().map(explain)
}

fn explain(error: &TlsError) -> Error {
    let (code, message) = match error {
        TlsError::InvalidCertificate(fault) => certificate_fault(fault),
        TlsError::NoCertificatesPresented => {
            (Code::SERVER_CERTIFICATE_UNTRUSTED, "the server showed no certificate: do not trust it")
        }
        TlsError::AlertReceived(alert) => alert_fault(*alert),
        _ => (Code::SECURE_CONNECTION_FAILED, "the TLS handshake failed: check that both sides share a version"),
    };
    let alert = match error {
        TlsError::AlertReceived(alert) => i32::from(u8::from(*alert)),
        _ => 0,
    };
    Error::new(code, message).because(Error::underlying_in(Domain::Tls, alert, error.to_string()))
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
        Alert::CertificateRequired => {
            (Code::CLIENT_CERTIFICATE_REQUIRED, "the server asks for a client certificate: this session has none")
        }
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
