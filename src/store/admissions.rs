//! Where a session was let in, and with what: there the same is sent ahead, before anybody asks again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;
use url::Url;

use crate::challenge::{Credential, Protocol, Space};
use crate::message::authorization::{DigestSession, basic_covers};

const MOST: usize = 256;

/// How far an admission reaches.
pub(crate) enum Scope {
    /// A proxy is a proxy everywhere.
    Proxy,
    /// The URL that was let in.
    Url(Url),
}

pub(crate) struct Admission {
    pub(crate) space: Space,
    pub(crate) scope: Scope,
    pub(crate) credential: Arc<Credential>,
    pub(crate) digest: Option<DigestSession>,
    /// For every task of the session; otherwise for those that bring the credential themselves.
    pub(crate) is_shared: bool,
}

impl Admission {
    fn covers(&self, url: Option<&Url>) -> bool {
        match (&self.scope, url) {
            (Scope::Proxy, None) => true,
            (Scope::Url(accepted), Some(url)) => match &self.digest {
                Some(digest) => digest.challenge().covers(accepted, url),
                None => basic_covers(accepted, url),
            },
            _ => false,
        }
    }

    /// Whether nothing is lost without the other.
    fn replaces(&self, other: &Self) -> bool {
        let is_same_space = other.space == self.space && other.is_shared == self.is_shared;
        let is_below = match &other.scope {
            Scope::Proxy => true,
            Scope::Url(accepted) => self.covers(Some(accepted)),
        };
        let has_use = match other.credential.is_same(&self.credential) {
            true => !is_below && self.digest.is_none(),
            // Of tasks that bring their own, each has its own.
            false => !other.is_shared,
        };
        is_same_space && !has_use
    }
}

#[derive(Default)]
pub(crate) struct Admissions {
    known: Mutex<VecDeque<Admission>>,
    has_any: AtomicBool,
}

impl Admissions {
    /// The newest knows best.
    pub(crate) fn learn(&self, admission: Admission) {
        let mut known = self.known.lock();
        known.retain(|other| !admission.replaces(other));
        known.truncate(MOST - 1);
        known.push_front(admission);
        self.has_any.store(true, Ordering::Release);
    }

    pub(crate) fn forget(&self, space: &Space, credential: &Credential) {
        self.known.lock().retain(|known| known.space != *space || !known.credential.is_same(credential));
    }

    /// What lets in at this place: the credential that a task brings itself, or else the session's.
    pub(crate) fn find<T>(
        &self,
        place: (&str, u16, Protocol),
        url: Option<&Url>,
        own: Option<&Arc<Credential>>,
        authorize: impl FnOnce(&mut Admission) -> Option<T>,
    ) -> Option<T> {
        if !self.has_any.load(Ordering::Acquire) {
            return None;
        }
        let is_wanted = |admission: &&mut Admission| {
            let is_usable = match own {
                Some(own) => admission.credential.is_same(own),
                None => admission.is_shared,
            };
            is_usable && admission.space.is_at(place) && admission.covers(url)
        };
        authorize(self.known.lock().iter_mut().find(is_wanted)?)
    }

    /// What the session was let in with elsewhere in this space.
    pub(crate) fn credential(&self, space: &Space) -> Option<Arc<Credential>> {
        let known = self.known.lock();
        known.iter().find(|known| known.is_shared && known.space == *space).map(|known| known.credential.clone())
    }

    /// What the server says about the next request of a digest (RFC 7616, 3.5).
    pub(crate) fn update(&self, space: &Space, info: &str) {
        for known in self.known.lock().iter_mut().filter(|known| known.space == *space) {
            if let Some(digest) = &mut known.digest {
                digest.update(info);
            }
        }
    }
}
