use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::Origin;
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

/// The values of a field in the requests that an origin got.
fn sent(origin: &Origin, name: &str) -> Vec<String> {
    origin.requests().iter().map(|request| request.values(name).join("|")).collect()
}

#[test]
fn a003_a_configuration_is_a_snapshot() {
    let origin = Origin::http(standard::serve);
    let configuration = Configuration::default().header("X-Color", "red").request_timeout(17.0);
    let recorder = Recorder::default();
    let session = recorder.session(&configuration);

    let configuration = configuration.header("X-Color", "blue").request_timeout(18.0);
    let copy = Configuration::adopt(url_session_copy_configuration(session.get())).unwrap();
    assert_eq!(url_session_configuration_timeout_interval_for_request(copy.get()), 17.0);
    let copy = copy.header("X-Color", "green");

    session.start(&origin.url("/hello"));
    recorder.wait_for("did_complete 1 ok");
    Story::with(&copy, &Request::new(&origin.url("/hello")));
    Story::with(&configuration, &Request::new(&origin.url("/hello")));
    assert_eq!(sent(&origin, "X-Color"), ["red", "green", "blue"]);
}

#[test]
fn a003_a_copied_configuration_is_another() {
    let one = Configuration::default().connections_per_host(3);
    let other = Configuration::adopt(url_session_configuration_copy(one.get())).unwrap().connections_per_host(4);
    assert_eq!(url_session_configuration_http_maximum_connections_per_host(one.get()), 3);
    assert_eq!(url_session_configuration_http_maximum_connections_per_host(other.get()), 4);
}

#[test]
fn a003_defaults_are_apples() {
    for configuration in [Configuration::default(), Configuration::ephemeral()] {
        assert_eq!(url_session_configuration_timeout_interval_for_request(configuration.get()), 60.0);
        assert_eq!(url_session_configuration_timeout_interval_for_resource(configuration.get()), 604800.0);
        assert_eq!(url_session_configuration_http_maximum_connections_per_host(configuration.get()), 6);
        let configuration = configuration.request_timeout(1.5).resource_timeout(2.5).connections_per_host(65535);
        let configuration = configuration.request_timeout(0.0).resource_timeout(f64::INFINITY);
        assert_eq!(url_session_configuration_timeout_interval_for_request(configuration.get()), 60.0);
        assert_eq!(url_session_configuration_timeout_interval_for_resource(configuration.get()), f64::INFINITY);
    }
}

#[test]
fn a003_numbers_out_of_range_change_nothing() {
    let configuration = Configuration::default().request_timeout(5.0).connections_per_host(2);
    for seconds in [-1.0, f64::NAN, f64::NEG_INFINITY] {
        let status = url_session_configuration_set_timeout_interval_for_request(configuration.get(), seconds);
        assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT);
    }
    for connections in [0, 65536] {
        let status = url_session_configuration_set_http_maximum_connections_per_host(configuration.get(), connections);
        assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT);
    }
    assert_eq!(url_session_configuration_timeout_interval_for_request(configuration.get()), 5.0);
    assert_eq!(url_session_configuration_http_maximum_connections_per_host(configuration.get()), 2);
}

#[test]
fn a004_default_and_ephemeral_tell_the_same_story() {
    let origin = Origin::http(standard::serve);
    let request = Request::new(&origin.url("/hello"));
    let stories = [Configuration::default(), Configuration::ephemeral()].map(|c| Story::with(&c, &request));
    for story in stories {
        let expected = "did_create_task 1\n\
                        did_receive_response 1 200\n\
                        did_receive_data 1 \"hello, world\\n\"\n\
                        did_complete 1 ok\n\
                        did_become_invalid\n\
                        release";
        assert_eq!(story.recorder.transcript(), expected);
    }
}

#[test]
fn a004_the_shared_session_is_one_and_stays() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let shared = Session::retain(url_session_shared());
    assert_eq!(shared.get(), url_session_shared());
    shared.invalidate_and_cancel();
    shared.finish_tasks_and_invalidate();
    drop(shared);
    let shared = Session::retain(url_session_shared());
    let task = recorder.handler_task(&shared, "shared", &Request::new(&origin.url("/hello")));
    task.resume();
    recorder.wait_for("handler shared 200 \"hello, world\\n\"");
    assert_eq!(recorder.lines().len(), 1);
}

#[test]
fn a005_ephemeral_sessions_share_neither_cookies_nor_connections() {
    let origin = Origin::http(|connection| {
        while connection.read_request().is_some() {
            connection.send(b"HTTP/1.1 200 OK\r\nSet-Cookie: who=one\r\nContent-Length: 0\r\n\r\n");
        }
    });
    let (one, other) = (Recorder::default(), Recorder::default());
    let sessions = [&one, &other].map(|recorder| recorder.session(&Configuration::ephemeral()));
    for (recorder, session) in [&one, &other].into_iter().zip(&sessions) {
        session.start(&origin.url("/"));
        recorder.wait_for("did_complete 1 ok");
    }
    assert_eq!(sent(&origin, "Cookie"), ["", ""]);
    assert_eq!(origin.accepted(), 2);
}

#[test]
fn a009_additional_headers_go_with_each_request_and_the_requests_own_win() {
    let origin = Origin::http(standard::serve);
    let configuration = Configuration::default().header("X-Color", "red").header("X-Shape", "round");
    let recorder = Recorder::default();
    let session = recorder.session(&configuration);
    session.start(&origin.url("/hello"));
    recorder.wait_for("did_complete 1 ok");
    let request = Request::new(&origin.url("/hello")).header("x-color", "blue");
    session.task_for(&request).resume();
    recorder.wait_for("did_complete 2 ok");
    session.task_for(&Request::new(&origin.url("/hello")).suppress("X-Shape")).resume();
    recorder.wait_for("did_complete 3 ok");
    assert_eq!(sent(&origin, "X-Color"), ["red", "blue", "red"]);
    assert_eq!(sent(&origin, "X-Shape"), ["round", "round", ""]);
}

#[test]
fn a009_an_additional_header_can_be_taken_back() {
    let origin = Origin::http(standard::serve);
    let configuration = Configuration::default()
        .header("X-Color", "red")
        .set(|c| url_session_configuration_set_http_additional_header(c, c"x-color".as_ptr(), std::ptr::null()));
    Story::with(&configuration, &Request::new(&origin.url("/hello")));
    assert_eq!(sent(&origin, "X-Color"), [""]);
}

#[test]
fn a009_an_additional_header_cannot_break_the_message() {
    let configuration = Configuration::default();
    for (name, value) in [(c"X", c"a\r\nb: c"), (c"X:", c"a"), (c"", c"a"), (c"Transfer-Encoding", c"chunked")] {
        let (name, value) = (name.as_ptr(), value.as_ptr());
        let status = url_session_configuration_set_http_additional_header(configuration.get(), name, value);
        assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT);
    }
}

#[test]
fn r043_limits_have_defaults_and_can_be_read_back() {
    let read = |configuration: &Configuration| {
        let configuration = configuration.get();
        let sizes = [
            url_session_configuration_maximum_decoded_size(configuration),
            url_session_configuration_maximum_gathered_size(configuration),
        ];
        let counts = [
            url_session_configuration_maximum_redirects(configuration),
            url_session_configuration_maximum_header_size(configuration),
            url_session_configuration_maximum_header_count(configuration),
            url_session_configuration_maximum_decompression_ratio(configuration),
            url_session_configuration_http_maximum_connections_per_host(configuration),
            url_session_configuration_tls_minimum_version(configuration).0,
            url_session_configuration_tls_maximum_version(configuration).0,
        ];
        (sizes, counts)
    };
    assert_eq!(read(&Configuration::default()), ([u64::MAX, 256 << 20], [20, 64 << 10, 100, 250, 6, 0x303, 0x304]));
    let changed = Configuration::default()
        .set(|c| url_session_configuration_set_maximum_decoded_size(c, 1))
        .set(|c| url_session_configuration_set_maximum_gathered_size(c, 2))
        .set(|c| url_session_configuration_set_maximum_redirects(c, 3))
        .set(|c| url_session_configuration_set_maximum_header_size(c, 4096))
        .set(|c| url_session_configuration_set_maximum_header_count(c, 5))
        .set(|c| url_session_configuration_set_maximum_decompression_ratio(c, 6))
        .set(|c| url_session_configuration_set_http_maximum_connections_per_host(c, 7))
        .set(|c| url_session_configuration_set_tls_minimum_version(c, UrlSessionTlsVersion::V1_3));
    assert_eq!(read(&changed), ([1, 2], [3, 4096, 5, 6, 7, 0x304, 0x304]));
}
