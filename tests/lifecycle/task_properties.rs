use std::ptr;

use crate::support::handle::{Configuration, Data, Request, Session, c_text};
use crate::support::origin::Origin;
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

#[test]
fn a026_identifiers_begin_at_one_and_are_never_used_again() {
    let origin = Origin::http(standard::serve);
    let (recorder, other) = (Recorder::default(), Recorder::default());
    let session = recorder.session(&Configuration::default());
    let first = session.start(&origin.url("/hello"));
    recorder.wait_for("did_complete 1 ok");
    drop(first);
    assert_eq!(session.task(&origin.url("/hello")).identifier(), 2);
    assert_eq!(session.task(&origin.url("/hello")).identifier(), 3);
    assert_eq!(other.session(&Configuration::default()).task(&origin.url("/hello")).identifier(), 1);
}

#[test]
fn a026_a_task_has_a_description_and_a_priority() {
    let session = Session::new(&Configuration::default(), None);
    let task = session.task("http://127.0.0.1/");
    let description = || Data::adopt(url_session_task_copy_description(task.get())).map(|data| data.text());
    assert_eq!(description(), None);
    let text = c_text("über alles");
    assert_eq!(url_session_task_set_description(task.get(), text.as_ptr()), UrlSessionStatus::OK);
    assert_eq!(description().as_deref(), Some("über alles"));
    assert_eq!(url_session_task_set_description(task.get(), ptr::null()), UrlSessionStatus::OK);
    assert_eq!(description(), None);

    assert_eq!(url_session_task_priority(task.get()), 0.5);
    assert_eq!(url_session_task_set_priority(task.get(), 1.0), UrlSessionStatus::OK);
    for priority in [-0.1, 1.1, f32::NAN] {
        assert_eq!(url_session_task_set_priority(task.get(), priority), UrlSessionStatus::INVALID_ARGUMENT);
    }
    assert_eq!(url_session_task_priority(task.get()), 1.0);
}

#[test]
fn a027_the_original_request_stays_and_the_current_one_follows() {
    let origin = Origin::http(standard::serve);
    let configuration = Configuration::default().header("X-Color", "red");
    let recorder = Recorder::default();
    let session = recorder.session(&configuration);
    let request = Request::new(&origin.url("/redirect/1")).header("X-Shape", "round");
    let task = session.task_for(&request);
    let request = request.header("X-Shape", "square").method("POST");
    drop(request);
    assert!(task.response().is_none());
    assert!(task.error().is_none());
    assert_eq!(task.current_request().url(), origin.url("/redirect/1"));
    task.resume();
    recorder.wait_for("did_complete 1 ok");

    let (original, current) = (task.original_request(), task.current_request());
    assert_eq!((original.url(), original.http_method()), (origin.url("/redirect/1"), "GET".into()));
    assert_eq!(original.value("X-Shape").as_deref(), Some("round"));
    assert_eq!(original.value("X-Color"), None);
    assert_eq!(current.url(), origin.url("/hello"));
    assert_eq!(current.value("x-shape").as_deref(), Some("round"));
    assert_eq!(current.value("x-color").as_deref(), Some("red"));
    assert_eq!(task.response().unwrap().url(), origin.url("/hello"));
    assert!(task.error().is_none());
}

#[test]
fn a027_the_error_is_there_before_complete_and_the_same() {
    // The recorder compares both in the slot.
    let origin = Origin::http(standard::serve);
    let story = Story::of(&origin.url("/cut"));
    assert_eq!(story.outcome(), "-1005");
    assert_eq!(story.error().code(), -1005);
    assert_eq!(story.response().status_code(), 200);
}

#[test]
fn a028_counters_of_a_body_of_known_length() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.task_for(&Request::new(&origin.url("/echo")).method("POST").body(b"twelve bytes"));
    assert_eq!((task.sent(), task.expected_to_send()), (0, 12));
    assert_eq!((task.received(), task.decoded(), task.expected_to_receive()), (0, 0, -1));
    task.resume();
    recorder.wait_for("did_complete 1 ok");
    assert_eq!((task.sent(), task.expected_to_send()), (12, 12));
    assert_eq!((task.received(), task.decoded(), task.expected_to_receive()), (12, 12, 12));
}

#[test]
fn a028_what_is_not_known_is_minus_one() {
    let origin = Origin::http(standard::serve);
    for path in ["/chunked/300", "/close/300"] {
        let task = Story::of(&origin.url(path)).task;
        assert_eq!((task.received(), task.decoded(), task.expected_to_receive()), (300, 300, -1));
        assert_eq!((task.sent(), task.expected_to_send()), (0, 0));
    }
}

#[test]
fn a028_received_counts_what_came_and_decoded_what_it_became() {
    let origin = Origin::http(standard::serve);
    let story = Story::of(&origin.url("/gzip"));
    let length = story.response().value("content-length").unwrap().parse().unwrap();
    assert_ne!(length, 12);
    assert_eq!((story.task.received(), story.task.expected_to_receive()), (length, length));
    assert_eq!(story.task.decoded(), 12);
}
