//! Whom to trust and as whom to go, where nginx and OpenSSL are the other side.

use crate::nginx;
use crate::server::Server;
use crate::support::certificate::{self, Leaf};
use crate::support::challenge::{Asked, Credential, Reply};
use crate::support::directory::Directory;
use crate::support::handle::{Configuration, Request};
use crate::support::recorder::Recorder;
use crate::support::story::Story;

const VERSIONS: [&str; 2] = ["TLSv1.2", "TLSv1.3"];

fn trusting() -> Configuration {
    Configuration::trusting(certificate::trusted())
}

/// nginx with this certificate; its files are in the directory.
fn with_leaf(directory: &Directory, leaf: &Leaf, more: &str) -> Option<Server> {
    let certificate = directory.file("server.pem", leaf.pem().as_bytes());
    let key = directory.file("server.key", leaf.key_pem().as_bytes());
    let (certificate, key) = (certificate.display(), key.display());
    let server = nginx::start(&format!("ssl_certificate {certificate}; ssl_certificate_key {key}; {more}"))?;
    server.file("page.html", "hello\n");
    Some(server)
}

fn told(recorder: Recorder, configuration: &Configuration, server: &Server) -> Story {
    Story::told_to(recorder, configuration, &Request::new(&server.secure_url("/page.html")))
}

fn accepting() -> Recorder {
    Recorder::default().trusting(Asked::accept)
}

#[test]
fn a046_every_kind_of_certificate() {
    type Case = (fn() -> Leaf, &'static str);
    let cases: [Case; 9] = [
        (certificate::leaf, "ok"),
        (|| certificate::of_intermediate(true).0, "ok"),
        (certificate::expired, "-1201"),
        (certificate::not_yet_valid, "-1204"),
        (certificate::wrong_host, "-1202"),
        (certificate::self_signed, "-1203"),
        (certificate::of_unknown_authority, "-1203"),
        (|| certificate::of_intermediate(false).0, "-1203"),
        (certificate::wrong_purpose, "-1202"),
    ];
    for (leaf, outcome) in cases {
        let (directory, leaf) = (Directory::default(), leaf());
        let Some(server) = with_leaf(&directory, &leaf, "") else { return };
        assert_eq!(told(Recorder::default(), &trusting(), &server).outcome(), outcome);
        let recorder = Recorder::default().trusting(|_| Reply::Default);
        assert_eq!(told(recorder, &trusting(), &server).outcome(), outcome);
        assert_eq!(told(accepting(), &trusting(), &server).outcome(), "ok");
        let pinned = |key| trusting().pinned("127.0.0.1", key);
        assert_eq!(told(Recorder::default(), &pinned(leaf.public_key()), &server).outcome(), outcome);
        assert_eq!(told(accepting(), &pinned([0; 32]), &server).outcome(), "-1202");
    }
}

#[test]
fn a046_each_new_connection_is_asked_about_also_where_openssl_resumes_it() {
    for version in VERSIONS {
        let directory = Directory::default();
        let more = format!("ssl_protocols {version}; keepalive_timeout 0; add_header X-Resumed $ssl_session_reused;");
        let more = format!("{more} ssl_session_cache shared:SSL:1m;");
        let Some(server) = with_leaf(&directory, &certificate::leaf(), &more) else { return };
        let recorder = accepting();
        let session = recorder.session(&trusting());
        for (number, resumed) in [(1, "."), (2, "r")] {
            let task = session.start(&server.secure_url("/page.html"));
            recorder.wait_for(&format!("did_complete {number} ok"));
            assert_eq!(task.response().unwrap().value("X-Resumed").as_deref(), Some(resumed), "{version}");
        }
        let asked = recorder.lines().iter().filter(|line| line.starts_with("session_did_receive_challenge")).count();
        assert_eq!(asked, 2);
    }
}

#[test]
fn a047_a_client_that_nginx_knows_does_not_know_or_knows_too_well() {
    let (directory, (revoked, list)) = (Directory::default(), certificate::revoked_client());
    let authority = directory.file("authority.pem", certificate::trusted().as_bytes());
    let list = directory.file("list.pem", list.as_bytes());
    let known = certificate::client();
    let clients = [
        (Some(&known), "SUCCESS", 200),
        (None, "NONE", 400),
        (Some(&certificate::unknown_client()), "FAILED", 400),
        (Some(&certificate::expired_client()), "FAILED", 400),
        (Some(&revoked), "FAILED", 400),
    ];
    for version in VERSIONS {
        for verify in ["on", "optional"] {
            let more = format!(
                "ssl_protocols {version}; ssl_verify_client {verify}; ssl_client_certificate {}; ssl_crl {};
                add_header X-Verified $ssl_client_verify always;",
                authority.display(),
                list.display()
            );
            let Some(server) = with_leaf(&directory, &certificate::leaf(), &more) else { return };
            for (client, verified, status) in clients {
                let credential = client.map(Credential::of_leaf);
                let configured = match &credential {
                    Some(credential) => trusting().client_certificate("127.0.0.1", credential),
                    None => trusting(),
                };
                let asked = Recorder::default().trusting(move |asked| match (asked.trust(), &credential) {
                    (Some(_), _) => Reply::Default,
                    (None, Some(credential)) => Reply::Use(credential.clone()),
                    (None, None) => Reply::UseNone,
                });
                for (recorder, configuration) in [(Recorder::default(), configured), (asked, trusting())] {
                    let story = told(recorder, &configuration, &server);
                    let status = if client.is_none() && verify == "optional" { 200 } else { status };
                    assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), status));
                    let header = story.response().value("X-Verified").unwrap_or_default();
                    assert!(header.starts_with(verified), "{version} {verify} {verified}: {header}");
                }
            }
        }
    }
}
