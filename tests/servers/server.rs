//! A server's program, with a folder and a port of its own.

use std::fmt::Display;
use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};
use std::{env, thread};

use crate::support::PATIENCE;
use crate::tls::Identity;

/// Another process may take the port between our finding it and the server's.
const ATTEMPTS: usize = 5;

/// Runs until it is dropped. Its folder holds `configuration`, `identity` for TLS, `pid`, `access.log`, `error.log` and
/// the served `files`.
pub struct Server {
    process: Child,
    folder: PathBuf,
    port: u16,
}

impl Server {
    /// The program is the first of the files it needs; `configure` gets the folder and the port to listen on. None where
    /// a file is missing.
    pub fn start(needs: &[&str], arguments: &[&str], configure: impl Fn(&Path, u16) -> String) -> Option<Self> {
        if let Some(missing) = needs.iter().find(|file| !Path::new(file).exists()) {
            assert!(env::var("URL_SESSION_TEST_SERVERS").as_deref() != Ok("required"), "{missing} is not installed");
            #[expect(clippy::explicit_write, reason = "a test that passes keeps to itself what eprintln writes")]
            writeln!(io::stderr(), "skipped: {missing} is not installed").unwrap();
            return None;
        }
        let mut said = String::new();
        for _ in 0..ATTEMPTS {
            let mut server = Self::launch(needs[0], arguments, &configure);
            if server.has_come_up() {
                return Some(server);
            }
            said = server.read("said") + &server.read("error.log");
        }
        panic!("{} does not start:\n{said}", needs[0]);
    }

    fn launch(program: &str, arguments: &[&str], configure: impl Fn(&Path, u16) -> String) -> Self {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let number = COUNT.fetch_add(1, Ordering::SeqCst);
        let folder = env::temp_dir().join(format!("urlsession-{}-{number}", process::id()));
        fs::create_dir_all(folder.join("files")).unwrap();
        let port = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap().local_addr().unwrap().port();
        fs::write(folder.join("configuration"), configure(&folder, port)).unwrap();
        fs::write(folder.join("identity"), Identity::own().pem()).unwrap();
        let said = File::create(folder.join("said")).unwrap();
        let mut command = Command::new(program);
        command.args(arguments).current_dir(&folder).stdout(said.try_clone().unwrap()).stderr(said);
        Self { process: command.spawn().unwrap(), folder, port }
    }

    /// Servers write their number once they listen, or else end.
    fn has_come_up(&mut self) -> bool {
        wait_for("a server to start", || match self.process.try_wait().unwrap() {
            Some(_) => Some(false),
            None => (!self.read("pid").is_empty()).then_some(true),
        })
    }

    pub fn url(&self, path: impl Display) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Adds to what is served.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.folder.join("files").join(name), content).unwrap();
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.folder.join(name)).unwrap_or_default()
    }

    /// The connections of so many requests, in the order they were answered.
    pub fn connections(&self, requests: usize) -> Vec<String> {
        // A request may be answered before it is logged.
        let log = wait_for("the access log", || {
            Some(self.read("access.log")).filter(|log| log.matches('\n').count() >= requests)
        });
        let connections: Vec<_> = log.lines().map(str::to_owned).collect();
        assert_eq!(connections.len(), requests);
        connections
    }

    /// Waits until the news that the server has closed all connections has reached this side of them.
    pub fn wait_for_hang_up(&self) {
        let peer = format!(":{:04X}", self.port);
        wait_for("the server to hang up", || {
            let table = fs::read_to_string("/proc/net/tcp").unwrap();
            let is_open = |line: &str| {
                let fields: Vec<_> = line.split_whitespace().collect();
                fields[2].ends_with(&peer) && fields[3] == "01"
            };
            (!table.lines().any(is_open)).then_some(())
        });
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.process.kill());
        drop(self.process.wait());
        drop(fs::remove_dir_all(&self.folder));
    }
}

fn wait_for<R>(what: &str, mut answer: impl FnMut() -> Option<R>) -> R {
    let end = Instant::now() + PATIENCE;
    loop {
        if let Some(answer) = answer() {
            return answer;
        }
        assert!(Instant::now() < end, "waited for {what}");
        thread::sleep(Duration::from_millis(5));
    }
}
