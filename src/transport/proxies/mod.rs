//! Which proxy a URL takes: the request's own, else what the configuration has for it, else the environment's.

mod environment;
mod exceptions;

use url::{Host, Url};

pub(super) use environment::Environment;
pub(crate) use exceptions::Exceptions;

use crate::error::Error;
use crate::message::{Invalid, Way};

/// What an entry of the configuration is for; none is any.
#[derive(Clone, PartialEq)]
pub(crate) struct Key {
    scheme: Option<&'static str>,
    host: Option<Host<String>>,
}

/// Of a configuration.
#[derive(Clone)]
pub(crate) struct Proxies {
    entries: Vec<(Key, Way)>,
    pub(crate) exceptions: Exceptions,
    pub(crate) uses_environment: bool,
}

impl Default for Proxies {
    fn default() -> Self {
        Self { entries: Vec::new(), exceptions: Exceptions::default(), uses_environment: true }
    }
}

impl Key {
    /// `scheme://host`, `scheme`, `all://host` or `all`.
    pub(crate) fn parse(text: &str) -> Result<Self, Invalid> {
        let (scheme, host) = text.split_once("://").map_or((text, None), |(scheme, host)| (scheme, Some(host)));
        let scheme = match scheme.to_ascii_lowercase().as_str() {
            "http" => Some("http"),
            "https" => Some("https"),
            "all" => None,
            _ => return Err(Invalid),
        };
        Ok(Self { scheme, host: host.map(Host::parse).transpose().map_err(|_| Invalid)? })
    }

    fn matches(&self, scheme: Option<&str>, host: Option<&Host<&str>>) -> bool {
        let is_host = match (&self.host, host) {
            (Some(Host::Domain(own)), Some(Host::Domain(other))) => own == other,
            (Some(Host::Ipv4(own)), Some(Host::Ipv4(other))) => own == other,
            (Some(Host::Ipv6(own)), Some(Host::Ipv6(other))) => own == other,
            (None, None) => true,
            _ => false,
        };
        self.scheme == scheme && is_host
    }
}

impl Proxies {
    /// None takes the entry away.
    pub(crate) fn set(&mut self, key: Key, way: Option<Way>) {
        self.entries.retain(|(other, _)| *other != key);
        self.entries.extend(way.map(|way| (key, way)));
    }

    pub(crate) fn get(&self, key: &Key) -> Option<&Way> {
        self.entries.iter().find(|(other, _)| other == key).map(|(_, way)| way)
    }

    /// What the environment says now, where it is asked at all.
    pub(super) fn environment(&self) -> Option<Environment> {
        self.uses_environment.then(Environment::read).flatten()
    }

    pub(super) fn choose<'a>(
        &'a self,
        own: Option<&'a Way>,
        environment: Option<&'a Environment>,
        url: &Url,
    ) -> Result<&'a Way, Error> {
        let configured =
            || self.configured(url).map(|way| if self.exceptions.contain(url) { &Way::Direct } else { way });
        if let Some(way) = own.or_else(configured) {
            return Ok(way);
        }
        let environment = environment.map(|environment| environment.choose(url)).transpose()?.flatten();
        Ok(environment.unwrap_or(&Way::Direct))
    }

    /// From the narrowest key to the widest.
    fn configured(&self, url: &Url) -> Option<&Way> {
        if self.entries.is_empty() {
            return None;
        }
        let (scheme, host) = (Some(url.scheme()), url.host());
        let keys = [(scheme, host.as_ref()), (scheme, None), (None, host.as_ref()), (None, None)];
        let find = |(scheme, host)| self.entries.iter().find(|(key, _)| key.matches(scheme, host));
        keys.into_iter().find_map(find).map(|(_, way)| way)
    }
}

/// A name may end with the dot of the root.
fn without_root(name: &str) -> &str {
    name.strip_suffix('.').unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn way(text: &str) -> Way {
        Way::parse(text).unwrap()
    }

    fn proxies(entries: &[(&str, &str)]) -> Proxies {
        let mut proxies = Proxies::default();
        for (key, text) in entries {
            proxies.set(Key::parse(key).unwrap_or_else(|_| panic!("{key}")), Some(way(text)));
        }
        proxies
    }

    fn chosen(proxies: &Proxies, url: &str) -> String {
        proxies.choose(None, None, &Url::parse(url).unwrap()).unwrap().text().to_string()
    }

    #[test]
    fn q034_the_narrowest_key_is_asked_first() {
        let all =
            [("http://example.com", "one:1"), ("http", "two:2"), ("all://example.com", "three:3"), ("all", "four:4")];
        for order in [[0, 1, 2, 3], [3, 2, 1, 0], [2, 0, 3, 1]] {
            let proxies = proxies(&order.map(|index| all[index]));
            assert_eq!(chosen(&proxies, "http://EXAMPLE.com:8080/"), "http://one:1");
            assert_eq!(chosen(&proxies, "http://example.org/"), "http://two:2");
            assert_eq!(chosen(&proxies, "https://example.com/"), "http://three:3");
            assert_eq!(chosen(&proxies, "https://www.example.com/"), "http://four:4");
        }
    }

    #[test]
    fn q034_hosts_are_compared_as_hosts() {
        let proxies =
            proxies(&[("all://[::1]", "one:1"), ("all://127.1", "two:2"), ("HTTP://B\u{fc}cher.Example", "three:3")]);
        assert_eq!(chosen(&proxies, "https://[0::1]:1/"), "http://one:1");
        assert_eq!(chosen(&proxies, "http://127.0.0.1/"), "http://two:2");
        assert_eq!(chosen(&proxies, "http://xn--bcher-kva.example/"), "http://three:3");
        assert_eq!(chosen(&proxies, "http://example.com/"), "direct://");
    }

    #[test]
    fn q034_an_entry_can_be_replaced_and_taken_away() {
        let mut proxies = proxies(&[("http", "one:1"), ("HTTP", "two:2")]);
        assert_eq!(chosen(&proxies, "http://h/"), "http://two:2");
        proxies.set(Key::parse("http").unwrap(), None);
        assert_eq!(chosen(&proxies, "http://h/"), "direct://");
        proxies.set(Key::parse("http").unwrap(), None);
        assert!(proxies.get(&Key::parse("http").unwrap()).is_none());
    }

    #[test]
    fn q034_the_request_is_asked_before_the_session() {
        let proxies = proxies(&[("all", "one:1")]);
        let url = Url::parse("http://h/").unwrap();
        let own = |text| proxies.choose(Some(&way(text)), None, &url).unwrap().text().to_string();
        assert_eq!(own("two:2"), "http://two:2");
        assert_eq!(own("direct://"), "direct://");
    }

    #[test]
    fn q034_exceptions_are_the_configurations() {
        let mut proxies = proxies(&[("all", "one:1"), ("http://in.example.com", "two:2")]);
        proxies.exceptions = Exceptions::parse("example.com, 10.0.0.0/8").unwrap();
        for url in ["http://in.example.com/", "https://example.com/", "http://10.1.2.3/"] {
            assert_eq!(chosen(&proxies, url), "direct://", "{url}");
        }
        assert_eq!(chosen(&proxies, "http://example.org/"), "http://one:1");
        let own = proxies.choose(Some(&Way::Direct), None, &Url::parse("http://example.org/").unwrap()).unwrap();
        assert_eq!(*own, Way::Direct);
    }

    #[test]
    fn q034_what_is_no_key() {
        for key in
            ["", "ftp", "ftp://host", "http:", "http://", "http://host:80", "http://host/path", "all://a b", "*", "://"]
        {
            assert!(Key::parse(key).is_err(), "{key}");
        }
    }
}
