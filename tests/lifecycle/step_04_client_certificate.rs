//! As whom to go: certificates that servers ask for, and who gets to see them.

use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};

use crate::support::certificate::{self, Asks, Leaf};
use crate::support::challenge::{Asked, Credential, Reply};
use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::Recorder;
use crate::support::story::Story;
use urlsession::*;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];
const CERTIFICATE: UrlSessionAuthenticationMethod = UrlSessionAuthenticationMethod::CLIENT_CERTIFICATE;

/// Says as whom it was asked, and closes; every connection is a new one.
fn who(connection: &mut Connection) {
    if connection.read_request().is_none() {
        return;
    }
    let certificate = connection.client_certificate();
    let body = certificate.as_deref().unwrap_or(b"nobody");
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    connection.send(head.as_bytes());
    connection.send(body);
    connection.close();
}

fn origin(version: &'static SupportedProtocolVersion, asks: Asks) -> Origin {
    Origin::tls(certificate::server_that_asks(certificate::leaf(), &[version], asks), who)
}

fn trusting() -> Configuration {
    Configuration::trusting(certificate::trusted())
}

fn is_about_us(asked: &Asked) -> bool {
    asked.challenge.space().method() == CERTIFICATE
}

/// Trusts every server, and shows this to whoever asks.
fn showing(credential: Credential) -> Recorder {
    Recorder::default().trusting(move |asked| match is_about_us(asked) {
        true => Reply::Use(credential.clone()),
        false => asked.accept(),
    })
}

fn answering(reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Recorder {
    Recorder::default().trusting(move |asked| if is_about_us(asked) { reply(asked) } else { Reply::Default })
}

fn asked(recorder: Recorder, method: &str) -> usize {
    let beginning = format!("session_did_receive_challenge {method} ");
    recorder.lines().iter().filter(|line| line.starts_with(&beginning)).count()
}

/// One more task of this session; what it was answered.
fn run(recorder: Recorder, session: &Session, origin: &Origin) -> Result<Vec<u8>, String> {
    let number = session.start(&origin.url("/")).identifier();
    let end = recorder.wait_for_beginning(&format!("did_complete {number} "));
    if end.ends_with(" ok") { Ok(recorder.body(number)) } else { Err(end.rsplit(' ').next().unwrap().to_owned()) }
}

fn nobody() -> Result<Vec<u8>, String> {
    Ok(b"nobody".to_vec())
}

fn somebody(leaf: &Leaf) -> Result<Vec<u8>, String> {
    Ok(leaf.der().to_vec())
}

#[test]
fn a047_the_challenge_names_whose_certificates_are_taken() {
    for version in VERSIONS {
        let (origin, leaf) = (origin(version, Asks::Always), certificate::client());
        let recorder = showing(Credential::of_leaf(&leaf));
        let session = recorder.session(&trusting());
        assert_eq!(run(recorder, &session, &origin), somebody(&leaf), "{version:?}");
        let lines: Vec<_> = recorder.lines().into_iter().filter(|line| line.starts_with("session_did")).collect();
        let expected = ["ServerTrust \"\" 0 -", "ClientCertificate \"\" 0 -"];
        assert_eq!(lines, expected.map(|line| format!("session_did_receive_challenge {line}")));
        assert_eq!((origin.accepted(), origin.requests().len()), (2, 1));
    }
}

#[test]
fn a043_the_protection_space_of_a_client_certificate() {
    let origin = origin(&TLS13, Asks::Always);
    let recorder = answering(|_| Reply::Later);
    let session = recorder.session(&trusting());
    session.start(&origin.url("/"));
    let asked = recorder.asked();
    let space = asked.challenge.space();
    assert_eq!((space.host().as_str(), space.port()), ("127.0.0.1", origin.address().port()));
    assert_eq!((space.protocol().as_str(), space.is_proxy()), ("https", false));
    let issuers = space.issuers();
    let name = b"liburlsession test authority";
    assert!(issuers.len() == 1 && issuers[0].windows(name.len()).any(|window| window == name));
    assert!(asked.trust().is_none() && asked.challenge.error().is_none() && asked.challenge.proposed().is_none());
    assert!(asked.answer(&Reply::Cancel));
    recorder.wait_for("did_complete 1 -999");
}

#[test]
fn a047_each_answer_to_a_server_that_needs_a_certificate() {
    type Answer = fn(&Asked) -> Reply;
    let answers: [(Answer, &str); 5] = [
        (|_| Reply::Default, "-1206"),
        (|_| Reply::UseNone, "-1206"),
        (|_| Reply::Reject, "-1206"),
        (|_| Reply::Use(Credential::user("me", "secret")), "-1206"),
        (|_| Reply::Cancel, "-999"),
    ];
    for version in VERSIONS {
        for (reply, outcome) in answers {
            let (origin, recorder) = (origin(version, Asks::Always), answering(reply));
            let session = recorder.session(&trusting());
            assert_eq!(run(recorder, &session, &origin), Err(outcome.to_owned()), "{version:?}");
            assert_eq!(origin.requests().len(), 0);
        }
    }
}

#[test]
fn a047_a_server_that_only_asks_goes_on_without() {
    for version in VERSIONS {
        let (origin, recorder) = (origin(version, Asks::Perhaps), answering(|_| Reply::UseNone));
        let session = recorder.session(&trusting());
        for _ in 0..2 {
            assert_eq!(run(recorder, &session, &origin), nobody());
        }
        // On the connection that there is; and asked anew with the next, which resumption must not hide.
        assert_eq!((asked(recorder, "ClientCertificate"), origin.accepted()), (2, 2), "{version:?}");
    }
}

#[test]
fn a047_a_certificate_that_the_server_does_not_like() {
    for version in VERSIONS {
        for leaf in [certificate::unknown_client(), certificate::expired_client()] {
            let (origin, recorder) = (origin(version, Asks::Always), showing(Credential::of_leaf(&leaf)));
            let session = recorder.session(&trusting());
            assert_eq!(run(recorder, &session, &origin), Err("-1205".to_owned()), "{version:?}");
        }
    }
}

#[test]
fn a047_asked_for_every_connection_or_remembered() {
    for version in VERSIONS {
        let (origin, leaf) = (origin(version, Asks::Perhaps), certificate::client());
        for (credential, times) in [(Credential::of_leaf(&leaf), 3), (Credential::of_leaf_for_session(&leaf), 1)] {
            let recorder = showing(credential);
            let session = recorder.session(&trusting());
            for _ in 0..3 {
                assert_eq!(run(recorder, &session, &origin), somebody(&leaf));
            }
            let seen = (asked(recorder, "ServerTrust"), asked(recorder, "ClientCertificate"));
            assert_eq!(seen, (3, times), "{version:?}");
        }
        // Twice for each that was asked for, once for each that was remembered.
        assert_eq!(origin.accepted(), 6 + 4);
    }
}

#[test]
fn a047_one_that_was_refused_is_not_remembered() {
    for version in VERSIONS {
        let origin = origin(version, Asks::Always);
        let recorder = showing(Credential::of_leaf_for_session(&certificate::unknown_client()));
        let session = recorder.session(&trusting());
        for _ in 0..2 {
            assert_eq!(run(recorder, &session, &origin), Err("-1205".to_owned()));
        }
        assert_eq!(asked(recorder, "ClientCertificate"), 2, "{version:?}");
    }
}

#[test]
fn a047_the_configurations_certificate_needs_no_delegate() {
    for version in VERSIONS {
        let (origin, leaf) = (origin(version, Asks::Always), certificate::client());
        let configuration = trusting().client_certificate("127.0.0.1", &Credential::of_leaf(&leaf));
        let recorder = Recorder::default();
        let session = recorder.session(&configuration);
        for _ in 0..2 {
            assert_eq!(run(recorder, &session, &origin), somebody(&leaf));
        }
        assert_eq!(origin.accepted(), 2);
        let elsewhere = trusting().client_certificate("localhost", &Credential::of_leaf(&leaf));
        let (recorder, other) = (Recorder::default(), self::origin(version, Asks::Always));
        assert_eq!(run(recorder, &recorder.session(&elsewhere), &other), Err("-1206".to_owned()), "{version:?}");
    }
}

#[test]
fn a047_the_configurations_certificate_is_what_a_delegate_is_proposed() {
    let (origin, leaf) = (origin(&TLS13, Asks::Perhaps), certificate::client());
    let configuration = trusting().client_certificate("127.0.0.1", &Credential::of_leaf(&leaf));
    let recorder = answering(|_| Reply::Default);
    assert_eq!(run(recorder, &recorder.session(&configuration), &origin), somebody(&leaf));
    recorder.wait_for("session_did_receive_challenge ClientCertificate \"\" 0 somebody");
    let recorder = answering(|_| Reply::UseNone);
    assert_eq!(run(recorder, &recorder.session(&configuration), &origin), nobody());
}

#[test]
fn a047_no_certificate_is_shown_to_a_server_that_is_not_trusted() {
    for version in VERSIONS {
        let server = certificate::server_that_asks(certificate::self_signed(), &[version], Asks::Perhaps);
        let origin = Origin::tls(server, who);
        let leaf = certificate::client();
        let configuration = trusting().client_certificate("127.0.0.1", &Credential::of_leaf(&leaf));
        let recorder = Recorder::default();
        assert_eq!(run(recorder, &recorder.session(&configuration), &origin), Err("-1203".to_owned()));
        let credential = Credential::of_leaf(&leaf);
        let recorder = Recorder::default().trusting(move |asked| match is_about_us(asked) {
            true => Reply::Use(credential.clone()),
            false => Reply::Default,
        });
        assert_eq!(run(recorder, &recorder.session(&configuration), &origin), Err("-1203".to_owned()));
        assert_eq!((asked(recorder, "ClientCertificate"), origin.requests().len()), (0, 0));
        // Accepted, it is.
        let recorder = showing(Credential::of_leaf(&leaf));
        assert_eq!(run(recorder, &recorder.session(&trusting()), &origin), somebody(&leaf), "{version:?}");
    }
}

/// Shows these chains in turn.
fn in_turn(leaves: Vec<Leaf>, version: &'static SupportedProtocolVersion) -> Origin {
    let servers = leaves.into_iter().map(|leaf| certificate::server_that_asks(leaf, &[version], Asks::Perhaps));
    Origin::tls_in_turn(servers.collect(), who)
}

#[test]
fn a047_a_certificate_is_shown_to_the_accepted_chain_alone() {
    for version in VERSIONS {
        let leaf = certificate::client();
        // The second shows who it is only to a handshake that has a certificate ready.
        let origin =
            in_turn(vec![certificate::leaf(), certificate::self_signed(), certificate::self_signed()], version);
        let credential = Credential::of_leaf(&leaf);
        let recorder = Recorder::default().trusting(move |asked| match is_about_us(asked) {
            true => Reply::Use(credential.clone()),
            false => Reply::Default,
        });
        assert_eq!(run(recorder, &recorder.session(&trusting()), &origin), Err("-1203".to_owned()));
        assert_eq!((asked(recorder, "ServerTrust"), asked(recorder, "ClientCertificate")), (2, 1));
        assert_eq!((origin.accepted(), origin.requests().len()), (3, 0), "{version:?}");
    }
}

#[test]
fn a047_a_server_with_two_chains_is_asked_about_for_each() {
    let (one, other) = (certificate::of_intermediate(true).0, certificate::leaf());
    let leaf = certificate::client();
    let chains = vec![certificate::leaf(), one, other];
    let origin = in_turn(chains, &TLS13);
    let recorder = showing(Credential::of_leaf(&leaf));
    // The third stays: asked about all of them, and about the certificate once.
    assert_eq!(run(recorder, &recorder.session(&trusting()), &origin), somebody(&leaf));
    assert_eq!((asked(recorder, "ServerTrust"), asked(recorder, "ClientCertificate")), (2, 1));
}

#[test]
fn a047_a_server_that_has_renewed_its_certificate_is_asked_about_and_sees_what_it_saw() {
    for version in VERSIONS {
        let server = |leaf| certificate::server_that_asks(leaf, &[version], Asks::Perhaps);
        let (before, after) = (server(certificate::leaf()), server(certificate::leaf()));
        let origin = Origin::tls_in_turn(vec![before.clone(), before.clone(), before, after], who);
        let leaf = certificate::client();
        let recorder = showing(Credential::of_leaf_for_session(&leaf));
        let session = recorder.session(&trusting());
        for accepted in [2, 3, 6, 7] {
            assert_eq!(run(recorder, &session, &origin), somebody(&leaf));
            assert_eq!(origin.accepted(), accepted, "{version:?}");
        }
        assert_eq!((asked(recorder, "ServerTrust"), asked(recorder, "ClientCertificate")), (4, 1));
    }
}

#[test]
fn a047_what_one_tasks_delegate_shows_waits_for_anothers_trust() {
    let (origin, leaf) = (origin(&TLS13, Asks::Perhaps), certificate::client());
    let of_task = showing(Credential::of_leaf_for_session(&leaf));
    let of_session = Recorder::default().trusting(|_| Reply::Cancel);
    let session = of_session.session(&trusting());
    let own = session.task(&origin.url("/"));
    assert_eq!(url_session_task_set_delegate(own.get(), &of_task.delegate()), UrlSessionStatus::OK);
    own.resume();
    of_task.wait_for("did_complete 1 ok");
    assert_eq!(run(of_session, &session, &origin), Err("-999".to_owned()));
    // It has seen no certificate: three connections, and the last was without.
    assert_eq!((origin.accepted(), origin.requests().len()), (3, 1));
}

#[test]
fn a040_the_tasks_slot_where_the_sessions_is_empty() {
    let (origin, leaf) = (origin(&TLS13, Asks::Always), certificate::client());
    let credential = Credential::of_leaf(&leaf);
    let recorder = Recorder::default().meeting(move |asked| match is_about_us(asked) {
        true => Reply::Use(credential.clone()),
        false => Reply::Default,
    });
    assert_eq!(run(recorder, &recorder.session(&trusting()), &origin), somebody(&leaf));
    recorder.wait_for("did_receive_challenge 1 ClientCertificate \"\" 0 -");
}

#[test]
fn a056_a_certificate_that_nobody_gives_ends_with_the_request_timer() {
    let origin = origin(&TLS12, Asks::Always);
    let recorder = answering(|_| Reply::Later);
    let configuration = trusting().request_timeout(2.0);
    let story = Story::told_to(recorder, &configuration, &Request::new(&origin.url("/")));
    assert_eq!(story.outcome(), "-1001 request");
    assert!(recorder.asked().answer(&Reply::Default));
}

#[test]
fn q040_connections_of_two_identities_are_two() {
    let leaf = certificate::client();
    let origin = Origin::tls(certificate::server_that_asks(certificate::leaf(), &[], Asks::Perhaps), |connection| {
        while connection.read_request().is_some() {
            let body = connection.client_certificate().unwrap_or_default().len().to_string();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n{body}", body.len());
            connection.send(head.as_bytes());
        }
    });
    let (of_session, of_task) = (Recorder::default(), showing(Credential::of_leaf(&leaf)));
    let session = of_session.session(&trusting());
    let own = session.task(&origin.url("/"));
    assert_eq!(url_session_task_set_delegate(own.get(), &of_task.delegate()), UrlSessionStatus::OK);
    own.resume();
    of_task.wait_for("did_complete 1 ok");
    assert_eq!(of_task.body(1), leaf.der().len().to_string().into_bytes());
    assert_eq!(run(of_session, &session, &origin), Ok(b"0".to_vec()));
}

#[test]
fn a_certificate_for_no_host_and_a_credential_of_none() {
    let configuration = Configuration::default();
    let set = |host: &std::ffi::CStr, credential: &Credential| {
        url_session_configuration_set_client_certificate(configuration.get(), host.as_ptr(), credential.get())
    };
    let (certificate, password) = (Credential::of_leaf(&certificate::client()), Credential::user("me", "secret"));
    assert_eq!(set(c"", &certificate), UrlSessionStatus::INVALID_ARGUMENT);
    assert_eq!(set(c"https://example.com", &certificate), UrlSessionStatus::INVALID_ARGUMENT);
    assert_eq!(set(c"example.com", &password), UrlSessionStatus::INVALID_ARGUMENT);
    assert_eq!(set(c"example.com", &certificate), UrlSessionStatus::OK);
}

#[test]
fn a047_a_certificate_can_be_taken_away_again() {
    let (origin, credential) = (origin(&TLS13, Asks::Perhaps), Credential::of_leaf(&certificate::client()));
    let configuration = trusting()
        .client_certificate("127.0.0.1", &credential)
        .set(|c| url_session_configuration_set_client_certificate(c, c"127.0.0.1".as_ptr(), std::ptr::null_mut()));
    let recorder = Recorder::default();
    assert_eq!(run(recorder, &recorder.session(&configuration), &origin), nobody());
}
