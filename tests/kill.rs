//! The process is killed while it downloads, a hundred times at some byte that the origin sends, and started again with
//! the last resume data: every file that is finished in the end is the origin's, to the byte.

use std::fs;
use std::io::Read;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::{Arc, Mutex};

use program::linked_dynamically;
use support::directory::Directory;
use support::origin::{Connection, Origin, Request};

mod program;
mod support;

const KILLS: usize = 100;
/// More than it can take to kill a hundred: downloads that do not get on end here.
const PROCESSES: u64 = 1000;
const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// Numbers that look random, the same in every run (xorshift).
struct Chance(u64);

impl Chance {
    /// From `low` on, below `high`.
    fn between(&mut self, low: u64, high: u64) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        low + self.0 % (high - low)
    }

    fn one_in(&mut self, count: u64) -> bool {
        self.between(0, count) == 0
    }
}

/// One version of the file.
struct Version {
    etag: String,
    bytes: Vec<u8>,
}

impl Version {
    /// No eight bytes of it are those of another place or another version.
    fn new(number: u64, length: u64) -> Self {
        let words = (0..length.div_ceil(8)).map(|place| ((number << 32) + place).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        let mut bytes: Vec<u8> = words.flat_map(u64::to_le_bytes).collect();
        bytes.truncate(length as usize);
        Self { etag: format!("\"{number}\""), bytes }
    }

    /// Where the body of the answer begins, and its head.
    fn answer(&self, request: &Request) -> (usize, String) {
        let all = self.bytes.len();
        let offset = request.value("range").map(|range| {
            let offset = range.strip_prefix("bytes=").and_then(|range| range.strip_suffix('-'));
            offset.and_then(|offset| offset.parse().ok()).unwrap_or_else(|| panic!("a Range of {range}"))
        });
        let is_same = || request.value("if-range").expect("a Range without If-Range") == self.etag;
        let (offset, status) = match offset.filter(|_| is_same()) {
            None => (0, "200 OK".to_owned()),
            Some(offset) => {
                assert!(offset < all, "asked for what is behind the end");
                (offset, format!("206 Partial Content\r\nContent-Range: bytes {offset}-{}/{all}", all - 1))
            }
        };
        let fields = format!("ETag: {}\r\nContent-Length: {}", self.etag, all - offset);
        (offset, format!("HTTP/1.1 {status}\r\n{fields}\r\n\r\n"))
    }
}

/// What the origin serves, whom it kills and when.
struct Scene {
    chance: Chance,
    version: Arc<Version>,
    victim: Option<Child>,
    /// Bytes until the victim is killed; None lets it live.
    fuse: Option<u64>,
    answers: Answers,
}

#[derive(Debug, Default)]
struct Answers {
    whole: usize,
    continued: usize,
    /// Because the file had changed.
    anew: usize,
}

impl Scene {
    fn count(&mut self, request: &Request, offset: usize) {
        let answers = &mut self.answers;
        *match request.value("range") {
            None => &mut answers.whole,
            Some(_) if offset > 0 => &mut answers.continued,
            Some(_) => &mut answers.anew,
        } += 1;
    }

    /// A part of what is left, before it is sent.
    fn next_piece<'a>(&mut self, left: &'a [u8]) -> (&'a [u8], &'a [u8]) {
        let piece = self.chance.between(1, 32 * KIB).min(left.len() as u64);
        if let (Some(fuse), Some(victim)) = (&mut self.fuse, &mut self.victim) {
            if *fuse < piece {
                victim.kill().unwrap();
            }
            *fuse = fuse.saturating_sub(piece);
        }
        left.split_at(piece as usize)
    }
}

/// Answers with a part of what was asked for, and then cuts the connection; or with a longer one, behind which it waits
/// until the program, which has got enough, leaves.
fn serve(connection: &mut Connection, scene: &Mutex<Scene>) {
    while let Some(request) = connection.read_request() {
        let version = scene.lock().unwrap().version.clone();
        let (offset, head) = version.answer(&request);
        let (cuts, part) = {
            let mut scene = scene.lock().unwrap();
            scene.count(&request, offset);
            let cuts = scene.chance.one_in(3);
            let (least, most) = if cuts { (1, 256 * KIB) } else { (256 * KIB, 768 * KIB) };
            (cuts, scene.chance.between(least, most) as usize)
        };
        let end = version.bytes.len().min(offset + part);
        let mut left = &version.bytes[offset..end];
        let mut is_open = connection.send(head.as_bytes());
        while is_open && !left.is_empty() {
            let piece;
            (piece, left) = scene.lock().unwrap().next_piece(left);
            is_open = connection.send(piece);
        }
        if !is_open || end < version.bytes.len() && (cuts || connection.wait_for_leave()) {
            return;
        }
    }
}

/// One process, to its end or ours.
fn run(program: &Path, arguments: [&str; 4], scene: &Mutex<Scene>, fuse: Option<u64>) -> ExitStatus {
    let mut errors = {
        let mut scene = scene.lock().unwrap();
        scene.fuse = fuse;
        let victim = Command::new(program).args(arguments).stderr(Stdio::piped()).spawn().unwrap();
        scene.victim.insert(victim).stderr.take().unwrap()
    };
    // Ends with the process, whose waits are bounded.
    let mut said = String::new();
    errors.read_to_string(&mut said).unwrap();
    let status = scene.lock().unwrap().victim.take().unwrap().wait().unwrap();
    assert!(said.is_empty() && (status.success() || status.signal() == Some(libc::SIGKILL)), "{status}:\n{said}");
    status
}

#[test]
fn a067_a_download_survives_a_hundred_kills_of_its_process() {
    let program = linked_dynamically("18_kill");
    let mut chance = Chance(0x5EED);
    let scene = Arc::new(Mutex::new(Scene {
        chance: Chance(0xC0FFEE),
        version: Arc::new(Version::new(0, MIB)),
        victim: None,
        fuse: None,
        answers: Answers::default(),
    }));
    let for_origin = scene.clone();
    let origin = Origin::http(move |connection| serve(connection, &for_origin));
    let url = origin.url("/file");
    let mut directory = Directory::default();
    let (mut kills, mut finished) = (0, 0);
    for process in 1..=PROCESSES {
        // The file changes while no process runs.
        if chance.one_in(10) {
            let length = chance.between(MIB, 2 * MIB);
            scene.lock().unwrap().version = Arc::new(Version::new(process, length));
        }
        let fuse = (kills < KILLS).then(|| chance.between(0, MIB));
        let paths = [directory.path().to_owned(), directory.at("state"), directory.at("target")];
        let [downloads, state, target] = paths.each_ref().map(|path| path.to_str().unwrap());
        let status = run(&program, [&url, downloads, state, target], &scene, fuse);
        origin.wait_for_ends(origin.accepted());
        if !status.success() {
            kills += 1;
            continue;
        }
        let is_right = fs::read(target).unwrap() == scene.lock().unwrap().version.bytes;
        assert!(is_right, "what process {process} finished is not the origin's file");
        finished += 1;
        if kills == KILLS {
            break;
        }
        directory = Directory::default();
    }
    let answers = &scene.lock().unwrap().answers;
    assert_eq!(kills, KILLS, "{finished} downloads, {answers:?}");
    // What this test is about has happened.
    assert!(finished > 5 && answers.continued > KILLS / 2 && answers.anew > 3, "{finished} downloads, {answers:?}");
}
