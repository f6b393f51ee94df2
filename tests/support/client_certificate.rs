//! Client certificates, as credentials of every kind.

use std::ffi::c_void;
use std::ptr;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use rustls::SignatureScheme;
use rustls::crypto::aws_lc_rs::sign::any_supported_type;
use rustls::pki_types::PrivateKeyDer;
use rustls::sign::SigningKey;
use std::sync::Arc;
use urlsession::*;

use super::certificate::Leaf;
use super::challenge::Credential;
use super::gate::Gate;
use super::handle::{Configuration, Error, c_text};

const NONE: UrlSessionCredentialPersistence = UrlSessionCredentialPersistence::NONE;

/// What a constructor has written.
pub fn made(
    make: impl FnOnce(*mut *mut UrlSessionCredential, *mut *mut UrlSessionError) -> UrlSessionStatus,
) -> Result<Credential, Error> {
    let (mut credential, mut error) = (ptr::null_mut(), ptr::null_mut());
    let status = make(&mut credential, &mut error);
    match (status, Credential::adopt(credential), Error::adopt(error)) {
        (UrlSessionStatus::OK, Some(credential), None) => Ok(credential),
        (UrlSessionStatus::FAILED, None, Some(error)) => Err(error),
        (status, ..) => panic!("a constructor says {} and does not keep to it", status.0),
    }
}

impl Credential {
    pub fn of_pem(certificates: &str, key: &str) -> Result<Self, Error> {
        Self::of_kept_pem(certificates, key, NONE)
    }

    pub fn of_kept_pem(
        certificates: &str,
        key: &str,
        persistence: UrlSessionCredentialPersistence,
    ) -> Result<Self, Error> {
        let (key_bytes, key_length) = (if key.is_empty() { ptr::null() } else { key.as_ptr() }, key.len());
        made(|credential, error| {
            let (bytes, length) = (certificates.as_ptr(), certificates.len());
            url_session_credential_new_with_pem(bytes, length, key_bytes, key_length, persistence, credential, error)
        })
    }

    /// For one connection.
    pub fn of_leaf(leaf: &Leaf) -> Self {
        Self::of_pem(&leaf.pem(), &leaf.key_pem()).ok().unwrap()
    }

    pub fn of_leaf_for_session(leaf: &Leaf) -> Self {
        Self::of_kept_pem(&leaf.pem(), &leaf.key_pem(), UrlSessionCredentialPersistence::FOR_SESSION).ok().unwrap()
    }

    pub fn of_pkcs12(pkcs12: &[u8], passphrase: &str) -> Result<Self, Error> {
        let passphrase = c_text(passphrase);
        made(|credential, error| {
            let (bytes, length) = (pkcs12.as_ptr(), pkcs12.len());
            url_session_credential_new_with_pkcs12(bytes, length, passphrase.as_ptr(), NONE, credential, error)
        })
    }
}

impl Configuration {
    pub fn client_certificate(self, host: &str, credential: &Credential) -> Self {
        let host = c_text(host);
        self.set(|c| url_session_configuration_set_client_certificate(c, host.as_ptr(), credential.get()))
    }
}

/// A key that the test signs with. Never freed, so that a call too many is counted and not a crash.
#[derive(Clone, Copy)]
pub struct Token(&'static Hardware);

struct Hardware {
    key: Arc<dyn SigningKey>,
    schemes: Mutex<Vec<u16>>,
    /// A signature waits for it.
    gate: Option<Gate>,
    works: bool,
    released: AtomicUsize,
}

impl Token {
    pub fn of(leaf: &Leaf) -> Self {
        Self::made(leaf, None, true)
    }

    pub fn behind(leaf: &Leaf, gate: &Gate) -> Self {
        Self::made(leaf, Some(gate.clone()), true)
    }

    pub fn broken(leaf: &Leaf) -> Self {
        Self::made(leaf, None, false)
    }

    fn made(leaf: &Leaf, gate: Option<Gate>, works: bool) -> Self {
        let key = any_supported_type(&PrivateKeyDer::try_from(leaf.key()).unwrap()).unwrap();
        let (schemes, released) = (Mutex::default(), AtomicUsize::new(0));
        Self(Box::leak(Box::new(Hardware { key, schemes, gate, works, released })))
    }

    pub fn signer(self) -> UrlSessionSigner {
        UrlSessionSigner {
            size: size_of::<UrlSessionSigner>(),
            context: ptr::from_ref(self.0).cast_mut().cast(),
            release: Some(release),
            sign: Some(sign),
        }
    }

    pub fn credential(self, certificates: &[u8]) -> Result<Credential, Error> {
        made(|credential, error| {
            let (bytes, length, signer) = (certificates.as_ptr(), certificates.len(), self.signer());
            url_session_credential_new_with_signer(bytes, length, &signer, NONE, credential, error)
        })
    }

    /// In what it was asked to sign.
    pub fn schemes(self) -> Vec<u16> {
        self.0.schemes.lock().unwrap().clone()
    }

    pub fn released(self) -> usize {
        self.0.released.load(Ordering::SeqCst)
    }
}

unsafe extern "C" fn sign(
    context: *mut c_void,
    scheme: u16,
    message: *const u8,
    length: usize,
    signature: *mut u8,
    capacity: usize,
) -> i64 {
    // SAFETY: the context is a token's hardware, which is never freed.
    let hardware = unsafe { &*context.cast::<Hardware>() };
    hardware.schemes.lock().unwrap().push(scheme);
    if !hardware.works || hardware.gate.as_ref().is_some_and(|gate| !gate.pass()) {
        return -1;
    }
    // SAFETY: the library lends this many bytes.
    let message = unsafe { std::slice::from_raw_parts(message, length) };
    let Some(signer) = hardware.key.choose_scheme(&[SignatureScheme::from(scheme)]) else { return -1 };
    let Ok(signed) = signer.sign(message) else { return -1 };
    if signed.len() > capacity {
        return -1;
    }
    // SAFETY: the library lends room for this many bytes.
    unsafe { ptr::copy_nonoverlapping(signed.as_ptr(), signature, signed.len()) };
    signed.len() as i64
}

unsafe extern "C" fn release(context: *mut c_void) {
    // SAFETY: as above.
    unsafe { &*context.cast::<Hardware>() }.released.fetch_add(1, Ordering::SeqCst);
}
