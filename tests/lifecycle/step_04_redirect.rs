use crate::support::certificate;
use crate::support::challenge::{Asked, Credential, ProtectionSpace, Reply};
use crate::support::credentials::CredentialStorage;
use crate::support::handle::{Configuration, Request};
use crate::support::origin::Origin;
#[cfg(unix)]
use crate::support::phone::Phone;
use crate::support::realm::{self, basic_value, said};
use crate::support::recorder::{Direction, Recorder};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

fn user(name: &str) -> Credential {
    Credential::user(name, "secret")
}

fn value(name: &str) -> String {
    basic_value(name, "secret")
}

fn open() -> Origin {
    Origin::http(standard::serve)
}

/// One that wants this user in a realm of the user's name.
fn guarded(user: &str) -> Origin {
    realm::origin(&realm::basic(user, user, "secret"))
}

/// The URL that redirects to another.
fn sending_on(origin: &Origin, url: &str) -> String {
    origin.url(&format!("/redirect-to?status=307&url={url}"))
}

/// Who is named like the realm.
fn as_the_realm(asked: &Asked) -> Reply {
    Reply::Use(user(&asked.challenge.space().realm().unwrap()))
}

fn asked(recorder: Recorder) -> Vec<String> {
    let lines = recorder.lines_of(1).into_iter();
    lines.filter_map(|line| line.strip_prefix("did_receive_challenge 1 ").map(str::to_owned)).collect()
}

#[test]
fn a055_each_hop_brings_its_own_challenges() {
    let (first, second) = (guarded("alice"), guarded("bob"));
    let recorder = Recorder::default().meeting(as_the_realm).leading(|_| Direction::Follow);
    let url = sending_on(&first, &second.url("/echo"));
    let request = Request::new(&url).method("PUT").body(b"the body");
    let story = Story::told_to(recorder, &Configuration::ephemeral(), &request);
    let expected = format!(
        "did_receive_challenge 1 Basic \"alice\" 0 -\n\
         will_perform_redirection 1 307 {} PUT\n\
         did_receive_challenge 1 Basic \"bob\" 0 -\n\
         did_receive_response 1 200\ndid_receive_data 1 \"the body\"\ndid_complete 1 ok",
        second.url("/echo")
    );
    assert_eq!(story.transcript(), expected);
    assert_eq!(
        (said(&first.requests())[1].clone(), said(&second.requests())),
        (value("alice"), vec!["-".into(), value("bob")])
    );
    assert!([first.requests(), second.requests()].concat().iter().all(|request| request.body == b"the body"));
}

#[test]
fn a055_failures_are_counted_anew_in_another_space() {
    let (first, second) = (guarded("alice"), guarded("bob"));
    let recorder = Recorder::default().meeting(|asked| match asked.challenge.failures() {
        0 => Reply::Use(user("somebody")),
        _ => as_the_realm(asked),
    });
    Story::told_to(recorder, &Configuration::ephemeral(), &Request::new(&sending_on(&first, &second.url("/hello"))));
    let expected = ["Basic \"alice\" 0 -", "Basic \"alice\" 1 -", "Basic \"bob\" 0 -", "Basic \"bob\" 1 -"];
    assert_eq!(asked(recorder), expected);
    assert_eq!(said(&second.requests()), ["-".to_owned(), value("somebody"), value("bob")]);
}

#[test]
fn a055_what_one_server_refused_is_proposed_to_another() {
    let (first, second) = (guarded("alice"), guarded("bob"));
    let storage = CredentialStorage::default();
    for (origin, realm) in [(&first, "alice"), (&second, "bob")] {
        let port = origin.address().port();
        let space = ProtectionSpace::of(port, realm, UrlSessionAuthenticationMethod::HTTP_BASIC);
        storage.set(&space, &user("bob"), true);
    }
    let recorder = Recorder::default().meeting(|asked| match asked.challenge.failures() {
        0 => Reply::Default,
        _ => as_the_realm(asked),
    });
    let configuration = Configuration::ephemeral().credential_storage(Some(&storage));
    let request = Request::new(&sending_on(&first, &second.url("/hello")));
    let story = Story::told_to(recorder, &configuration, &request);
    assert_eq!(asked(recorder), ["Basic \"alice\" 0 bob", "Basic \"alice\" 1 -", "Basic \"bob\" 0 bob"]);
    assert_eq!((story.response().status_code(), said(&second.requests())), (200, vec!["-".to_owned(), value("bob")]));
}

#[test]
fn a055_a_long_chain_of_guarded_hops_is_no_endless_loop() {
    let origin = realm::origin(&realm::any(vec![realm::basic("here", "alice", "secret")]));
    let recorder = Recorder::default().meeting(|_| Reply::Use(Credential::user("alice", "secret")));
    let request = Request::new(&origin.url("/redirect/40")).redirects(50);
    let story = Story::told_to(recorder, &Configuration::ephemeral(), &request);
    // NONE is for one challenge alone, so that every hop asks.
    assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 200));
    assert_eq!(asked(recorder).len(), 42);
}

/// What two origins hear, the first of which sends on to the second.
fn heard(
    configure: impl FnOnce(&Origin) -> Configuration,
    build: impl FnOnce(&Origin, &Origin) -> Request,
) -> [Vec<String>; 2] {
    let (first, second) = (open(), open());
    let story = Story::with(&configure(&first), &build(&first, &second));
    assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 200));
    [said(&first.requests()), said(&second.requests())]
}

fn plain(first: &Origin, second: &Origin) -> Request {
    Request::new(&sending_on(first, &second.url("/hello")))
}

fn naming(first: &Origin, second: &Origin) -> Request {
    Request::new(&sending_on(first, &second.url("/hello")).replacen("://", "://url:secret@", 1))
}

#[test]
fn q022_a053_credentials_do_not_go_to_another_origin() {
    let ephemeral = |_: &Origin| Configuration::ephemeral();
    let session = |first: &Origin| Configuration::ephemeral().credential(&first.url(""), &user("session"));
    let nothing = || vec!["-".to_owned()];
    let of_request = heard(ephemeral, |first, second| plain(first, second).credential(&user("request")));
    assert_eq!(of_request, [vec![value("request")], nothing()]);
    assert_eq!(heard(session, plain), [vec![value("session")], nothing()]);
    assert_eq!(heard(ephemeral, naming), [vec![value("url")], nothing()]);
    let of_header = heard(ephemeral, |first, second| plain(first, second).header("Authorization", "Own x"));
    assert_eq!(of_header, [vec!["Own x".to_owned()], nothing()]);
}

#[test]
fn q022_credentials_stay_within_an_origin() {
    let ephemeral = |_: &Origin| Configuration::ephemeral();
    let session = |first: &Origin| Configuration::ephemeral().credential(&first.url(""), &user("session"));
    let back = |first: &Origin, _: &Origin| Request::new(&sending_on(first, "/hello"));
    let of_url =
        |first: &Origin, _: &Origin| Request::new(&sending_on(first, "/hello").replacen("://", "://url:secret@", 1));
    let of_request = |first: &Origin, second: &Origin| back(first, second).credential(&user("request"));
    assert_eq!(heard(ephemeral, of_request)[0], [value("request"), value("request")]);
    assert_eq!(heard(session, back)[0], [value("session"), value("session")]);
    assert_eq!(heard(ephemeral, of_url)[0], [value("url"), value("url")]);
}

#[test]
fn q024_each_hop_has_the_credentials_of_its_origin() {
    let (first, second) = (open(), open());
    let configuration = Configuration::ephemeral().credential(&first.url(""), &user("first"));
    let configuration = configuration.credential(&second.url(""), &user("second"));
    let back = sending_on(&second, &first.url("/hello")).replace('&', "%26");
    Story::with(&configuration, &Request::new(&sending_on(&first, &back)));
    assert_eq!(said(&first.requests()), [value("first"), value("first")]);
    assert_eq!(said(&second.requests()), [value("second")]);
    // The request's own is for the first origin, and the session's for the second.
    Story::with(&configuration, &Request::new(&sending_on(&first, &second.url("/hello"))).credential(&user("request")));
    assert_eq!(said(&first.requests())[2..], [value("request")]);
    assert_eq!(said(&second.requests())[1..], [value("second")]);
}

#[test]
fn q024_a_user_in_a_location_counts_on_its_own_origin_alone() {
    let (first, second) = (open(), open());
    let with_bob = |origin: &Origin| origin.url("/hello").replacen("://", "://bob:secret@", 1);
    let story = Story::with(&Configuration::ephemeral(), &Request::new(&sending_on(&first, &with_bob(&second))));
    assert_eq!((said(&first.requests()), said(&second.requests())), (vec!["-".to_owned()], vec!["-".to_owned()]));
    assert_eq!((story.outcome(), story.response().url()), ("ok".into(), second.url("/hello")));

    Story::with(&Configuration::ephemeral(), &Request::new(&sending_on(&second, &with_bob(&second))));
    assert_eq!(said(&second.requests())[1..], ["-".to_owned(), value("bob")]);
}

#[test]
fn r020_a_request_that_answers_a_redirect_says_who_it_is() {
    let (first, second) = (open(), open());
    let configuration = || Configuration::ephemeral().credential(&second.url(""), &user("session"));
    let url = second.url("/hello");
    let led = |another: fn(Request) -> Request| {
        let url = url.clone();
        let recorder = Recorder::default().leading(move |_| Direction::To(another(Request::new(&url))));
        let request = plain(&first, &second).credential(&user("request"));
        assert_eq!(Story::told_to(recorder, &configuration(), &request).outcome(), "ok");
        said(&second.requests()).pop().unwrap()
    };
    assert_eq!(led(|request| request.credential(&user("answer"))), value("answer"));
    assert_eq!(led(|request| request.for_nobody()), "-");
    assert_eq!(led(|request| request), value("session"));
    assert_eq!(said(&first.requests()), [value("request"), value("request"), value("request")]);
}

#[test]
fn a053_q006_who_a_request_is_does_not_come_back_but_nobody_stays_nobody() {
    let (home, abroad) = (open(), open());
    let back = sending_on(&abroad, &home.url("/hello")).replace('&', "%26");
    let request = || Request::new(&sending_on(&home, &back));
    let configuration = Configuration::ephemeral().credential(&abroad.url(""), &user("session"));
    Story::with(&configuration, &request().credential(&user("request")));
    assert_eq!(
        (said(&home.requests()), said(&abroad.requests())),
        (vec![value("request"), "-".into()], vec![value("session")])
    );
    Story::with(&configuration, &request().for_nobody());
    assert_eq!(
        (said(&home.requests())[2..].concat(), said(&abroad.requests())[1..].concat()),
        ("--".into(), "-".into())
    );
}

#[test]
fn a053_who_let_the_session_in_is_not_told_to_another_origin() {
    let (first, second) = (guarded("alice"), guarded("alice"));
    let recorder = Recorder::default().meeting(|_| Reply::Use(Credential::for_session("alice", "secret")));
    let session = recorder.session(&Configuration::ephemeral());
    session.start(&first.url("/hello"));
    recorder.wait_for("did_complete 1 ok");
    session.start(&sending_on(&first, &second.url("/hello")));
    recorder.wait_for("did_complete 2 ok");
    assert_eq!(said(&second.requests()), ["-".to_owned(), value("alice")]);
}

#[test]
fn q022_another_scheme_is_another_origin() {
    let (safe, plain) = (Origin::tls(certificate::server(certificate::leaf(), &[]), standard::serve), open());
    for (from, to) in [(&safe, &plain), (&plain, &safe)] {
        let request = Request::new(&sending_on(from, &to.url("/hello"))).credential(&user("request"));
        assert_eq!(Story::with(&Configuration::trusting(safe.certificate()), &request).outcome(), "ok");
    }
    assert_eq!(said(&safe.requests()), [value("request"), "-".to_owned()]);
    assert_eq!(said(&plain.requests()), ["-".to_owned(), value("request")]);
}

/// What the second hop says where `from` sends on to `to`, both on the default ports of their schemes.
#[cfg(unix)]
fn said_at(from: &str, to: &str, build: impl Fn(Request) -> Request) -> String {
    let (plain, safe) = (open(), Origin::https(standard::serve));
    let addresses = [plain.address(), safe.address()];
    let phone = Phone::new(move |_, port| Some(addresses[usize::from(port == 443)]));
    let configuration = phone.give_to(Configuration::trusting(safe.certificate()));
    let request = build(Request::new(&format!("{from}/redirect-to?status=302&url={to}/hello")));
    assert_eq!(Story::with(&configuration, &request).outcome(), "ok", "{from} to {to}");
    let hops = [plain.requests(), safe.requests()].concat();
    let last: Vec<_> = hops.into_iter().filter(|request| request.target() == "/hello").collect();
    said(&last).concat()
}

#[cfg(unix)]
#[test]
fn q022_an_upgrade_on_the_default_ports_keeps_them() {
    let own = |request: Request| request.credential(&user("request"));
    let kept = value("request");
    assert_eq!(said_at("http://localhost", "https://localhost", own), kept);
    assert_eq!(said_at("http://localhost:80", "https://LOCALHOST:443", own), kept);
    assert_eq!(said_at("http://localhost", "http://localhost:80", own), kept);
    assert_eq!(said_at("http://alice:secret@localhost", "https://localhost", |request| request), value("alice"));
    assert_eq!(said_at("https://localhost", "http://localhost", own), "-");
    assert_eq!(said_at("https://alice:secret@localhost", "http://localhost", |request| request), "-");
    assert_eq!(said_at("http://elsewhere.example", "https://localhost", own), "-");
    assert_eq!(said_at("http://localhost:8080", "https://localhost", own), "-");
    assert_eq!(said_at("http://localhost", "http://localhost.:80", own), "-");
}
