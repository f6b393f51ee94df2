//! What stands in a Cookie field: a name and a value, octets that go back as they came.

use std::fmt;

use super::{Invalid, Text};

/// Of name and value together (RFC 6265bis, 5.6).
const LONGEST: usize = 4096;

/// What a server could make its own requests too large with; browsers have no limit, curl has 8 KiB.
const LONGEST_FIELD: usize = 64 << 10;

#[derive(Clone)]
pub(crate) struct CookiePair {
    name: Text,
    value: Text,
    /// The octets were not UTF-8: on the wire every character is one.
    is_latin1: bool,
}

impl CookiePair {
    /// Whatever can be told from another pair in a Cookie field, and from the field's end.
    pub(crate) fn new(name: &[u8], value: &[u8]) -> Result<Self, Invalid> {
        let is_sound = is_sound(name) && is_sound(value) && !name.contains(&b'=');
        let length = name.len() + value.len();
        if !is_sound || length == 0 || length > LONGEST {
            return Err(Invalid);
        }
        Ok(match (str::from_utf8(name), str::from_utf8(value)) {
            (Ok(name), Ok(value)) => Self { name: Text::new(name), value: Text::new(value), is_latin1: false },
            _ => Self { name: latin1(name), value: latin1(value), is_latin1: true },
        })
    }

    pub(crate) fn name(&self) -> &Text {
        &self.name
    }

    pub(crate) fn value(&self) -> &Text {
        &self.value
    }

    /// The octets of the name and of the value.
    pub(crate) fn octets(&self) -> [Vec<u8>; 2] {
        [&self.name, &self.value].map(|text| match self.is_latin1 {
            true => text.as_str().chars().map(|character| character as u8).collect(),
            false => text.as_bytes().to_vec(),
        })
    }

    /// A Cookie field of them all (RFC 6265bis, 5.8.3), as far as it does not get too long; none of none.
    pub(crate) fn field<'a>(pairs: impl Iterator<Item = &'a Self>) -> Option<Vec<u8>> {
        let mut field = Vec::new();
        for pair in pairs {
            let [name, value] = pair.octets();
            let separator = if field.is_empty() { "" } else { "; " };
            let equals = if name.is_empty() { "" } else { "=" };
            let pair = [separator.as_bytes(), &name, equals.as_bytes(), &value].concat();
            if field.len() + pair.len() <= LONGEST_FIELD {
                field.extend(pair);
            }
        }
        (!field.is_empty()).then_some(field)
    }
}

/// A value is a secret.
impl fmt::Debug for CookiePair {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}=…", self.name)
    }
}

/// Neither control characters but the tab, nor what ends a pair, nor blanks that would be stripped.
fn is_sound(octets: &[u8]) -> bool {
    let is_bad = |octet: &u8| octet.is_ascii_control() && *octet != b'\t' || *octet == b';';
    let is_blank = |octet: Option<&u8>| matches!(octet, Some(b' ' | b'\t'));
    !octets.iter().any(is_bad) && !is_blank(octets.first()) && !is_blank(octets.last())
}

fn latin1(octets: &[u8]) -> Text {
    Text::from(octets.iter().map(|&octet| char::from(octet)).collect::<String>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_does_not_get_too_long() {
        let pairs: Vec<_> =
            (0..40).map(|number| CookiePair::new(&[b'a' + number % 26], &[b'x'; 4000]).unwrap()).collect();
        let small = CookiePair::new(b"small", b"1").unwrap();
        let field = CookiePair::field(pairs.iter().chain([&small])).unwrap();
        assert!(field.len() <= LONGEST_FIELD && field.len() > LONGEST_FIELD - 4100, "{}", field.len());
        assert!(field.ends_with(b"; small=1"));
    }

    #[test]
    fn a_value_is_not_shown() {
        assert_eq!(format!("{:?}", CookiePair::new(b"name", b"secret").unwrap()), "name=…");
    }
}
