//! What an application may read of a task, and what it may set.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use super::progress::End;
use super::{Progress, State, Task};
use crate::error::Error;
use crate::message::{Data, Request, Response, Text};

impl Task {
    pub(crate) fn priority(&self) -> f32 {
        f32::from_bits(self.priority.load(Ordering::Relaxed))
    }

    pub(crate) fn set_priority(&self, priority: f32) {
        // Without the sign of -0.0, so that bits compare as priorities do.
        self.priority.store(priority.abs().to_bits(), Ordering::Relaxed);
    }

    pub(crate) fn turn(&self) -> u64 {
        self.turn.load(Ordering::Relaxed)
    }

    pub(crate) fn set_turn(&self, turn: u64) {
        self.turn.store(turn, Ordering::Relaxed);
    }

    pub(crate) fn description(&self) -> Option<Arc<Data>> {
        self.known.lock().description.as_ref().map(Data::text)
    }

    pub(crate) fn set_description(&self, description: Option<&str>) {
        self.known.lock().description = description.map(Text::new);
    }

    pub(crate) fn original_request(&self) -> &Arc<Request> {
        &self.original_request
    }

    pub(crate) fn current_request(&self) -> Arc<Request> {
        self.known.lock().current_request.as_ref().unwrap_or(&self.original_request).clone()
    }

    pub(crate) fn set_current_request(&self, request: Arc<Request>) {
        self.known.lock().current_request = Some(request);
    }

    pub(crate) fn response(&self) -> Option<Arc<Response>> {
        self.known.lock().response.clone()
    }

    pub(crate) fn set_response(&self, response: Arc<Response>) {
        self.known.lock().response = Some(response);
    }

    /// A response sends the task on.
    pub(crate) fn follow(&self, response: Arc<Response>, next: Arc<Request>) {
        let mut known = self.known.lock();
        known.history.push(response);
        known.current_request = Some(next);
    }

    pub(crate) fn set_next_request(&self, next: Option<Arc<Request>>) {
        self.known.lock().next_request = next;
    }

    pub(crate) fn next_request(&self) -> Option<Arc<Request>> {
        self.known.lock().next_request.clone()
    }

    pub(crate) fn redirects(&self) -> usize {
        self.known.lock().history.len()
    }

    pub(crate) fn redirect(&self, index: usize) -> Option<Arc<Response>> {
        self.known.lock().history.get(index).cloned()
    }

    pub(crate) fn error(&self) -> Option<Arc<Error>> {
        self.known.lock().error.clone()
    }

    pub(crate) fn progress(&self) -> Progress {
        let end = match self.state() {
            State::Completed if self.known.lock().error.is_none() => End::Well,
            State::Completed => End::Badly,
            State::Running | State::Suspended | State::Canceling => End::None,
        };
        self.speedometer.read(&self.counters, end)
    }

    /// Whether it was in time, and the task is a download.
    pub(crate) fn set_destination(&self, destination: Option<PathBuf>) -> bool {
        let state = self.state.lock();
        if state.has_begun() || !self.is_download() {
            return false;
        }
        self.known.lock().destination = destination;
        true
    }

    pub(crate) fn destination(&self) -> Option<PathBuf> {
        self.known.lock().destination.clone()
    }
}
