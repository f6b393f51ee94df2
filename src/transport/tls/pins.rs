//! Public keys that a host must have, whatever else is trusted.

use std::sync::Arc;

use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{CertificateError, Error as TlsError, RootCertStore};

use super::chain;
use super::fault::Refusal;

#[derive(Clone, Debug)]
struct Pin {
    host: String,
    includes_subdomains: bool,
    sha256: [u8; 32],
}

#[derive(Clone, Default, Debug)]
pub(crate) struct Pins(Vec<Pin>);

impl Pin {
    fn covers(&self, host: &str) -> bool {
        host.eq_ignore_ascii_case(&self.host) || (self.includes_subdomains && is_below(host, &self.host))
    }
}

fn is_below(host: &str, domain: &str) -> bool {
    let Some(split) = host.len().checked_sub(domain.len()) else { return false };
    let (above, below) = host.as_bytes().split_at(split);
    above.ends_with(b".") && below.eq_ignore_ascii_case(domain.as_bytes())
}

impl Pins {
    /// `host` is written as a route's is.
    pub(super) fn add(&mut self, host: String, sha256: [u8; 32], includes_subdomains: bool) {
        self.0.push(Pin { host, includes_subdomains, sha256 });
    }

    fn of(&self, host: &str) -> Vec<&[u8; 32]> {
        self.0.iter().filter(|pin| pin.covers(host)).map(|pin| &pin.sha256).collect()
    }

    /// Any of the host's pins is enough. The key of an authority counts where that has signed for this host, and not
    /// just because the server shows its certificate, too.
    pub(super) fn check(
        &self,
        chain: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        now: UnixTime,
        provider: &Arc<CryptoProvider>,
    ) -> Result<(), TlsError> {
        let host = name.to_str();
        let pinned = self.of(host.trim_end_matches('.'));
        if pinned.is_empty() {
            return Ok(());
        }
        let is_pinned = |certificate: &CertificateDer<'_>| {
            chain::public_key_sha256(certificate).is_some_and(|key| pinned.contains(&&key))
        };
        let not_pinned = || Refusal::NotPinned.of_certificate();
        let (own, others) = chain.split_first().ok_or_else(not_pinned)?;
        if is_pinned(own) {
            return Ok(());
        }
        let mut authorities = RootCertStore::empty();
        let pinned_authorities = others.iter().filter(|certificate| is_pinned(certificate));
        authorities.add_parsable_certificates(pinned_authorities.map(|certificate| certificate.clone().into_owned()));
        let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(authorities), provider.clone()).build();
        let verified = verifier.map_err(|_| not_pinned())?.verify_server_cert(own, others, name, &[], now);
        verified.map(drop).map_err(|error| match error {
            TlsError::InvalidCertificate(CertificateError::UnknownIssuer) => not_pinned(),
            error => error,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pin_covers_its_host_and_what_is_below_it_if_so_said() {
        let pin = |includes_subdomains| Pin { host: "example.com".into(), includes_subdomains, sha256: [0; 32] };
        let covered = |pin: &Pin| {
            [
                "example.com",
                "EXAMPLE.com",
                "a.example.com",
                "b.a.example.com",
                "badexample.com",
                "com",
                "",
                "é.example.com",
            ]
            .map(|host| pin.covers(host))
        };
        assert_eq!(covered(&pin(false)), [true, true, false, false, false, false, false, false]);
        assert_eq!(covered(&pin(true)), [true, true, true, true, false, false, false, true]);
    }

    #[test]
    fn garbage_is_not_pinned() {
        let mut pins = Pins::default();
        pins.add("localhost".into(), [7; 32], false);
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let name = ServerName::try_from("localhost").unwrap();
        for chain in [vec![], vec![vec![]], vec![vec![0x30], vec![0x30, 0x80, 0, 0]], vec![vec![0xff; 4096]; 5]] {
            let chain: Vec<_> = chain.into_iter().map(CertificateDer::from).collect();
            let refused = pins.check(&chain, &name, UnixTime::now(), &provider).unwrap_err();
            assert!(matches!(refused, TlsError::InvalidCertificate(CertificateError::Other(_))), "{refused:?}");
        }
    }
}
