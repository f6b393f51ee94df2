//! Writes the C header from the `ffi` room, and gives the dynamic library its soname.

use std::path::PathBuf;
use std::{env, fs};

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    println!("cargo::rerun-if-changed=cbindgen.toml");
    println!("cargo::rerun-if-changed=src/ffi");
    println!("cargo::rerun-if-env-changed=URL_SESSION_WRITE_HEADER");
    soname();
    header();
}

/// The ABI may change with every minor version before 1.0, so the soname carries it.
fn soname() {
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        let major = env::var("CARGO_PKG_VERSION_MAJOR").unwrap();
        let minor = env::var("CARGO_PKG_VERSION_MINOR").unwrap();
        println!("cargo::rustc-cdylib-link-arg=-Wl,-soname,liburlsession.so.{major}.{minor}");
    }
}

/// Generates into OUT_DIR, where a test compares it with the committed file; `make header` commits it.
fn header() {
    let root = PathBuf::from(env::var("CARGO_MANIFEST_DIR").unwrap());
    let generated = PathBuf::from(env::var("OUT_DIR").unwrap()).join("urlsession.h");
    let configuration = cbindgen::Config::from_file(root.join("cbindgen.toml")).unwrap();
    match cbindgen::generate_with_config(&root, configuration) {
        Ok(bindings) => {
            bindings.write_to_file(&generated);
        }
        // rustc reports the syntax error better than cbindgen does.
        Err(cbindgen::Error::ParseSyntaxError { .. }) => return,
        Err(error) => panic!("cannot generate the header: {error}"),
    }
    println!("cargo::rustc-env=URL_SESSION_GENERATED_HEADER={}", generated.display());
    if env::var_os("URL_SESSION_WRITE_HEADER").is_some() {
        fs::copy(&generated, root.join("include/urlsession.h")).unwrap();
    }
}
