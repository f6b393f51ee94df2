//! A server's program, with a folder and a port of its own.

use std::fmt::Display;
use std::fs::{self, File, Permissions};
use std::io::{self, Write};
use std::net::{Ipv4Addr, TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{self, Child, Command};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant, SystemTime};
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
        if !needs.iter().all(|file| is_installed(file)) {
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
        // Started by root, Apache is somebody else when a file is put there.
        fs::set_permissions(folder.join("files"), Permissions::from_mode(0o777)).unwrap();
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

    /// For servers that write their number earlier.
    pub fn listening(self) -> Self {
        wait_for("a server to listen", || TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok());
        self
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn url(&self, path: impl Display) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// The same over TLS, by the name in [`Identity::own`].
    pub fn secure_url(&self, path: impl Display) -> String {
        self.url(path).replacen("http", "https", 1)
    }

    /// Where a served file is.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.join("files").join(name)
    }

    /// Adds to what is served.
    pub fn file(&self, name: &str, content: impl AsRef<[u8]>) {
        fs::write(self.path(name), content).unwrap();
    }

    /// The same, of a file that was last changed so many seconds after 2001-09-09T01:46:40Z.
    pub fn old_file(&self, name: &str, content: impl AsRef<[u8]>, seconds: u64) {
        self.file(name, content);
        self.set_modified(name, SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000_000 + seconds));
    }

    pub fn set_modified(&self, name: &str, time: SystemTime) {
        File::options().write(true).open(self.path(name)).unwrap().set_modified(time).unwrap();
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
        self.wait_for_end_of_connections(2);
    }

    /// Waits until the server has closed all connections, even if it has more to send before the news of that.
    pub fn wait_for_close(&self) {
        self.wait_for_end_of_connections(1);
    }

    /// The system's table has the local address in column 1 and the remote one in column 2.
    fn wait_for_end_of_connections(&self, column: usize) {
        let port = format!(":{:04X}", self.port);
        wait_for("the server to hang up", || {
            let table = fs::read_to_string("/proc/net/tcp").unwrap();
            let is_open = |line: &str| {
                let fields: Vec<_> = line.split_whitespace().collect();
                fields[column].ends_with(&port) && fields[3] == "01"
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

/// Says so, or fails, where it is not.
pub fn is_installed(program: &str) -> bool {
    let there = Path::new(program).exists();
    if !there {
        assert!(env::var("URL_SESSION_TEST_SERVERS").as_deref() != Ok("required"), "{program} is not installed");
        #[expect(clippy::explicit_write, reason = "a test that passes keeps to itself what eprintln writes")]
        writeln!(io::stderr(), "skipped: {program} is not installed").unwrap();
    }
    there
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
