//! Redirects that a test leads, and the way that a task has come.

use std::ptr;
use std::slice;

use urlsession::*;

use super::handle::{Configuration, Request, Response, Task, c_text, handle};

handle!(
    RedirectionCompletion,
    UrlSessionRedirectionCompletion,
    url_session_redirection_completion_retain,
    url_session_redirection_completion_release
);

/// How the recorder answers where a redirect leads.
pub enum Direction {
    /// There, with the very request that the slot was lent.
    Follow,
    To(Request),
    /// Nowhere: the redirect is the result.
    Stay,
    /// It neither answers nor retains the question.
    Nothing,
    /// It keeps the question for the test: see [`super::recorder::Recorder::hop`].
    Later,
}

/// A redirect that a task is asked about.
pub struct Hop {
    pub response: Response,
    /// What would be sent.
    pub request: Request,
    pub completion: RedirectionCompletion,
}

impl Hop {
    pub fn follow(&self) -> UrlSessionStatus {
        self.answer(&self.request)
    }

    pub fn answer(&self, request: &Request) -> UrlSessionStatus {
        url_session_redirection_completion_answer(self.completion.get(), request.get())
    }

    pub fn stay(&self) -> UrlSessionStatus {
        url_session_redirection_completion_answer(self.completion.get(), ptr::null())
    }
}

impl Request {
    pub fn http_body(&self) -> Vec<u8> {
        let (mut bytes, mut length) = (ptr::null(), 0);
        assert_eq!(url_session_request_http_body(self.get(), &mut bytes, &mut length), UrlSessionStatus::OK);
        if length == 0 {
            return Vec::new();
        }
        // SAFETY: the library lends this many bytes until the request is changed.
        unsafe { slice::from_raw_parts(bytes, length) }.to_vec()
    }
}

impl Configuration {
    pub fn sensitive(self, name: &str) -> Self {
        let name = c_text(name);
        self.set(|c| url_session_configuration_add_sensitive_header_field(c, name.as_ptr()))
    }
}

impl Task {
    pub fn redirect_count(&self) -> usize {
        url_session_task_redirect_count(self.get())
    }

    pub fn redirect_response(&self, index: usize) -> Option<Response> {
        Response::adopt(url_session_task_copy_redirect_response(self.get(), index))
    }

    /// Every response that sent the task on.
    pub fn history(&self) -> Vec<Response> {
        (0..self.redirect_count()).map(|index| self.redirect_response(index).expect("a response")).collect()
    }
}
