//! What a 401 or a 407 offers.

use http::header::{PROXY_AUTHENTICATE, WWW_AUTHENTICATE};

use super::challenge::space;
use super::errand::Errand;
use crate::challenge::{AuthenticationMethod, Credential, Proof, Space};
use crate::message::authorization::{DigestChallenge, OfferedScheme, Scheme, offers};
use crate::message::{Response, Text};

/// A scheme that is offered and can be spoken.
pub(super) struct Offer {
    pub(super) space: Space,
    pub(super) digest: Option<DigestChallenge>,
}

impl Offer {
    /// From strong to weak.
    pub(super) fn all(errand: &Errand<'_>, response: &Response) -> Vec<Self> {
        let name = match errand.peer.protocol.is_proxy() {
            true => PROXY_AUTHENTICATE,
            false => WWW_AUTHENTICATE,
        };
        let fields: Vec<_> =
            response.headers().get_all(name).iter().map(|value| Text::from_field(value.as_bytes())).collect();
        offers(fields.iter().map(Text::as_str), errand.has_body_at_hand())
            .iter()
            .filter_map(|offer| Self::new(errand, offer))
            .collect()
    }

    fn new(errand: &Errand<'_>, offer: &OfferedScheme) -> Option<Self> {
        let method = match offer.scheme {
            Scheme::Digest => AuthenticationMethod::Digest,
            Scheme::Basic => AuthenticationMethod::Basic,
            Scheme::Bearer => AuthenticationMethod::Bearer,
            Scheme::Negotiate => AuthenticationMethod::Negotiate,
            Scheme::Ntlm => AuthenticationMethod::Ntlm,
            Scheme::Other => return None,
        };
        if !method.is_spoken() {
            return None;
        }
        let digest = match method {
            AuthenticationMethod::Digest => Some(DigestChallenge::read(offer)?),
            _ => None,
        };
        let realm = offer.realm().map(Text::new);
        Some(Self { space: Space { realm, ..space(errand.peer, method) }, digest })
    }

    pub(super) fn takes(&self, credential: &Credential) -> bool {
        match credential.proof() {
            Proof::Password(_) => self.space.method != AuthenticationMethod::Bearer,
            Proof::Bearer(_) => self.space.method == AuthenticationMethod::Bearer,
            _ => false,
        }
    }

    /// Of a digest that was right, and came too late (RFC 7616, 3.3).
    pub(super) fn is_stale(&self) -> bool {
        self.digest.as_ref().is_some_and(DigestChallenge::is_stale)
    }
}
