//! Names and values as authentication fields have them (RFC 9110, 11.2), read past whatever is broken.

use crate::message::content_type::unquote;

const BLANK: [char; 2] = [' ', '\t'];

#[derive(PartialEq, Eq, Debug)]
pub(super) enum Item<'a> {
    /// A word after a comma or at the start, with the token68 behind it.
    Scheme(&'a str, Option<&'a str>),
    Parameter(&'a str, String),
}

pub(super) struct Items<'a> {
    rest: &'a str,
    is_start: bool,
}

impl<'a> Items<'a> {
    pub(super) fn new(field: &'a str) -> Self {
        Self { rest: field, is_start: true }
    }

    fn skip_separators(&mut self) {
        let next = self.rest.trim_start_matches([' ', '\t', ',']);
        let skipped = &self.rest[..self.rest.len() - next.len()];
        self.is_start |= skipped.contains(',');
        self.rest = next;
    }
}

impl<'a> Iterator for Items<'a> {
    type Item = Item<'a>;

    fn next(&mut self) -> Option<Item<'a>> {
        loop {
            self.skip_separators();
            if self.rest.is_empty() {
                return None;
            }
            let (word, behind) = split(self.rest, is_token);
            let can_be_scheme = std::mem::take(&mut self.is_start);
            let value = behind.trim_start_matches(BLANK).strip_prefix('=');
            match value {
                _ if word.is_empty() => self.rest = behind_garbage(self.rest),
                Some(value) => {
                    let (value, rest) = read_value(value.trim_start_matches(BLANK));
                    self.rest = rest;
                    return Some(Item::Parameter(word, value));
                }
                None if can_be_scheme => {
                    let token68 = token68(behind);
                    self.rest = token68.map_or(behind, |(_, rest)| rest);
                    return Some(Item::Scheme(word, token68.map(|(token68, _)| token68)));
                }
                None => self.rest = behind,
            }
        }
    }
}

fn split(text: &str, belongs: impl Fn(char) -> bool) -> (&str, &str) {
    text.split_at(text.find(|character| !belongs(character)).unwrap_or(text.len()))
}

fn is_token(character: char) -> bool {
    character.is_ascii_alphanumeric() || "!#$%&'*+-.^_`|~".contains(character)
}

/// A quoted string, or whatever stands before the next comma: a realm of several words often goes unquoted.
fn read_value(text: &str) -> (String, &str) {
    match text.strip_prefix('"') {
        Some(quoted) => unquote(quoted),
        None => {
            let (value, rest) = split(text, |character| character != ',');
            (value.trim_end_matches(BLANK).to_owned(), rest)
        }
    }
}

/// The token68 that stands alone behind a scheme, and what follows it.
fn token68(behind_scheme: &str) -> Option<(&str, &str)> {
    let text = behind_scheme.trim_start_matches(BLANK);
    let length = token68_length(text)?;
    let (token68, rest) = text.split_at(length);
    let rest = rest.trim_start_matches(BLANK);
    (text.len() < behind_scheme.len() && (rest.is_empty() || rest.starts_with(','))).then_some((token68, rest))
}

/// How much of a text is a token68; none if it does not begin with one.
pub(super) fn token68_length(text: &str) -> Option<usize> {
    let (body, behind) = split(text, |character| character.is_ascii_alphanumeric() || "-._~+/".contains(character));
    let (padding, _) = split(behind, |character| character == '=');
    (!body.is_empty()).then_some(body.len() + padding.len())
}

/// What cannot begin anything goes, a quoted string as a whole: there may be commas in it.
fn behind_garbage(text: &str) -> &str {
    if let Some(quoted) = text.strip_prefix('"') {
        return unquote(quoted).1;
    }
    let next = text.char_indices().skip(1).find(|(_, character)| ", \t\"".contains(*character));
    next.map_or("", |(at, _)| &text[at..])
}

/// As a quoted string.
pub(super) fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\""))
}
