use crate::support::handle::{Configuration, Request};
use crate::support::hsts::HstsStorage;
use crate::support::origin::Origin;
use crate::support::recorder::{Direction, Recorder};
use crate::support::site::Site;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const TO_HTTP: &str = "302 Found\r\nLocation: http://localhost/to";

#[test]
fn http_fails_before_anything_is_connected() {
    let origin = Origin::http(standard::serve);
    let url = origin.url("/hello");
    let story = Story::with(&Configuration::default().requires_https(), &Request::new(&url));
    assert_eq!(story.transcript(), "did_complete 1 -1022");
    assert_eq!(story.error().failing_url(), Some(url));
    assert!(story.error().message().contains("https"), "{}", story.error().message());
    assert_eq!(origin.accepted(), 0);
}

#[test]
fn https_and_what_becomes_https_is_fine() {
    let site = Site::answering(&[], &[]);
    let configuration = site.configuration().requires_https().hsts(&HstsStorage::knowing("localhost"));
    for url in ["https://localhost/", "http://localhost/"] {
        assert_eq!(Story::with(&configuration, &Request::new(url)).outcome(), "ok", "{url}");
    }
    assert_eq!(site.http.accepted(), 0);
}

#[test]
fn a_redirect_to_http_fails_where_it_stands() {
    let site = Site::answering(&[], &[("/from", TO_HTTP)]);
    let configuration = site.configuration().requires_https().hsts(&HstsStorage::default());
    let story = Story::with(&configuration, &Request::new("https://localhost/from"));
    assert_eq!(story.transcript(), "did_complete 1 -1022");
    assert_eq!(story.error().failing_url().as_deref(), Some("http://localhost/to"));
    assert_eq!((story.task.redirect_count(), site.http.accepted()), (1, 0));
}

#[test]
fn a_redirect_slot_may_lead_to_https() {
    let site = Site::answering(&[], &[("/from", TO_HTTP)]);
    let configuration = site.configuration().requires_https().hsts(&HstsStorage::default());
    let recorder = Recorder::default().leading(|_| Direction::To(Request::new("https://localhost/to")));
    let story = Story::told_to(recorder, &configuration, &Request::new("https://localhost/from"));
    assert_eq!((story.outcome(), site.http.accepted()), ("ok".into(), 0));
}

#[test]
fn http_is_allowed_unless_it_is_said() {
    for configuration in [Configuration::default(), Configuration::ephemeral()] {
        assert!(!url_session_configuration_requires_https(configuration.get()));
        assert!(url_session_configuration_requires_https(configuration.requires_https().get()));
    }
}
