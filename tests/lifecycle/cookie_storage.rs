use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Instant, SystemTime};

use crate::support::PATIENCE;
use crate::support::cookies::{Cookie, CookieStorage, properties, sent_cookies};
use crate::support::directory::Directory;
use crate::support::handle::{Configuration, c_text};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::Recorder;
use urlsession::*;

const INVALID: UrlSessionStatus = UrlSessionStatus::INVALID_ARGUMENT;

const NETSCAPE: &str = "# Netscape HTTP Cookie File\n# Written by liburlsession.\n\n";

fn now() -> f64 {
    SystemTime::UNIX_EPOCH.elapsed().unwrap().as_secs_f64()
}

/// Waits for what a thread of the library's does.
fn eventually(what: &str, is_so: impl Fn() -> bool) {
    let start = Instant::now();
    while !is_so() {
        assert!(start.elapsed() < PATIENCE, "{what} does not come");
        std::thread::yield_now();
    }
}

#[test]
fn r015_a_cookie_is_what_it_was_made_of() {
    let cookie = Cookie::with("a", "b c", ".Shop.Bücher.example", "/x", |properties| {
        properties.expires = 4e9;
        properties.same_site = 3;
        properties.secure = 1;
        properties.http_only = 1;
    });
    let cookie = cookie.unwrap();
    assert_eq!([cookie.name(), cookie.value(), cookie.path()], ["a", "b c", "/x"]);
    assert_eq!((cookie.domain().as_str(), cookie.expires()), ("shop.xn--bcher-kva.example", 4e9));
    let flags = |cookie: &Cookie| {
        let (c, same_site) = (cookie.get(), url_session_cookie_same_site(cookie.get()).0);
        let flags = [url_session_cookie_is_secure(c), url_session_cookie_is_http_only(c)];
        let more = [url_session_cookie_is_host_only(c), url_session_cookie_is_session_only(c)];
        ([flags, more].concat(), same_site)
    };
    assert_eq!(flags(&cookie), (vec![true, true, false, false], 3));
    let plain = Cookie::with("", "v", "a.test", "x", |properties| properties.host_only = 2).unwrap();
    assert_eq!(flags(&plain), (vec![false, false, true, true], 0));
    assert_eq!((plain.name().as_str(), plain.path().as_str(), plain.expires()), ("", "/", 0.0));
    // Nobody can be given one for all that is below these.
    for domain in ["com", "github.io", "127.0.0.1", "[::1]"] {
        assert!(url_session_cookie_is_host_only(Cookie::new("a", "b", domain, "/").get()), "{domain}");
    }
}

#[test]
fn q031_r015_a_cookie_without_a_domain_is_refused() {
    let refused =
        |change: &dyn Fn(&mut UrlSessionCookieProperties)| Cookie::with("a", "b", "a.test", "/", change).err();
    assert_eq!(refused(&|properties| properties.domain = ptr::null()), Some(INVALID));
    for domain in ["", ".", "a b", "http://a.test", "a.test/", "a.test:80", "..a"] {
        assert_eq!(Cookie::with("a", "b", domain, "/", |_| {}).err(), Some(INVALID), "{domain}");
    }
    assert_eq!(refused(&|properties| properties.expires = f64::NAN), Some(INVALID));
    assert_eq!(refused(&|properties| properties.expires = f64::INFINITY), Some(INVALID));
    assert_eq!(refused(&|properties| properties.same_site = 4), Some(INVALID));
    assert_eq!(refused(&|properties| properties.size = 8), Some(INVALID));
    assert!(refused(&|properties| properties.expires = -1.0).is_none());
}

#[test]
fn r014_what_the_application_makes_obeys_the_rules_too() {
    let long = "x".repeat(8192);
    for (name, value) in [("", ""), ("a=", "b"), ("a;", "b"), ("a", ";"), ("a\n", "b"), ("a", "b "), ("a", &long)] {
        assert_eq!(Cookie::with(name, value, "a.test", "/", |_| {}).err(), Some(INVALID), "{name:?} {value:?}");
    }
    for (name, path) in
        [("__Secure-a", "/"), ("__Host-a", "/"), ("__Host-a", "/x"), ("a", "/\u{1}"), ("a", &*format!("/{long}"))]
    {
        assert_eq!(Cookie::with(name, "b", "a.test", path, |_| {}).err(), Some(INVALID), "{name} {path:.9}");
    }
    let made = Cookie::with("__Host-a", "b", "a.test", "/", |properties| {
        (properties.secure, properties.host_only) = (1, 1);
    });
    assert!(made.is_ok());
}

#[test]
fn r014_a_smaller_struct_is_taken_as_it_is() {
    let texts = ["a", "b", "a.test"].map(c_text);
    let size = std::mem::offset_of!(UrlSessionCookieProperties, path);
    let [name, value, domain] = texts.each_ref().map(|text| text.as_ptr());
    let properties = UrlSessionCookieProperties { size, name, value, domain, secure: 1, expires: 4e9, ..properties() };
    let mut cookie = ptr::null_mut();
    assert_eq!(url_session_cookie_new(&properties, &mut cookie), UrlSessionStatus::OK);
    let cookie = Cookie::adopt(cookie).unwrap();
    assert!(!url_session_cookie_is_secure(cookie.get()) && cookie.expires() == 0.0 && cookie.path() == "/");
}

#[test]
fn r015_cookies_are_set_listed_and_taken_away() {
    let storage = CookieStorage::default();
    let (one, two) = (Cookie::new("one", "1", "a.test", "/"), Cookie::new("two", "2", "a.test", "/deep"));
    storage.set(&one);
    storage.set(&two);
    assert_eq!(storage.names(), "one two");
    assert_eq!(storage.field("http://www.a.test/deep/er"), "two=2; one=1");
    assert_eq!([storage.field("http://a.test/"), storage.field("http://b.test/")], ["one=1", ""]);
    let copy = CookieStorage::adopt(url_session_cookie_storage_copy(storage.get())).unwrap();
    assert_eq!(url_session_cookie_storage_delete_cookie(storage.get(), one.get()), UrlSessionStatus::OK);
    assert_eq!(url_session_cookie_storage_delete_cookie(storage.get(), one.get()), UrlSessionStatus::OK);
    assert_eq!((storage.names().as_str(), copy.names().as_str()), ("two", "one two"));
    // One that has expired takes its like away.
    storage.set(&Cookie::with("two", "", "a.test", "/deep", |properties| properties.expires = 1.0).unwrap());
    assert_eq!(storage.names(), "");
    assert_eq!(url_session_cookie_storage_remove_cookies_since(copy.get(), now() + 60.0), UrlSessionStatus::OK);
    assert_eq!(copy.names(), "one two");
    assert_eq!(url_session_cookie_storage_remove_cookies_since(copy.get(), f64::NAN), INVALID);
    assert_eq!(url_session_cookie_storage_remove_cookies_since(copy.get(), 0.0), UrlSessionStatus::OK);
    assert_eq!(copy.names(), "");
}

#[test]
fn r015_a_header_is_stored_as_if_it_had_come() {
    let storage = CookieStorage::default();
    assert_eq!(storage.store("https://www.a.test/x/y", "a=1; Secure; Domain=a.test"), UrlSessionStatus::OK);
    assert_eq!(storage.field("https://a.test/x"), "a=1");
    for (url, field) in [
        ("", "a=1"),
        ("ftp://a.test/", "a=1"),
        ("http://a.test/", ""),
        ("http://a.test/", "a=1; Domain=b.test"),
        ("http://a.test/", "a=1; Secure"),
        ("http://a.test/x", "a=2"),
    ] {
        let expected = if field == "a=2" { UrlSessionStatus::OK } else { INVALID };
        assert_eq!(storage.store(url, field), expected, "{url} {field}");
    }
    // Over a secure one it cannot lie.
    assert_eq!(storage.store("http://a.test/x/", "a=3"), INVALID);
    assert_eq!(storage.names(), "a a");
    let (url, field) = (c_text("http://a.test/x/"), c_text("b=1; Max-Age=60"));
    let mut cookie = ptr::null_mut();
    let status = url_session_cookie_new_with_header(url.as_ptr(), field.as_ptr(), &mut cookie);
    let cookie = Cookie::adopt(cookie).unwrap();
    assert!(status == UrlSessionStatus::OK && cookie.path() == "/x" && (cookie.expires() - now() - 60.0).abs() < 5.0);
}

#[test]
fn q030_the_same_name_twice_has_to_be_narrowed_down() {
    let storage = CookieStorage::default();
    for (value, domain, path) in [("1", "a.test", "/"), ("2", "a.test", "/x"), ("3", "b.test", "/")] {
        storage.set(&Cookie::new("a", value, domain, path));
    }
    let value = |domain: Option<&str>, path: Option<&str>| {
        storage.cookie("a", domain, path).map(|cookie| cookie.map(|cookie| cookie.value()))
    };
    let ambiguous = Err(UrlSessionStatus::INVALID_STATE);
    assert_eq!(value(None, None), ambiguous);
    assert_eq!(value(Some("a.test"), None), ambiguous);
    assert_eq!(value(None, Some("/")), ambiguous);
    assert_eq!(value(Some(".A.test"), Some("/x")), Ok(Some("2".to_owned())));
    assert_eq!(value(Some("b.test"), None), Ok(Some("3".to_owned())));
    assert_eq!(value(Some("c.test"), None), Ok(None));
    assert!(storage.cookie("A", None, None).unwrap().is_none());
}

#[test]
fn r015_import_and_export() {
    let line = |name: &str| format!("a.test\tFALSE\t/\tFALSE\t0\t{name}\t1\n");
    let storage = CookieStorage::of("http://a.test/", &["b=old", "c=3; Domain=a.test; SameSite=Lax; HttpOnly"]);
    let (file, mut count) = (format!("{NETSCAPE}{}no cookie\n{}", line("a"), line("b")), 7);
    let import = |file: &str, count: *mut usize| {
        url_session_cookie_storage_import_netscape(storage.get(), file.as_ptr(), file.len(), count)
    };
    assert_eq!((import(&file, &mut count), count), (UrlSessionStatus::OK, 2));
    assert_eq!((import("", &mut count), count), (UrlSessionStatus::OK, 0));
    assert_eq!(import(&file, ptr::null_mut()), UrlSessionStatus::OK);
    assert_eq!(storage.field("http://a.test/"), "b=1; c=3; a=1");
    let lax = "# SameSite=Lax\n#HttpOnly_.a.test\tTRUE\t/\tFALSE\t0\tc\t3\n";
    assert_eq!(storage.netscape(), format!("{NETSCAPE}{}{lax}{}", line("b"), line("a")));
}

#[test]
fn q028_cookies_outlive_their_storage_in_a_file() {
    let directory = Directory::default();
    let path = directory.at("cookies.txt");
    let storage = CookieStorage::of("http://a.test/", &["early=1; Max-Age=60"]);
    storage.set_file(&path).unwrap();
    storage.store("http://a.test/", "late=2; Max-Age=60; SameSite=Strict; HttpOnly");
    storage.store("http://a.test/", "session=3");
    storage.flush().unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    let second = CookieStorage::of("http://a.test/", &["late=newer; Max-Age=60"]);
    second.set_file(&path).unwrap();
    // What a storage has is newer than what it reads.
    assert_eq!(second.field("http://a.test/"), "late=newer; early=1");
    let third = CookieStorage::default();
    third.set_file(&path).unwrap();
    assert_eq!(third.field("http://a.test/"), "early=1; late=2");
    let late = third.cookie("late", None, None).unwrap().unwrap();
    assert!(url_session_cookie_same_site(late.get()).0 == 3 && url_session_cookie_is_http_only(late.get()));
    assert_eq!(directory.files(), [path]);
}

#[test]
fn q028_changes_are_written_without_being_asked() {
    let directory = Directory::default();
    let path = directory.at("cookies.txt");
    let read = || fs::read_to_string(&path).unwrap_or_default();
    let storage = CookieStorage::default();
    storage.set_file(&path).unwrap();
    storage.store("http://a.test/", "session=1");
    storage.store("http://a.test/", "a=1; Max-Age=60");
    eventually("the cookie", || read().contains("\ta\t1"));
    assert!(!read().contains("\tsession\t"));
    storage.store("http://a.test/", "a=; Max-Age=0");
    eventually("its deletion", || !read().contains("\ta\t1"));
    // And at once with the last reference.
    storage.store("http://a.test/", "b=2; Max-Age=60");
    drop(storage);
    assert!(read().contains("\tb\t2"));
}

#[test]
fn q028_a_file_is_kept_until_there_is_another_or_none() {
    let directory = Directory::default();
    let [one, two] = ["one", "two"].map(|name| directory.at(name));
    let storage = CookieStorage::default();
    storage.set_file(&one).unwrap();
    storage.store("http://a.test/", "a=1; Max-Age=60");
    storage.set_file(&two).unwrap();
    storage.store("http://a.test/", "b=1; Max-Age=60");
    let status = url_session_cookie_storage_set_file(storage.get(), ptr::null(), ptr::null_mut());
    assert_eq!(status, UrlSessionStatus::OK);
    storage.store("http://a.test/", "c=1; Max-Age=60");
    drop(storage);
    let names = |path| {
        fs::read_to_string(path)
            .unwrap()
            .lines()
            .filter_map(|line| line.split('\t').nth(5).map(str::to_owned))
            .collect::<String>()
    };
    assert_eq!([names(one), names(two)], ["a", "ab"]);
}

#[test]
fn q028_a_file_that_was_only_read_is_left_alone() {
    let directory = Directory::default();
    let line = "a.test\tFALSE\t/\tFALSE\t4000000000\ta\t1";
    let content = format!("{line}\nbroken\n\u{0}\u{1}\n{line}");
    let path = directory.file("cookies.txt", content.as_bytes());
    let storage = CookieStorage::default();
    storage.set_file(&path).unwrap();
    assert_eq!(storage.field("http://a.test/"), "a=1");
    storage.flush().unwrap();
    drop(storage);
    assert_eq!(fs::read_to_string(path).unwrap(), content);
}

#[cfg(unix)]
#[test]
fn q028_a_file_that_others_could_read_becomes_its_owners_alone() {
    use std::os::unix::fs::PermissionsExt;
    let directory = Directory::default();
    let path = directory.file("cookies.txt", b"");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
    CookieStorage::default().set_file(&path).unwrap();
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
}

#[test]
fn q028_a_file_that_cannot_be_had_is_an_error() {
    let directory = Directory::default();
    let storage = CookieStorage::of("http://a.test/", &["a=1; Max-Age=60"]);
    symlink(directory.at("nowhere/cookies"), directory.at("link")).unwrap();
    for path in
        [directory.path().to_owned(), directory.at("missing/cookies"), "/dev/null".into(), directory.at("link/x")]
    {
        let error = storage.set_file(&path).unwrap_err();
        assert_eq!(error.code(), -3001, "{}", path.display());
        assert!(error.underlying().is_some() && !error.message().contains("a=1"));
    }
    // What it had before is kept, and what fails is tried again.
    let inner = directory.at("inner");
    fs::create_dir(&inner).unwrap();
    storage.set_file(&inner.join("cookies")).unwrap();
    fs::remove_dir_all(&inner).unwrap();
    storage.store("http://a.test/", "b=1; Max-Age=60");
    assert_eq!(storage.flush().unwrap_err().code(), -3003);
    fs::create_dir(&inner).unwrap();
    storage.flush().unwrap();
    assert!(fs::read_to_string(inner.join("cookies")).unwrap().contains("\tb\t1"));
    // Who has lost one file may have another.
    fs::remove_dir_all(&inner).unwrap();
    storage.store("http://a.test/", "c=1; Max-Age=60");
    storage.set_file(&directory.at("other")).unwrap();
    storage.flush().unwrap();
    assert!(fs::read_to_string(directory.at("other")).unwrap().contains("\tc\t1"));
}

#[test]
fn q028_two_sessions_use_one_storage_at_once() {
    const TASKS: usize = 60;
    let number = AtomicUsize::new(0);
    let origin = Origin::http(move |connection: &mut Connection| {
        while connection.read_request().is_some() {
            let name = number.fetch_add(1, Ordering::Relaxed);
            let cookie = format!("Set-Cookie: n{name}=1; Max-Age=60\r\nSet-Cookie: last={name}\r\n");
            connection.send(format!("HTTP/1.1 200 OK\r\n{cookie}Content-Length: 0\r\n\r\n").as_bytes());
        }
    });
    let (directory, storage) = (Directory::default(), CookieStorage::default());
    storage.set_file(&directory.at("cookies")).unwrap();
    let recorders = [Recorder::default(), Recorder::default()];
    let configuration = Configuration::default().cookies(&storage);
    for recorder in recorders {
        let session = recorder.session(&configuration);
        for _ in 0..TASKS {
            session.start(&origin.url("/"));
        }
    }
    // A session that is let go of finishes its tasks.
    recorders.iter().for_each(|recorder| recorder.wait_for("release"));
    assert_eq!(storage.cookies().len(), 2 * TASKS + 1);
    storage.flush().unwrap();
    let second = CookieStorage::default();
    second.set_file(&directory.at("cookies")).unwrap();
    assert_eq!(second.cookies().len(), 2 * TASKS);
    assert!(sent_cookies(&origin).iter().any(|cookies| !cookies.is_empty()));
}
