use std::io::{BufRead, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::mpsc;
use std::thread;

use parking_lot::Mutex;

use super::*;
use crate::challenge::{Credential, ServerTrust};
use crate::message::{Request, Text, Way};
use crate::transport::tls::{Tls, TlsSettings};
use crate::transport::{Asked, Authenticator, Meter, Peer, Settings};

const KEPT: &str = "HTTP/1.1 407 Who?\r\nContent-Length: 4\r\n\r\nwho?";
const CHUNKED: &str = "HTTP/1.1 407 Who?\r\nTransfer-Encoding: chunked\r\n\r\n4;x\r\nwho?\r\n0\r\n\r\n";
const CLOSED: &str = "HTTP/1.1 407 Who?\r\nConnection: close\r\nContent-Length: 4\r\n\r\nwho?";
const OLD: &str = "HTTP/1.0 407 Who?\r\nContent-Length: 4\r\n\r\nwho?";
const ENDLESS: &str = "HTTP/1.1 407 Who?\r\nContent-Length: 70000\r\n\r\nwho?";
const UNFRAMED: &str = "HTTP/1.1 407 Who?\r\n\r\nwho?";
const OPEN: &str = "HTTP/1.1 200 OK\r\n\r\n";

/// Says so many things, whatever is refused.
struct Talkative {
    most: usize,
    refusals: Mutex<Vec<u16>>,
}

impl Authenticator for Talkative {
    fn judges(&self) -> bool {
        false
    }

    fn judge<'a>(&'a self, _: Peer<'a>, _: Arc<ServerTrust>) -> Asked<'a, ()> {
        Box::pin(async { Ok(()) })
    }

    fn identify<'a>(
        &'a self,
        _: Peer<'a>,
        _: Vec<Bytes>,
        proposed: Option<Arc<Credential>>,
    ) -> Asked<'a, Option<Arc<Credential>>> {
        Box::pin(async { Ok(proposed) })
    }

    fn authorize_tunnel<'a>(
        &'a self,
        _: &'a Route,
        target: &'a str,
        refusal: Option<Arc<Response>>,
    ) -> Asked<'a, Option<Field>> {
        assert_eq!(target, "nowhere.invalid:443");
        let mut refusals = self.refusals.lock();
        refusals.extend(refusal.map(|response| response.status()));
        let said = refusals.len();
        let field = Field::new(Text::from_static("Proxy-Authorization\0"), Text::new(&format!("Try {said}")));
        Box::pin(async move { Ok((said < self.most).then_some(field)) })
    }
}

struct Deaf;

impl Meter for Deaf {
    fn is_suspended(&self) -> bool {
        false
    }

    fn waiting(&self) {}
    fn connecting(&self) {}
    fn connected(&self) {}
    fn answering(&self) {}
    fn moved(&self) {}
    fn sent(self: Arc<Self>, _: usize) {}
    fn sent_all(self: Arc<Self>) {}
    fn informed(self: Arc<Self>, _: &[u8]) {}
}

/// What was asked, a line each with the number of its connection, from a proxy that gives these answers in turn and
/// then the last of them again; and how many refusals it took, or the code.
fn asked(answers: &'static [&'static str], most: usize) -> (Vec<String>, Result<usize, i32>) {
    let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let way = Way::parse(&listener.local_addr().unwrap().to_string()).unwrap();
    let (told, heard) = mpsc::channel();
    thread::spawn(move || {
        let mut next = 0;
        for (number, socket) in listener.incoming().enumerate() {
            answer(socket.unwrap(), answers, &mut next, |line| told.send(format!("{number} {line}")).is_ok());
        }
    });
    let (authenticator, settings) = (Talkative { most, refusals: Mutex::default() }, Settings::default());
    let (tls, meter): (_, Arc<dyn Meter>) = (Tls::new(TlsSettings::default()), Arc::new(Deaf));
    let connector = Connector { settings: &settings, tls: &tls, authenticator: &authenticator, meter: &meter };
    let Way::Through(proxy) = way else { panic!("no proxy") };
    let request = Request::new("https://nowhere.invalid/");
    let route = Route::to(request.url().unwrap(), None).unwrap().through(proxy.clone(), &request, None);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let opened = runtime.block_on(open(&connector, &proxy, &route));
    let refusals = authenticator.refusals.lock();
    assert!(refusals.iter().all(|&status| status == 407));
    (heard.try_iter().collect(), opened.map(|_| refusals.len()).map_err(|error| error.code().0))
}

/// Until the peer leaves.
fn answer(socket: TcpStream, answers: &[&str], next: &mut usize, told: impl Fn(&str) -> bool) {
    for line in BufReader::new(&socket).lines().map_while(Result::ok) {
        if let Some(value) = line.strip_prefix("Proxy-Authorization: ") {
            told(value);
        }
        if line.is_empty() {
            let answer = answers[(*next).min(answers.len() - 1)];
            *next += 1;
            if (&socket).write_all(answer.as_bytes()).is_err() || answer == CLOSED {
                return;
            }
        }
    }
}

#[test]
fn a043_who_is_asked_again_answers_on_the_same_connection() {
    for again in [&[KEPT, KEPT, OPEN], &[CHUNKED, KEPT, OPEN]] {
        let (asked, opened) = asked(again, usize::MAX);
        assert_eq!(asked, ["0 Try 0", "0 Try 1", "0 Try 2"]);
        assert_eq!(opened, Ok(2));
    }
}

#[test]
fn a043_what_cannot_go_on_is_asked_on_another_connection() {
    for again in [&[CLOSED, OPEN], &[OLD, OPEN], &[ENDLESS, OPEN], &[UNFRAMED, OPEN]] {
        let (asked, opened) = asked(again, usize::MAX);
        assert_eq!(asked, ["0 Try 0", "1 Try 1"], "{again:?}");
        assert_eq!(opened, Ok(1));
    }
}

#[test]
fn a043_who_has_nothing_more_to_say_is_not_let_in() {
    let (asked, opened) = asked(&[KEPT], 3);
    assert_eq!(asked, ["0 Try 0", "0 Try 1", "0 Try 2"]);
    assert_eq!(opened, Err(-1013));
}

#[test]
fn a043_a_proxy_that_always_asks_is_left() {
    let (asked, opened) = asked(&[KEPT], usize::MAX);
    assert_eq!((asked.len(), opened), (MOST_ROUNDS, Err(-1013)));
}
