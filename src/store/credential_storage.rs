//! Credentials by the protection space where they are good.

use std::collections::HashMap;
use std::sync::Arc;

use once_cell::sync::Lazy;
use parking_lot::Mutex;

use crate::challenge::{Credential, Proof, Space};
use crate::identity::Identity;
use crate::message::Invalid;

pub struct CredentialStorage {
    pub(crate) identity: Identity,
    /// Of each space the default first.
    spaces: Mutex<HashMap<Space, Vec<Arc<Credential>>>>,
}

impl CredentialStorage {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { identity: Identity::next(), spaces: Mutex::default() })
    }

    /// The one of the process.
    pub(crate) fn shared() -> &'static Arc<Self> {
        static SHARED: Lazy<Arc<CredentialStorage>> = Lazy::new(CredentialStorage::new);
        &SHARED
    }

    /// In place of what the same user had. What is no password and no token is for one connection, and not for keeping.
    pub(crate) fn set(&self, space: &Space, credential: Arc<Credential>, is_default: bool) -> Result<(), Invalid> {
        if !matches!(credential.proof(), Proof::Password(_) | Proof::Bearer(_)) {
            return Err(Invalid);
        }
        let mut spaces = self.spaces.lock();
        let held = spaces.entry(space.clone()).or_default();
        let before = held.iter().position(|other| other.user() == credential.user());
        if let Some(before) = before {
            held.remove(before);
        }
        let at = if is_default { 0 } else { before.unwrap_or(held.len()) };
        held.insert(at, credential);
        Ok(())
    }

    /// That of a user, or the default.
    pub(crate) fn get(&self, space: &Space, user: Option<&str>) -> Option<Arc<Credential>> {
        let spaces = self.spaces.lock();
        let is_wanted = |credential: &&Arc<Credential>| match user {
            Some(user) => credential.user().is_some_and(|other| other.as_str() == user),
            None => true,
        };
        spaces.get(space)?.iter().find(is_wanted).cloned()
    }

    /// That of a user, or all.
    pub(crate) fn remove(&self, space: &Space, user: Option<&str>) {
        let mut spaces = self.spaces.lock();
        if let Some(held) = spaces.get_mut(space) {
            held.retain(|credential| {
                user.is_some_and(|user| credential.user().is_none_or(|other| other.as_str() != user))
            });
            if held.is_empty() {
                spaces.remove(space);
            }
        }
    }

    pub(crate) fn remove_all(&self) {
        self.spaces.lock().clear();
    }
}
