//! Whom we talk to, and as whom: what a delegate is asked, and what it answers with. Nouns: they call nobody.

mod client_identity;
mod credential;
mod protection_space;
mod server_trust;

use std::sync::Arc;

pub(crate) use client_identity::{ClientIdentity, Key, Signer};
pub(crate) use credential::{Credential, Persistence, Proof};
pub(crate) use protection_space::{AuthenticationMethod, ProtectionSpace, Protocol, Space};
pub(crate) use server_trust::{Certificate, ServerTrust};

use crate::error::Error;
use crate::identity::Identity;
use crate::message::Response;

/// What becomes of a challenge.
pub(crate) enum ChallengeAnswer {
    /// None goes on without.
    Use(Option<Arc<Credential>>),
    Default,
    Cancel,
    /// Another scheme, perhaps.
    Reject,
}

/// Somebody wants to know who we are, or we may want to know who somebody is.
pub struct Challenge {
    pub(crate) identity: Identity,
    space: Arc<ProtectionSpace>,
    /// What the default is to use.
    proposed: Option<Arc<Credential>>,
    failures: u32,
    /// The answer that asks.
    response: Option<Arc<Response>>,
}

impl Challenge {
    pub(crate) fn new(space: Arc<ProtectionSpace>, proposed: Option<Arc<Credential>>) -> Self {
        Self { identity: Identity::next(), space, proposed, failures: 0, response: None }
    }

    /// One that an answer asks, after so many credentials were refused.
    pub(crate) fn by(self, response: Arc<Response>, failures: u32) -> Self {
        Self { failures, response: Some(response), ..self }
    }

    pub(crate) fn space(&self) -> &Arc<ProtectionSpace> {
        &self.space
    }

    pub(crate) fn proposed(&self) -> Option<&Arc<Credential>> {
        self.proposed.as_ref()
    }

    pub(crate) fn failures(&self) -> u32 {
        self.failures
    }

    pub(crate) fn response(&self) -> Option<&Arc<Response>> {
        self.response.as_ref()
    }

    /// Why the platform would not trust the server.
    pub(crate) fn error(&self) -> Option<&Arc<Error>> {
        self.space.server_trust().and_then(|trust| trust.error())
    }
}
