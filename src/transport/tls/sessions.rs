//! Sessions to resume, but for servers where each connection has to be looked at anew.

use std::collections::HashSet;
use std::sync::Arc;

use parking_lot::Mutex;
use rustls::NamedGroup;
use rustls::client::{ClientSessionMemoryCache, ClientSessionStore, Tls12ClientSessionValue, Tls13ClientSessionValue};
use rustls::pki_types::ServerName;

/// As rustls has it.
const SIZE: usize = 256;
/// Past so many, none is resumed any more.
const MOST_BARRED: usize = 1024;

#[derive(Debug)]
pub(super) struct Sessions {
    kept: ClientSessionMemoryCache,
    /// A session would hide that their chain is not trusted, or that they ask for a certificate.
    barred: Mutex<HashSet<ServerName<'static>>>,
}

impl Sessions {
    pub(super) fn new() -> Arc<Self> {
        Arc::new(Self { kept: ClientSessionMemoryCache::new(SIZE), barred: Mutex::default() })
    }

    /// Whether this server's sessions are resumed from now on.
    pub(super) fn may_resume(&self, name: &ServerName<'static>, may: bool) {
        let mut barred = self.barred.lock();
        if may {
            barred.remove(name);
            return;
        }
        if barred.len() < MOST_BARRED {
            barred.insert(name.clone());
        }
        drop(barred);
        self.forget(name);
    }

    pub(super) fn forget(&self, name: &ServerName<'static>) {
        self.kept.remove_tls12_session(name);
        while self.kept.take_tls13_ticket(name).is_some() {}
    }

    fn is_barred(&self, name: &ServerName<'_>) -> bool {
        let barred = self.barred.lock();
        barred.len() == MOST_BARRED || (!barred.is_empty() && barred.contains(&name.to_owned()))
    }
}

impl ClientSessionStore for Sessions {
    fn set_kx_hint(&self, server_name: ServerName<'static>, group: NamedGroup) {
        self.kept.set_kx_hint(server_name, group);
    }

    fn kx_hint(&self, server_name: &ServerName<'_>) -> Option<NamedGroup> {
        self.kept.kx_hint(server_name)
    }

    fn set_tls12_session(&self, server_name: ServerName<'static>, value: Tls12ClientSessionValue) {
        if !self.is_barred(&server_name) {
            self.kept.set_tls12_session(server_name, value);
        }
    }

    fn tls12_session(&self, server_name: &ServerName<'_>) -> Option<Tls12ClientSessionValue> {
        self.kept.tls12_session(server_name).filter(|_| !self.is_barred(server_name))
    }

    fn remove_tls12_session(&self, server_name: &ServerName<'static>) {
        self.kept.remove_tls12_session(server_name);
    }

    fn insert_tls13_ticket(&self, server_name: ServerName<'static>, value: Tls13ClientSessionValue) {
        if !self.is_barred(&server_name) {
            self.kept.insert_tls13_ticket(server_name, value);
        }
    }

    fn take_tls13_ticket(&self, server_name: &ServerName<'static>) -> Option<Tls13ClientSessionValue> {
        self.kept.take_tls13_ticket(server_name).filter(|_| !self.is_barred(server_name))
    }
}
