//! Builds the C programs of `tests/c` and runs them against an origin: each proves a part of the contract that the
//! header's preface states. `URL_SESSION_TEST_RUNNER` is what to run them with, such as valgrind and its options.

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use program::{BUILT, linked_dynamically, linked_statically, words};
use support::certificate;
use support::directory::Directory;
use support::origin::{Connection, Origin};
use support::proxy;
use support::realm;
use support::standard;

mod program;
mod support;

/// What the developer's own environment says is not asked.
const TRUST: [&str; 5] = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "SSL_CERT_FILE", "SSL_CERT_DIR", "SSLKEYLOGFILE"];

/// Runs the program, which has two minutes, or five where something watches it.
fn output(program: &Path, arguments: &[&str], environment: &[(&str, &str)]) -> Output {
    let runner = words("URL_SESSION_TEST_RUNNER");
    let limit = if runner.is_empty() { "120" } else { "300" };
    let mut command = Command::new("timeout");
    command.args(["--kill-after=10", limit]).args(runner).arg(program).args(arguments);
    for variable in TRUST {
        command.env_remove(variable);
    }
    command.envs(environment.iter().copied()).output().unwrap()
}

/// A program ends with 0 and says nothing: its checks hold, and the library writes to no standard stream.
fn succeeds(program: &Path, arguments: &[&str]) {
    succeeds_in(&[], program, arguments);
}

/// The same with so much more in its environment.
fn succeeds_in(environment: &[(&str, &str)], program: &Path, arguments: &[&str]) {
    let output = output(program, arguments, environment);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    // `timeout` ends with 124 where it had to end the program.
    let asked = format!("{} {arguments:?} {environment:?}", program.display());
    assert!(output.status.success(), "{asked}: {}\n{said}", output.status);
    assert!(said.is_empty() || !words("URL_SESSION_TEST_RUNNER").is_empty(), "{} said:\n{said}", program.display());
}

fn proves(name: &str) {
    let origin = Origin::http(standard::serve);
    succeeds(&linked_dynamically(name), &[&origin.url("")]);
}

/// The same for a program that gets a directory too, and leaves nothing in it.
fn proves_in_a_directory(name: &str) {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    succeeds(&linked_dynamically(name), &[&origin.url(""), &directory.path().display().to_string()]);
    assert!(directory.files().is_empty(), "{name} left {:?}", directory.files());
}

/// Who is below /basic has to be alice.
fn guarded() -> Origin {
    realm::origin(&realm::by_folder([("basic", realm::basic("here", "alice", "secret"))]))
}

/// An informational response, then the response.
fn early(connection: &mut Connection) {
    while connection.read_request().is_some() {
        connection.send(b"HTTP/1.1 103 Early Hints\r\nLink: </style.css>\r\n\r\n");
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello");
    }
}

/// Without this a run under valgrind or ASan could prove nothing and nobody would know.
#[test]
fn c00_a_fault_is_seen_by_what_watches() {
    let is_sanitized = words("URL_SESSION_TEST_CFLAGS").iter().any(|flag| flag.starts_with("-fsanitize"));
    let is_watched = is_sanitized || !words("URL_SESSION_TEST_RUNNER").is_empty();
    assert_eq!(output(&linked_dynamically("00_fault"), &[], &[]).status.success(), !is_watched);
}

#[test]
fn c01_null_and_dead_handles_everywhere() {
    proves("01_null");
    proves("01_null_transfers");
    proves("01_null_cookies");
    proves("01_null_trust");
    succeeds(&linked_dynamically("01_null_challenges"), &[&guarded().url("")]);
}

#[test]
fn c02_a_panic_ends_its_call_or_task_only() {
    let (origin, directory) = (guarded(), Directory::default());
    let directory_path = directory.path().display().to_string();
    // Rust reports a panic on standard error, as the contract says.
    let output = output(&linked_dynamically("02_panic"), &[&origin.url(""), &directory_path], &[]);
    assert!(output.status.success() && output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    assert!(directory.files().is_empty(), "a panic left {:?}", directory.files());
}

#[test]
fn c03_ownership() {
    let guard = realm::by_folder([("redirect", realm::basic("here", "alice", "secret"))]);
    succeeds(&linked_dynamically("03_ownership"), &[&realm::origin(&guard).url("")]);
    proves_in_a_directory("03_ownership_transfers");
}

#[test]
fn c04_smaller_and_larger_structs() {
    succeeds(&linked_dynamically("04_small_struct"), &[&guarded().url("")]);
    proves("04_small_source");
    proves("04_small_properties");
}

#[test]
fn c05_answers() {
    proves("05_answers");
    proves("05_body_answers");
    proves("05_redirection_answers");
}

#[test]
fn c06_every_function_in_every_slot() {
    let (origin, early, directory) = (guarded(), Origin::http(early), Directory::default());
    let asking = certificate::server_that_asks_for_a_client_certificate(certificate::self_signed());
    let asking = Origin::tls(asking, standard::serve);
    let (base, secure) = (origin.url(""), asking.url(""));
    succeeds(&linked_dynamically("06_reentrancy"), &[&base, &secure]);
    let client = file(&directory, "client.pem", certificate::client().pem());
    succeeds(&linked_dynamically("06_reentrancy_challenges"), &[&base, &secure, &client]);
    // What is cancelled with a session after it was paused leaves its file to the resume data.
    let directory = directory.path().display().to_string();
    let program = linked_dynamically("06_reentrancy_transfers");
    succeeds(&program, &[&base, &directory, &early.url(""), &secure]);
}

#[test]
fn c07_eight_threads_on_one_session() {
    proves("07_threads");
}

#[test]
fn c08_complete_comes_once_and_last() {
    proves("08_once_and_last");
}

#[test]
fn c09_misuse_is_a_status_or_an_error() {
    proves("09_misuse");
    // What was paused leaves its file to the resume data.
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let directory = directory.path().display().to_string();
    succeeds(&linked_dynamically("09_misuse_transfers"), &[&origin.url(""), &directory]);
}

#[test]
fn c10_no_sigpipe() {
    let leave_early = |connection: &mut Connection| {
        connection.read_exactly(64 * 1024);
        connection.close();
    };
    let (http, https) = (Origin::http(leave_early), Origin::https(leave_early));
    let authority = Path::new(BUILT).join("authority.pem");
    fs::write(&authority, certificate::trusted()).unwrap();
    succeeds(&linked_dynamically("10_sigpipe"), &[&http.url(""), &https.url(""), &authority.display().to_string()]);
}

#[test]
fn c11_completion_handlers() {
    proves("11_completion_handler");
}

#[test]
fn c12_the_shared_session() {
    proves("12_shared");
}

#[test]
fn c13_a_dialer_of_the_application() {
    proves("13_dialer");
}

#[test]
fn c14_downloads() {
    proves_in_a_directory("14_download");
}

#[test]
fn c15_uploads() {
    proves_in_a_directory("15_upload");
}

#[test]
fn c16_a_full_disk() {
    proves_in_a_directory("16_disk_full");
}

#[test]
fn c17_body_sources() {
    proves("17_body_source");
}

/// The path of a file in it.
fn file(directory: &Directory, name: &str, content: impl AsRef<[u8]>) -> String {
    directory.file(name, content.as_ref()).display().to_string()
}

#[test]
fn c21_server_trust() {
    let (known, directory) = (Origin::https(standard::serve), Directory::default());
    let strange = Origin::tls(certificate::server(certificate::self_signed(), &[]), standard::serve);
    let authority = file(&directory, "authority.pem", certificate::trusted());
    succeeds(&linked_dynamically("21_server_trust"), &[&strange.url(""), &known.url(""), &authority]);
}

#[test]
fn c22_client_certificates() {
    let server = certificate::server_that_asks_for_a_client_certificate(certificate::leaf());
    let (origin, directory, client) =
        (Origin::tls(server, standard::serve), Directory::default(), certificate::client());
    let arguments = [
        origin.url(""),
        file(&directory, "authority.pem", certificate::trusted()),
        file(&directory, "client.pem", client.pem()),
        file(&directory, "client.key", client.key_pem()),
        file(&directory, "client.p12", client.pkcs12("secret")),
    ];
    succeeds(&linked_dynamically("22_client_certificate"), &arguments.each_ref().map(String::as_str));
}

#[test]
fn c25_what_the_environment_may_say() {
    let (origin, directory) = (Origin::https(standard::serve), Directory::default());
    let ours = file(&directory, "authority.pem", certificate::trusted());
    let stranger = file(&directory, "stranger.pem", certificate::self_signed().pem());
    let hashed = Directory::default();
    hashed.file("12345678.0", certificate::trusted().as_bytes());
    let folder = hashed.path().display().to_string();
    let (gone, unknown) = ("/no/such/file", "-1203");
    // What is in the environment, the switches, an explicit file, and how it ends.
    type Case<'a> = (&'a [(&'a str, &'a str)], &'a str, Option<&'a str>, &'a str);
    let cases: [Case<'_>; 20] = [
        (&[], "", None, unknown),
        (&[("SSL_CERT_FILE", &ours)], "", None, "0"),
        (&[("SSL_CERT_DIR", &folder)], "", None, "0"),
        (&[("SSL_CERT_FILE", &stranger), ("SSL_CERT_DIR", &folder)], "", None, "0"),
        (&[("SSL_CERT_FILE", gone), ("SSL_CERT_DIR", &folder)], "", None, "0"),
        (&[("SSL_CERT_FILE", &stranger)], "", None, unknown),
        (&[("SSL_CERT_FILE", gone)], "", None, unknown),
        (&[("CURL_CA_BUNDLE", &ours)], "", None, "0"),
        (&[("REQUESTS_CA_BUNDLE", &ours)], "", None, "0"),
        (&[("REQUESTS_CA_BUNDLE", &folder)], "", None, "0"),
        (&[("REQUESTS_CA_BUNDLE", &stranger), ("CURL_CA_BUNDLE", &ours)], "", None, unknown),
        (&[("CURL_CA_BUNDLE", &ours), ("SSL_CERT_FILE", &stranger)], "", None, "0"),
        (&[("CURL_CA_BUNDLE", ""), ("SSL_CERT_FILE", &ours)], "", None, "0"),
        // Switched off, it has no influence.
        (&[("SSL_CERT_FILE", &ours), ("CURL_CA_BUNDLE", &ours)], "e", None, unknown),
        (&[("SSL_CERT_FILE", gone)], "e", Some(&ours), "0"),
        // What the configuration says itself goes before.
        (&[("REQUESTS_CA_BUNDLE", &ours)], "p", None, unknown),
        (&[("REQUESTS_CA_BUNDLE", &stranger)], "", Some(&ours), "0"),
        (&[("REQUESTS_CA_BUNDLE", gone)], "", Some(&ours), "0"),
        (&[("REQUESTS_CA_BUNDLE", &stranger)], "d", None, "0"),
        (&[("REQUESTS_CA_BUNDLE", gone)], "d", None, "0"),
    ];
    let program = linked_dynamically("25_environment");
    for (environment, switches, trusted, error) in cases {
        let url = origin.url("");
        let arguments = [&[&url[..], switches, error], trusted.as_slice()].concat();
        succeeds_in(environment, &program, &arguments);
    }
    // Secrets are logged only where it was asked for.
    let log = directory.at("keys.log");
    for (switches, is_written) in [("", false), ("l", true)] {
        let environment = [("SSLKEYLOGFILE", log.to_str().unwrap())];
        succeeds_in(&environment, &program, &[&origin.url(""), switches, "0", &ours]);
        assert_eq!(fs::read_to_string(&log).is_ok_and(|log| log.contains("CLIENT_")), is_written);
    }
}

#[test]
fn c19_cookies() {
    proves_in_a_directory("19_cookies");
}

#[test]
fn c20_hosts_that_want_https() {
    proves_in_a_directory("20_hsts");
}

#[test]
fn c23_proxies() {
    let origin = Origin::http(standard::serve);
    let proxy = Origin::http(proxy::serve_the_known(origin.address()));
    succeeds(&linked_dynamically("23_proxies"), &[&origin.url(""), &proxy.url("")]);
}

#[test]
fn c24_challenges_and_credentials() {
    succeeds(&linked_dynamically("24_challenges"), &[&guarded().url("")]);
    proves("24_credentials");
}

#[test]
fn the_static_library_needs_only_the_system() {
    let origin = Origin::http(standard::serve);
    succeeds(&linked_statically("11_completion_handler"), &[&origin.url("")]);
}
