//! Cookies by their domains, with the limits and the order of RFC 6265bis, 5.7 and 5.8. It has no clock of its own.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::Arc;

use url::{Host, Url};

use super::Cookie;
use super::cookie::{domain_matches, path_matches};

/// As many as browsers keep.
const MOST_OF_A_DOMAIN: usize = 180;
pub(super) const MOST: usize = 3000;

/// With a dot behind.
const LONGEST_NAME: usize = 254;

#[derive(Clone)]
struct Stored {
    cookie: Arc<Cookie>,
    created: f64,
    /// By when they were created, and by when they were last used; finer than a clock.
    order: u64,
    used: u64,
}

#[derive(Clone, Default)]
pub(super) struct CookieJar {
    domains: HashMap<Box<str>, Vec<Stored>>,
    count: usize,
    ticks: u64,
    /// Of what a file would keep.
    changes: u64,
}

impl CookieJar {
    /// In place of the one that is the same, whose time of creation it keeps. One that has expired only takes it away.
    pub(super) fn insert(&mut self, cookie: Arc<Cookie>, now: f64) {
        let before = self.take(&cookie);
        if cookie.is_expired(now) {
            return;
        }
        self.ticks += 1;
        self.changes += u64::from(cookie.expires().is_some());
        let (created, order) = before.map_or((now, self.ticks), |before| (before.created, before.order));
        let domain = self.domains.entry(cookie.domain().as_str().into()).or_default();
        domain.push(Stored { cookie, created, order, used: self.ticks });
        self.count += 1;
        let is_crowded = domain.len() > MOST_OF_A_DOMAIN;
        if is_crowded || self.count > MOST {
            self.evict(now, is_crowded);
        }
    }

    pub(super) fn remove(&mut self, cookie: &Cookie) {
        self.take(cookie);
    }

    fn take(&mut self, cookie: &Cookie) -> Option<Stored> {
        let domain = cookie.domain().as_str();
        let stored = self.domains.get_mut(domain)?;
        let at = stored.iter().position(|stored| stored.cookie.is_same(cookie))?;
        let taken = stored.swap_remove(at);
        if stored.is_empty() {
            self.domains.remove(domain);
        }
        self.count -= 1;
        self.changes += u64::from(taken.cookie.expires().is_some());
        Some(taken)
    }

    /// Beside what is here, which is newer.
    pub(super) fn insert_new(&mut self, cookies: Vec<Arc<Cookie>>, now: f64) {
        for cookie in cookies {
            if !self.contains(&cookie) {
                self.insert(cookie, now);
            }
        }
    }

    fn contains(&self, cookie: &Cookie) -> bool {
        let stored = self.domains.get(cookie.domain().as_str());
        stored.is_some_and(|stored| stored.iter().any(|stored| stored.cookie.is_same(cookie)))
    }

    /// Keeps what was created before.
    pub(super) fn remove_since(&mut self, time: f64) {
        self.retain(|stored| stored.created < time);
    }

    fn retain(&mut self, keep: impl Fn(&Stored) -> bool) {
        let before = self.count;
        self.domains.retain(|_, stored| {
            stored.retain(&keep);
            !stored.is_empty()
        });
        self.count = self.domains.values().map(Vec::len).sum();
        self.changes += u64::from(self.count != before);
    }

    /// Whether a cookie that came without TLS would lie over one that is secure ("leave secure cookies alone").
    pub(super) fn overlays_secure(&self, cookie: &Cookie) -> bool {
        let domain = cookie.domain().as_str();
        let is_overlaid = |stored: &Stored| {
            let secure = &stored.cookie;
            secure.is_secure()
                && secure.name() == cookie.name()
                && path_matches(cookie.path().as_bytes(), secure.path().as_bytes())
        };
        let is_related = |other: &str| domain_matches(other, domain) || domain_matches(domain, other);
        let mut related = self.domains.iter().filter(|(other, _)| is_related(other));
        related.any(|(_, stored)| stored.iter().any(is_overlaid))
    }

    /// What goes with a request for the URL: longer paths first, and older cookies among those of one length.
    pub(super) fn matching(&mut self, url: &Url, now: f64) -> Vec<Arc<Cookie>> {
        self.ticks += 1;
        let mut found = Vec::new();
        // An address has nothing above it, and what no DNS can hold is not worth taking apart.
        let is_name = matches!(url.host(), Some(Host::Domain(name)) if name.len() <= LONGEST_NAME);
        let mut domain = url.host_str();
        while let Some(name) = domain {
            let stored = self.domains.get_mut(name).into_iter().flatten();
            for stored in stored.filter(|stored| stored.cookie.is_for(url) && !stored.cookie.is_expired(now)) {
                stored.used = self.ticks;
                found.push((stored.order, stored.cookie.clone()));
            }
            domain = name.split_once('.').map(|(_, above)| above).filter(|_| is_name);
        }
        found.sort_by_key(|(order, cookie)| (Reverse(cookie.path().as_bytes().len()), *order));
        found.into_iter().map(|(_, cookie)| cookie).collect()
    }

    /// All that have not expired, in the order of their creation.
    pub(super) fn all(&self, now: f64) -> Vec<Arc<Cookie>> {
        let mut all: Vec<_> = self.domains.values().flatten().filter(|stored| !stored.cookie.is_expired(now)).collect();
        all.sort_by_key(|stored| stored.order);
        all.into_iter().map(|stored| stored.cookie.clone()).collect()
    }

    pub(super) fn len(&self) -> usize {
        self.count
    }

    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// Makes room (5.7): what has expired goes first; then what is longest unused, of a crowded domain before any other
    /// and there what is not secure before what is.
    fn evict(&mut self, now: f64, is_crowded: bool) {
        self.retain(|stored| !stored.cookie.is_expired(now));
        if is_crowded {
            let crowded = self.domains.values().filter(|stored| stored.len() > MOST_OF_A_DOMAIN);
            let least = crowded.flatten().min_by_key(|stored| (stored.cookie.is_secure(), stored.used));
            self.remove_found(least.map(|stored| stored.cookie.clone()));
        }
        if self.count > MOST {
            let least = self.domains.values().flatten().min_by_key(|stored| stored.used);
            self.remove_found(least.map(|stored| stored.cookie.clone()));
        }
    }

    fn remove_found(&mut self, cookie: Option<Arc<Cookie>>) {
        if let Some(cookie) = cookie {
            self.remove(&cookie);
        }
    }
}

#[cfg(test)]
mod tests;
