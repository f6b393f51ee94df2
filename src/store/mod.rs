//! What is remembered between tasks, in memory or in a file.

mod admissions;
mod cookie;
mod cookie_date;
mod cookie_jar;
mod cookie_storage;
mod credential_file;
mod credential_storage;
mod hsts;
mod kept;
mod netrc;
mod netscape;
mod public_suffix;
mod set_cookie;

pub(crate) use admissions::{Admission, Admissions, Key, Scope};
pub(crate) use cookie::{Cookie, CookieProperties, SameSite};
pub(crate) use cookie_storage::{CookieStorage, now};
pub(crate) use credential_storage::CredentialStorage;
pub(crate) use hsts::HstsStorage;
pub(crate) use netrc::Netrc;
pub(crate) use public_suffix::is_same_site;
