use rustls::version::{TLS12, TLS13};

use crate::support::certificate::{self, Leaf};
use crate::support::handle::{Configuration, Request};
use crate::support::origin::Origin;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

fn with_leaf(leaf: Leaf) -> Story {
    let origin = Origin::tls(certificate::server(leaf, &[]), standard::serve);
    Story::with(&Configuration::trusting(origin.certificate()), &Request::new(&origin.url("/hello")))
}

fn versions(from: UrlSessionTlsVersion, to: UrlSessionTlsVersion) -> Configuration {
    // The oldest may not be above the newest at any time, so the newest goes first.
    Configuration::trusting(certificate::trusted())
        .set(|c| url_session_configuration_set_tls_maximum_version(c, to))
        .set(|c| url_session_configuration_set_tls_minimum_version(c, from))
}

#[test]
fn a_trusted_certificate_opens_the_door() {
    let origin = Origin::https(standard::serve);
    let configuration = Configuration::trusting(origin.certificate());
    for host in ["127.0.0.1", "localhost"] {
        let url = origin.url("/hello").replace("127.0.0.1", host);
        let story = Story::with(&configuration, &Request::new(&url));
        let expected = "did_receive_response 1 200\ndid_receive_data 1 \"hello, world\\n\"\ndid_complete 1 ok";
        assert_eq!(story.transcript(), expected, "{host}");
    }
}

#[test]
fn a074_each_fault_of_a_certificate_has_its_own_code() {
    let cases = [
        (certificate::expired(), -1201),
        (certificate::wrong_host(), -1202),
        (certificate::self_signed(), -1203),
        (certificate::not_yet_valid(), -1204),
    ];
    for (leaf, code) in cases {
        let story = with_leaf(leaf);
        assert_eq!(story.transcript(), format!("did_complete 1 {code}"));
        let cause = story.error().underlying().expect("the fault that TLS found");
        assert_eq!(cause.domain(), "UrlSessionTlsDomain");
        assert!(!cause.message().is_empty());
    }
}

#[test]
fn a074_an_authority_that_nobody_trusts() {
    let origin = Origin::https(standard::serve);
    assert_eq!(Story::of(&origin.url("/hello")).transcript(), "did_complete 1 -1203");
    assert_eq!(origin.requests().len(), 0);
}

#[test]
fn a074_no_version_in_common() {
    let origin = Origin::tls(certificate::server(certificate::leaf(), &[&TLS13]), standard::serve);
    let configuration = versions(UrlSessionTlsVersion::V1_2, UrlSessionTlsVersion::V1_2);
    let story = Story::with(&configuration, &Request::new(&origin.url("/hello")));
    assert_eq!(story.transcript(), "did_complete 1 -1200");
}

#[test]
fn a074_what_does_not_speak_tls() {
    let origin = Origin::http(|connection| {
        connection.send(b"HTTP/1.1 400 Bad Request\r\n\r\n");
        connection.wait_for_leave();
    });
    let story = Story::of(&origin.url("/").replace("http:", "https:"));
    assert_eq!(story.transcript(), "did_complete 1 -1200");
    let closing = Origin::http(|connection| connection.close());
    let story = Story::of(&closing.url("/").replace("http:", "https:"));
    assert!(matches!(story.outcome().as_str(), "-1200" | "-1005"), "{}", story.transcript());
}

#[test]
fn a074_a_server_that_asks_for_a_client_certificate() {
    let server = certificate::server_that_asks_for_a_client_certificate(certificate::leaf());
    let origin = Origin::tls(server, standard::serve);
    let story = Story::with(&Configuration::trusting(origin.certificate()), &Request::new(&origin.url("/hello")));
    assert_eq!(story.transcript(), "did_complete 1 -1206");
}

#[test]
fn a074_an_alert_keeps_its_number() {
    // A fatal alert in a record of its own: handshake_failure, bad_certificate.
    for (alert, code) in [(40, -1200), (42, -1205)] {
        let origin = Origin::http(move |connection| {
            connection.read_exactly(1);
            connection.send(&[21, 3, 3, 0, 2, 2, alert]);
            connection.wait_for_leave();
        });
        let story = Story::of(&origin.url("/").replace("http:", "https:"));
        assert_eq!(story.transcript(), format!("did_complete 1 {code}"));
        let cause = story.error().underlying().expect("the alert");
        assert_eq!((cause.domain().as_str(), cause.code()), ("UrlSessionTlsDomain", alert.into()));
    }
}

#[test]
fn both_versions_of_tls_are_spoken() {
    for version in [&TLS12, &TLS13] {
        let origin = Origin::tls(certificate::server(certificate::leaf(), &[version]), standard::serve);
        let configuration = Configuration::trusting(origin.certificate());
        let story = Story::with(&configuration, &Request::new(&origin.url("/bytes/100000")));
        assert_eq!((story.outcome(), story.body().len()), ("ok".into(), 100_000), "{version:?}");
    }
}

#[test]
fn the_oldest_version_is_a_setting() {
    let origin = Origin::tls(certificate::server(certificate::leaf(), &[&TLS12]), standard::serve);
    let request = Request::new(&origin.url("/hello"));
    let outcome = |from| Story::with(&versions(from, UrlSessionTlsVersion::V1_3), &request).outcome();
    assert_eq!(outcome(UrlSessionTlsVersion::V1_2), "ok");
    assert_eq!(outcome(UrlSessionTlsVersion::V1_3), "-1200");
    for version in [0, 0x0301, 0x0305] {
        let configuration = Configuration::default();
        let unknown = UrlSessionTlsVersion(version);
        for set in
            [url_session_configuration_set_tls_minimum_version, url_session_configuration_set_tls_maximum_version]
        {
            assert_eq!(set(configuration.get(), unknown), UrlSessionStatus::INVALID_ARGUMENT);
        }
    }
}

#[test]
fn broken_certificates_cannot_be_added() {
    let configuration = Configuration::default();
    let whole = certificate::trusted();
    let broken = whole.replacen("MII", "!!!", 1);
    for pem in ["", "no PEM", &whole[..whole.len() / 2], &broken] {
        let status = url_session_configuration_add_trusted_certificates(configuration.get(), pem.as_ptr(), pem.len());
        assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT, "{pem}");
    }
}

#[test]
fn a_body_that_ends_without_a_tls_farewell_was_cut() {
    let origin = Origin::https(|connection| {
        connection.read_request();
        connection.send(b"HTTP/1.1 200 OK\r\n\r\nabc");
        // The script ends here: the socket closes, and TLS was not told.
    });
    let configuration = Configuration::trusting(origin.certificate());
    let story = Story::with(&configuration, &Request::new(&origin.url("/")));
    assert_eq!(story.outcome(), "-1005");
    assert_eq!(story.body(), b"abc");
}
