use std::io::Write;
use std::sync::{Arc, Mutex};

use flate2::Compression;
use flate2::write::GzEncoder;

use crate::support::handle::{Completion, Configuration, Request, Response};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::{Answer, Message, Recorder};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const ALLOW: UrlSessionResponseDisposition = UrlSessionResponseDisposition::ALLOW;
const CANCEL: UrlSessionResponseDisposition = UrlSessionResponseDisposition::CANCEL;
const BECOME_DOWNLOAD: UrlSessionResponseDisposition = UrlSessionResponseDisposition::BECOME_DOWNLOAD;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace; boundary=frame\r\n";
const TWO_PARTS: &str = "--frame\r\nContent-Type: text/plain\r\n\r\none\r\n--frame\r\nX: y\r\n\r\ntwo\r\n--frame--\r\n";

fn answer(question: &Completion, disposition: UrlSessionResponseDisposition) {
    assert_eq!(url_session_response_completion_answer(question.get(), disposition), UrlSessionStatus::OK);
}

fn origin_of_two_parts() -> Origin {
    Origin::in_turn(&[&format!("{HEAD}Content-Length: {}\r\n\r\n{TWO_PARTS}", TWO_PARTS.len())])
}

/// What is told of an answer with this head, as far as it goes, and this body.
fn told_with(head: &str, body: &str) -> String {
    Story::answered(format!("{head}Content-Length: {}\r\n\r\n{body}", body.len())).transcript()
}

fn told(body: &str) -> String {
    told_with(HEAD, body)
}

/// What is to be told of parts with this content: the head of all, and then a head for each.
fn parts(contents: &[&str]) -> String {
    let mut told = "did_receive_response 1 200\n".to_owned();
    for content in contents {
        told += "did_receive_response 1 200\n";
        if !content.is_empty() {
            told += &format!("did_receive_data 1 \"{}\"\n", content.as_bytes().escape_ascii());
        }
    }
    told + "did_complete 1 ok"
}

#[test]
fn a060_every_part_is_a_response_and_its_data() {
    assert_eq!(told(TWO_PARTS), parts(&["one", "two"]));
}

#[test]
fn a060_a_part_has_fields_of_its_own_and_the_url_and_status_of_all() {
    let body = "--frame\r\nContent-Type: text/HTML; charset=\"UTF-8\"\r\nContent-Length: 3\r\nX-Part: 1\r\n\r\none\r\n\
                --frame\r\nContent-Length: -3\r\nX-Part: 2\r\n\r\ntwo\r\n--frame\r\n\r\n\r\n--frame--";
    let answer = format!("{HEAD}X-All: y\r\nContent-Length: {}\r\n\r\n{body}", body.len()).replace("200 OK", "203 OK");
    let origin = Origin::in_turn(&[&answer]);
    let told = Arc::new(Mutex::new(Vec::new()));
    let keeping = told.clone();
    let recorder = Recorder::with(move |moment| {
        if moment.message == Message::DidReceiveResponse {
            keeping.lock().unwrap().push(Response::retain(moment.response));
        }
    });
    let story = Story::told_to(recorder, &Configuration::default(), &Request::new(&origin.url("/all")));
    assert_eq!(story.outcome(), "ok");
    let told = told.lock().unwrap();
    let shown = |response: &Response| {
        assert_eq!((response.status_code(), response.url()), (203, origin.url("/all")));
        (response.mime_type(), response.text_encoding_name(), response.expected_content_length())
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(shown(&told[0]), (text("multipart/x-mixed-replace"), None, body.len() as i64));
    assert_eq!(shown(&told[1]), (text("text/html"), text("utf-8"), 3));
    assert_eq!([shown(&told[2]), shown(&told[3])], [(None, None, -1), (None, None, -1)]);
    let parts: Vec<_> = told.iter().map(|response| (response.value("X-All"), response.value("X-Part"))).collect();
    assert_eq!(parts, [(text("y"), None), (None, text("1")), (None, text("2")), (None, None)]);
    // The response of the task is the last one.
    assert_eq!(story.response().fields().len(), 0);
}

#[test]
fn a060_data_of_a_part_wait_for_the_answer_at_its_gate() {
    let origin = origin_of_two_parts();
    let clock = Origin::http(standard::serve);
    let recorder = Recorder::answering(Answer::Later);
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/"));
    let mut expected = "did_receive_response 1 200".to_owned();
    for content in ["", "one"] {
        let question = recorder.question();
        // All has long been sent when a whole other session has come and gone.
        Story::of(&clock.url("/hello"));
        assert_eq!(recorder.transcript_of(1), expected);
        answer(&question, ALLOW);
        if !content.is_empty() {
            expected += &format!("\ndid_receive_data 1 \"{content}\"");
        }
        expected += "\ndid_receive_response 1 200";
    }
    answer(&recorder.question(), ALLOW);
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(recorder.transcript_of(1), parts(&["one", "two"]));
}

#[test]
fn a060_a_task_can_be_cancelled_at_a_parts_gate() {
    let origin = origin_of_two_parts();
    let recorder = Recorder::answering(Answer::Later);
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/"));
    for disposition in [ALLOW, ALLOW, CANCEL] {
        answer(&recorder.question(), disposition);
    }
    recorder.wait_for("did_complete 1 -999");
    let expected = parts(&["one", ""]).replace("1 ok", "1 -999");
    assert_eq!(recorder.transcript_of(1), expected);
}

#[test]
fn a060_a_part_does_not_become_a_download() {
    let origin = origin_of_two_parts();
    let recorder = Recorder::answering(Answer::Later);
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/"));
    for disposition in [ALLOW, BECOME_DOWNLOAD, BECOME_DOWNLOAD] {
        answer(&recorder.question(), disposition);
    }
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(recorder.transcript_of(1), parts(&["one", "two"]));
}

/// An answer whose body comes in chunks that are cut at these places. Every chunk is looked at by itself.
fn chunked(body: &str, cuts: &[usize]) -> String {
    let mut answer = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n");
    let mut start = 0;
    for &cut in cuts.iter().chain([&body.len()]) {
        answer += &chunk(&body[start..cut]);
        start = cut;
    }
    answer + &chunk("")
}

fn chunk(piece: &str) -> String {
    format!("{:x}\r\n{piece}\r\n", piece.len())
}

#[test]
fn a060_a_boundary_is_found_wherever_it_is_cut() {
    for cut in 1..TWO_PARTS.len() {
        let story = Story::answered(chunked(TWO_PARTS, &[cut]));
        assert_eq!(story.transcript(), parts(&["one", "two"]), "cut at {cut}");
    }
    let everywhere: Vec<usize> = (1..TWO_PARTS.len()).collect();
    assert_eq!(Story::answered(chunked(TWO_PARTS, &everywhere)).transcript(), parts(&["one", "two"]));
}

#[test]
fn a060_what_only_looks_like_a_boundary_is_data() {
    let contents =
        ["x--frame\r\n", "\r\n--fram", "\r\n-frame\r\n", "\r\r\n\r\n--fra--frame", "--FRAME\r\n\r\n--Frame\r\n"];
    for content in contents {
        let body = format!("--frame\r\n\r\n{content}\r\n--frame--");
        assert_eq!(told(&body), parts(&[content]), "{content:?}");
        for cut in 1..body.len() {
            assert_eq!(
                Story::answered(chunked(&body, &[cut])).transcript(),
                parts(&[content]),
                "{body:?} cut at {cut}"
            );
        }
    }
}

#[test]
fn a060_what_stands_around_the_parts_is_dropped() {
    let cases = [
        format!("a preamble\r\nof two lines\r\n{TWO_PARTS}"),
        format!("\r\n{TWO_PARTS}"),
        format!("{TWO_PARTS}an epilogue\r\n--frame\r\n\r\nthree\r\n"),
        TWO_PARTS.trim_end().to_owned(),
        // Blanks behind a boundary are padding.
        TWO_PARTS.replace("--frame\r\n", "--frame \t\r\n"),
    ];
    for body in cases {
        assert_eq!(told(&body), parts(&["one", "two"]), "{body:?}");
    }
}

#[test]
fn a060_a_boundary_may_be_quoted_and_the_type_in_capitals() {
    let cases = [
        ("multipart/x-mixed-replace; boundary=\"frame\"", "frame"),
        ("multipart/x-mixed-replace; boundary=\"a frame: of /=?\"", "a frame: of /=?"),
        ("Multipart/X-Mixed-Replace;charset=utf-8;BOUNDARY=frame", "frame"),
        ("multipart/x-mixed-replace;boundary=--frame", "--frame"),
        ("multipart/x-mixed-replace ; boundary=frame ; x=y", "frame"),
    ];
    for (content_type, boundary) in cases {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n");
        let body = TWO_PARTS.replace("frame", boundary);
        assert_eq!(told_with(&head, &body), parts(&["one", "two"]), "{content_type}");
    }
}

#[test]
fn a060_lines_may_end_in_a_line_feed_alone() {
    assert_eq!(told(&TWO_PARTS.replace("\r\n", "\n")), parts(&["one", "two"]));
}

#[test]
fn a060_a_part_may_have_no_fields_and_no_data() {
    assert_eq!(told("--frame\r\n\r\none\r\n--frame\r\n\r\n\r\n--frame--\r\n"), parts(&["one", ""]));
    assert_eq!(told("--frame--\r\n"), parts(&[]));
}

#[test]
fn a060_other_types_are_not_taken_apart() {
    for content_type in ["multipart/mixed; boundary=frame", "text/plain; boundary=frame"] {
        let head = format!("HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\n");
        let expected =
            format!("did_receive_response 1 200\ndid_receive_data 1 {} bytes\ndid_complete 1 ok", TWO_PARTS.len());
        assert_eq!(told_with(&head, TWO_PARTS), expected, "{content_type}");
    }
}

#[test]
fn a060_a_part_is_not_held_back_until_it_is_whole() {
    let first = format!("{HEAD}Transfer-Encoding: chunked\r\n\r\n{}", chunk("--frame\r\n\r\nfirst"));
    let rest = chunk(", second\r\n--frame\r\n\r\nthird, fourth\r\n--frame--\r\n") + &chunk("");
    let (origin, gate) = Origin::gated(first, rest);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    session.start(&origin.url("/"));
    recorder.wait_for("did_receive_data 1 \"first\"");
    gate.open();
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(recorder.transcript_of(1), parts(&["first, second", "third, fourth"]));
}

#[test]
fn a060_a_connection_that_is_cut_within_a_part_is_lost() {
    let answer = format!("{HEAD}Content-Length: {}\r\n\r\n{TWO_PARTS}", TWO_PARTS.len());
    let behind_one = answer.find("one").unwrap() + 3;
    let within_two = answer.find("wo\r\n").unwrap();
    for (length, contents) in [(behind_one, vec!["one"]), (within_two, vec!["one", "t"])] {
        let expected = parts(&contents).replace("1 ok", "1 -1005");
        assert_eq!(Story::answered(&answer.as_bytes()[..length]).transcript(), expected, "cut at {length}");
    }
}

#[test]
fn a060_a_stream_may_just_end_but_not_within_a_head() {
    let ended = |body: &str| Story::answered(format!("{HEAD}\r\n{body}")).transcript();
    assert_eq!(ended("--frame\r\n\r\none\r\n--frame\r\n\r\ntw"), parts(&["one", "tw"]));
    assert_eq!(ended("--frame\r\n\r\none\r\n--fra"), parts(&["one\r\n--fra"]));
    assert_eq!(ended("--frame\r\n\r\none\r\n--frame\r\nX: "), parts(&["one"]).replace("1 ok", "1 -1017"));
    assert_eq!(ended("--fra"), parts(&[]));
}

#[test]
fn a060_a_body_without_a_boundary_is_one() {
    let head = "HTTP/1.1 200 OK\r\nContent-Type: multipart/x-mixed-replace\r\n";
    let expected = "did_receive_response 1 200\ndid_receive_data 1 \"--frame\\r\\n\\r\\n\"\ndid_complete 1 ok";
    assert_eq!(told_with(head, "--frame\r\n\r\n"), expected);
}

#[test]
fn a060_a_compressed_body_is_taken_apart_once_it_is_decoded() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(TWO_PARTS.as_bytes()).unwrap();
    let head = format!("{HEAD}Content-Encoding: gzip\r\n\r\n");
    let story = Story::answered([head.as_bytes(), &encoder.finish().unwrap()].concat());
    assert_eq!(story.transcript(), parts(&["one", "two"]));
}

#[test]
fn a060_a_task_with_a_completion_handler_gets_the_bytes_as_they_are() {
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_request();
        connection.send(format!("{HEAD}Connection: close\r\n\r\n--frame\r\n\r\none\r\n--frame--\r\n").as_bytes());
    });
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    recorder.handler_task(&session, "a", &Request::new(&origin.url("/"))).resume();
    recorder.wait_for("handler a 200 \"--frame\\r\\n\\r\\none\\r\\n--frame--\\r\\n\"");
}

#[test]
fn a060_r043_the_head_of_a_part_has_the_limits_of_any_head() {
    let origin = Origin::http(|connection: &mut Connection| {
        connection.read_request();
        connection.send(format!("{HEAD}\r\n--frame\r\n").as_bytes());
        while connection.send(b"X-Field: value\r\n") {}
    });
    assert_eq!(Story::of(&origin.url("/")).transcript(), "did_receive_response 1 200\ndid_complete 1 -1017");
    origin.wait_for_ends(1);
    let part = |fields: usize| format!("--frame\r\n{}\r\none\r\n--frame--", "X: y\r\n".repeat(fields));
    assert_eq!(told(&part(100)), parts(&["one"]));
    assert_eq!(told(&part(1000)), "did_receive_response 1 200\ndid_complete 1 -1017");
}
