use std::io::Write;

use flate2::Compression;
use flate2::write::{DeflateEncoder, GzEncoder, ZlibEncoder};

use crate::support::handle::{Configuration, Request};
use crate::support::origin::Origin;
use crate::support::story::Story;

/// What becomes of a body that was coded so.
fn answered(coding: &str, body: &[u8]) -> Story {
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\nContent-Length: {}\r\n\r\n", body.len());
    Story::answered([head.as_bytes(), body].concat())
}

fn gzip(body: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn zlib(body: &[u8]) -> Vec<u8> {
    let mut encoder = ZlibEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

fn bare(body: &[u8]) -> Vec<u8> {
    let mut encoder = DeflateEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(body).unwrap();
    encoder.finish().unwrap()
}

/// A megabyte that compresses, but not to nothing.
fn plain() -> Vec<u8> {
    (0..250_000u32).flat_map(|number| number.wrapping_mul(2_654_435_761).to_le_bytes()).collect()
}

/// "hello, brotli\n" as the reference encoder writes it.
const BROTLI: &[u8] = &[139, 6, 128, 104, 101, 108, 108, 111, 44, 32, 98, 114, 111, 116, 108, 105, 10, 3];

#[test]
fn each_coding_is_undone_and_both_sizes_are_counted() {
    let plain = plain();
    let zstd = zstd::encode_all(plain.as_slice(), 3).unwrap();
    let cases = [("gzip", gzip(&plain)), ("x-gzip", gzip(&plain)), ("deflate", zlib(&plain)), ("zstd", zstd)];
    for (coding, body) in cases {
        let story = answered(coding, &body);
        assert_eq!(story.outcome(), "ok", "{coding}");
        assert!(story.body() == plain, "{coding}");
        assert_eq!((story.task.received(), story.task.decoded()), (body.len() as i64, 1_000_000), "{coding}");
    }
    assert_eq!(answered("br", BROTLI).body(), b"hello, brotli\n");
}

#[test]
fn deflate_without_its_wrapping_is_understood() {
    assert_eq!(answered("deflate", &bare(b"hello")).body(), b"hello");
}

#[test]
fn identity_and_codings_on_top_of_each_other() {
    assert_eq!(answered("identity", b"plain").body(), b"plain");
    assert_eq!(answered("deflate, GZIP", &gzip(&zlib(b"twice"))).body(), b"twice");
}

#[test]
fn a_coded_body_of_nothing_is_nothing() {
    for coding in ["gzip", "deflate", "br", "zstd"] {
        assert_eq!(answered(coding, b"").transcript(), "did_receive_response 1 200\ndid_complete 1 ok", "{coding}");
    }
    assert_eq!(answered("gzip", &gzip(b"")).transcript(), "did_receive_response 1 200\ndid_complete 1 ok");
}

#[test]
fn a_broken_coding_is_an_error() {
    let whole = gzip(&plain());
    let mut wrong_sum = gzip(b"hello");
    let place = wrong_sum.len() - 6;
    wrong_sum[place] ^= 1;
    let cases = [
        ("gzip", b"no such thing".as_slice()),
        ("gzip", &whole[..whole.len() / 2]),
        ("gzip", &wrong_sum),
        ("deflate", b"\xff\xff\xff\xff"),
        ("br", b"\xff\xff\xff\xff\xff\xff"),
        ("zstd", b"no such thing"),
        ("compress", b"abc"),
        ("gzip, unheard-of", b"abc"),
    ];
    for (coding, body) in cases {
        assert_eq!(answered(coding, body).outcome(), "-1016", "{coding} {} bytes", body.len());
    }
}

#[test]
fn a_connection_that_ends_in_a_coded_body_is_lost() {
    let body = gzip(&plain());
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
    let story = Story::answered([head.as_bytes(), &body[..body.len() / 2]].concat());
    assert_eq!(story.outcome(), "-1005");
}

#[test]
fn what_was_not_asked_for_is_decoded_all_the_same() {
    let body = gzip(b"hello");
    let head = format!("HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: {}\r\n\r\n", body.len());
    let origin = Origin::http(move |connection| {
        connection.read_request();
        connection.send(&[head.as_bytes(), &body].concat());
        connection.wait_for_leave();
    });
    let request = Request::new(&origin.url("/")).suppress("Accept-Encoding");
    let story = Story::with(&Configuration::default(), &request);
    assert_eq!(origin.request().value("Accept-Encoding"), None);
    assert_eq!(story.body(), b"hello");
}
