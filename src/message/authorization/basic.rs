//! Basic (RFC 7617): user and password, always in UTF-8, which is the only charset that the scheme knows.

use ::url::Url;
use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use crate::message::Invalid;

/// A colon in the user would move into the password, and control characters may stand in neither.
pub(crate) fn check(user: &str, password: &str) -> Result<(), Invalid> {
    let is_refused = user.contains(':') || user.chars().chain(password.chars()).any(char::is_control);
    if is_refused { Err(Invalid) } else { Ok(()) }
}

/// The field value.
pub(crate) fn authorize(user: &str, password: &str) -> Result<String, Invalid> {
    check(user, password)?;
    Ok(format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}"))))
}

/// Below which path of its server what was accepted for a URL can be sent ahead: from its last slash on (2.2).
pub(crate) fn folder(accepted: &Url) -> String {
    let path = accepted.path();
    path[..path.rfind('/').map_or(0, |slash| slash + 1)].to_owned()
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
        let folder = |url: &str| folder(&Url::parse(url).unwrap());
        assert_eq!([folder("http://h/a/b.html?q=/x/y"), folder("http://h"), folder("http://h/a")], ["/a/", "/", "/"]);
    }
}
