//! Client certificates as they are given: PEM, files, PKCS #12, and what is none of them.

use std::path::Path;
use std::ptr;

use p12_keystore::EncryptionAlgorithm;

use crate::support::certificate::{self, Asks};
use crate::support::challenge::Credential;
use crate::support::client_certificate::made;
use crate::support::directory::Directory;
use crate::support::handle::{Configuration, Error, Request, c_text};
use crate::support::origin::Origin;
use crate::support::story::Story;
use urlsession::*;

const NONE: UrlSessionCredentialPersistence = UrlSessionCredentialPersistence::NONE;

/// What a server sees of it.
fn shown(credential: &Credential) -> Vec<u8> {
    let server = certificate::server_that_asks(certificate::leaf(), &[], Asks::Always);
    let origin = Origin::tls(server, |connection| {
        connection.read_request();
        let certificate = connection.client_certificate().unwrap_or_default();
        connection.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", certificate.len()).as_bytes());
        connection.send(&certificate);
        connection.wait_for_leave();
    });
    let configuration = Configuration::trusting(certificate::trusted()).client_certificate("127.0.0.1", credential);
    Story::with(&configuration, &Request::new(&origin.url("/"))).body()
}

fn pem_files(certificate: &Path, key: Option<&Path>) -> Result<Credential, Error> {
    let path = |path: &Path| c_text(path.to_str().unwrap());
    let (certificate, key) = (path(certificate), key.map(path));
    let key = key.as_ref().map_or(ptr::null(), |key| key.as_ptr());
    made(|credential, error| {
        url_session_credential_new_with_pem_files(certificate.as_ptr(), key, NONE, credential, error)
    })
}

fn refused(result: Result<Credential, Error>) -> String {
    let Err(error) = result else { panic!("it was taken for a certificate") };
    assert_eq!((error.code(), error.failing_url()), (-1015, None));
    error.message()
}

#[test]
fn q039_pem_in_one_text_and_in_two() {
    let leaf = certificate::client();
    let (certificate, key) = (leaf.pem(), leaf.key_pem());
    for (certificates, key) in [
        (certificate.clone(), key.clone()),
        (format!("{certificate}{key}"), String::new()),
        (format!("{key}{certificate}"), String::new()),
        (format!("words\n{certificate}{}", certificate::trusted()), key.clone()),
    ] {
        assert_eq!(shown(&Credential::of_pem(&certificates, &key).ok().unwrap()), leaf.der());
    }
}

#[test]
fn q039_pem_files_and_those_that_are_missing() {
    let (directory, leaf) = (Directory::default(), certificate::client());
    let certificate = directory.file("client.pem", leaf.pem().as_bytes());
    let key = directory.file("client.key", leaf.key_pem().as_bytes());
    let both = directory.file("both.pem", (leaf.pem() + &leaf.key_pem()).as_bytes());
    assert_eq!(shown(&pem_files(&certificate, Some(&key)).ok().unwrap()), leaf.der());
    assert_eq!(shown(&pem_files(&both, None).ok().unwrap()), leaf.der());
    let gone = directory.at("gone.pem");
    for (certificate, key) in [(&gone, None), (&gone, Some(&key)), (&certificate, Some(&gone))] {
        let error = pem_files(certificate, key.map(|key| key.as_path())).err().unwrap();
        assert_eq!(error.code(), -1100);
        assert!(error.message().contains("gone.pem"), "{}", error.message());
    }
    assert_eq!(pem_files(directory.path(), None).err().unwrap().code(), -1101);
}

#[test]
fn q039_keys_of_every_kind() {
    for algorithm in [
        &rcgen::PKCS_ECDSA_P256_SHA256,
        &rcgen::PKCS_ECDSA_P384_SHA384,
        &rcgen::PKCS_ECDSA_P521_SHA512,
        &rcgen::PKCS_ED25519,
        &rcgen::PKCS_RSA_SHA256,
    ] {
        let leaf = certificate::client_with(algorithm);
        assert_eq!(shown(&Credential::of_leaf(&leaf)), leaf.der());
    }
}

#[test]
fn q039_what_is_no_certificate_or_has_no_key() {
    let (leaf, other) = (certificate::client(), certificate::client());
    let (certificate, key) = (leaf.pem(), leaf.key_pem());
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIHj\n-----END ENCRYPTED PRIVATE KEY-----\n";
    for (certificates, key, why) in [
        ("", "", "no certificate"),
        ("words", &key[..], "no certificate"),
        (&key, &key, "no certificate"),
        (&certificate, "", "no private key"),
        (&certificate, &certificate, "no private key"),
        (&certificate, encrypted, "PKCS #12"),
        (&certificate, &other.key_pem(), "not that of the certificate"),
        (&certificate[..certificate.len() / 2], &key, "no certificate"),
        (&certificate.repeat(33), &key, "more certificates"),
    ] {
        let message = refused(Credential::of_pem(certificates, key));
        assert!(message.contains(why), "{why}: {message}");
    }
}

#[test]
fn q039_pkcs12_as_openssl_writes_it() {
    let file = |name| std::fs::read(Path::new("tests/support/pkcs12").join(name)).unwrap();
    for (name, passphrase) in [
        ("aes.p12", "secret"),
        ("rc2.p12", "secret"),
        ("triple_des.p12", "secret"),
        ("no_mac.p12", "secret"),
        ("no_passphrase.p12", ""),
        ("not_ascii.p12", "größe"),
    ] {
        let opened = Credential::of_pkcs12(&file(name), passphrase).map_err(|error| error.message());
        assert!(opened.is_ok(), "{name}: {}", opened.err().unwrap_or_default());
        for wrong in ["Secret", "secre", "ein sehr langes Kennwort", "\u{1f511}"] {
            let message = refused(Credential::of_pkcs12(&file(name), wrong));
            assert!(message.contains("passphrase") || message.contains("cannot be read"), "{name}: {message}");
            assert!(!message.contains(wrong));
        }
    }
    assert!(refused(Credential::of_pkcs12(&file("no_key.p12"), "secret")).contains("no private key"));
}

#[test]
fn a047_pkcs12_is_shown_to_a_server() {
    let leaf = certificate::client();
    for algorithm in
        [EncryptionAlgorithm::PbeWithHmacSha256AndAes256, EncryptionAlgorithm::PbeWithShaAnd3KeyTripleDesCbc]
    {
        let credential = Credential::of_pkcs12(&leaf.pkcs12_with(algorithm, "secret"), "secret").ok().unwrap();
        assert_eq!(shown(&credential), leaf.der());
    }
}

#[test]
fn pkcs12_that_is_broken_anywhere() {
    let whole = certificate::client().pkcs12("secret");
    for length in 0..whole.len() {
        refused(Credential::of_pkcs12(&whole[..length], "secret"));
    }
    for place in 0..whole.len() {
        for flip in [0x01, 0x80, 0xff] {
            let mut broken = whole.clone();
            broken[place] ^= flip;
            // Whatever it is by now, it is an answer and no crash.
            drop(Credential::of_pkcs12(&broken, "secret"));
        }
    }
    refused(Credential::of_pkcs12(&vec![0x30; (256 << 10) + 1], "secret"));
}

#[test]
fn certificates_that_are_broken_anywhere() {
    let leaf = certificate::client();
    let token = crate::support::client_certificate::Token::of(&leaf);
    for place in 0..leaf.der().len() {
        let mut broken = leaf.der().to_vec();
        broken[place] ^= 0xff;
        drop(token.credential(&broken));
        drop(token.credential(&leaf.der()[..place]));
    }
}

#[test]
fn a_persistence_that_nobody_knows() {
    let (pem, key) = (certificate::client().pem(), certificate::client().key_pem());
    let (mut credential, mut error) = (ptr::dangling_mut(), ptr::dangling_mut());
    let status = url_session_credential_new_with_pem(
        pem.as_ptr(),
        pem.len(),
        key.as_ptr(),
        key.len(),
        UrlSessionCredentialPersistence(3),
        &mut credential,
        &mut error,
    );
    assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT);
    assert!(credential.is_null() && error.is_null());
}
