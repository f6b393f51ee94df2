use std::io::Write;

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::handle::{Configuration, Request};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

/// An origin that answers with these bytes and then with `more`, again and again, until the peer leaves.
fn endless(first: &str, more: &str) -> Origin {
    let (first, more) = (first.to_owned(), more.repeat(64));
    Origin::http(move |connection: &mut Connection| {
        connection.read_request();
        connection.send(first.as_bytes());
        while connection.send(more.as_bytes()) {}
    })
}

/// An origin that answers with a head of so many fields of so many bytes, and no body.
fn origin_with_fields(count: usize, length: usize) -> Origin {
    let value = "x".repeat(length);
    let fields: String = (1..count).map(|number| format!("X-{number}: {value}\r\n")).collect();
    let head = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n");
    Origin::http(move |connection| {
        connection.read_request();
        connection.send(head.as_bytes());
        connection.wait_for_leave();
    })
}

fn outcome(configuration: &Configuration, origin: &Origin) -> String {
    Story::with(configuration, &Request::new(&origin.url("/"))).outcome()
}

#[test]
fn r043_a_head_that_never_ends_is_an_error() {
    let fields = endless("HTTP/1.1 200 OK\r\n", "X-Field: value\r\n");
    let one_field = endless("HTTP/1.1 200 OK\r\nX-Field: ", "value");
    let status_line = endless("HTTP/1.1 200 ", "OK");
    for origin in [fields, one_field, status_line] {
        assert_eq!(Story::of(&origin.url("/")).transcript(), "did_complete 1 -1017");
        origin.wait_for_ends(1);
    }
}

#[test]
fn r043_ten_megabytes_of_headers_are_an_error() {
    assert_eq!(outcome(&Configuration::default(), &origin_with_fields(10, 1 << 20)), "-1017");
}

#[test]
fn r043_the_size_of_a_head_is_a_setting() {
    let sized = |bytes| Configuration::default().set(|c| url_session_configuration_set_maximum_header_size(c, bytes));
    let origin = origin_with_fields(20, 1000);
    assert_eq!(outcome(&Configuration::default(), &origin), "ok");
    assert_eq!(outcome(&sized(10_000), &origin), "-1017");
    let origin = origin_with_fields(100, 10_000);
    assert_eq!(outcome(&Configuration::default(), &origin), "-1017");
    assert_eq!(outcome(&sized(2 << 20), &origin), "ok");
    for bytes in [0, 1023, (16 << 20) + 1, u32::MAX] {
        let status = url_session_configuration_set_maximum_header_size(Configuration::default().get(), bytes);
        assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT, "{bytes}");
    }
}

#[test]
fn r043_the_number_of_fields_is_a_setting() {
    let counted =
        |fields| Configuration::default().set(|c| url_session_configuration_set_maximum_header_count(c, fields));
    assert_eq!(outcome(&Configuration::default(), &origin_with_fields(100, 1)), "ok");
    assert_eq!(outcome(&Configuration::default(), &origin_with_fields(101, 1)), "-1017");
    assert_eq!(outcome(&counted(10), &origin_with_fields(10, 1)), "ok");
    assert_eq!(outcome(&counted(10), &origin_with_fields(11, 1)), "-1017");
    assert_eq!(outcome(&counted(128), &origin_with_fields(128, 1)), "ok");
    for fields in [0, 129, u32::MAX] {
        let status = url_session_configuration_set_maximum_header_count(Configuration::default().get(), fields);
        assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT, "{fields}");
    }
}

#[test]
fn r043_trailers_have_limits_too() {
    let origin = endless("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n", "X-Field: value\r\n");
    assert_eq!(Story::of(&origin.url("/")).outcome(), "-1017");
    origin.wait_for_ends(1);
}

#[test]
fn r043_a_chunk_size_line_that_never_ends_is_an_error() {
    for line in ["3;", "0"] {
        let first = format!("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n{line}");
        let origin = endless(&first, "0000");
        assert_eq!(Story::of(&origin.url("/")).outcome(), "-1015", "{line}");
        origin.wait_for_ends(1);
    }
}

#[test]
fn r043_interim_answers_do_not_go_on_for_ever() {
    let origin = endless("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n");
    let story = Story::of(&origin.url("/"));
    assert!(matches!(story.outcome().as_str(), "-1011" | "-1017"), "{}", story.transcript());
    origin.wait_for_ends(1);
}

#[test]
fn r043_a_body_may_have_a_limit() {
    let origin = Origin::http(standard::serve);
    let limited =
        |bytes| Configuration::default().set(|c| url_session_configuration_set_maximum_decoded_size(c, bytes));
    for path in ["/bytes/1000", "/chunked/1000", "/close/1000"] {
        let request = Request::new(&origin.url(path));
        assert_eq!(Story::with(&limited(1000), &request).outcome(), "ok", "{path}");
        assert_eq!(Story::with(&limited(999), &request).outcome(), "-1103", "{path}");
    }
    let request = Request::new(&origin.url("/gzip"));
    assert_eq!(Story::with(&limited(12), &request).outcome(), "ok");
    assert_eq!(Story::with(&limited(11), &request).outcome(), "-1103");
}

#[test]
fn r043_a_gathered_body_has_a_limit_of_its_own() {
    let origin = Origin::http(standard::serve);
    let configuration = Configuration::default().set(|c| url_session_configuration_set_maximum_gathered_size(c, 1000));
    let recorder = Recorder::default();
    let session = recorder.session(&configuration);
    recorder.handler_task(&session, "fits", &Request::new(&origin.url("/bytes/1000"))).resume();
    recorder.wait_for("handler fits 200 1000 bytes");
    recorder.handler_task(&session, "exceeds", &Request::new(&origin.url("/bytes/1001"))).resume();
    recorder.wait_for("handler exceeds 200 -1103");
    let streamed = session.start(&origin.url("/bytes/1001"));
    recorder.wait_for(&format!("did_complete {} ok", streamed.identifier()));
}

const SWOLLEN: usize = 16 << 20;

/// An origin with a coded body of that many zeros.
fn bomb(coding: &'static str, body: Vec<u8>) -> Origin {
    Origin::http(move |connection| {
        connection.read_request();
        let fields = format!("Content-Encoding: {coding}\r\nContent-Length: {}\r\n", body.len());
        connection.send(format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes());
        connection.send(&body);
        connection.wait_for_leave();
    })
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::best());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn r043_a_decompression_bomb_is_an_error() {
    let origin = bomb("gzip", gzip(&vec![0; 1 << 20]).repeat(SWOLLEN >> 20));
    let story = Story::of(&origin.url("/"));
    assert_eq!(story.outcome(), "-1103");
    assert!(story.body().len() <= 11 << 20, "{} bytes came through", story.body().len());
}

#[test]
fn r043_the_decompression_ratio_is_a_setting() {
    let body = zstd::encode_all(vec![0; SWOLLEN].as_slice(), 3).unwrap();
    let swelling = (SWOLLEN / body.len()) as u32;
    let origin = bomb("zstd", body);
    let request = Request::new(&origin.url("/"));
    let ratio =
        |ratio| Configuration::default().set(|c| url_session_configuration_set_maximum_decompression_ratio(c, ratio));
    for unlimited in [0, 2 * swelling] {
        let story = Story::with(&ratio(unlimited), &request);
        assert_eq!((story.outcome(), story.body().len()), ("ok".into(), SWOLLEN));
    }
    assert_eq!(Story::with(&ratio(1), &request).outcome(), "-1103");
}

#[test]
fn r043_a_bomb_between_two_codings_is_an_error_of_its_task_alone() {
    let empty_members = gzip(b"").repeat(1 << 20);
    let origin = bomb("gzip, gzip, gzip", gzip(&gzip(&empty_members)));
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/"));
    origin.wait_for_requests(1);
    let other = Origin::http(standard::serve);
    assert_eq!(Story::of(&other.url("/hello")).outcome(), "ok");
    recorder.wait_for("did_complete 1 -1103");
    assert_eq!(recorder.body(1), b"");
}
