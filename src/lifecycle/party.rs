//! One side that wants to know who asks, the origin or a proxy: what it is told, and what is made of its refusals.

use std::sync::Arc;

use url::Url;

use super::challenge::Challenges;
use super::errand::Errand;
use super::offer::Offer;
use crate::challenge::{
    AuthenticationMethod, Challenge, ChallengeAnswer, Credential, Persistence, Proof, ProtectionSpace, Space,
};
use crate::error::Error;
use crate::message::Response;
use crate::message::authorization::{DigestRequest, DigestSession, basic, basic_folder, bearer};
use crate::store::{Admission, Admissions, CredentialStorage, Key, Scope};

/// However a server and a delegate play with each other, it ends.
const MOST_ROUNDS: u32 = 20;

/// What a challenge was answered with, until it turns out to be right or wrong.
struct Chosen {
    space: Space,
    credential: Arc<Credential>,
    digest: Option<DigestSession>,
    /// The delegate said so just now: what is known already was kept before, or taken away since.
    is_new: bool,
}

/// What went out with the request under way.
struct Sent {
    method: AuthenticationMethod,
    /// Unknown where nobody had asked yet.
    space: Option<Space>,
    credential: Arc<Credential>,
}

#[derive(Default)]
pub(super) struct Party {
    chosen: Option<Chosen>,
    sent: Option<Sent>,
    refused: Vec<(Space, Arc<Credential>)>,
    rejected: Vec<Space>,
    rounds: u32,
}

/// What the session keeps for all its tasks.
#[derive(Clone, Copy)]
pub(super) struct Keys<'a> {
    pub(super) admissions: &'a Admissions,
    pub(super) storage: Option<&'a CredentialStorage>,
}

impl Party {
    /// The value of its Authorization field: the answer to its challenge, or what it is known to want, or what the
    /// application gave for it.
    pub(super) fn field(&mut self, errand: &Errand<'_>, keys: Keys<'_>) -> Option<String> {
        self.sent = None;
        if let Some(chosen) = self.chosen.as_mut().filter(|chosen| chosen.space.is_at(errand.peer.place())) {
            let value = value(&chosen.credential, chosen.digest.as_mut(), errand)?;
            self.sent = Some(Sent::to(&chosen.space, &chosen.credential));
            return Some(value);
        }
        if errand.is_left_alone {
            return None;
        }
        let own = errand.own.as_ref().filter(|own| !self.was_refused(own, errand));
        let known = || {
            // Nobody else takes the place of who the request says it is.
            let is_somebody = errand.own.is_some() || !errand.is_given;
            let found = || keys.admissions.find(errand.peer.place(), errand.url.map(Url::path), errand.own.as_ref());
            let Key { space, credential, mut digest } = is_somebody.then(found)??;
            Some((Sent::to(&space, &credential), value(&credential, digest.as_mut(), errand)?))
        };
        let ahead = || {
            let method = match own?.proof() {
                Proof::Bearer(_) => AuthenticationMethod::Bearer,
                _ => AuthenticationMethod::Basic,
            };
            Some((Sent { method, space: None, credential: own?.clone() }, value(own?, None, errand)?))
        };
        let (sent, value) = known().filter(|(sent, _)| !self.was_refused(&sent.credential, errand)).or_else(ahead)?;
        self.sent = Some(sent);
        Some(value)
    }

    /// An answer that is no refusal, or a tunnel, of which there is none: what let us in is worth remembering.
    pub(super) fn settle(&mut self, errand: &Errand<'_>, keys: Keys<'_>, response: Option<&Arc<Response>>) {
        self.rounds = 0;
        let sent = self.sent.take();
        if let Some(chosen) = self.chosen.take() {
            self.remember(chosen, errand, keys);
        }
        if let Some(Sent { space: Some(space), credential, .. }) = sent
            && let Some(info) = response.and_then(|response| errand.info(response))
        {
            keys.admissions.update(&space, &credential, info);
            if let Some(digest) = self.chosen.as_mut().and_then(|chosen| chosen.digest.as_mut()) {
                digest.update(info);
            }
        }
    }

    fn remember(&mut self, chosen: Chosen, errand: &Errand<'_>, keys: Keys<'_>) {
        let is_own = errand.own.as_ref().is_some_and(|own| own.is_same(&chosen.credential));
        if chosen.credential.persistence() == Persistence::None && !is_own {
            // A proxy is on the way of all that the task has still to say, to whomever.
            self.chosen = Some(chosen).filter(|_| errand.url.is_none());
            return;
        }
        let Chosen { space, credential, digest, is_new } = chosen;
        if credential.persistence() == Persistence::Permanent
            && is_new
            && let Some(storage) = keys.storage
        {
            // Only what is no password and no token is refused, and that was not chosen.
            let _ = storage.set(&space, credential.clone(), false);
        }
        let paths = |url| match &digest {
            Some(digest) => digest.challenge().paths(url),
            None => vec![basic_folder(url)],
        };
        let scope = errand.url.map_or(Scope::Proxy, |url| Scope::Below(paths(url)));
        keys.admissions.learn(Admission { space, scope, credential, digest, is_shared: !is_own });
    }

    /// A refusal: whether there is something to say to it.
    pub(super) async fn meet(
        &mut self,
        challenges: &Challenges<'_>,
        errand: &Errand<'_>,
        keys: Keys<'_>,
        response: &Arc<Response>,
    ) -> Result<bool, Error> {
        self.rounds += 1;
        let (sent, _) = (self.sent.take(), self.chosen.take());
        if self.rounds > MOST_ROUNDS {
            return Ok(false);
        }
        let offers = Offer::all(errand, response);
        if let Some(sent) = sent {
            if let Some(stale) =
                offers.iter().find(|offer| offer.is_stale() && sent.space.as_ref() == Some(&offer.space))
            {
                return Ok(self.choose(stale, sent.credential, false));
            }
            self.refuse(&offers, sent, keys);
        }
        let mut offers = offers.into_iter();
        while let Some(offer) = offers.next() {
            if self.rejected.contains(&offer.space) {
                continue;
            }
            if let Some(known) = self.known(&offer, errand, keys) {
                return Ok(self.choose(&offer, known, false));
            }
            let proposed = self.proposed(&offer, errand, keys);
            let (credential, is_new) = match challenges.ask(self.challenge(&offer, &proposed, response)).await? {
                ChallengeAnswer::Use(credential) => (credential, true),
                ChallengeAnswer::Default if proposed.is_some() => (proposed, false),
                // Of what is weaker, the first that there is something for.
                ChallengeAnswer::Default => {
                    let mut weaker = offers.filter(|offer| !self.rejected.contains(&offer.space));
                    let found = weaker.find_map(|offer| Some((self.proposed(&offer, errand, keys)?, offer)));
                    return Ok(found.is_some_and(|(credential, offer)| self.choose(&offer, credential, false)));
                }
                ChallengeAnswer::Cancel => return Err(Error::cancelled()),
                ChallengeAnswer::Reject => {
                    self.rejected.push(offer.space);
                    continue;
                }
            };
            let was_refused = |credential: &Arc<Credential>| {
                self.refused.iter().any(|(space, other)| *space == offer.space && other.is_same(credential))
            };
            return Ok(match credential.filter(|credential| offer.takes(credential) && !was_refused(credential)) {
                Some(credential) => self.choose(&offer, credential, is_new),
                None => false,
            });
        }
        Ok(false)
    }

    fn challenge(&self, offer: &Offer, proposed: &Option<Arc<Credential>>, response: &Arc<Response>) -> Challenge {
        let failures = self.refused.iter().filter(|(space, _)| *space == offer.space).count();
        let failures = u32::try_from(failures).unwrap_or(u32::MAX);
        let space = Arc::new(ProtectionSpace::new(offer.space.clone()));
        Challenge::new(space, proposed.clone()).by(response.clone(), failures)
    }

    fn choose(&mut self, offer: &Offer, credential: Arc<Credential>, is_new: bool) -> bool {
        let digest = match &offer.digest {
            Some(challenge) => match DigestSession::new(challenge.clone()) {
                Ok(session) => Some(session),
                Err(_) => return false,
            },
            None => None,
        };
        self.chosen = Some(Chosen { space: offer.space.clone(), credential, digest, is_new });
        true
    }

    /// What was sent was wrong, if this is where it was for.
    fn refuse(&mut self, offers: &[Offer], sent: Sent, keys: Keys<'_>) {
        let is_meant = |offer: &&Offer| match &sent.space {
            Some(space) => *space == offer.space,
            None => offer.space.method == sent.method,
        };
        if let Some(offer) = offers.iter().find(is_meant) {
            keys.admissions.forget(&offer.space, &sent.credential);
            self.refused.push((offer.space.clone(), sent.credential));
        }
    }

    /// Here; what one server does not take, another may.
    fn was_refused(&self, credential: &Credential, errand: &Errand<'_>) -> bool {
        let place = errand.peer.place();
        self.refused.iter().any(|(space, refused)| space.is_at(place) && refused.is_same(credential))
    }

    /// Row E014: what let the session in elsewhere in this space needs no new question.
    fn known(&self, offer: &Offer, errand: &Errand<'_>, keys: Keys<'_>) -> Option<Arc<Credential>> {
        if errand.is_left_alone || errand.is_given || errand.own.is_some() {
            return None;
        }
        keys.admissions.credential(&offer.space).filter(|known| !self.was_refused(known, errand))
    }

    /// What default handling uses: the application's own, else the storage's; nothing that was wrong before.
    fn proposed(&self, offer: &Offer, errand: &Errand<'_>, keys: Keys<'_>) -> Option<Arc<Credential>> {
        if errand.is_left_alone {
            return None;
        }
        let is_usable = |credential: &Arc<Credential>| offer.takes(credential) && !self.was_refused(credential, errand);
        let storage = keys.storage.filter(|_| !errand.is_given);
        let stored = || storage?.get(&offer.space, None).filter(is_usable);
        errand.own.clone().filter(is_usable).or_else(stored)
    }
}

impl Sent {
    fn to(space: &Space, credential: &Arc<Credential>) -> Self {
        Self { method: space.method, space: Some(space.clone()), credential: credential.clone() }
    }
}

fn value(credential: &Credential, digest: Option<&mut DigestSession>, errand: &Errand<'_>) -> Option<String> {
    match (credential.proof(), digest) {
        (Proof::Bearer(token), _) => bearer(token.as_str()).ok(),
        (Proof::Password(password), None) => basic(password.user.as_str(), password.password.as_str()).ok(),
        (Proof::Password(password), Some(digest)) => {
            let body_hash = digest.challenge().body_hasher().and_then(|hasher| errand.body_hash(hasher));
            let request = DigestRequest {
                user: password.user.as_str(),
                password: password.password.as_str(),
                method: errand.method,
                uri: &errand.target,
                body_hash: body_hash.as_deref(),
            };
            digest.authorize(&request).ok()
        }
        _ => None,
    }
}
