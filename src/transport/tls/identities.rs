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

    pub(super) fn clear(&self) {
        let hosts = std::mem::take(&mut *self.0.lock());
        // Outside the lock, for with a credential goes perhaps a signer of the application's.
        drop(hosts);
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

#[cfg(test)]
mod tests {
    use rustls::pki_types::CertificateDer;

    use super::*;
    use crate::challenge::{Persistence, Protocol};

    fn peer(host: &str, port: u16) -> Peer<'_> {
        Peer { host, port, protocol: Protocol::Https }
    }

    fn chain(byte: u8) -> Digest {
        Digest::of(&[CertificateDer::from(vec![byte])])
    }

    fn credential() -> Arc<Credential> {
        Credential::password("somebody", "secret", Persistence::ForSession).unwrap()
    }

    #[test]
    fn only_what_the_same_judge_has_accepted_is_shown_at_once() {
        let (identities, credential, judge) = (Identities::default(), credential(), Some(Identity::next()));
        identities.remember(peer("a", 1), &credential, (None, chain(1)));
        identities.remember(peer("a", 1), &credential, (judge, chain(2)));
        let accepted = |peer, judge| identities.accepted(peer, judge).map(|(_, chain)| chain);
        assert_eq!(accepted(peer("a", 1), None), Some(chain(1)));
        assert_eq!(accepted(peer("a", 1), judge), Some(chain(2)));
        assert_eq!(accepted(peer("a", 1), Some(Identity::next())), None);
        assert_eq!(accepted(peer("a", 2), None), None);
        assert!(identities.credential(peer("a", 2)).is_none() && identities.credential(peer("a", 1)).is_some());
        identities.distrust(peer("a", 1), chain(1));
        assert_eq!((accepted(peer("a", 1), None), accepted(peer("a", 1), judge)), (None, Some(chain(2))));
        identities.forget(peer("a", 1));
        assert!(identities.is_empty());
    }

    #[test]
    fn another_credential_is_shown_to_nobody_that_saw_the_first() {
        let identities = Identities::default();
        identities.remember(peer("a", 1), &credential(), (None, chain(1)));
        let other = Credential::password("another", "secret", Persistence::ForSession).unwrap();
        identities.remember(peer("a", 1), &other, (Some(Identity::next()), chain(1)));
        assert!(identities.accepted(peer("a", 1), None).is_none());
    }

    #[test]
    fn hosts_and_chains_are_bounded() {
        let (identities, credential) = (Identities::default(), credential());
        for port in 0..1000 {
            identities.remember(peer("a", port), &credential, (None, chain(1)));
        }
        for byte in 0..100 {
            identities.remember(peer("a", 999), &credential, (None, chain(byte)));
        }
        let hosts = identities.0.lock();
        let chains = hosts.iter().map(|known| known.accepted.len()).max();
        assert_eq!((hosts.len(), chains), (MOST_HOSTS, Some(MOST_CHAINS)));
    }
}
