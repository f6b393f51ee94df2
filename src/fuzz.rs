//! What others write and this library reads, for a fuzzer to feed: a function a reader, which panics where something
//! that must hold does not. Behind the feature `fuzzing`, for `fuzz/`; the tests feed its seeds and their neighbours.

use http::HeaderValue;
use url::Url;

use crate::lifecycle::resolve_location;
use crate::message::authorization::{DigestChallenge, DigestRequest, DigestSession, offers};
use crate::message::{Location, Text, without_secrets};
use crate::store::{CookieStorage, HstsStorage, Netrc};
use crate::transport::client_certificate;

/// WWW-Authenticate, a field a line: what answers a challenge can be sent.
pub fn challenge_header(bytes: &[u8]) {
    let fields: Vec<_> = fields(bytes).collect();
    for challenge in offers(fields.iter().map(Text::as_str), true).iter().filter_map(DigestChallenge::read) {
        let Ok(mut session) = DigestSession::new(challenge) else { return };
        for field in &fields {
            let request = DigestRequest { user: "ü\"\\", password: "", method: "GET", uri: "/", body_hash: Some("") };
            let answer = session.authorize(&request).unwrap_or_default();
            assert!(HeaderValue::from_str(&answer).is_ok(), "{answer}");
            session.update(field.as_str());
        }
    }
}

/// Strict-Transport-Security, a field a line, and lines of known hosts: what goes out comes in again.
pub fn hsts(bytes: &[u8]) {
    let (one, other) = (HstsStorage::new(), HstsStorage::new());
    if let Ok(url) = Url::parse("https://h.example/") {
        fields(bytes).for_each(|field| one.learn(&url, field.as_str()));
    }
    one.import(bytes);
    other.import(one.export().bytes());
    assert_eq!(one.export().bytes(), other.export().bytes());
}

/// Location: a URL that can be gone to has a host, and one that is shown has no password.
pub fn location(bytes: &[u8]) {
    let Ok(from) = Url::parse("https://user:password@h.example:8443/a/b?c#d") else { return };
    let Ok(target) = resolve_location(&from, Text::from_field(bytes).as_str()) else { return };
    let target = Location::from_url(target);
    if target.usable().is_ok_and(|url| !url.has_host() || url.fragment().is_none()) {
        panic!("{target:?}");
    }
    let shown = Url::parse(without_secrets(&target).as_str());
    assert!(shown.is_ok_and(|url| url.username().is_empty() && url.password().is_none()), "{target:?}");
}

/// A netrc file.
pub fn netrc(bytes: &[u8]) {
    let netrc = Netrc::parse(&String::from_utf8_lossy(bytes));
    for host in ["h.example", "::1", ""] {
        netrc.credential(host, None);
        netrc.credential(host, Some("login"));
    }
}

/// A PKCS #12 file.
pub fn pkcs12(bytes: &[u8]) {
    let _ = client_certificate::from_pkcs12(bytes, "secret");
}

/// Set-Cookie, a field a line, and a cookie file: what is kept can be sent, and goes where it may.
pub fn set_cookie(bytes: &[u8]) {
    let urls = ["https://a.h.example/b/c", "http://a.h.example/b/c", "https://other.example/b/c"].map(Url::parse);
    let [Ok(from), Ok(insecure), Ok(other)] = urls else { return };
    let storage = CookieStorage::new();
    storage.learn(&from, bytes.split(|byte| *byte == b'\n'));
    assert!(storage.cookies_for(&other).is_empty());
    assert!(storage.cookies_for(&insecure).iter().all(|cookie| !cookie.is_secure()));
    for cookie in storage.cookies_for(&from) {
        let pair = format!("{}={}", cookie.name(), cookie.value());
        assert!(HeaderValue::from_str(&pair).is_ok(), "{pair:?}");
    }
    storage.import(bytes);
    CookieStorage::new().import(&storage.export());
}

/// What can come over the wire as a field, line by line.
fn fields(bytes: &[u8]) -> impl Iterator<Item = Text> {
    let values = bytes.split(|byte| *byte == b'\n').filter_map(|line| HeaderValue::from_bytes(line).ok());
    values.map(|value| Text::from_field(value.as_bytes()))
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::Path;

    /// Every seed, cut everywhere.
    fn seeds(name: &str, reader: fn(&[u8])) -> Vec<Vec<u8>> {
        let seeds = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds").join(name);
        let seeds: Vec<_> = fs::read_dir(seeds).unwrap().map(|seed| fs::read(seed.unwrap().path()).unwrap()).collect();
        assert!(!seeds.is_empty());
        for seed in &seeds {
            (0..=seed.len()).for_each(|end| reader(&seed[..end]));
        }
        seeds
    }

    /// The same, and with every byte replaced by each that means something to some reader.
    fn feed(name: &str, reader: fn(&[u8])) {
        for mut seed in seeds(name, reader) {
            for place in 0..seed.len() {
                let before = seed[place];
                for byte in *b"\"\\,;=\n \t.:/@#\0\xff" {
                    seed[place] = byte;
                    reader(&seed);
                }
                seed[place] = before;
            }
        }
    }

    #[test]
    fn seeds_of_challenge_headers() {
        feed("challenge_header", super::challenge_header);
    }

    #[test]
    fn seeds_of_hsts() {
        feed("hsts", super::hsts);
    }

    #[test]
    fn seeds_of_locations() {
        feed("location", super::location);
    }

    #[test]
    fn seeds_of_netrc_files() {
        feed("netrc", super::netrc);
    }

    /// What is whole but for a byte takes long: the passphrase is hashed thousands of times.
    #[test]
    fn seeds_of_pkcs12_files() {
        seeds("pkcs12", super::pkcs12);
    }

    #[test]
    fn seeds_of_set_cookie() {
        feed("set_cookie", super::set_cookie);
    }
}
