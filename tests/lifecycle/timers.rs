use std::thread;
use std::time::{Duration, Instant};

use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

/// How a task ends, and after how long.
fn timed(configuration: &Configuration, request: &Request) -> (String, Duration) {
    let start = Instant::now();
    let outcome = Story::with(configuration, request).outcome();
    (outcome, start.elapsed())
}

/// An origin that sends a body of so many bytes, one at a time with a pause before each.
fn dripping(length: usize, pause: Duration) -> Origin {
    Origin::http(move |connection: &mut Connection| {
        connection.read_request();
        connection.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").as_bytes());
        for _ in 0..length {
            thread::sleep(pause);
            if !connection.send(b"x") {
                return;
            }
        }
        connection.wait_for_leave();
    })
}

#[test]
fn a010_a_silent_server_times_out() {
    let origin = Origin::http(standard::serve);
    for path in ["/hang", "/head-then-hang"] {
        let request = Request::new(&origin.url(path));
        let (outcome, took) = timed(&Configuration::default().request_timeout(0.3), &request);
        assert_eq!(outcome, "-1001 request", "{path}");
        assert!(took >= Duration::from_millis(300), "{path} took {took:?}");
    }
}

#[test]
fn a010_every_byte_restarts_the_timer() {
    // It takes 1.6 seconds, longer than the timer, and is never silent for long.
    let origin = dripping(8, Duration::from_millis(200));
    let (outcome, took) = timed(&Configuration::default().request_timeout(1.0), &Request::new(&origin.url("/")));
    assert_eq!(outcome, "ok");
    assert!(took >= Duration::from_millis(1600), "{took:?}");
}

#[test]
fn a010_every_byte_of_the_head_restarts_it_too() {
    let origin = Origin::http(|connection| {
        connection.read_request();
        for piece in ["HTTP/1.1 ", "200 OK\r\n", "X: ", "y\r\n", "Content-", "Length: ", "0\r\n", "\r\n"] {
            thread::sleep(Duration::from_millis(200));
            connection.send(piece.as_bytes());
        }
        connection.wait_for_leave();
    });
    let (outcome, took) = timed(&Configuration::default().request_timeout(1.0), &Request::new(&origin.url("/")));
    assert_eq!(outcome, "ok");
    assert!(took >= Duration::from_millis(1600), "{took:?}");
}

#[test]
fn a010_a_server_that_takes_no_body_times_out() {
    let gate = Gate::default();
    let at_gate = gate.clone();
    let origin = Origin::http(move |connection| {
        connection.read_exactly(1);
        at_gate.pass();
    });
    let body = vec![b'x'; 64 << 20];
    let request = Request::new(&origin.url("/")).method("POST").body(&body);
    let (outcome, took) = timed(&Configuration::default().request_timeout(0.5), &request);
    assert_eq!(outcome, "-1001 request");
    assert!(took >= Duration::from_millis(500), "{took:?}");
    gate.open();
}

#[test]
fn a010_the_requests_own_value_wins() {
    let origin = Origin::http(standard::serve);
    let request = Request::new(&origin.url("/hang")).request_timeout(0.3);
    assert_eq!(timed(&Configuration::default(), &request).0, "-1001 request");
    let slow = dripping(1, Duration::from_millis(900));
    let request = Request::new(&slow.url("/")).request_timeout(10.0);
    assert_eq!(timed(&Configuration::default().request_timeout(0.3), &request).0, "ok");
    for seconds in [-1.0, f64::NAN] {
        let status = url_session_request_set_timeout_interval(request.get(), seconds);
        assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT);
    }
    assert_eq!(url_session_request_timeout_interval(request.get()), 10.0);
}

#[test]
fn a011_the_resource_timer_is_not_reset_by_traffic() {
    let origin = dripping(1000, Duration::from_millis(50));
    let (outcome, took) = timed(&Configuration::default().resource_timeout(0.6), &Request::new(&origin.url("/")));
    assert_eq!(outcome, "-1001 resource");
    assert!(took >= Duration::from_millis(600), "{took:?}");
}

#[test]
fn a011_the_resource_timer_counts_redirects() {
    let origin = Origin::http(|connection| {
        while connection.read_request().is_some() {
            thread::sleep(Duration::from_millis(100));
            connection.send(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let request = Request::new(&origin.url("/")).redirects(1000);
    let (outcome, took) = timed(&Configuration::default().resource_timeout(0.6), &request);
    assert_eq!(outcome, "-1001 resource");
    assert!(took >= Duration::from_millis(600), "{took:?}");
}

#[test]
fn a011_the_resource_timer_counts_waiting_for_a_connection() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default().connections_per_host(1));
    session.start(&origin.url("/hang"));
    origin.wait_for_requests(1);
    session.task_for(&Request::new(&origin.url("/hello")).resource_timeout(0.3)).resume();
    recorder.wait_for("did_complete 2 -1001 resource");
    assert_eq!(origin.requests().len(), 1);
}

#[test]
fn a011_a_request_may_have_a_resource_timer_of_its_own() {
    let origin = Origin::http(standard::serve);
    let request = Request::new(&origin.url("/hang")).resource_timeout(0.3);
    assert_eq!(timed(&Configuration::default(), &request).0, "-1001 resource");
    let slow = dripping(3, Duration::from_millis(300));
    let request = Request::new(&slow.url("/")).resource_timeout(f64::INFINITY);
    assert_eq!(timed(&Configuration::default().resource_timeout(0.3), &request).0, "ok");
    assert_eq!(url_session_request_timeout_interval_for_resource(request.get()), f64::INFINITY);
}

#[test]
fn a010_waiting_for_a_connection_is_not_idle() {
    let origin = Origin::http(|connection: &mut Connection| {
        while let Some(request) = connection.read_request() {
            if request.target() == "/slow" {
                thread::sleep(Duration::from_millis(1200));
            }
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default().connections_per_host(1));
    session.start(&origin.url("/slow"));
    origin.wait_for_requests(1);
    session.task_for(&Request::new(&origin.url("/")).request_timeout(0.5)).resume();
    recorder.wait_for("did_complete 1 ok");
    recorder.wait_for("did_complete 2 ok");
}

#[test]
fn r028_infinity_means_no_timeout_and_zero_means_inherit() {
    let slow = dripping(1, Duration::from_millis(900));
    let impatient = Configuration::default().request_timeout(0.3);
    let outcome = |seconds| timed(&impatient, &Request::new(&slow.url("/")).request_timeout(seconds)).0;
    assert_eq!(outcome(f64::INFINITY), "ok");
    assert_eq!(outcome(0.0), "-1001 request");
}

/// An address that takes connections and never speaks TLS.
fn mute() -> Origin {
    Origin::http(|connection| {
        connection.wait_for_leave();
    })
}

#[test]
fn r029_connecting_has_a_timer_that_covers_tls() {
    let origin = mute();
    let request = Request::new(&origin.url("/").replace("http:", "https:"));
    let configuration = Configuration::default().connect_timeout(0.3).request_timeout(10.0);
    let (outcome, took) = timed(&configuration, &request);
    assert_eq!(outcome, "-1001 connect");
    assert!(took >= Duration::from_millis(300), "{took:?}");
    assert_eq!(url_session_configuration_timeout_interval_for_connect(configuration.get()), 0.3);
}

#[test]
fn r029_the_read_timer_is_a_gap_and_the_total_a_wall() {
    let origin = dripping(1000, Duration::from_millis(100));
    let configuration = Configuration::default().request_timeout(2.0).resource_timeout(1.0);
    let (outcome, took) = timed(&configuration, &Request::new(&origin.url("/")));
    assert_eq!(outcome, "-1001 resource");
    assert!(took >= Duration::from_secs(1), "{took:?}");
}

#[test]
fn r030_each_timer_names_itself() {
    let (silent, mute) = (Origin::http(standard::serve), mute());
    let error = |configuration: &Configuration, url: &str| Story::with(configuration, &Request::new(url)).error();
    let secure = mute.url("/").replace("http:", "https:");
    let errors = [
        error(&Configuration::default().connect_timeout(0.2), &secure),
        error(&Configuration::default().request_timeout(0.2), &silent.url("/hang")),
        error(&Configuration::default().resource_timeout(0.2), &silent.url("/hang")),
    ];
    let timers = [UrlSessionTimeout::CONNECT, UrlSessionTimeout::REQUEST, UrlSessionTimeout::RESOURCE];
    for (error, timer) in errors.iter().zip(timers) {
        assert_eq!((error.code(), error.timeout().0), (-1001, timer.0), "{}", error.message());
    }
    let other = Story::of(&silent.url("/cut")).error();
    assert_eq!(other.timeout().0, UrlSessionTimeout::NONE.0);
}

#[test]
fn a003_the_timeout_of_a_session_is_that_of_its_making() {
    let origin = Origin::http(standard::serve);
    let configuration = Configuration::default().request_timeout(0.3);
    let recorder = Recorder::default();
    let session = recorder.session(&configuration);
    let configuration = configuration.request_timeout(f64::INFINITY);
    session.start(&origin.url("/hang"));
    recorder.wait_for("did_complete 1 -1001 request");
    drop((configuration, Session::retain(session.get())));
}
