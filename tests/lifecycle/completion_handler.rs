use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::Origin;
use crate::support::recorder::Recorder;
use crate::support::standard;

#[test]
fn a036_a_completion_handler_is_called_once_in_place_of_three_slots() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    recorder.handler_task(&session, "a", &Request::new(&origin.url("/hello"))).resume();
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    let expected = "did_create_task 1\nhandler a 200 \"hello, world\\n\"\ndid_become_invalid\nrelease";
    assert_eq!(recorder.transcript(), expected);
}

#[test]
fn a036_a_cancelled_task_calls_its_completion_handler() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    recorder.handler_task(&session, "never resumed", &Request::new(&origin.url("/hello"))).cancel();
    recorder.wait_for("handler never resumed - -999");
    let task = recorder.handler_task(&session, "hanging", &Request::new(&origin.url("/hang")));
    task.resume();
    origin.wait_for_requests(1);
    task.cancel();
    recorder.wait_for("handler hanging - -999");
}

#[test]
fn a037_c062_what_a_completion_handler_gets() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let cases = [
        ("an error page", "/status/404", "404 \"status 404\\n\""),
        ("no body", "/status/204", "204 \"\""),
        ("an empty body", "/bytes/0", "200 \"\""),
        ("half a body", "/cut", "200 -1005"),
        ("no answer", "/garbage", "- -1011"),
    ];
    for (label, path, expected) in cases {
        recorder.handler_task(&session, label, &Request::new(&origin.url(path))).resume();
        assert_eq!(recorder.wait_for_beginning(&format!("handler {label} ")), format!("handler {label} {expected}"));
    }
}

#[test]
fn a037_a_long_body_is_gathered_whole() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default();
    let session = Session::new(&Configuration::default(), None);
    recorder.handler_task(&session, "a", &Request::new(&origin.url("/chunked/5000000"))).resume();
    recorder.wait_for("handler a 200 5000000 bytes");
}
