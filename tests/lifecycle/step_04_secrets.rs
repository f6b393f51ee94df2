use crate::support::challenge::{Credential, Reply};
use crate::support::digest::Digest;
use crate::support::downloads::Downloads;
use crate::support::handle::{Configuration, Error, Request, Task};
use crate::support::origin::Origin;
use crate::support::realm::{self, schemes};
use crate::support::recorder::{Direction, Recorder};
use crate::support::served_file::{End, ServedFile};
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

/// Parts of what must not be seen, as it is and as Basic has it.
const SECRETS: [&str; 3] = ["s3cret", "YWxpY2U6czNjcmV0", "Authorization"];

fn alice() -> Credential {
    Credential::for_session("alice", "s3cret")
}

fn shows_none(text: &str) {
    for secret in SECRETS {
        assert!(!text.to_lowercase().contains(&secret.to_lowercase()), "{secret} in {text}");
    }
}

/// The URL and the fields of a request, one a line.
fn shown(request: &Request) -> String {
    let names = ["Authorization", "Proxy-Authorization", "User-Agent", "Accept"];
    let fields = names.iter().filter_map(|name| Some(format!("{name}: {}\n", request.value(name)?)));
    format!("{}\n{}", request.url(), fields.collect::<String>())
}

fn whole(error: &Error) -> String {
    let underlying = error.underlying().map_or(String::new(), |underlying| whole(&underlying));
    format!("{} {} {underlying}", error.message(), error.failing_url().unwrap_or_default())
}

fn requests_of(task: &Task) -> String {
    shown(&task.original_request()) + &shown(&task.current_request())
}

#[test]
fn e011_what_was_answered_is_not_in_the_tasks_requests() {
    let guards =
        [realm::basic("here", "alice", "s3cret"), Digest { password: "s3cret", ..Digest::default() }.guard().0];
    for guard in guards {
        let origin = realm::origin(&guard);
        let recorder = Recorder::default().meeting(|_| Reply::Use(alice())).leading(|_| Direction::Later);
        let session = recorder.session(&Configuration::ephemeral());
        for number in 1..=2 {
            let task = session.start(&origin.url("/redirect/0"));
            let hop = recorder.hop();
            shows_none(&shown(&hop.request));
            assert_eq!(hop.follow(), UrlSessionStatus::OK);
            recorder.wait_for(&format!("did_complete {number} ok"));
            shows_none(&requests_of(&task));
            assert_eq!(task.response().unwrap().status_code(), 200);
        }
        assert_eq!(schemes(&origin.requests())[0], "-");
    }
}

#[test]
fn r007_what_was_given_beforehand_is_not_in_the_tasks_requests() {
    let origin = Origin::http(standard::serve);
    let configuration = Configuration::ephemeral().credential(&origin.url(""), &alice());
    let of_session = Story::with(&configuration, &Request::new(&origin.url("/redirect/1")));
    let request = Request::new(&origin.url("/redirect/1")).credential(&alice());
    let of_request = Story::with(&Configuration::ephemeral(), &request);
    for story in [of_session, of_request] {
        assert_eq!(story.outcome(), "ok");
        shows_none(&requests_of(&story.task));
    }
    assert_eq!(schemes(&origin.requests()), ["Basic"; 6]);
}

#[test]
fn r007_errors_show_no_secret() {
    let closing = || Origin::http(|connection| drop(connection.read_request()));
    let cases: [fn(&Origin) -> Request; 3] = [
        |origin| Request::new(&origin.url("/").replacen("://", "://alice:s3cret@", 1)),
        |origin| Request::new(&origin.url("/")).credential(&alice()),
        |origin| Request::new(&origin.url("/")).header("Authorization", "Basic YWxpY2U6czNjcmV0"),
    ];
    for request in cases {
        let origin = closing();
        let story = Story::with(&Configuration::ephemeral(), &request(&origin));
        assert_eq!(story.outcome(), "-1005");
        shows_none(&whole(&story.error()));
        assert_eq!(story.error().failing_url(), Some(origin.url("/")));
    }
    // What cannot be sent is not shown either.
    let story = Story::with(&Configuration::ephemeral(), &Request::new("http://alice:s3cret@"));
    shows_none(&whole(&story.error()));
    let moved = "HTTP/1.1 302 Found\r\nLocation: http://alice:s3cret@:0/\r\nContent-Length: 0\r\n\r\n";
    let story = Story::of(&Origin::in_turn(&[moved]).url("/"));
    assert_eq!(story.outcome(), "-1010");
    shows_none(&whole(&story.error()));
}

#[test]
fn r007_resume_data_show_no_secret() {
    let served = ServedFile::new(&standard::pattern(0, 200_000), "\"v1\"");
    served.end(End::Hold(150_000));
    let guard = realm::basic("here", "alice", "s3cret");
    let origin = Origin::http(realm::script(&guard, move |connection, request| served.answer(connection, request)));
    let downloads = Downloads::with(Configuration::ephemeral());
    let url = origin.url("/").replacen("://", "://alice:s3cret@", 1);
    let resume_data = downloads.pause(&url).expect("resume data");
    shows_none(&String::from_utf8(resume_data).unwrap());
}
