//! Passwords as servers ask for them: right and wrong, from a delegate, a URL and a storage.

use aws_lc_rs::digest::{SHA1_FOR_LEGACY_USE_ONLY, SHA256, digest};
use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use urlsession::*;

use crate::server::Server;
use crate::site::each_with;
use crate::support::challenge::{Credential, ProtectionSpace, Reply};
use crate::support::credentials::CredentialStorage;
use crate::support::handle::{Configuration, Request};
use crate::support::recorder::Recorder;
use crate::support::story::Story;
use crate::{apache, lighttpd};

const REALM: &str = "the site";
const BASIC: UrlSessionAuthenticationMethod = UrlSessionAuthenticationMethod::HTTP_BASIC;
const DIGEST: UrlSessionAuthenticationMethod = UrlSessionAuthenticationMethod::HTTP_DIGEST;

const APACHE: &str = "LoadModule authn_core_module /usr/lib/apache2/modules/mod_authn_core.so
    LoadModule authn_file_module /usr/lib/apache2/modules/mod_authn_file.so
    LoadModule authz_user_module /usr/lib/apache2/modules/mod_authz_user.so\n";

const APACHE_BASIC: &str = "LoadModule auth_basic_module /usr/lib/apache2/modules/mod_auth_basic.so
    <Location />
        AuthType Basic\nAuthName \"the site\"\nAuthUserFile files/users\nRequire valid-user
    </Location>";

/// The first for everybody, the second with a nonce that is good once.
const APACHE_DIGEST: [&str; 2] = ["", "AuthDigestNonceLifetime 0"];

/// Runs the test against every server, which asks with Basic.
fn each_basic(test: impl Fn(&Server)) {
    let apache = format!("{APACHE}{APACHE_BASIC}");
    let nginx = "auth_basic \"the site\"; auth_basic_user_file files/users;";
    let lighttpd = lighttpd_with("htpasswd", "users", "\"method\" => \"basic\"");
    each_with([nginx, &apache, &lighttpd], |server| {
        // With the weakest hash, for all of them know it.
        let hash = BASE64_STANDARD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, b"secret"));
        server.file("users", format!("alice:{{SHA}}{hash}\n"));
        test(server);
    });
}

fn lighttpd_with(backend: &str, file: &str, method: &str) -> String {
    format!(
        r#"server.modules += ("mod_auth", "mod_authn_file")
        auth.backend = "{backend}"
        auth.backend.{backend}.userfile = "files/{file}"
        auth.require = ("/" => ({method}, "realm" => "{REALM}", "require" => "valid-user"))"#
    )
}

/// The same with Digest; nginx has none of its own.
fn each_digest(test: impl Fn(&Server)) {
    let secret = format!("alice:{REALM}:secret");
    let hexadecimal = |bytes: &[u8]| bytes.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let lines = [hexadecimal(&*md5::compute(&secret)), hexadecimal(digest(&SHA256, secret.as_bytes()).as_ref())];
    let run = |name: &str, server: Option<Server>, line: &str| {
        println!("{name}");
        if let Some(server) = server {
            server.file("page.html", "hello, world\n");
            server.file("digests", format!("alice:{REALM}:{line}\n"));
            test(&server);
        }
    };
    for more in APACHE_DIGEST {
        let location = format!(
            "LoadModule auth_digest_module /usr/lib/apache2/modules/mod_auth_digest.so
            <Location />
                AuthType Digest\nAuthName \"{REALM}\"\nAuthUserFile files/digests\nRequire valid-user\n{more}
            </Location>"
        );
        run(&format!("Apache {more}"), apache::start(&format!("{APACHE}{location}")), &lines[0]);
    }
    for (algorithm, line) in ["MD5", "SHA-256"].into_iter().zip(&lines) {
        let method = format!("\"method\" => \"digest\", \"algorithm\" => \"{algorithm}\"");
        let server = lighttpd::start(&lighttpd_with("htdigest", "digests", &method));
        run(&format!("lighttpd {algorithm}"), server, line);
    }
}

fn story(recorder: Recorder, configuration: &Configuration, url: &str) -> (i32, String) {
    let story = Story::told_to(recorder, configuration, &Request::new(url));
    assert_eq!(story.outcome(), "ok");
    (story.response().status_code(), String::from_utf8(story.body()).unwrap())
}

fn let_in() -> (i32, String) {
    (200, "hello, world\n".to_owned())
}

fn port(server: &Server) -> u16 {
    let url = server.url("");
    url.rsplit_once(':').unwrap().1.parse().unwrap()
}

/// With everything that knows a password.
fn all_ways(server: &Server, method: UrlSessionAuthenticationMethod) {
    let url = server.url("/page.html");
    let ephemeral = Configuration::ephemeral();
    let knowing =
        |password: &'static str| Recorder::default().meeting(move |_| Reply::Use(Credential::user("alice", password)));
    let naming = |user_info: &str| url.replacen("://", &format!("://{user_info}@"), 1);
    assert_eq!(story(knowing("secret"), &ephemeral, &url), let_in());
    assert_eq!(story(knowing("wrong"), &ephemeral, &url).0, 401);
    assert_eq!(story(Recorder::default(), &ephemeral, &url).0, 401);
    assert_eq!(story(Recorder::default(), &ephemeral, &naming("alice:secret")), let_in());
    for wrong in ["alice:wrong", "bob:secret", "alice"] {
        assert_eq!(story(Recorder::default(), &ephemeral, &naming(wrong)).0, 401, "{wrong}");
    }
    let storage = CredentialStorage::default();
    let storing = Configuration::ephemeral().credential_storage(Some(&storage));
    let space = ProtectionSpace::of(port(server), REALM, method);
    storage.set(&space, &Credential::user("alice", "wrong"), true);
    assert_eq!(story(Recorder::default(), &storing, &url).0, 401);
    storage.set(&space, &Credential::user("alice", "secret"), true);
    assert_eq!(story(Recorder::default(), &storing, &url), let_in());
    // A second try, and what is asked.
    let recorder = Recorder::default().meeting(|asked| {
        Reply::Use(Credential::user("alice", if asked.challenge.failures() == 0 { "wrong" } else { "secret" }))
    });
    assert_eq!(story(recorder, &ephemeral, &url), let_in());
    let name = if method == BASIC { "Basic" } else { "Digest" };
    let asked = [0, 1].map(|failures| format!("did_receive_challenge 1 {name} \"{REALM}\" {failures} -\n")).concat();
    assert!(recorder.transcript_of(1).starts_with(&asked), "{}", recorder.transcript_of(1));
}

/// So many tasks in turn cause one question and one refusal.
fn only_one_401(server: &Server) {
    const TASKS: usize = 5;
    let recorder = Recorder::default().meeting(|_| Reply::Use(Credential::for_session("alice", "secret")));
    let session = recorder.session(&Configuration::ephemeral());
    let paths = ["/page.html", "/page.html?a=b%20c&d", "/page.html?", "/./page.html", "/page.html"];
    for (path, number) in paths.into_iter().zip(1..) {
        session.start(&server.url(path));
        recorder.wait_for(&format!("did_complete {number} ok"));
        assert_eq!(recorder.body(number), b"hello, world\n", "{path}: {}", recorder.transcript());
    }
    assert_eq!(recorder.lines().iter().filter(|line| line.contains("challenge")).count(), 1);
    // All on one connection: the body of a 401 is read.
    let connections = server.connections(TASKS + 1);
    assert!(connections.iter().all(|connection| *connection == connections[0]), "{connections:?}");
}

#[test]
fn a045_basic_from_everywhere() {
    each_basic(|server| all_ways(server, BASIC));
}

#[test]
fn q045_digest_from_everywhere() {
    each_digest(|server| all_ways(server, DIGEST));
}

#[test]
fn a044_basic_is_asked_for_once() {
    each_basic(only_one_401);
}

#[test]
fn q045_digest_is_asked_for_once() {
    each_digest(only_one_401);
}
