use std::ptr;

use crate::support::challenge::Asked;
use crate::support::directory::Directory;
use crate::support::handle::{Configuration, Request, c_text};
use crate::support::hsts::HstsStorage;
use crate::support::recorder::{Direction, Recorder};
use crate::support::site::Site;
use crate::support::story::Story;
use urlsession::*;

const WANTS_HTTPS: &str = "200 OK\r\nStrict-Transport-Security: max-age=3600";
const MOVED_AND_WANTS_HTTPS: &str =
    "302 Found\r\nLocation: http://localhost/to\r\nStrict-Transport-Security: max-age=3600";

fn outcome(configuration: &Configuration, url: &str) -> String {
    Story::with(configuration, &Request::new(url)).outcome()
}

#[test]
fn what_a_host_says_over_https_counts_from_then_on() {
    let site = Site::answering(&[], &[("/", WANTS_HTTPS)]);
    let storage = HstsStorage::default();
    let configuration = site.configuration().hsts(&storage);
    assert_eq!(outcome(&configuration, "http://localhost/a"), "ok");
    assert_eq!(outcome(&configuration, "https://localhost/"), "ok");
    assert!(storage.contains("localhost") && !storage.contains("a.localhost"));
    let story = Story::with(&configuration, &Request::new("http://localhost/b?c"));
    // Nobody was asked, and it is no hop.
    assert_eq!(story.transcript(), "did_receive_response 1 200\ndid_complete 1 ok");
    assert_eq!(story.task.redirect_count(), 0);
    assert_eq!(story.task.current_request().url(), "https://localhost/b?c");
    assert_eq!(story.task.original_request().url(), "http://localhost/b?c");
    assert_eq!(story.response().url(), "https://localhost/b?c");
    assert_eq!(site.phone.dialed(), ["localhost 80", "localhost 443", "localhost 443"]);
}

#[test]
fn an_error_page_teaches_too_and_0_takes_it_back() {
    let site = Site::answering(
        &[],
        &[
            ("/missing", "404 Not Found\r\nStrict-Transport-Security: max-age=3600; includeSubDomains"),
            ("/forget", "200 OK\r\nStrict-Transport-Security: max-age=0"),
        ],
    );
    let storage = HstsStorage::default();
    let configuration = site.configuration().hsts(&storage);
    outcome(&configuration, "https://localhost/missing");
    assert!(storage.contains("localhost") && storage.contains("a.localhost"));
    outcome(&configuration, "http://localhost/forget");
    assert!(!storage.contains("localhost"));
}

#[test]
fn a_redirect_teaches_before_it_is_followed() {
    let site = Site::answering(&[], &[("/from", MOVED_AND_WANTS_HTTPS)]);
    let storage = HstsStorage::default();
    let recorder = Recorder::default().leading(|_| Direction::Follow);
    let request = Request::new("https://localhost/from").header("Authorization", "Bearer secret");
    let story = Story::told_to(recorder, &site.configuration().hsts(&storage), &request);
    let expected = "will_perform_redirection 1 302 https://localhost/to GET\n\
                    did_receive_response 1 200\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
    assert_eq!(site.http.accepted(), 0);
    // The same origin all the time, so the secret stays with it.
    assert_eq!(site.https.requests()[1].value("Authorization"), Some("Bearer secret"));
}

#[test]
fn an_answer_of_the_redirect_slot_is_upgraded_too() {
    let site = Site::answering(&[], &[("/from", "302 Found\r\nLocation: /elsewhere")]);
    let recorder = Recorder::default().leading(|_| Direction::To(Request::new("http://localhost/to")));
    let configuration = site.configuration().hsts(&HstsStorage::knowing("localhost"));
    let story = Story::told_to(recorder, &configuration, &Request::new("https://localhost/from"));
    assert_eq!((story.outcome(), site.http.accepted()), ("ok".into(), 0));
    assert_eq!(story.task.current_request().url(), "https://localhost/to");
}

#[test]
fn what_does_not_count() {
    let site = Site::answering(
        &[("/", WANTS_HTTPS)],
        &[
            ("/", WANTS_HTTPS),
            ("/broken", "200 OK\r\nStrict-Transport-Security: max-age=3600; max-age=3600"),
            ("/second", "200 OK\r\nStrict-Transport-Security: x\r\nStrict-Transport-Security: max-age=3600"),
        ],
    );
    let storage = HstsStorage::default();
    let configuration = site.configuration().hsts(&storage);
    for url in ["http://localhost/", "https://localhost/broken", "https://localhost/second", "https://127.0.0.1/"] {
        assert_eq!(outcome(&configuration, url), "ok", "{url}");
    }
    assert_eq!(storage.lines(), [""; 0]);
    // Nobody knows who that was.
    let stranger = site.phone.give_to(Configuration::default()).hsts(&storage);
    assert_eq!(outcome(&stranger, "https://localhost/"), "-1203");
    assert_eq!(storage.lines(), [""; 0]);
}

/// RFC 6797, 8.1: where a certificate was accepted against the platform's verdict, the host may be another.
#[test]
fn a_doubtful_server_teaches_nothing_on_whatever_connection() {
    let site = Site::answering(&[], &[("/", WANTS_HTTPS)]);
    let storage = HstsStorage::default();
    let distrusting = || site.phone.give_to(Configuration::default()).hsts(&storage);
    let recorder = Recorder::default().trusting(Asked::accept);
    let session = recorder.session(&distrusting());
    for task in 1..=2 {
        session.start("https://localhost/");
        recorder.wait_for(&format!("did_complete {task} ok"));
    }
    let any = distrusting().set(|c| url_session_configuration_set_dangerously_accepts_any_server_certificate(c, true));
    assert_eq!(outcome(&any, "https://localhost/"), "ok");
    assert_eq!((site.https.requests().len(), storage.lines().len()), (3, 0));

    // Who is asked and says what the platform says has no doubt.
    let recorder = Recorder::default().trusting(Asked::accept);
    let story = Story::told_to(recorder, &site.configuration().hsts(&storage), &Request::new("https://localhost/"));
    assert_eq!((story.outcome(), storage.lines().len()), ("ok".into(), 1));
}

#[test]
fn another_port_stays() {
    let site = Site::answering(&[], &[]);
    let configuration = site.configuration().hsts(&HstsStorage::knowing("localhost"));
    let story = Story::with(&configuration, &Request::new("http://localhost:8080/"));
    assert_eq!(story.task.current_request().url(), "https://localhost:8080/");
    assert_eq!(outcome(&configuration, "http://localhost:80/"), "ok");
    assert_eq!(site.phone.dialed(), ["localhost 8080", "localhost 443"]);
}

#[test]
fn whose_storage_it_is() {
    let of = |configuration: &Configuration| url_session_configuration_copy_hsts_storage(configuration.get());
    let adopted = |configuration: &Configuration| HstsStorage::adopt(of(configuration)).unwrap();
    let shared = HstsStorage::retain(url_session_hsts_storage_shared());
    let (one, other) = (Configuration::default(), Configuration::ephemeral());
    let copy = Configuration::adopt(url_session_configuration_copy(other.get())).unwrap();
    assert_eq!(adopted(&one).get(), shared.get());
    assert_ne!(adopted(&other).get(), shared.get());
    assert_ne!(adopted(&other).get(), adopted(&Configuration::ephemeral()).get());
    assert_eq!(adopted(&other).get(), adopted(&copy).get());
    let none = one.set(|c| url_session_configuration_set_hsts_storage(c, ptr::null_mut()));
    assert!(of(&none).is_null());
}

#[test]
fn without_a_storage_nothing_is_learnt_or_changed() {
    let site = Site::answering(&[], &[("/", WANTS_HTTPS)]);
    let none = site.configuration().set(|c| url_session_configuration_set_hsts_storage(c, ptr::null_mut()));
    assert_eq!(outcome(&none, "https://localhost/"), "ok");
    assert_eq!(outcome(&none, "http://localhost/"), "ok");
    assert_eq!(site.http.requests().len(), 1);
}

#[test]
fn hosts_go_out_and_come_in_as_lines() {
    let storage = HstsStorage::default();
    storage.import("# comment\n.a.example \"20991231 23:59:59\"\nnonsense\nold.example \"20010101 00:00:00\"\n");
    storage.import("b.example \"unlimited\"");
    assert!(storage.contains("x.a.example") && storage.contains("b.example") && !storage.contains("x.b.example"));
    let lines = storage.lines();
    assert_eq!((lines.len(), lines[0].as_str()), (2, ".a.example \"20991231 23:59:59\""));
    let other = HstsStorage::default();
    other.import(&lines.join("\n"));
    assert_eq!(other.lines()[0], lines[0]);
    assert_eq!(url_session_hsts_storage_remove_all(storage.get()), UrlSessionStatus::OK);
    assert_eq!(storage.lines(), [""; 0]);
}

#[test]
fn a_file_survives_the_storage() {
    let (site, directory) = (Site::answering(&[], &[("/", WANTS_HTTPS)]), Directory::default());
    let path = directory.at("hsts").display().to_string();
    let storage = HstsStorage::default();
    assert_eq!(storage.set_file(&path), UrlSessionStatus::OK);
    let configuration = site.configuration().hsts(&storage);
    assert_eq!(outcome(&configuration, "https://localhost/"), "ok");
    // Whoever takes the file away has it written first.
    let status = url_session_hsts_storage_set_file(storage.get(), ptr::null(), ptr::null_mut());
    assert_eq!(status, UrlSessionStatus::OK);
    let next = HstsStorage::default();
    assert_eq!(next.set_file(&path), UrlSessionStatus::OK);
    assert!(next.contains("localhost"));
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let directory = Directory::default();
    let (storage, mut error) = (HstsStorage::knowing("h.example"), ptr::null_mut());
    let path = c_text(&directory.path().display().to_string());
    let status = url_session_hsts_storage_set_file(storage.get(), path.as_ptr(), &mut error);
    let error = crate::support::handle::Error::adopt(error).unwrap();
    assert_eq!((status, error.code()), (UrlSessionStatus::FAILED, -3001));
    assert!(error.underlying().is_some() && storage.contains("h.example"));
}
