//! Credentials by the protection space where they are good.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use once_cell::sync::Lazy;

use super::credential_file;
use super::kept::{Kept, Memory};
use crate::challenge::{Credential, Persistence, Proof, Space};
use crate::error::Error;
use crate::identity::Identity;
use crate::message::Invalid;

pub struct CredentialStorage {
    pub(crate) identity: Identity,
    credentials: Arc<Kept<Credentials>>,
}

#[derive(Default)]
struct Credentials {
    /// Of each space the default first.
    by_space: HashMap<Space, Vec<Arc<Credential>>>,
    changes: u64,
}

impl CredentialStorage {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self { identity: Identity::next(), credentials: Kept::new(Credentials::default()) })
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
        self.credentials.change(|credentials| credentials.set(space, credential, is_default));
        Ok(())
    }

    /// That of a user, or the default.
    pub(crate) fn get(&self, space: &Space, user: Option<&str>) -> Option<Arc<Credential>> {
        let is_wanted = |credential: &&Arc<Credential>| user.is_none_or(|user| is_of(credential, user));
        self.credentials.read(|credentials| credentials.by_space.get(space)?.iter().find(is_wanted).cloned())
    }

    /// That of a user, or all.
    pub(crate) fn remove(&self, space: &Space, user: Option<&str>) {
        self.credentials.change(|credentials| credentials.remove(space, user));
    }

    pub(crate) fn remove_all(&self) {
        self.credentials.change(|credentials| {
            credentials.by_space.clear();
            credentials.changes += 1;
        });
    }

    /// Keeps the permanent ones in a file from here on, and takes what it has; none: only in memory.
    pub(crate) fn set_file(&self, path: Option<&Path>) -> Result<(), Error> {
        self.credentials.set_file(path, |credentials, content| {
            for (space, credential) in credential_file::read(content) {
                let is_new = credentials.of_user(&space, &credential).is_none();
                if is_new {
                    credentials.set(&space, credential, false);
                }
            }
        })
    }

    /// Writes what has changed, if there is a file.
    pub(crate) fn flush(&self) -> Result<(), Error> {
        self.credentials.flush()
    }
}

impl Credentials {
    fn of_user(&self, space: &Space, credential: &Credential) -> Option<usize> {
        self.by_space.get(space)?.iter().position(|other| other.user() == credential.user())
    }

    fn set(&mut self, space: &Space, credential: Arc<Credential>, is_default: bool) {
        let before = self.of_user(space, &credential);
        let held = self.by_space.entry(space.clone()).or_default();
        if let Some(before) = before {
            held.remove(before);
        }
        let at = if is_default { 0 } else { before.unwrap_or(held.len()) };
        held.insert(at, credential);
        self.changes += 1;
    }

    fn remove(&mut self, space: &Space, user: Option<&str>) {
        let Some(held) = self.by_space.get_mut(space) else { return };
        held.retain(|credential| user.is_some_and(|user| !is_of(credential, user)));
        if held.is_empty() {
            self.by_space.remove(space);
        }
        self.changes += 1;
    }
}

impl Memory for Credentials {
    fn changes(&self) -> u64 {
        self.changes
    }

    /// The others are for this process alone.
    fn write(&self) -> Vec<u8> {
        let all = self.by_space.iter().flat_map(|(space, held)| held.iter().map(move |credential| (space, credential)));
        credential_file::write(all.filter(|(_, credential)| credential.persistence() == Persistence::Permanent))
    }
}

fn is_of(credential: &Credential, user: &str) -> bool {
    credential.user().is_some_and(|other| other.as_str() == user)
}
