//! Digest (RFC 7616, with RFC 2617 and 2069): the answers to one challenge, as long as its nonce is good.

use std::fmt;

use aws_lc_rs::rand;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::digest_algorithm::hexadecimal;
use super::digest_challenge::{DigestChallenge, Protection};
use super::parameters::{Item, Items, quoted};
use crate::message::Invalid;

/// What stands for itself in an extended value (RFC 8187, 3.2.1).
const EXTENDED: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'!')
    .remove(b'#')
    .remove(b'$')
    .remove(b'&')
    .remove(b'+')
    .remove(b'-')
    .remove(b'.')
    .remove(b'^')
    .remove(b'_')
    .remove(b'`')
    .remove(b'|')
    .remove(b'~');

/// What is to be authorized.
#[derive(Clone, Copy)]
pub(crate) struct DigestRequest<'a> {
    pub(crate) user: &'a str,
    pub(crate) password: &'a str,
    pub(crate) method: &'a str,
    /// As it stands on the request line.
    pub(crate) uri: &'a str,
    /// From the hasher of the challenge, where it asks for one.
    pub(crate) body_hash: Option<&'a str>,
}

/// A challenge and how often it was answered.
#[derive(Clone)]
pub(crate) struct DigestSession {
    challenge: DigestChallenge,
    /// The nonce that the key of a session is made with, also when the server gave another since (3.4.2).
    first_nonce: String,
    cnonce: String,
    count: u32,
}

impl DigestSession {
    /// Fails where the system has no random bytes.
    pub(crate) fn new(challenge: DigestChallenge) -> Result<Self, Invalid> {
        let mut chance = [0; 16];
        rand::fill(&mut chance).map_err(|_| Invalid)?;
        Ok(Self::with_cnonce(challenge, hexadecimal(&chance)))
    }

    fn with_cnonce(challenge: DigestChallenge, cnonce: String) -> Self {
        Self { first_nonce: challenge.nonce.clone(), challenge, cnonce, count: 0 }
    }

    pub(crate) fn challenge(&self) -> &DigestChallenge {
        &self.challenge
    }

    /// The field value for one request. It fails for a user with control characters, and without the hash of a body
    /// that must be protected.
    pub(crate) fn authorize(&mut self, request: &DigestRequest<'_>) -> Result<String, Invalid> {
        let is_unhashed = self.challenge.protection == Some(Protection::RequestAndBody) && request.body_hash.is_none();
        if request.user.chars().any(char::is_control) || is_unhashed {
            return Err(Invalid);
        }
        self.count = self.count.saturating_add(1);
        let challenge = &self.challenge;
        let mut field = vec![
            self.user(request.user),
            format!("realm={}", quoted(&challenge.realm)),
            format!("nonce={}", quoted(&challenge.nonce)),
            format!("uri={}", quoted(request.uri)),
            format!("response=\"{}\"", self.response(request)),
        ];
        if let Some(protection) = challenge.protection {
            field.push(format!("qop={}, nc={:08x}", protection.name(), self.count));
        }
        if challenge.protection.is_some() || challenge.algorithm.is_session {
            field.push(format!("cnonce={}", quoted(&self.cnonce)));
        }
        field.extend(challenge.opaque.as_ref().map(|opaque| format!("opaque={}", quoted(opaque))));
        field.extend(challenge.algorithm_name.as_ref().map(|name| format!("algorithm={name}")));
        field.extend(challenge.hashes_user.then(|| "userhash=true".to_owned()));
        Ok(format!("Digest {}", field.join(", ")))
    }

    /// For one request: the others count on.
    pub(crate) fn take_turn(&mut self) -> Self {
        let turn = self.clone();
        self.count = self.count.saturating_add(1);
        turn
    }

    /// What Authentication-Info or Proxy-Authentication-Info says about the next request.
    pub(crate) fn update(&mut self, info: &str) {
        for item in Items::new(info) {
            if let Item::Parameter(name, nonce) = item
                && name.eq_ignore_ascii_case("nextnonce")
            {
                self.challenge.nonce = nonce;
                self.count = 0;
            }
        }
    }

    fn user(&self, user: &str) -> String {
        match () {
            () if self.challenge.hashes_user => {
                format!("username=\"{}\"", self.challenge.hash().of(&format!("{user}:{}", self.challenge.realm)))
            }
            () if self.challenge.reads_utf8 && !user.is_ascii() => {
                format!("username*=UTF-8''{}", utf8_percent_encode(user, EXTENDED))
            }
            () => format!("username={}", quoted(user)),
        }
    }

    fn response(&self, request: &DigestRequest<'_>) -> String {
        let DigestRequest { user, password, method, uri, .. } = request;
        let DigestChallenge { realm, nonce, .. } = &self.challenge;
        let hash = self.challenge.hash();
        let mut key = hash.of(&format!("{user}:{realm}:{password}"));
        if self.challenge.algorithm.is_session {
            key = hash.of(&format!("{key}:{}:{}", self.first_nonce, self.cnonce));
        }
        let message = match (self.challenge.protection, request.body_hash) {
            (Some(Protection::RequestAndBody), Some(body_hash)) => format!("{method}:{uri}:{body_hash}"),
            _ => format!("{method}:{uri}"),
        };
        let message = hash.of(&message);
        match self.challenge.protection {
            Some(protection) => {
                hash.of(&format!("{key}:{nonce}:{:08x}:{}:{}:{message}", self.count, self.cnonce, protection.name()))
            }
            None => hash.of(&format!("{key}:{nonce}:{message}")),
        }
    }
}

impl fmt::Debug for DigestSession {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut told = formatter.debug_struct("DigestSession");
        told.field("challenge", &self.challenge).field("count", &self.count).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests;
