use crate::support::certificate;
use crate::support::handle::{Configuration, Request};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const OK: &str = "HTTP/1.1 200 OK\r\n";

/// An origin whose first answer is this head, and every other one an empty 200.
fn origin_that_sends_on(head: impl Into<String>) -> Origin {
    let head = head.into();
    Origin::http(move |connection: &mut Connection| {
        let mut head = if connection.number == 1 { head.as_str() } else { OK };
        while connection.read_request().is_some() {
            connection.send(format!("{head}Content-Length: 0\r\n\r\n").as_bytes());
            head = OK;
        }
    })
}

fn moved(status: u16, location: &str) -> String {
    format!("HTTP/1.1 {status} Moved\r\nLocation: {location}\r\n")
}

/// A request that carries everything a redirect could change.
fn loaded(origin: &Origin, method: &str) -> Request {
    let request = Request::new(&origin.url("/from")).method(method);
    let request = request.header("Content-Type", "text/plain").header("Content-Language", "en").header("X-Own", "kept");
    if matches!(method, "GET" | "HEAD") { request } else { request.body(b"payload") }
}

#[test]
fn a051_redirects_are_followed_and_only_the_last_answer_is_told() {
    let origin = Origin::http(standard::serve);
    let story = Story::of(&origin.url("/redirect/3"));
    let expected = "did_receive_response 1 200\ndid_receive_data 1 \"hello, world\\n\"\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
    assert_eq!(origin.requests().len(), 5);
    assert_eq!(story.response().url(), origin.url("/hello"));
    assert_eq!(story.task.received(), 13);
}

#[test]
fn a051_twenty_redirects_are_the_limit() {
    let origin = Origin::http(standard::serve);
    assert_eq!(Story::of(&origin.url("/redirect/19")).outcome(), "ok");
    let story = Story::of(&origin.url("/redirect/20"));
    assert_eq!(story.transcript(), "did_complete 1 -1007");
    assert_eq!(story.response().status_code(), 302);
    assert_eq!(story.error().failing_url(), Some(origin.url("/redirect/0")));
}

#[test]
fn a051_the_limit_is_a_setting_of_session_and_request() {
    let origin = Origin::http(standard::serve);
    let configuration = Configuration::default().set(|c| url_session_configuration_set_maximum_redirects(c, 2));
    let outcome = |path: &str, redirects: i32| {
        let request = Request::new(&origin.url(path)).redirects(redirects);
        Story::with(&configuration, &request).outcome()
    };
    assert_eq!([outcome("/redirect/1", -1), outcome("/redirect/2", -1)], ["ok", "-1007"]);
    assert_eq!([outcome("/redirect/2", 3), outcome("/redirect/3", 3)], ["ok", "-1007"]);
}

#[test]
fn a051_a_limit_of_none_delivers_the_redirect() {
    let origin = Origin::http(standard::serve);
    let story = Story::with(&Configuration::default(), &Request::new(&origin.url("/redirect/1")).redirects(0));
    let expected = "did_receive_response 1 302\ndid_receive_data 1 \"moved\\n\"\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
    assert_eq!(origin.requests().len(), 1);
    for redirects in [1001, i32::MAX] {
        let status = url_session_request_set_maximum_redirects(Request::new("").get(), redirects);
        assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT);
    }
}

#[test]
fn a051_the_same_url_twice_is_no_loop() {
    let origin = Origin::http(|connection| {
        connection.read_request();
        connection.send(b"HTTP/1.1 302 Found\r\nLocation: /\r\nContent-Length: 0\r\n\r\n");
        connection.read_request();
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
    });
    let story = Story::of(&origin.url("/"));
    assert_eq!(story.transcript(), "did_receive_response 1 200\ndid_complete 1 ok");
}

#[test]
fn a052_q019_methods_on_the_next_hop() {
    let methods = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "QUERY"];
    let expected = [
        (301, ["GET", "HEAD", "GET", "PUT", "PATCH", "DELETE", "QUERY"]),
        (302, ["GET", "HEAD", "GET", "PUT", "PATCH", "DELETE", "QUERY"]),
        (303, ["GET", "HEAD", "GET", "GET", "GET", "GET", "GET"]),
        (307, methods),
        (308, methods),
    ];
    for (status, expected) in expected {
        for (method, expected) in methods.into_iter().zip(expected) {
            let origin = origin_that_sends_on(moved(status, "/to"));
            let story = Story::with(&Configuration::default(), &loaded(&origin, method));
            assert_eq!(story.outcome(), "ok");
            let requests = origin.requests();
            assert_eq!(requests[1].method(), expected, "{method} after {status}");
            assert_eq!(requests[1].target(), "/to");
        }
    }
}

#[test]
fn a052_307_and_308_send_the_body_again() {
    for status in [307, 308] {
        let origin = origin_that_sends_on(moved(status, "/to"));
        let story = Story::with(&Configuration::default(), &loaded(&origin, "POST"));
        for request in origin.requests() {
            assert_eq!((request.method(), request.body.as_slice()), ("POST", b"payload".as_slice()));
            assert_eq!(request.value("Content-Length"), Some("7"));
            assert_eq!(request.value("Content-Type"), Some("text/plain"));
        }
        assert_eq!((story.task.sent(), story.task.expected_to_send()), (7, 7));
    }
}

#[test]
fn q020_other_redirects_drop_the_body_and_what_describes_it() {
    for (status, method) in [(301, "POST"), (302, "POST"), (303, "POST"), (301, "PUT"), (302, "PATCH"), (303, "PUT")] {
        let origin = origin_that_sends_on(moved(status, "/to"));
        let story = Story::with(&Configuration::default(), &loaded(&origin, method));
        assert_eq!((story.task.sent(), story.task.expected_to_send()), (0, 0), "{method} after {status}");
        let request = &origin.requests()[1];
        assert_eq!(request.body, b"", "{method} after {status}");
        for name in ["Content-Type", "Content-Language", "Transfer-Encoding"] {
            assert_eq!(request.value(name), None, "{name} of {method} after {status}");
        }
        let length = if request.method() == "GET" { None } else { Some("0") };
        assert_eq!(request.value("Content-Length"), length, "{method} after {status}");
        assert_eq!(request.value("X-Own"), Some("kept"));
    }
}

#[test]
fn q016_these_are_no_redirects() {
    for status in [300, 304, 305, 306, 399] {
        let origin = origin_that_sends_on(moved(status, "/to"));
        let story = Story::of(&origin.url("/from"));
        assert_eq!(story.transcript(), format!("did_receive_response 1 {status}\ndid_complete 1 ok"));
        assert_eq!(origin.requests().len(), 1);
    }
    for status in [201, 202] {
        let origin = origin_that_sends_on(moved(status, "/to"));
        assert_eq!(Story::of(&origin.url("/from")).response().status_code(), i32::from(status));
    }
}

#[test]
fn a054_a_redirect_without_location_is_the_answer() {
    for status in [301, 302, 303, 307, 308] {
        let origin = origin_that_sends_on(format!("HTTP/1.1 {status} Moved\r\n"));
        let story = Story::of(&origin.url("/from"));
        assert_eq!(story.transcript(), format!("did_receive_response 1 {status}\ndid_complete 1 ok"));
    }
}

#[test]
fn a054_q025_a_location_is_resolved_against_the_current_url() {
    let cases = [
        ("/to", "/to"),
        ("to", "/from/to"),
        ("./to/./it", "/from/to/it"),
        ("../to", "/to"),
        ("../../../to", "/to"),
        ("?y=2", "/from/here?y=2"),
        ("/to?a=b%20c&d", "/to?a=b%20c&d"),
        ("/tö/ü", "/t%C3%B6/%C3%BC"),
        ("/with blank", "/with%20blank"),
        ("/%7Etilde/%2F", "/%7Etilde/%2F"),
        ("  /blanks", "/blanks"),
    ];
    for (location, target) in cases {
        let origin = origin_that_sends_on(moved(302, location));
        let story = Story::of(&origin.url("/from/here?x=1"));
        assert_eq!(story.outcome(), "ok", "{location}");
        assert_eq!(origin.requests()[1].target(), target, "{location}");
    }
}

#[test]
fn a054_q025_absolute_and_scheme_relative_locations() {
    let other = Origin::http(standard::serve);
    for location in [other.url("/hello"), other.url("/hello").replace("http:", "")] {
        let origin = origin_that_sends_on(moved(301, &location));
        let story = Story::of(&origin.url("/from"));
        assert_eq!(story.response().url(), other.url("/hello"));
        assert_eq!(story.body(), b"hello, world\n");
    }
    for request in other.requests() {
        assert_eq!(request.value("Host"), Some(other.address().to_string().as_str()));
    }
}

#[test]
fn a054_q025_the_fragment_is_inherited_and_never_sent() {
    for (location, expected) in [("/to", "/to#here"), ("/to#there", "/to#there"), ("/to#", "/to#")] {
        let origin = origin_that_sends_on(moved(302, location));
        let story = Story::of(&origin.url("/from#here"));
        assert_eq!(story.response().url(), origin.url(expected));
        let targets: Vec<_> = origin.requests().iter().map(|request| request.target().to_owned()).collect();
        assert_eq!(targets, ["/from", "/to"]);
    }
}

#[test]
fn a054_a_redirect_to_another_scheme_is_refused() {
    for location in ["file:///etc/passwd", "data:,hello", "ftp://127.0.0.1/", "javascript:alert(1)"] {
        let origin = origin_that_sends_on(moved(302, location));
        let story = Story::of(&origin.url("/from"));
        assert_eq!(story.transcript(), "did_complete 1 -1002", "{location}");
        assert_eq!(story.response().status_code(), 302);
    }
}

#[test]
fn a054_a_location_that_is_no_url_is_an_error() {
    for location in ["http://[::1", "http://", "//", "http://127.0.0.1:99999/"] {
        let origin = origin_that_sends_on(moved(302, location));
        let story = Story::of(&origin.url("/from"));
        assert_eq!(story.transcript(), "did_complete 1 -1010", "{location}");
        assert_eq!(story.response().status_code(), 302);
    }
}

#[test]
fn a055_each_hop_brings_its_own_trust() {
    let secure = Origin::https(standard::serve);
    let plain = origin_that_sends_on(moved(302, &secure.url("/hello")));
    let trusting = Configuration::trusting(secure.certificate());
    let story = Story::with(&trusting, &Request::new(&plain.url("/from")));
    let expected = "did_receive_response 1 200\ndid_receive_data 1 \"hello, world\\n\"\ndid_complete 1 ok";
    assert_eq!((story.transcript().as_str(), story.response().url()), (expected, secure.url("/hello")));
    // The first hop was good, and one that is trusted vouches for no other.
    let strange = Origin::tls(certificate::server(certificate::self_signed(), &[]), standard::serve);
    let vouching = Origin::https(move |connection: &mut Connection| {
        connection.read_request();
        connection.send(format!("{}Content-Length: 0\r\n\r\n", moved(302, &strange.url("/hello"))).as_bytes());
    });
    let story = Story::with(&trusting, &Request::new(&vouching.url("/from")));
    assert_eq!(story.transcript(), "did_complete 1 -1203");
    assert_eq!(vouching.requests().len(), 1);
}

#[test]
fn q027_a_hops_body_is_read_and_its_connection_used_again() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/redirect/5"));
    recorder.wait_for("did_complete 1 ok");
    assert_eq!((origin.requests().len(), origin.accepted()), (7, 1));
}

#[test]
fn q027_a_hop_with_an_endless_body_loses_its_connection() {
    let origin = Origin::http(|connection| {
        while let Some(request) = connection.read_request() {
            if request.target() == "/to" {
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                continue;
            }
            connection.send(b"HTTP/1.1 302 Found\r\nLocation: /to\r\nTransfer-Encoding: chunked\r\n\r\n");
            while connection.send(b"400\r\n") && connection.send(&[b'x'; 1024]) && connection.send(b"\r\n") {}
        }
    });
    let configuration = Configuration::default().connections_per_host(1);
    let story = Story::with(&configuration, &Request::new(&origin.url("/from")));
    assert_eq!(story.transcript(), "did_receive_response 1 200\ndid_complete 1 ok");
    assert_eq!((origin.requests().len(), origin.accepted()), (2, 2));
}

#[test]
fn q027_a_hop_whose_body_never_comes_does_not_hold_the_task() {
    let origin = Origin::http(|connection| {
        while let Some(request) = connection.read_request() {
            if request.target() == "/to" {
                connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
                continue;
            }
            connection.send(b"HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: 10\r\n\r\nabc");
            connection.wait_for_leave();
        }
    });
    let configuration = Configuration::default().request_timeout(1.0);
    let story = Story::with(&configuration, &Request::new(&origin.url("/from")));
    assert_eq!(story.transcript(), "did_receive_response 1 200\ndid_complete 1 ok");
}

#[test]
fn q027_a_hop_whose_body_is_not_worth_reading_is_left_at_once() {
    const HOPS: usize = 18;
    // A close leaves no connection to save, and of a long body more would come than is read.
    const FIELDS: [&str; 3] = ["Connection: close\r\nContent-Length: 3", "Content-Length: 1000000000", "X: y"];
    let origin = Origin::http(|connection: &mut Connection| {
        let Some(hop) = connection.read_request().map(|request| request.target()[1..].parse().unwrap()) else { return };
        let answer = match hop {
            HOPS => "HTTP/1.1 200 OK\r\nContent-Length: 0".to_owned(),
            _ => format!("HTTP/1.1 302 Found\r\nLocation: /{}\r\n{}", hop + 1, FIELDS[hop % FIELDS.len()]),
        };
        connection.send(format!("{answer}\r\n\r\n").as_bytes());
        connection.wait_for_leave();
    });
    // To wait a quarter of a second for each of the bodies, which never come, would take longer than this.
    let configuration = Configuration::default().resource_timeout(3.0);
    let story = Story::with(&configuration, &Request::new(&origin.url("/0")));
    assert_eq!(story.transcript(), "did_receive_response 1 200\ndid_complete 1 ok");
    assert_eq!(origin.requests().len(), HOPS + 1);
}
