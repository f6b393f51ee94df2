//! Proxies that lie, say half of it, or do not speak HTTP.

use crate::support::handle::{Configuration, Request};
use crate::support::origin::Origin;
use crate::support::proxy::ASKS;
use crate::support::story::Story;

/// What a proxy says to CONNECT, and how the task ends with it.
fn told(answer: &[u8]) -> Story {
    let answer = answer.to_vec();
    let proxy = Origin::http(move |connection| {
        connection.read_request();
        connection.send(&answer);
        connection.close();
    });
    let configuration = Configuration::default().proxy("https", &proxy.url(""));
    let story = Story::with(&configuration, &Request::new("https://localhost/hello"));
    assert!(story.task.response().is_none());
    story
}

#[test]
fn q048_a_proxy_that_does_not_speak_http() {
    for answer in
        [&b"SSH-2.0-OpenSSH\r\n"[..], b"\x05\xff", b"HTTP/2 200\r\n\r\n", b"\r\n\r\n", &[0x15, 3, 3, 0, 2, 2, 70]]
    {
        assert_eq!(told(answer).outcome(), "-1011", "{answer:?}");
    }
}

#[test]
fn q048_a_proxy_that_says_half_of_it() {
    for answer in [&b""[..], b"HTTP", b"HTTP/1.1 200", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\nA: b\r\n"] {
        assert_eq!(told(answer).outcome(), "-1005", "{answer:?}");
    }
    let message = told(b"HTTP/1.1 2").error().message();
    assert!(message.starts_with("the proxy 127.0.0.1:"), "{message}");
}

#[test]
fn q048_a_head_that_never_ends_or_never_becomes_final() {
    let endless = [&b"HTTP/1.1 200 OK\r\n"[..], &b"A: b\r\n".repeat(20_000)].concat();
    let many = [&b"HTTP/1.1 200 OK\r\n"[..], &b"A: b\r\n".repeat(101), b"\r\n"].concat();
    let interim = b"HTTP/1.1 100 Continue\r\n\r\n".repeat(100);
    for answer in [endless, many, interim, b"HTTP/1.1 200 OK\r\nno field\r\n\r\n".to_vec()] {
        assert_eq!(told(&answer).outcome(), "-1017", "{:?}", String::from_utf8_lossy(&answer[..40.min(answer.len())]));
    }
}

#[test]
fn q048_a_tunnel_with_something_in_it_is_none() {
    // The first comes with the head, the second perhaps behind it.
    for answer in
        [&b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"[..], b"HTTP/1.1 200 OK\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"]
    {
        assert_eq!(told(answer).outcome(), "-1200");
    }
    assert!(matches!(told(b"HTTP/1.1 200 OK\r\n\r\n").outcome().as_str(), "-1200" | "-1005"));
}

#[test]
fn q048_a_proxy_that_asks_and_leaves() {
    assert_eq!(told(ASKS.as_bytes()).outcome(), "-1013");
    assert_eq!(told(b"HTTP/1.1 407\r\nContent-Length: 99999999999\r\n\r\n").outcome(), "-1013");
    assert_eq!(told(b"HTTP/1.1 407 No\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n").outcome(), "-1013");
}
