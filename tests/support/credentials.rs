//! As whom sessions and requests go, and where that is kept.

use std::ptr;

use urlsession::*;

use super::challenge::{Credential, ProtectionSpace};
use super::handle::{Configuration, Request, c_text, handle};

handle!(
    CredentialStorage,
    UrlSessionCredentialStorage,
    url_session_credential_storage_retain,
    url_session_credential_storage_release
);

impl Default for CredentialStorage {
    fn default() -> Self {
        Self::adopt(url_session_credential_storage_new()).unwrap()
    }
}

impl CredentialStorage {
    pub fn set(&self, space: &ProtectionSpace, credential: &Credential, is_default: bool) {
        let status =
            url_session_credential_storage_set_credential(self.get(), space.get(), credential.get(), is_default);
        assert_eq!(status, UrlSessionStatus::OK);
    }

    /// The user of the default credential.
    pub fn default_user(&self, space: &ProtectionSpace) -> Option<String> {
        let found = url_session_credential_storage_copy_credential(self.get(), space.get(), ptr::null());
        Credential::adopt(found)?.name()
    }
}

impl ProtectionSpace {
    /// Of an http server on loopback.
    pub fn of(port: u16, realm: &str, method: UrlSessionAuthenticationMethod) -> Self {
        Self::on_loopback(port, false, realm, method)
    }

    /// Of an HTTP proxy there.
    pub fn of_proxy(port: u16, realm: &str, method: UrlSessionAuthenticationMethod) -> Self {
        Self::on_loopback(port, true, realm, method)
    }

    fn on_loopback(port: u16, is_proxy: bool, realm: &str, method: UrlSessionAuthenticationMethod) -> Self {
        let (host, protocol, realm) = (c_text("127.0.0.1"), c_text("http"), c_text(realm));
        let (host, protocol, realm, mut space) = (host.as_ptr(), protocol.as_ptr(), realm.as_ptr(), ptr::null_mut());
        let status = url_session_protection_space_new(host, port, protocol, is_proxy, realm, method, &mut space);
        assert_eq!(status, UrlSessionStatus::OK);
        Self::adopt(space).unwrap()
    }
}

impl Configuration {
    /// None takes the storage away.
    pub fn credential_storage(self, storage: Option<&CredentialStorage>) -> Self {
        let storage = storage.map_or(ptr::null_mut(), CredentialStorage::get);
        self.set(|c| url_session_configuration_set_credential_storage(c, storage))
    }

    pub fn credential(self, origin: &str, credential: &Credential) -> Self {
        let origin = c_text(origin);
        self.set(|c| url_session_configuration_set_credential(c, origin.as_ptr(), credential.get()))
    }
}

impl Request {
    pub fn credential(self, credential: &Credential) -> Self {
        self.set(|r| url_session_request_set_credential(r, UrlSessionCredentialUse::THIS, credential.get()))
    }

    pub fn for_nobody(self) -> Self {
        self.set(|r| url_session_request_set_credential(r, UrlSessionCredentialUse::NONE, ptr::null_mut()))
    }

    pub fn inheriting(self) -> Self {
        self.set(|r| url_session_request_set_credential(r, UrlSessionCredentialUse::INHERIT, ptr::null_mut()))
    }
}
