//! The cookies of one session or of several, with their file where they have one. Any thread, any time.

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, SystemTime};

use once_cell::sync::Lazy;
use parking_lot::Mutex;
use url::Url;

use super::cookie::is_secure;
use super::cookie_file::CookieFile;
use super::cookie_jar::CookieJar;
use super::{Cookie, netscape};
use crate::error::Error;
use crate::identity::Identity;

/// Changes of this time go to the file in one.
const GATHERED: Duration = Duration::from_millis(200);

pub struct CookieStorage {
    pub(crate) identity: Identity,
    jar: Mutex<CookieJar>,
    /// What is in the jar, without its lock.
    count: AtomicUsize,
    /// Taken before the jar, never while the jar is held.
    file: Mutex<Option<CookieFile>>,
    has_file: AtomicBool,
    /// A thread is about to write the file.
    is_writing: AtomicBool,
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
        Arc::new(Self {
            identity: Identity::next(),
            count: AtomicUsize::new(jar.len()),
            jar: Mutex::new(jar),
            file: Mutex::default(),
            has_file: AtomicBool::new(false),
            is_writing: AtomicBool::new(false),
        })
    }

    /// Another one with the same cookies, and without a file.
    pub(crate) fn copy(&self) -> Arc<Self> {
        Self::with(self.jar.lock().clone())
    }

    /// As the application wants it, whatever is there.
    pub(crate) fn set(self: &Arc<Self>, cookie: Arc<Cookie>) {
        self.change(|jar| jar.insert(cookie, now()));
    }

    /// What an answer from the URL sets, field by field; how many were not refused.
    pub(crate) fn learn<'a>(self: &Arc<Self>, url: &Url, fields: impl Iterator<Item = &'a [u8]>) -> usize {
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

    pub(crate) fn delete(self: &Arc<Self>, cookie: &Cookie) {
        self.change(|jar| jar.remove(cookie));
    }

    /// Those that were created then or later; with nothing before, all.
    pub(crate) fn delete_since(self: &Arc<Self>, time: f64) {
        self.change(|jar| jar.remove_since(time));
    }

    /// What goes with a request for the URL, in the order of the Cookie field.
    pub(crate) fn cookies_for(&self, url: &Url) -> Vec<Arc<Cookie>> {
        self.jar.lock().matching(url, now())
    }

    /// Costs next to nothing.
    pub(crate) fn is_empty(&self) -> bool {
        self.count.load(Ordering::Relaxed) == 0
    }

    /// All, oldest first.
    pub(crate) fn cookies(&self) -> Vec<Arc<Cookie>> {
        self.jar.lock().all(now())
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
    pub(crate) fn import(self: &Arc<Self>, file: &[u8]) -> usize {
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
    pub(crate) fn set_file(self: &Arc<Self>, path: Option<&Path>) -> Result<(), Error> {
        self.flush()?;
        let opened = path.map(CookieFile::open).transpose()?;
        let mut kept = self.file.lock();
        self.has_file.store(opened.is_some(), Ordering::Relaxed);
        let Some((mut file, content)) = opened else {
            *kept = None;
            return Ok(());
        };
        let now = now();
        let cookies = netscape::read(&content, now);
        let (before, after) = self.change(|jar| (jar.changes(), jar.insert_new(cookies, now)));
        // Of what only came from there it has nothing to learn.
        if before == 0 {
            file.has_seen(after);
        }
        *kept = Some(file);
        drop(kept);
        self.write_soon();
        Ok(())
    }

    /// Writes what has changed, if there is a file.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        let mut file = self.file.lock();
        let Some(file) = file.as_mut() else { return Ok(()) };
        let (mut cookies, changes) = {
            let jar = self.jar.lock();
            (jar.all(now()), jar.changes())
        };
        // Those of the session end with it.
        cookies.retain(|cookie| cookie.expires().is_some());
        file.keep(changes, || netscape::write(&cookies))
    }

    fn change<R>(self: &Arc<Self>, change: impl FnOnce(&mut CookieJar) -> R) -> R {
        let (changed, is_other) = {
            let mut jar = self.jar.lock();
            let before = jar.changes();
            let changed = change(&mut jar);
            self.count.store(jar.len(), Ordering::Relaxed);
            (changed, jar.changes() != before)
        };
        if is_other && self.has_file.load(Ordering::Relaxed) {
            self.write_soon();
        }
        changed
    }

    /// On a thread of its own, which files may keep waiting.
    fn write_soon(self: &Arc<Self>) {
        if self.is_writing.swap(true, Ordering::AcqRel) {
            return;
        }
        let storage = Arc::downgrade(self);
        let write = move || {
            thread::sleep(GATHERED);
            // Where nobody has it any more, it was written when it was let go of.
            let Some(storage) = storage.upgrade() else { return };
            storage.is_writing.store(false, Ordering::Release);
            // What fails is tried again with the next change, and told to whoever flushes.
            let _ = storage.flush();
        };
        if thread::Builder::new().name("urlsession-cookies".to_owned()).spawn(write).is_err() {
            self.is_writing.store(false, Ordering::Release);
        }
    }
}

impl Drop for CookieStorage {
    fn drop(&mut self) {
        // There is nobody left to tell.
        let _ = self.flush();
    }
}

/// Seconds since 1970.
pub(crate) fn now() -> f64 {
    SystemTime::UNIX_EPOCH.elapsed().map_or(0.0, |elapsed| elapsed.as_secs_f64())
}
