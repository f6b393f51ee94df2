//! A proxy, as a URL writes it, and the way to a server: through one, or straight.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::sync::Arc;

use ::url::{Host, Url};
use percent_encoding::percent_decode_str;

use super::{Invalid, Text};
use crate::challenge::{Credential, Persistence};

/// What is spoken to it.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum ProxyKind {
    Http,
    Https,
    Socks4,
    Socks4a,
    Socks5,
    Socks5h,
}

#[derive(Clone)]
pub(crate) struct Proxy {
    kind: ProxyKind,
    host: Host<String>,
    /// Without the brackets of IPv6.
    host_text: Text,
    port: u16,
    credential: Option<Arc<Credential>>,
    text: Text,
}

/// How to get to a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum Way {
    Direct,
    Through(Arc<Proxy>),
}

/// What SOCKS 5 has room for; SOCKS 4, which has no limit of its own, shares a buffer with the host's name.
const LONGEST_SOCKS_5: usize = 255;
const LONGEST_SOCKS_4: usize = 128;

impl ProxyKind {
    const ALL: [Self; 6] = [Self::Http, Self::Https, Self::Socks4, Self::Socks4a, Self::Socks5, Self::Socks5h];

    fn scheme(self) -> &'static str {
        match self {
            Self::Http => "http",
            Self::Https => "https",
            Self::Socks4 => "socks4",
            Self::Socks4a => "socks4a",
            Self::Socks5 => "socks5",
            Self::Socks5h => "socks5h",
        }
    }

    fn of(scheme: &str) -> Result<Self, Invalid> {
        let known = Self::ALL.into_iter().find(|kind| kind.scheme().eq_ignore_ascii_case(scheme));
        // As curl has it.
        known.or(scheme.eq_ignore_ascii_case("socks").then_some(Self::Socks4)).ok_or(Invalid)
    }

    fn default_port(self) -> u16 {
        match self {
            Self::Http => 80,
            Self::Https => 443,
            _ => 1080,
        }
    }

    /// Whether it speaks HTTP, whatever that goes over.
    pub(crate) fn is_http(self) -> bool {
        matches!(self, Self::Http | Self::Https)
    }

    /// Whether it can be told them.
    fn takes(self, user: &str, password: &str) -> bool {
        let fits = |text: &str| (1..=LONGEST_SOCKS_5).contains(&text.len());
        match self {
            Self::Http | Self::Https => true,
            Self::Socks4 | Self::Socks4a => user.len() <= LONGEST_SOCKS_4,
            Self::Socks5 | Self::Socks5h => fits(user) && fits(password),
        }
    }
}

impl Proxy {
    fn new(text: &str) -> Result<Self, Invalid> {
        let (scheme, rest) = text.split_once("://").unwrap_or(("http", text));
        let kind = ProxyKind::of(scheme)?;
        // A scheme that the parser does not know leaves every port as it is written.
        let url = Url::parse(&format!("proxy://{rest}")).map_err(|_| Invalid)?;
        let is_bare = matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
        let host = Host::parse(url.host_str().unwrap_or_default()).map_err(|_| Invalid)?;
        let port = url.port().unwrap_or(kind.default_port());
        let credential = credential(kind, &url)?;
        if !is_bare || port == 0 {
            return Err(Invalid);
        }
        let text = Text::from(format!("{}://{host}:{port}", kind.scheme()));
        let host_text = match &host {
            Host::Ipv6(address) => Text::from(address.to_string()),
            other => Text::from(other.to_string()),
        };
        Ok(Self { kind, host, host_text, port, credential, text })
    }

    pub(crate) fn kind(&self) -> ProxyKind {
        self.kind
    }

    /// Without the brackets of IPv6.
    pub(crate) fn host(&self) -> &str {
        self.host_text.as_str()
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// The user and the password of its URL.
    pub(crate) fn credential(&self) -> Option<&Arc<Credential>> {
        self.credential.as_ref()
    }

    /// Its URL, without user and password.
    pub(crate) fn text(&self) -> &Text {
        &self.text
    }
}

impl Way {
    /// A proxy's URL, or `direct://`.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let text = text.trim();
        match text.eq_ignore_ascii_case("direct://") {
            true => Ok(Self::Direct),
            false => Ok(Self::Through(Arc::new(Proxy::new(text)?))),
        }
    }

    /// As it is parsed again, but for user and password.
    pub(crate) fn text(&self) -> &Text {
        static DIRECT: Text = Text::from_static("direct://\0");
        match self {
            Self::Direct => &DIRECT,
            Self::Through(proxy) => &proxy.text,
        }
    }
}

fn credential(kind: ProxyKind, url: &Url) -> Result<Option<Arc<Credential>>, Invalid> {
    if url.username().is_empty() && url.password().is_none() {
        return Ok(None);
    }
    let decoded = |text| percent_decode_str(text).decode_utf8().map_err(|_| Invalid);
    let (user, password) = (decoded(url.username())?, decoded(url.password().unwrap_or_default())?);
    if !kind.takes(&user, &password) {
        return Err(Invalid);
    }
    Credential::password(&user, &password, Persistence::None).map(Some)
}

impl PartialEq for Proxy {
    fn eq(&self, other: &Self) -> bool {
        let is_same_user = match (&self.credential, &other.credential) {
            (Some(own), Some(other)) => own.is_same(other),
            (own, other) => own.is_none() && other.is_none(),
        };
        self.text == other.text && is_same_user
    }
}

impl Eq for Proxy {}

impl Hash for Proxy {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.text.hash(state);
    }
}

/// Its host and port.
impl fmt::Display for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}:{}", self.host, self.port)
    }
}

/// Without user and password.
impl fmt::Debug for Proxy {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, formatter)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::challenge::Proof;

    fn proxy(text: &str) -> Proxy {
        Proxy::new(text).unwrap_or_else(|_| panic!("{text}"))
    }

    #[test]
    fn a018_every_kind_with_its_default_port() {
        let cases = [
            ("proxy.example", "http://proxy.example:80"),
            ("proxy.example:3128", "http://proxy.example:3128"),
            ("http://proxy.example", "http://proxy.example:80"),
            ("HTTP://Proxy.Example:80/", "http://proxy.example:80"),
            ("https://proxy.example", "https://proxy.example:443"),
            ("https://proxy.example:80", "https://proxy.example:80"),
            ("socks://proxy.example", "socks4://proxy.example:1080"),
            ("socks4://proxy.example", "socks4://proxy.example:1080"),
            ("socks4a://proxy.example", "socks4a://proxy.example:1080"),
            ("socks5://proxy.example:80", "socks5://proxy.example:80"),
            ("Socks5h://[::1]", "socks5h://[::1]:1080"),
            ("127.1:8080", "http://127.0.0.1:8080"),
            ("http://b\u{fc}cher.example", "http://xn--bcher-kva.example:80"),
        ];
        for (text, expected) in cases {
            assert_eq!(proxy(text).text().as_str(), expected, "{text}");
        }
        assert_eq!(proxy("http://[::1]:1").host(), "::1");
        assert_eq!(proxy("http://[::1]:1").to_string(), "[::1]:1");
    }

    #[test]
    fn a018_what_is_no_proxy() {
        let invalid = [
            "",
            " ",
            "http://",
            "://proxy",
            "ftp://proxy",
            "direct://proxy",
            "http://proxy:0",
            "http://proxy:65536",
            "http://proxy:port",
            "http://proxy/path",
            "http://proxy?query",
            "http://proxy#fragment",
            "http://two words",
            "http://[::1",
            "http://1.2.3.256",
        ];
        for text in invalid {
            assert!(Way::parse(text).is_err(), "{text}");
        }
        assert_eq!(Way::parse(" Direct:// ").unwrap(), Way::Direct);
    }

    #[test]
    fn q036_user_and_password_are_decoded() {
        let login = |text: &str| match proxy(text).credential().unwrap().proof() {
            Proof::Password(it) => (it.user.to_string(), it.password.to_string()),
            _ => panic!("{text}"),
        };
        assert_eq!(login("us%40er:p%3Aa%2fss@proxy"), ("us@er".into(), "p:a/ss".into()));
        assert_eq!(login("http://user@proxy"), ("user".into(), "".into()));
        assert_eq!(login("http://:word@proxy"), ("".into(), "word".into()));
        assert!(proxy("http://proxy").credential().is_none());
    }

    #[test]
    fn q036_a_login_that_cannot_be_sent() {
        let long = "u".repeat(256);
        let invalid = [
            "http://us%3Aer:word@proxy".to_owned(),
            "socks5://us%3Aer:word@proxy".to_owned(),
            "http://user:wo%0Ard@proxy".to_owned(),
            "http://us%00er@proxy".to_owned(),
            "http://%ff@proxy".to_owned(),
            "socks5://user@proxy".to_owned(),
            "socks5://:word@proxy".to_owned(),
            format!("socks5h://{long}:word@proxy"),
            format!("socks5h://user:{long}@proxy"),
            format!("socks4a://{}@proxy", &long[..129]),
        ];
        for text in invalid {
            assert!(Proxy::new(&text).is_err(), "{text}");
        }
        assert!(Proxy::new(&format!("socks5://{}:{}@proxy", &long[..255], &long[..255])).is_ok());
    }

    #[test]
    fn q036_nothing_shows_the_login() {
        let proxy = proxy("http://user:word@proxy:8080");
        for shown in [format!("{proxy}"), format!("{proxy:?}"), proxy.text().to_string()] {
            assert!(!shown.contains("user") && !shown.contains("word"), "{shown}");
        }
    }

    #[test]
    fn another_login_is_another_proxy() {
        assert_eq!(proxy("http://proxy"), proxy("proxy:80"));
        assert_ne!(proxy("http://proxy"), proxy("http://user@proxy"));
        assert_ne!(proxy("http://user:one@proxy"), proxy("http://user:two@proxy"));
        assert_ne!(proxy("http://proxy:443"), proxy("https://proxy"));
    }
}
