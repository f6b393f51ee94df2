//! The tests' origin as a program: serves the standard script on loopback, over http and https. With a command it runs
//! that with the two base URLs and the PEM file of the origin's authority behind its own arguments, and ends with its
//! status; without one it serves until it is killed.
//!
//!     target/debug/examples/origin target/c/lifecycle

use std::process::{Command, ExitCode};
use std::{env, fs, process, thread};

use support::origin::Origin;
use support::standard;

#[path = "../tests/support/mod.rs"]
mod support;

fn main() -> ExitCode {
    let (http, https) = (Origin::http(standard::serve), Origin::https(standard::serve));
    let authority = env::temp_dir().join(format!("urlsession-authority-{}.pem", process::id()));
    fs::write(&authority, https.certificate()).unwrap();
    println!("origin: {} {} {}", http.url(""), https.url(""), authority.display());
    let mut command = env::args_os().skip(1);
    let Some(program) = command.next() else {
        loop {
            thread::park();
        }
    };
    let status = Command::new(&program).args(command).args([http.url(""), https.url("")]).arg(&authority).status();
    fs::remove_file(&authority).unwrap();
    match status {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => {
            eprintln!("origin: {}: {status}", program.display());
            status.code().map_or(ExitCode::FAILURE, |code| ExitCode::from(code as u8))
        }
        Err(error) => {
            eprintln!("origin: {}: {error}", program.display());
            ExitCode::FAILURE
        }
    }
}
