use std::ptr;

use crate::support::challenge::{Credential, ProtectionSpace, Reply};
use crate::support::credentials::CredentialStorage;
use crate::support::digest::Digest;
use crate::support::handle::{Configuration, Request, c_text};
use crate::support::origin::Origin;
use crate::support::realm::{self, basic_value, said};
use crate::support::recorder::Recorder;
use crate::support::story::Story;
use urlsession::*;

fn guarded() -> Origin {
    realm::origin(&realm::basic("here", "alice", "secret"))
}

/// Where the guarded origin wants its password.
fn space(origin: &Origin) -> ProtectionSpace {
    ProtectionSpace::of(origin.address().port(), "here", UrlSessionAuthenticationMethod::HTTP_BASIC)
}

/// A configuration whose storage has this one credential.
fn storing(space: &ProtectionSpace, credential: &Credential) -> (CredentialStorage, Configuration) {
    let storage = CredentialStorage::default();
    storage.set(space, credential, true);
    let configuration = Configuration::ephemeral().credential_storage(Some(&storage));
    (storage, configuration)
}

/// The URL with user and password in it.
fn with_user(origin: &Origin, user_info: &str) -> String {
    origin.url("/hello").replacen("://", &format!("://{user_info}@"), 1)
}

fn asked(recorder: Recorder) -> Vec<String> {
    let is_question = |line: &String| line.starts_with("did_receive_challenge");
    recorder.lines().into_iter().filter(is_question).collect()
}

#[test]
fn a045_default_handling_uses_what_is_stored() {
    let origin = guarded();
    let (_, configuration) = storing(&space(&origin), &Credential::user("alice", "secret"));
    let story = Story::with(&configuration, &Request::new(&origin.url("/hello")));
    assert_eq!(
        (story.response().status_code(), said(&origin.requests())[1].as_str()),
        (200, &*basic_value("alice", "secret"))
    );
}

#[test]
fn a045_first_the_url_then_the_storage_then_the_401() {
    let origin = guarded();
    let (_, configuration) = storing(&space(&origin), &Credential::user("alice", "secret"));
    let story = Story::with(&configuration, &Request::new(&with_user(&origin, "bob:wrong")));
    assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 200));
    assert_eq!(said(&origin.requests()), [basic_value("bob", "wrong"), basic_value("alice", "secret")]);

    let origin = guarded();
    let (_, configuration) = storing(&space(&origin), &Credential::user("alice", "wrong"));
    let story = Story::with(&configuration, &Request::new(&with_user(&origin, "bob:wrong")));
    assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 401));
    assert_eq!(said(&origin.requests()), [basic_value("bob", "wrong"), basic_value("alice", "wrong")]);
}

#[test]
fn a045_what_is_stored_answers_digest_too() {
    let (guard, refusals) = Digest::default().guard();
    let origin = realm::origin(&guard);
    let space = ProtectionSpace::of(origin.address().port(), "here", UrlSessionAuthenticationMethod::HTTP_DIGEST);
    let (_, configuration) = storing(&space, &Credential::user("alice", "secret"));
    let story = Story::with(&configuration, &Request::new(&origin.url("/hello")));
    assert_eq!((story.response().status_code(), refusals.all()), (200, vec!["nothing said".to_owned()]));
}

#[test]
fn a045_what_is_stored_for_a_weaker_scheme_is_found_too() {
    let (strong, refusals) = Digest::default().guard();
    let origin = realm::origin(&realm::any(vec![strong, realm::basic("here", "alice", "secret")]));
    let (_, configuration) = storing(&space(&origin), &Credential::user("alice", "secret"));
    let recorder = Recorder::default().meeting(|_| Reply::Default);
    let story = Story::told_to(recorder, &configuration, &Request::new(&origin.url("/hello")));
    assert_eq!((story.response().status_code(), realm::schemes(&origin.requests()).concat()), (200, "-Basic".into()));
    assert_eq!((asked(story.recorder).len(), refusals.all().len()), (1, 2), "the slot is asked once");
}

#[test]
fn e015_a_stored_credential_is_proposed_until_it_fails() {
    let origin = guarded();
    let (storage, configuration) = storing(&space(&origin), &Credential::user("bob", "wrong"));
    let recorder = Recorder::default().meeting(|asked| match asked.challenge.failures() {
        0 => Reply::Default,
        _ => Reply::Use(Credential::permanent("alice", "secret")),
    });
    let story = Story::told_to(recorder, &configuration, &Request::new(&origin.url("/hello")));
    assert_eq!(story.response().status_code(), 200);
    let expected = ["did_receive_challenge 1 Basic \"here\" 0 bob", "did_receive_challenge 1 Basic \"here\" 1 -"];
    assert_eq!(asked(recorder), expected);
    let found = |user: &str| {
        let user = c_text(user);
        let found = url_session_credential_storage_copy_credential(storage.get(), space(&origin).get(), user.as_ptr());
        Credential::adopt(found).is_some()
    };
    assert!(found("alice") && found("bob") && !found("carol"));
}

#[test]
fn e014_permanent_is_kept_in_the_storage_once_it_was_right() {
    let (origin, storage) = (guarded(), CredentialStorage::default());
    let configuration = Configuration::ephemeral().credential_storage(Some(&storage));
    let recorder = Recorder::default().meeting(|asked| {
        Reply::Use(Credential::permanent("alice", ["wrong", "secret"][asked.challenge.failures() as usize]))
    });
    Story::told_to(recorder, &configuration, &Request::new(&origin.url("/hello")));
    assert_eq!(storage.default_user(&space(&origin)).as_deref(), Some("alice"));
    // Another session that has the same storage, and nobody to ask.
    let story = Story::with(&configuration, &Request::new(&origin.url("/hello")));
    assert_eq!(story.response().status_code(), 200);
    // It is proposed to who is asked.
    let recorder = Recorder::default().meeting(|asked| Reply::Use(asked.challenge.proposed().expect("a proposal")));
    Story::told_to(recorder, &configuration, &Request::new(&origin.url("/hello")));
    assert_eq!(asked(recorder), ["did_receive_challenge 1 Basic \"here\" 0 alice"]);
}

#[test]
fn e014_none_and_for_session_are_not_stored_nor_is_what_was_wrong() {
    let credentials = [
        Credential::user("alice", "secret"),
        Credential::for_session("alice", "secret"),
        Credential::permanent("alice", "wrong"),
    ];
    for credential in credentials {
        let (origin, storage) = (guarded(), CredentialStorage::default());
        let configuration = Configuration::ephemeral().credential_storage(Some(&storage));
        let recorder = Recorder::default().meeting(move |_| Reply::Use(credential.clone()));
        Story::told_to(recorder, &configuration, &Request::new(&origin.url("/hello")));
        assert!(storage.default_user(&space(&origin)).is_none());
    }
}

#[test]
fn e014_without_a_storage_permanent_is_for_the_session() {
    let origin = guarded();
    let configuration = Configuration::ephemeral().credential_storage(None);
    let recorder = Recorder::default().meeting(|_| Reply::Use(Credential::permanent("alice", "secret")));
    let session = recorder.session(&configuration);
    for number in 1..=2 {
        session.start(&origin.url("/hello"));
        recorder.wait_for(&format!("did_complete {number} ok"));
    }
    assert_eq!((asked(recorder).len(), origin.requests().len()), (1, 3));
    assert_eq!(Story::with(&configuration, &Request::new(&origin.url("/hello"))).response().status_code(), 401);
}

#[test]
fn e014_default_configurations_share_a_storage_and_ephemeral_ones_do_not() {
    let storage = |configuration: &Configuration| {
        CredentialStorage::adopt(url_session_configuration_copy_credential_storage(configuration.get())).unwrap()
    };
    let shared = CredentialStorage::retain(url_session_credential_storage_shared());
    assert!(storage(&Configuration::default()).get() == shared.get());
    let (one, other) = (storage(&Configuration::ephemeral()), storage(&Configuration::ephemeral()));
    assert!(one.get() != shared.get() && one.get() != other.get());
    let none = Configuration::default().credential_storage(None);
    assert!(url_session_configuration_copy_credential_storage(none.get()).is_null());
}

#[test]
fn a043_spaces_differ_in_host_port_protocol_realm_and_method() {
    let space = |host: &str, port, protocol: &str, is_proxy, realm: Option<&str>, method| {
        let [host, protocol] = [host, protocol].map(c_text);
        let (realm, mut space) = (realm.map(c_text), ptr::null_mut());
        let realm = realm.as_ref().map_or(ptr::null(), |realm| realm.as_ptr());
        let (host, protocol) = (host.as_ptr(), protocol.as_ptr());
        let status = url_session_protection_space_new(host, port, protocol, is_proxy, realm, method, &mut space);
        assert_eq!(status, UrlSessionStatus::OK);
        ProtectionSpace::adopt(space).unwrap()
    };
    let (basic, digest) = (UrlSessionAuthenticationMethod::HTTP_BASIC, UrlSessionAuthenticationMethod::HTTP_DIGEST);
    let storage = CredentialStorage::default();
    storage.set(&space("Example.com", 80, "http", false, Some("a"), basic), &Credential::user("alice", ""), false);
    assert!(storage.default_user(&space("example.COM", 80, "http", false, Some("a"), basic)).is_some());
    let others = [
        space("example.org", 80, "http", false, Some("a"), basic),
        space("example.com", 8080, "http", false, Some("a"), basic),
        space("example.com", 80, "https", false, Some("a"), basic),
        space("example.com", 80, "http", true, Some("a"), basic),
        space("example.com", 80, "http", false, Some("A"), basic),
        space("example.com", 80, "http", false, Some(""), basic),
        space("example.com", 80, "http", false, None, basic),
        space("example.com", 80, "http", false, Some("a"), digest),
    ];
    assert!(others.iter().all(|other| storage.default_user(other).is_none()));
}

#[test]
fn a045_a_storage_has_many_users_of_a_space_and_one_default() {
    let (storage, origin) = (CredentialStorage::default(), guarded());
    let space = space(&origin);
    let set = |user: &str, is_default| storage.set(&space, &Credential::user(user, "x"), is_default);
    let default = || storage.default_user(&space);
    let remove = |user: Option<&str>| {
        let user = user.map(c_text);
        let user = user.as_ref().map_or(ptr::null(), |user| user.as_ptr());
        url_session_credential_storage_remove_credential(storage.get(), space.get(), user)
    };
    set("alice", false);
    set("bob", false);
    assert_eq!(default().as_deref(), Some("alice"), "the first is the default");
    set("bob", true);
    assert_eq!(default().as_deref(), Some("bob"));
    set("alice", false);
    assert_eq!(default().as_deref(), Some("bob"), "another password changes no default");
    assert_eq!(remove(Some("bob")), UrlSessionStatus::OK);
    assert_eq!(default().as_deref(), Some("alice"));
    assert_eq!((remove(Some("nobody")), default().as_deref()), (UrlSessionStatus::OK, Some("alice")));
    set("bob", false);
    assert_eq!((remove(None), default()), (UrlSessionStatus::OK, None));
    set("bob", false);
    assert_eq!(url_session_credential_storage_remove_all(storage.get()), UrlSessionStatus::OK);
    assert_eq!(default(), None);
}

#[test]
fn e014_what_the_application_removed_stays_removed() {
    let (origin, storage) = (guarded(), CredentialStorage::default());
    let configuration = Configuration::ephemeral().credential_storage(Some(&storage));
    let recorder = Recorder::default().meeting(|_| Reply::Use(Credential::permanent("alice", "secret")));
    let session = recorder.session(&configuration);
    session.start(&origin.url("/a/hello"));
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(storage.default_user(&space(&origin)).as_deref(), Some("alice"));
    assert_eq!(url_session_credential_storage_remove_all(storage.get()), UrlSessionStatus::OK);
    assert_eq!(storage.default_user(&space(&origin)), None);
    session.start(&origin.url("/b/hello"));
    recorder.wait_for("did_complete 2 ok");
    assert_eq!((asked(recorder).len(), storage.default_user(&space(&origin))), (1, None));
}
