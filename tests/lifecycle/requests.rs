use std::ptr;

use crate::support::handle::{Configuration, Request, c_text};
use crate::support::origin::{self, Connection, Origin};
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::{Story, sent};
use urlsession::*;

/// What an origin gets when it is sent this request.
fn got(build: impl FnOnce(Request) -> Request) -> origin::Request {
    sent(&Configuration::default(), build)
}

#[test]
fn r002_methods_go_out_as_they_are_and_only_the_known_ones_in_capitals() {
    let cases = [
        ("GET", "GET"),
        ("get", "GET"),
        ("Post", "POST"),
        ("put", "PUT"),
        ("delete", "DELETE"),
        ("patch", "PATCH"),
        ("head", "HEAD"),
        ("options", "OPTIONS"),
        ("trace", "TRACE"),
        ("PROPFIND", "PROPFIND"),
        ("query", "query"),
        ("M-SEARCH", "M-SEARCH"),
    ];
    for (method, expected) in cases {
        assert_eq!(got(|request| request.method(method)).method(), expected);
    }
}

#[test]
fn r002_what_is_no_method_is_refused() {
    let request = Request::new("http://127.0.0.1/").method("PUT");
    for method in ["", "GET ", "G ET", "GET\r\nX: y", "G:T", "CONNECT", "connect", "GÉT"] {
        let text = c_text(method);
        let status = url_session_request_set_http_method(request.get(), text.as_ptr());
        assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT, "{method:?}");
    }
    assert_eq!(request.http_method(), "PUT");
}

#[test]
fn r003_a_body_of_bytes_goes_out_with_its_length() {
    let body: Vec<u8> = (0..=255).collect();
    let request = got(|request| request.method("POST").body(&body));
    assert_eq!(request.body, body);
    assert_eq!(request.value("Content-Length"), Some("256"));
    assert_eq!(request.value("Transfer-Encoding"), None);
    assert_eq!(request.value("Expect"), None);
}

#[test]
fn r003_a_long_body_goes_out_whole_over_http_and_https() {
    let body = standard::pattern(0, 20_000_000);
    for origin in [Origin::http(standard::serve), Origin::https(standard::serve)] {
        let request = Request::new(&origin.url("/echo")).method("PUT").body(&body);
        let story = Story::with(&Configuration::trusting(origin.certificate()), &request);
        assert_eq!((story.outcome(), story.task.sent()), ("ok".into(), 20_000_000));
        assert!(story.body() == body);
    }
}

#[test]
fn r003_a_body_goes_with_any_method() {
    for method in ["GET", "DELETE", "OPTIONS", "PATCH", "PROPFIND"] {
        let request = got(|request| request.method(method).body(b"body"));
        assert_eq!((request.method(), request.body.as_slice()), (method, b"body".as_slice()));
        assert_eq!(request.value("Content-Length"), Some("4"));
    }
}

#[test]
fn r003_a_wrong_content_length_is_replaced_by_the_true_one() {
    let request = got(|request| request.method("POST").header("content-length", "99").body(b"body"));
    assert_eq!(request.value("Content-Length"), Some("4"));
    let request = got(|request| request.header("Content-Length", "99"));
    assert_eq!(request.value("Content-Length"), None);
}

#[test]
fn r003_a_content_length_of_the_session_is_replaced_too() {
    let configuration = Configuration::default().header("Content-Length", "99");
    assert_eq!(sent(&configuration, |request| request).value("Content-Length"), None);
    let request = sent(&configuration, |request| request.method("POST").body(b"body"));
    assert_eq!((request.value("Content-Length"), request.body.as_slice()), (Some("4"), b"body".as_slice()));
}

#[test]
fn r006_an_empty_body_has_a_length_where_a_body_is_expected() {
    for method in ["POST", "PUT", "PATCH"] {
        let request = got(|request| request.method(method));
        assert_eq!(request.value("Content-Length"), Some("0"), "{method}");
    }
    for method in ["GET", "HEAD", "DELETE", "OPTIONS"] {
        assert_eq!(got(|request| request.method(method)).value("Content-Length"), None, "{method}");
    }
}

#[test]
fn r010_a_url_cannot_break_the_message() {
    let origin = Origin::http(standard::serve);
    let story = Story::of(&origin.url("/status/200?a\r\nX-Bad: 1\r\n\r\nGET /evil\t"));
    assert_eq!(story.outcome(), "ok");
    let request = origin.request();
    assert_eq!(request.value("X-Bad"), None);
    assert_eq!(request.target(), "/status/200?aX-Bad:%201GET%20/evil");
}

#[test]
fn q012_urls_are_prepared_by_the_whatwg_rules() {
    let cases = [
        ("  http://127.0.0.1/a \n", "http://127.0.0.1/a"),
        ("http://127.0.0.1", "http://127.0.0.1/"),
        ("HTTP://EXAMPLE.com/Path", "http://example.com/Path"),
        ("http://bücher.example/", "http://xn--bcher-kva.example/"),
        ("http://127.0.0.1/with blank", "http://127.0.0.1/with%20blank"),
        ("http://127.0.0.1/ü?ö", "http://127.0.0.1/%C3%BC?%C3%B6"),
        ("http://127.0.0.1/%7Ea/%2f", "http://127.0.0.1/%7Ea/%2f"),
        ("http://127.0.0.1/a/../b/./c", "http://127.0.0.1/b/c"),
        ("http://[::1]:8080/", "http://[::1]:8080/"),
        ("not a url", "not a url"),
    ];
    for (given, expected) in cases {
        assert_eq!(Request::new(given).url(), expected, "{given:?}");
    }
    let request = Request::new("http://127.0.0.1/");
    let other = c_text("http://127.0.0.1/other");
    assert_eq!(url_session_request_set_url(request.get(), other.as_ptr()), UrlSessionStatus::OK);
    assert_eq!(request.url(), "http://127.0.0.1/other");
}

#[test]
fn q012_the_request_line_is_what_the_url_says() {
    let origin = Origin::http(standard::serve);
    for (path, target) in [("", "/"), ("?q", "/?q"), ("/a b", "/a%20b"), ("/a?b=c#d", "/a?b=c"), ("/ü", "/%C3%BC")] {
        Story::of(&origin.url(path));
        assert_eq!(origin.requests().last().unwrap().target(), target);
    }
}

#[test]
fn q012_user_and_password_stay_out_of_line_and_host() {
    let origin = Origin::http(standard::serve);
    let story = Story::of(&origin.url("/hello").replace("//", "//user:secret@"));
    assert_eq!(story.outcome(), "ok");
    let request = origin.request();
    assert_eq!(request.target(), "/hello");
    assert_eq!(request.value("Host"), Some(origin.address().to_string().as_str()));
    assert!(!request.head.contains("secret"), "{}", request.head);
}

#[test]
fn a_request_is_copied_when_it_is_used() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let request = Request::new(&origin.url("/echo")).method("POST").body(b"before");
    let task = session.task_for(&request);
    let request = request.body(b"after").header("X-After", "1");
    task.resume();
    recorder.wait_for("did_complete 1 ok");
    let sent = origin.request();
    assert_eq!((sent.body.as_slice(), sent.value("X-After")), (b"before".as_slice(), None));
    let copy = Request::adopt(url_session_request_copy(request.get())).unwrap().method("PUT");
    assert_eq!((request.http_method(), copy.http_method()), ("POST".into(), "PUT".into()));
}

#[test]
fn a_request_reads_back_what_was_set() {
    let request = Request::new("http://127.0.0.1/").header("A", "1").add_header("b", "2").add_header("B", "3");
    assert_eq!(request.value("B").as_deref(), Some("2, 3"));
    assert_eq!(request.value("C"), None);
    assert_eq!(url_session_request_header_field_count(request.get()), 3);
    let (mut name, mut value) = (ptr::null(), ptr::null());
    let status = url_session_request_header_field_at(request.get(), 2, &mut name, &mut value);
    assert_eq!(status, UrlSessionStatus::OK);
    let text = crate::support::handle::text;
    assert_eq!((text(name).as_deref(), text(value).as_deref()), (Some("B"), Some("3")));
    let status = url_session_request_header_field_at(request.get(), 3, &mut name, &mut value);
    assert_eq!((status, name, value), (UrlSessionStatus::INVALID_ARGUMENT, ptr::null(), ptr::null()));

    let request = request.body(b"body");
    let (mut body, mut length) = (ptr::null(), 0);
    assert_eq!(url_session_request_http_body(request.get(), &mut body, &mut length), UrlSessionStatus::OK);
    assert_eq!(length, 4);
    let request = request.set(|r| url_session_request_set_http_body(r, ptr::null(), 0));
    assert_eq!(url_session_request_http_body(request.get(), &mut body, &mut length), UrlSessionStatus::OK);
    assert_eq!((body, length), (ptr::null(), 0));
}

#[test]
fn an_answer_that_comes_before_the_body_is_sent_ends_the_upload() {
    let origin = Origin::http(|connection: &mut Connection| {
        connection.read_exactly(1);
        connection.send(b"HTTP/1.1 413 Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
        connection.wait_for_leave();
    });
    let body = vec![b'x'; 64 << 20];
    let story = Story::with(&Configuration::default(), &Request::new(&origin.url("/")).method("POST").body(&body));
    let expected = "did_receive_response 1 413\ndid_receive_data 1 \"big\"\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
}
