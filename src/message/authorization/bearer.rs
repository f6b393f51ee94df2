//! Bearer tokens (RFC 6750).

use super::parameters::token68_length;
use crate::message::Invalid;

/// A token is a token68 and nothing else.
pub(crate) fn check(token: &str) -> Result<(), Invalid> {
    if token68_length(token) == Some(token.len()) { Ok(()) } else { Err(Invalid) }
}

/// The field value.
pub(crate) fn authorize(token: &str) -> Result<String, Invalid> {
    check(token)?;
    Ok(format!("Bearer {token}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token68_and_nothing_else() {
        assert_eq!(authorize("mF_9.B5f-4.1JqM").unwrap(), "Bearer mF_9.B5f-4.1JqM");
        assert_eq!(authorize("a~+/b==").unwrap(), "Bearer a~+/b==");
        for wrong in ["", "=", "a b", "a\r\nX: y", "a=b", "ü", "a,b", "\"a\""] {
            assert!(authorize(wrong).is_err(), "{wrong}");
        }
    }
}
