//! What a session remembers of hosts that want https.

use std::ptr;

use urlsession::*;

use super::handle::{Configuration, Data, c_text, handle};

handle!(HstsStorage, UrlSessionHstsStorage, url_session_hsts_storage_retain, url_session_hsts_storage_release);

impl Default for HstsStorage {
    fn default() -> Self {
        Self::adopt(url_session_hsts_storage_new()).unwrap()
    }
}

impl HstsStorage {
    /// One that knows a host for an hour.
    pub fn knowing(host: &str) -> Self {
        let (storage, host) = (Self::default(), c_text(host));
        assert_eq!(url_session_hsts_storage_set_host(storage.get(), host.as_ptr(), 3600, false), UrlSessionStatus::OK);
        storage
    }

    pub fn contains(&self, host: &str) -> bool {
        url_session_hsts_storage_contains(self.get(), c_text(host).as_ptr())
    }

    pub fn import(&self, lines: &str) {
        let status = url_session_hsts_storage_import(self.get(), lines.as_ptr(), lines.len());
        assert_eq!(status, UrlSessionStatus::OK);
    }

    /// Without the first, which is a comment.
    pub fn lines(&self) -> Vec<String> {
        let lines = Data::adopt(url_session_hsts_storage_copy_export(self.get())).unwrap().text();
        lines.lines().skip(1).map(str::to_owned).collect()
    }

    pub fn set_file(&self, path: &str) -> UrlSessionStatus {
        url_session_hsts_storage_set_file(self.get(), c_text(path).as_ptr(), ptr::null_mut())
    }
}

impl Configuration {
    pub fn hsts(self, storage: &HstsStorage) -> Self {
        self.set(|c| url_session_configuration_set_hsts_storage(c, storage.get()))
    }

    pub fn requires_https(self) -> Self {
        self.set(|c| url_session_configuration_set_requires_https(c, true))
    }
}
