//! What a server says in a Set-Cookie field (RFC 6265bis, 5.6), and what of it can be so (5.7).

use std::sync::Arc;

use url::{Host, Url};

use super::cookie::{LONGEST_ATTRIBUTE, domain_matches, is_secure};
use super::public_suffix::is_public_suffix;
use super::{Cookie, CookieProperties, SameSite, cookie_date};
use crate::message::Invalid;

/// Nothing lasts longer (RFC 6265bis, 5.6.1 and 5.6.2).
const LONGEST_LIFE: f64 = 400.0 * 24.0 * 60.0 * 60.0;

/// The last of each that can be understood.
#[derive(Default)]
struct Attributes<'a> {
    expires: Option<f64>,
    max_age: Option<f64>,
    domain: &'a [u8],
    /// Empty for the default.
    path: Option<&'a [u8]>,
    is_secure: bool,
    is_http_only: bool,
    same_site: SameSite,
}

impl Cookie {
    /// As the URL has answered with it; refused where it could not be stored for that URL.
    pub(crate) fn from_field(url: &Url, field: &[u8], now: f64) -> Result<Arc<Self>, Invalid> {
        let is_bad = |octet: &u8| octet.is_ascii_control() && *octet != b'\t';
        if field.iter().any(is_bad) {
            return Err(Invalid);
        }
        let mut parts = field.split(|&octet| octet == b';');
        let (name, value) = pair(parts.next().unwrap_or_default());
        let attributes = Attributes::read(parts, now);
        let host = url.host_str().ok_or(Invalid)?;
        let domain = attributes.domain_for(url, host)?;
        if attributes.is_secure && !is_secure(url) {
            return Err(Invalid);
        }
        let cookie = Self::new(CookieProperties {
            name,
            value,
            domain: domain.as_deref().unwrap_or(host),
            path: attributes.path.filter(|path| path.starts_with(b"/")).unwrap_or(default_path(url)),
            expires: attributes.max_age.or(attributes.expires),
            same_site: attributes.same_site,
            is_secure: attributes.is_secure,
            is_http_only: attributes.is_http_only,
            is_host_only: domain.is_none(),
        })?;
        // The path that its name promises must be said (5.5).
        let promises_path = name.get(..7).is_some_and(|prefix| prefix.eq_ignore_ascii_case(b"__Host-"));
        if promises_path && attributes.path.is_none() { Err(Invalid) } else { Ok(cookie) }
    }
}

impl<'a> Attributes<'a> {
    fn read(parts: impl Iterator<Item = &'a [u8]>, now: f64) -> Self {
        let mut attributes = Self::default();
        for part in parts {
            let mut halves = part.splitn(2, |&octet| octet == b'=');
            let mut half = || trim(halves.next().unwrap_or_default());
            let (name, value) = (half(), half());
            if value.len() <= LONGEST_ATTRIBUTE {
                attributes.take(&name.to_ascii_lowercase(), value, now);
            }
        }
        attributes
    }

    fn take(&mut self, name: &[u8], value: &'a [u8], now: f64) {
        let limited = |expires: f64| expires.min(now + LONGEST_LIFE);
        match name {
            b"expires" => self.expires = cookie_date::parse(value).map(limited).or(self.expires),
            b"max-age" => self.max_age = max_age(value).map(|age| limited(now + age)).or(self.max_age),
            b"domain" => self.domain = value.strip_prefix(b".").unwrap_or(value),
            b"path" => self.path = Some(value),
            b"secure" => self.is_secure = true,
            b"httponly" => self.is_http_only = true,
            b"samesite" => self.same_site = same_site(value),
            _ => {}
        }
    }

    /// The domain that the cookie is for with all that is below it; none where it is for the host alone (5.7).
    fn domain_for(&self, url: &Url, host: &str) -> Result<Option<String>, Invalid> {
        let domain = str::from_utf8(self.domain).ok().filter(|domain| domain.is_ascii()).ok_or(Invalid)?;
        let domain = domain.to_ascii_lowercase();
        let is_host = domain == host;
        if domain.is_empty() || is_host && is_public_suffix(&domain) {
            return Ok(None);
        }
        let is_above = || matches!(url.host(), Some(Host::Domain(_))) && domain_matches(host, &domain);
        let is_allowed = is_host || is_above() && !is_public_suffix(&domain);
        is_allowed.then_some(Some(domain)).ok_or(Invalid)
    }
}

/// Without an equals sign, all of it is the value.
fn pair(part: &[u8]) -> (&[u8], &[u8]) {
    match part.iter().position(|&octet| octet == b'=') {
        Some(at) => (trim(&part[..at]), trim(&part[at + 1..])),
        None => (&[], trim(part)),
    }
}

/// Of spaces and tabs.
fn trim(octets: &[u8]) -> &[u8] {
    let is_ink = |octet: &u8| !matches!(octet, b' ' | b'\t');
    let start = octets.iter().position(is_ink).unwrap_or(octets.len());
    let end = octets.iter().rposition(is_ink).map_or(start, |last| last + 1);
    &octets[start..end]
}

/// Seconds, as many as it may be; what is not more than 0 is over already.
fn max_age(value: &[u8]) -> Option<f64> {
    let digits = value.strip_prefix(b"-").unwrap_or(value);
    if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let age: f64 = str::from_utf8(value).ok()?.parse().ok()?;
    Some(if age > 0.0 { age } else { f64::NEG_INFINITY })
}

fn same_site(value: &[u8]) -> SameSite {
    match value.to_ascii_lowercase().as_slice() {
        b"none" => SameSite::None,
        b"lax" => SameSite::Lax,
        b"strict" => SameSite::Strict,
        _ => SameSite::Unspecified,
    }
}

/// Up to the last slash, without it (5.1.4).
fn default_path(url: &Url) -> &[u8] {
    match url.path().rfind('/') {
        None | Some(0) => b"/",
        Some(end) => &url.path().as_bytes()[..end],
    }
}

#[cfg(test)]
mod tests;
