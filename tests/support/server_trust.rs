//! Servers that a test trusts, or does not.

use std::path::Path;
use std::ptr;
use std::slice;

use urlsession::*;

use super::challenge::{Asked, Credential, ProtectionSpace, Reply};
use super::handle::{Configuration, Error, c_text, handle, text};

handle!(ServerTrust, UrlSessionServerTrust, url_session_server_trust_retain, url_session_server_trust_release);

impl Asked {
    /// Whose certificates are to be judged; none where the question is another.
    pub fn trust(&self) -> Option<ServerTrust> {
        self.challenge.space().server_trust()
    }

    /// Accepts whoever it is; goes on without a certificate where the question is another.
    pub fn accept(&self) -> Reply {
        self.trust().map_or(Reply::UseNone, |trust| Reply::Use(trust.credential()))
    }
}

impl ProtectionSpace {
    pub fn server_trust(&self) -> Option<ServerTrust> {
        ServerTrust::adopt(url_session_protection_space_copy_server_trust(self.get()))
    }

    /// Whose certificates the server takes, in DER.
    pub fn issuers(&self) -> Vec<Vec<u8>> {
        let issuer = |index| {
            let (mut bytes, mut length) = (ptr::null(), 0);
            let status = url_session_protection_space_distinguished_name_at(self.get(), index, &mut bytes, &mut length);
            assert_eq!(status, UrlSessionStatus::OK);
            // SAFETY: the library lends this many bytes while the space is held.
            unsafe { slice::from_raw_parts(bytes, length) }.to_vec()
        };
        (0..url_session_protection_space_distinguished_name_count(self.get())).map(issuer).collect()
    }
}

impl ServerTrust {
    pub fn host(&self) -> String {
        text(url_session_server_trust_host(self.get())).unwrap()
    }

    pub fn is_trusted(&self) -> bool {
        url_session_server_trust_is_trusted(self.get())
    }

    pub fn error(&self) -> Option<Error> {
        Error::adopt(url_session_server_trust_copy_error(self.get()))
    }

    /// The certificates that the server showed, in DER.
    pub fn chain(&self) -> Vec<Vec<u8>> {
        let certificate = |index| {
            let (mut bytes, mut length) = (ptr::null(), 0);
            let status = url_session_server_trust_certificate_at(self.get(), index, &mut bytes, &mut length);
            assert_eq!(status, UrlSessionStatus::OK);
            // SAFETY: the library lends this many bytes while the trust is held.
            unsafe { slice::from_raw_parts(bytes, length) }.to_vec()
        };
        (0..url_session_server_trust_certificate_count(self.get())).map(certificate).collect()
    }

    pub fn public_key(&self, index: usize) -> [u8; 32] {
        let mut hash = [0; 32];
        let status = url_session_server_trust_public_key_sha256_at(self.get(), index, hash.as_mut_ptr());
        assert_eq!(status, UrlSessionStatus::OK);
        hash
    }

    pub fn credential(&self) -> Credential {
        let mut credential = ptr::null_mut();
        let status = url_session_credential_new_with_server_trust(self.get(), &mut credential);
        assert_eq!(status, UrlSessionStatus::OK);
        Credential::adopt(credential).unwrap()
    }
}

impl Configuration {
    pub fn pinned(self, host: &str, key: [u8; 32]) -> Self {
        let host = c_text(host);
        self.set(|c| url_session_configuration_add_pinned_public_key(c, host.as_ptr(), key.as_ptr(), key.len(), false))
    }

    /// Nobody but who is added.
    pub fn without_platform(self) -> Self {
        self.set(|c| url_session_configuration_set_trusts_platform_certificates(c, false))
    }

    pub fn trusting_path(self, path: &Path) -> Result<Self, Error> {
        let (text, mut error) = (c_text(path.to_str().unwrap()), ptr::null_mut());
        let add = match path.is_dir() {
            true => url_session_configuration_add_trusted_certificates_directory,
            false => url_session_configuration_add_trusted_certificates_file,
        };
        match add(self.get(), text.as_ptr(), &mut error) {
            UrlSessionStatus::OK => Ok(self),
            UrlSessionStatus::FAILED => Err(Error::adopt(error).unwrap()),
            other => panic!("trusting {} says {}", path.display(), other.0),
        }
    }
}
