//! What Strict-Transport-Security says (RFC 6797, 6.1).

/// More is as good as for ever, and still a date of four digits.
pub(super) const MOST_SECONDS: u64 = 100 * 365 * 24 * 60 * 60;
const MOST_DIRECTIVES: usize = 16;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) struct Policy {
    /// In seconds; 0 takes it back.
    pub(super) max_age: u64,
    pub(super) includes_subdomains: bool,
}

impl Policy {
    /// None where the field breaks a rule: then none of it counts.
    pub(super) fn read(field: &str) -> Option<Self> {
        let mut names = Vec::new();
        let (mut max_age, mut includes_subdomains, mut rest) = (None, false, field);
        while let Some((name, value, behind)) = directive(rest)? {
            let name = name.to_ascii_lowercase();
            match (name.as_str(), value) {
                ("max-age", Some(seconds)) => max_age = Some(number(seconds)?),
                ("includesubdomains", None) => includes_subdomains = true,
                ("max-age" | "includesubdomains", _) => return None,
                _ => {}
            }
            if names.contains(&name) || names.len() == MOST_DIRECTIVES {
                return None;
            }
            names.push(name);
            rest = behind;
        }
        Some(Self { max_age: max_age?, includes_subdomains })
    }
}

type Directive<'a> = (&'a str, Option<&'a str>, &'a str);

/// The first directive with what follows it; nothing at the end, none for what is not of that form.
fn directive(text: &str) -> Option<Option<Directive<'_>>> {
    let text = text.trim_start_matches([' ', '\t', ';']);
    if text.is_empty() {
        return Some(None);
    }
    let (name, behind) = token(text)?;
    let (value, behind) = match behind.trim_start_matches(BLANK).strip_prefix('=') {
        Some(value) => value_of(value.trim_start_matches(BLANK)).map(|(value, behind)| (Some(value), behind))?,
        None => (None, behind),
    };
    let behind = behind.trim_start_matches(BLANK);
    (behind.is_empty() || behind.starts_with(';')).then_some(Some((name, value, behind)))
}

const BLANK: [char; 2] = [' ', '\t'];

fn token(text: &str) -> Option<(&str, &str)> {
    let end = text.find(|character: char| !character.is_ascii_alphanumeric() && !"!#$%&'*+-.^_`|~".contains(character));
    let (token, behind) = text.split_at(end.unwrap_or(text.len()));
    (!token.is_empty()).then_some((token, behind))
}

/// Escapes are left as they are: the value that counts is a number.
fn value_of(text: &str) -> Option<(&str, &str)> {
    let Some(quoted) = text.strip_prefix('"') else { return token(text) };
    let mut is_escaped = false;
    let end = quoted.find(|character| {
        let is_end = character == '"' && !is_escaped;
        is_escaped = character == '\\' && !is_escaped;
        is_end
    })?;
    Some((&quoted[..end], &quoted[end + 1..]))
}

fn number(digits: &str) -> Option<u64> {
    let is_number = !digits.is_empty() && digits.bytes().all(|digit| digit.is_ascii_digit());
    // What has too many digits is as good as for ever.
    is_number.then(|| digits.parse().unwrap_or(MOST_SECONDS).min(MOST_SECONDS))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(field: &str) -> Option<(u64, bool)> {
        Policy::read(field).map(|policy| (policy.max_age, policy.includes_subdomains))
    }

    #[test]
    fn examples_of_rfc_6797() {
        assert_eq!(read("max-age=31536000"), Some((31_536_000, false)));
        assert_eq!(read("max-age=15768000 ; includeSubDomains"), Some((15_768_000, true)));
        assert_eq!(read("max-age=\"31536000\""), Some((31_536_000, false)));
        assert_eq!(read("max-age=0"), Some((0, false)));
        assert_eq!(read("max-age=0; includeSubDomains"), Some((0, true)));
    }

    #[test]
    fn odd_but_right() {
        assert_eq!(read(" ;; MAX-AGE = 1 ;\tINCLUDESUBDOMAINS;"), Some((1, true)));
        assert_eq!(read("max-age=1; preload; new=\"a;\\\"b\"; other=x"), Some((1, false)));
        assert_eq!(read("max-age=99999999999999999999999"), Some((MOST_SECONDS, false)));
    }

    #[test]
    fn what_breaks_a_rule_does_not_count() {
        let wrong = [
            "",
            "includeSubDomains",
            "max-age",
            "max-age=",
            "max-age=-1",
            "max-age=1.5",
            "max-age=abc",
            "max-age=\"1",
            "max-age=1; max-age=1",
            "max-age=1; includeSubDomains; includesubdomains",
            "max-age=1; x; X",
            "max-age=1 includeSubDomains",
            "max-age=1, max-age=2",
            "max-age=1; includeSubDomains=1",
            "max-age=1; =",
            "max-age=1; é",
            "max-age=1; a=\"b\"c",
        ];
        for field in wrong {
            assert_eq!(read(field), None, "{field}");
        }
        let many: String = (0..100).map(|number| format!("; x{number}")).collect();
        assert_eq!(read(&format!("max-age=1{many}")), None);
    }
}
