//! One certificate authority a process, and leaves of every kind of fault.

use std::sync::{Arc, OnceLock};

use ::aws_lc_rs::digest::{SHA256, digest};
use p12_keystore::{
    Certificate as P12Certificate, EncryptionAlgorithm, KeyStore, KeyStoreEntry, PrivateKey, PrivateKeyChain,
};
use rcgen::{
    BasicConstraints, Certificate, CertificateParams, CertificateRevocationListParams, DnType, ExtendedKeyUsagePurpose,
    IsCa, Issuer, KeyIdMethod, KeyPair, KeyUsagePurpose, PublicKeyData, RevokedCertParams, SerialNumber,
    SignatureAlgorithm, date_time_ymd,
};
use rustls::crypto::aws_lc_rs;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::sign::{CertifiedKey, SingleCertAndKey};
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
        let params = authority_params("liburlsession test authority");
        let key = KeyPair::generate().unwrap();
        let certificate = params.self_signed(&key).unwrap();
        let (pem, certificate) = (certificate.pem(), certificate.der().clone());
        Authority { certificate, pem, issuer: Issuer::new(params, key) }
    })
}

fn authority_params(name: &str) -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, name);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
    params
}

/// The authority's certificate in PEM.
pub fn trusted() -> &'static str {
    &authority().pem
}

/// A certificate and its key, and what it is shown with.
pub struct Leaf {
    chain: Vec<CertificateDer<'static>>,
    pem: String,
    key: KeyPair,
}

impl Leaf {
    fn of(certificate: &Certificate, key: KeyPair) -> Self {
        Self { chain: vec![certificate.der().clone()], pem: certificate.pem(), key }
    }

    /// The certificate in DER.
    pub fn der(&self) -> &[u8] {
        &self.chain[0]
    }

    /// All that is shown, in PEM.
    pub fn pem(&self) -> String {
        self.pem.clone()
    }

    pub fn key_pem(&self) -> String {
        self.key.serialize_pem()
    }

    /// The certificate and its key.
    pub fn pkcs12(&self, passphrase: &str) -> Vec<u8> {
        self.pkcs12_with(EncryptionAlgorithm::PbeWithHmacSha256AndAes256, passphrase)
    }

    /// Quick to open.
    pub fn pkcs12_with(&self, algorithm: EncryptionAlgorithm, passphrase: &str) -> Vec<u8> {
        let certificates = [P12Certificate::from_der(self.der()).unwrap()];
        let key = PrivateKey::from_der(self.key()).unwrap();
        let mut store = KeyStore::new();
        store.add_entry("client", KeyStoreEntry::PrivateKeyChain(PrivateKeyChain::new("1", key, certificates)));
        let writer = store.writer(passphrase).encryption_algorithm(algorithm);
        writer.encryption_iterations(2).mac_iterations(2).write().unwrap()
    }

    /// PKCS #8.
    pub fn key(&self) -> &[u8] {
        self.key.serialized_der()
    }

    /// SHA-256 of its SubjectPublicKeyInfo, as OpenSSL would say it.
    pub fn public_key(&self) -> [u8; 32] {
        sha256(&self.key.subject_public_key_info())
    }

    fn show(&mut self, certificate: &Certificate) {
        self.chain.push(certificate.der().clone());
        self.pem += &certificate.pem();
    }

    fn private_key(&self) -> PrivateKeyDer<'static> {
        PrivateKeyDer::Pkcs8(self.key.serialize_der().into())
    }
}

fn sha256(bytes: &[u8]) -> [u8; 32] {
    digest(&SHA256, bytes).as_ref().try_into().unwrap()
}

fn params(names: &[&str]) -> CertificateParams {
    CertificateParams::new(names.iter().map(|name| name.to_string()).collect::<Vec<_>>()).unwrap()
}

fn signed(params: CertificateParams) -> Leaf {
    signed_by(&authority().issuer, params)
}

fn signed_by(issuer: &Issuer<'static, KeyPair>, params: CertificateParams) -> Leaf {
    let key = KeyPair::generate().unwrap();
    Leaf::of(&params.signed_by(&key, issuer).unwrap(), key)
}

/// For localhost, 127.0.0.1 and ::1, with nothing wrong.
pub fn leaf() -> Leaf {
    signed(params(&NAMES))
}

pub fn leaf_for(host: &str) -> Leaf {
    signed(params(&[host]))
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
    Leaf::of(&params(&NAMES).self_signed(&key).unwrap(), key)
}

/// Signed by an authority that nobody trusts, which is shown, too.
pub fn of_unknown_authority() -> Leaf {
    let (params, key) = (authority_params("somebody else's authority"), KeyPair::generate().unwrap());
    let certificate = params.self_signed(&key).unwrap();
    let mut leaf = signed_by(&Issuer::new(params, key), self::params(&NAMES));
    leaf.show(&certificate);
    leaf
}

/// Signed by an intermediate authority, which is shown or not; and the hash of that one's key.
pub fn of_intermediate(shows: bool) -> (Leaf, [u8; 32]) {
    let (params, key) = (authority_params("liburlsession test intermediate"), KeyPair::generate().unwrap());
    let certificate = params.signed_by(&key, &authority().issuer).unwrap();
    let hash = sha256(&key.subject_public_key_info());
    let mut leaf = signed_by(&Issuer::new(params, key), self::params(&NAMES));
    if shows {
        leaf.show(&certificate);
    }
    (leaf, hash)
}

/// The same with a certificate in its chain that has nothing to do with it.
pub fn beside(mut leaf: Leaf, other: &Leaf) -> Leaf {
    leaf.chain.extend(other.chain.iter().cloned());
    leaf
}

/// Not made for a server.
pub fn wrong_purpose() -> Leaf {
    let mut params = params(&NAMES);
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    signed(params)
}

/// A chain of so many certificates.
pub fn long(count: usize) -> Leaf {
    let mut leaf = leaf();
    let own = leaf.chain[0].clone();
    leaf.chain.resize(count, own);
    leaf
}

/// A server that shows these bytes for certificates, whatever they are, and signs with a key of its own.
pub fn server_that_shows(chain: Vec<Vec<u8>>) -> Arc<ServerConfig> {
    let key = any_supported_type(&leaf().private_key()).unwrap();
    let chain = chain.into_iter().map(CertificateDer::from).collect();
    let builder = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    Arc::new(builder.with_cert_resolver(Arc::new(SingleCertAndKey::from(CertifiedKey::new(chain, key)))))
}

fn client_params() -> CertificateParams {
    let mut params = CertificateParams::default();
    params.distinguished_name.push(DnType::CommonName, "liburlsession test client");
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ClientAuth];
    params
}

/// Of a client, of the same authority.
pub fn client() -> Leaf {
    signed(client_params())
}

/// A client, and the list of the authority that revokes its certificate, in PEM.
pub fn revoked_client() -> (Leaf, String) {
    let mut params = client_params();
    let serial = SerialNumber::from(4711);
    params.serial_number = Some(serial.clone());
    let revoked = RevokedCertParams {
        serial_number: serial,
        revocation_time: date_time_ymd(2020, 1, 1),
        reason_code: None,
        invalidity_date: None,
    };
    let list = CertificateRevocationListParams {
        this_update: date_time_ymd(2020, 1, 1),
        next_update: date_time_ymd(2120, 1, 1),
        crl_number: SerialNumber::from(1),
        issuing_distribution_point: None,
        revoked_certs: vec![revoked],
        key_identifier_method: KeyIdMethod::Sha256,
    };
    (signed(params), list.signed_by(&authority().issuer).unwrap().pem().unwrap())
}

/// Of a client, with another kind of key.
pub fn client_with(algorithm: &'static SignatureAlgorithm) -> Leaf {
    let key = KeyPair::generate_for(algorithm).unwrap();
    Leaf::of(&client_params().signed_by(&key, &authority().issuer).unwrap(), key)
}

/// Of a client that no server knows.
pub fn unknown_client() -> Leaf {
    let key = KeyPair::generate().unwrap();
    Leaf::of(&client_params().self_signed(&key).unwrap(), key)
}

pub fn expired_client() -> Leaf {
    let mut params = client_params();
    (params.not_before, params.not_after) = (date_time_ymd(2001, 1, 1), date_time_ymd(2002, 1, 1));
    signed(params)
}

/// What a server asks of its clients.
#[derive(Clone, Copy, PartialEq)]
pub enum Asks {
    Nothing,
    /// For a certificate of the same authority, if there is one.
    Perhaps,
    Always,
}

/// A server's side of TLS with this leaf, speaking these versions; none means all.
pub fn server(leaf: Leaf, versions: &[&'static SupportedProtocolVersion]) -> Arc<ServerConfig> {
    server_that_asks(leaf, versions, Asks::Nothing)
}

/// The same, asking for a certificate of the client's, of the same authority.
pub fn server_that_asks_for_a_client_certificate(leaf: Leaf) -> Arc<ServerConfig> {
    server_that_asks(leaf, &[], Asks::Always)
}

pub fn server_that_asks(leaf: Leaf, versions: &[&'static SupportedProtocolVersion], asks: Asks) -> Arc<ServerConfig> {
    let provider = Arc::new(aws_lc_rs::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add(authority().certificate.clone()).unwrap();
    let verifier = WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider.clone());
    let verifier = if asks == Asks::Perhaps { verifier.allow_unauthenticated() } else { verifier };
    let versions = if versions.is_empty() { rustls::ALL_VERSIONS } else { versions };
    let builder = ServerConfig::builder_with_provider(provider).with_protocol_versions(versions).unwrap();
    let builder = match asks {
        Asks::Nothing => builder.with_no_client_auth(),
        Asks::Perhaps | Asks::Always => builder.with_client_cert_verifier(verifier.build().unwrap()),
    };
    let key = leaf.private_key();
    Arc::new(builder.with_single_cert(leaf.chain, key).unwrap())
}
