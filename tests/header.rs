//! The header is what C gets: current, right in every dialect, with the layout and the numbers that Rust has.

use std::io::{self, ErrorKind, Write};
use std::mem::{offset_of, size_of};
use std::path::Path;
use std::process::Command;
use std::{env, fs};

use urlsession::ffi::{
    UrlSessionBodySource, UrlSessionCookieProperties, UrlSessionDelegate, UrlSessionProgress, UrlSessionSigner,
};

const COMMITTED: &str = include_str!("../include/urlsession.h");

/// Compiles `code`, which is in a file of that name, without making anything; None where there is no such compiler.
fn compile(compiler: &str, standard: &str, file: &str, code: &str) -> Option<()> {
    let source = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("{compiler}-{standard}-{file}"));
    fs::write(&source, code).unwrap();
    let mut command = Command::new(compiler);
    command.arg(format!("-std={standard}")).args(["-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only"]);
    match command.arg(concat!("-I", env!("CARGO_MANIFEST_DIR"), "/include")).arg(source).output() {
        Ok(output) => assert!(output.status.success(), "{compiler}:\n{}", String::from_utf8_lossy(&output.stderr)),
        Err(error) if error.kind() == ErrorKind::NotFound => return None,
        Err(error) => panic!("{compiler}: {error}"),
    }
    Some(())
}

/// Twice, for the guard. At least one compiler must be there.
fn compiles(compilers: &[&str], standards: &[&str], file: &str) {
    let code = "#include \"urlsession.h\"\n#include \"urlsession.h\"\n";
    let (mut found, all) = (0, compilers.len() * standards.len());
    for compiler in compilers {
        for standard in standards {
            if compile(compiler, standard, file, code).is_some() {
                found += 1;
                continue;
            }
            let skipped = format!("SKIPPED: {compiler} -std={standard} is not installed\n");
            // Past the test's capture: a check that was left out is never silent.
            io::stderr().write_all(skipped.as_bytes()).unwrap();
        }
    }
    assert!(found > 0, "none of {all} compilers is installed");
}

#[test]
fn compiles_as_every_c() {
    compiles(&["gcc", "clang"], &["c99", "c11", "c17", "c2x"], "header.c");
}

#[test]
fn compiles_as_every_cpp() {
    compiles(&["g++", "clang++"], &["c++11", "c++14", "c++17", "c++20", "c++2b"], "header.cpp");
}

#[test]
fn is_what_cbindgen_generates() {
    let generated = env!("URL_SESSION_GENERATED_HEADER", "build.rs has not generated the header");
    let generated = fs::read_to_string(generated).unwrap();
    assert!(generated == COMMITTED, "include/urlsession.h is not current: run `make header` and commit it");
}

fn holds(file: &str, conditions: &[String]) {
    let asserts: String = conditions.iter().map(|that| format!("_Static_assert({that}, \"{that}\");\n")).collect();
    let compiler = env::var("CC").unwrap_or("cc".to_owned());
    compile(&compiler, "c11", file, &format!("#include \"urlsession.h\"\n{asserts}")).expect("no C compiler");
}

/// The size of a struct, and where its members are.
macro_rules! layout {
    ($name:ident: $($member:ident),*) => {{
        let mut conditions = vec![format!("sizeof({}) == {}", stringify!($name), size_of::<$name>())];
        $(
            let offset = offset_of!($name, $member);
            conditions.push(format!("offsetof({}, {}) == {offset}", stringify!($name), stringify!($member)));
        )*
        conditions
    }};
}

#[test]
fn has_the_layout_that_rust_has() {
    let delegate = layout!(UrlSessionDelegate: size, context, release, did_create_task, session_did_receive_challenge,
        task_did_receive_challenge, task_will_perform_http_redirection, task_did_receive_informational_response,
        download_task_did_resume_at_offset, data_task_did_receive_response, data_task_did_become_download_task,
        task_need_new_body_stream, task_did_send_body_data, data_task_did_receive_data, download_task_did_write_data,
        task_did_update_progress, download_task_did_finish_downloading, task_did_complete, session_did_become_invalid);
    let source = layout!(UrlSessionBodySource: size, context, release, length, read, rewind, close);
    let progress = layout!(UrlSessionProgress: size, fraction, bytes_sent, bytes_expected_to_send, bytes_received,
        bytes_expected_to_receive, bytes_per_second, seconds_left);
    let signer = layout!(UrlSessionSigner: size, context, release, sign);
    let cookie = layout!(UrlSessionCookieProperties: size, name, value, domain, path, expires, same_site, secure,
        http_only, host_only);
    let numbers = [
        "Status",
        "ErrorCode",
        "TaskState",
        "TaskKind",
        "ResponseDisposition",
        "Timeout",
        "TlsVersion",
        "AuthenticationMethod",
        "ChallengeDisposition",
        "CredentialPersistence",
        "CredentialUse",
        "CookieAcceptPolicy",
        "CookieSameSite",
    ];
    let numbers = numbers.map(|number| format!("sizeof(UrlSession{number}) == 4"));
    holds("layout.c", &[delegate, source, progress, signer, cookie, numbers.into()].concat());
}

/// Paragraph 9: what Apple has a number for has Apple's.
#[test]
fn has_the_numbers_that_apple_has() {
    let numbers = [
        ("TASK_STATE_RUNNING", 0),
        ("TASK_STATE_SUSPENDED", 1),
        ("TASK_STATE_CANCELING", 2),
        ("TASK_STATE_COMPLETED", 3),
        ("RESPONSE_DISPOSITION_CANCEL", 0),
        ("RESPONSE_DISPOSITION_ALLOW", 1),
        ("RESPONSE_DISPOSITION_BECOME_DOWNLOAD", 2),
        ("CHALLENGE_DISPOSITION_USE_CREDENTIAL", 0),
        ("CHALLENGE_DISPOSITION_PERFORM_DEFAULT_HANDLING", 1),
        ("CHALLENGE_DISPOSITION_CANCEL", 2),
        ("CHALLENGE_DISPOSITION_REJECT_PROTECTION_SPACE", 3),
        ("CREDENTIAL_PERSISTENCE_NONE", 0),
        ("CREDENTIAL_PERSISTENCE_FOR_SESSION", 1),
        ("CREDENTIAL_PERSISTENCE_PERMANENT", 2),
        ("COOKIE_ACCEPT_POLICY_ALWAYS", 0),
        ("COOKIE_ACCEPT_POLICY_NEVER", 1),
        ("COOKIE_ACCEPT_POLICY_ONLY_FROM_MAIN_DOCUMENT_DOMAIN", 2),
        ("TLS_VERSION_V1_2", 0x0303),
        ("TLS_VERSION_V1_3", 0x0304),
        ("ERROR_CODE_UNKNOWN", -1),
        ("ERROR_CODE_CANCELLED", -999),
        ("ERROR_CODE_BAD_URL", -1000),
        ("ERROR_CODE_TIMED_OUT", -1001),
        ("ERROR_CODE_UNSUPPORTED_URL", -1002),
        ("ERROR_CODE_CANNOT_FIND_HOST", -1003),
        ("ERROR_CODE_CANNOT_CONNECT_TO_HOST", -1004),
        ("ERROR_CODE_NETWORK_CONNECTION_LOST", -1005),
        ("ERROR_CODE_DNS_LOOKUP_FAILED", -1006),
        ("ERROR_CODE_HTTP_TOO_MANY_REDIRECTS", -1007),
        ("ERROR_CODE_NOT_CONNECTED_TO_INTERNET", -1009),
        ("ERROR_CODE_REDIRECT_TO_NON_EXISTENT_LOCATION", -1010),
        ("ERROR_CODE_BAD_SERVER_RESPONSE", -1011),
        ("ERROR_CODE_USER_AUTHENTICATION_REQUIRED", -1013),
        ("ERROR_CODE_CANNOT_DECODE_RAW_DATA", -1015),
        ("ERROR_CODE_CANNOT_DECODE_CONTENT_DATA", -1016),
        ("ERROR_CODE_CANNOT_PARSE_RESPONSE", -1017),
        ("ERROR_CODE_REQUEST_BODY_STREAM_EXHAUSTED", -1021),
        ("ERROR_CODE_APP_TRANSPORT_SECURITY_REQUIRES_SECURE_CONNECTION", -1022),
        ("ERROR_CODE_FILE_DOES_NOT_EXIST", -1100),
        ("ERROR_CODE_FILE_IS_DIRECTORY", -1101),
        ("ERROR_CODE_NO_PERMISSIONS_TO_READ_FILE", -1102),
        ("ERROR_CODE_DATA_LENGTH_EXCEEDS_MAXIMUM", -1103),
        ("ERROR_CODE_SECURE_CONNECTION_FAILED", -1200),
        ("ERROR_CODE_SERVER_CERTIFICATE_HAS_BAD_DATE", -1201),
        ("ERROR_CODE_SERVER_CERTIFICATE_UNTRUSTED", -1202),
        ("ERROR_CODE_SERVER_CERTIFICATE_HAS_UNKNOWN_ROOT", -1203),
        ("ERROR_CODE_SERVER_CERTIFICATE_NOT_YET_VALID", -1204),
        ("ERROR_CODE_CLIENT_CERTIFICATE_REJECTED", -1205),
        ("ERROR_CODE_CLIENT_CERTIFICATE_REQUIRED", -1206),
        ("ERROR_CODE_CANNOT_CREATE_FILE", -3000),
        ("ERROR_CODE_CANNOT_OPEN_FILE", -3001),
        ("ERROR_CODE_CANNOT_WRITE_TO_FILE", -3003),
        ("ERROR_CODE_CANNOT_MOVE_FILE", -3005),
    ];
    holds("numbers.c", &numbers.map(|(name, number)| format!("URL_SESSION_{name} == {number}")));
}
