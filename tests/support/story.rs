//! One task alone in a session, from its making to the session's end.

use super::handle::{Configuration, Error, Request, Response, Session, Task};
use super::origin::{self, Connection, Origin};
use super::recorder::{Answer, Recorder};
use super::standard;

pub struct Story {
    pub recorder: Recorder,
    pub task: Task,
}

impl Story {
    pub fn of(url: &str) -> Self {
        Self::with(&Configuration::default(), &Request::new(url))
    }

    pub fn with(configuration: &Configuration, request: &Request) -> Self {
        Self::told_to(Recorder::default(), configuration, request)
    }

    /// What an origin gets and gives that sends these bytes to whoever asks, and closes.
    pub fn answered(bytes: impl Into<Vec<u8>>) -> Self {
        let bytes = bytes.into();
        let origin = Origin::http(move |connection: &mut Connection| {
            connection.read_request();
            connection.send(&bytes);
            connection.close();
        });
        Self::of(&origin.url("/"))
    }

    pub fn told_to(recorder: Recorder, configuration: &Configuration, request: &Request) -> Self {
        Self::of_task(recorder, configuration, |session| session.task_for(request))
    }

    /// That of any kind of task.
    pub fn of_task(recorder: Recorder, configuration: &Configuration, make: impl FnOnce(&Session) -> Task) -> Self {
        let session = recorder.session(configuration);
        let task = make(&session);
        task.resume();
        session.finish_tasks_and_invalidate();
        recorder.wait_for("release");
        let lines = recorder.lines();
        assert_eq!(lines[lines.len() - 2..], ["did_become_invalid", "release"], "{lines:#?}");
        Self { recorder, task }
    }

    pub fn cancelled_at_the_gate(url: &str) -> Self {
        Self::told_to(Recorder::answering(Answer::Cancel), &Configuration::default(), &Request::new(url))
    }

    /// What was told about the task after its making.
    pub fn transcript(&self) -> String {
        self.recorder.transcript_of(1)
    }

    pub fn body(&self) -> Vec<u8> {
        self.recorder.body(1)
    }

    /// How it ended, such as `ok` or `-1005`.
    pub fn outcome(&self) -> String {
        let transcript = self.transcript();
        let last = transcript.lines().last().unwrap();
        last.strip_prefix("did_complete 1 ").unwrap_or_else(|| panic!("{transcript}")).to_owned()
    }

    pub fn response(&self) -> Response {
        self.task.response().expect("a response")
    }

    pub fn error(&self) -> Error {
        self.task.error().expect("an error")
    }
}

/// What an origin gets when it is asked for `/hello` with the request that `build` makes of a plain one.
pub fn sent(configuration: &Configuration, build: impl FnOnce(Request) -> Request) -> origin::Request {
    let origin = Origin::http(standard::serve);
    let story = Story::with(configuration, &build(Request::new(&origin.url("/hello"))));
    assert_eq!(story.outcome(), "ok");
    origin.request()
}
