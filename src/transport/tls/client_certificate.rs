//! Certificates of the application's and their keys, as they are given: PEM, PKCS #12, or a signer beside them.

use std::path::Path;
use std::sync::Arc;

use bytes::Bytes;
use p12_keystore::Pkcs12Archive;
use p12_keystore::error::Error as StoreError;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::parse_x509_certificate;
use zeroize::{Zeroize, Zeroizing};

use super::chain::LONGEST;
use super::roots;
use super::signer::SignerKey;
use crate::challenge::{ClientIdentity, Key, Signer};
use crate::error::{Code, Domain, Error};

/// Reading PKCS #12 is work that the file itself asks for.
const LARGEST: usize = 256 << 10;

type Chain = Vec<CertificateDer<'static>>;

/// `key` is where the key is, in the first text where there is none.
pub(crate) fn from_pem(certificates: &[u8], key: Option<&[u8]>) -> Result<Arc<ClientIdentity>, Error> {
    let chain = pem_chain(certificates)?;
    let key = key.unwrap_or(certificates);
    let Ok(mut found) = PrivateKeyDer::from_pem_slice(key) else {
        let message = "there is no private key in the PEM text that could be read: one that is encrypted has to be \
                       decrypted first, or given as PKCS #12";
        return Err(unusable(message));
    };
    let key = Zeroizing::new(found.secret_der().to_vec());
    found.zeroize();
    whole(&chain, Key::Der(key))
}

/// Row Q039.
pub(crate) fn from_pem_files(certificates: &Path, key: Option<&Path>) -> Result<Arc<ClientIdentity>, Error> {
    let certificates = Zeroizing::new(roots::read(certificates)?);
    let key = key.map(|key| roots::read(key).map(Zeroizing::new)).transpose()?;
    from_pem(&certificates, key.as_ref().map(|key| key.as_slice()))
}

pub(crate) fn from_pkcs12_file(path: &Path, passphrase: &str) -> Result<Arc<ClientIdentity>, Error> {
    from_pkcs12(&Zeroizing::new(roots::read(path)?), passphrase)
}

pub(crate) fn from_pkcs12(bytes: &[u8], passphrase: &str) -> Result<Arc<ClientIdentity>, Error> {
    if bytes.len() > LARGEST {
        return Err(unusable("the PKCS #12 file is larger than 256 KiB: it is not one of a client certificate"));
    }
    let archive = Pkcs12Archive::from_pkcs12(bytes, passphrase).map_err(|cause| unreadable(&cause))?;
    let Some(bag) = archive.keys.first() else {
        return Err(unusable("there is no private key in the PKCS #12 file: export it together with its certificate"));
    };
    let key = Zeroizing::new(bag.key.as_der().to_vec());
    let mut chain: Chain = archive.certs.iter().map(|bag| CertificateDer::from(bag.cert.as_der().to_vec())).collect();
    // Files are written in any order: the key's own certificate goes first, the others as they are.
    let is_own = |certificate: &CertificateDer<'static>| certified(std::slice::from_ref(certificate), &key).is_ok();
    let own = chain.iter().position(is_own).ok_or_else(|| mismatched(chain.is_empty()))?;
    chain[..=own].rotate_right(1);
    whole(&chain, Key::Der(key))
}

/// The certificates are PEM, or one in DER.
pub(crate) fn from_signer(certificates: &[u8], signer: Arc<dyn Signer>) -> Result<Arc<ClientIdentity>, Error> {
    let der = CertificateDer::from(certificates.to_vec());
    let is_der = public_key(&der).is_some();
    let chain = if is_der { vec![der] } else { pem_chain(certificates)? };
    whole(&chain, Key::Signer(signer))
}

fn pem_chain(pem: &[u8]) -> Result<Chain, Error> {
    let chain: Result<Chain, _> = CertificateDer::pem_slice_iter(pem).collect();
    chain.ok().filter(|chain| !chain.is_empty()).ok_or_else(|| {
        unusable("there is no certificate in the PEM text that could be read: it has to begin with the client's own")
    })
}

/// Both, if they belong together.
fn whole(chain: &[CertificateDer<'static>], key: Key) -> Result<Arc<ClientIdentity>, Error> {
    if chain.len() > LONGEST {
        return Err(unusable("there are more certificates than a chain has: give the client's own and its issuers"));
    }
    let identity =
        ClientIdentity::new(chain.iter().map(|certificate| Bytes::copy_from_slice(certificate)).collect(), key);
    with_key(&identity)?;
    Ok(identity)
}

/// As TLS uses it.
pub(super) fn with_key(identity: &ClientIdentity) -> Result<CertifiedKey, Error> {
    let chain: Chain = identity.chain().iter().map(|der| CertificateDer::from(der.to_vec())).collect();
    match identity.key() {
        Key::Der(key) => certified(&chain, key),
        Key::Signer(signer) => {
            let public_key = chain.first().and_then(|own| public_key(own));
            let key = public_key.and_then(|public_key| SignerKey::new(signer.clone(), public_key));
            let key = key.ok_or_else(|| {
                unusable(
                    "the certificate cannot be read, or its key is neither RSA, ECDSA (P-256 to P-521) nor Ed25519",
                )
            })?;
            Ok(CertifiedKey::new(chain, key))
        }
    }
}

fn certified(chain: &[CertificateDer<'static>], key: &[u8]) -> Result<CertifiedKey, Error> {
    let key = PrivateKeyDer::try_from(key).map_err(|_| unusable("the private key is of no known format"))?;
    let key = any_supported_type(&key).map_err(|cause| {
        unusable("the private key cannot be used: give one that is RSA, ECDSA (P-256 to P-521) or Ed25519")
            .because(Error::underlying_in(Domain::Tls, 0, cause.to_string()))
    })?;
    let own = chain.first().and_then(|own| public_key(own));
    let own = own.ok_or_else(|| unusable("the client certificate cannot be read: give it in X.509"))?;
    if key.public_key().is_some_and(|key| *key != *own) {
        return Err(mismatched(false));
    }
    Ok(CertifiedKey::new(chain.to_vec(), key))
}

/// Its SubjectPublicKeyInfo. rustls reads no certificate of version 1, and need not, to show one.
fn public_key<'a>(certificate: &'a CertificateDer<'_>) -> Option<&'a [u8]> {
    let (rest, parsed) = parse_x509_certificate(certificate).ok()?;
    rest.is_empty().then_some(parsed.tbs_certificate.subject_pki.raw)
}

fn mismatched(has_none: bool) -> Error {
    unusable(match has_none {
        true => "there is no certificate beside the private key: export both together",
        false => "the private key is not that of the certificate: give the two that were made for each other",
    })
}

/// A wrong passphrase shows in the checksum, or where a file has none in what comes out of it.
fn unreadable(cause: &StoreError) -> Error {
    let message = match cause {
        StoreError::MacError(_) | StoreError::UnpadError | StoreError::Pkcs5Error(_) => {
            "the passphrase is not that of the PKCS #12 file, or the file is damaged"
        }
        StoreError::UnsupportedEncryptionScheme | StoreError::UnsupportedMacAlgorithm => {
            "the PKCS #12 file is encrypted in a way that this library does not know: export it anew with AES"
        }
        _ => "the PKCS #12 file cannot be read: check that it is one, and export it anew",
    };
    unusable(message)
}

fn unusable(message: &str) -> Error {
    Error::new(Code::CANNOT_DECODE_RAW_DATA, message)
}

/// Whether a handshake with it may have to wait for somebody.
pub(super) fn may_block(identity: &ClientIdentity) -> bool {
    matches!(identity.key(), Key::Signer(_))
}
