//! What is measured, and the lines that tell it.

use std::fmt::Write;
use std::path::Path;
use std::{fs, io};

use crate::origin::Origin;
use crate::program::{Cost, Program};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The column titles of what `Case::measure` gives.
pub const HEADING: &str = "\
case           figure               ours     other   ratio     range         target
---------------------------------------------------------------------------------------";

/// The same load on two programs.
pub struct Case {
    pub name: &'static str,
    ours: Load,
    other: Load,
    https: bool,
    figures: Vec<Figure>,
}

struct Load {
    program: Program,
    bytes: u64,
    requests: u64,
    in_flight: u64,
    /// Microseconds that our data slot sleeps after every 4 MiB.
    pause: u64,
    body: Body,
}

/// What an upload is made from.
enum Body {
    File,
    /// A pull source of known length.
    Stream,
    /// A pull source of unknown length.
    Chunks,
}

struct Figure {
    name: &'static str,
    of: fn(&Cost, &Load) -> f64,
    target: Option<Target>,
}

/// What is to be at most so much.
enum Target {
    Ratio(f64),
    Ours(f64),
}

impl Case {
    pub fn all() -> Vec<Case> {
        vec![
            Case::small("small1", 10_000, 1, None),
            Case::small("small6", 20_000, 6, None),
            Case::small("small64", 40_000, 64, Some(1.1)),
            Case::large("large-http", false),
            Case::large("large-https", true),
            Case::slow(),
            Case::download("download-http", Program::CurlDownload, false, Some(Target::Ratio(0.8))),
            Case::download("download-https", Program::CurlDownload, true, Some(Target::Ratio(0.8))),
            Case::download("download-cp", Program::Copy, false, None),
            Case::upload("upload-file", || Body::File),
            Case::upload("upload-stream", || Body::Stream),
            Case::upload("upload-chunked", || Body::Chunks),
        ]
    }

    fn small(name: &'static str, requests: u64, in_flight: u64, target: Option<f64>) -> Case {
        let load = |program| Load { requests, in_flight, ..Load::new(program, 100) };
        let target = target.map(Target::Ratio);
        let figures = vec![
            Figure { name: "requests/s", of: |cost, load| load.requests as f64 / cost.wall, target: None },
            Figure { name: "CPU µs/request", of: |cost, load| cost.cpu * 1e6 / load.requests as f64, target },
            Figure::memory(None),
        ];
        Case { name, ours: load(Program::Ours), other: load(Program::CurlMulti), https: false, figures }
    }

    fn large(name: &'static str, https: bool) -> Case {
        let (ours, other) = (Load::new(Program::Ours, GIB), Load::new(Program::CurlEasy, GIB));
        Case { name, ours, other, https, figures: Figure::of_a_gib(Some(Target::Ratio(1.0)), None) }
    }

    /// Into a file on the same file system.
    fn download(name: &'static str, other: Program, https: bool, target: Option<Target>) -> Case {
        let (ours, other) = (Load::new(Program::OursDownload, GIB), Load::new(other, GIB));
        Case { name, ours, other, https, figures: Figure::of_a_gib(target, Some(Target::Ours(24.0))) }
    }

    fn upload(name: &'static str, body: fn() -> Body) -> Case {
        let load = |program| Load { body: body(), ..Load::new(program, GIB) };
        let (ours, other) = (load(Program::OursUpload), load(Program::CurlUpload));
        let figures = Figure::of_a_gib(Some(Target::Ratio(1.0)), Some(Target::Ours(24.0)));
        Case { name, ours, other, https: false, figures }
    }

    /// Ours against ours: a body eight times as long must need no more memory, however slow the slot.
    fn slow() -> Case {
        let load = |bytes| Load { pause: 10_000, ..Load::new(Program::Ours, bytes) };
        Case {
            name: "slow-slot",
            ours: load(512 * MIB),
            other: load(64 * MIB),
            https: false,
            figures: vec![Figure::memory(Some(Target::Ratio(1.5)))],
        }
    }

    /// One warm-up each, then in turn.
    pub fn measure(&self, out: &Path, origin: &Origin, rounds: usize) -> io::Result<String> {
        let mut pairs = Vec::new();
        for _ in 0..=rounds {
            let ours = self.run(&self.ours, out, origin)?;
            pairs.push((ours, self.run(&self.other, out, origin)?));
        }
        pairs.remove(0);
        Ok(self.figures.iter().map(|figure| self.line(figure, &pairs)).collect())
    }

    fn run(&self, load: &Load, out: &Path, origin: &Origin) -> io::Result<Cost> {
        let text = |path: &Path| path.display().to_string();
        let (file, target, bytes) = (text(&origin.file(load.bytes)?), out.join("target"), load.bytes.to_string());
        let (url, sink) = (origin.url(self.https, load.bytes), origin.sink(load.bytes));
        let authority = if self.https { text(&origin.authority()) } else { "-".to_owned() };
        let (requests, in_flight) = (load.requests.to_string(), load.in_flight.to_string());
        let arguments = match load.program {
            Program::Ours => vec![url, bytes, requests, in_flight, authority, load.pause.to_string()],
            Program::CurlMulti => vec![url, bytes, requests, in_flight],
            Program::CurlEasy => vec![url, bytes, authority],
            Program::OursDownload | Program::CurlDownload => vec![url, bytes, text(&target), authority],
            Program::OursUpload | Program::CurlUpload => vec![sink, bytes, load.body.argument(file)],
            Program::Copy => vec![file, text(&target)],
        };
        let cost = load.program.run(out, &arguments)?;
        match load.program {
            Program::OursDownload | Program::CurlDownload | Program::Copy => fs::remove_file(target)?,
            _ => {}
        }
        Ok(cost)
    }

    fn line(&self, figure: &Figure, pairs: &[(Cost, Cost)]) -> String {
        let ours = sorted(pairs.iter().map(|(ours, _)| (figure.of)(ours, &self.ours)));
        let other = sorted(pairs.iter().map(|(_, other)| (figure.of)(other, &self.other)));
        let ratios =
            sorted(pairs.iter().map(|(ours, other)| (figure.of)(ours, &self.ours) / (figure.of)(other, &self.other)));
        let ratio = median(&ratios);
        let mut line = format!("{:14} {:14} {:10.1}", self.name, figure.name, median(&ours));
        let _ = write!(line, "{:10.1} {ratio:7.2}", median(&other));
        let _ = write!(line, "   {:4.2}..{:4.2}", ratios[0], ratios[ratios.len() - 1]);
        let (value, target) = match figure.target {
            Some(Target::Ratio(target)) => (ratio, target),
            Some(Target::Ours(target)) => (median(&ours), target),
            None => return line + "\n",
        };
        let verdict = if value <= target { "reached" } else { "NOT reached" };
        let _ = writeln!(line, "    {target:.1} {verdict}");
        line
    }
}

impl Load {
    fn new(program: Program, bytes: u64) -> Load {
        Load { program, bytes, requests: 1, in_flight: 1, pause: 0, body: Body::File }
    }
}

impl Body {
    fn argument(&self, file: String) -> String {
        match self {
            Body::File => file,
            Body::Stream => "length".to_owned(),
            Body::Chunks => "chunked".to_owned(),
        }
    }
}

impl Figure {
    fn of_a_gib(cpu: Option<Target>, memory: Option<Target>) -> Vec<Figure> {
        vec![
            Figure { name: "MiB/s", of: |cost, load| (load.bytes / MIB) as f64 / cost.wall, target: None },
            Figure { name: "CPU ms/GiB", of: |cost, _| cost.cpu * 1e3, target: cpu },
            Figure::memory(memory),
        ]
    }

    fn memory(target: Option<Target>) -> Figure {
        Figure { name: "peak MiB", of: |cost, _| cost.memory / MIB as f64, target }
    }
}

/// The programs that these cases need.
pub fn programs(cases: &[Case]) -> Vec<Program> {
    let mut programs = Vec::new();
    for program in cases.iter().flat_map(|case| [case.ours.program, case.other.program]) {
        if !programs.contains(&program) {
            programs.push(program);
        }
    }
    programs
}

fn sorted(figures: impl Iterator<Item = f64>) -> Vec<f64> {
    let mut figures: Vec<f64> = figures.collect();
    figures.sort_by(f64::total_cmp);
    figures
}

fn median(sorted: &[f64]) -> f64 {
    (sorted[sorted.len() / 2] + sorted[(sorted.len() - 1) / 2]) / 2.0
}
