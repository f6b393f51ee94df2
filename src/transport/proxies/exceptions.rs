//! Hosts that are reached without a proxy: a list as NO_PROXY has it.

use std::net::IpAddr;

use ipnet::IpNet;
use url::{Host, Url};

use super::without_root;
use crate::message::{Invalid, Text};

/// What an element of the list names.
#[derive(Clone, PartialEq, Debug)]
enum Pattern {
    All,
    /// And every name below it.
    Name(String),
    Network(IpNet),
}

#[derive(Clone, PartialEq, Debug)]
struct Exception {
    pattern: Pattern,
    /// None is any.
    port: Option<u16>,
}

#[derive(Clone, Default)]
pub(crate) struct Exceptions {
    /// As it was given.
    text: Option<Text>,
    list: Vec<Exception>,
}

impl Exceptions {
    /// Fails where an element is none.
    pub(crate) fn parse(list: &str) -> Result<Self, Invalid> {
        let text = Some(Text::new(list));
        Ok(Self { text, list: elements(list).map(Exception::parse).collect::<Result<_, _>>()? })
    }

    /// Passes over elements that are none.
    pub(super) fn parse_leniently(list: &str) -> Self {
        let text = Some(Text::new(list));
        Self { text, list: elements(list).filter_map(|element| Exception::parse(element).ok()).collect() }
    }

    pub(crate) fn text(&self) -> Option<&Text> {
        self.text.as_ref()
    }

    pub(super) fn contain(&self, url: &Url) -> bool {
        let Some(host) = url.host() else { return false };
        let port = url.port_or_known_default();
        let matches_port = |exception: &Exception| exception.port.is_none() || exception.port == port;
        self.list.iter().any(|exception| matches_port(exception) && exception.pattern.matches(&host))
    }
}

impl Exception {
    fn parse(element: &str) -> Result<Self, Invalid> {
        if element == "*" {
            return Ok(Self { pattern: Pattern::All, port: None });
        }
        if let Some(network) = network(element) {
            return Ok(Self { pattern: Pattern::Network(network), port: None });
        }
        let (host, port) = match element.rsplit_once(':') {
            Some((host, port)) => (host, Some(port.parse().map_err(|_| Invalid)?)),
            None => (element, None),
        };
        // Certificates and Go write "*.example.com", many others ".example.com".
        let name = host.strip_prefix("*.").or(host.strip_prefix('.')).unwrap_or(host);
        let pattern = match Host::parse(without_root(name)).map_err(|_| Invalid)? {
            Host::Domain(name) if name.contains(['*', '/']) => return Err(Invalid),
            Host::Domain(name) => Pattern::Name(name),
            Host::Ipv4(address) => Pattern::Network(IpNet::from(IpAddr::from(address))),
            Host::Ipv6(address) => Pattern::Network(IpNet::from(IpAddr::from(address))),
        };
        Ok(Self { pattern, port })
    }
}

impl Pattern {
    fn matches(&self, host: &Host<&str>) -> bool {
        let address = match *host {
            Host::Ipv4(address) => Some(IpAddr::from(address)),
            Host::Ipv6(address) => Some(IpAddr::from(address).to_canonical()),
            Host::Domain(_) => None,
        };
        match (self, host, address) {
            (Self::All, ..) => true,
            (Self::Network(network), _, Some(address)) => network.contains(&address),
            (Self::Name(suffix), Host::Domain(name), _) => {
                let before = without_root(name).strip_suffix(suffix.as_str());
                before.is_some_and(|before| before.is_empty() || before.ends_with('.'))
            }
            _ => false,
        }
    }
}

fn elements(list: &str) -> impl Iterator<Item = &str> {
    list.split(|character: char| character == ',' || character.is_whitespace()).filter(|element| !element.is_empty())
}

/// An address, or many; IPv6 with brackets or without.
fn network(element: &str) -> Option<IpNet> {
    let bare = element.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(element);
    let address = || bare.parse().map(|address: IpAddr| IpNet::from(address.to_canonical()));
    element.parse().or_else(|_| address()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn excepts(list: &str, url: &str) -> bool {
        Exceptions::parse(list).unwrap_or_else(|_| panic!("{list}")).contain(&Url::parse(url).unwrap())
    }

    #[test]
    fn q035_names_match_on_a_dot_boundary() {
        for list in
            ["example.com", ".example.com", "*.example.com", "EXAMPLE.com", "example.com.", "other, example.com"]
        {
            assert!(excepts(list, "http://example.com/"), "{list}");
            assert!(excepts(list, "https://WWW.Example.com:8443/"), "{list}");
            assert!(excepts(list, "http://a.b.example.com./"), "{list}");
            assert!(!excepts(list, "http://badexample.com/"), "{list}");
            assert!(!excepts(list, "http://example.com.evil/"), "{list}");
            assert!(!excepts(list, "http://com/"), "{list}");
        }
        assert!(excepts("b\u{fc}cher.example", "http://xn--bcher-kva.example/"));
        assert!(excepts("xn--bcher-kva.example", "http://www.b\u{fc}cher.example/"));
    }

    #[test]
    fn q035_blanks_and_empty_elements_are_ignored() {
        for list in ["", " ", ",", " , ,, "] {
            assert!(!excepts(list, "http://example.com/"), "{list:?}");
        }
        for list in [" example.com ", ",a ,\texample.com,", "a b example.com"] {
            assert!(excepts(list, "http://example.com/"), "{list:?}");
        }
    }

    #[test]
    fn q035_a_star_is_everything() {
        for url in ["http://example.com/", "https://10.0.0.1:1/", "http://[2001:db8::1]/"] {
            assert!(excepts("a, *", url), "{url}");
        }
    }

    #[test]
    fn q035_a_port_narrows() {
        assert!(excepts("example.com:8080", "http://example.com:8080/"));
        assert!(excepts("example.com:8080", "http://www.example.com:8080/"));
        assert!(!excepts("example.com:8080", "http://example.com/"));
        assert!(excepts("example.com:80", "http://example.com/"));
        assert!(!excepts("example.com:80", "https://example.com/"));
        assert!(excepts("example.com:443", "https://example.com/"));
        assert!(excepts("10.0.0.1:81", "http://10.0.0.1:81/") && !excepts("10.0.0.1:81", "http://10.0.0.1/"));
        assert!(excepts("[::1]:81", "http://[::1]:81/") && !excepts("[::1]:81", "http://[::1]/"));
    }

    #[test]
    fn q035_addresses_and_networks() {
        let cases = [
            ("10.0.0.1", "http://10.0.0.1/", true),
            ("10.0.0.1", "http://10.0.0.2/", false),
            ("10.0.0.0/8", "http://10.255.0.1:8080/", true),
            ("10.1.2.3/8", "http://10.255.0.1/", true),
            ("10.0.0.0/8", "http://11.0.0.1/", false),
            ("0.0.0.0/0", "http://192.0.2.1/", true),
            ("0.0.0.0/0", "http://[2001:db8::1]/", false),
            ("192.0.2.1/32", "http://192.0.2.1/", true),
            ("10.0.0.0/8", "http://[::ffff:10.0.0.1]/", true),
            ("2001:db8::/32", "https://[2001:db8:1::1]/", true),
            ("2001:db8::/32", "https://[2001:db9::1]/", false),
            ("2001:DB8::1", "http://[2001:db8::1]/", true),
            ("[2001:db8::1]", "http://[2001:db8::1]:8080/", true),
            ("::1", "http://[::2]/", false),
            // No name is below an address, and an address is below no name.
            ("0.0.1", "http://10.0.0.1/", false),
            ("10.0.0.0/8", "http://10.example/", false),
        ];
        for (list, url, expected) in cases {
            assert_eq!(excepts(list, url), expected, "{list} {url}");
        }
    }

    #[test]
    fn q035_what_is_no_exception() {
        for element in
            ["a:b", "host:65536", "10.0.0.0/33", "2001:db8::/129", "a/b", "exa*mple.com", "[::1", "1.2.3.4.5:x"]
        {
            assert!(Exceptions::parse(&format!("ok, {element}")).is_err(), "{element}");
            let lenient = Exceptions::parse_leniently(&format!("{element}, example.com"));
            assert!(lenient.contain(&Url::parse("http://example.com/").unwrap()), "{element}");
            assert_eq!(lenient.list.len(), 1, "{element}");
        }
    }
}
