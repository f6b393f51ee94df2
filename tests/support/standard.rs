//! The script that most tests, the C programs, the demo and the bindings share: an answer by path.

use std::fmt::Write as _;
use std::io::Write as _;
use std::thread;
use std::time::Duration;

use flate2::Compression;
use flate2::write::GzEncoder;
use percent_encoding::percent_decode_str;

use super::origin::{Connection, Request};

/// Answers requests until the peer leaves or asks for the end of the connection.
pub fn serve(connection: &mut Connection) {
    while let Some(request) = connection.read_request() {
        let open = answer(connection, &request);
        if !open || request.value("connection").is_some_and(|value| value.eq_ignore_ascii_case("close")) {
            connection.close();
            return;
        }
    }
}

/// Answers one request; false where that ends the connection.
pub fn answer(connection: &mut Connection, request: &Request) -> bool {
    let (path, query) = request.target().split_once('?').unwrap_or((request.target(), ""));
    let parts: Vec<&str> = path.split('/').skip(1).collect();
    match parts[..] {
        ["hello"] => {
            respond(connection, request, 200, "Content-Type: text/plain; charset=utf-8\r\n", b"hello, world\n")
        }
        ["status", code] => {
            let code = number(code);
            respond(connection, request, code, "", format!("status {code}\n").as_bytes())
        }
        ["echo"] => respond(connection, request, 200, "", &request.body),
        ["headers"] => respond(connection, request, 200, "Content-Type: text/plain\r\n", request.head.as_bytes()),
        ["redirect", "0"] => redirect(connection, request, 302, "/hello"),
        ["redirect", left] => redirect(connection, request, 302, &format!("/redirect/{}", number(left) - 1)),
        ["redirect-to"] => {
            let status = parameter(query, "status").map_or(302, |status| number(&status));
            redirect(connection, request, status, &parameter(query, "url").unwrap_or_default())
        }
        ["set-cookie", ..] => {
            let cookies: String =
                parameters(query, "cookie").map(|cookie| format!("Set-Cookie: {cookie}\r\n")).collect();
            let location = parameter(query, "url").filter(|url| !url.is_empty());
            let location = location.map(|url| format!("Location: {url}\r\n")).unwrap_or_default();
            let status = parameter(query, "status").map_or(200, |status| number(&status));
            respond(connection, request, status, &format!("{cookies}{location}"), b"cookies\n")
        }
        // A form to log in with, and what only who has done so may see.
        ["login"] if request.body == b"user=alice&password=secret" => {
            let cookie = "Set-Cookie: login=alice; Path=/; HttpOnly; SameSite=Lax; Max-Age=3600\r\n";
            respond(connection, request, 303, &format!("{cookie}Location: /account\r\n"), b"")
        }
        ["account"]
            if request.value("cookie").is_some_and(|cookies| cookies.split("; ").any(|it| it == "login=alice")) =>
        {
            respond(connection, request, 200, "Content-Type: text/plain\r\n", b"hello, alice\n")
        }
        ["login" | "account"] => respond(connection, request, 403, "Content-Type: text/plain\r\n", b"log in first\n"),
        ["bytes", length] => {
            let head = format!("Content-Length: {length}\r\n");
            stream(connection, &head, number(length), |connection, piece| connection.send(piece))
        }
        ["chunked", length] => {
            let sent = stream(connection, "Transfer-Encoding: chunked\r\n", number(length), |connection, piece| {
                let size = format!("{:x}\r\n", piece.len());
                connection.send(size.as_bytes()) && connection.send(piece) && connection.send(b"\r\n")
            });
            sent && connection.send(b"0\r\n\r\n")
        }
        ["close", length] => {
            stream(connection, "Connection: close\r\n", number(length), |connection, piece| connection.send(piece));
            false
        }
        ["file", length] => {
            let length = number(length);
            file(connection, request, length, length)
        }
        // Gets stuck half way; who asks for the rest, gets the rest.
        ["file", length, "half"] => {
            let length = number(length);
            let end = if request.value("range").is_some() { length } else { length / 2 };
            file(connection, request, length, end) && (end == length || !connection.wait_for_leave())
        }
        ["upload"] => {
            let answer = format!("{} bytes came", request.body.len());
            respond(connection, request, 201, "Content-Type: text/plain\r\n", answer.as_bytes())
        }
        ["multipart"] => {
            let fields = "Content-Type: multipart/x-mixed-replace; boundary=part\r\n";
            let part = |text| format!("--part\r\nContent-Type: text/plain\r\n\r\n{text}\r\n");
            let body = [part("one"), part("two"), "--part--\r\n".to_owned()].concat();
            respond(connection, request, 200, fields, body.as_bytes())
        }
        ["gzip"] => {
            let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
            encoder.write_all(b"hello, gzip\n").unwrap();
            let fields = "Content-Type: text/plain\r\nContent-Encoding: gzip\r\n";
            respond(connection, request, 200, fields, &encoder.finish().unwrap())
        }
        ["drip", length, pause] => {
            let pause = Duration::from_millis(number(pause));
            let length = number(length);
            connection.send(format!("HTTP/1.1 200 OK\r\nContent-Length: {length}\r\n\r\n").as_bytes());
            (0..length).all(|place| {
                thread::sleep(pause);
                connection.send(&pattern(place, 1))
            })
        }
        ["hang"] => !connection.wait_for_leave(),
        ["head-then-hang"] => {
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
            !connection.wait_for_leave()
        }
        ["cut"] => {
            connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nabc");
            false
        }
        ["garbage"] => {
            connection.send(b"SSH-2.0-OpenSSH\r\n");
            false
        }
        _ => respond(connection, request, 404, "", b"no such path\n"),
    }
}

fn redirect(connection: &mut Connection, request: &Request, status: u64, location: &str) -> bool {
    respond(connection, request, status, &format!("Location: {location}\r\n"), b"moved\n")
}

/// Sends a whole answer, without its body where HTTP knows none.
pub(super) fn respond(connection: &mut Connection, request: &Request, status: u64, fields: &str, body: &[u8]) -> bool {
    let mut answer = format!("HTTP/1.1 {status} {}\r\n{fields}", reason(status));
    let empty = matches!(status, 204 | 304);
    if !empty {
        write!(answer, "Content-Length: {}\r\n", body.len()).unwrap();
    }
    let mut answer = format!("{answer}\r\n").into_bytes();
    if !empty && request.method() != "HEAD" {
        answer.extend_from_slice(body);
    }
    connection.send(&answer)
}

/// Sends a head, then `length` bytes of the pattern, piece by piece.
fn stream(
    connection: &mut Connection,
    fields: &str,
    length: u64,
    send: impl Fn(&mut Connection, &[u8]) -> bool,
) -> bool {
    const PIECE: u64 = 256 * 1024;
    let mut open = connection.send(format!("HTTP/1.1 200 OK\r\n{fields}\r\n").as_bytes());
    let mut place = 0;
    while open && place < length {
        let piece = pattern(place, PIECE.min(length - place));
        open = send(connection, &piece);
        place += piece.len() as u64;
    }
    open
}

/// Sends a file of the pattern up to `end`, from where a Range asks for; the file never changes.
fn file(connection: &mut Connection, request: &Request, length: u64, end: u64) -> bool {
    let range = request.value("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok());
    let start = range.filter(|start| *start < length);
    let (status, start) = match start {
        Some(start) => (format!("206 Partial Content\r\nContent-Range: bytes {start}-{}/{length}", length - 1), start),
        None => ("200 OK".to_owned(), 0),
    };
    let fields = format!("ETag: \"pattern\"\r\nAccept-Ranges: bytes\r\nContent-Length: {}", length - start);
    connection.send(format!("HTTP/1.1 {status}\r\n{fields}\r\n\r\n").as_bytes())
        && connection.send(&pattern(start, end - start))
}

/// The bytes of the standard body from `place` on: byte i is i % 251.
pub fn pattern(place: u64, length: u64) -> Vec<u8> {
    let block: Vec<u8> = (0..251).collect();
    let (start, length) = ((place % 251) as usize, length as usize);
    block.repeat((start + length) / 251 + 1)[start..start + length].to_vec()
}

fn parameter(query: &str, name: &str) -> Option<String> {
    parameters(query, name).next()
}

fn parameters(query: &str, name: &str) -> impl Iterator<Item = String> {
    let pairs = query.split('&').filter_map(|pair| pair.split_once('='));
    let values = pairs.filter(move |(key, _)| *key == name).map(|(_, value)| value);
    values.map(|value| percent_decode_str(value).decode_utf8_lossy().into_owned())
}

fn number(text: &str) -> u64 {
    text.parse().unwrap_or_else(|_| panic!("{text:?} is no number"))
}

fn reason(status: u64) -> &'static str {
    match status {
        200 => "OK",
        201 => "Created",
        204 => "No Content",
        301 => "Moved Permanently",
        302 => "Found",
        303 => "See Other",
        304 => "Not Modified",
        307 => "Temporary Redirect",
        308 => "Permanent Redirect",
        401 => "Unauthorized",
        403 => "Forbidden",
        404 => "Not Found",
        500 => "Internal Server Error",
        _ => "Status",
    }
}
