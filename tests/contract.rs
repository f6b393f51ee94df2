//! Builds the C programs of `tests/c` and runs them against an origin: each proves a part of the contract that the
//! header's preface states. `URL_SESSION_TEST_RUNNER` is what to run them with, such as valgrind and its options, and
//! `URL_SESSION_TEST_CFLAGS` what else to tell the compiler, such as `-fsanitize=address`.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;
use std::{env, fs};

use support::certificate;
use support::origin::{Connection, Origin};
use support::standard;

mod support;

const C: [&str; 9] =
    ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-unused-parameter", "-pthread", "-g", "-Iinclude"];
/// What `rustc --print native-static-libs` asks for.
const SYSTEM_LIBRARIES: [&str; 7] = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"];
const BUILT: &str = env!("CARGO_TARGET_TMPDIR");

/// The library of this very build, which cargo puts beside the test's executable.
fn library(name: &str) -> PathBuf {
    let library = env::current_exe().unwrap().with_file_name(name);
    assert!(library.exists(), "cargo has not built {}", library.display());
    library
}

/// A directory with the dynamic library under the name that the loader looks for.
static SONAME: LazyLock<PathBuf> = LazyLock::new(|| {
    let directory = Path::new(BUILT).join("soname");
    let version = concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));
    let name = directory.join(format!("liburlsession.so.{version}"));
    fs::create_dir_all(&directory).unwrap();
    if fs::symlink_metadata(&name).is_ok() {
        fs::remove_file(&name).unwrap();
    }
    std::os::unix::fs::symlink(library("liburlsession.so"), name).unwrap();
    directory
});

fn words(variable: &str) -> Vec<String> {
    env::var(variable).unwrap_or_default().split_whitespace().map(str::to_owned).collect()
}

fn compile(name: &str, program: &Path, libraries: &[String]) {
    let compiler = env::var("CC").unwrap_or("cc".to_owned());
    let source = format!("tests/c/{name}.c");
    let mut command = Command::new(compiler);
    command.args(C).args(words("URL_SESSION_TEST_CFLAGS")).args(["-o".as_ref(), program.as_os_str()]);
    let output = command.arg(source).args(libraries).current_dir(env!("CARGO_MANIFEST_DIR")).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn dynamic(name: &str) -> PathBuf {
    let program = Path::new(BUILT).join(name);
    // The old tag, which goes before the LD_LIBRARY_PATH of cargo: another build's library may be on that.
    let rpath = format!("-Wl,--disable-new-dtags,-rpath,{}", SONAME.display());
    compile(name, &program, &[library("liburlsession.so").display().to_string(), rpath]);
    program
}

/// Runs the program, which has two minutes, or five where something watches it.
fn output(program: &Path, arguments: &[&str]) -> Output {
    let runner = words("URL_SESSION_TEST_RUNNER");
    let limit = if runner.is_empty() { "120" } else { "300" };
    let mut command = Command::new("timeout");
    command.args(["--kill-after=10", limit]).args(runner).arg(program).args(arguments).output().unwrap()
}

/// A program ends with 0 and says nothing: its checks hold, and the library writes to no standard stream.
fn succeeds(program: &Path, arguments: &[&str]) {
    let output = output(program, arguments);
    let said = [output.stdout, output.stderr].concat();
    let said = String::from_utf8_lossy(&said);
    // `timeout` ends with 124 where it had to end the program.
    assert!(output.status.success(), "{}: {}\n{said}", program.display(), output.status);
    assert!(said.is_empty() || !words("URL_SESSION_TEST_RUNNER").is_empty(), "{} said:\n{said}", program.display());
}

fn proves(name: &str) {
    let origin = Origin::http(standard::serve);
    succeeds(&dynamic(name), &[&origin.url("")]);
}

/// Without this a run under valgrind or ASan could prove nothing and nobody would know.
#[test]
fn c00_a_fault_is_seen_by_what_watches() {
    let is_sanitized = words("URL_SESSION_TEST_CFLAGS").iter().any(|flag| flag.starts_with("-fsanitize"));
    let is_watched = is_sanitized || !words("URL_SESSION_TEST_RUNNER").is_empty();
    assert_eq!(output(&dynamic("00_fault"), &[]).status.success(), !is_watched);
}

#[test]
fn c01_null_and_dead_handles_everywhere() {
    proves("01_null");
}

#[test]
fn c02_a_panic_ends_its_call_or_task_only() {
    let origin = Origin::http(standard::serve);
    // Rust reports a panic on standard error, as the contract says.
    let output = output(&dynamic("02_panic"), &[&origin.url("")]);
    assert!(output.status.success() && output.stdout.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
}

#[test]
fn c03_ownership() {
    proves("03_ownership");
}

#[test]
fn c04_smaller_and_larger_delegates() {
    proves("04_small_struct");
}

#[test]
fn c05_answers() {
    proves("05_answers");
}

#[test]
fn c06_every_function_in_every_slot() {
    proves("06_reentrancy");
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
    succeeds(&dynamic("10_sigpipe"), &[&http.url(""), &https.url(""), &authority.display().to_string()]);
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
fn the_static_library_needs_only_the_system() {
    let origin = Origin::http(standard::serve);
    let program = Path::new(BUILT).join("static");
    let archive = library("liburlsession.a").display().to_string();
    compile("11_completion_handler", &program, &[&[archive][..], &SYSTEM_LIBRARIES.map(str::to_owned)].concat());
    succeeds(&program, &[&origin.url("")]);
}
