use crate::support::handle::Response;
use crate::support::origin::Origin;
use crate::support::standard;
use crate::support::story::Story;

/// The response with these header lines.
fn response(fields: &str) -> Response {
    response_to("/", fields)
}

fn response_to(path: &str, fields: &str) -> Response {
    let head = format!("HTTP/1.1 200 OK\r\n{fields}Content-Length: 0\r\n\r\n");
    let origin = Origin::http(move |connection| {
        connection.read_request();
        connection.send(head.as_bytes());
    });
    let story = Story::of(&origin.url(path));
    assert_eq!(story.outcome(), "ok", "{fields}");
    story.response()
}

#[test]
fn r011_repeated_fields_are_joined_and_all_can_be_walked() {
    let response = response("X-Tag: one\r\nx-tag: two\r\nSet-Cookie: a=1, 2\r\nSet-Cookie: b=2\r\nX-TAG: three\r\n");
    assert_eq!(response.value("x-Tag").as_deref(), Some("one, two, three"));
    assert_eq!(response.value("set-cookie").as_deref(), Some("a=1, 2"));
    assert_eq!(response.value("X-None"), None);
    let fields: Vec<_> = response.fields();
    let expected = [
        ("X-Tag", "one"),
        ("x-tag", "two"),
        ("Set-Cookie", "a=1, 2"),
        ("Set-Cookie", "b=2"),
        ("X-TAG", "three"),
        ("Content-Length", "0"),
    ];
    assert_eq!(fields, expected.map(|(name, value)| (name.to_owned(), value.as_bytes().to_vec())));
}

#[test]
fn r011_values_are_bytes() {
    let head = b"HTTP/1.1 200 OK\r\nX-Latin: caf\xe9\r\nX-Utf: caf\xc3\xa9\r\nContent-Length: 0\r\n\r\n";
    let response = Story::answered(*head).response();
    assert_eq!(response.value("X-Latin").as_deref(), Some("café"));
    assert_eq!(response.value("X-Utf").as_deref(), Some("café"));
    assert_eq!(response.fields()[0].1, b"caf\xe9");
}

#[test]
fn r012_a_field_needs_no_blank() {
    let response = response("X-Tight:value\r\nX-Wide: \t value \t \r\nX-Empty:\r\nX-Colon:a:b\r\n");
    assert_eq!(response.value("X-Tight").as_deref(), Some("value"));
    assert_eq!(response.value("X-Wide").as_deref(), Some("value"));
    assert_eq!(response.value("X-Empty").as_deref(), Some(""));
    assert_eq!(response.value("X-Colon").as_deref(), Some("a:b"));
}

#[test]
fn a_type_and_its_encoding() {
    let cases = [
        ("text/html", Some("text/html"), None),
        ("Text/HTML; Charset=UTF-8", Some("text/html"), Some("utf-8")),
        ("text/plain; a=b; charset=\"ISO-8859-1\"", Some("text/plain"), Some("iso-8859-1")),
        ("text/html; foo; charset=utf-8", Some("text/html"), Some("utf-8")),
        ("application/json;charset=utf-8", Some("application/json"), Some("utf-8")),
    ];
    for (value, mime_type, encoding) in cases {
        let response = response(&format!("Content-Type: {value}\r\n"));
        assert_eq!(response.mime_type().as_deref(), mime_type, "{value}");
        assert_eq!(response.text_encoding_name().as_deref(), encoding, "{value}");
    }
    let response = response("");
    assert_eq!((response.mime_type(), response.text_encoding_name()), (None, None));
}

#[test]
fn a_name_to_save_under_that_is_never_a_path() {
    let cases = [
        ("/", "Content-Disposition: attachment; filename=\"report.pdf\"\r\n", "report.pdf"),
        ("/", "Content-Disposition: attachment; filename=plain.txt\r\n", "plain.txt"),
        ("/", "Content-Disposition: attachment; filename=a.txt; filename*=UTF-8''%C3%BC.txt\r\n", "ü.txt"),
        ("/dir/file.txt?query", "", "file.txt"),
        ("/dir/%C3%BC.txt", "", "ü.txt"),
        ("/page", "Content-Type: application/json\r\n", "page.json"),
    ];
    for (path, fields, expected) in cases {
        assert_eq!(response_to(path, fields).suggested_filename(), expected, "{path} {fields}");
    }
    for name in ["../../etc/passwd", "..", ".", "", "/etc/passwd", "a\\b", "%2e%2e%2f"] {
        let fields = format!("Content-Disposition: attachment; filename=\"{name}\"\r\n");
        let suggested = response(&fields).suggested_filename();
        assert!(!suggested.is_empty() && !suggested.contains(['/', '\\']), "{name}: {suggested}");
        assert!(suggested != "." && suggested != "..", "{name}: {suggested}");
    }
}

#[test]
fn the_expected_length_is_what_the_data_slot_will_get() {
    let origin = Origin::http(standard::serve);
    let expected = |path: &str| Story::of(&origin.url(path)).response().expected_content_length();
    assert_eq!(expected("/hello"), 13);
    assert_eq!(expected("/bytes/0"), 0);
    assert_eq!(expected("/chunked/10"), -1);
    assert_eq!(expected("/close/10"), -1);
    assert_eq!(expected("/gzip"), -1);
}

#[test]
fn a_response_outlives_everything() {
    let origin = Origin::http(standard::serve);
    let story = Story::of(&origin.url("/hello#fragment"));
    let response = story.response();
    drop(story);
    drop(origin);
    assert_eq!(response.status_code(), 200);
    assert!(response.url().ends_with("/hello#fragment"));
    assert_eq!(response.text_encoding_name().as_deref(), Some("utf-8"));
}
