//! Digest against the vectors of its RFCs and what curl sends.

use ::url::Url;

use super::super::offers;
use super::*;

const FIRST: &str = "dcd98b7102dd2f0e8b11d0f600bfb0c093";

fn session(challenge: &str, cnonce: &str) -> DigestSession {
    let offers = offers([challenge], true);
    DigestSession::with_cnonce(DigestChallenge::read(&offers[0]).unwrap(), cnonce.to_owned())
}

fn get<'a>(user: &'a str, password: &'a str, uri: &'a str) -> DigestRequest<'a> {
    DigestRequest { user, password, method: "GET", uri, body_hash: None }
}

fn mufasa(password: &str) -> DigestRequest<'_> {
    get("Mufasa", password, "/dir/index.html")
}

fn response(challenge: &str, cnonce: &str, request: &DigestRequest<'_>) -> String {
    let field = session(challenge, cnonce).authorize(request).unwrap();
    parameter(&field, "response").unwrap()
}

fn parameter(field: &str, wanted: &str) -> Option<String> {
    Items::new(field).find_map(|item| match item {
        Item::Parameter(name, value) if name == wanted => Some(value),
        _ => None,
    })
}

#[test]
fn rfc_7616_3_9_1_md5_and_sha_256() {
    let challenge = |algorithm: &str| {
        format!(
            "Digest realm=\"http-auth@example.org\", qop=\"auth, auth-int\", algorithm={algorithm}, \
             nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", \
             opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\""
        )
    };
    let cnonce = "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ";
    let request = mufasa("Circle of Life");
    assert_eq!(response(&challenge("MD5"), cnonce, &request), "8ca523f5e9506fed4657c9700eebdbec");
    let sha_256 = session(&challenge("SHA-256"), cnonce).authorize(&request).unwrap();
    assert_eq!(
        sha_256,
        "Digest username=\"Mufasa\", realm=\"http-auth@example.org\", \
         nonce=\"7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v\", uri=\"/dir/index.html\", \
         response=\"753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1\", qop=auth, nc=00000001, \
         cnonce=\"f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ\", \
         opaque=\"FQhe/qaU925kfnzjCev0ciny7QMkPqMAFRtzCUYo5tdS\", algorithm=SHA-256"
    );
}

/// With the values of erratum 4897: the RFC's own are of a draft of SHA-512/256.
#[test]
fn rfc_7616_3_9_2_sha_512_256_with_a_hashed_user() {
    let challenge = "Digest realm=\"api@example.org\", qop=\"auth\", algorithm=SHA-512-256, \
        nonce=\"5TsQWLVdgBdmrQ0XsxbDODV+57QdFR34I9HAbC/RVvkK\", \
        opaque=\"HRPCssKJSGjCrkzDg8OhwpzCiGPChXYjwrI2QmXDnsOS\", charset=UTF-8, userhash=";
    let cnonce = "NTg6RKcb9boFIAS3KrFK9BGeh+iDa/sm6jUMp2wds69v";
    let request = get("Jäsøn Doe", "Secret, or not?", "/doe.json");
    let hashed = session(&format!("{challenge}true"), cnonce).authorize(&request).unwrap();
    let expected = "793263caabb707a56211940d90411ea4a575adeccb7e360aeb624ed06ece9b0b";
    assert_eq!(parameter(&hashed, "username").unwrap(), expected);
    assert_eq!(parameter(&hashed, "userhash").unwrap(), "true");
    let expected = "3798d4131c277846293534c3edc11bd8a5e4cdcbff78b05db9d95eeb1cec68a5";
    assert_eq!(parameter(&hashed, "response").unwrap(), expected);

    let plain = session(&format!("{challenge}false"), cnonce).authorize(&request).unwrap();
    assert_eq!(parameter(&plain, "username*").unwrap(), "UTF-8''J%C3%A4s%C3%B8n%20Doe");
    assert_eq!(parameter(&plain, "username"), None);
    assert_eq!(parameter(&plain, "response").unwrap(), expected);
}

#[test]
fn rfc_2617_and_rfc_2069() {
    let challenge = format!(
        "Digest realm=\"testrealm@host.com\", qop=\"auth,auth-int\", nonce=\"{FIRST}\", \
         opaque=\"5ccc069c403ebaf9f0171e9517f40e41\""
    );
    let expected = "6629fae49393a05397450978507c4ef1";
    assert_eq!(response(&challenge, "0a4f113b", &mufasa("Circle Of Life")), expected);

    let old = format!("Digest realm=\"testrealm@host.com\", nonce=\"{FIRST}\", opaque=\"5ccc\"");
    let field = session(&old, "unused").authorize(&mufasa("CircleOfLife")).unwrap();
    assert_eq!(parameter(&field, "response").unwrap(), "1949323746fe6a43ef61f9606e7febea");
    assert!(["qop", "nc", "cnonce", "algorithm"].iter().all(|name| parameter(&field, name).is_none()), "{field}");
}

#[test]
fn session_keys_are_those_of_curl() {
    let challenge = |algorithm: &str| {
        format!("Digest realm=\"testrealm@host.com\", nonce=\"{FIRST}\", qop=\"auth\", algorithm={algorithm}")
    };
    let request = mufasa("Circle Of Life");
    let md5 = response(&challenge("MD5-sess"), "NzI0OTdiY2NjNGJlZjE5MTZmMTBhOTQ2OTFmZGExOTE=", &request);
    assert_eq!(md5, "d3dd1e6c7cce2c033cbd134411e7743f");
    let sha = response(&challenge("SHA-256-sess"), "OTY4ZWYzYTMzNmQ3ZTlmNGY0Mjg2M2I4NjJiNDYyOWU=", &request);
    assert_eq!(sha, "01c463d9d367b8b0b0438ae240a97598aa7502f9edde8eaa408e81f5535a1b2b");
}

#[test]
fn bodies_are_protected_only_where_nothing_less_is_offered() {
    let challenge = "Digest realm=\"me@kennethreitz.com\", nonce=\"7a5462bc2121c2e609e6f71c64d341c1\", \
        opaque=\"5498295c3383fbb467b160f1143e51d4\", algorithm=MD5, qop=\"auth-int\"";
    let mut session = session(challenge, "MjhjOWI2ZDRmNmVkNjlmYzRmMTdjZjAxYmU4ZTNkM2U=");
    let empty = session.challenge().body_hasher().unwrap().finish();
    let request = DigestRequest {
        user: "foo",
        password: "bar",
        method: "GET",
        uri: "/digest-auth/auth-int/foo/bar",
        body_hash: Some(&empty),
    };
    assert!(session.authorize(&DigestRequest { body_hash: None, ..request }).is_err());
    let field = session.authorize(&request).unwrap();
    assert_eq!(parameter(&field, "response").unwrap(), "a86955ec413135f7902c0bae37d75469");
    assert_eq!(parameter(&field, "qop").unwrap(), "auth-int");
    let other = DigestRequest { body_hash: Some("x"), ..request };
    assert_ne!(response(challenge, "c", &request), response(challenge, "c", &other));
}

#[test]
fn q045_the_count_grows_for_one_nonce() {
    let mut session = session("Digest realm=a, nonce=one, qop=auth", "c");
    let request = get("u", "p", "/");
    let mut sent = || {
        let field = session.authorize(&request).unwrap();
        (parameter(&field, "nonce").unwrap(), parameter(&field, "nc").unwrap(), parameter(&field, "response").unwrap())
    };
    let (first, second) = (sent(), sent());
    assert_eq!((first.1.as_str(), second.1.as_str()), ("00000001", "00000002"));
    assert_ne!(first.2, second.2);
    session.update("qop=auth, rspauth=\"x\", NextNonce=\"two, too\", nc=00000002");
    let field = session.authorize(&request).unwrap();
    assert!(field.contains("nonce=\"two, too\"") && field.contains("nc=00000001"), "{field}");
    session.update("garbage \", nextnonce");
    assert!(session.authorize(&request).unwrap().contains("nc=00000002"));
}

#[test]
fn a_session_key_stays_with_its_first_nonce() {
    let challenge = "Digest realm=a, nonce=one, qop=auth, algorithm=MD5-sess";
    let mut session = session(challenge, "c");
    session.update("nextnonce=two");
    let field = session.authorize(&get("u", "p", "/")).unwrap();
    let md5 = |text: &str| format!("{:x}", md5::compute(text));
    let key = md5(&format!("{}:one:c", md5("u:a:p")));
    assert_eq!(parameter(&field, "response").unwrap(), md5(&format!("{key}:two:00000001:c:auth:{}", md5("GET:/"))));
}

#[test]
fn what_is_quoted_stays_whole_and_control_characters_are_refused() {
    let mut session = session(r#"Digest realm="a \"b\" \\c", nonce=n, opaque="o\"""#, "c");
    let field = session.authorize(&get("u\"\\", "p", "/?a=\\")).unwrap();
    assert!(field.starts_with(r#"Digest username="u\"\\", realm="a \"b\" \\c", nonce="n", uri="/?a=\\", "#), "{field}");
    assert!(field.ends_with(r#", opaque="o\"""#), "{field}");
    assert!(session.authorize(&get("u\r\nX: y", "p", "/")).is_err());
}

#[test]
fn stale_and_cnonces() {
    let read = |field: &str| DigestChallenge::read(&offers([field], true)[0]).unwrap();
    assert!(read("Digest realm=a, nonce=b, stale=\"TRUE\"").is_stale());
    assert!(!read("Digest realm=a, nonce=b, stale=false").is_stale() && !read("Digest realm=a, nonce=b").is_stale());
    let fresh = || DigestSession::new(read("Digest realm=a, nonce=b")).unwrap().cnonce;
    assert_ne!(fresh(), fresh());
}

#[test]
fn domains_stay_on_their_origin() {
    let paths = |domain: &str| {
        let challenge = format!("Digest realm=a, nonce=b, domain=\"{domain}\"");
        let accepted = Url::parse("http://h/a/b").unwrap();
        DigestChallenge::read(&offers([challenge.as_str()], true)[0]).unwrap().paths(&accepted)
    };
    assert_eq!((paths(""), paths("/c http://h/d/")), (vec!["/".to_owned()], vec!["/c".to_owned(), "/d/".to_owned()]));
    assert_eq!(paths("http://h:80/x?y ../e"), ["/x", "/e"]);
    assert!(paths("http://other/ https://h/ ::").iter().all(|path| path == "/a/::"), "{:?}", paths("::"));
    assert_eq!(paths(&"/x ".repeat(1000)).len(), 16);
}

#[test]
fn nothing_that_was_sent_is_told() {
    let session = session("Digest realm=a, nonce=secret1, opaque=secret2", "secret3");
    assert!(!format!("{session:?}").contains("secret"));
}
