//! A delegate that writes one line a message, and answers as the test says.

use std::collections::VecDeque;
use std::mem::size_of;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, OnceLock};

use urlsession::*;

use super::PATIENCE;
use super::handle::{Completion, Configuration, Request, Session, Task};
use super::slots;

/// What is written down. It outlives every session that it was given to, so that a message too many is a line too
/// many and not a crash; therefore it is never freed, and cheap to copy.
#[derive(Clone, Copy)]
pub struct Recorder(pub(super) &'static Record);

#[derive(Default)]
pub(super) struct Record {
    lines: Mutex<Vec<Line>>,
    pub(super) changed: Condvar,
    pub(super) answer: Mutex<Answer>,
    pub(super) questions: Mutex<VecDeque<Completion>>,
    inside: OnceLock<Box<Inside>>,
    busy: AtomicBool,
}

struct Line {
    task: Option<u64>,
    content: Content,
}

enum Content {
    Text(String),
    Data(Vec<u8>),
}

/// How the recorder answers at the response gate.
#[derive(Clone, Copy, Default, PartialEq)]
pub enum Answer {
    #[default]
    Allow,
    Cancel,
    /// It neither answers nor retains the question.
    Nothing,
    /// It keeps the question for the test: see [`Recorder::question`].
    Later,
}

#[derive(Clone, Copy, PartialEq, Debug)]
pub enum Message {
    DidCreateTask,
    DidReceiveResponse,
    DidReceiveData,
    DidComplete,
    DidBecomeInvalid,
    Release,
}

/// A slot that is running, after its line was written.
pub struct Moment {
    pub message: Message,
    pub session: *mut UrlSession,
    /// NULL for the messages of a session.
    pub task: *mut UrlSessionTask,
    /// NULL but at the response gate.
    pub completion: *mut UrlSessionResponseCompletion,
}

impl Moment {
    pub(super) fn of_task(message: Message, session: *mut UrlSession, task: *mut UrlSessionTask) -> Self {
        Self { message, session, task, completion: ptr::null_mut() }
    }

    pub(super) fn of_session(message: Message, session: *mut UrlSession) -> Self {
        Self::of_task(message, session, ptr::null_mut())
    }
}

type Inside = dyn Fn(&Moment) + Send + Sync;

impl Line {
    fn shown(&self) -> String {
        match &self.content {
            Content::Text(text) => text.clone(),
            Content::Data(bytes) => format!("did_receive_data {} {}", self.task.unwrap_or_default(), shown(bytes)),
        }
    }
}

/// Short bytes in quotes, of long ones only how many.
pub(super) fn shown(bytes: &[u8]) -> String {
    if bytes.len() > 64 { format!("{} bytes", bytes.len()) } else { format!("\"{}\"", bytes.escape_ascii()) }
}

impl Default for Recorder {
    fn default() -> Self {
        Self(Box::leak(Box::default()))
    }
}

impl Recorder {
    /// One that calls `inside` in every slot, after the slot's line was written.
    pub fn with(inside: impl Fn(&Moment) + Send + Sync + 'static) -> Self {
        let recorder = Self::default();
        assert!(recorder.0.inside.set(Box::new(inside)).is_ok());
        recorder
    }

    pub fn answering(answer: Answer) -> Self {
        let recorder = Self::default();
        *recorder.0.answer.lock().unwrap() = answer;
        recorder
    }

    /// Every slot. The test may take some away.
    pub fn delegate(&self) -> UrlSessionDelegate {
        UrlSessionDelegate {
            size: size_of::<UrlSessionDelegate>(),
            context: ptr::from_ref(self.0).cast_mut().cast(),
            release: Some(slots::release),
            did_create_task: Some(slots::did_create_task),
            data_task_did_receive_response: Some(slots::did_receive_response),
            data_task_did_receive_data: Some(slots::did_receive_data),
            task_did_complete: Some(slots::did_complete),
            session_did_become_invalid: Some(slots::did_become_invalid),
        }
    }

    /// A session of its own.
    pub fn session(&self, configuration: &Configuration) -> Session {
        Session::new(configuration, Some(&self.delegate()))
    }

    /// A task whose outcome becomes one line: `handler LABEL STATUS BODY` or `handler LABEL STATUS ERROR`.
    pub fn handler_task(&self, session: &Session, label: &'static str, request: &Request) -> Task {
        let context = Box::into_raw(Box::new((*self, label))).cast();
        let mut task = ptr::null_mut();
        let status = url_session_data_task_with_request_completion_handler(
            session.get(),
            request.get(),
            Some(slots::handler),
            context,
            &mut task,
        );
        assert_eq!(status, UrlSessionStatus::OK);
        Task::adopt(task).unwrap()
    }

    /// Asks for all tasks; the answer becomes the line `all_tasks 1 2 3`.
    pub fn list_tasks(&self, session: &Session) {
        let context = self.delegate().context;
        assert_eq!(url_session_get_all_tasks(session.get(), Some(slots::all_tasks), context), UrlSessionStatus::OK);
    }

    pub fn lines(&self) -> Vec<String> {
        self.0.lines.lock().unwrap().iter().map(Line::shown).collect()
    }

    pub fn transcript(&self) -> String {
        self.lines().join("\n")
    }

    /// The lines of one task, without its making.
    pub fn transcript_of(&self, task: u64) -> String {
        let lines = self.0.lines.lock().unwrap();
        let mut of_task = lines.iter().filter(|line| line.task == Some(task)).map(Line::shown);
        assert_eq!(of_task.next(), Some(format!("did_create_task {task}")));
        of_task.collect::<Vec<_>>().join("\n")
    }

    /// The bytes that a task received.
    pub fn body(&self, task: u64) -> Vec<u8> {
        let lines = self.0.lines.lock().unwrap();
        let of_task = lines.iter().filter(|line| line.task == Some(task));
        let data = of_task.filter_map(|line| if let Content::Data(bytes) = &line.content { Some(bytes) } else { None });
        data.flatten().copied().collect()
    }

    /// Waits until this line stands in the transcript.
    pub fn wait_for(&self, line: &str) {
        self.wait_until(&format!("`{line}`"), |lines| lines.iter().any(|there| there == line));
    }

    /// Waits until a line that begins so stands in the transcript, and gives it.
    pub fn wait_for_beginning(&self, beginning: &str) -> String {
        let find = |lines: &[String]| lines.iter().find(|line| line.starts_with(beginning)).cloned();
        self.wait_until(&format!("`{beginning}…`"), |lines| find(lines).is_some());
        find(&self.lines()).unwrap()
    }

    pub fn wait_until(&self, what: &str, ready: impl Fn(&[String]) -> bool) {
        let lines = self.0.lines.lock().unwrap();
        let shown = |lines: &Vec<Line>| lines.iter().map(Line::shown).collect::<Vec<_>>();
        let waiting = |lines: &mut Vec<Line>| !ready(&shown(lines));
        let (lines, result) = self.0.changed.wait_timeout_while(lines, PATIENCE, waiting).unwrap();
        if result.timed_out() {
            let transcript = shown(&lines).join("\n");
            drop(lines);
            panic!("waited for {what}; the transcript so far:\n{transcript}");
        }
    }

    /// The next question that was kept by [`Answer::Later`].
    pub fn question(&self) -> Completion {
        let questions = self.0.questions.lock().unwrap();
        let (mut questions, _) =
            self.0.changed.wait_timeout_while(questions, PATIENCE, |questions| questions.is_empty()).unwrap();
        questions.pop_front().expect("a question at the response gate")
    }
}

impl Record {
    pub(super) fn add(&self, task: Option<u64>, text: String) {
        self.lines.lock().unwrap().push(Line { task, content: Content::Text(text) });
        self.changed.notify_all();
    }

    /// Makes chunks that follow one another one line, for how a body is cut is nobody's promise.
    pub(super) fn add_data(&self, task: u64, bytes: &[u8]) {
        let mut lines = self.lines.lock().unwrap();
        match lines.iter_mut().rev().find(|line| line.task == Some(task)) {
            Some(Line { content: Content::Data(before), .. }) => before.extend_from_slice(bytes),
            _ => lines.push(Line { task: Some(task), content: Content::Data(bytes.to_vec()) }),
        }
        drop(lines);
        self.changed.notify_all();
    }

    /// The messages of a session come one at a time.
    pub(super) fn turn(&self) -> Turn<'_> {
        if self.busy.swap(true, Ordering::SeqCst) {
            self.add(None, "two messages at the same time".to_owned());
        }
        Turn(self)
    }

    pub(super) fn inside(&self, moment: &Moment) {
        if let Some(inside) = self.inside.get() {
            inside(moment);
        }
    }
}

pub(super) struct Turn<'a>(&'a Record);

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        self.0.busy.store(false, Ordering::SeqCst);
    }
}
