use crate::support::handle::{Configuration, Request, c_text};
use crate::support::origin::{self, Origin};
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::{Story, sent};
use urlsession::*;

/// What an origin gets when it is sent this request.
fn got(build: impl FnOnce(Request) -> Request) -> origin::Request {
    sent(&Configuration::default(), build)
}

#[test]
fn r004_user_agent_is_there_and_can_be_replaced_or_removed() {
    let default = got(|request| request);
    let version = url_session_version();
    let version = crate::support::handle::text(version).unwrap();
    assert!(default.value("User-Agent").unwrap().contains(&version), "{}", default.head);

    let ours = Configuration::default().header("user-agent", "session/1");
    assert_eq!(sent(&ours, |request| request).value("User-Agent"), Some("session/1"));
    let request = sent(&ours, |request| request.header("USER-AGENT", "request/1"));
    assert_eq!(request.value("User-Agent"), Some("request/1"));
    assert_eq!(sent(&ours, |request| request.suppress("User-Agent")).value("User-Agent"), None);
    assert_eq!(got(|request| request.suppress("user-agent")).value("User-Agent"), None);
}

#[test]
fn r005_host_carries_the_port_where_it_is_not_the_default() {
    let origin = Origin::http(standard::serve);
    Story::of(&origin.url("/hello"));
    assert_eq!(origin.request().value("Host"), Some(origin.address().to_string().as_str()));
}

#[cfg(unix)]
#[test]
fn r005_host_leaves_the_default_port_out() {
    let origin = Origin::http(standard::serve);
    let phone = crate::support::phone::Phone::to(origin.address());
    let configuration = phone.give_to(Configuration::default());
    let hosts = [
        ("http://example.com/", "example.com"),
        ("http://example.com:80/", "example.com"),
        ("http://example.com:443/", "example.com:443"),
        ("http://[2001:db8::1]/", "[2001:db8::1]"),
        ("http://[2001:db8::1]:81/", "[2001:db8::1]:81"),
    ];
    for (url, host) in hosts {
        Story::with(&configuration, &Request::new(url));
        assert_eq!(origin.requests().last().unwrap().value("Host"), Some(host), "{url}");
    }
}

#[test]
fn r005_a_host_of_the_applications_own_is_sent_once() {
    let request = got(|request| request.header("host", "virtual.example"));
    assert_eq!(request.value("Host"), Some("virtual.example"));
}

#[test]
fn r008_session_headers_persist_and_later_changes_reach_later_sessions_only() {
    let origin = Origin::http(standard::serve);
    let configuration = Configuration::default().header("X-Color", "red");
    let recorder = Recorder::default();
    let session = recorder.session(&configuration);
    session.start(&origin.url("/hello"));
    recorder.wait_for("did_complete 1 ok");
    let configuration = configuration.header("X-Color", "blue");
    session.start(&origin.url("/redirect/1"));
    recorder.wait_for("did_complete 2 ok");
    Story::with(&configuration, &Request::new(&origin.url("/hello")));
    let requests = origin.requests();
    let colors: Vec<_> = requests.iter().map(|request| request.value("X-Color").unwrap()).collect();
    assert_eq!(colors, ["red", "red", "red", "red", "blue"]);
}

#[test]
fn r009_one_header_whatever_its_case() {
    let configuration = Configuration::default().header("User-Agent", "session").header("X-Color", "red");
    let request = sent(&configuration, |request| request.header("user-agent", "request").header("x-color", ""));
    assert_eq!(request.value("User-Agent"), Some("request"));
    assert_eq!(request.value("X-Color"), Some(""));
    let request = got(|request| request.header("X-Color", "red").header("x-COLOR", "blue"));
    assert_eq!(request.value("X-Color"), Some("blue"));
}

#[test]
fn r009_names_keep_their_case_and_repeated_ones_their_lines() {
    let request = got(|request| request.header("x-WeIrD", "1").add_header("X-Weird", "2").add_header("x-weird", "3"));
    let lines: Vec<_> = request.head.lines().filter(|line| line.to_lowercase().starts_with("x-weird")).collect();
    assert_eq!(lines, ["x-WeIrD: 1", "X-Weird: 2", "x-weird: 3"]);
}

#[test]
fn r010_q015_what_could_break_the_message_is_refused() {
    let request = Request::new("http://127.0.0.1/").header("X-Good", "value");
    let bad = [
        ("X", "a\r\nY: b"),
        ("X", "a\nb"),
        ("X", "a\rb"),
        ("X", " leading"),
        ("X", "trailing "),
        ("X", "\ttab"),
        ("X", "a\x01b"),
        ("X", "a\x7fb"),
        ("", "value"),
        ("X Y", "value"),
        ("X:", "value"),
        ("X\r\nY", "value"),
        ("Ü", "value"),
        ("X(", "value"),
        ("Transfer-Encoding", "chunked"),
        ("transfer-encoding", "identity"),
    ];
    for (name, value) in bad {
        let (text, value_text) = (c_text(name), c_text(value));
        for set in [url_session_request_set_value_for_header_field, url_session_request_add_value_for_header_field] {
            let status = set(request.get(), text.as_ptr(), value_text.as_ptr());
            assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT, "{name:?}: {value:?}");
        }
    }
    assert_eq!(url_session_request_header_field_count(request.get()), 1);
    assert_eq!(request.value("x-good").as_deref(), Some("value"));
}

#[test]
fn r020_an_explicit_header_beats_the_sessions() {
    let configuration = Configuration::default().header("Authorization", "Bearer session");
    assert_eq!(sent(&configuration, |request| request).value("Authorization"), Some("Bearer session"));
    let request = sent(&configuration, |request| request.header("authorization", "Bearer request"));
    assert_eq!(request.value("Authorization"), Some("Bearer request"));
    let request = sent(&configuration, |request| request.suppress("Authorization"));
    assert_eq!(request.value("Authorization"), None);
}

#[test]
fn q004_default_headers() {
    let request = got(|request| request);
    assert_eq!(request.value("Accept"), Some("*/*"));
    assert_eq!(request.value("Accept-Encoding"), Some("gzip, deflate, br, zstd"));
    assert!(request.value("User-Agent").is_some());
    assert!(request.head.starts_with("GET /hello HTTP/1.1\r\n"), "{}", request.head);
    // HTTP/1.1 keeps connections without being asked.
    assert!(matches!(request.value("Connection"), None | Some("keep-alive")));

    let request = got(|request| request.header("accept", "text/html").header("ACCEPT-ENCODING", "identity"));
    assert_eq!(request.value("Accept"), Some("text/html"));
    assert_eq!(request.value("Accept-Encoding"), Some("identity"));
}

#[test]
fn q004_a_part_is_asked_for_uncoded() {
    let range = |request: Request| request.header("range", "bytes=100-");
    assert_eq!(got(range).value("Accept-Encoding"), Some("identity"));
    assert_eq!(got(|request| range(request).header("accept-encoding", "br")).value("Accept-Encoding"), Some("br"));
    assert_eq!(got(|request| range(request).suppress("Accept-Encoding")).value("Accept-Encoding"), None);
    let of_session = Configuration::default().header("Range", "bytes=100-");
    assert_eq!(sent(&of_session, |request| request).value("Accept-Encoding"), Some("identity"));
    let of_session = Configuration::default().header("Accept-Encoding", "gzip");
    assert_eq!(sent(&of_session, range).value("Accept-Encoding"), Some("gzip"));
}
