//! The tests' origin as a program: serves the standard script on loopback. With a command it runs that and ends with its
//! status; without one it serves until it is killed. In what follows the command's name these words are replaced:
//!
//! | word | what stands in its place |
//! |---|---|
//! | `{http}`, `{https}` | a base URL; `/private` is for `alice`, who says `secret` |
//! | `{identified}` | that of a server that wants a certificate of its client |
//! | `{folder}` | a directory with `authority.pem`, `client.pem` and `client.key`, removed in the end |
//!
//!     target/debug/examples/origin target/c/lifecycle {http} {https} {folder}/authority.pem

use std::process::{Command, ExitCode};
use std::{env, thread};

use support::certificate;
use support::digest::Digest;
use support::directory::Directory;
use support::origin::Origin;
use support::{realm, standard};

#[path = "../tests/support/mod.rs"]
mod support;

fn main() -> ExitCode {
    let (guard, _) = Digest { realm: "the demo", tells_next: true, ..Digest::default() }.guard();
    let guard = realm::by_folder([("private", guard)]);
    let http = Origin::http(realm::script(&guard, standard::answer));
    let https = Origin::https(realm::script(&guard, standard::answer));
    let asking = certificate::server_that_asks_for_a_client_certificate(certificate::leaf());
    let identified = Origin::tls(asking, standard::serve);
    let folder = certificates();
    let served = [
        ("{http}", http.url("")),
        ("{https}", https.url("")),
        ("{identified}", identified.url("")),
        ("{folder}", folder.path().display().to_string()),
    ];
    let mut words = env::args().skip(1);
    let Some(program) = words.next() else {
        served.iter().for_each(|(name, value)| println!("{name} {value}"));
        loop {
            thread::park();
        }
    };
    let replaced = |word: String| served.iter().fold(word, |word, (name, value)| word.replace(name, value));
    run(&program, words.map(replaced).collect())
}

fn certificates() -> Directory {
    let (folder, client) = (Directory::default(), certificate::client());
    folder.file("authority.pem", certificate::trusted().as_bytes());
    folder.file("client.pem", client.pem().as_bytes());
    folder.file("client.key", client.key_pem().as_bytes());
    folder
}

fn run(program: &str, arguments: Vec<String>) -> ExitCode {
    match Command::new(program).args(arguments).status() {
        Ok(status) if status.success() => ExitCode::SUCCESS,
        Ok(status) => {
            eprintln!("origin: {program}: {status}");
            status.code().map_or(ExitCode::FAILURE, |code| ExitCode::from(code as u8))
        }
        Err(error) => {
            eprintln!("origin: {program}: {error}");
            ExitCode::FAILURE
        }
    }
}
