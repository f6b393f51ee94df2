//! An HTTP server on loopback that does what a test tells it to, byte by byte, and records what it got.

use std::collections::VecDeque;
use std::net::{IpAddr, Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;

use rustls::ServerConfig;

use super::connection::Stream;
pub use super::connection::{Connection, Request};
use super::gate::Gate;
use super::{PATIENCE, certificate};

type Script = dyn Fn(&mut Connection) + Send + Sync;

/// Listens on a free port of a loopback address, a thread a connection, until it is dropped.
pub struct Origin {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
}

struct Shared {
    stopping: AtomicBool,
    log: Mutex<Log>,
    changed: Condvar,
}

#[derive(Default)]
struct Log {
    requests: Vec<Request>,
    /// The socket of every connection there has been, to shut it down in the end.
    sockets: Vec<TcpStream>,
    ended: usize,
}

impl Shared {
    fn change<R>(&self, change: impl FnOnce(&mut Log) -> R) -> R {
        let changed = change(&mut self.log.lock().unwrap());
        self.changed.notify_all();
        changed
    }
}

impl Origin {
    /// Runs `script` once for every connection that is accepted.
    pub fn http(script: impl Fn(&mut Connection) + Send + Sync + 'static) -> Self {
        Self::listen(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0), None, script)
    }

    /// The same behind TLS, with a certificate that `certificate()` vouches for.
    pub fn https(script: impl Fn(&mut Connection) + Send + Sync + 'static) -> Self {
        Self::tls(certificate::server(certificate::leaf(), &[]), script)
    }

    /// The same with a certificate and versions of the test's choice.
    pub fn tls(config: Arc<ServerConfig>, script: impl Fn(&mut Connection) + Send + Sync + 'static) -> Self {
        Self::tls_in_turn(vec![config], script)
    }

    /// The same with another config for each connection; the last stays.
    pub fn tls_in_turn(
        configs: Vec<Arc<ServerConfig>>,
        script: impl Fn(&mut Connection) + Send + Sync + 'static,
    ) -> Self {
        Self::serve(SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0), configs, script)
    }

    pub fn listen(
        address: SocketAddr,
        tls: Option<Arc<ServerConfig>>,
        script: impl Fn(&mut Connection) + Send + Sync + 'static,
    ) -> Self {
        Self::serve(address, tls.into_iter().collect(), script)
    }

    fn serve(
        address: SocketAddr,
        tls: Vec<Arc<ServerConfig>>,
        script: impl Fn(&mut Connection) + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind(address).unwrap();
        let address = listener.local_addr().unwrap();
        let scheme = if tls.is_empty() { "http" } else { "https" };
        let shared = Shared { stopping: AtomicBool::new(false), log: Mutex::default(), changed: Condvar::new() };
        let shared = Arc::new(shared);
        let (for_acceptor, script) = (shared.clone(), Arc::new(script));
        thread::spawn(move || accept(&listener, &for_acceptor, &tls, &(script as Arc<Script>)));
        Self { address, scheme, shared }
    }

    /// Answers each request with `first`, and with `rest` when the gate opens.
    pub fn gated(first: impl Into<Vec<u8>>, rest: impl Into<Vec<u8>>) -> (Self, Gate) {
        let (first, rest, gate) = (first.into(), rest.into(), Gate::default());
        let at_gate = gate.clone();
        let origin = Self::http(move |connection| {
            while connection.read_request().is_some() && connection.send(&first) && at_gate.pass() {
                connection.send(&rest);
            }
        });
        (origin, gate)
    }

    /// Gives these answers in turn, whatever is asked, then leaves.
    pub fn in_turn(answers: &[&str]) -> Self {
        let answers: VecDeque<_> = answers.iter().map(|answer| (*answer).to_owned()).collect();
        let answers = Mutex::new(answers);
        let next = move || answers.lock().unwrap().pop_front();
        Self::http(move |connection| {
            while connection.read_request().is_some() {
                let Some(answer) = next() else { return };
                connection.send(answer.as_bytes());
            }
        })
    }

    pub fn address(&self) -> SocketAddr {
        self.address
    }

    pub fn url(&self, path: &str) -> String {
        format!("{}://{}{path}", self.scheme, self.address)
    }

    /// The certificate of the authority that vouches for this origin, in PEM.
    pub fn certificate(&self) -> &str {
        certificate::trusted()
    }

    /// How many connections were made so far.
    pub fn accepted(&self) -> usize {
        self.shared.log.lock().unwrap().sockets.len()
    }

    /// What was asked so far.
    pub fn requests(&self) -> Vec<Request> {
        self.shared.log.lock().unwrap().requests.clone()
    }

    /// The only request there has been.
    pub fn request(&self) -> Request {
        let requests = self.requests();
        assert_eq!(requests.len(), 1, "{requests:#?}");
        requests.into_iter().next().unwrap()
    }

    /// Waits until so many requests have come, and gives them all.
    pub fn wait_for_requests(&self, count: usize) -> Vec<Request> {
        self.wait(&format!("{count} requests"), |log| (log.requests.len() >= count).then(|| log.requests.clone()))
    }

    /// Waits until so many connections were made.
    pub fn wait_for_accepted(&self, count: usize) {
        self.wait(&format!("{count} connections"), |log| (log.sockets.len() >= count).then_some(()));
    }

    /// Waits until the scripts of so many connections have ended.
    pub fn wait_for_ends(&self, count: usize) {
        self.wait(&format!("the end of {count} connections"), |log| (log.ended >= count).then_some(()));
    }

    fn wait<R>(&self, what: &str, ready: impl Fn(&Log) -> Option<R>) -> R {
        let log = self.shared.log.lock().unwrap();
        let waiting = |log: &mut Log| ready(log).is_none();
        let (log, _) = self.shared.changed.wait_timeout_while(log, PATIENCE, waiting).unwrap();
        let (found, requests) = (ready(&log), log.requests.clone());
        // A panic that holds the lock would be a second one in drop.
        drop(log);
        found.unwrap_or_else(|| panic!("waited for {what}; the origin got {requests:#?}"))
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        self.shared.stopping.store(true, Ordering::SeqCst);
        // Wakes the acceptor, which is blocked in accept.
        drop(TcpStream::connect(self.address));
        for socket in &self.shared.log.lock().unwrap().sockets {
            drop(socket.shutdown(Shutdown::Both));
        }
    }
}

fn accept(listener: &TcpListener, shared: &Arc<Shared>, tls: &[Arc<ServerConfig>], script: &Arc<Script>) {
    for socket in listener.incoming() {
        let socket = socket.unwrap();
        if shared.stopping.load(Ordering::SeqCst) {
            return;
        }
        socket.set_nodelay(true).unwrap();
        socket.set_read_timeout(Some(PATIENCE)).unwrap();
        socket.set_write_timeout(Some(PATIENCE)).unwrap();
        let number = shared.change(|log| {
            log.sockets.push(socket.try_clone().unwrap());
            log.sockets.len()
        });
        let tls = tls.get(number - 1).or(tls.last()).cloned();
        let (shared, script) = (shared.clone(), script.clone());
        thread::spawn(move || {
            // Closes with the thread, also when a script panics.
            let _end = End { shared: shared.clone(), socket: socket.try_clone().unwrap() };
            let stream = match tls {
                Some(config) => Stream::handshake(socket, config),
                None => Ok(Stream::Plain(socket)),
            };
            if let Ok(stream) = stream {
                let record = move |request: &Request| shared.change(|log| log.requests.push(request.clone()));
                script(&mut Connection::new(number, stream, record));
            }
        });
    }
}

/// Closes and counts a connection whose script has ended.
struct End {
    shared: Arc<Shared>,
    socket: TcpStream,
}

impl Drop for End {
    fn drop(&mut self) {
        drop(self.socket.shutdown(Shutdown::Both));
        self.shared.change(|log| log.ended += 1);
    }
}
