//! TLS as OpenSSL speaks it.

use std::sync::OnceLock;

use crate::server::Server;
use crate::support::handle::{Configuration, Request};
use crate::support::standard;
use crate::support::story::Story;
use crate::{apache, nginx};

/// A certificate for 127.0.0.1 that signs itself, which is what a developer's own server has.
pub struct Identity {
    certificate: String,
    key: String,
}

impl Identity {
    /// The one of all servers.
    pub fn own() -> &'static Self {
        static OWN: OnceLock<Identity> = OnceLock::new();
        OWN.get_or_init(|| {
            let made = rcgen::generate_simple_self_signed(["127.0.0.1".to_owned()]).unwrap();
            Self { certificate: made.cert.pem(), key: made.signing_key.serialize_pem() }
        })
    }

    pub fn certificate(&self) -> &str {
        &self.certificate
    }

    /// Both in one file.
    pub fn pem(&self) -> String {
        format!("{}{}", self.certificate, self.key)
    }
}

fn nginx(more: &str) -> Option<Server> {
    nginx::start(&format!("ssl_certificate identity; ssl_certificate_key identity; {more}"))
}

/// Gets it over https, of this host, with trust in the certificate.
fn get(server: &Server, host: &str, path: &str) -> Story {
    let url = server.url(path).replace("http://127.0.0.1", &format!("https://{host}"));
    Story::with(&Configuration::trusting(Identity::own().certificate()), &Request::new(&url))
}

#[test]
fn each_version_alone_is_spoken() {
    for version in ["TLSv1.2", "TLSv1.3"] {
        let more = format!("ssl_protocols {version}; add_header X-Version $ssl_protocol;");
        let Some(server) = nginx(&more) else { return };
        server.file("large.bin", standard::pattern(0, 3_000_000));
        let story = get(&server, "127.0.0.1", "/large.bin");
        assert_eq!((story.outcome(), story.task.received()), ("ok".into(), 3_000_000), "{version}");
        assert!(story.body() == standard::pattern(0, 3_000_000), "{version}");
        assert_eq!(story.response().value("X-Version").as_deref(), Some(version));
    }
}

#[test]
fn a_body_until_close_ends_with_a_farewell() {
    let Some(server) = nginx("chunked_transfer_encoding off;") else { return };
    let text = "a line of text\n".repeat(10_000);
    server.file("text.txt", &text);
    let story = get(&server, "127.0.0.1", "/text.txt");
    assert_eq!((story.outcome(), story.body()), ("ok".into(), text.into_bytes()));
    let response = story.response();
    assert_eq!((response.value("Content-Length"), response.value("Transfer-Encoding")), (None, None));
}

#[test]
fn a_certificate_for_another_host_is_refused() {
    let Some(server) = nginx("") else { return };
    assert_eq!(get(&server, "localhost", "/").transcript(), "did_complete 1 -1202");
}

#[test]
fn nginx_says_in_http_that_it_wants_a_client_certificate() {
    // It only asks in the handshake, and lets everyone through to a 400, in both versions: that is an answer, no error.
    for version in ["TLSv1.2", "TLSv1.3"] {
        let more = format!("ssl_protocols {version}; ssl_verify_client on; ssl_client_certificate identity;");
        let Some(server) = nginx(&more) else { return };
        let story = get(&server, "127.0.0.1", "/");
        assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 400), "{version}");
        assert!(String::from_utf8(story.body()).unwrap().contains("No required SSL certificate was sent"));
    }
}

#[test]
fn apache_says_in_tls_that_it_wants_a_client_certificate() {
    // TLS 1.3 has an alert of its own for it; in 1.2 all that OpenSSL says is that the handshake failed, which had asked.
    for version in ["TLSv1.2", "TLSv1.3"] {
        let more = format!(
            "SSLEngine on\nSSLCertificateFile identity\nSSLCACertificateFile identity
            SSLVerifyClient require\nSSLProtocol {version}"
        );
        let Some(server) = apache::start(&more) else { return };
        assert_eq!(get(&server, "127.0.0.1", "/").transcript(), "did_complete 1 -1206", "{version}");
    }
}
