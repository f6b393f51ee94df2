//! A cookie, as a server or the application made it. It never changes.

use std::sync::Arc;

use url::{Host, Url};

use super::public_suffix::is_public_suffix;
use crate::identity::Identity;
use crate::message::{CookiePair, Invalid, Text};

/// With whose requests the server wants it to go (RFC 6265bis, 5.6.7). Recorded: there are no pages here that could
/// make requests to other sites.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub(crate) enum SameSite {
    #[default]
    Unspecified = 0,
    None = 1,
    Lax = 2,
    Strict = 3,
}

pub struct Cookie {
    pub(crate) identity: Identity,
    pair: CookiePair,
    domain: Text,
    path: Text,
    expires: Option<f64>,
    same_site: SameSite,
    is_secure: bool,
    is_http_only: bool,
    is_host_only: bool,
}

/// What a cookie is made of.
#[derive(Clone, Copy, Default)]
pub(crate) struct CookieProperties<'a> {
    pub(crate) name: &'a [u8],
    pub(crate) value: &'a [u8],
    /// A dot in front is nothing.
    pub(crate) domain: &'a str,
    /// One that does not begin with a slash is "/".
    pub(crate) path: &'a [u8],
    /// Seconds since 1970; none: it goes with the session.
    pub(crate) expires: Option<f64>,
    pub(crate) same_site: SameSite,
    pub(crate) is_secure: bool,
    pub(crate) is_http_only: bool,
    pub(crate) is_host_only: bool,
}

/// What a server says of a cookie (RFC 6265bis, 5.6).
pub(super) const LONGEST_ATTRIBUTE: usize = 1024;

/// Where no path is said it is the URL's, which may be longer.
const LONGEST_PATH: usize = 8 << 10;

/// When years get a fifth digit, which not every reader of a cookie file can take.
const LATEST: f64 = 253_402_300_799.0;

impl Cookie {
    /// What holds for every cookie, wherever it comes from.
    pub(crate) fn new(properties: CookieProperties) -> Result<Arc<Self>, Invalid> {
        let domain = properties.domain.strip_prefix('.').unwrap_or(properties.domain);
        let path = if properties.path.starts_with(b"/") { properties.path } else { b"/" };
        let is_bad = |octet: &u8| octet.is_ascii_control() && *octet != b'\t';
        let is_no_domain = domain.is_empty() || domain.starts_with('.') || domain.len() > LONGEST_ATTRIBUTE;
        if is_no_domain || path.len() > LONGEST_PATH || path.iter().any(is_bad) {
            return Err(Invalid);
        }
        let host = Host::parse(domain).map_err(|_| Invalid)?;
        let is_address = !matches!(host, Host::Domain(_));
        let domain = host.to_string();
        let cookie = Self {
            identity: Identity::next(),
            pair: CookiePair::new(properties.name, properties.value)?,
            // Nobody can be given a cookie for all that is below an address or a public suffix.
            is_host_only: properties.is_host_only || is_address || is_public_suffix(&domain),
            domain: Text::from(domain),
            path: Text::from_field(path),
            expires: properties.expires.map(|expires| expires.clamp(1.0, LATEST)),
            same_site: properties.same_site,
            is_secure: properties.is_secure,
            is_http_only: properties.is_http_only,
        };
        cookie.keeps_promise().then(|| Arc::new(cookie)).ok_or(Invalid)
    }

    /// What its name says of it must be true, and a cookie without a name says nothing (RFC 6265bis, 5.5 and 5.7).
    fn keeps_promise(&self) -> bool {
        let begins = |text: &Text, prefix: &str| {
            text.as_bytes().get(..prefix.len()).is_some_and(|start| start.eq_ignore_ascii_case(prefix.as_bytes()))
        };
        let name = self.name();
        if name.as_bytes().is_empty() {
            return !begins(self.value(), "__Secure-") && !begins(self.value(), "__Host-");
        }
        let is_bound = self.is_secure && self.is_host_only && self.path.as_bytes() == b"/";
        (self.is_secure || !begins(name, "__Secure-")) && (is_bound || !begins(name, "__Host-"))
    }

    pub(crate) fn pair(&self) -> &CookiePair {
        &self.pair
    }

    pub(crate) fn name(&self) -> &Text {
        self.pair.name()
    }

    pub(crate) fn value(&self) -> &Text {
        self.pair.value()
    }

    /// Without a dot in front.
    pub(crate) fn domain(&self) -> &Text {
        &self.domain
    }

    pub(crate) fn path(&self) -> &Text {
        &self.path
    }

    pub(crate) fn expires(&self) -> Option<f64> {
        self.expires
    }

    pub(crate) fn same_site(&self) -> SameSite {
        self.same_site
    }

    pub(crate) fn is_secure(&self) -> bool {
        self.is_secure
    }

    pub(crate) fn is_http_only(&self) -> bool {
        self.is_http_only
    }

    pub(crate) fn is_host_only(&self) -> bool {
        self.is_host_only
    }

    pub(crate) fn is_expired(&self, now: f64) -> bool {
        self.expires.is_some_and(|expires| expires <= now)
    }

    /// Whether one takes the place of the other (RFC 6265bis, 5.7).
    pub(super) fn is_same(&self, other: &Self) -> bool {
        self.name() == other.name()
            && self.domain == other.domain
            && self.path == other.path
            && self.is_host_only == other.is_host_only
    }

    /// Whether a request for the URL, whose host has the cookie's domain for its own or above it, gets it
    /// (RFC 6265bis, 5.8.3).
    pub(super) fn is_for(&self, url: &Url) -> bool {
        let is_host = || url.host_str() == Some(self.domain.as_str());
        (!self.is_host_only || is_host())
            && (!self.is_secure || is_secure(url))
            && path_matches(url.path().as_bytes(), self.path.as_bytes())
    }
}

/// Loopback without TLS is not.
pub(super) fn is_secure(url: &Url) -> bool {
    url.scheme() == "https"
}

/// RFC 6265bis, 5.1.3, for names: an address has nothing below it.
pub(super) fn domain_matches(host: &str, domain: &str) -> bool {
    host.strip_suffix(domain).is_some_and(|rest| rest.is_empty() || rest.ends_with('.'))
}

/// RFC 6265bis, 5.1.4.
pub(super) fn path_matches(path: &[u8], cookie_path: &[u8]) -> bool {
    let rest = path.strip_prefix(cookie_path);
    rest.is_some_and(|rest| rest.is_empty() || cookie_path.ends_with(b"/") || rest.starts_with(b"/"))
}
