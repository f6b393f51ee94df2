//! The same site, served by each of the servers: what a data task meets on any of them.

use std::collections::HashSet;

use crate::server::Server;
use crate::support::handle::{Configuration, Request};
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;
use crate::{apache, lighttpd, nginx};

/// `/relative/CODE` and `/absolute/CODE` lead to `/page.html`.
pub const REDIRECTS: [u32; 3] = [301, 302, 307];

const PAGE: &str = "hello, world\n";

/// Runs the test against every server.
pub fn each(test: impl Fn(&Server)) {
    each_with(["", "", ""], test);
}

/// The same, with so much more in the configuration of nginx, Apache and lighttpd.
pub fn each_with(more: [&str; 3], test: impl Fn(&Server)) {
    let starts: [fn(&str) -> Option<Server>; 3] = [nginx::start, apache::start, lighttpd::start];
    for ((start, more), name) in starts.into_iter().zip(more).zip(["nginx", "Apache", "lighttpd"]) {
        // What a test prints is shown if it fails.
        println!("{name}");
        if let Some(server) = start(more) {
            server.file("page.html", PAGE);
            server.file("close.html", PAGE);
            test(&server);
        }
    }
}

/// Runs these requests one after the other in one session; the connections they came on.
fn connections(server: &Server, requests: &[Request]) -> Vec<String> {
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    for request in requests {
        let task = session.task_for(request);
        task.resume();
        recorder.wait_for(&format!("did_complete {} ok", task.identifier()));
    }
    server.connections(requests.len())
}

#[test]
fn a_file_comes_with_length_and_type() {
    each(|server| {
        let story = Story::of(&server.url("/page.html"));
        let expected = "did_receive_response 1 200\ndid_receive_data 1 \"hello, world\\n\"\ndid_complete 1 ok";
        assert_eq!(story.transcript(), expected);
        let response = story.response();
        assert_eq!((response.expected_content_length(), story.task.received()), (13, 13));
        assert_eq!(response.mime_type().as_deref(), Some("text/html"));
        assert_eq!(response.text_encoding_name().as_deref(), Some("utf-8"));
        assert_eq!(response.suggested_filename(), "page.html");
    });
}

#[test]
fn one_connection_serves_task_after_task() {
    each(|server| {
        server.file("text.txt", "a line of text\n".repeat(10_000));
        let request = |path: &str| Request::new(&server.url(path));
        let head = request("/page.html").method("HEAD");
        let connections = connections(server, &[request("/page.html"), head, request("/none"), request("/text.txt")]);
        assert!(connections.iter().all(|connection| *connection == connections[0]), "{connections:?}");
    });
}

#[test]
fn a_server_that_closes_is_connected_to_again() {
    each(|server| {
        let connections = connections(server, &[(); 2].map(|()| Request::new(&server.url("/close.html"))));
        assert_ne!(connections[0], connections[1]);
    });
}

#[test]
fn a_connection_that_was_closed_while_idle_is_not_used() {
    each_with(["keepalive_timeout 1s;", "KeepAliveTimeout 1", "server.max-keep-alive-idle = 1"], |server| {
        let recorder = Recorder::default();
        let session = recorder.session(&Configuration::default());
        session.start(&server.url("/page.html"));
        recorder.wait_for("did_complete 1 ok");
        server.wait_for_hang_up();
        // A POST is never repeated, so it has to go out on a living connection at once.
        session.task_for(&Request::new(&server.url("/page.html")).method("POST").body(b"body")).resume();
        recorder.wait_for("did_complete 2 ok");
        let connections = server.connections(2);
        assert_ne!(connections[0], connections[1]);
    });
}

#[test]
fn tasks_share_six_connections() {
    each(|server| {
        server.file("large.bin", standard::pattern(0, 300_000));
        let recorder = Recorder::default();
        let session = recorder.session(&Configuration::default());
        (0..20).for_each(|_| drop(session.start(&server.url("/large.bin"))));
        session.finish_tasks_and_invalidate();
        recorder.wait_for("release");
        for task in 1..=20 {
            assert_eq!(recorder.body(task), standard::pattern(0, 300_000));
        }
        let connections: HashSet<_> = server.connections(20).into_iter().collect();
        assert!((1..=6).contains(&connections.len()), "{connections:?}");
    });
}

#[test]
fn text_is_compressed_under_way() {
    let text: String = (0..10_000).map(|line| format!("this is line {line}\n")).collect();
    each(|server| {
        server.file("text.txt", &text);
        let story = Story::of(&server.url("/text.txt"));
        assert_eq!((story.outcome(), story.body()), ("ok".into(), text.clone().into_bytes()));
        assert_eq!(story.response().value("Content-Encoding").as_deref(), Some("gzip"));
        assert_eq!(story.task.decoded(), text.len() as i64);
        assert!((1..text.len() as i64 / 2).contains(&story.task.received()), "{}", story.task.received());
        // Some know the compressed length before they send, and those who do not send chunks.
        let length = story.response().value("Content-Length").map_or(-1, |length| length.parse().unwrap());
        assert_eq!(story.task.expected_to_receive(), length);
        assert!(length == -1 || story.task.received() == length);
        let coding = story.response().value("Transfer-Encoding");
        assert_eq!(coding.as_deref(), (length == -1).then_some("chunked"));
        assert_eq!(story.response().expected_content_length(), -1);
    });
}

#[test]
fn a_page_that_is_not_there_is_no_error() {
    each(|server| {
        let story = Story::of(&server.url("/none"));
        assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 404));
        assert_eq!(story.response().mime_type().as_deref(), Some("text/html"));
        assert!(String::from_utf8(story.body()).unwrap().contains("Not Found"));
    });
}

#[test]
fn redirects_are_followed_and_the_fragment_kept() {
    each(|server| {
        for code in REDIRECTS {
            for (kind, beginning) in [("relative", "/page.html"), ("absolute", &server.url("/page.html"))] {
                let url = server.url(format!("/{kind}/{code}#part"));
                let unfollowed = Story::with(&Configuration::default(), &Request::new(&url).redirects(0)).response();
                assert_eq!(unfollowed.status_code(), code as i32);
                assert_eq!(unfollowed.value("Location").as_deref(), Some(beginning));
                let story = Story::of(&url);
                assert_eq!((story.outcome(), story.body()), ("ok".into(), PAGE.into()), "{url}");
                assert_eq!(story.response().url(), server.url("/page.html#part"));
            }
        }
    });
}

#[test]
fn a_body_that_is_too_large_is_answered_before_it_ends() {
    each(|server| {
        let request = || Request::new(&server.url("/page.html")).method("POST").body(&vec![b'x'; 8 << 20]);
        let story = Story::with(&Configuration::default(), &request());
        assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 413));
        let asking = Story::with(&Configuration::default(), &request().header("Expect", "100-continue"));
        assert_eq!((asking.outcome(), asking.response().status_code()), ("ok".into(), 413));
        assert_eq!(asking.task.sent(), 0);
    });
}

#[test]
fn a_large_file_arrives_intact() {
    const LENGTH: u64 = 64 << 20;
    let content = standard::pattern(0, LENGTH);
    each(|server| {
        server.file("huge.bin", &content);
        let story = Story::of(&server.url("/huge.bin"));
        assert_eq!((story.outcome(), story.task.received()), ("ok".into(), LENGTH as i64));
        assert!(story.body() == content);
    });
}
