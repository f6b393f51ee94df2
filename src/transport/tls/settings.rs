//! Whom a session trusts, as whom it goes, and which versions it speaks.

use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::{SupportedProtocolVersion, version};
use url::Host;

use super::pins::Pins;
use super::roots;
use crate::challenge::Credential;
use crate::error::Error;
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
    pub(super) trusted: Vec<CertificateDer<'static>>,
    pub(crate) trusts_platform: bool,
    /// The platform's certificates are those that the environment names.
    pub(crate) uses_environment: bool,
    pub(crate) accepts_any_server: bool,
    pub(super) pins: Pins,
    /// By host.
    client_certificates: Vec<(String, Arc<Credential>)>,
    pub(crate) logs_secrets: bool,
    pub(crate) minimum: TlsVersion,
    pub(crate) maximum: TlsVersion,
}

impl Default for TlsSettings {
    fn default() -> Self {
        Self {
            trusted: Vec::new(),
            trusts_platform: true,
            uses_environment: true,
            accepts_any_server: false,
            pins: Pins::default(),
            client_certificates: Vec::new(),
            logs_secrets: false,
            minimum: TlsVersion::V1_2,
            maximum: TlsVersion::V1_3,
        }
    }
}

impl TlsSettings {
    pub(crate) fn trust(&mut self, pem: &[u8]) -> Result<(), Invalid> {
        self.trusted.extend(roots::whole(pem)?);
        Ok(())
    }

    pub(crate) fn trust_file(&mut self, path: &Path) -> Result<(), Error> {
        self.trusted.extend(roots::from_file(path)?);
        Ok(())
    }

    pub(crate) fn trust_directory(&mut self, path: &Path) -> Result<(), Error> {
        self.trusted.extend(roots::from_directory(path)?);
        Ok(())
    }

    pub(crate) fn pin(&mut self, host: &str, sha256: [u8; 32], includes_subdomains: bool) -> Result<(), Invalid> {
        self.pins.add(canonical(host)?, sha256, includes_subdomains);
        Ok(())
    }

    /// None takes it away. Gives what was there before.
    pub(crate) fn set_client_certificate(
        &mut self,
        host: &str,
        credential: Option<Arc<Credential>>,
    ) -> Result<Option<Arc<Credential>>, Invalid> {
        let host = canonical(host)?;
        if credential.as_ref().is_some_and(|credential| credential.certificate().is_none()) {
            return Err(Invalid);
        }
        let place = self.client_certificates.iter().position(|(of, _)| *of == host);
        let before = place.map(|place| self.client_certificates.swap_remove(place).1);
        self.client_certificates.extend(credential.map(|credential| (host, credential)));
        Ok(before)
    }

    pub(super) fn client_certificate(&self, host: &str) -> Option<Arc<Credential>> {
        let host = host.trim_end_matches('.');
        let mut of_host = self.client_certificates.iter().filter(|(of, _)| of == host);
        of_host.next().map(|(_, credential)| credential.clone())
    }

    pub(crate) fn set_versions(&mut self, minimum: TlsVersion, maximum: TlsVersion) -> Result<(), Invalid> {
        if minimum > maximum {
            return Err(Invalid);
        }
        (self.minimum, self.maximum) = (minimum, maximum);
        Ok(())
    }

    pub(super) fn versions(&self) -> Vec<&'static SupportedProtocolVersion> {
        let known = [(TlsVersion::V1_3, &version::TLS13), (TlsVersion::V1_2, &version::TLS12)];
        let wanted = |version: TlsVersion| self.minimum <= version && version <= self.maximum;
        known.into_iter().filter(|(version, _)| wanted(*version)).map(|(_, version)| version).collect()
    }
}

/// As a URL's host becomes a route's: in small letters and Punycode, without the brackets of IPv6; and without the dot
/// at the end, which leads to the same host.
fn canonical(host: &str) -> Result<String, Invalid> {
    if let Ok(address) = host.parse::<IpAddr>() {
        return Ok(address.to_string());
    }
    match Host::parse(host.trim_end_matches('.')).map_err(|_| Invalid)? {
        Host::Domain(name) => Ok(name),
        Host::Ipv4(address) => Ok(address.to_string()),
        Host::Ipv6(address) => Ok(address.to_string()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_written_as_urls_write_it() {
        for (given, expected) in [
            ("Example.COM", "example.com"),
            ("example.com.", "example.com"),
            ("bücher.example", "xn--bcher-kva.example"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "::1"),
            ("0::1", "::1"),
        ] {
            assert_eq!(canonical(given).unwrap(), expected);
        }
        for wrong in ["", ".", "a b", "example.com:443", "https://example.com", "*.example.com/"] {
            assert!(canonical(wrong).is_err(), "{wrong}");
        }
    }
}
