//! A C program of `tests/c`, compiled and linked to the library of this very build. `URL_SESSION_TEST_CFLAGS` is what
//! else to tell the compiler, such as `-fsanitize=address`.
#![allow(dead_code, reason = "every binary that includes this room uses a part of it")]

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;
use std::{env, fs};

const C: [&str; 9] =
    ["-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-Wno-unused-parameter", "-pthread", "-g", "-Iinclude"];
/// What `rustc --print native-static-libs` asks for.
const SYSTEM_LIBRARIES: [&str; 7] = ["-lgcc_s", "-lutil", "-lrt", "-lpthread", "-lm", "-ldl", "-lc"];
/// Where tests may write.
pub const BUILT: &str = env!("CARGO_TARGET_TMPDIR");

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

/// The words of an environment variable.
pub fn words(variable: &str) -> Vec<String> {
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

/// Linked to the dynamic library.
pub fn linked_dynamically(name: &str) -> PathBuf {
    let program = Path::new(BUILT).join(name);
    // The old tag, which goes before the LD_LIBRARY_PATH of cargo: another build's library may be on that.
    let rpath = format!("-Wl,--disable-new-dtags,-rpath,{}", SONAME.display());
    compile(name, &program, &[library("liburlsession.so").display().to_string(), rpath]);
    program
}

/// With the static library in it.
pub fn linked_statically(name: &str) -> PathBuf {
    let program = Path::new(BUILT).join("static");
    let archive = library("liburlsession.a").display().to_string();
    compile(name, &program, &[&[archive][..], &SYSTEM_LIBRARIES.map(str::to_owned)].concat());
    program
}
