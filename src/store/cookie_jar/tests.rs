use super::*;

const NOW: f64 = 1_700_000_000.0;

fn url(url: &str) -> Url {
    Url::parse(url).unwrap()
}

fn cookie(from: &str, field: &str) -> Arc<Cookie> {
    Cookie::from_field(&url(from), field.as_bytes(), NOW).unwrap()
}

/// A jar that got these fields from these URLs, one after the other.
fn jar(fields: &[(&str, &str)]) -> CookieJar {
    let mut jar = CookieJar::default();
    for (from, field) in fields {
        jar.insert(cookie(from, field), NOW);
    }
    jar
}

fn names(cookies: &[Arc<Cookie>]) -> String {
    let names: Vec<_> = cookies.iter().map(|cookie| cookie.name().as_str()).collect();
    names.join(" ")
}

fn sent(jar: &mut CookieJar, to: &str) -> String {
    names(&jar.matching(&url(to), NOW))
}

#[test]
fn r014_5_8_3_domains() {
    let mut jar = jar(&[
        ("http://www.example.com/", "host=1"),
        ("http://www.example.com/", "below=1; Domain=www.example.com"),
        ("http://www.example.com/", "site=1; Domain=example.com"),
        ("http://127.0.0.1:1/", "address=1"),
    ]);
    let cases = [
        ("http://www.example.com/", "host below site"),
        ("https://WWW.EXAMPLE.COM:8443/", "host below site"),
        ("http://a.www.example.com/", "below site"),
        ("http://example.com/", "site"),
        ("http://api.example.com/", "site"),
        ("http://notexample.com/", ""),
        ("http://example.com.evil.test/", ""),
        ("http://com/", ""),
        ("http://127.0.0.1:2/", "address"),
        ("http://127.0.0.2/", ""),
    ];
    for (to, expected) in cases {
        assert_eq!(sent(&mut jar, to), expected, "{to}");
    }
}

#[test]
fn r014_5_1_4_paths() {
    let mut jar =
        jar(&[("http://a.test/", "root=1"), ("http://a.test/a/x", "a=1"), ("http://a.test/", "ab=1; Path=/a/b/")]);
    let cases = [
        ("/", "root"),
        ("/a", "a root"),
        ("/a/", "a root"),
        ("/ab", "root"),
        ("/A", "root"),
        ("/a/b", "a root"),
        ("/a/b/", "ab a root"),
        ("/a/b/c?d", "ab a root"),
        ("/a%2Fb/", "root"),
    ];
    for (path, expected) in cases {
        assert_eq!(sent(&mut jar, &format!("http://a.test{path}")), expected, "{path}");
    }
}

#[test]
fn r014_5_8_3_secure_cookies_go_over_tls_alone() {
    let mut jar = jar(&[("https://localhost/", "secure=1; Secure"), ("https://localhost/", "plain=1")]);
    assert_eq!(sent(&mut jar, "http://localhost/"), "plain");
    assert_eq!(sent(&mut jar, "https://localhost:8443/"), "secure plain");
}

#[test]
fn r014_5_8_3_longer_paths_first_then_older_ones() {
    let mut jar = jar(&[
        ("http://a.test/", "one=1; Path=/a"),
        ("http://a.test/", "two=1"),
        ("http://a.test/", "three=1; Path=/a/b"),
        ("http://a.test/", "four=1; Path=/a"),
    ]);
    assert_eq!(sent(&mut jar, "http://a.test/a/b"), "three one four two");
    // One that is replaced keeps its place.
    jar.insert(cookie("http://a.test/", "one=new; Path=/a"), NOW + 5.0);
    assert_eq!(sent(&mut jar, "http://a.test/a/b"), "three one four two");
    assert_eq!(jar.matching(&url("http://a.test/a"), NOW)[0].value().as_str(), "new");
    jar.remove_since(NOW + 1.0);
    assert_eq!(jar.len(), 4);
    jar.remove_since(NOW);
    assert_eq!(jar.len(), 0);
}

#[test]
fn r014_5_7_name_domain_path_and_host_only_make_a_cookie() {
    let mut jar = jar(&[
        ("http://a.test/", "a=1"),
        ("http://a.test/", "a=2; Domain=a.test"),
        ("http://a.test/", "a=3; Path=/x"),
        ("http://a.test/", "A=4"),
        ("http://a.test/", "a=5; HttpOnly"),
    ]);
    assert_eq!(jar.len(), 4);
    let values: Vec<_> = jar.all(NOW).iter().map(|cookie| cookie.value().as_str().to_owned()).collect();
    assert_eq!(values, ["5", "2", "3", "4"]);
    jar.remove(&cookie("http://a.test/", "a="));
    assert_eq!(sent(&mut jar, "http://a.test/x"), "a a A");
}

#[test]
fn r013_max_age_0_and_a_past_date_delete() {
    for over in ["Max-Age=0", "Max-Age=-1", "Expires=Thu, 01 Jan 1970 00:00:00 GMT"] {
        let mut jar = jar(&[("http://a.test/", "a=1; Max-Age=60"), ("http://a.test/", "b=1")]);
        jar.insert(cookie("http://a.test/", &format!("a=; {over}")), NOW);
        assert_eq!((sent(&mut jar, "http://a.test/").as_str(), jar.len()), ("b", 1), "{over}");
    }
}

#[test]
fn r014_5_7_what_has_expired_is_not_there() {
    let mut jar = jar(&[("http://a.test/", "a=1; Max-Age=60"), ("http://a.test/", "b=1")]);
    let at = |jar: &mut CookieJar, now: f64| (names(&jar.matching(&url("http://a.test/"), now)), names(&jar.all(now)));
    assert_eq!(at(&mut jar, NOW + 59.0), ("a b".to_owned(), "a b".to_owned()));
    assert_eq!(at(&mut jar, NOW + 60.0), ("b".to_owned(), "b".to_owned()));
}

#[test]
fn r014_5_7_secure_cookies_are_left_alone() {
    let jar = jar(&[("https://www.a.test/", "a=1; Secure; Domain=a.test; Path=/login"), ("https://a.test/", "b=1")]);
    let overlays = |from: &str, field: &str| jar.overlays_secure(&cookie(from, field));
    assert!(overlays("http://a.test/", "a=2; Path=/login"));
    assert!(overlays("http://a.test/", "a=2; Path=/login/en"));
    assert!(overlays("http://x.www.a.test/", "a=2; Path=/login"));
    assert!(!overlays("http://a.test/", "a=2; Path=/"));
    assert!(!overlays("http://a.test/", "a=2; Path=/log"));
    assert!(!overlays("http://a.test/", "c=2; Path=/login"));
    assert!(!overlays("http://b.test/", "a=2; Path=/login"));
    assert!(!overlays("http://a.test/", "b=2"));
}

#[test]
fn r014_5_7_a_crowded_domain_loses_what_is_expired_then_not_secure_then_unused() {
    let mut jar = CookieJar::default();
    let insert = |jar: &mut CookieJar, name: &str, rest: &str, now: f64| {
        jar.insert(cookie("https://a.test/", &format!("{name}=1; {rest}")), now);
    };
    insert(&mut jar, "secure", "Secure", NOW);
    insert(&mut jar, "old", "Path=/x", NOW);
    insert(&mut jar, "unused", "", NOW);
    insert(&mut jar, "short", "Max-Age=60", NOW);
    for number in jar.len()..MOST_OF_A_DOMAIN {
        insert(&mut jar, &format!("n{number}"), "", NOW);
    }
    assert_eq!(sent(&mut jar, "http://a.test/x").split(' ').next(), Some("old"));
    let has = |jar: &CookieJar, name: &str| jar.all(NOW).iter().any(|cookie| cookie.name().as_str() == name);
    insert(&mut jar, "one", "", NOW + 60.0);
    assert!(jar.len() == MOST_OF_A_DOMAIN && !has(&jar, "short") && has(&jar, "unused"));
    // All but "old" are used once more, and the secure one never was.
    jar.matching(&url("http://a.test/"), NOW);
    insert(&mut jar, "two", "", NOW);
    assert!(jar.len() == MOST_OF_A_DOMAIN && has(&jar, "secure") && !has(&jar, "old"));
}

#[test]
fn r014_5_7_a_full_jar_loses_what_is_longest_unused() {
    let mut jar = CookieJar::default();
    for number in 0..MOST {
        jar.insert(cookie(&format!("http://n{number}.test/"), "a=1"), NOW);
    }
    assert_eq!(sent(&mut jar, "http://n0.test/"), "a");
    for number in 0..10 {
        jar.insert(cookie(&format!("https://m{number}.test/"), "a=1; Secure"), NOW);
    }
    assert_eq!(jar.len(), MOST);
    assert_eq!((sent(&mut jar, "http://n0.test/"), sent(&mut jar, "http://n10.test/")), ("a".into(), String::new()));
    assert_eq!(sent(&mut jar, "http://n11.test/"), "a");
}

#[test]
fn r014_a_host_that_no_dns_can_hold_costs_nothing() {
    let long = format!("http://{}test/", "a.".repeat(30_000));
    let mut jar = jar(&[("http://a.test/", "a=1; Domain=a.test")]);
    assert_eq!(sent(&mut jar, &long), "");
    assert_eq!(sent(&mut jar, &format!("http://{}a.test/", "a.".repeat(120))), "a");
    assert!(Cookie::from_field(&url(&long), b"a=1", NOW).is_err());
}
