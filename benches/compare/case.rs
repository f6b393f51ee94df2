//! What is measured, and the lines that tell it.

use std::fmt::Write;
use std::io;
use std::path::Path;

use crate::origin::Origin;
use crate::program::{Cost, Program};

const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// The column titles of what `Case::measure` gives.
pub const HEADING: &str = "\
case          figure               ours     other   ratio     range         target
--------------------------------------------------------------------------------------";

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
}

struct Figure {
    name: &'static str,
    of: fn(&Cost, &Load) -> f64,
    /// What the ratio is to be at most.
    target: Option<f64>,
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
        ]
    }

    fn small(name: &'static str, requests: u64, in_flight: u64, target: Option<f64>) -> Case {
        let load = |program| Load { program, bytes: 100, requests, in_flight, pause: 0 };
        let figures = vec![
            Figure { name: "requests/s", of: |cost, load| load.requests as f64 / cost.wall, target: None },
            Figure { name: "CPU µs/request", of: |cost, load| cost.cpu * 1e6 / load.requests as f64, target },
            Figure::memory(None),
        ];
        Case { name, ours: load(Program::Ours), other: load(Program::CurlMulti), https: false, figures }
    }

    fn large(name: &'static str, https: bool) -> Case {
        let load = |program| Load { program, bytes: GIB, requests: 1, in_flight: 1, pause: 0 };
        let figures = vec![
            Figure { name: "MiB/s", of: |cost, load| (load.bytes / MIB) as f64 / cost.wall, target: None },
            Figure { name: "CPU ms/GiB", of: |cost, _| cost.cpu * 1e3, target: Some(1.0) },
            Figure::memory(None),
        ];
        Case { name, ours: load(Program::Ours), other: load(Program::CurlEasy), https, figures }
    }

    /// Ours against ours: a body eight times as long must need no more memory, however slow the slot.
    fn slow() -> Case {
        let load = |bytes| Load { program: Program::Ours, bytes, requests: 1, in_flight: 1, pause: 10_000 };
        Case {
            name: "slow-slot",
            ours: load(512 * MIB),
            other: load(64 * MIB),
            https: false,
            figures: vec![Figure::memory(Some(1.5))],
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
        let url = origin.url(self.https, load.bytes)?;
        let authority = if self.https { origin.authority().display().to_string() } else { "-".to_owned() };
        let mut arguments = vec![url, load.bytes.to_string()];
        match load.program {
            Program::Ours => {
                let (requests, in_flight) = (load.requests.to_string(), load.in_flight.to_string());
                arguments.extend([requests, in_flight, authority, load.pause.to_string()]);
            }
            Program::CurlMulti => arguments.extend([load.requests.to_string(), load.in_flight.to_string()]),
            Program::CurlEasy => arguments.push(authority),
        }
        load.program.run(out, &arguments)
    }

    fn line(&self, figure: &Figure, pairs: &[(Cost, Cost)]) -> String {
        let ours = sorted(pairs.iter().map(|(ours, _)| (figure.of)(ours, &self.ours)));
        let other = sorted(pairs.iter().map(|(_, other)| (figure.of)(other, &self.other)));
        let ratios =
            sorted(pairs.iter().map(|(ours, other)| (figure.of)(ours, &self.ours) / (figure.of)(other, &self.other)));
        let ratio = median(&ratios);
        let mut line = format!("{:13} {:14} {:10.1}", self.name, figure.name, median(&ours));
        let _ = write!(line, "{:10.1} {ratio:7.2}", median(&other));
        let _ = write!(line, "   {:4.2}..{:4.2}", ratios[0], ratios[ratios.len() - 1]);
        if let Some(target) = figure.target {
            let verdict = if ratio <= target { "reached" } else { "NOT reached" };
            let _ = write!(line, "    {target:.1} {verdict}");
        }
        line + "\n"
    }
}

impl Figure {
    fn memory(target: Option<f64>) -> Figure {
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
