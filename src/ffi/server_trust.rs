use std::ffi::c_char;

use super::convert::{boundary, checked, copied, write};
use super::handle::{self, Handle, borrow};
use super::{UrlSessionError, UrlSessionStatus};
use crate::challenge::{Certificate, ServerTrust};
use crate::identity::Identity;

/// The certificates that a server showed for one connection, and the platform's verdict (Apple: SecTrust). They stand
/// as they came: only the first is proven to be the server's, the others may belong to nobody in its chain. So compare
/// what you pin with the first alone, or leave it to url_session_configuration_add_pinned_public_key. Unchanging; any
/// thread, any time.
pub struct UrlSessionServerTrust(());

impl Handle for ServerTrust {
    type C = UrlSessionServerTrust;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// Takes one more reference; gives back `trust`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_server_trust_retain(trust: *mut UrlSessionServerTrust) -> *mut UrlSessionServerTrust {
    boundary(|| Ok(handle::retain::<ServerTrust>(trust)))
}

/// Gives one reference back; NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_server_trust_release(trust: *mut UrlSessionServerTrust) {
    boundary(|| Ok(handle::release::<ServerTrust>(trust)))
}

/// The host the certificates must be for; lent by `trust`. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_server_trust_host(trust: *const UrlSessionServerTrust) -> *const c_char {
    boundary(|| Ok(borrow::<ServerTrust>(trust)?.host().as_ptr()))
}

/// Whether the platform, with what the configuration adds, trusts the chain for this host (Apple:
/// SecTrustEvaluateWithError); always where the configuration dangerously accepts any server. The configuration's pins
/// are no part of it: a chain without a pinned key fails before anybody is asked. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_server_trust_is_trusted(trust: *const UrlSessionServerTrust) -> bool {
    boundary(|| Ok(borrow::<ServerTrust>(trust)?.error().is_none()))
}

/// Why it is not trusted: the error that the task would end with; one reference is yours. NULL where it is.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_server_trust_copy_error(trust: *const UrlSessionServerTrust) -> *mut UrlSessionError {
    copied(|| Ok(borrow::<ServerTrust>(trust)?.error().cloned()))
}

/// How many certificates the server showed; the first is its own. 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_server_trust_certificate_count(trust: *const UrlSessionServerTrust) -> usize {
    boundary(|| Ok(borrow::<ServerTrust>(trust)?.chain().len()))
}

/// A certificate in DER, lent by `trust`. INVALID_ARGUMENT past the last. No argument may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_server_trust_certificate_at(
    trust: *const UrlSessionServerTrust,
    index: usize,
    bytes: *mut *const u8,
    length: *mut usize,
) -> UrlSessionStatus {
    checked(|| {
        write(bytes, std::ptr::null())?;
        write(length, 0)?;
        let trust = borrow::<ServerTrust>(trust)?;
        let certificate = certificate(&trust, index)?;
        write(bytes, certificate.der.as_ptr())?;
        write(length, certificate.der.len())
    })
}

/// What to pin (RFC 7469): the SHA-256 of a certificate's SubjectPublicKeyInfo, 32 bytes written to `hash`, which stays
/// the same when the certificate is renewed with its key. Raw bytes, not text. INVALID_ARGUMENT past the last
/// certificate, and for one that cannot be read. No argument may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_server_trust_public_key_sha256_at(
    trust: *const UrlSessionServerTrust,
    index: usize,
    hash: *mut u8,
) -> UrlSessionStatus {
    checked(|| {
        write(hash.cast::<[u8; 32]>(), [0; 32])?;
        let trust = borrow::<ServerTrust>(trust)?;
        let found = certificate(&trust, index)?.public_key_sha256.ok_or(UrlSessionStatus::INVALID_ARGUMENT)?;
        write(hash.cast::<[u8; 32]>(), found)
    })
}

fn certificate(trust: &ServerTrust, index: usize) -> Result<&Certificate, UrlSessionStatus> {
    trust.chain().get(index).ok_or(UrlSessionStatus::INVALID_ARGUMENT)
}
