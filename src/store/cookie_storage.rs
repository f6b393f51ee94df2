//! The cookies of one session or of several, with their file where they have one. Any thread, any time.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::SystemTime;

use once_cell::sync::Lazy;
use url::Url;

use super::cookie::is_secure;
use super::cookie_jar::CookieJar;
use super::kept::{Kept, Memory};
use super::{Cookie, netscape};
use crate::error::Error;
use crate::identity::Identity;

pub struct CookieStorage {
    pub(crate) identity: Identity,
    jar: Arc<Kept<CookieJar>>,
    /// What is in the jar, without its lock.
    count: AtomicUsize,
}

/// More than one cookie is meant.
#[derive(Debug)]
pub(crate) struct Ambiguous;

impl CookieStorage {
    pub(crate) fn new() -> Arc<Self> {
        Self::with(CookieJar::default())
    }

    /// The one of every configuration that says nothing else.
    pub(crate) fn shared() -> &'static Arc<Self> {
        static SHARED: Lazy<Arc<CookieStorage>> = Lazy::new(CookieStorage::new);
        &SHARED
    }

    fn with(jar: CookieJar) -> Arc<Self> {
        Arc::new(Self { identity: Identity::next(), count: AtomicUsize::new(jar.len()), jar: Kept::new(jar) })
    }

    /// Another one with the same cookies, and without a file.
    pub(crate) fn copy(&self) -> Arc<Self> {
        Self::with(self.jar.read(CookieJar::clone))
    }

    /// As the application wants it, whatever is there.
    pub(crate) fn set(&self, cookie: Arc<Cookie>) {
        self.change(|jar| jar.insert(cookie, now()));
    }

    /// What an answer from the URL sets, field by field; how many were not refused.
    pub(crate) fn learn<'a>(&self, url: &Url, fields: impl Iterator<Item = &'a [u8]>) -> usize {
        let now = now();
        let cookies: Vec<_> = fields.filter_map(|field| Cookie::from_field(url, field, now).ok()).collect();
        if cookies.is_empty() {
            return 0;
        }
        self.change(|jar| {
            let mut taken = 0;
            for cookie in cookies {
                if is_secure(url) || cookie.is_secure() || !jar.overlays_secure(&cookie) {
                    jar.insert(cookie, now);
                    taken += 1;
                }
            }
            taken
        })
    }

    pub(crate) fn delete(&self, cookie: &Cookie) {
        self.change(|jar| jar.remove(cookie));
    }

    /// Those that were created then or later; with nothing before, all.
    pub(crate) fn delete_since(&self, time: f64) {
        self.change(|jar| jar.remove_since(time));
    }

    /// What goes with a request for the URL, in the order of the Cookie field.
    pub(crate) fn cookies_for(&self, url: &Url) -> Vec<Arc<Cookie>> {
        self.jar.change(|jar| jar.matching(url, now()))
    }

    /// Costs next to nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    /// All, oldest first.
    pub(crate) fn cookies(&self) -> Vec<Arc<Cookie>> {
        self.jar.read(|jar| jar.all(now()))
    }

    /// The one of that name, and of that domain and path where they are given.
    pub(crate) fn cookie(
        &self,
        name: &str,
        domain: Option<&str>,
        path: Option<&str>,
    ) -> Result<Option<Arc<Cookie>>, Ambiguous> {
        let domain = domain.map(|domain| domain.strip_prefix('.').unwrap_or(domain));
        let mut cookies = self.cookies();
        cookies.retain(|cookie| {
            cookie.name().as_str() == name
                && domain.is_none_or(|domain| cookie.domain().as_str().eq_ignore_ascii_case(domain))
                && path.is_none_or(|path| cookie.path().as_str() == path)
        });
        if cookies.len() > 1 { Err(Ambiguous) } else { Ok(cookies.pop()) }
    }

    /// Cookies of a Netscape cookie file, in place of those that are the same; how many.
    pub(crate) fn import(&self, file: &[u8]) -> usize {
        let now = now();
        let cookies = netscape::read(file, now);
        let count = cookies.len();
        self.change(|jar| cookies.into_iter().for_each(|cookie| jar.insert(cookie, now)));
        count
    }

    /// All as a Netscape cookie file.
    pub(crate) fn export(&self) -> Vec<u8> {
        netscape::write(&self.cookies())
    }

    /// Keeps the cookies in a file from here on, and takes what it has beside what is here; none: only in memory.
    pub(crate) fn set_file(&self, path: Option<&Path>) -> Result<(), Error> {
        self.jar.set_file(path, |jar, content| {
            let now = now();
            jar.insert_new(netscape::read(content, now), now);
            self.count.store(jar.len(), Ordering::Relaxed);
        })
    }

    /// Writes what has changed, if there is a file.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        self.jar.flush()
    }

    fn change<R>(&self, change: impl FnOnce(&mut CookieJar) -> R) -> R {
        self.jar.change(|jar| {
            let changed = change(jar);
            self.count.store(jar.len(), Ordering::Relaxed);
            changed
        })
    }
}

impl Memory for CookieJar {
    fn changes(&self) -> u64 {
        self.changes()
    }

    /// Those of the session end with it.
    fn write(&self) -> Vec<u8> {
        let mut cookies = self.all(now());
        cookies.retain(|cookie| cookie.expires().is_some());
        netscape::write(&cookies)
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> f64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0.0, |elapsed| elapsed.as_secs_f64())
}
