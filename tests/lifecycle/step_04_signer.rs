//! A client certificate whose key stays where it is: the application signs.

use rustls::SupportedProtocolVersion;
use rustls::version::{TLS12, TLS13};

use crate::support::certificate::{self, Asks};
use crate::support::challenge::{Credential, Reply};
use crate::support::client_certificate::Token;
use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Session};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::Recorder;

const VERSIONS: [&SupportedProtocolVersion; 2] = [&TLS12, &TLS13];

/// Says as whom it was asked, and closes.
fn who(connection: &mut Connection) {
    if connection.read_request().is_none() {
        return;
    }
    let body = connection.client_certificate().unwrap_or_default();
    let head = format!("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: {}\r\n\r\n", body.len());
    connection.send(head.as_bytes());
    connection.send(&body);
    connection.close();
}

fn origin(version: &'static SupportedProtocolVersion) -> Origin {
    Origin::tls(certificate::server_that_asks(certificate::leaf(), &[version], Asks::Always), who)
}

fn trusting() -> Configuration {
    Configuration::trusting(certificate::trusted())
}

fn showing(credential: Credential) -> Recorder {
    Recorder::default().trusting(move |asked| match asked.trust() {
        Some(_) => Reply::Default,
        None => Reply::Use(credential.clone()),
    })
}

/// As whom the server was asked, or how the task ended.
fn run(recorder: Recorder, session: &Session, origin: &Origin) -> Result<Vec<u8>, String> {
    let number = session.start(&origin.url("/")).identifier();
    let end = recorder.wait_for_beginning(&format!("did_complete {number} "));
    if end.ends_with(" ok") { Ok(recorder.body(number)) } else { Err(end.rsplit(' ').next().unwrap().to_owned()) }
}

#[test]
fn a047_a_key_that_stays_where_it_is() {
    let algorithms = [
        (&rcgen::PKCS_ECDSA_P256_SHA256, 0x0403),
        (&rcgen::PKCS_ECDSA_P384_SHA384, 0x0503),
        (&rcgen::PKCS_ECDSA_P521_SHA512, 0x0603),
        (&rcgen::PKCS_ED25519, 0x0807),
        (&rcgen::PKCS_RSA_SHA256, 0x0804),
    ];
    for (algorithm, scheme) in algorithms {
        let (origin, leaf) = (origin(&TLS13), certificate::client_with(algorithm));
        let token = Token::of(&leaf);
        for certificates in [leaf.pem().as_bytes(), leaf.der()] {
            let recorder = showing(token.credential(certificates).ok().unwrap());
            assert_eq!(run(recorder, &recorder.session(&trusting()), &origin), Ok(leaf.der().to_vec()));
        }
        assert_eq!(token.schemes(), [scheme, scheme]);
    }
}

#[test]
fn a047_a_signer_is_released_once_and_only_where_it_was_taken() {
    let (origin, leaf) = (origin(&TLS12), certificate::client());
    let token = Token::of(&leaf);
    let recorder = Recorder::default();
    let credential = token.credential(leaf.der()).ok().unwrap();
    let session = recorder.session(&trusting().client_certificate("127.0.0.1", &credential));
    drop(credential);
    assert_eq!(run(recorder, &session, &origin), Ok(leaf.der().to_vec()));
    assert_eq!(token.released(), 0);
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    drop(session);
    let token = Token::of(&leaf);
    for nothing in [&b""[..], b"no certificate", &leaf.der()[..40]] {
        let error = token.credential(nothing).err().unwrap();
        assert_eq!((error.code(), token.released()), (-1015, 0));
    }
}

#[test]
fn a047_a_signer_that_fails() {
    for version in VERSIONS {
        let (origin, leaf) = (origin(version), certificate::client());
        let recorder = showing(Token::broken(&leaf).credential(leaf.der()).ok().unwrap());
        let session = recorder.session(&trusting());
        assert_eq!(run(recorder, &session, &origin), Err("-1200".to_owned()), "{version:?}");
    }
}

#[test]
fn a047_a_signer_that_blocks_holds_up_nobody_else() {
    let (origin, leaf, gate) = (origin(&TLS13), certificate::client(), Gate::default());
    let token = Token::behind(&leaf, &gate);
    let configuration = trusting().client_certificate("127.0.0.1", &token.credential(leaf.der()).ok().unwrap());
    let recorder = Recorder::default();
    let session = recorder.session(&configuration);
    // More than there are network threads.
    let waiting: Vec<_> = (0..6).map(|_| session.start(&origin.url("/"))).collect();
    origin.wait_for_accepted(6);
    let free = Origin::https(who);
    let other = session.start(&free.url("/")).identifier();
    recorder.wait_for(&format!("did_complete {other} ok"));
    waiting[0].cancel();
    recorder.wait_for("did_complete 1 -999");
    (0..6).for_each(|_| gate.open());
    for task in &waiting[1..] {
        recorder.wait_for(&format!("did_complete {} ok", task.identifier()));
    }
}
