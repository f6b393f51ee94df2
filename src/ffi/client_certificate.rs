use std::ffi::{c_char, c_void};
use std::mem::{offset_of, size_of};
use std::path::Path;
use std::ptr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use super::convert::{Failure, bytes, copy_struct, explained, optional_text, text, write};
use super::credential::persistence_of;
use super::{UrlSessionCredential, UrlSessionCredentialPersistence, UrlSessionError, UrlSessionStatus, handle};
use crate::challenge::{ClientIdentity, Credential, Proof, Signer};
use crate::transport::client_certificate;

/// No signature is longer: RSA with 32768 bits.
const LONGEST_SIGNATURE: usize = 4096;

/// A private key that never leaves where it is: a smart card, a TPM, a key store. Fill `size` with
/// sizeof(UrlSessionSigner). The struct is copied. `sign` is called on library threads, perhaps on several at once, and
/// may block: it holds up its own connection, and with 32 that make connections at once others that sign.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct UrlSessionSigner {
    /// sizeof(UrlSessionSigner), as the application was compiled; members past it count as NULL.
    pub size: usize,
    /// Given to every function; may be NULL.
    pub context: *mut c_void,
    /// Called once, when nothing here will be called any more, by whatever thread lets go of the credential last. May
    /// be NULL.
    pub release: Option<unsafe extern "C" fn(context: *mut c_void)>,
    /// Sign `length` bytes at `message`, which are not hashed yet, in `scheme`, a SignatureScheme of TLS (RFC 8446,
    /// 4.2.3): for RSA 0x0804 to 0x0806 (PSS with SHA-256, 384, 512) or with TLS 1.2 0x0401, 0x0501, 0x0601 (PKCS #1
    /// with the same), for ECDSA 0x0403 (P-256), 0x0503 (P-384) or 0x0603 (P-521), in DER, for Ed25519 0x0807. Write up
    /// to `capacity` bytes to `signature` and return how many; negative: there is no signature, and the task fails with
    /// SECURE_CONNECTION_FAILED. Not NULL.
    pub sign: Option<
        unsafe extern "C" fn(
            context: *mut c_void,
            scheme: u16,
            message: *const u8,
            length: usize,
            signature: *mut u8,
            capacity: usize,
        ) -> i64,
    >,
}

const EMPTY: UrlSessionSigner =
    UrlSessionSigner { size: size_of::<UrlSessionSigner>(), context: ptr::null_mut(), release: None, sign: None };

/// An application's signer behind the core's trait.
struct SignerTable {
    table: UrlSessionSigner,
    /// Whoever sees a failure keeps the context.
    is_ours: AtomicBool,
}

// SAFETY: the table is function pointers, which the header says are called from library threads, and a context that
// is only handed back.
unsafe impl Send for SignerTable {}
// SAFETY: as above; nothing in it changes but an atomic.
unsafe impl Sync for SignerTable {}

impl Signer for SignerTable {
    fn sign(&self, scheme: u16, message: &[u8]) -> Option<Vec<u8>> {
        let sign = self.table.sign?;
        let mut signature = vec![0; LONGEST_SIGNATURE];
        let (bytes, capacity) = (signature.as_mut_ptr(), signature.len());
        // SAFETY: the application's function, called as the header says, with that many bytes to read and to write.
        let length = unsafe { sign(self.table.context, scheme, message.as_ptr(), message.len(), bytes, capacity) };
        let length = usize::try_from(length).ok().filter(|length| (1..=capacity).contains(length))?;
        signature.truncate(length);
        Some(signature)
    }
}

impl Drop for SignerTable {
    fn drop(&mut self) {
        let Some(release) = self.table.release else { return };
        if self.is_ours.load(Ordering::Relaxed) {
            // SAFETY: see sign; nothing calls it any more.
            unsafe { release(self.table.context) };
        }
    }
}

/// A client certificate (Apple: URLCredential(identity:certificates:persistence:)), in `*credential`; one reference is
/// yours. `certificates` is PEM, the client's own first and then those that lead to what servers trust; `key` is its
/// private key in PEM, NULL and 0 where that is in the first, too. All is copied, and what is kept of the key is wiped
/// when the credential and the sessions that know it are gone. FAILED: one of them is missing, broken or encrypted, or
/// they do not belong together; `*error`, which may be NULL, says so, and one reference is yours. INVALID_ARGUMENT: an
/// unknown persistence. With FOR_SESSION, and PERMANENT is no more than that here, the session shows it to the host and
/// port that it was used for without asking again, until that refuses it; with NONE every new connection asks.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_new_with_pem(
    certificates: *const u8,
    certificates_length: usize,
    key: *const u8,
    key_length: usize,
    persistence: UrlSessionCredentialPersistence,
    credential: *mut *mut UrlSessionCredential,
    error: *mut *mut UrlSessionError,
) -> UrlSessionStatus {
    give_certificate(persistence, credential, error, || {
        let key = Some(bytes(key, key_length)?).filter(|key| !key.is_empty());
        Ok(client_certificate::from_pem(bytes(certificates, certificates_length)?, key)?)
    })
}

/// The same from PEM files, which are read in this call; `key_path` is NULL where the key is in the first. FAILED also
/// where one cannot be read, and then `*error` names it.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_new_with_pem_files(
    certificates_path: *const c_char,
    key_path: *const c_char,
    persistence: UrlSessionCredentialPersistence,
    credential: *mut *mut UrlSessionCredential,
    error: *mut *mut UrlSessionError,
) -> UrlSessionStatus {
    give_certificate(persistence, credential, error, || {
        let key = optional_text(key_path)?.map(Path::new);
        Ok(client_certificate::from_pem_files(Path::new(text(certificates_path)?), key)?)
    })
}

/// The same from PKCS #12 (`.p12`, `.pfx`), encrypted with AES or, as older programs do, with triple DES or RC2. A
/// `passphrase` of NULL is an empty one. FAILED also for a wrong passphrase, and past 256 KiB. Takes the time that
/// the file's own iteration counts ask for, up to a million for each of its parts: read none that you do not trust.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_new_with_pkcs12(
    pkcs12: *const u8,
    length: usize,
    passphrase: *const c_char,
    persistence: UrlSessionCredentialPersistence,
    credential: *mut *mut UrlSessionCredential,
    error: *mut *mut UrlSessionError,
) -> UrlSessionStatus {
    give_certificate(persistence, credential, error, || {
        let passphrase = optional_text(passphrase)?.unwrap_or_default();
        Ok(client_certificate::from_pkcs12(bytes(pkcs12, length)?, passphrase)?)
    })
}

/// The same from a file of PKCS #12, which is read in this call. FAILED also where it cannot be, and then `*error`
/// names it.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_new_with_pkcs12_file(
    path: *const c_char,
    passphrase: *const c_char,
    persistence: UrlSessionCredentialPersistence,
    credential: *mut *mut UrlSessionCredential,
    error: *mut *mut UrlSessionError,
) -> UrlSessionStatus {
    give_certificate(persistence, credential, error, || {
        let passphrase = optional_text(passphrase)?.unwrap_or_default();
        Ok(client_certificate::from_pkcs12_file(Path::new(text(path)?), passphrase)?)
    })
}

/// The same with a key that stays where it is. `certificates` is PEM as above, or the client's own in DER, and says of
/// what kind the key is: RSA, ECDSA or Ed25519. INVALID_ARGUMENT also where the struct's size cannot be right. Where
/// this does not return OK nothing of `signer` is called, `release` neither.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_credential_new_with_signer(
    certificates: *const u8,
    length: usize,
    signer: *const UrlSessionSigner,
    persistence: UrlSessionCredentialPersistence,
    credential: *mut *mut UrlSessionCredential,
    error: *mut *mut UrlSessionError,
) -> UrlSessionStatus {
    give_certificate(persistence, credential, error, || {
        let table = copy_struct(signer, offset_of!(UrlSessionSigner, sign) + size_of::<usize>(), EMPTY)?;
        if table.sign.is_none() {
            return Err(UrlSessionStatus::NULL_ARGUMENT.into());
        }
        let signer = Arc::new(SignerTable { table, is_ours: false.into() });
        let identity = client_certificate::from_signer(bytes(certificates, length)?, signer.clone())?;
        signer.is_ours.store(true, Ordering::Relaxed);
        Ok(identity)
    })
}

fn give_certificate(
    persistence: UrlSessionCredentialPersistence,
    credential: *mut *mut UrlSessionCredential,
    error: *mut *mut UrlSessionError,
    read: impl FnOnce() -> Result<Arc<ClientIdentity>, Failure>,
) -> UrlSessionStatus {
    explained(error, || {
        write(credential, ptr::null_mut())?;
        let persistence = persistence_of(persistence)?;
        let made = Credential::new(Proof::Certificate(read()?), persistence);
        Ok(write(credential, handle::give(made))?)
    })
}
