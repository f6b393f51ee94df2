//! What a Digest challenge says (RFC 7616, 3.3).

use std::fmt;

use ::url::Url;

use super::digest_algorithm::{Algorithm, Hash, Hasher};
use super::{OfferedScheme, Scheme};
use crate::message::is_same_origin;

/// What the response protects; none of them in challenges of RFC 2069.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Protection {
    Request,
    RequestAndBody,
}

impl Protection {
    pub(super) fn name(self) -> &'static str {
        match self {
            Self::Request => "auth",
            Self::RequestAndBody => "auth-int",
        }
    }
}

/// A domain of more than this is sent ahead to where its first ones lead.
const MOST_PATHS: usize = 16;

#[derive(Clone)]
pub(crate) struct DigestChallenge {
    pub(super) realm: String,
    pub(super) nonce: String,
    pub(super) opaque: Option<String>,
    /// As it was written, which is how servers want to see it again.
    pub(super) algorithm_name: Option<String>,
    pub(super) algorithm: Algorithm,
    pub(super) protection: Option<Protection>,
    pub(super) hashes_user: bool,
    pub(super) reads_utf8: bool,
    is_stale: bool,
    domain: Vec<String>,
}

impl DigestChallenge {
    /// None where it is none, or nobody here can compute the answer.
    pub(crate) fn read(offer: &OfferedScheme) -> Option<Self> {
        if offer.scheme != Scheme::Digest {
            return None;
        }
        let owned = |name: &str| offer.parameter(name).map(str::to_owned);
        let is =
            |name: &str, wanted: &str| offer.parameter(name).is_some_and(|value| value.eq_ignore_ascii_case(wanted));
        Some(Self {
            realm: owned("realm").unwrap_or_default(),
            nonce: owned("nonce")?,
            opaque: owned("opaque"),
            algorithm: Algorithm::named(offer.parameter("algorithm").unwrap_or("MD5"))?,
            algorithm_name: owned("algorithm"),
            protection: protection(offer.parameter("qop").unwrap_or_default())?,
            hashes_user: is("userhash", "true"),
            reads_utf8: is("charset", "utf-8"),
            is_stale: is("stale", "true"),
            domain: offer
                .parameter("domain")
                .unwrap_or_default()
                .split_whitespace()
                .take(MOST_PATHS)
                .map(str::to_owned)
                .collect(),
        })
    }

    pub(super) fn hash(&self) -> Hash {
        self.algorithm.hash
    }

    /// What the body must go through first, where the server protects bodies and nothing less.
    pub(crate) fn body_hasher(&self) -> Option<Hasher> {
        (self.protection == Some(Protection::RequestAndBody)).then(|| Hasher::new(self.hash()))
    }

    /// User and password were right, and only the nonce was too old.
    pub(crate) fn is_stale(&self) -> bool {
        self.is_stale
    }

    /// Below which paths of its server what was accepted for a URL can be sent ahead: where the domain says so, else
    /// everywhere. Never on another origin, whatever the domain says: who guards one server decides for no other.
    pub(crate) fn paths(&self, accepted: &Url) -> Vec<String> {
        if self.domain.is_empty() {
            return vec!["/".to_owned()];
        }
        let urls = self.domain.iter().filter_map(|domain| accepted.join(domain).ok());
        urls.filter(|url| is_same_origin(accepted, url)).map(|url| url.path().to_owned()).collect()
    }
}

impl fmt::Debug for DigestChallenge {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = formatter.debug_struct("DigestChallenge");
        told.field("realm", &self.realm).field("algorithm", &self.algorithm).finish_non_exhaustive()
    }
}

/// The weaker is taken where both are offered, for it needs no second reading of the body. None where only unknown
/// ones are.
fn protection(offered: &str) -> Option<Option<Protection>> {
    let has = |wanted: Protection| {
        let mut names = offered.split([',', ' ', '\t']);
        names.any(|name| name.eq_ignore_ascii_case(wanted.name()))
    };
    match () {
        () if offered.trim().is_empty() => Some(None),
        () if has(Protection::Request) => Some(Some(Protection::Request)),
        () if has(Protection::RequestAndBody) => Some(Some(Protection::RequestAndBody)),
        () => None,
    }
}
