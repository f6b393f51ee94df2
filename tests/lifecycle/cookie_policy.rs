use crate::support::cookies::{CookieStorage, sent_cookies, setting};
use crate::support::handle::{Configuration, Request, c_text};
use crate::support::origin::Origin;
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const ALWAYS: UrlSessionCookieAcceptPolicy = UrlSessionCookieAcceptPolicy::ALWAYS;
const NEVER: UrlSessionCookieAcceptPolicy = UrlSessionCookieAcceptPolicy::NEVER;
const FIRST_PARTY: UrlSessionCookieAcceptPolicy = UrlSessionCookieAcceptPolicy::ONLY_FROM_MAIN_DOCUMENT_DOMAIN;

/// Asks an origin with the request that `build` makes of a plain one for this target.
fn ask(configuration: &Configuration, origin: &Origin, target: &str, build: impl FnOnce(Request) -> Request) -> Story {
    let story = Story::with(configuration, &build(Request::new(&origin.url(target))));
    assert_eq!(story.outcome(), "ok", "{target}");
    story
}

/// A storage that has `old` for 127.0.0.1.
fn stored() -> CookieStorage {
    CookieStorage::of("http://127.0.0.1/", &["old=1"])
}

#[test]
fn a013_the_two_switches_do_not_depend_on_each_other() {
    let cases = [
        (true, ALWAYS, "old=1", "old new"),
        (true, NEVER, "old=1", "old"),
        (false, ALWAYS, "", "old new"),
        (false, NEVER, "", "old"),
    ];
    for (should_set, policy, sent, names) in cases {
        let (origin, storage) = (Origin::http(standard::serve), stored());
        let configuration = Configuration::default().cookies(&storage).should_set_cookies(should_set).accepting(policy);
        ask(&configuration, &origin, &setting(&["new=1"], 200, ""), |request| request);
        assert_eq!(
            (sent_cookies(&origin)[0].as_str(), storage.names().as_str()),
            (sent, names),
            "{should_set} {}",
            policy.0
        );
    }
}

#[test]
fn a013_the_switches_are_as_apples_at_first() {
    for configuration in [Configuration::default(), Configuration::ephemeral()] {
        let should_set = url_session_configuration_http_should_set_cookies(configuration.get());
        let policy = url_session_configuration_http_cookie_accept_policy(configuration.get());
        assert!(should_set && policy == FIRST_PARTY);
        for policy in [3, u32::MAX].map(UrlSessionCookieAcceptPolicy) {
            let status = url_session_configuration_set_http_cookie_accept_policy(configuration.get(), policy);
            assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT);
        }
        assert!(url_session_configuration_http_cookie_accept_policy(configuration.get()) == FIRST_PARTY);
        let configuration = configuration.should_set_cookies(false).accepting(NEVER);
        let should_set = url_session_configuration_http_should_set_cookies(configuration.get());
        assert!(!should_set && url_session_configuration_http_cookie_accept_policy(configuration.get()) == NEVER);
    }
}

#[test]
fn a013_only_the_main_documents_site_sets_cookies() {
    let origin = Origin::http(standard::serve);
    let cases = [
        (FIRST_PARTY, "http://127.0.0.1:1/page", "a"),
        (FIRST_PARTY, "https://127.0.0.1/", "a"),
        (FIRST_PARTY, "http://localhost/", ""),
        (FIRST_PARTY, "http://shop.test/", ""),
        (ALWAYS, "http://shop.test/", "a"),
        (NEVER, "http://127.0.0.1/", ""),
    ];
    for (policy, document, names) in cases {
        let storage = CookieStorage::default();
        let configuration = Configuration::default().cookies(&storage).accepting(policy);
        ask(&configuration, &origin, &setting(&["a=1"], 200, ""), |request| request.main_document(document));
        assert_eq!(storage.names(), names, "{document}");
    }
}

#[test]
fn a013_every_hop_of_a_request_without_a_main_document_is_its_own() {
    let (one, other) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let elsewhere = format!("http://localhost:{}{}", other.address().port(), setting(&["there=1"], 200, ""));
    for (document, names) in
        [(None, "here there"), (Some("http://127.0.0.1/"), "here"), (Some("http://localhost/"), "there")]
    {
        let storage = CookieStorage::default();
        let configuration = Configuration::default().cookies(&storage);
        ask(&configuration, &one, &setting(&["here=1"], 302, &elsewhere), |request| match document {
            Some(document) => request.main_document(document),
            None => request,
        });
        assert_eq!(storage.names(), names, "{document:?}");
    }
}

#[test]
fn a013_a_request_without_cookies() {
    let (origin, storage) = (Origin::http(standard::serve), stored());
    let configuration = Configuration::default().cookies(&storage);
    ask(&configuration, &origin, &setting(&["new=1"], 302, "/hello"), |request| {
        assert!(url_session_request_http_should_handle_cookies(request.get()));
        let request = request.set(|r| url_session_request_set_http_should_handle_cookies(r, false));
        assert!(!url_session_request_http_should_handle_cookies(request.get()));
        request
    });
    assert_eq!((sent_cookies(&origin), storage.names()), (vec![String::new(); 2], "old".to_owned()));
}

#[test]
fn r016_an_explicit_field_wins_on_both_hops_and_answers_are_stored_all_the_same() {
    let (origin, storage) = (Origin::http(standard::serve), stored());
    let configuration = Configuration::default().cookies(&storage);
    ask(&configuration, &origin, &setting(&["new=1"], 302, "/hello"), |request| request.header("cookie", "mine=1"));
    assert_eq!((sent_cookies(&origin), storage.names()), (vec!["mine=1".to_owned(); 2], "old new".to_owned()));
    // As the session's own field does.
    let origin = Origin::http(standard::serve);
    ask(&configuration.header("COOKIE", "ours=1"), &origin, "/redirect/0", |request| request);
    assert_eq!(sent_cookies(&origin), ["ours=1", "ours=1"]);
}

#[test]
fn r016_another_origin_gets_the_stored_cookies_again() {
    let (one, other) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let configuration = Configuration::default().cookies(&stored());
    let to = setting(&[], 302, &other.url("/hello"));
    ask(&configuration, &one, &to, |request| request.header("Cookie", "mine=1"));
    assert_eq!((sent_cookies(&one), sent_cookies(&other)), (vec!["mine=1".to_owned()], vec!["old=1".to_owned()]));
}

#[test]
fn r016_a_suppressed_field_does_not_go_out() {
    let origin = Origin::http(standard::serve);
    let configuration = Configuration::default().cookies(&stored());
    ask(&configuration, &origin, "/redirect/0", |request| request.cookie("own", "1").suppress("Cookie"));
    assert_eq!(sent_cookies(&origin), ["", ""]);
}

#[test]
fn q029_a_requests_own_cookies_go_with_it_and_are_stored_nowhere() {
    let (origin, storage) = (Origin::http(standard::serve), stored());
    let configuration = Configuration::default().cookies(&storage);
    ask(&configuration, &origin, "/redirect/0", |request| {
        let request = request.cookie("own", "1").cookie("gone", "1").cookie("own", "2").cookie("old", "mine");
        request.set(|r| url_session_request_set_cookie(r, c_text("gone").as_ptr(), std::ptr::null()))
    });
    // One that is stored gives way to one of its name.
    assert_eq!(sent_cookies(&origin), ["own=2; old=mine"; 2]);
    ask(&configuration, &origin, "/hello", |request| request);
    assert_eq!((sent_cookies(&origin)[2].as_str(), storage.names().as_str()), ("old=1", "old"));
    // They are no part of what a session handles.
    let without =
        Configuration::default().set(|c| url_session_configuration_set_http_cookie_storage(c, std::ptr::null_mut()));
    ask(&without, &origin, "/hello", |request| request.cookie("own", "1"));
    assert_eq!(sent_cookies(&origin)[3], "own=1");
}

#[test]
fn q029_a_requests_own_cookies_stay_with_their_origin() {
    let (one, other) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let configuration = Configuration::ephemeral();
    let back = setting(&[], 302, &one.url("/hello"));
    let there = setting(&[], 307, &other.url(&back));
    ask(&configuration, &one, &there, |request| request.cookie("own", "1"));
    assert_eq!((sent_cookies(&one), sent_cookies(&other)), (vec!["own=1".into(), String::new()], vec![String::new()]));
}

#[test]
fn q029_what_is_no_cookie_is_refused() {
    let request = Request::new("http://a.test/");
    let long = "x".repeat(4097);
    for (name, value) in
        [("", ""), ("a=b", "c"), ("a;", "b"), ("a", "b;c"), ("a\n", "b"), ("a", "b\r"), (" a", "b"), ("a", &long)]
    {
        let (name, value) = (c_text(name), c_text(value));
        let status = url_session_request_set_cookie(request.get(), name.as_ptr(), value.as_ptr());
        assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT, "{name:?} {value:?}");
    }
    for url in ["", "a.test", "file:///x", "http://"] {
        let status = url_session_request_set_main_document_url(request.get(), c_text(url).as_ptr());
        assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT, "{url}");
    }
}

#[test]
fn a013_a_session_without_a_storage_has_no_cookies() {
    let origin = Origin::http(standard::serve);
    let none =
        Configuration::ephemeral().set(|c| url_session_configuration_set_http_cookie_storage(c, std::ptr::null_mut()));
    assert!(CookieStorage::of_configuration(&none).is_none());
    ask(&none, &origin, &setting(&["a=1"], 302, "/hello"), |request| request);
    assert_eq!(sent_cookies(&origin), ["", ""]);
}

#[test]
fn a005_ephemeral_configurations_have_storages_of_their_own() {
    let storage = |configuration: &Configuration| CookieStorage::of_configuration(configuration).unwrap().get();
    let (one, other) = (Configuration::ephemeral(), Configuration::ephemeral());
    assert_ne!(storage(&one), storage(&other));
    assert_ne!(storage(&one), url_session_cookie_storage_shared());
    // Its copies and sessions share it, as they would share one that was set.
    let copy = Configuration::adopt(url_session_configuration_copy(one.get())).unwrap();
    let session = Recorder::default().session(&one);
    assert_eq!([storage(&copy), storage(&session.configuration())], [storage(&one); 2]);
}

#[test]
fn a005_default_configurations_share_the_storage_of_the_process() {
    let origin = Origin::http(standard::serve);
    let shared = CookieStorage::retain(url_session_cookie_storage_shared());
    for configuration in [Configuration::default(), Configuration::default()] {
        assert_eq!(CookieStorage::of_configuration(&configuration).unwrap().get(), shared.get());
    }
    // A path that no other test has, for they all have this storage.
    ask(&Configuration::default(), &origin, &setting(&["all=1; Path=/shared-by-all"], 200, ""), |request| request);
    ask(&Configuration::default(), &origin, "/shared-by-all", |request| request);
    assert_eq!(sent_cookies(&origin)[1], "all=1");
    drop(shared);
    assert_eq!(
        url_session_cookie_storage_shared(),
        CookieStorage::of_configuration(&Configuration::default()).unwrap().get()
    );
}
