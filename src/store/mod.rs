//! What a session remembers of servers, in memory or in a file.

mod admissions;
mod credential_storage;

pub(crate) use admissions::{Admission, Admissions, Scope};
pub(crate) use credential_storage::CredentialStorage;
