//! liburlsession against libcurl, in turn in the same run: `cargo bench --bench compare -- [case…] [--rounds N]`.
//! What is measured and why: benches/README.md.

mod case;
mod origin;
mod program;

use std::error::Error;
use std::fs;
use std::path::Path;
use std::process::ExitCode;

use case::Case;
use origin::Origin;

fn main() -> ExitCode {
    let out = Path::new(env!("CARGO_TARGET_TMPDIR")).join("compare");
    // What an interrupted run left.
    let _ = fs::remove_dir_all(&out);
    let result = compare(&out);
    let _ = fs::remove_dir_all(&out);
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("compare: {error}");
            ExitCode::FAILURE
        }
    }
}

fn compare(out: &Path) -> Result<(), Box<dyn Error>> {
    let (names, rounds) = arguments()?;
    let mut cases = Case::all();
    if let Some(unknown) = names.iter().find(|name| cases.iter().all(|case| case.name != *name)) {
        return Err(format!("no case is called {unknown:?}").into());
    }
    cases.retain(|case| names.is_empty() || names.iter().any(|name| case.name == name));
    let origin = match Origin::start(out.join("origin")) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("compare: nginx is not installed, so there is nothing to measure against");
            return Ok(());
        }
        started => started?,
    };
    for program in case::programs(&cases) {
        program.compile(out)?;
    }
    println!("{}", case::HEADING);
    for case in &cases {
        print!("{}", case.measure(out, &origin, rounds)?);
    }
    println!("Medians of {rounds} rounds; the ratio is the median of the pairs', with its range.");
    for kind in origin.negotiated() {
        println!("TLS: {kind}");
    }
    Ok(())
}

/// The cases to run, all where none is named, and how many rounds.
fn arguments() -> Result<(Vec<String>, usize), Box<dyn Error>> {
    let (mut names, mut rounds) = (Vec::new(), 9);
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--bench" => {} // cargo's own
            "--rounds" => rounds = arguments.next().ok_or("--rounds wants a number")?.parse::<usize>()?.max(1),
            _ => names.push(argument),
        }
    }
    Ok((names, rounds))
}
