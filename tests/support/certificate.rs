//! One certificate authority a process, and leaves of every kind of fault.

use std::sync::{Arc, OnceLock};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair, KeyUsagePurpose, date_time_ymd};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::{RootCertStore, ServerConfig, SupportedProtocolVersion};

const NAMES: [&str; 3] = ["localhost", "127.0.0.1", "::1"];

struct Authority {
    certificate: CertificateDer<'static>,
    pem: String,
    issuer: Issuer<'static, KeyPair>,
}

fn authority() -> &'static Authority {
    static AUTHORITY: OnceLock<Authority> = OnceLock::new();
    AUTHORITY.get_or_init(|| {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "liburlsession test authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let (pem, certificate) = (certificate.pem(), certificate.der().clone());
        Authority { certificate, pem, issuer: Issuer::new(params, key) }
    })
}

/// The authority's certificate in PEM.
pub fn trusted() -> &'static str {
    &authority().pem
}

/// A certificate and its key.
pub struct Leaf {
    certificate: CertificateDer<'static>,
    key: PrivateKeyDer<'static>,
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| name.to_string()).collect::<Vec<_>>()).unwrap()
}

fn signed(params: CertificateParams) -> Leaf {
    let key = KeyPair::generate().unwrap();
    let certificate = params.signed_by(&key, &authority().issuer).unwrap();
    Leaf { certificate: certificate.der().clone(), key: PrivateKeyDer::Pkcs8(key.serialize_der().into()) }
}

/// For localhost, 127.0.0.1 and ::1, with nothing wrong.
pub fn leaf() -> Leaf {
    signed(params(&NAMES))
}

pub fn expired() -> Leaf {
    let mut params = params(&NAMES);
    (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    signed(params)
}

pub fn not_yet_valid() -> Leaf {
    let mut params = params(&NAMES);
    (params.not_before, params.not_after) = (date_time_ymd(2090, 1, 1), date_time_ymd(2091, 1, 1));
    signed(params)
}

pub fn wrong_host() -> Leaf {
    signed(params(&["elsewhere.example"]))
}

/// Signed by itself, so by nobody that anyone trusts.
pub fn self_signed() -> Leaf {
    let key = KeyPair::generate().unwrap();
    let certificate = params(&NAMES).self_signed(&key).unwrap();
    Leaf { certificate: certificate.der().clone(), key: PrivateKeyDer::Pkcs8(key.serialize_der().into()) }
}

/// A server's side of TLS with this leaf, speaking these versions; none means all.
pub fn server(leaf: Leaf, versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
    let versions = if versions.is_empty() { rustls::ALL_VERSIONS } else { versions };
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_protocol_versions(versions).unwrap().with_no_client_auth();
    Arc::new(builder.with_single_cert(vec![leaf.certificate], leaf.key).unwrap())
}

/// The same, asking for a certificate of the client's, of the same authority.
pub fn server_that_asks_for_a_client_certificate(leaf: Leaf) -> Arc<ServerConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority().certificate.clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build().unwrap();
    let builder = ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let builder = builder.with_client_cert_verifier(verifier);
    Arc::new(builder.with_single_cert(vec![leaf.certificate], leaf.key).unwrap())
}
