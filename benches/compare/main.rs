//! liburlsession against libcurl, in turn in the same run:
//! `cargo bench --bench compare -- [case…] [--rounds N] [--directory DIRECTORY]`.
//! What is measured and why: benches/README.md.

mod case;
mod origin;
mod program;
mod sink;

use std::error::Error;
use std::path::{self, PathBuf};
use std::process::ExitCode;
use std::{fs, io};

use case::Case;
use origin::Origin;

fn main() -> ExitCode {
    match compare() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare() -> Result<(), Box<dyn Error>> {
    let Arguments { names, rounds, directory } = Arguments::parse()?;
    let out = Directory::empty(directory.join("liburlsession-compare"))?;
    let mut cases = Case::all();
    if let Some(unknown) = names.iter().find(|name| cases.iter().all(|case| case.name != *name)) {
        return Err(format!("no case is called {unknown:?}").into());
    }
    cases.retain(|case| names.is_empty() || names.iter().any(|name| case.name == name));
    let origin = match Origin::start(out.0.join("origin")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("compare: nginx is not installed, so there is nothing to measure against");
            return Ok(());
        }
        started => started?,
    };
    for program in case::programs(&cases) {
        program.compile(&out.0)?;
    }
    println!("{}", case::HEADING);
    for case in &cases {
        print!("{}", case.measure(&out.0, &origin, rounds)?);
    }
    println!("Medians of {rounds} rounds; the ratio is the median of the pairs', with its range.");
    for kind in origin.negotiated() {
        println!("TLS: {kind}");
    }
    Ok(())
}

struct Arguments {
    /// The cases to run; all where none is named.
    names: Vec<String>,
    rounds: usize,
    directory: PathBuf,
}

impl Arguments {
    fn parse() -> Result<Self, Box<dyn Error>> {
        let directory = env!("CARGO_TARGET_TMPDIR").into();
        let mut parsed = Self { names: Vec::new(), rounds: 9, directory };
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            let mut value = || arguments.next().ok_or_else(|| format!("{argument} wants a value"));
            match argument.as_str() {
                "--bench" => {} // cargo's own
                "--rounds" => parsed.rounds = value()?.parse::<usize>()?.max(1),
                "--directory" => parsed.directory = path::absolute(value()?)?,
                _ => parsed.names.push(argument),
            }
        }
        Ok(parsed)
    }
}

/// Goes with all that is in it, however the run ends.
struct Directory(PathBuf);

impl Directory {
    fn empty(path: PathBuf) -> io::Result<Self> {
        // What an interrupted run left.
        let _ = fs::remove_dir_all(&path);
        fs::create_dir_all(&path)?;
        Ok(Self(path))
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}
