//! The hashes that Digest is computed with.

use std::fmt::Write;

use aws_lc_rs::digest;

/// From strong to weak.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Hash {
    Sha512,
    Sha512_256,
    Sha256,
    Sha1,
    Md5,
}

/// As a challenge names it: a hash, and whether one key is made for a whole session.
#[derive(Clone, Debug)]
pub(super) struct Algorithm {
    pub(super) hash: Hash,
    pub(super) is_session: bool,
}

impl Algorithm {
    pub(super) fn named(name: &str) -> Option<Self> {
        let name = name.to_ascii_lowercase();
        let (hash, is_session) = name.strip_suffix("-sess").map_or((name.as_str(), false), |hash| (hash, true));
        let hash = match hash {
            "md5" => Hash::Md5,
            "sha" => Hash::Sha1,
            "sha-256" => Hash::Sha256,
            "sha-512-256" => Hash::Sha512_256,
            "sha-512" => Hash::Sha512,
            _ => return None,
        };
        Some(Self { hash, is_session })
    }
}

impl Hash {
    /// In lower-case hexadecimal digits.
    pub(super) fn of(self, text: &str) -> String {
        let mut hasher = Hasher::new(self);
        hasher.update(text.as_bytes());
        hasher.finish()
    }
}

/// Hashes a body piece by piece, where a challenge protects it too (auth-int).
#[derive(Clone)]
pub(crate) enum Hasher {
    Md5(md5::Context),
    Sha(digest::Context),
}

impl Hasher {
    pub(super) fn new(hash: Hash) -> Self {
        let sha = match hash {
            Hash::Md5 => return Self::Md5(md5::Context::new()),
            Hash::Sha1 => &digest::SHA1_FOR_LEGACY_USE_ONLY,
            Hash::Sha256 => &digest::SHA256,
            Hash::Sha512_256 => &digest::SHA512_256,
            Hash::Sha512 => &digest::SHA512,
        };
        Self::Sha(digest::Context::new(sha))
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match self {
            Self::Md5(context) => context.consume(bytes),
            Self::Sha(context) => context.update(bytes),
        }
    }

    pub(crate) fn finish(self) -> String {
        match self {
            Self::Md5(context) => hexadecimal(&*context.finalize()),
            Self::Sha(context) => hexadecimal(context.finish().as_ref()),
        }
    }
}

pub(super) fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(bytes.len() * 2), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
