//! HTTP Strict Transport Security (RFC 6797): which hosts said that they are to be spoken to over https only. Any
//! thread, any time.

mod hosts;
mod lines;
mod policy;

use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use once_cell::sync::Lazy;
use url::{Host, Url};

use self::hosts::Hosts;
use self::policy::Policy;
use super::kept::{Kept, Memory};
use crate::error::Error;
use crate::identity::Identity;
use crate::message::{Data, Invalid, Text};

pub struct HstsStorage {
    pub(crate) identity: Identity,
    hosts: Arc<Kept<Hosts>>,
}

impl Memory for Hosts {
    fn changes(&self) -> u64 {
        self.changes()
    }

    fn write(&self) -> Vec<u8> {
        lines::write(self, now()).into_bytes()
    }
}

impl HstsStorage {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { identity: Identity::next(), hosts: Kept::new(Hosts::default()) })
    }

    /// The one of every configuration that says nothing else.
    pub(crate) fn shared() -> &'static Arc<Self> {
        static SHARED: Lazy<Arc<HstsStorage>> = Lazy::new(HstsStorage::new);
        &SHARED
    }

    /// The URL to go to in place of an http one whose host wants https. A port that is not the default stays (8.3).
    pub(crate) fn upgraded(&self, url: &Url) -> Option<Url> {
        let name = policy_name(url).filter(|_| url.scheme() == "http")?;
        if !self.hosts.read(|hosts| hosts.contains(name, now())) {
            return None;
        }
        let mut upgraded = url.clone();
        upgraded.set_scheme("https").ok()?;
        Some(upgraded)
    }

    /// What an answer says, which came over https from a server whom there is no doubt about.
    pub(crate) fn learn(&self, url: &Url, field: &str) {
        let name = policy_name(url).filter(|_| url.scheme() == "https");
        if let Some((name, policy)) = name.zip(Policy::read(field)) {
            self.hosts.change(|hosts| hosts.set(name.to_owned(), policy, now()));
        }
    }

    /// As if the host had said so itself, in seconds.
    pub(crate) fn set(&self, host: &str, max_age: u64, includes_subdomains: bool) -> Result<(), Invalid> {
        let name = hosts::name(host).ok_or(Invalid)?;
        let policy = Policy { max_age, includes_subdomains };
        self.hosts.change(|hosts| hosts.set(name, policy, now()));
        Ok(())
    }

    pub(crate) fn contains(&self, host: &str) -> bool {
        hosts::name(host).is_some_and(|name| self.hosts.read(|hosts| hosts.contains(&name, now())))
    }

    pub(crate) fn remove_all(&self) {
        self.hosts.change(Hosts::remove_all);
    }

    /// Lines of another storage or of curl, in place of what is known of their hosts.
    pub(crate) fn import(&self, lines: &[u8]) {
        let (lines, now) = (String::from_utf8_lossy(lines), now());
        self.hosts.change(|hosts| lines::read(&lines, now).for_each(|(name, policy)| hosts.set(name, policy, now)));
    }

    pub(crate) fn export(&self) -> Arc<Data> {
        Data::text(&Text::from(self.hosts.read(|hosts| lines::write(hosts, now()))))
    }

    /// Keeps the hosts in a file from here on, and takes those from it that are not known yet; none: only in memory.
    pub(crate) fn set_file(&self, path: Option<&Path>) -> Result<(), Error> {
        self.hosts.set_file(path, |hosts, content| {
            let (lines, now) = (String::from_utf8_lossy(content), now());
            for (name, policy) in lines::read(&lines, now) {
                if !hosts.has(&name) {
                    hosts.set(name, policy, now);
                }
            }
        })
    }

    /// Writes what has changed, if there is a file. May block.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        self.hosts.flush()
    }
}

/// A URL's host where a policy can apply to it.
fn policy_name(url: &Url) -> Option<&str> {
    match url.host()? {
        Host::Domain(name) => hosts::plain(name),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

/// Seconds since 1970.
fn now() -> u64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0, |elapsed| elapsed.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn url(text: &str) -> Url {
        Url::parse(text).unwrap()
    }

    fn upgraded(storage: &HstsStorage, text: &str) -> Option<String> {
        storage.upgraded(&url(text)).map(String::from)
    }

    #[test]
    fn learnt_over_https_from_names_only() {
        let storage = HstsStorage::new();
        for from in ["http://h.example/", "https://127.0.0.1/", "https://[::1]/"] {
            storage.learn(&url(from), "max-age=100; includeSubDomains");
        }
        assert!(!storage.contains("h.example") && !storage.contains("127.0.0.1") && !storage.contains("::1"));
        storage.learn(&url("https://t...51.../"), "max-age=100");
        assert_eq!(lines::read(&String::from_utf8_lossy(storage.export().bytes()), 0).count(), 0);
        storage.learn(&url("https://H.example.:8443/x"), "max-age=100");
        assert!(storage.contains("h.EXAMPLE") && storage.contains("h.example."));
        storage.learn(&url("https://h.example/"), "max-age=0");
        assert!(!storage.contains("h.example"));
    }

    #[test]
    fn rfc_6797_8_3_which_port_an_upgrade_leads_to() {
        let storage = HstsStorage::new();
        storage.set("h.example", 100, false).unwrap();
        let told = |text: &str| upgraded(&storage, text).unwrap_or_default();
        assert_eq!(told("http://u:p@h.example/a?b#c"), "https://u:p@h.example/a?b#c");
        assert_eq!(told("http://h.example:80/"), "https://h.example/");
        assert_eq!(told("http://h.example:8080/"), "https://h.example:8080/");
        assert_eq!(told("http://h.example./"), "https://h.example./");
        assert_eq!(told("https://h.example/"), "");
        assert_eq!(told("http://a.h.example/"), "");
    }

    #[test]
    fn only_names_can_be_set() {
        let storage = HstsStorage::new();
        for host in ["", ".", "127.0.0.1", "[::1]", "a b", "http://h/"] {
            assert!(storage.set(host, 1, false).is_err(), "{host}");
        }
        storage.set("Bücher.example", u64::MAX, true).unwrap();
        assert!(storage.contains("a.xn--bcher-kva.example"));
        storage.remove_all();
        assert!(!storage.contains("Bücher.example"));
    }

    #[test]
    fn kept_in_a_file_of_the_owners_alone() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("hsts");
        let storage = HstsStorage::new();
        storage.set("before.example", 1000, false).unwrap();
        storage.set_file(Some(&path)).unwrap();
        storage.set("after.example", 1000, true).unwrap();
        drop(storage);
        let lines = std::fs::read_to_string(&path).unwrap();
        assert!(lines.contains("\nbefore.example ") && lines.contains("\n.after.example "), "{lines}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(std::fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        }
        let next = HstsStorage::new();
        next.set("after.example", 1000, false).unwrap();
        next.set_file(Some(&path)).unwrap();
        assert!(next.contains("before.example") && !next.contains("a.after.example"));
        next.remove_all();
        next.set_file(None).unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap().lines().count(), 1);
    }

    #[test]
    fn a_file_that_cannot_be_changes_nothing() {
        let directory = tempfile::tempdir().unwrap();
        let storage = HstsStorage::new();
        for path in [directory.path().to_owned(), directory.path().join("none/hsts")] {
            assert!(storage.set_file(Some(&path)).is_err(), "{path:?}");
        }
        storage.set("h.example", 1000, false).unwrap();
        assert!(storage.flush().is_ok() && storage.contains("h.example"));
    }
}
