//! What goes to a server or a proxy, as far as an authorization has to know.

use std::borrow::Cow;
use std::sync::Arc;

use url::Url;

use crate::challenge::Credential;
use crate::message::authorization::Hasher;
use crate::message::{Body, Response};
use crate::transport::Peer;

pub(super) struct Errand<'a> {
    pub(super) peer: Peer<'a>,
    /// None of a proxy.
    pub(super) url: Option<&'a Url>,
    pub(super) method: &'a str,
    /// As it stands on the request line.
    pub(super) target: Cow<'a, str>,
    pub(super) body: &'a Body,
    /// What the application gave for it beforehand.
    pub(super) own: Option<Arc<Credential>>,
    /// That is who the request says it is: nobody else is looked for.
    pub(super) is_given: bool,
    /// Nothing is used but what the delegate answers.
    pub(super) is_left_alone: bool,
}

impl Errand<'_> {
    /// What an answer says about the next request (RFC 7616, 3.5).
    pub(super) fn info<'r>(&self, response: &'r Response) -> Option<&'r str> {
        let name = match self.peer.protocol.is_proxy() {
            true => "proxy-authentication-info",
            false => "authentication-info",
        };
        response.headers().get(name)?.to_str().ok()
    }

    /// Of a body that is at hand.
    pub(super) fn body_hash(&self, mut hasher: Hasher) -> Option<String> {
        if let Body::Bytes(bytes) = self.body {
            hasher.update(bytes);
        }
        self.has_body_at_hand().then(|| hasher.finish())
    }

    pub(super) fn has_body_at_hand(&self) -> bool {
        matches!(self.body, Body::None | Body::Bytes(_))
    }
}
