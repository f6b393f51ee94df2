use std::sync::{Arc, Mutex};

use crate::support::handle::{Configuration, Request};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::{Answer, Direction, Message, Recorder};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

const HELLO: &str = "did_receive_response 1 200\ndid_receive_data 1 \"hello, world\\n\"\ndid_complete 1 ok";
const MOVED: &str = "did_receive_response 1 302\ndid_receive_data 1 \"moved\\n\"\ndid_complete 1 ok";

fn story(origin: &Origin, path: &str, lead: impl Fn(Request) -> Direction + Send + Sync + 'static) -> Story {
    let recorder = Recorder::default().leading(move |hop| lead(hop.request.clone()));
    Story::told_to(recorder, &Configuration::default(), &Request::new(&origin.url(path)))
}

/// The line of a redirect that task 1 is asked about.
fn asked(origin: &Origin, path: &str) -> String {
    format!("will_perform_redirection 1 302 {} GET", origin.url(path))
}

fn targets(origin: &Origin) -> Vec<String> {
    origin.requests().iter().map(|request| request.target().to_owned()).collect()
}

/// A recorder that keeps its questions, the task that it is asked about, and the session.
macro_rules! asked_later {
    ($recorder:ident, $session:ident, $task:ident, $hop:ident: $configuration:expr, $url:expr) => {
        let $recorder = Recorder::default().leading(|_| Direction::Later);
        let $session = $recorder.session(&$configuration);
        let $task = $session.start(&$url);
        let $hop = $recorder.hop();
    };
}

#[test]
fn e016_once_a_hop_in_order_before_response_and_data() {
    let origin = Origin::http(standard::serve);
    let story = story(&origin, "/redirect/2", |_| Direction::Follow);
    let asked = ["/redirect/1", "/redirect/0", "/hello"].map(|path| asked(&origin, path)).join("\n");
    // Each hop had a body, which nobody hears of.
    assert_eq!(story.transcript(), format!("{asked}\n{HELLO}"));
    assert_eq!(story.task.received(), 13);
}

#[test]
fn e016_the_slot_gets_the_redirect_and_the_task_as_it_stands() {
    let origin = Origin::http(standard::serve);
    let seen = Arc::new(Mutex::new(Vec::new()));
    let sees = seen.clone();
    let recorder = Recorder::default().leading(move |hop| {
        let (response, request) = (&hop.response, &hop.request);
        sees.lock().unwrap().push((response.url(), response.value("Location"), request.url()));
        Direction::Follow
    });
    Story::told_to(recorder, &Configuration::default(), &Request::new(&origin.url("/redirect/1")));
    let hop = |from: &str, to: &str| (origin.url(from), Some(to.to_owned()), origin.url(to));
    assert_eq!(*seen.lock().unwrap(), [hop("/redirect/1", "/redirect/0"), hop("/redirect/0", "/hello")]);
}

#[test]
fn a050_the_proposed_request_is_what_will_be_sent() {
    const FIELDS: [&str; 5] = ["Content-Type", "Content-Language", "X-Own", "X-Session", "User-Agent"];
    let origin = Origin::http(standard::serve);
    let kept = [Some("kept"), Some("of the session"), Some("test")];
    let cases = [(303, "GET", b"".as_slice(), [None; 2]), (307, "POST", b"payload", [Some("text/plain"), Some("en")])];
    for (status, method, body, of_the_body) in cases {
        let proposed = Arc::new(Mutex::new(None));
        let proposes = proposed.clone();
        let recorder = Recorder::default().leading(move |hop| {
            *proposes.lock().unwrap() = Some(hop.request.clone());
            Direction::Follow
        });
        let configuration = Configuration::default().header("X-Session", "of the session");
        let request = Request::new(&origin.url(&format!("/redirect-to?status={status}&url=/headers"))).method("POST");
        let request = request.header("Content-Type", "text/plain").header("Content-Language", "en").body(b"payload");
        let request = request.header("X-Own", "kept").header("User-Agent", "test");
        assert_eq!(Story::told_to(recorder, &configuration, &request).outcome(), "ok");
        let (proposed, sent) = (proposed.lock().unwrap().take().unwrap(), origin.requests().pop().unwrap());
        assert_eq!((proposed.http_method().as_str(), proposed.http_body().as_slice()), (method, body), "{status}");
        assert_eq!((sent.method(), sent.body.as_slice()), (method, body), "{status}");
        for (name, value) in FIELDS.into_iter().zip(of_the_body.into_iter().chain(kept)) {
            assert_eq!((proposed.value(name).as_deref(), sent.value(name)), (value, value), "{name} after {status}");
        }
    }
}

#[test]
fn a050_an_answer_with_the_proposed_request_sends_what_no_answer_sends() {
    for (status, method) in [(302, "GET"), (302, "POST"), (307, "POST"), (303, "PUT"), (308, "DELETE")] {
        let origin = Origin::http(standard::serve);
        let configuration = Configuration::default().header("X-Session", "of the session");
        let request = Request::new(&origin.url(&format!("/redirect-to?status={status}&url=/hello"))).method(method);
        let request = request.suppress("User-Agent").header("Range", "bytes=0-").header("X-Own", "kept");
        let request = if method == "GET" { request } else { request.body(b"payload") };
        for recorder in [Recorder::default(), Recorder::default().leading(|_| Direction::Follow)] {
            assert_eq!(Story::told_to(recorder, &configuration, &request).outcome(), "ok");
        }
        let sent = origin.requests();
        assert_eq!((&sent[1].head, &sent[1].body), (&sent[3].head, &sent[3].body));
        assert_eq!((sent[1].value("User-Agent"), sent[1].value("Accept-Encoding")), (None, Some("identity")));
    }
}

#[test]
fn a050_the_proposed_request_may_be_changed() {
    let origin = Origin::http(standard::serve);
    let story = story(&origin, "/redirect/0", |proposed| {
        Direction::To(proposed.header("X-More", "yes").method("POST").body(b"more"))
    });
    assert_eq!(story.transcript(), format!("{}\n{HELLO}", asked(&origin, "/hello")));
    let sent = &origin.requests()[1];
    assert_eq!((sent.method(), sent.target(), sent.value("X-More")), ("POST", "/hello", Some("yes")));
    assert_eq!((sent.body.as_slice(), sent.value("Content-Length")), (b"more".as_slice(), Some("4")));
    let current = story.task.current_request();
    assert_eq!((current.http_method(), current.value("X-More").as_deref()), ("POST".to_owned(), Some("yes")));
    assert_eq!(story.task.original_request().http_method(), "GET");
}

#[test]
fn a050_another_request_goes_there_without_the_sessions_own_fields() {
    let (origin, other) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let elsewhere = other.url("/hello");
    let recorder = Recorder::default().leading(move |_| Direction::To(Request::new(&elsewhere).header("X-New", "1")));
    let configuration = Configuration::default().header("X-Session", "secret");
    let request = Request::new(&origin.url("/redirect/5")).header("X-Own", "kept");
    let story = Story::told_to(recorder, &configuration, &request);
    assert_eq!(story.transcript(), format!("{}\n{HELLO}", asked(&origin, "/redirect/4")));
    assert_eq!(origin.request().value("X-Session"), Some("secret"));
    let sent = other.request();
    assert_eq!((sent.value("X-Session"), sent.value("X-Own"), sent.value("X-New")), (None, None, Some("1")));
    for name in ["User-Agent", "Accept", "Accept-Encoding", "Connection"] {
        assert_eq!(sent.value(name), origin.request().value(name), "{name}");
        assert!(sent.value(name).is_some(), "{name}");
    }
    assert_eq!(sent.value("Host"), Some(other.address().to_string().as_str()));
    assert_eq!(story.response().url(), other.url("/hello"));
    assert_eq!(story.task.current_request().url(), other.url("/hello"));
}

#[test]
fn a050_none_makes_the_redirect_the_result() {
    let origin = Origin::http(standard::serve);
    let story = story(&origin, "/redirect/0", |_| Direction::Stay);
    assert_eq!(story.transcript(), format!("{}\n{MOVED}", asked(&origin, "/hello")));
    assert_eq!(targets(&origin), ["/redirect/0"]);
    assert_eq!((story.response().status_code(), story.task.redirect_count()), (302, 0));
    assert_eq!(story.task.current_request().url(), origin.url("/redirect/0"));
}

#[test]
fn a050_none_at_a_later_hop_keeps_those_before() {
    let origin = Origin::http(standard::serve);
    let last = origin.url("/hello");
    let story = story(&origin, "/redirect/1", move |proposed| match proposed.url() == last {
        true => Direction::Stay,
        false => Direction::Follow,
    });
    let asked = ["/redirect/0", "/hello"].map(|path| asked(&origin, path)).join("\n");
    assert_eq!(story.transcript(), format!("{asked}\n{MOVED}"));
    assert_eq!((story.response().url(), story.task.redirect_count()), (origin.url("/redirect/0"), 1));
}

#[test]
fn a050_a_redirect_that_is_the_result_has_its_gate() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::answering(Answer::Cancel).leading(|_| Direction::Stay);
    let story = Story::told_to(recorder, &Configuration::default(), &Request::new(&origin.url("/redirect/0")));
    let asked = asked(&origin, "/hello");
    assert_eq!(story.transcript(), format!("{asked}\ndid_receive_response 1 302\ndid_complete 1 -999"));
}

#[test]
fn a050_the_body_of_a_redirect_that_is_the_result_may_be_long() {
    let origin = Origin::http(|connection: &mut Connection| {
        connection.read_request();
        connection.send(b"HTTP/1.1 302 Found\r\nLocation: /to\r\nContent-Length: 1000000\r\n\r\n");
        connection.send(&standard::pattern(0, 1_000_000));
    });
    asked_later!(recorder, session, task, hop: Configuration::default(), origin.url("/"));
    assert_eq!((task.received(), hop.stay()), (0, UrlSessionStatus::OK));
    recorder.wait_for("did_complete 1 ok");
    assert!(recorder.body(1) == standard::pattern(0, 1_000_000));
    session.finish_tasks_and_invalidate();
}

#[test]
fn a050_an_answer_may_come_later_and_only_once() {
    let origin = Origin::http(standard::serve);
    asked_later!(recorder, session, task, hop: Configuration::default(), origin.url("/redirect/0"));
    assert_eq!((task.redirect_count(), task.state()), (0, UrlSessionTaskState::RUNNING.0));
    assert_eq!(targets(&origin), ["/redirect/0"], "nobody has said that it may go on");
    assert_eq!(hop.answer(&Request::new(&origin.url("/echo"))), UrlSessionStatus::OK);
    assert_eq!([hop.follow(), hop.stay()], [UrlSessionStatus::ALREADY_ANSWERED; 2]);
    recorder.wait_for("did_complete 1 ok");
    assert_eq!((targets(&origin)[1].as_str(), task.redirect_count()), ("/echo", 1));
    session.finish_tasks_and_invalidate();
}

#[test]
fn a056_whoever_does_not_answer_follows() {
    let origin = Origin::http(standard::serve);
    let story = story(&origin, "/redirect/0", |_| Direction::Nothing);
    assert_eq!(story.transcript(), format!("{}\n{HELLO}", asked(&origin, "/hello")));
    // Kept, and let go of.
    asked_later!(recorder, session, _task, hop: Configuration::default(), origin.url("/redirect/0"));
    drop(hop);
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(recorder.transcript_of(1), format!("{}\n{HELLO}", asked(&origin, "/hello")));
    session.finish_tasks_and_invalidate();
}

#[test]
fn a056_the_request_timer_ends_a_task_that_gets_no_answer() {
    let origin = Origin::http(standard::serve);
    let impatient = Configuration::default().request_timeout(0.5);
    asked_later!(recorder, session, task, hop: impatient, origin.url("/redirect/0"));
    recorder.wait_for("did_complete 1 -1001 request");
    assert_eq!(task.response().unwrap().status_code(), 302);
    assert_eq!(hop.follow(), UrlSessionStatus::OK);
    assert_eq!(hop.follow(), UrlSessionStatus::ALREADY_ANSWERED);
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    let expected = format!("{}\ndid_complete 1 -1001 request", asked(&origin, "/hello"));
    assert_eq!((recorder.transcript_of(1), targets(&origin).len()), (expected, 1));
    assert_eq!(hop.response.status_code(), 302);
}

#[test]
fn a050_a_task_that_is_cancelled_while_it_asks_ends_at_once() {
    let origin = Origin::http(standard::serve);
    asked_later!(recorder, session, task, hop: Configuration::default(), origin.url("/redirect/0"));
    task.cancel();
    recorder.wait_for("did_complete 1 -999");
    assert_eq!(hop.follow(), UrlSessionStatus::OK);
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    let expected = format!("{}\ndid_complete 1 -999", asked(&origin, "/hello"));
    assert_eq!((recorder.transcript_of(1), targets(&origin).len()), (expected, 1));
}

#[test]
fn a050_a_cancel_in_the_slot_wins_over_the_answer() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::with(|moment| {
        if moment.message == Message::WillPerformRedirection {
            url_session_task_cancel(moment.task);
        }
    });
    let recorder = recorder.leading(|_| Direction::Follow);
    let story = Story::told_to(recorder, &Configuration::default(), &Request::new(&origin.url("/redirect/0")));
    assert_eq!(story.transcript(), format!("{}\ndid_complete 1 -999", asked(&origin, "/hello")));
    assert_eq!(targets(&origin).len(), 1);
}

#[test]
fn a050_a_task_that_is_suspended_while_it_asks_goes_on_when_it_is_resumed() {
    let origin = Origin::http(standard::serve);
    let impatient = Configuration::default().request_timeout(1.0);
    asked_later!(recorder, session, task, hop: impatient, origin.url("/redirect/0"));
    task.suspend();
    assert_eq!(hop.follow(), UrlSessionStatus::OK);
    // Another task takes longer than its timer would.
    assert_eq!(Story::of(&origin.url("/drip/3/500")).outcome(), "ok");
    let expected = asked(&origin, "/hello");
    assert_eq!((recorder.transcript_of(1), targets(&origin).len()), (expected.clone(), 2));
    task.resume();
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(recorder.transcript_of(1), format!("{expected}\n{HELLO}"));
    session.finish_tasks_and_invalidate();
}

#[test]
fn a051_past_the_limit_nobody_is_asked() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default().leading(|_| Direction::Follow);
    let request = Request::new(&origin.url("/redirect/5")).redirects(2);
    let story = Story::told_to(recorder, &Configuration::default(), &request);
    let asked = ["/redirect/4", "/redirect/3"].map(|path| asked(&origin, path)).join("\n");
    assert_eq!(story.transcript(), format!("{asked}\ndid_complete 1 -1007"));
    assert_eq!((story.response().status_code(), story.response().url()), (302, origin.url("/redirect/3")));
    assert_eq!(story.error().failing_url(), Some(origin.url("/redirect/3")));
    let history: Vec<_> = story.task.history().iter().map(|response| response.url()).collect();
    assert_eq!(history, [origin.url("/redirect/5"), origin.url("/redirect/4")]);
}

#[test]
fn a051_what_the_application_answers_counts_towards_the_limit() {
    let origin = Origin::http(standard::serve);
    let again = origin.url("/redirect/0");
    let story = story(&origin, "/redirect/0", move |_| Direction::To(Request::new(&again)));
    assert!(story.transcript().ends_with("did_complete 1 -1007"), "{}", story.transcript());
    assert_eq!((targets(&origin).len(), story.task.redirect_count()), (21, 20));
}

#[test]
fn a051_where_none_are_followed_nobody_is_asked() {
    let origin = Origin::http(standard::serve);
    let recorder = Recorder::default().leading(|_| Direction::Follow);
    let request = Request::new(&origin.url("/redirect/0")).redirects(0);
    assert_eq!(Story::told_to(recorder, &Configuration::default(), &request).transcript(), MOVED);
}

#[test]
fn q016_what_is_no_redirect_asks_nobody() {
    let heads = [300, 304, 305, 306].map(|status| format!("{status} Other\r\nLocation: /to\r\n"));
    for head in heads.iter().map(String::as_str).chain(["302 Found\r\n"]) {
        let origin = Origin::in_turn(&[&format!("HTTP/1.1 {head}Content-Length: 0\r\n\r\n")]);
        let story = story(&origin, "/", |_| Direction::Follow);
        assert_eq!(story.transcript(), format!("did_receive_response 1 {}\ndid_complete 1 ok", &head[..3]));
        assert_eq!(story.task.redirect_count(), 0);
    }
}

#[test]
fn a054_where_a_redirect_cannot_lead_nobody_is_asked() {
    for (location, code) in [("http://[::1", -1010), ("file:///etc/passwd", -1002)] {
        let moved = format!("HTTP/1.1 302 Found\r\nLocation: {location}\r\nContent-Length: 0\r\n\r\n");
        let origin = Origin::in_turn(&[&moved]);
        let story = story(&origin, "/", |_| Direction::Follow);
        assert_eq!(story.transcript(), format!("did_complete 1 {code}"), "{location}");
    }
}

#[test]
fn a050_an_answer_that_nothing_can_be_asked_with_is_an_error() {
    for (url, code) in [("http://", -1000), ("no url", -1000), ("file:///etc/passwd", -1002), ("ftp://host/", -1002)] {
        let origin = Origin::http(standard::serve);
        let story = story(&origin, "/redirect/0", move |_| Direction::To(Request::new(url)));
        let expected = format!("{}\ndid_complete 1 {code}", asked(&origin, "/hello"));
        assert_eq!(story.transcript(), expected, "{url}");
        assert_eq!((story.response().status_code(), targets(&origin).len()), (302, 1));
        assert_eq!(story.error().failing_url().as_deref(), Some(url));
        assert!(!story.error().message().is_empty());
    }
}

#[test]
fn r040_the_history_is_the_oldest_first() {
    let answer = |status: &str, field: &str| format!("HTTP/1.1 {status}\r\n{field}\r\nContent-Length: 0\r\n\r\n");
    let (first, second) = (answer("301 Moved", "Location: /b\r\nX: 1"), answer("307 Moved", "Location: /c\r\nX: 2"));
    // Whether somebody is asked or not.
    for recorder in [Recorder::default(), Recorder::default().leading(|_| Direction::Follow)] {
        let origin = Origin::in_turn(&[&first, &second, &answer("200 OK", "X: 3")]);
        let story = Story::told_to(recorder, &Configuration::default(), &Request::new(&origin.url("/a")));
        let hop = |path: &str, status, x: &str, location: &str| {
            (origin.url(path), status, Some(x.to_owned()), Some(location.to_owned()))
        };
        let history = story.task.history();
        let history = history.iter().map(|r| (r.url(), r.status_code(), r.value("X"), r.value("Location")));
        assert_eq!(history.collect::<Vec<_>>(), [hop("/a", 301, "1", "/b"), hop("/b", 307, "2", "/c")]);
        assert_eq!((story.task.redirect_count(), story.response().value("X").as_deref()), (2, Some("3")));
        assert!(story.task.redirect_response(2).is_none() && story.task.redirect_response(usize::MAX).is_none());
    }
}

#[test]
fn r040_what_was_not_redirected_has_no_history() {
    let origin = Origin::http(standard::serve);
    let story = Story::of(&origin.url("/hello"));
    assert_eq!(story.task.redirect_count(), 0);
    assert!(story.task.redirect_response(0).is_none());
}
