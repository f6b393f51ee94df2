use std::fs;
use std::path::Path;

use crate::support::challenge::Credential;
use crate::support::directory::Directory;
use crate::support::handle::{Configuration, Request, c_text};
use crate::support::origin::Origin;
use crate::support::realm::{basic_value, said};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const FILE: &[u8] = b"machine 127.0.0.1 login netrc password secret\nmachine localhost login other password secret\n";

fn value(name: &str) -> String {
    basic_value(name, "secret")
}

fn user(name: &str) -> Credential {
    Credential::user(name, "secret")
}

fn reading(path: &Path) -> Configuration {
    let path = c_text(path.to_str().unwrap());
    Configuration::ephemeral().set(|c| url_session_configuration_set_uses_netrc(c, true, path.as_ptr()))
}

/// What an origin is told by this configuration and the request that `build` makes of a plain one.
fn sent(configuration: &Configuration, build: impl FnOnce(&str) -> Request) -> String {
    let origin = Origin::http(standard::serve);
    assert_eq!(Story::with(configuration, &build(&origin.url("/hello"))).outcome(), "ok");
    said(&origin.requests()).concat()
}

#[test]
fn q033_netrc_says_who_where_nobody_else_does() {
    let directory = Directory::default();
    let path = directory.file("netrc", FILE);
    let configuration = reading(&path);
    assert!(url_session_configuration_uses_netrc(configuration.get()));
    let naming = |url: &str, user_info: &str| Request::new(&url.replacen("://", &format!("://{user_info}@"), 1));
    assert_eq!(sent(&configuration, Request::new), value("netrc"));
    assert_eq!(sent(&configuration, |url| Request::new(url).header("Authorization", "Own x")), "Own x");
    assert_eq!(sent(&configuration, |url| Request::new(url).credential(&user("request"))), value("request"));
    assert_eq!(sent(&configuration, |url| naming(url, "url:secret")), value("url"));
    assert_eq!(sent(&configuration, |url| Request::new(url).for_nobody()), "-");
    let session = reading(&path).header("Authorization", "Session x");
    assert_eq!(sent(&session, Request::new), "Session x");
    // Without a password it is looked for in the file, for this user.
    assert_eq!(sent(&configuration, |url| naming(url, "netrc")), value("netrc"));
    assert_eq!(sent(&configuration, |url| naming(url, "somebody")), basic_value("somebody", ""));
}

#[test]
fn q033_nothing_is_read_unasked() {
    assert!(!url_session_configuration_uses_netrc(Configuration::default().get()));
    let directory = Directory::default();
    let path = c_text(directory.file("netrc", FILE).to_str().unwrap());
    let switched_off = Configuration::ephemeral()
        .set(|c| url_session_configuration_set_uses_netrc(c, true, path.as_ptr()))
        .set(|c| url_session_configuration_set_uses_netrc(c, false, path.as_ptr()));
    assert_eq!(sent(&switched_off, Request::new), "-");
}

#[test]
fn q033_a_file_that_is_missing_broken_or_changed() {
    let directory = Directory::default();
    let path = directory.at("netrc");
    let configuration = reading(&path);
    assert_eq!(sent(&configuration, Request::new), "-");
    for (content, expected) in [
        (&b"\xff\xfe machine machine login"[..], "-".to_owned()),
        (b"machine elsewhere.example login a password b", "-".to_owned()),
        (b"machine 127.0.0.1 login first password secret", value("first")),
        (b"default login anybody password secret", value("anybody")),
        (b"machine 127.0.0.1 login a:b password secret", "-".to_owned()),
    ] {
        fs::write(&path, content).unwrap();
        assert_eq!(sent(&configuration, Request::new), expected, "{}", content.escape_ascii());
    }
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    assert_eq!(sent(&configuration, Request::new), "-");
}

#[test]
fn q024_netrc_is_looked_up_again_for_another_host() {
    let directory = Directory::default();
    let configuration = reading(&directory.file("netrc", FILE));
    let (first, second) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let to = format!("http://localhost:{}/hello", second.address().port());
    let url = first.url(&format!("/redirect-to?status=307&url={to}"));
    for (request, expected) in [
        (Request::new(&url), value("netrc")),
        (Request::new(&url).credential(&user("request")), value("request")),
        (Request::new(&url).header("Authorization", "Own x"), "Own x".to_owned()),
    ] {
        assert_eq!(Story::with(&configuration, &request).outcome(), "ok");
        assert_eq!(said(&first.requests()).pop(), Some(expected));
        assert_eq!(said(&second.requests()).pop(), Some(value("other")));
    }
    Story::with(&configuration, &Request::new(&url).for_nobody());
    assert_eq!((said(&first.requests()).pop(), said(&second.requests()).pop()), (Some("-".into()), Some("-".into())));
}

#[test]
fn q033_two_logins_of_a_host_are_two() {
    let directory = Directory::default();
    let file = b"machine 127.0.0.1 login one password secret\nmachine 127.0.0.1 login two password secret\n";
    let configuration = reading(&directory.file("netrc", file));
    let origin = Origin::http(standard::serve);
    let to = origin.url("/hello").replacen("://", "://two@", 1);
    Story::with(&configuration, &Request::new(&origin.url(&format!("/redirect-to?status=307&url={to}"))));
    assert_eq!(said(&origin.requests()), [value("one"), value("two")]);
}
