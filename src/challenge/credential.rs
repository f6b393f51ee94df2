//! What proves who we are, or that we accept who a server is.

use std::fmt;
use std::sync::Arc;

use super::{ClientIdentity, ServerTrust};
use crate::identity::Identity;
use crate::message::authorization::{check_basic, check_bearer};
use crate::message::{Invalid, Text};

/// How long a credential is kept. Apple's numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Persistence {
    None = 0,
    ForSession = 1,
    Permanent = 2,
}

/// A user and a password.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Password {
    pub(crate) user: Text,
    pub(crate) password: Text,
}

pub(crate) enum Proof {
    Password(Password),
    /// RFC 6750.
    Bearer(Text),
    /// This server, on this connection.
    ServerTrust(Arc<ServerTrust>),
    Certificate(Arc<ClientIdentity>),
}

pub struct Credential {
    pub(crate) identity: Identity,
    proof: Proof,
    persistence: Persistence,
}

impl Credential {
    pub(crate) fn new(proof: Proof, persistence: Persistence) -> Arc<Self> {
        Arc::new(Self { identity: Identity::next(), proof, persistence })
    }

    /// Control characters have no place in a header field, and a colon ends a user (RFC 7617, 2).
    pub(crate) fn password(user: &str, password: &str, persistence: Persistence) -> Result<Arc<Self>, Invalid> {
        check_basic(user, password)?;
        let password = Password { user: Text::new(user), password: Text::new(password) };
        Ok(Self::new(Proof::Password(password), persistence))
    }

    /// A token68, as RFC 6750 has it.
    pub(crate) fn bearer(token: &str, persistence: Persistence) -> Result<Arc<Self>, Invalid> {
        check_bearer(token)?;
        Ok(Self::new(Proof::Bearer(Text::new(token)), persistence))
    }

    pub(crate) fn proof(&self) -> &Proof {
        &self.proof
    }

    pub(crate) fn persistence(&self) -> Persistence {
        self.persistence
    }

    pub(crate) fn user(&self) -> Option<&Text> {
        match &self.proof {
            Proof::Password(password) => Some(&password.user),
            _ => None,
        }
    }

    /// With which certificate.
    pub(crate) fn certificate(&self) -> Option<&Arc<ClientIdentity>> {
        match &self.proof {
            Proof::Certificate(identity) => Some(identity),
            _ => None,
        }
    }

    /// Whether it says the same, however long it is to be kept.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        match (&self.proof, &other.proof) {
            (Proof::Password(one), Proof::Password(other)) => one == other,
            (Proof::Bearer(one), Proof::Bearer(other)) => one == other,
            (Proof::ServerTrust(one), Proof::ServerTrust(other)) => Arc::ptr_eq(one, other),
            (Proof::Certificate(one), Proof::Certificate(other)) => one.is_same(other),
            _ => false,
        }
    }
}

impl fmt::Debug for Credential {
    /// Nothing secret.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Credential").field("persistence", &self.persistence).finish_non_exhaustive()
    }
}
