//! Basic (RFC 7617): user and password, always in UTF-8, which is the only charset that the scheme knows.

use ::url::Url;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::message::{Invalid, is_same_origin};

/// The field value. A colon in the user would move into the password, and control characters may stand in neither.
pub(crate) fn authorize(user: &str, password: &str) -> Result<String, Invalid> {
    if user.contains(':') || user.chars().chain(password.chars()).any(char::is_control) {
        return Err(Invalid);
    }
    Ok(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
}

/// Whether what was accepted for one URL can be sent ahead to another: from its last slash on downwards (2.2).
pub(crate) fn covers(accepted: &Url, other: &Url) -> bool {
    let folder = accepted.path().rsplit_once('/').map_or("", |(folder, _)| folder);
    let below = other.path().strip_prefix(folder).is_some_and(|below| below.starts_with('/'));
    is_same_origin(accepted, other) && below
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_of_rfc_7617() {
        assert_eq!(authorize("Aladdin", "open sesame").unwrap(), "Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");
        assert_eq!(authorize("test", "123£").unwrap(), "Basic dGVzdDoxMjPCow==");
        assert_eq!(authorize("", "").unwrap(), "Basic Og==");
    }

    #[test]
    fn r017_a_colon_in_the_user_is_refused() {
        assert!(authorize("a:b", "c").is_err());
        assert!(authorize("a", "b:c").is_ok());
        for control in ["\r\n", "\0", "\x7f", "\u{85}"] {
            assert!(authorize(control, "").is_err() && authorize("", control).is_err());
        }
    }

    #[test]
    fn a044_sent_ahead_below_the_path() {
        let covered =
            |other: &str| covers(&Url::parse("http://h/a/b.html?q=/x/y").unwrap(), &Url::parse(other).unwrap());
        assert!(covered("http://h/a/") && covered("http://h/a/c/d") && covered("http://h:80/a/b.html"));
        assert!(
            !covered("http://h/ab") && !covered("http://h/") && !covered("https://h/a/") && !covered("http://i/a/")
        );
    }
}
