use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::{Answer, Recorder};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

/// Runs these tasks one after the other.
fn run(recorder: Recorder, session: &Session, urls: &[String]) {
    for url in urls {
        let number = session.start(url).identifier();
        recorder.wait_for_beginning(&format!("did_complete {number} "));
    }
}

/// The connections that the requests came on, in their order.
fn connections(origin: &Origin) -> Vec<usize> {
    origin.requests().iter().map(|request| request.connection).collect()
}

/// The connections of two tasks, one after the other, that get what `answer` sends.
fn connections_of_two(answer: impl Fn(&mut Connection) + Send + Sync + 'static) -> Vec<usize> {
    let origin = Origin::http(move |connection| {
        while connection.read_request().is_some() {
            answer(connection);
        }
    });
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    run(recorder, &session, &[origin.url("/"), origin.url("/")]);
    connections(&origin)
}

#[test]
fn r031_a_connection_is_used_again() {
    for origin in [Origin::http(standard::serve), Origin::https(standard::serve)] {
        let recorder = Recorder::default();
        let session = recorder.session(&Configuration::trusting(origin.certificate()));
        let paths = ["/hello", "/status/204", "/status/404", "/bytes/300000", "/chunked/300000", "/gzip", "/bytes/0"];
        run(recorder, &session, &paths.map(|path| origin.url(path)));
        session.task_for(&Request::new(&origin.url("/echo")).method("POST").body(b"body")).resume();
        recorder.wait_for("did_complete 8 ok");
        assert_eq!((origin.accepted(), origin.requests().len()), (1, 8));
        assert!(!recorder.transcript().contains(" -1"), "{}", recorder.transcript());
    }
}

#[test]
fn r031_the_next_task_gets_the_connection_already_in_complete() {
    let origin = Origin::http(standard::serve);
    let url = crate::support::handle::c_text(&origin.url("/hello"));
    let recorder = Recorder::with(move |moment| {
        if moment.message == crate::support::recorder::Message::DidComplete
            && url_session_task_identifier(moment.task) < 10
        {
            let mut task = std::ptr::null_mut();
            let status = url_session_data_task_with_url(moment.session, url.as_ptr(), &mut task);
            assert_eq!(status, UrlSessionStatus::OK);
            url_session_task_resume(task);
            url_session_task_release(task);
        }
    });
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/hello"));
    recorder.wait_for("did_complete 10 ok");
    assert_eq!(origin.accepted(), 1);
}

/// An origin that answers when the gate opens.
fn behind_a_gate() -> (Origin, Gate) {
    Origin::gated("", "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
}

#[test]
fn r032_there_are_no_more_connections_than_allowed() {
    for limit in [1, 6] {
        let (origin, gate) = behind_a_gate();
        let recorder = Recorder::default();
        let session = recorder.session(&Configuration::default().connections_per_host(limit));
        for _ in 0..20 {
            session.start(&origin.url("/"));
        }
        origin.wait_for_requests(limit as usize);
        (0..20).for_each(|_| gate.open());
        session.finish_tasks_and_invalidate();
        recorder.wait_for("release");
        assert_eq!((origin.accepted(), origin.requests().len()), (limit as usize, 20));
    }
}

#[test]
fn r032_the_limit_is_per_origin() {
    let (busy, free) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default().connections_per_host(1));
    session.start(&busy.url("/hang"));
    session.start(&free.url("/hello"));
    recorder.wait_for("did_complete 2 ok");
}

#[test]
fn r032_who_waits_is_served_by_priority_and_then_in_order() {
    let (origin, gate) = behind_a_gate();
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default().connections_per_host(1));
    let elsewhere = Origin::http(standard::serve);
    session.start(&origin.url("/0"));
    origin.wait_for_requests(1);
    for (path, priority) in [("/4", 0.25), ("/2", 0.5), ("/1", 0.75), ("/3", 0.5), ("/5", 0.25)] {
        let task = session.task(&origin.url(path));
        assert_eq!(url_session_task_set_priority(task.get(), priority), UrlSessionStatus::OK);
        task.resume();
        // It has long come to the queue when a whole other session has come and gone.
        Story::of(&elsewhere.url("/hello"));
    }
    (0..6).for_each(|_| gate.open());
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    let targets: Vec<_> = origin.requests().iter().map(|request| request.target().to_owned()).collect();
    assert_eq!(targets, ["/0", "/1", "/2", "/3", "/4", "/5"]);
}

#[test]
fn r032_waiting_for_a_connection_takes_no_longer_than_connecting_may() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default().connections_per_host(1).connect_timeout(0.5));
    session.start(&origin.url("/hang"));
    origin.wait_for_requests(1);
    session.start(&origin.url("/hello"));
    recorder.wait_for("did_complete 2 -1001 connect");
    assert_eq!(recorder.transcript_of(1), "");
}

#[test]
fn r032_the_newest_connection_is_used_first() {
    let gates = [Gate::default(), Gate::default()];
    let at_gates = gates.clone();
    let origin = Origin::http(move |connection| {
        while connection.read_request().is_some() {
            at_gates[connection.number - 1].pass();
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/"));
    origin.wait_for_requests(1);
    session.start(&origin.url("/"));
    origin.wait_for_requests(2);
    gates[1].open();
    recorder.wait_for("did_complete 2 ok");
    gates[0].open();
    recorder.wait_for("did_complete 1 ok");
    gates[0].open();
    session.start(&origin.url("/"));
    recorder.wait_for("did_complete 3 ok");
    assert_eq!(connections(&origin), [1, 2, 1]);
}

#[test]
fn r032_a_connection_that_the_server_closed_meanwhile_is_not_used() {
    let elsewhere = Origin::http(standard::serve);
    for method in ["GET", "POST"] {
        let origin = Origin::http(|connection| {
            connection.read_request();
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
            connection.close();
        });
        let recorder = Recorder::default();
        let session = recorder.session(&Configuration::default());
        run(recorder, &session, &[origin.url("/")]);
        origin.wait_for_ends(1);
        // What comes in of another connection comes in after the news of the end of this one.
        Story::of(&elsewhere.url("/hello"));
        session.task_for(&Request::new(&origin.url("/")).method(method).body(b"body")).resume();
        recorder.wait_for("did_complete 2 ok");
        assert_eq!(connections(&origin), [1, 2], "{method}");
    }
}

#[test]
fn r033_connections_are_kept_apart_by_scheme_host_and_port() {
    let (http, other, https) =
        (Origin::http(standard::serve), Origin::http(standard::serve), Origin::https(standard::serve));
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::trusting(https.certificate()));
    let by_name = http.url("/hello").replace("127.0.0.1", "localhost");
    let urls = [http.url("/hello"), other.url("/hello"), https.url("/hello"), by_name];
    run(recorder, &session, &urls);
    run(recorder, &session, &urls);
    assert_eq!(connections(&http), [1, 2, 1, 2]);
    assert_eq!((other.accepted(), https.accepted()), (1, 1));
    assert!(!recorder.transcript().contains(" -1"), "{}", recorder.transcript());
}

#[test]
fn r033_sessions_of_different_trust_share_no_connection() {
    let origin = Origin::https(standard::serve);
    let (trusting, strict) = (Recorder::default(), Recorder::default());
    let session = trusting.session(&Configuration::trusting(origin.certificate()));
    run(trusting, &session, &[origin.url("/hello")]);
    let other = strict.session(&Configuration::default());
    run(strict, &other, &[origin.url("/hello")]);
    assert_eq!(trusting.body(1), b"hello, world\n");
    assert_eq!(strict.transcript_of(1), "did_complete 1 -1203");
}

#[test]
fn r034_a_connection_with_unread_bytes_is_not_used_again() {
    let used = connections_of_two(|connection| {
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    assert_eq!(used, [1, 2]);
    let used = connections_of_two(|connection| {
        connection.send(b"HTTP/1.1 204 No Content\r\nContent-Length: 3\r\n\r\nabc");
    });
    assert_eq!(used, [1, 2]);
}

#[test]
fn r034_a_connection_whose_answer_was_bad_is_not_used_again() {
    let answers: [&'static [u8]; 4] = [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nConnection: Upgrade, CLOSE\r\nContent-Length: 0\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nno chunk\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: none\r\n\r\n",
    ];
    for answer in answers {
        let used = connections_of_two(move |connection| {
            connection.send(answer);
        });
        assert_eq!(used, [1, 2], "{}", answer.escape_ascii());
    }
}

#[test]
fn r034_r048_q043_a_connection_with_an_unfinished_answer_is_not_used_again() {
    let origin = Origin::http(standard::serve);
    for answer in [Answer::Cancel, Answer::Later] {
        let before = origin.accepted();
        let recorder = Recorder::answering(answer);
        let session = recorder.session(&Configuration::default());
        let task = session.start(&origin.url("/bytes/10000000"));
        recorder.wait_for("did_receive_response 1 200");
        task.cancel();
        recorder.wait_for("did_complete 1 -999");
        recorder.handler_task(&session, "next", &Request::new(&origin.url("/hello"))).resume();
        recorder.wait_for("handler next 200 \"hello, world\\n\"");
        assert_eq!(origin.accepted() - before, 2);
    }
}

#[test]
fn r034_a_timed_out_connection_is_not_used_again() {
    let origin = Origin::http(|connection| {
        while let Some(request) = connection.read_request() {
            if request.target() == "/late" {
                connection.wait_for_leave();
            }
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default().connections_per_host(1).request_timeout(0.5));
    run(recorder, &session, &[origin.url("/"), origin.url("/late"), origin.url("/")]);
    assert_eq!(connections(&origin), [1, 1, 2]);
    assert_eq!(recorder.transcript_of(2), "did_complete 2 -1001 request");
    recorder.wait_for("did_complete 3 ok");
}

#[test]
fn r032_who_is_suspended_while_it_waits_is_passed_over() {
    let (origin, gate) = behind_a_gate();
    let elsewhere = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default().connections_per_host(1));
    session.start(&origin.url("/1"));
    origin.wait_for_requests(1);
    let suspended = session.start(&origin.url("/2"));
    // It has long come to the queue when a whole other session has come and gone.
    Story::of(&elsewhere.url("/hello"));
    suspended.suspend();
    session.start(&origin.url("/3"));
    Story::of(&elsewhere.url("/hello"));
    gate.open();
    gate.open();
    recorder.wait_for("did_complete 1 ok");
    recorder.wait_for("did_complete 3 ok");
    assert_eq!(recorder.transcript_of(2), "");
    gate.open();
    suspended.resume();
    recorder.wait_for("did_complete 2 ok");
    assert_eq!(connections(&origin), [1, 1, 1]);
}
