use crate::support::challenge::{Credential, ProtectionSpace, Reply};
use crate::support::credentials::CredentialStorage;
use crate::support::digest::Digest;
use crate::support::handle::{Configuration, Request, c_text};
use crate::support::origin::Origin;
use crate::support::realm::{self, basic_value, said, schemes};
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

fn user(name: &str) -> Credential {
    Credential::user(name, "secret")
}

fn value(name: &str) -> String {
    basic_value(name, "secret")
}

/// The URL with a user in it.
fn naming(origin: &Origin, user_info: &str) -> String {
    origin.url("/hello").replacen("://", &format!("://{user_info}@"), 1)
}

/// What goes out with the request that `build` makes of a plain one, before anybody asks.
fn sent(configure: impl FnOnce(&Origin) -> Configuration, build: impl FnOnce(&Origin) -> Request) -> Vec<String> {
    let origin = Origin::http(standard::serve);
    assert_eq!(Story::with(&configure(&origin), &build(&origin)).outcome(), "ok");
    said(&origin.requests())
}

/// A session that is somebody at the origin.
fn as_session(origin: &Origin) -> Configuration {
    Configuration::ephemeral().credential(&origin.url(""), &user("session"))
}

#[test]
fn r020_header_then_request_then_session_then_url() {
    let all = |origin: &Origin| Request::new(&naming(origin, "url:secret"));
    let own = |origin: &Origin| all(origin).credential(&user("request"));
    assert_eq!(sent(as_session, |origin| own(origin).header("authorization", "Own x")), ["Own x"]);
    assert_eq!(sent(as_session, own), [value("request")]);
    assert_eq!(sent(as_session, all), [value("session")]);
    assert_eq!(sent(|_| Configuration::ephemeral(), all), [value("url")]);
    assert_eq!(sent(|_| Configuration::ephemeral(), |origin| Request::new(&origin.url("/hello"))), ["-"]);
}

#[test]
fn r020_a_header_of_the_session_is_the_sessions() {
    let with_header = |origin: &Origin| as_session(origin).header("Authorization", "Session x");
    let plain = |origin: &Origin| Request::new(&naming(origin, "url:secret"));
    assert_eq!(sent(with_header, plain), ["Session x"]);
    assert_eq!(sent(with_header, |origin| plain(origin).credential(&user("request"))), [value("request")]);
    assert_eq!(sent(with_header, |origin| plain(origin).header("Authorization", "Own x")), ["Own x"]);
    assert_eq!(sent(with_header, |origin| plain(origin).for_nobody()), ["-"]);
}

#[test]
fn r020_what_is_stored_is_not_sent_ahead() {
    let origin = Origin::http(standard::serve);
    let storage = CredentialStorage::default();
    let space = ProtectionSpace::of(origin.address().port(), "here", UrlSessionAuthenticationMethod::HTTP_BASIC);
    storage.set(&space, &user("stored"), true);
    let configuration = Configuration::ephemeral().credential_storage(Some(&storage));
    Story::with(&configuration, &Request::new(&origin.url("/hello")));
    assert_eq!(said(&origin.requests()), ["-"]);
}

#[test]
fn q006_none_is_not_inherit() {
    let plain = |origin: &Origin| Request::new(&naming(origin, "url:secret"));
    assert_eq!(sent(as_session, |origin| plain(origin).for_nobody()), ["-"]);
    assert_eq!(sent(as_session, |origin| plain(origin).inheriting()), [value("session")]);
    // Nor does default handling use anything for nobody.
    let origin = realm::origin(&realm::basic("here", "session", "secret"));
    let storage = CredentialStorage::default();
    let space = ProtectionSpace::of(origin.address().port(), "here", UrlSessionAuthenticationMethod::HTTP_BASIC);
    storage.set(&space, &user("session"), true);
    let configuration = as_session(&origin).credential_storage(Some(&storage));
    let recorder = Recorder::default().meeting(|_| Reply::Default);
    let story = Story::told_to(recorder, &configuration, &plain(&origin).for_nobody());
    assert_eq!((story.response().status_code(), said(&origin.requests())), (401, vec!["-".to_owned()]));
    assert!(story.transcript().starts_with("did_receive_challenge 1 Basic \"here\" 0 -\n"), "{}", story.transcript());
}

#[test]
fn q006_nobody_is_not_who_the_session_was_let_in_as() {
    let origin = realm::origin(&realm::basic("here", "alice", "secret"));
    let recorder = Recorder::default().meeting(|asked| match asked.challenge.response().unwrap().url() {
        url if url.contains("nobody") => Reply::Default,
        _ => Reply::Use(Credential::for_session("alice", "secret")),
    });
    let session = recorder.session(&Configuration::ephemeral());
    session.start(&origin.url("/hello"));
    recorder.wait_for("did_complete 1 ok");
    session.task_for(&Request::new(&origin.url("/nobody")).for_nobody()).resume();
    recorder.wait_for("did_complete 2 ok");
    assert_eq!(schemes(&origin.requests()), ["-", "Basic", "-"]);
    assert!(recorder.transcript_of(2).contains("did_receive_response 2 401"));
}

#[test]
fn r019_the_last_one_wins() {
    let token = Credential::bearer("token", UrlSessionCredentialPersistence::NONE);
    let plain = |origin: &Origin| Request::new(&origin.url("/hello"));
    let none = |_: &Origin| Configuration::ephemeral();
    assert_eq!(sent(none, |origin| plain(origin).credential(&user("a")).credential(&token)), ["Bearer token"]);
    assert_eq!(sent(none, |origin| plain(origin).credential(&token).credential(&user("a"))), [value("a")]);
    assert_eq!(sent(none, |origin| plain(origin).credential(&token).inheriting()), ["-"]);
    assert_eq!(sent(as_session, |origin| plain(origin).credential(&token).inheriting()), [value("session")]);
    let twice = |origin: &Origin| as_session(origin).credential(&origin.url("/other/path"), &token);
    assert_eq!(sent(twice, plain), ["Bearer token"]);
    let cleared = |origin: &Origin| {
        let origin = c_text(&origin.url(""));
        let session = Configuration::ephemeral().credential(origin.to_str().unwrap(), &user("session"));
        session.set(|c| url_session_configuration_set_credential(c, origin.as_ptr(), std::ptr::null_mut()))
    };
    assert_eq!(sent(cleared, plain), ["-"]);
}

#[test]
fn r021_the_sessions_credential_is_for_its_origin() {
    let (one, other) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let configuration = as_session(&one);
    for origin in [&one, &other] {
        Story::with(&configuration, &Request::new(&origin.url("/hello")));
    }
    assert_eq!((said(&one.requests()), said(&other.requests())), (vec![value("session")], vec!["-".to_owned()]));
    // The same port by another name is another origin.
    let url = format!("http://localhost:{}/hello", one.address().port());
    Story::with(&configuration, &Request::new(&url));
    assert_eq!(said(&one.requests())[1..], ["-"]);
}

#[test]
fn r020_who_a_request_says_it_is_it_stays() {
    let origin = realm::origin(&realm::basic("here", "stored", "secret"));
    let storage = CredentialStorage::default();
    let space = ProtectionSpace::of(origin.address().port(), "here", UrlSessionAuthenticationMethod::HTTP_BASIC);
    storage.set(&space, &user("stored"), true);
    let configuration = Configuration::ephemeral().credential_storage(Some(&storage));
    let plain = || Request::new(&origin.url("/hello"));
    let story = Story::with(&configuration, &plain().credential(&user("request")));
    assert_eq!((story.response().status_code(), said(&origin.requests())), (401, vec![value("request")]));
    let token = Credential::bearer("token", UrlSessionCredentialPersistence::NONE);
    assert_eq!(Story::with(&configuration, &plain().credential(&token)).response().status_code(), 401);
    assert_eq!(Story::with(&configuration, &plain()).response().status_code(), 200);
}

#[test]
fn r007_a_user_in_the_url_goes_nowhere_but_into_the_credential() {
    let cases =
        [("alice:secret", "alice", "secret"), ("alice", "alice", ""), ("al%40ice:s%3Acr%C3%BCt", "al@ice", "s:crüt")];
    for (user_info, user, password) in cases {
        let origin = Origin::http(standard::serve);
        Story::with(&Configuration::ephemeral(), &Request::new(&naming(&origin, user_info)));
        let request = origin.request();
        assert_eq!(request.target(), "/hello");
        assert_eq!(request.value("host"), Some(&*origin.address().to_string()));
        assert_eq!(request.value("authorization"), Some(&*basic_value(user, password)), "{user_info}");
    }
    // What cannot be said is not said.
    for user_info in ["al%3Aice:secret", "alice:se%0D%0Acret", ":secret"] {
        let origin = Origin::http(standard::serve);
        Story::with(&Configuration::ephemeral(), &Request::new(&naming(&origin, user_info)));
        assert_eq!(origin.request().value("authorization"), None, "{user_info}");
    }
}

#[test]
fn r007_what_was_sent_ahead_as_basic_answers_digest() {
    let (guard, refusals) = Digest { user: "url", ..Digest::default() }.guard();
    let origin = realm::origin(&guard);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::ephemeral());
    for number in 1..=3 {
        session.start(&naming(&origin, "url:secret"));
        recorder.wait_for(&format!("did_complete {number} ok"));
    }
    assert_eq!(schemes(&origin.requests()), ["Basic", "Digest", "Digest", "Digest"]);
    assert_eq!(refusals.all(), ["another scheme"]);
}

#[test]
fn r020_of_two_users_each_has_its_own_digest() {
    let origin = realm::origin(&Digest { also: Some("bob"), ..Digest::default() }.guard().0);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::ephemeral());
    for (user, number) in ["alice", "bob", "alice", "bob"].into_iter().zip(1..) {
        session.start(&naming(&origin, &format!("{user}:secret")));
        recorder.wait_for(&format!("did_complete {number} ok"));
        assert!(recorder.transcript_of(number).contains(" 200\n"), "{user}: {}", recorder.transcript());
    }
}

#[test]
fn r020_after_a_401_a_delegates_credential_replaces_the_header() {
    let origin = realm::origin(&realm::basic("here", "alice", "secret"));
    let recorder = Recorder::default().meeting(|_| Reply::Use(Credential::user("alice", "secret")));
    let request = Request::new(&naming(&origin, "url:secret")).header("Authorization", "Own x");
    let story = Story::told_to(recorder, &as_session(&origin), &request);
    assert_eq!(
        (story.response().status_code(), said(&origin.requests())),
        (200, vec!["Own x".to_owned(), value("alice")])
    );
    assert!(story.transcript().starts_with("did_receive_challenge 1 Basic \"here\" 0 -\n"), "{}", story.transcript());
    assert_eq!(story.task.original_request().value("Authorization").as_deref(), Some("Own x"));
    assert_eq!(story.task.current_request().value("Authorization"), None);
}

#[test]
fn r020_what_replaced_the_header_is_replaced_by_nobody_elses() {
    let origin = realm::origin(&realm::basic("here", "session", "secret"));
    let recorder = Recorder::default().meeting(|asked| match asked.challenge.failures() {
        0 => Reply::Use(user("wrong")),
        _ => Reply::Default,
    });
    let request = Request::new(&origin.url("/hello")).header("Authorization", "Own x");
    let story = Story::told_to(recorder, &as_session(&origin), &request);
    assert_eq!((story.response().status_code(), said(&origin.requests())), (401, vec!["Own x".into(), value("wrong")]));
}

#[test]
fn r020_a_header_that_is_wrong_is_not_replaced_by_itself() {
    let origin = realm::origin(&realm::basic("here", "session", "secret"));
    let request = Request::new(&naming(&origin, "url:secret")).header("Authorization", "Own x");
    let story = Story::with(&as_session(&origin), &request);
    assert_eq!((story.response().status_code(), said(&origin.requests())), (401, vec!["Own x".to_owned()]));
}

#[test]
fn r020_a_suppressed_header_is_never_sent() {
    let origin = realm::origin(&realm::basic("here", "alice", "secret"));
    let recorder = Recorder::default().meeting(|_| Reply::Use(Credential::user("alice", "secret")));
    let request = Request::new(&naming(&origin, "alice:secret")).suppress("Authorization");
    let story = Story::told_to(recorder, &as_session(&origin), &request);
    assert_eq!((story.response().status_code(), story.outcome()), (401, "ok".into()));
    assert_eq!(said(&origin.requests()), ["-"]);
    assert!(!story.recorder.transcript().contains("challenge"), "nobody is asked in vain");
}

#[test]
fn r020_nobody_else_takes_the_place_of_a_header_that_was_taken_over() {
    let origin = realm::origin(&realm::basic("here", "bob", "secret"));
    let recorder = Recorder::default().meeting(|asked| match asked.challenge.response().unwrap().url() {
        url if url.contains("/b/") && asked.challenge.failures() == 0 => Reply::Use(user("carol")),
        url if url.contains("/b/") => Reply::Default,
        _ => Reply::Use(Credential::for_session("bob", "secret")),
    });
    let session = recorder.session(&Configuration::ephemeral());
    session.start(&origin.url("/a/hello"));
    recorder.wait_for("did_complete 1 ok");
    session.task_for(&Request::new(&origin.url("/b/hello")).header("Authorization", "Own x")).resume();
    recorder.wait_for("did_complete 2 ok");
    assert_eq!(said(&origin.requests())[2..], ["Own x".to_owned(), value("carol")]);
}

#[test]
fn q022_a_location_of_another_origin_does_not_say_who_we_are() {
    let origin = realm::origin(&realm::any(vec![
        realm::basic("here", "alice", "secret"),
        realm::basic("here", "mallory", "secret"),
    ]));
    let evil = Origin::http(crate::support::standard::serve);
    let recorder = Recorder::default().meeting(|_| Reply::Use(Credential::for_session("alice", "secret")));
    let session = recorder.session(&Configuration::ephemeral());
    session.start(&origin.url("/hello"));
    recorder.wait_for("did_complete 1 ok");
    let to = naming(&origin, "mallory:secret");
    session.start(&evil.url(&format!("/redirect-to?status=307&url={to}")));
    recorder.wait_for("did_complete 2 ok");
    assert_eq!(said(&origin.requests()).pop(), Some(value("alice")));
}
