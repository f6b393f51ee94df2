//! Which names are one registrant's, by the public suffix list that is built in.

use psl::Psl;
use url::{Host, Url};

/// A name that anybody can register others below, such as com or github.io; also one of a single label that no list
/// knows.
pub(super) fn is_public_suffix(domain: &str) -> bool {
    psl::List.suffix(domain.as_bytes()).is_some_and(|suffix| suffix.as_bytes() == domain.as_bytes())
}

/// Whether both hosts are the same, or below the same registrable domain; scheme and port do not matter.
pub(crate) fn is_same_site(one: &Url, other: &Url) -> bool {
    site(one) == site(other)
}

fn site(url: &Url) -> Option<&[u8]> {
    let host = url.host_str()?.as_bytes();
    let domain = matches!(url.host(), Some(Host::Domain(_))).then(|| psl::List.domain(host)).flatten();
    Some(domain.map_or(host, |domain| domain.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suffixes_are_known() {
        for suffix in ["com", "co.uk", "github.io", "xn--p1ai", "xn--55qx5d.cn", "localhost", "com."] {
            assert!(is_public_suffix(suffix), "{suffix}");
        }
        // A rule with an asterisk, its exception, and plain names.
        assert!(is_public_suffix("foo.ck") && !is_public_suffix("www.ck") && is_public_suffix("foo.kawasaki.jp"));
        for name in ["example.com", "example.co.uk", "me.github.io", "a.test", "city.kawasaki.jp"] {
            assert!(!is_public_suffix(name), "{name}");
        }
    }

    #[test]
    fn a013_a_site_is_what_one_can_register() {
        let is_same = |one: &str, other: &str| {
            let [one, other] = [one, other].map(|host| Url::parse(&format!("http://{host}/")).unwrap());
            is_same_site(&one, &other)
        };
        assert!(is_same("www.example.co.uk", "api.example.co.uk:8080") && is_same("a.test", "b.a.test"));
        assert!(!is_same("one.co.uk", "other.co.uk") && !is_same("one.github.io", "other.github.io"));
        assert!(is_same("127.0.0.1:1", "127.0.0.1:2") && !is_same("127.0.0.1", "127.1.0.1"));
        assert!(is_same("[::1]", "[::1]:80") && !is_same("localhost", "127.0.0.1"));
    }
}
