//! Authorization schemes as pure functions: what a server offers, and the field that answers it (RFC 9110, 11).

mod basic;
mod bearer;
mod challenge_header;
mod digest;
mod digest_algorithm;
mod digest_challenge;
mod offer;
mod parameters;
mod scheme;

pub(crate) use basic::{authorize as basic, check as check_basic, folder as basic_folder};
pub(crate) use bearer::{authorize as bearer, check as check_bearer};
pub(crate) use digest::{DigestRequest, DigestSession};
pub(crate) use digest_algorithm::Hasher;
pub(crate) use digest_challenge::DigestChallenge;
pub(crate) use offer::{OfferedScheme, offers};
pub(crate) use scheme::Scheme;
