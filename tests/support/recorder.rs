//! A delegate that writes one line a message, and answers as the test says.

use std::collections::{HashMap, VecDeque};
use std::mem::size_of;
use std::ptr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, OnceLock};

use urlsession::*;

use super::PATIENCE;
use super::body::BodyStream;
use super::challenge::{self, Asked, Reception, Reply};
use super::handle::{Completion, Configuration, Request, Session, Task};
pub use super::moment::{Message, Moment};
pub use super::redirection::{Direction, Hop};
use super::transcript::{Line, Transcript};
use super::upload::StreamCompletion;
use super::{slots, transfer_slots};

/// What is written down. It outlives every session that it was given to, so that a message too many is a line too
/// many and not a crash; therefore it is never freed, and cheap to copy.
#[derive(Clone, Copy)]
pub struct Recorder(pub(super) &'static Record);

#[derive(Default)]
pub(super) struct Record {
    transcript: Mutex<Transcript>,
    pub(super) changed: Condvar,
    pub(super) answer: Mutex<Answer>,
    pub(super) questions: Mutex<VecDeque<Completion>>,
    pub(super) stream_questions: Mutex<VecDeque<StreamCompletion>>,
    pub(super) supply: OnceLock<Box<Supply>>,
    pub(super) hops: Mutex<VecDeque<Hop>>,
    pub(super) lead: OnceLock<Box<Lead>>,
    pub(super) challenges: Mutex<VecDeque<Asked>>,
    pub(super) trust: OnceLock<Box<Reception>>,
    pub(super) meet: OnceLock<Box<Reception>>,
    pub(super) resume_data: Mutex<HashMap<u64, Option<Vec<u8>>>>,
    inside: OnceLock<Box<Inside>>,
    hears_progress: AtomicBool,
    hears_informational: AtomicBool,
    busy: AtomicBool,
}

/// How the recorder answers at the response gate.
#[derive(Clone, Copy, Default, PartialEq)]
pub enum Answer {
    #[default]
    Allow,
    Cancel,
    BecomeDownload,
    /// It neither answers nor retains the question.
    Nothing,
    /// It keeps the question for the test: see [`Recorder::question`].
    Later,
}

/// How the recorder answers when it is asked for a body stream.
pub enum Supplied {
    Stream(BodyStream),
    Null,
    /// It neither answers nor retains the question.
    Nothing,
    /// It keeps the question for the test: see [`Recorder::stream_question`].
    Later,
}

type Supply = dyn Fn(i64) -> Supplied + Send + Sync;

type Lead = dyn Fn(&Hop) -> Direction + Send + Sync;

type Inside = dyn Fn(&Moment) + Send + Sync;

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

    /// Hears of progress too: the send, write and progress slots.
    pub fn hearing_progress(self) -> Self {
        self.0.hears_progress.store(true, Ordering::Relaxed);
        self
    }

    /// Hears of informational responses too.
    pub fn hearing_informational(self) -> Self {
        self.0.hears_informational.store(true, Ordering::Relaxed);
        self
    }

    /// Gives body streams where it is asked for them; `supply` gets the offset.
    pub fn supplying(self, supply: impl Fn(i64) -> Supplied + Send + Sync + 'static) -> Self {
        assert!(self.0.supply.set(Box::new(supply)).is_ok());
        self
    }

    /// Hears of redirects too, and says where they lead.
    pub fn leading(self, lead: impl Fn(&Hop) -> Direction + Send + Sync + 'static) -> Self {
        assert!(self.0.lead.set(Box::new(lead)).is_ok());
        self
    }

    /// Hears in the session's slot who wants to be trusted, and answers.
    pub fn trusting(self, reception: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        assert!(self.0.trust.set(Box::new(reception)).is_ok());
        self
    }

    /// Hears in the task's slot who wants to know who asks, and answers.
    pub fn meeting(self, reception: impl Fn(&Asked) -> Reply + Send + Sync + 'static) -> Self {
        assert!(self.0.meet.set(Box::new(reception)).is_ok());
        self
    }

    /// Every slot that the test has not to ask for. It may take some away.
    pub fn delegate(&self) -> UrlSessionDelegate {
        let mut delegate = UrlSessionDelegate {
            size: size_of::<UrlSessionDelegate>(),
            context: ptr::from_ref(self.0).cast_mut().cast(),
            release: Some(slots::release),
            did_create_task: Some(slots::did_create_task),
            session_did_receive_challenge: None,
            task_did_receive_challenge: None,
            task_will_perform_http_redirection: None,
            task_did_receive_informational_response: None,
            download_task_did_resume_at_offset: Some(transfer_slots::did_resume_at_offset),
            data_task_did_receive_response: Some(slots::did_receive_response),
            data_task_did_become_download_task: Some(transfer_slots::did_become_download_task),
            task_need_new_body_stream: None,
            task_did_send_body_data: None,
            data_task_did_receive_data: Some(slots::did_receive_data),
            download_task_did_write_data: None,
            task_did_update_progress: None,
            download_task_did_finish_downloading: Some(transfer_slots::did_finish_downloading),
            task_did_complete: Some(slots::did_complete),
            session_did_become_invalid: Some(slots::did_become_invalid),
        };
        if self.0.trust.get().is_some() {
            delegate.session_did_receive_challenge = Some(challenge::session_did_receive_challenge);
        }
        if self.0.meet.get().is_some() {
            delegate.task_did_receive_challenge = Some(challenge::task_did_receive_challenge);
        }
        if self.0.hears_informational.load(Ordering::Relaxed) {
            delegate.task_did_receive_informational_response = Some(transfer_slots::did_receive_informational_response);
        }
        if self.0.lead.get().is_some() {
            delegate.task_will_perform_http_redirection = Some(slots::will_perform_redirection);
        }
        if self.0.supply.get().is_some() {
            delegate.task_need_new_body_stream = Some(transfer_slots::need_new_body_stream);
        }
        if self.0.hears_progress.load(Ordering::Relaxed) {
            delegate.task_did_send_body_data = Some(transfer_slots::did_send_body_data);
            delegate.download_task_did_write_data = Some(transfer_slots::did_write_data);
            delegate.task_did_update_progress = Some(transfer_slots::did_update_progress);
        }
        delegate
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
        self.0.transcript.lock().unwrap().lines().iter().map(Line::shown).collect()
    }

    pub fn transcript(&self) -> String {
        self.lines().join("\n")
    }

    /// The lines of one task, without its making.
    pub fn transcript_of(&self, task: u64) -> String {
        let lines = self.lines_of(task);
        assert_eq!(lines.first(), Some(&format!("did_create_task {task}")));
        lines[1..].join("\n")
    }

    /// The lines of one task, its making among them if it was told.
    pub fn lines_of(&self, task: u64) -> Vec<String> {
        let transcript = self.0.transcript.lock().unwrap();
        transcript.lines().iter().filter(|line| line.is_of(task)).map(Line::shown).collect()
    }

    /// The bytes that a task received.
    pub fn body(&self, task: u64) -> Vec<u8> {
        self.0.transcript.lock().unwrap().data_of(task)
    }

    /// The file that a task downloaded, as it was in the slot.
    pub fn downloaded(&self, task: u64) -> Vec<u8> {
        self.0.transcript.lock().unwrap().file_of(task).expect("a downloaded file")
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
        let transcript = self.0.transcript.lock().unwrap();
        let shown = |transcript: &Transcript| transcript.lines().iter().map(Line::shown).collect::<Vec<_>>();
        let waiting = |transcript: &mut Transcript| !ready(&shown(transcript));
        let (transcript, result) = self.0.changed.wait_timeout_while(transcript, PATIENCE, waiting).unwrap();
        if result.timed_out() {
            let so_far = shown(&transcript).join("\n");
            drop(transcript);
            panic!("waited for {what}; the transcript so far:\n{so_far}");
        }
    }

    /// The next question that was kept by [`Answer::Later`].
    pub fn question(&self) -> Completion {
        self.next(&self.0.questions, "a question at the response gate")
    }

    /// The next question that was kept by [`Supplied::Later`].
    pub fn stream_question(&self) -> StreamCompletion {
        self.next(&self.0.stream_questions, "a question for a body stream")
    }

    /// The next redirect that was kept by [`Direction::Later`].
    pub fn hop(&self) -> Hop {
        self.next(&self.0.hops, "a question where a redirect leads")
    }

    /// The next challenge that was kept by [`Reply::Later`].
    pub fn asked(&self) -> Asked {
        self.next(&self.0.challenges, "a challenge")
    }

    fn next<T>(&self, kept: &'static Mutex<VecDeque<T>>, what: &str) -> T {
        let (mut kept, _) =
            self.0.changed.wait_timeout_while(kept.lock().unwrap(), PATIENCE, |kept| kept.is_empty()).unwrap();
        kept.pop_front().expect(what)
    }
}

impl Record {
    pub(super) fn add(&self, task: Option<u64>, text: String) {
        self.change(|transcript| transcript.add(task, text));
    }

    pub(super) fn change(&self, change: impl FnOnce(&mut Transcript)) {
        change(&mut self.transcript.lock().unwrap());
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
