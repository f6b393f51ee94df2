use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::handle::{Configuration, Request, c_text};
use crate::support::origin::{self, Origin};
#[cfg(unix)]
use crate::support::phone::Phone;
use crate::support::recorder::{Direction, Hop, Recorder};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

/// Of an application.
const OWN_SECRETS: [&str; 2] = ["X-Own-Secret", "Ticket"];

/// Without Proxy-Authorization, which is for no origin at all.
const SECRETS: [&str; 12] = [
    "Authorization",
    "Cookie",
    "Cookie2",
    "X-API-Key",
    "Api-Key",
    "X-Auth-Token",
    "X-Access-Token",
    "X-Amz-Security-Token",
    "X-CSRF-Token",
    "X-Goog-Api-Key",
    "X-Vault-Token",
    "Private-Token",
];

fn secretive(url: &str) -> Request {
    // A server may not look at the case of a name, so neither may we.
    SECRETS.iter().fold(Request::new(url).header("X-Own", "kept"), |request, name| {
        request.header(&name.to_ascii_uppercase(), "secret")
    })
}

fn secrets(request: &origin::Request) -> usize {
    SECRETS.iter().filter(|name| request.value(name) == Some("secret")).count()
}

/// The URL that redirects to another.
fn sending_on(origin: &Origin, status: u16, url: &str) -> String {
    origin.url(&format!("/redirect-to?status={status}&url={url}"))
}

#[test]
fn a053_secrets_stay_on_the_same_origin() {
    let origin = Origin::http(standard::serve);
    Story::with(&Configuration::default(), &secretive(&sending_on(&origin, 302, "/hello")));
    assert_eq!(origin.requests().iter().map(secrets).collect::<Vec<_>>(), [12, 12]);
}

#[test]
fn a053_q022_secrets_do_not_follow_to_another_origin() {
    let (origin, other) = (Origin::http(standard::serve), Origin::http(standard::serve));
    Story::with(&Configuration::default(), &secretive(&sending_on(&origin, 307, &other.url("/hello"))));
    assert_eq!(secrets(&origin.request()), 12);
    assert_eq!(secrets(&other.request()), 0, "another port is another origin:\n{}", other.request().head);
    assert_eq!(other.request().value("X-Own"), Some("kept"));
}

#[test]
fn a053_secrets_do_not_come_back_from_another_origin() {
    let (home, abroad) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let back = sending_on(&abroad, 302, &home.url("/hello")).replace('&', "%26");
    Story::with(&Configuration::default(), &secretive(&sending_on(&home, 302, &back)));
    assert_eq!(home.requests().iter().map(secrets).collect::<Vec<_>>(), [12, 0]);
    assert_eq!(secrets(&abroad.request()), 0);
}

#[test]
fn q022_the_host_is_compared_without_case() {
    // The URL parser writes hosts in small letters; the port decides that this is the same origin.
    let (origin, other) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let port = other.address().port();
    let url = sending_on(&origin, 302, &format!("http://LOCALHOST:{port}/redirect/0"));
    let story = Story::with(&Configuration::default(), &secretive(&url));
    assert_eq!(story.response().url(), format!("http://localhost:{port}/hello"));
    assert_eq!(other.requests().iter().map(secrets).collect::<Vec<_>>(), [0, 0]);
    let direct = secretive(&format!("http://LocalHost:{port}/redirect/0"));
    Story::with(&Configuration::default(), &direct);
    assert_eq!(other.requests()[2..].iter().map(secrets).collect::<Vec<_>>(), [12, 12]);
}

#[test]
fn a053_secrets_do_not_follow_from_https_to_http_nor_back() {
    let (safe, open) = (Origin::https(standard::serve), Origin::http(standard::serve));
    let configuration = Configuration::trusting(safe.certificate());
    for (from, to) in [(&safe, &open), (&open, &safe)] {
        let url = sending_on(from, 302, &to.url("/hello"));
        let story = Story::with(&configuration, &secretive(&url));
        assert_eq!(story.response().url(), to.url("/hello"));
    }
    assert_eq!(safe.requests().iter().map(secrets).collect::<Vec<_>>(), [12, 0]);
    assert_eq!(open.requests().iter().map(secrets).collect::<Vec<_>>(), [0, 12]);
}

/// How many secrets arrive, each hop by itself, when `from` redirects to `to`; both on the schemes' default ports.
#[cfg(unix)]
fn secrets_after(from: &str, to: &str) -> usize {
    let (open, safe) = (Origin::http(standard::serve), Origin::https(standard::serve));
    let addresses = [open.address(), safe.address()];
    let phone = Phone::new(move |_, port| match port {
        80 => Some(addresses[0]),
        443 => Some(addresses[1]),
        _ => None,
    });
    let configuration = phone.give_to(Configuration::trusting(safe.certificate()));
    let start = format!("{from}/redirect-to?status=302&url={to}/hello");
    let story = Story::with(&configuration, &secretive(&start));
    assert_eq!(story.outcome(), "ok", "{from} to {to}");
    let requests = [open.requests(), safe.requests()].concat();
    let mut hops = requests.iter().filter(|request| request.target() == "/hello");
    secrets(hops.next().unwrap())
}

#[cfg(unix)]
#[test]
fn q022_secrets_follow_from_http_to_https_of_the_same_host() {
    assert_eq!(secrets_after("http://localhost", "https://localhost"), 12);
    assert_eq!(secrets_after("http://localhost:80", "https://LOCALHOST:443"), 12);
    assert_eq!(secrets_after("http://localhost", "http://localhost:80"), 12);
    assert_eq!(secrets_after("https://localhost:443", "https://localhost"), 12);
    assert_eq!(secrets_after("https://localhost", "http://localhost"), 0);
    assert_eq!(secrets_after("http://localhost", "https://127.0.0.1"), 0);
    assert_eq!(secrets_after("http://localhost", "http://127.0.0.1"), 0);
}

#[test]
fn a053_the_sessions_own_secrets_do_not_follow_either() {
    let (origin, other) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let configuration = Configuration::default().header("Authorization", "secret").header("X-Own", "kept");
    Story::with(&configuration, &Request::new(&sending_on(&origin, 302, &other.url("/hello"))));
    assert_eq!(origin.request().value("Authorization"), Some("secret"));
    assert_eq!(other.request().value("Authorization"), None);
    assert_eq!(other.request().value("X-Own"), Some("kept"));
}

/// How many secrets the request in the slot has, and how many of it arrive, when `from` redirects to `to`.
fn proposed(configuration: &Configuration, from: &Origin, to: &Origin) -> (usize, usize) {
    let seen = Arc::new(AtomicUsize::new(usize::MAX));
    let sees = seen.clone();
    let recorder = Recorder::default().leading(move |hop| {
        let is_secret = |name: &&&str| hop.request.value(name).as_deref() == Some("secret");
        sees.store(SECRETS.iter().chain(&OWN_SECRETS).filter(is_secret).count(), Ordering::Relaxed);
        Direction::Follow
    });
    let request = secretive(&sending_on(from, 302, &to.url("/hello")));
    let request = OWN_SECRETS.iter().fold(request, |request, name| request.header(name, "secret"));
    let story = Story::told_to(recorder, configuration, &request);
    assert_eq!(story.outcome(), "ok");
    let arrived = to.requests().pop().unwrap();
    let own = OWN_SECRETS.iter().filter(|name| arrived.value(name) == Some("secret")).count();
    (seen.load(Ordering::Relaxed), secrets(&arrived) + own)
}

#[test]
fn a053_q022_q023_the_request_in_the_slot_has_no_secrets_for_another_origin() {
    let [home, abroad] = [(); 2].map(|()| Origin::http(standard::serve));
    let safe = Origin::https(standard::serve);
    // Written otherwise than in the request, for a name has no case.
    let configuration = Configuration::trusting(safe.certificate()).sensitive("x-OWN-secret").sensitive("TICKET");
    assert_eq!(proposed(&configuration, &home, &home), (14, 14));
    assert_eq!(proposed(&configuration, &safe, &safe), (14, 14));
    assert_eq!(proposed(&configuration, &home, &abroad), (0, 0));
    assert_eq!(proposed(&configuration, &safe, &home), (0, 0));
    assert_eq!(proposed(&configuration, &home, &safe), (0, 0));
}

#[test]
fn q023_only_what_was_named_a_secret_is_one() {
    let [home, abroad] = [(); 2].map(|()| Origin::http(standard::serve));
    assert_eq!(proposed(&Configuration::default(), &home, &abroad), (2, 2));
    assert_eq!(proposed(&Configuration::default().sensitive("Ticket"), &home, &abroad), (1, 1));
    assert_eq!(proposed(&Configuration::default().sensitive("Tick"), &home, &abroad), (2, 2));
}

#[test]
fn q023_a_sensitive_field_needs_a_name() {
    for name in ["", "two words", "colon:", "line\n", "ö"] {
        let (configuration, name) = (Configuration::default(), c_text(name));
        let status = url_session_configuration_add_sensitive_header_field(configuration.get(), name.as_ptr());
        assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT, "{name:?}");
    }
}

#[test]
fn a050_secrets_that_the_application_answers_with_are_sent() {
    let (origin, other) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let lead = |hop: &Hop| Direction::To(hop.request.clone().header("Authorization", "of the other"));
    let request = secretive(&sending_on(&origin, 302, &other.url("/hello")));
    Story::told_to(Recorder::default().leading(lead), &Configuration::default(), &request);
    assert_eq!(other.request().value("Authorization"), Some("of the other"));
    assert_eq!(secrets(&other.request()), 0);
}

#[test]
fn a053_a_host_of_ones_own_stays_with_its_origin() {
    let (origin, other) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let request = Request::new(&sending_on(&origin, 302, &other.url("/hello"))).header("Host", "virtual.example");
    Story::with(&Configuration::default(), &request);
    assert_eq!(origin.request().value("Host"), Some("virtual.example"));
    assert_eq!(other.request().value("Host"), Some(other.address().to_string().as_str()));
}
