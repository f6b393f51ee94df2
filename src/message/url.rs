//! URLs as they are given, and what of them can be used.

use ::url::Url;
use percent_encoding::percent_decode_str;

use super::Text;
use crate::error::{Code, Domain, Error};

/// The text of a URL, and the URL if it is one.
#[derive(Clone, Debug)]
pub(crate) struct Location {
    text: Text,
    url: Option<Url>,
}

impl Location {
    /// Reads by the WHATWG rules, which strip blanks around and quote what may not stand in a URL.
    pub(crate) fn new(text: &str) -> Self {
        match Url::parse(text) {
            Ok(url) => Self::from_url(url),
            Err(_) => Self { text: Text::new(text), url: None },
        }
    }

    pub(crate) fn from_url(url: Url) -> Self {
        Self { text: Text::new(url.as_str()), url: Some(url) }
    }

    pub(crate) fn text(&self) -> &Text {
        &self.text
    }

    /// The URL, if the library can go there.
    pub(crate) fn usable(&self) -> Result<&Url, Error> {
        let Some(url) = &self.url else { return Err(self.explain()) };
        if !matches!(url.scheme(), "http" | "https") {
            let message = format!("the scheme \"{}\" is not supported: use http or https", url.scheme());
            return Err(Error::new(Code::UNSUPPORTED_URL, message));
        }
        Ok(url)
    }

    /// Why the text is no URL, as codes that an application can tell apart.
    fn explain(&self) -> Error {
        let text = self.text.as_str().trim();
        let cause = Url::parse(text).err();
        let (number, message) = match cause {
            _ if text.is_empty() => (1, "the URL is empty: give one such as https://example.com/"),
            Some(::url::ParseError::EmptyHost) => (3, "the URL has no host: give one such as https://example.com/"),
            Some(::url::ParseError::RelativeUrlWithoutBase) => {
                (2, "the URL has no scheme: begin it with https:// or http://")
            }
            _ => (2, "the URL cannot be parsed: check its host, port and brackets"),
        };
        let cause = cause.map_or_else(|| message.to_owned(), |cause| cause.to_string());
        Error::new(Code::BAD_URL, message).because(Error::underlying_in(Domain::Url, number, cause))
    }
}

/// Scheme, host and port are the same, whether a default port is written or not (RFC 6454).
pub(crate) fn is_same_origin(one: &Url, other: &Url) -> bool {
    one.origin() == other.origin()
}

/// From http to https on the same host, both on their default ports: safer than before, and the same site.
pub(crate) fn is_default_port_upgrade(from: &Url, to: &Url) -> bool {
    let default = |url: &Url| url.port().is_none();
    from.scheme() == "http" && to.scheme() == "https" && from.host() == to.host() && default(from) && default(to)
}

/// The user and the password in a URL, decoded; none where there is no user.
pub(crate) fn user_info(url: &Url) -> Option<(String, Option<String>)> {
    if url.username().is_empty() {
        return None;
    }
    let decoded = |text: &str| percent_decode_str(text).decode_utf8_lossy().into_owned();
    Some((decoded(url.username()), url.password().map(decoded)))
}

/// The URL without user and password, for errors and logs.
pub(crate) fn without_secrets(location: &Location) -> Text {
    match &location.url {
        Some(url) if !url.username().is_empty() || url.password().is_some() => {
            let mut url = url.clone();
            // Both fail only for URLs that cannot have them, which then have none.
            let _ = url.set_username("");
            let _ = url.set_password(None);
            Text::new(url.as_str())
        }
        Some(_) => location.text.clone(),
        None => Text::from(without_authority_secrets(location.text.as_str())),
    }
}

/// What cannot be parsed may hold a password all the same, and nobody knows where: all before the last @ goes.
fn without_authority_secrets(text: &str) -> String {
    let Some((before, rest)) = text.rsplit_once('@') else { return text.to_owned() };
    match before.split_once(':') {
        Some((scheme, _)) if scheme.bytes().all(|byte| byte.is_ascii_alphanumeric()) => format!("{scheme}://{rest}"),
        _ => rest.to_owned(),
    }
}
