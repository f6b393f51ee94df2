//! Where a session was let in, and with what: there the same is sent ahead, before anybody asks again.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use parking_lot::Mutex;

use crate::challenge::{Credential, Protocol, Space};
use crate::message::authorization::DigestSession;

const MOST: usize = 256;

/// Of one server or proxy.
const MOST_AT_A_PLACE: usize = 16;

/// How far an admission reaches.
pub(crate) enum Scope {
    /// A proxy is a proxy everywhere.
    Proxy,
    /// What begins with one of these paths.
    Below(Vec<String>),
}

impl Scope {
    fn covers(&self, path: Option<&str>) -> bool {
        match (self, path) {
            (Self::Proxy, None) => true,
            (Self::Below(tops), Some(path)) => tops.iter().any(|top| path.starts_with(top)),
            _ => false,
        }
    }

    /// Whether nothing is lost without the other.
    fn includes(&self, other: &Self) -> bool {
        match other {
            Self::Proxy => true,
            Self::Below(tops) => tops.iter().all(|top| self.covers(Some(top))),
        }
    }
}

/// What a task is let in with.
pub(crate) struct Key {
    pub(crate) space: Space,
    pub(crate) credential: Arc<Credential>,
    /// For one request.
    pub(crate) digest: Option<DigestSession>,
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
    fn replaces(&self, other: &Self) -> bool {
        let is_same_space = other.space == self.space && other.is_shared == self.is_shared;
        let has_use = match other.credential.is_same(&self.credential) {
            true => !self.scope.includes(&other.scope) && self.digest.is_none(),
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
    /// The newest knows best, and no server crowds out the others.
    pub(crate) fn learn(&self, admission: Admission) {
        let mut known = self.known.lock();
        let place = (admission.space.host.as_str(), admission.space.port, admission.space.protocol);
        let mut at_place = 0;
        known.retain(|other| {
            at_place += usize::from(other.space.is_at(place));
            !admission.replaces(other) && (at_place < MOST_AT_A_PLACE || !other.space.is_at(place))
        });
        known.truncate(MOST - 1);
        known.push_front(admission);
        self.has_any.store(true, Ordering::Release);
    }

    pub(crate) fn forget(&self, space: &Space, credential: &Credential) {
        self.known.lock().retain(|known| known.space != *space || !known.credential.is_same(credential));
    }

    /// What lets in at this place: the credential that a task brings itself, or else the session's.
    pub(crate) fn find(
        &self,
        place: (&str, u16, Protocol),
        path: Option<&str>,
        own: Option<&Arc<Credential>>,
    ) -> Option<Key> {
        if !self.has_any.load(Ordering::Acquire) {
            return None;
        }
        let is_wanted = |admission: &&mut Admission| {
            let is_usable = match own {
                Some(own) => admission.credential.is_same(own),
                None => admission.is_shared,
            };
            is_usable && admission.space.is_at(place) && admission.scope.covers(path)
        };
        let mut known = self.known.lock();
        let found = known.iter_mut().find(is_wanted)?;
        let digest = found.digest.as_mut().map(DigestSession::take_turn);
        Some(Key { space: found.space.clone(), credential: found.credential.clone(), digest })
    }

    /// What the session was let in with elsewhere in this space.
    pub(crate) fn credential(&self, space: &Space) -> Option<Arc<Credential>> {
        let known = self.known.lock();
        known.iter().find(|known| known.is_shared && known.space == *space).map(|known| known.credential.clone())
    }

    /// What the server says to a user about the next request of a digest (RFC 7616, 3.5).
    pub(crate) fn update(&self, space: &Space, credential: &Credential, info: &str) {
        let mut known = self.known.lock();
        let is_meant = |known: &&mut Admission| known.space == *space && known.credential.is_same(credential);
        known.iter_mut().filter(is_meant).filter_map(|known| known.digest.as_mut()).for_each(|it| it.update(info));
    }
}
