//! What was accepted for one connection, and may not be handed on: by the pool, or by a session of TLS that is resumed.

use rustls::version::{TLS12, TLS13};

use crate::support::certificate::{self, Leaf};
use crate::support::challenge::{Asked, Reply};
use crate::support::handle::{Configuration, Session};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::Recorder;
use crate::support::standard;
use urlsession::*;

fn origin(leaf: Leaf) -> Origin {
    Origin::tls(certificate::server(leaf, &[]), standard::serve)
}

fn trusting() -> Configuration {
    Configuration::trusting(certificate::trusted())
}

fn accepting() -> Recorder {
    Recorder::default().trusting(Asked::accept)
}

/// One task after the other.
fn run(recorder: Recorder, session: &Session, url: &str) -> String {
    let number = session.start(url).identifier();
    recorder.wait_for_beginning(&format!("did_complete {number} "))
}

/// Says whether TLS went on where it stopped, and closes; every connection is a new one.
fn answer_and_close(connection: &mut Connection) {
    connection.read_request();
    connection.send(b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 1\r\n\r\n");
    connection.send(if connection.is_resumed() { b"r" } else { b"f" });
    connection.close();
}

fn count(recorder: Recorder) -> usize {
    let asked = "session_did_receive_challenge ServerTrust \"\" 0 -";
    recorder.lines().iter().filter(|line| *line == asked).count()
}

#[test]
fn a046_what_the_sessions_delegate_accepted_serves_all_its_tasks() {
    let origin = origin(certificate::self_signed());
    let recorder = accepting();
    let session = recorder.session(&trusting());
    for _ in 0..3 {
        assert!(run(recorder, &session, &origin.url("/hello")).ends_with(" ok"));
    }
    assert_eq!((count(recorder), origin.accepted()), (1, 1));
}

#[test]
fn q040_what_a_tasks_own_delegate_accepted_serves_no_other() {
    let origin = origin(certificate::self_signed());
    let (of_session, of_task) = (Recorder::default(), accepting());
    let session = of_session.session(&trusting());
    let own = session.task(&origin.url("/hello"));
    assert_eq!(url_session_task_set_delegate(own.get(), &of_task.delegate()), UrlSessionStatus::OK);
    own.resume();
    of_task.wait_for("did_complete 1 ok");
    assert_eq!(run(of_session, &session, &origin.url("/hello")), "did_complete 2 -1203");
    assert_eq!((origin.requests().len(), count(of_session)), (1, 0));
}

#[test]
fn q040_a_tasks_own_delegate_judges_for_itself() {
    let origin = origin(certificate::self_signed());
    let (of_session, of_task) = (accepting(), Recorder::default().trusting(|_| Reply::Cancel));
    let session = of_session.session(&trusting());
    assert_eq!(run(of_session, &session, &origin.url("/hello")), "did_complete 1 ok");
    let own = session.task(&origin.url("/hello"));
    assert_eq!(url_session_task_set_delegate(own.get(), &of_task.delegate()), UrlSessionStatus::OK);
    own.resume();
    of_task.wait_for("did_complete 2 -999");
    assert_eq!((count(of_session), count(of_task), origin.requests().len()), (1, 1, 1));
}

#[test]
fn a046_a_resumed_connection_is_asked_about_anew() {
    for version in [&TLS12, &TLS13] {
        let origin = Origin::tls(certificate::server(certificate::leaf(), &[version]), answer_and_close);
        let recorder = accepting();
        let session = recorder.session(&trusting());
        for _ in 0..2 {
            assert!(run(recorder, &session, &origin.url("/")).ends_with(" ok"));
        }
        assert_eq!((count(recorder), recorder.body(1), recorder.body(2)), (2, b"f".to_vec(), b"r".to_vec()));
    }
}

#[test]
fn a046_resumption_makes_no_bad_chain_good() {
    for version in [&TLS12, &TLS13] {
        let origin = Origin::tls(certificate::server(certificate::self_signed(), &[version]), answer_and_close);
        let (of_session, of_task) = (Recorder::default(), accepting());
        let session = of_session.session(&trusting());
        for number in 1..=2 {
            let own = session.task(&origin.url("/"));
            assert_eq!(url_session_task_set_delegate(own.get(), &of_task.delegate()), UrlSessionStatus::OK);
            own.resume();
            of_task.wait_for(&format!("did_complete {number} ok"));
        }
        // Asked each time, and a chain that is not good is never taken from a session.
        assert_eq!((count(of_task), of_task.body(2)), (2, b"f".to_vec()));
        let number = session.start(&origin.url("/")).identifier();
        of_session.wait_for(&format!("did_complete {number} -1203"));
        let refusing = Recorder::default().trusting(|_| Reply::Default);
        let own = session.task(&origin.url("/"));
        assert_eq!(url_session_task_set_delegate(own.get(), &refusing.delegate()), UrlSessionStatus::OK);
        own.resume();
        refusing.wait_for(&format!("did_complete {} -1203", own.identifier()));
    }
}

#[test]
fn resumption_stays_on_where_nobody_is_asked() {
    for version in [&TLS12, &TLS13] {
        let origin = Origin::tls(certificate::server(certificate::leaf(), &[version]), answer_and_close);
        let recorder = Recorder::default();
        let session = recorder.session(&trusting());
        for _ in 0..2 {
            run(recorder, &session, &origin.url("/"));
        }
        assert_eq!((recorder.body(1), recorder.body(2)), (b"f".to_vec(), b"r".to_vec()));
    }
}
