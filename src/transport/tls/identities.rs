//! Client certificates that servers have asked for before, and who was accepted to see them.

use std::collections::VecDeque;
use std::sync::Arc;

use parking_lot::Mutex;

use super::chain::Digest;
use crate::challenge::Credential;
use crate::identity::Identity;
use crate::transport::Peer;

const MOST_HOSTS: usize = 256;
const MOST_CHAINS: usize = 8;

/// A chain, and who has accepted it; none is the session's delegate.
type Accepted = (Option<Identity>, Digest);

struct Known {
    host: String,
    port: u16,
    credential: Arc<Credential>,
    /// The newest last.
    accepted: VecDeque<Accepted>,
}

#[derive(Default)]
pub(super) struct Identities(Mutex<VecDeque<Known>>);

impl Known {
    fn is_of(&self, peer: Peer<'_>) -> bool {
        self.host == peer.host && self.port == peer.port
    }
}

impl Identities {
    pub(super) fn is_empty(&self) -> bool {
        self.0.lock().is_empty()
    }

    pub(super) fn credential(&self, peer: Peer<'_>) -> Option<Arc<Credential>> {
        self.0.lock().iter().find(|known| known.is_of(peer)).map(|known| known.credential.clone())
    }

    /// The credential, and a chain that this judge wants to see it.
    pub(super) fn accepted(&self, peer: Peer<'_>, judge: Option<Identity>) -> Option<(Arc<Credential>, Digest)> {
        let hosts = self.0.lock();
        let known = hosts.iter().find(|known| known.is_of(peer))?;
        let (_, chain) = known.accepted.iter().rev().find(|(by, _)| *by == judge)?;
        Some((known.credential.clone(), *chain))
    }

    pub(super) fn remember(&self, peer: Peer<'_>, credential: &Arc<Credential>, accepted: Accepted) {
        let mut hosts = self.0.lock();
        let place = hosts.iter().position(|known| known.is_of(peer));
        let before = place.and_then(|place| hosts.remove(place));
        let is_same = |known: &Known| known.credential.is_same(credential);
        let accepted_before = before.as_ref().filter(|known| is_same(known)).map(|known| known.accepted.clone());
        let mut known = Known {
            host: peer.host.to_owned(),
            port: peer.port,
            credential: credential.clone(),
            accepted: accepted_before.unwrap_or_default(),
        };
        known.accepted.retain(|one| *one != accepted);
        push(&mut known.accepted, accepted, MOST_CHAINS);
        let oldest = push(&mut hosts, known, MOST_HOSTS);
        // Outside the lock, for with a credential goes perhaps a signer of the application's.
        drop(hosts);
        drop((before, oldest));
    }

    /// The server shows another chain by now.
    pub(super) fn distrust(&self, peer: Peer<'_>, chain: Digest) {
        for known in self.0.lock().iter_mut().filter(|known| known.is_of(peer)) {
            known.accepted.retain(|(_, accepted)| *accepted != chain);
        }
    }

    /// The server does not want it.
    pub(super) fn forget(&self, peer: Peer<'_>) {
        let mut hosts = self.0.lock();
        let place = hosts.iter().position(|known| known.is_of(peer));
        let forgotten = place.and_then(|place| hosts.remove(place));
        // See remember.
        drop(hosts);
        drop(forgotten);
    }
}

/// The oldest goes where there are too many.
fn push<T>(queue: &mut VecDeque<T>, item: T, most: usize) -> Option<T> {
    queue.push_back(item);
    if queue.len() > most { queue.pop_front() } else { None }
}
