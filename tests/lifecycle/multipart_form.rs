use std::ptr;

use crate::support::body::{Body, BodyStream};
use crate::support::directory::Directory;
use crate::support::handle::{Configuration, Request, c_text};
use crate::support::origin::{self, Origin};
use crate::support::recorder::{Recorder, Supplied};
use crate::support::standard;
use crate::support::story::Story;
use crate::support::upload::MultipartForm;
use urlsession::*;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const MOVED: &str = "HTTP/1.1 307 Moved\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n";

/// What an origin gets that is sent this form.
fn posted(form: &MultipartForm) -> origin::Request {
    let origin = Origin::http(standard::serve);
    let request = Request::new(&origin.url("/upload")).multipart_form(form);
    assert_eq!(Story::with(&Configuration::default(), &request).outcome(), "ok");
    origin.request()
}

fn boundary(form: &MultipartForm) -> String {
    let content_type = form.content_type();
    let boundary = content_type.strip_prefix("multipart/form-data; boundary=");
    boundary.unwrap_or_else(|| panic!("{content_type}")).to_owned()
}

/// Parts of this content, each behind its fields, in the form's own boundary.
fn body(form: &MultipartForm, parts: &[(&str, &[u8])]) -> Vec<u8> {
    let boundary = boundary(form);
    let part = |(fields, content): &(&str, &[u8])| {
        let head = format!("--{boundary}\r\nContent-Disposition: form-data; {fields}\r\n\r\n");
        [head.as_bytes(), content, b"\r\n"].concat()
    };
    [parts.iter().flat_map(part).collect(), format!("--{boundary}--\r\n").into_bytes()].concat()
}

#[test]
fn e055_a_form_is_these_bytes() {
    let directory = Directory::default();
    let path = directory.file("notes.txt", b"of a file");
    let form = MultipartForm::default()
        .field("name", "value")
        .field("empty", "")
        .bytes("bytes", Some("b.bin"), Some("application/x-own; v=1"), b"\0\xff\r\n--")
        .bytes("untyped", Some("u"), None, b"u")
        .bytes("unnamed", None, None, b"n")
        .file("file", &path, None, None)
        .file("renamed", &path, Some("other.html"), Some("text/html"));
    let request = posted(&form);
    let expected = body(
        &form,
        &[
            ("name=\"name\"", b"value"),
            ("name=\"empty\"", b""),
            ("name=\"bytes\"; filename=\"b.bin\"\r\nContent-Type: application/x-own; v=1", b"\0\xff\r\n--"),
            ("name=\"untyped\"; filename=\"u\"", b"u"),
            ("name=\"unnamed\"", b"n"),
            ("name=\"file\"; filename=\"notes.txt\"\r\nContent-Type: text/plain", b"of a file"),
            ("name=\"renamed\"; filename=\"other.html\"\r\nContent-Type: text/html", b"of a file"),
        ],
    );
    assert_eq!(request.body.escape_ascii().to_string(), expected.escape_ascii().to_string());
    assert_eq!(request.value("Content-Length"), Some(expected.len().to_string().as_str()));
    assert_eq!(request.value("Content-Type"), Some(form.content_type().as_str()));
    assert_eq!((request.method(), request.value("Transfer-Encoding")), ("POST", None));
}

#[test]
fn e055_an_empty_form_is_its_end() {
    let form = MultipartForm::default();
    assert_eq!(posted(&form).body, body(&form, &[]));
}

#[test]
fn e055_a_boundary_is_short_and_every_forms_own() {
    let boundaries: Vec<_> = (0..100).map(|_| boundary(&MultipartForm::default())).collect();
    for (place, boundary) in boundaries.iter().enumerate() {
        // RFC 2046, 5.1.1; what needs no quotes in a parameter is less.
        assert!((20..=70).contains(&boundary.len()), "{boundary}");
        assert!(boundary.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte)), "{boundary}");
        assert!(!boundaries[..place].contains(boundary), "{boundary} came twice");
    }
}

#[test]
fn e055_names_cannot_break_the_form() {
    let cases = [
        ("a\"b", "a%22b"),
        ("a\r\nX-Bad: 1\r\n\r\nb", "a%0D%0AX-Bad: 1%0D%0A%0D%0Ab"),
        ("a\nb", "a%0Ab"),
        ("a\rb", "a%0Db"),
        ("a\"; filename=\"b", "a%22; filename=%22b"),
        ("back\\slash", "back\\slash"),
        ("50%22", "50%22"),
        ("größe 日本", "größe 日本"),
        ("", ""),
    ];
    let directory = Directory::default();
    let path = directory.file("body", b"f");
    for (name, quoted) in cases {
        let form = MultipartForm::default().field(name, "v").bytes(name, Some(name), Some("text/plain"), b"b").file(
            name,
            &path,
            Some(name),
            Some("text/plain"),
        );
        let named = format!("name=\"{quoted}\"");
        let of_file = format!("{named}; filename=\"{quoted}\"\r\nContent-Type: text/plain");
        let expected = body(&form, &[(&named, b"v"), (&of_file, b"b"), (&of_file, b"f")]);
        let got = posted(&form).body;
        assert_eq!(String::from_utf8(got).unwrap(), String::from_utf8(expected).unwrap(), "{name:?}");
    }
}

#[test]
fn e055_the_name_of_a_file_may_be_anything_too() {
    let directory = Directory::default();
    let path = directory.file("größe \"7\".JSON", b"{}");
    let form = MultipartForm::default().file("file", &path, None, None);
    let fields = "name=\"file\"; filename=\"größe %227%22.JSON\"\r\nContent-Type: application/json";
    assert_eq!(posted(&form).body, body(&form, &[(fields, b"{}")]));
    let form = MultipartForm::default().file("file", &directory.file("unknown", b""), None, None);
    let fields = "name=\"file\"; filename=\"unknown\"\r\nContent-Type: application/octet-stream";
    assert_eq!(posted(&form).body, body(&form, &[(fields, b"")]));
}

#[test]
fn e055_a_content_type_cannot_break_the_form() {
    let form = MultipartForm::default().field("name", "value");
    let (name, path) = (c_text("name"), c_text("/dev/null"));
    for content_type in ["text/plain\r\nX-Bad: 1", "text/plain\r\n\r\n", "text/plain\n", "\r", "a\u{1}b", "\u{7f}"] {
        let content_type = c_text(content_type);
        let (name, content_type) = (name.as_ptr(), content_type.as_ptr());
        let of_bytes =
            url_session_multipart_form_add_bytes(form.get(), name, ptr::null(), content_type, b"x".as_ptr(), 1);
        let of_file = url_session_multipart_form_add_file(form.get(), name, path.as_ptr(), ptr::null(), content_type);
        assert_eq!([of_bytes, of_file], [UrlSessionStatus::INVALID_ARGUMENT; 2]);
    }
    // What was refused has left nothing behind.
    assert_eq!(posted(&form).body, body(&form, &[("name=\"name\"", b"value")]));
}

#[test]
fn r003_a_long_file_is_streamed_with_its_length() {
    let directory = Directory::default();
    let content = standard::pattern(0, 10 << 20);
    let path = directory.file("long.bin", &content);
    let form = MultipartForm::default().field("before", "1").file("file", &path, None, None).field("after", "2");
    let fields = "name=\"file\"; filename=\"long.bin\"\r\nContent-Type: application/octet-stream";
    let expected = body(&form, &[("name=\"before\"", b"1"), (fields, content.as_slice()), ("name=\"after\"", b"2")]);
    for origin in [Origin::http(standard::serve), Origin::https(standard::serve)] {
        let configuration = Configuration::trusting(origin.certificate());
        let request = Request::new(&origin.url("/upload")).multipart_form(&form);
        let recorder = Recorder::default().hearing_progress();
        let story = Story::told_to(recorder, &configuration, &request);
        let length = expected.len();
        let told = format!(
            "did_send_body_data 1 {length} {length}\ndid_receive_response 1 201\n\
             did_receive_data 1 \"{length} bytes came\"\ndid_complete 1 ok"
        );
        assert_eq!(story.transcript(), told);
        assert_eq!(origin.request().value("Content-Length"), Some(length.to_string().as_str()));
        assert!(origin.request().body == expected);
    }
}

#[test]
fn e055_a_file_that_is_gone_fails_the_task() {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let path = directory.file("body", b"here");
    for (path, code) in [(directory.at("missing"), -1100), (directory.path().to_owned(), -1101)] {
        let form = MultipartForm::default().field("name", "value").file("file", &path, None, None);
        let request = Request::new(&origin.url("/upload")).multipart_form(&form);
        let story = Story::with(&Configuration::default(), &request);
        assert_eq!(story.transcript(), format!("did_complete 1 {code}"));
    }
    let form = MultipartForm::default().file("file", &path, None, None);
    let request = Request::new(&origin.url("/upload")).multipart_form(&form);
    std::fs::remove_file(&path).unwrap();
    assert_eq!(Story::with(&Configuration::default(), &request).transcript(), "did_complete 1 -1100");
    assert!(origin.requests().is_empty());
}

#[test]
fn q021_a_form_goes_out_again_by_itself() {
    let directory = Directory::default();
    let path = directory.file("a.txt", b"of a file");
    let form = MultipartForm::default().field("name", "value").file("file", &path, None, None);
    let fields = "name=\"file\"; filename=\"a.txt\"\r\nContent-Type: text/plain";
    let expected = body(&form, &[("name=\"name\"", b"value"), (fields, b"of a file")]);
    let origin = Origin::in_turn(&[MOVED, OK]);
    let request = Request::new(&origin.url("/from")).multipart_form(&form);
    let story = Story::with(&Configuration::default(), &request);
    assert_eq!(story.transcript(), "did_receive_response 1 200\ndid_complete 1 ok");
    let requests = origin.requests();
    assert_eq!([requests[0].target(), requests[1].target()], ["/from", "/to"]);
    for request in requests {
        assert_eq!((request.method(), request.body.as_slice()), ("POST", expected.as_slice()));
        assert_eq!(request.value("Content-Type"), Some(form.content_type().as_str()));
    }
}

#[test]
fn c048_a_form_can_be_used_again_and_grow_between() {
    let form = MultipartForm::default().field("a", "1");
    let origin = Origin::http(standard::serve);
    let request = Request::new(&origin.url("/upload")).multipart_form(&form);
    let form = form.field("b", "2");
    let first = body(&form, &[("name=\"a\"", b"1")]);
    for _ in 0..2 {
        assert_eq!(Story::with(&Configuration::default(), &request).outcome(), "ok");
    }
    // A request has the form as it stood.
    assert!(origin.requests().iter().all(|request| request.body == first));
    let second = body(&form, &[("name=\"a\"", b"1"), ("name=\"b\"", b"2")]);
    assert_eq!(posted(&form).body, second);
    assert_eq!(posted(&form).body, second);
}

#[test]
fn q014_a_form_is_posted_unless_the_request_says_otherwise() {
    let form = MultipartForm::default().field("name", "value");
    let request = |method: &str| Request::new("http://127.0.0.1/").method(method).multipart_form(&form);
    let methods = ["GET", "POST", "PUT", "PATCH", "query"].map(|method| request(method).http_method());
    assert_eq!(methods, ["POST", "POST", "PUT", "PATCH", "query"]);
    let typed = Request::new("http://127.0.0.1/").header("content-type", "text/plain").body(b"bytes");
    let typed = typed.multipart_form(&form);
    assert_eq!(typed.value("Content-Type"), Some(form.content_type()));
}

#[test]
fn q014_a_request_has_a_stream_or_a_form_and_not_both() {
    let origin = Origin::http(standard::serve);
    let form = MultipartForm::default().field("name", "value");
    let request = Request::new(&origin.url("/upload")).method("PUT").body_stream(&Body::of(b"streamed").stream());
    let status = url_session_request_set_multipart_form(request.get(), form.get());
    assert_eq!(status, UrlSessionStatus::INVALID_STATE);
    assert_eq!(Story::with(&Configuration::default(), &request).outcome(), "ok");
    let sent = origin.request();
    assert_eq!((sent.method(), sent.body.as_slice()), ("PUT", b"streamed".as_slice()));
    assert_eq!(sent.value("Content-Type"), None);
    let request = request.set(|r| url_session_request_set_http_body_stream(r, ptr::null_mut()));
    assert_eq!(request.multipart_form(&form).value("Content-Type"), Some(form.content_type()));
}

#[test]
fn q014_a_form_is_a_stream_like_any_other() {
    let form = MultipartForm::default().field("name", "value");
    let expected = body(&form, &[("name=\"name\"", b"value")]);
    let origin = Origin::http(standard::serve);
    let typed = || Request::new(&origin.url("/upload")).method("POST").header("Content-Type", &form.content_type());
    let stream = form.body_stream();
    assert_eq!(Story::with(&Configuration::default(), &typed().body_stream(&stream)).outcome(), "ok");
    let form = std::sync::Mutex::new(form.clone());
    let recorder = Recorder::default().supplying(move |_| Supplied::Stream(form.lock().unwrap().body_stream()));
    let streamed = Story::of_task(recorder, &Configuration::default(), |session| session.upload_stream(&typed()));
    assert_eq!(streamed.outcome(), "ok");
    for request in origin.requests() {
        assert_eq!(request.body, expected);
        assert_eq!(request.value("Content-Length"), Some(expected.len().to_string().as_str()));
    }
    assert!(BodyStream::adopt(url_session_multipart_form_copy_body_stream(ptr::null())).is_none());
}

#[test]
fn e055_what_is_missing_is_refused() {
    let form = MultipartForm::default();
    let (name, path) = (c_text("name"), c_text("/dev/null"));
    let (name, path) = (name.as_ptr(), path.as_ptr());
    let statuses = [
        url_session_multipart_form_add_field(form.get(), ptr::null(), name),
        url_session_multipart_form_add_field(form.get(), name, ptr::null()),
        url_session_multipart_form_add_bytes(form.get(), ptr::null(), ptr::null(), ptr::null(), ptr::null(), 0),
        url_session_multipart_form_add_bytes(form.get(), name, ptr::null(), ptr::null(), ptr::null(), 1),
        url_session_multipart_form_add_file(form.get(), ptr::null(), path, ptr::null(), ptr::null()),
        url_session_multipart_form_add_file(form.get(), name, ptr::null(), ptr::null(), ptr::null()),
    ];
    assert_eq!(statuses, [UrlSessionStatus::NULL_ARGUMENT; 6]);
    assert_eq!(posted(&form).body, body(&form, &[]));
}
