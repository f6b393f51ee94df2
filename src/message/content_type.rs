//! Type and charset out of a Content-Type field (RFC 9110, 8.3).

use super::Text;

/// "text/html" of `Text/HTML; charset=UTF-8`; none where the field does not have that form.
pub(super) fn essence(field: &str) -> Option<Text> {
    let essence = field.split(';').next().unwrap_or_default().trim();
    let (kind, subtype) = essence.split_once('/')?;
    let token = |part: &str| http::HeaderName::from_bytes(part.as_bytes()).is_ok();
    (token(kind) && token(subtype)).then(|| Text::from(essence.to_ascii_lowercase()))
}

/// "utf-8" of `text/html; charset="UTF-8"`.
pub(super) fn charset(field: &str) -> Option<Text> {
    let charset = parameter(field, "charset")?;
    (!charset.is_empty()).then(|| Text::from(charset.to_ascii_lowercase()))
}

/// The value of a parameter, unquoted.
pub(super) fn parameter(field: &str, name: &str) -> Option<String> {
    parameters(field).find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value)
}

fn parameters(field: &str) -> impl Iterator<Item = (&str, String)> {
    let mut rest = skip_value(field);
    std::iter::from_fn(move || {
        let parameter = rest.strip_prefix(';')?;
        let key = &parameter[..parameter.find([';', '=']).unwrap_or(parameter.len())];
        let Some(after) = parameter[key.len()..].strip_prefix('=') else {
            rest = &parameter[key.len()..];
            return Some((key.trim(), String::new()));
        };
        let after = after.trim_start();
        let (value, next) = match after.strip_prefix('"') {
            Some(quoted) => unquote(quoted),
            None => {
                let end = after.find(';').unwrap_or(after.len());
                (after[..end].trim().to_owned(), &after[end..])
            }
        };
        rest = next.trim_start();
        Some((key.trim(), value))
    })
}

fn skip_value(field: &str) -> &str {
    field.find(';').map_or("", |semicolon| &field[semicolon..])
}

/// A quoted string after its opening quote: its content, and what follows its closing one.
pub(super) fn unquote(quoted: &str) -> (String, &str) {
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            other => value.push(other),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_types_and_charsets() {
        let field = "Text/HTML; q=\"a;b\\\"c\" ; Charset=\"UTF-8\"";
        assert_eq!(essence(field).unwrap().as_str(), "text/html");
        assert_eq!(charset(field).unwrap().as_str(), "utf-8");
        assert_eq!(parameter(field, "q").unwrap(), "a;b\"c");
        assert_eq!(charset("text/html; foo; charset=utf-8").unwrap().as_str(), "utf-8");
        assert_eq!(charset("text/plain;charset=iso-8859-1;x=y").unwrap().as_str(), "iso-8859-1");
    }

    #[test]
    fn broken_fields_give_nothing() {
        for field in ["", "text", "text/", "/html", "te xt/html", ";charset", "text/html; charset="] {
            assert!(essence(field).is_none() || field.starts_with("text/html"), "{field}");
            assert!(charset(field).is_none(), "{field}");
        }
    }
}
