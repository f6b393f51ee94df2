//! What is remembered between tasks, in memory or in a file.

mod admissions;
mod credential_file;
mod credential_storage;
mod kept;
mod netrc;

pub(crate) use admissions::{Admission, Admissions, Scope};
pub(crate) use credential_storage::CredentialStorage;
pub(crate) use netrc::Netrc;
