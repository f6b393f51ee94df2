use crate::support::handle::{Configuration, Request};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;

const OK: &str = "HTTP/1.1 200 OK\r\n";

/// How a task ends that gets these bytes, and the body it got until then.
fn got(answer: impl Into<Vec<u8>>) -> (String, String) {
    let story = Story::answered(answer);
    (story.outcome(), String::from_utf8(story.body()).unwrap())
}

fn chunked(body: &str) -> (String, String) {
    got(format!("{OK}Transfer-Encoding: chunked\r\n\r\n{body}"))
}

fn ok(body: &str) -> (String, String) {
    ("ok".to_owned(), body.to_owned())
}

#[test]
fn r044_chunks_are_joined() {
    assert_eq!(chunked("3\r\nabc\r\n4\r\ndefg\r\n0\r\n\r\n"), ok("abcdefg"));
    assert_eq!(chunked("A\r\n0123456789\r\na\r\n0123456789\r\n0\r\n\r\n"), ok("01234567890123456789"));
    assert_eq!(chunked("0003\r\nabc\r\n000\r\n\r\n"), ok("abc"));
    assert_eq!(chunked("0\r\n\r\n"), ok(""));
}

#[test]
fn r044_extensions_and_trailers_are_accepted() {
    let long = "x".repeat(300);
    assert_eq!(chunked(&format!("3;name=value;{long}={long}\r\nabc\r\n0;last\r\n\r\n")), ok("abc"));
    assert_eq!(chunked("3;quoted=\"a;b\"\r\nabc\r\n0\r\n\r\n"), ok("abc"));
    assert_eq!(chunked("3 \r\nabc\r\n0\r\n\r\n"), ok("abc"));
    assert_eq!(chunked(&format!("3\r\nabc\r\n0\r\nX-Sum: 1\r\nX-Long: {long}\r\n\r\n")), ok("abc"));
}

#[test]
fn r044_a_connection_is_used_again_after_trailers() {
    let origin = Origin::http(|connection| {
        while connection.read_request().is_some() {
            connection.send(OK.as_bytes());
            connection.send(b"Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\nX-Sum: 1\r\n\r\n");
        }
    });
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    for number in 1..4 {
        session.start(&origin.url("/"));
        recorder.wait_for(&format!("did_complete {number} ok"));
        assert_eq!(recorder.body(number), b"abc");
    }
    assert_eq!(origin.accepted(), 1);
}

#[test]
fn r044_broken_chunks_are_errors() {
    let broken = [
        "x\r\nabc\r\n0\r\n\r\n",
        "-3\r\nabc\r\n0\r\n\r\n",
        "+3\r\nabc\r\n0\r\n\r\n",
        "0x3\r\nabc\r\n0\r\n\r\n",
        "\r\nabc\r\n0\r\n\r\n",
        ";a=b\r\nabc\r\n0\r\n\r\n",
        "3 3\r\nabc\r\n0\r\n\r\n",
        "FFFFFFFFFFFFFFFFF\r\nabc\r\n0\r\n\r\n",
        "10000000000000000\r\nabc\r\n0\r\n\r\n",
        "2\r\nabc\r\n0\r\n\r\n",
        "5\r\nabc\r\n0\r\n\r\n",
        "3\r\nabcX\r\n0\r\n\r\n",
    ];
    for body in broken {
        assert_eq!(chunked(body).0, "-1015", "{body:?}");
    }
}

#[test]
fn r044_chunks_without_an_end_are_an_error() {
    for body in ["", "3", "3\r\n", "3\r\nab", "3\r\nabc", "3\r\nabc\r\n", "3\r\nabc\r\n0\r\n", "3\r\nabc\r\n0\r\nX: y"]
    {
        assert_eq!(chunked(body).0, "-1005", "{body:?}");
    }
}

#[test]
fn r045_these_answers_have_no_body_whatever_they_say() {
    for status in [204, 304] {
        let answer = format!("HTTP/1.1 {status} Status\r\nContent-Length: 5\r\n\r\n");
        let expected = format!("did_receive_response 1 {status}\ndid_complete 1 ok");
        assert_eq!(Story::answered(answer).transcript(), expected);
        let answer = format!("HTTP/1.1 {status} Status\r\nTransfer-Encoding: chunked\r\n\r\n");
        assert_eq!(Story::answered(answer).transcript(), expected);
        let answer = format!("HTTP/1.1 {status} Status\r\nContent-Encoding: gzip\r\n\r\n");
        assert_eq!(Story::answered(answer).transcript(), expected);
    }
}

#[test]
fn r045_head_has_no_body_and_its_connection_is_used_again() {
    let origin = Origin::http(|connection: &mut Connection| {
        while let Some(request) = connection.read_request() {
            let field = if request.target() == "/chunked" { "Transfer-Encoding: chunked" } else { "Content-Length: 5" };
            connection.send(format!("{OK}{field}\r\nContent-Encoding: gzip\r\n\r\n").as_bytes());
        }
    });
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    for (number, path) in [(1, "/"), (2, "/chunked"), (3, "/")] {
        session.task_for(&Request::new(&origin.url(path)).method("HEAD")).resume();
        recorder.wait_for(&format!("did_complete {number} ok"));
        assert_eq!(recorder.body(number), b"");
    }
    assert_eq!(origin.accepted(), 1);
}

#[test]
fn r045_interim_answers_are_skipped() {
    let interim = "HTTP/1.1 100 Continue\r\n\r\n\
                   HTTP/1.1 102 Processing\r\nX: y\r\n\r\n\
                   HTTP/1.1 103 Early Hints\r\nLink: </a>; rel=preload\r\nContent-Length: 5\r\n\r\n";
    let story = Story::answered(format!("{interim}{OK}Content-Length: 3\r\n\r\nabc"));
    let expected = "did_receive_response 1 200\ndid_receive_data 1 \"abc\"\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
    assert_eq!(story.response().value("Link"), None);
}

#[test]
fn r045_interim_answers_are_skipped_for_uploads_too() {
    let origin = Origin::http(|connection| {
        connection.read_request();
        connection.send(b"HTTP/1.1 100 Continue\r\n\r\n");
        connection.send(b"HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 201 Created\r\nContent-Length: 0\r\n\r\n");
    });
    let story = Story::with(&Configuration::default(), &Request::new(&origin.url("/")).method("POST").body(b"body"));
    assert_eq!(story.transcript(), "did_receive_response 1 201\ndid_complete 1 ok");
    assert_eq!(origin.request().body, b"body");
}

#[test]
fn r045_interim_answers_in_the_midst_of_an_upload_are_skipped() {
    const PIECE: u64 = 4 << 20;
    const PIECES: u64 = 8;
    let body = standard::pattern(0, PIECES * PIECE);
    // Who expects a 100 does not wait for it for ever, so it may come late.
    for (expectation, interim) in [("", "103 Early Hints\r\nLink: </a>"), ("100-continue", "100 Continue")] {
        let interim = format!("HTTP/1.1 {interim}\r\n\r\n");
        let origin = Origin::http(move |connection: &mut Connection| {
            let mut head = Vec::new();
            while !head.ends_with(b"\r\n\r\n") {
                head.extend(connection.read_exactly(1).unwrap());
            }
            for place in 0..PIECES {
                let piece = connection.read_exactly(PIECE as usize);
                assert!(piece.is_some_and(|piece| piece == standard::pattern(place * PIECE, PIECE)));
                connection.send(interim.as_bytes());
            }
            connection.send(format!("{OK}Content-Length: 0\r\n\r\n").as_bytes());
        });
        let request = Request::new(&origin.url("/")).method("PUT").header("Expect", expectation).body(&body);
        let story = Story::with(&Configuration::default(), &request);
        assert_eq!(story.transcript(), "did_receive_response 1 200\ndid_complete 1 ok", "{expectation}");
        assert_eq!(story.task.sent(), story.task.expected_to_send());
    }
}

#[test]
fn r046_a_body_that_is_too_short_is_an_error() {
    assert_eq!(got(format!("{OK}Content-Length: 5\r\n\r\nabc")), ("-1005".to_owned(), "abc".to_owned()));
    assert_eq!(got(format!("{OK}Content-Length: 5\r\n\r\n")), ("-1005".to_owned(), String::new()));
}

#[test]
fn r046_a_body_that_is_too_long_is_cut() {
    assert_eq!(got(format!("{OK}Content-Length: 3\r\n\r\nabcdef")), ok("abc"));
}

#[test]
fn without_a_length_the_body_goes_on_until_the_connection_ends() {
    assert_eq!(got(format!("{OK}\r\nabc")), ok("abc"));
    assert_eq!(got(format!("{OK}\r\n")), ok(""));
    assert_eq!(got(format!("{OK}Connection: close\r\nX: y\r\n\r\nabc")), ok("abc"));
}

#[test]
fn http_1_0_is_understood() {
    assert_eq!(got("HTTP/1.0 200 OK\r\n\r\nabc"), ok("abc"));
    assert_eq!(got("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc"), ok("abc"));
    assert_eq!(got("HTTP/1.0 200\r\nContent-Length: 3\r\n\r\nabc"), ok("abc"));
}

#[test]
fn http_1_0_connections_are_used_again_only_if_the_server_says_so() {
    for (field, connections) in [("", 2), ("Connection: keep-alive\r\n", 1)] {
        let origin = Origin::http(move |connection| {
            while connection.read_request().is_some() {
                connection.send(format!("HTTP/1.0 200 OK\r\n{field}Content-Length: 3\r\n\r\nabc").as_bytes());
            }
        });
        let recorder = Recorder::default();
        let session = recorder.session(&Configuration::default());
        for number in 1..3 {
            session.start(&origin.url("/"));
            recorder.wait_for(&format!("did_complete {number} ok"));
        }
        assert_eq!(origin.accepted(), connections, "{field}");
    }
}

#[test]
fn a_reason_may_be_missing_or_strange() {
    for line in ["HTTP/1.1 200", "HTTP/1.1 200 ", "HTTP/1.1 200 Alles in Ordnung, wirklich!", "HTTP/1.1 200 \u{e9}"] {
        assert_eq!(got(format!("{line}\r\nContent-Length: 3\r\n\r\nabc")), ok("abc"), "{line}");
    }
}

#[test]
fn two_lengths_that_differ_are_an_error() {
    let cases = [
        "Content-Length: 3\r\nContent-Length: 4\r\n",
        "Content-Length: 3, 4\r\n",
        "Content-Length: 3\r\nX: y\r\ncontent-length: 0\r\n",
        "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
    ];
    for fields in cases {
        let story = Story::answered(format!("{OK}{fields}\r\n3\r\nabc\r\n0\r\n\r\n"));
        assert_eq!(story.transcript(), "did_complete 1 -1017", "{fields}");
    }
}

#[test]
fn a_length_that_is_no_number_is_an_error() {
    for length in ["abc", "-1", "+3", "3 3", "0x3", "3.0", "99999999999999999999", ""] {
        let story = Story::answered(format!("{OK}Content-Length: {length}\r\n\r\nabc"));
        assert_eq!(story.transcript(), "did_complete 1 -1017", "{length:?}");
    }
}

#[test]
fn an_unknown_transfer_coding_is_an_error() {
    for coding in ["gzip", "chunked, gzip", "chunked, chunked", "foo", "chunked\r\nTransfer-Encoding: \u{e9}"] {
        let story = Story::answered(format!("{OK}Transfer-Encoding: {coding}\r\n\r\n3\r\nabc\r\n0\r\n\r\n"));
        let outcome = story.outcome();
        assert!(matches!(outcome.as_str(), "-1015" | "-1017"), "{coding}: {}", story.transcript());
    }
}

#[test]
fn what_does_not_speak_http_is_an_error() {
    let cases = [
        "SSH-2.0-OpenSSH\r\n",
        "<html>hello</html>\n",
        "\x15\x03\x01\x00\x02\x02\x16",
        "220 smtp.example.com ESMTP\r\n",
        "GET / HTTP/1.1\r\n\r\n",
        "\0\0\0\0\0\0\0\0",
    ];
    for answer in cases {
        assert_eq!(Story::answered(answer).transcript(), "did_complete 1 -1011", "{answer:?}");
    }
}

#[test]
fn a_malformed_head_is_an_error() {
    let cases = [
        "HTTP/1.1 abc OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 200 OK\r\nno colon\r\n\r\n",
        "HTTP/1.1 200 OK\r\n: no name\r\n\r\n",
        "HTTP/1.1 200 OK\r\nbad name: x\r\n\r\n",
        "HTTP/1.1 200 OK\r\nX: a\0b\r\n\r\n",
    ];
    for answer in cases {
        let story = Story::answered(answer);
        assert!(matches!(story.outcome().as_str(), "-1011" | "-1017"), "{answer:?}: {}", story.transcript());
    }
}

#[test]
fn an_answer_cut_anywhere_is_an_error_and_never_a_success() {
    let answer =
        format!("{OK}Content-Type: text/plain\r\nTransfer-Encoding: chunked\r\n\r\n3;x=y\r\nabc\r\n0\r\nT: 1\r\n\r\n");
    assert_eq!(got(answer.clone()), ok("abc"));
    for length in 0..answer.len() {
        let story = Story::answered(&answer.as_bytes()[..length]);
        assert_eq!(story.outcome(), "-1005", "after {length} bytes: {:?}", &answer[..length]);
    }
}

#[test]
fn an_answer_with_any_byte_replaced_ends_its_task() {
    // The story waits for the end, so a crash or a hang is what could fail here.
    let answer =
        format!("{OK}Content-Length: 10\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n0\r\n\r\n").into_bytes();
    for place in 0..answer.len() {
        for byte in [0, b'\n', b' ', b'9', 0xff] {
            let mut answer = answer.clone();
            answer[place] = byte;
            let outcome = Story::answered(answer).outcome();
            assert!(outcome == "ok" || outcome.parse::<i32>().is_ok(), "{outcome}");
        }
    }
}

#[test]
fn an_answer_that_drips_is_an_answer() {
    let answer = format!("{OK}X: y\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\nT: 1\r\n\r\n");
    let origin = Origin::http(move |connection| {
        connection.read_request();
        for byte in answer.as_bytes() {
            connection.send(&[*byte]);
        }
        connection.wait_for_leave();
    });
    let story = Story::of(&origin.url("/"));
    let expected = "did_receive_response 1 200\ndid_receive_data 1 \"abcde\"\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
}
