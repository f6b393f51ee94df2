//! Proxies as the environment names them, the way most programs of Unix understand it.

use std::env;
use std::ffi::OsString;

use url::{Host, Url};

use super::{Exceptions, without_root};
use crate::error::{Code, Error};
use crate::message::Way;

/// A variable that is set: the way that it names, if it does.
struct Variable {
    name: &'static str,
    way: Option<Way>,
}

pub(crate) struct Environment {
    http: Option<Variable>,
    https: Option<Variable>,
    all: Option<Variable>,
    exceptions: Exceptions,
}

impl Environment {
    /// What it says now; none where it names no proxy.
    pub(crate) fn read() -> Option<Self> {
        Self::from(|name| env::var_os(name))
    }

    fn from(get: impl Fn(&str) -> Option<OsString>) -> Option<Self> {
        // In capitals, whoever sends a CGI program a field "Proxy" could set it.
        let http = variable(&get, &["http_proxy"]);
        let https = variable(&get, &["https_proxy", "HTTPS_PROXY"]);
        let all = variable(&get, &["all_proxy", "ALL_PROXY"]);
        if http.is_none() && https.is_none() && all.is_none() {
            return None;
        }
        let exceptions = first_set(&get, &["no_proxy", "NO_PROXY"]).map(|(_, list)| list).unwrap_or_default();
        Some(Self { http, https, all, exceptions: Exceptions::parse_leniently(&exceptions.to_string_lossy()) })
    }

    /// None is that there is nothing to say.
    pub(super) fn choose(&self, url: &Url) -> Result<Option<&Way>, Error> {
        let of_scheme = if url.scheme() == "https" { &self.https } else { &self.http };
        let Some(variable) = of_scheme.as_ref().or(self.all.as_ref()) else { return Ok(None) };
        if is_loopback(url) || self.exceptions.contain(url) {
            return Ok(None);
        }
        // To go without it could tell the network what the proxy is there to hide.
        variable.way.as_ref().map(Some).ok_or_else(|| {
            let name = variable.name;
            let message = format!("the environment variable {name} holds no URL of a proxy: correct it, or unset it");
            Error::new(Code::BAD_URL, message)
        })
    }
}

/// The first of them that is set, even to nothing, is the one that counts.
fn first_set(get: impl Fn(&str) -> Option<OsString>, names: &[&'static str]) -> Option<(&'static str, OsString)> {
    names.iter().find_map(|&name| Some((name, get(name)?)))
}

fn variable(get: impl Fn(&str) -> Option<OsString>, names: &[&'static str]) -> Option<Variable> {
    let (name, value) = first_set(get, names)?;
    let is_empty = value.to_str().is_some_and(|value| value.trim().is_empty());
    (!is_empty).then(|| Variable { name, way: value.to_str().and_then(|value| Way::parse(value).ok()) })
}

/// This machine, which no proxy is there for.
fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => {
            let name = without_root(name);
            name == "localhost" || name.ends_with(".localhost")
        }
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.to_canonical().is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment(variables: &[(&str, &str)]) -> Option<Environment> {
        Environment::from(|name| Some(variables.iter().find(|(known, _)| *known == name)?.1.into()))
    }

    /// The proxy that a URL takes.
    fn chosen(variables: &[(&str, &str)], url: &str) -> String {
        let Some(environment) = environment(variables) else { return "nothing".to_owned() };
        match environment.choose(&Url::parse(url).unwrap()) {
            Ok(way) => way.map_or("nothing".to_owned(), |way| way.text().to_string()),
            Err(error) => error.message().to_string(),
        }
    }

    #[test]
    fn q034_each_scheme_has_its_variable() {
        let all = [("http_proxy", "one:1"), ("https_proxy", "two:2"), ("all_proxy", "socks5://three:3")];
        assert_eq!(chosen(&all, "http://example.com/"), "http://one:1");
        assert_eq!(chosen(&all, "https://example.com/"), "http://two:2");
        assert_eq!(chosen(&all[1..], "http://example.com/"), "socks5://three:3");
        assert_eq!(chosen(&all[..1], "https://example.com/"), "nothing");
        assert_eq!(chosen(&[("http_proxy", "direct://"), ("all_proxy", "one:1")], "http://h/"), "direct://");
    }

    #[test]
    fn q035_small_letters_first() {
        let both = [("HTTPS_PROXY", "large:1"), ("https_proxy", "small:2")];
        assert_eq!(chosen(&both, "https://example.com/"), "http://small:2");
        assert_eq!(chosen(&both[..1], "https://example.com/"), "http://large:1");
        let none = [("HTTPS_PROXY", "large:1"), ("https_proxy", " ")];
        assert_eq!(chosen(&none, "https://example.com/"), "nothing");
        let lists = [("https_proxy", "one:1"), ("NO_PROXY", "*"), ("no_proxy", "example.com")];
        assert_eq!(chosen(&lists, "https://example.com/"), "nothing");
        assert_eq!(chosen(&lists, "https://example.org/"), "http://one:1");
        assert_eq!(chosen(&lists[..2], "https://example.org/"), "nothing");
    }

    #[test]
    fn a018_a_header_field_of_cgi_is_no_proxy() {
        assert_eq!(chosen(&[("HTTP_PROXY", "evil:1")], "http://example.com/"), "nothing");
    }

    #[test]
    fn a018_this_machine_needs_no_proxy() {
        let all = [("all_proxy", "one:1")];
        for host in ["localhost", "LOCALHOST", "localhost.", "a.localhost", "127.0.0.1", "127.9.9.9", "[::1]"] {
            assert_eq!(chosen(&all, &format!("http://{host}:8080/")), "nothing", "{host}");
        }
        for host in ["localhost.example", "notlocalhost", "128.0.0.1", "[::2]"] {
            assert_eq!(chosen(&all, &format!("http://{host}:8080/")), "http://one:1", "{host}");
        }
    }

    #[test]
    fn q048_what_is_no_proxy_is_an_error_that_does_not_show_it() {
        let error = chosen(&[("all_proxy", "ftp://user:word@proxy")], "http://example.com/");
        assert!(error.contains("all_proxy") && !error.contains("word"), "{error}");
        assert_eq!(chosen(&[("all_proxy", "ftp://proxy")], "http://localhost/"), "nothing");
    }
}
