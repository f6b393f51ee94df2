use super::*;
use crate::message::CookiePair;

const NOW: f64 = 1_700_000_000.0;

fn read(url: &str, field: &str) -> Result<Arc<Cookie>, Invalid> {
    Cookie::from_field(&Url::parse(url).unwrap(), field.as_bytes(), NOW)
}

/// From https://www.example.com/a/b.
fn cookie(field: &str) -> Arc<Cookie> {
    read("https://www.example.com/a/b", field).unwrap_or_else(|_| panic!("{field} was refused"))
}

fn is_refused(field: &str) -> bool {
    read("https://www.example.com/a/b", field).is_err()
}

#[test]
fn r014_5_6_names_and_values() {
    let cases = [
        ("a=b", "a", "b"),
        ("  a\t =\t b c  ; x", "a", "b c"),
        ("a=b=c", "a", "b=c"),
        ("a=\"b\"", "a", "\"b\""),
        ("a=", "a", ""),
        ("=b", "", "b"),
        ("b", "", "b"),
        ("a=b\tc", "a", "b\tc"),
        ("a=b, c=d", "a", "b, c=d"),
        ("a=ü", "a", "ü"),
    ];
    for (field, name, value) in cases {
        let cookie = cookie(field);
        assert_eq!((cookie.name().as_str(), cookie.value().as_str()), (name, value), "{field}");
    }
    for field in ["", "=", " ; a=b", ";a=b", "a=b\u{7f}", "a=\u{1}b", "a\r=b", "a=b; Path=/\u{0}", "a=b; x=\u{1f}"] {
        assert!(is_refused(field), "{field:?}");
    }
}

#[test]
fn r014_5_6_octets_that_are_not_utf_8_go_back_as_they_came() {
    let url = Url::parse("http://a.test/").unwrap();
    let cookie = Cookie::from_field(&url, b"a\xe9=\xff\xc3\xa9", NOW).unwrap();
    assert_eq!((cookie.name().as_str(), cookie.value().as_str()), ("aé", "ÿÃ©"));
    assert_eq!(CookiePair::field([cookie.pair()].into_iter()).unwrap(), b"a\xe9=\xff\xc3\xa9");
}

#[test]
fn r014_5_6_lengths() {
    assert_eq!(cookie(&format!("a={}", "b".repeat(4095))).value().as_bytes().len(), 4095);
    assert!(is_refused(&format!("a={}", "b".repeat(4096))));
    assert_eq!(cookie(&format!("{}=", "a".repeat(4096))).name().as_bytes().len(), 4096);
    // A long attribute is none.
    let path = "/b".repeat(512);
    assert_eq!(cookie(&format!("a=b; Path={path}")).path().as_str(), path);
    assert_eq!(cookie(&format!("a=b; Path={path}c")).path().as_str(), "/a");
    assert_eq!(cookie(&format!("a=b; Domain={}", "x".repeat(1025))).domain().as_str(), "www.example.com");
}

#[test]
fn r014_5_6_attributes_of_any_case_and_spacing() {
    let cookie = cookie("a=b;SECURE; httponly=no ;\tsamesite = LAX;PATH=/x ;unknown;=;;Domain= .Example.COM");
    assert!(cookie.is_secure() && cookie.is_http_only() && !cookie.is_host_only());
    assert_eq!((cookie.path().as_str(), cookie.domain().as_str()), ("/x", "example.com"));
    assert_eq!((cookie.same_site(), cookie.expires()), (SameSite::Lax, None));
}

#[test]
fn r014_5_6_1_expires() {
    assert_eq!(cookie("a=b; Expires=Wed, 15 Nov 2023 00:00:00 GMT").expires(), Some(1_700_006_400.0));
    // At most 400 days; a date that is none says nothing.
    assert_eq!(cookie("a=b; Expires=Fri, 31-Dec-99 23:59:59 GMT").expires(), Some(946_684_799.0));
    assert_eq!(cookie("a=b; Expires=31 Dec 9999 23:59:59").expires(), Some(NOW + 400.0 * 86_400.0));
    assert_eq!(cookie("a=b; Expires=soon").expires(), None);
    assert_eq!(cookie("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT").expires(), Some(1.0));
    assert!(cookie("a=b; Expires=Thu, 01 Jan 1970 00:00:00 GMT").is_expired(NOW));
}

#[test]
fn r014_5_6_2_max_age() {
    assert_eq!(cookie("a=b; Max-Age=60").expires(), Some(NOW + 60.0));
    for long in ["34560001", "99999999999999999999999999"] {
        assert_eq!(cookie(&format!("a=b; Max-Age={long}")).expires(), Some(NOW + 400.0 * 86_400.0));
    }
    for over in ["0", "-0", "-1", "-99999999999999999999999999"] {
        assert!(cookie(&format!("a=b; Max-Age={over}")).is_expired(NOW), "{over}");
    }
    for nothing in ["", "-", "+1", "1.5", "1e3", "0x10", "inf", "6 0"] {
        assert_eq!(cookie(&format!("a=b; Max-Age={nothing}")).expires(), None, "{nothing}");
    }
    // It beats Expires, wherever it stands; of two the last counts.
    let expires = "Expires=Wed, 15 Nov 2023 00:00:00 GMT";
    assert_eq!(cookie(&format!("a=b; Max-Age=60; {expires}")).expires(), Some(NOW + 60.0));
    assert_eq!(cookie(&format!("a=b; {expires}; Max-Age=x")).expires(), Some(1_700_006_400.0));
    assert_eq!(cookie("a=b; Max-Age=60; Max-Age=70").expires(), Some(NOW + 70.0));
}

#[test]
fn r014_5_6_3_and_5_7_domain() {
    let domain = |field: &str| {
        let cookie = cookie(field);
        (cookie.domain().as_str().to_owned(), cookie.is_host_only())
    };
    let host = ("www.example.com".to_owned(), true);
    assert_eq!(domain("a=b"), host);
    assert_eq!(domain("a=b; Domain="), host);
    assert_eq!(domain("a=b; Domain=example.com; Domain=."), host);
    assert_eq!(domain("a=b; Domain=example.com"), ("example.com".to_owned(), false));
    assert_eq!(domain("a=b; Domain=.www.example.com"), ("www.example.com".to_owned(), false));
    for domain in ["com", "ample.com", "x.www.example.com", "other.com", "..example.com", "example.com.", "*", "ü.com"]
    {
        assert!(is_refused(&format!("a=b; Domain={domain}")), "{domain}");
    }
}

#[test]
fn r014_5_7_public_suffixes_are_for_their_own_host_alone() {
    let read = |host: &str, domain: &str| read(&format!("http://{host}/"), &format!("a=b; Domain={domain}"));
    for (host, domain) in [("www.example.co.uk", "co.uk"), ("me.github.io", "github.io"), ("a.intranet", "intranet")] {
        assert!(read(host, domain).is_err(), "{host} {domain}");
    }
    for host in ["github.io", "localhost", "co.uk"] {
        assert!(read(host, host).unwrap().is_host_only(), "{host}");
    }
    assert!(!read("me.github.io", "me.github.io").unwrap().is_host_only());
}

#[test]
fn r014_5_1_3_an_address_has_nothing_below_it() {
    for host in ["127.0.0.1", "[::1]"] {
        let url = format!("http://{host}/");
        let cookie = read(&url, &format!("a=b; Domain={host}")).unwrap();
        assert_eq!((cookie.domain().as_str(), cookie.is_host_only()), (host, true));
        assert!(read(&url, "a=b; Domain=0.0.1").is_err() && read(&url, "a=b; Domain=1").is_err());
    }
}

#[test]
fn r014_5_1_2_hosts_are_compared_in_ascii() {
    let cookie = read("http://WWW.Bücher.example/", "a=b; Domain=XN--BCHER-KVA.example").unwrap();
    assert_eq!(cookie.domain().as_str(), "xn--bcher-kva.example");
}

#[test]
fn r014_5_1_4_and_5_6_4_default_path() {
    let path = |url: &str, field: &str| read(url, field).unwrap().path().as_str().to_owned();
    for (url, default) in [("", "/"), ("/", "/"), ("/a", "/"), ("/a/", "/a"), ("/a/b", "/a"), ("/a/b/c?d/e", "/a/b")] {
        for field in ["a=b", "a=b; Path", "a=b; Path=", "a=b; Path=x", "a=b; Path=/x; Path=y"] {
            assert_eq!(path(&format!("http://a.test{url}"), field), default, "{url} {field}");
        }
    }
    assert_eq!(path("http://a.test/a/b", "a=b; Path=x; Path=/x/"), "/x/");
    let long = "/a".repeat(1000);
    assert_eq!(path(&format!("http://a.test{long}/"), "a=b"), long);
}

#[test]
fn r014_5_6_7_same_site_is_recorded() {
    let cases = [("None", SameSite::None), ("lax", SameSite::Lax), ("STRICT", SameSite::Strict)];
    for (text, same_site) in cases {
        assert_eq!(cookie(&format!("a=b; SameSite={text}")).same_site(), same_site);
    }
    assert_eq!(cookie("a=b; SameSite=Strict; SameSite=perhaps").same_site(), SameSite::Unspecified);
}

#[test]
fn r014_5_7_secure_cookies_come_over_tls_alone() {
    for url in ["http://a.test/", "http://localhost/", "http://127.0.0.1/"] {
        assert!(read(url, "a=b; Secure").is_err() && read(url, "a=b").is_ok(), "{url}");
    }
}

#[test]
fn r014_5_5_and_5_7_prefixes() {
    let good =
        ["__Secure-a=b; Secure", "__Host-a=b; Secure; Path=/", "__HOST-a=b; Secure; Path=/; Domain=", "__Hosta=b"];
    let bad = [
        "__Secure-a=b",
        "__sEcUrE-a=b",
        "__Host-a=b; Path=/",
        "__Host-a=b; Secure",
        "__Host-a=b; Secure; Path=/a",
        "__host-a=b; Secure; Path=/; Domain=www.example.com",
        // A cookie without a name would look like one that has it.
        "=__Secure-a=b; Secure",
        "__host-a",
    ];
    for field in good {
        assert!(!is_refused(field), "{field}");
    }
    for field in bad {
        assert!(is_refused(field), "{field}");
    }
    // The path has to be said, not only to be so.
    assert!(read("https://a.test/", "__Host-a=b; Secure").is_err());
}
