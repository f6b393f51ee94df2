//! Upload tasks and multipart forms.

use std::collections::VecDeque;
use std::path::Path;
use std::ptr;
use std::sync::Mutex;

use urlsession::*;

use super::body::{Body, BodyStream};
use super::download::path_text;
use super::handle::{Configuration, Request, Session, Task, c_text, handle, text};
use super::recorder::{Recorder, Supplied};
use super::slots;
use super::story::Story;

handle!(
    StreamCompletion,
    UrlSessionBodyStreamCompletion,
    url_session_body_stream_completion_retain,
    url_session_body_stream_completion_release
);
handle!(MultipartForm, UrlSessionMultipartForm, url_session_multipart_form_retain, url_session_multipart_form_release);

impl StreamCompletion {
    /// None answers NULL.
    pub fn answer(&self, stream: Option<&BodyStream>) -> UrlSessionStatus {
        let stream = stream.map_or(ptr::null_mut(), BodyStream::get);
        url_session_body_stream_completion_answer(self.get(), stream)
    }
}

impl Default for MultipartForm {
    fn default() -> Self {
        Self::adopt(url_session_multipart_form_new()).unwrap()
    }
}

impl MultipartForm {
    pub fn field(self, name: &str, value: &str) -> Self {
        let (c_name, c_value) = (c_text(name), c_text(value));
        let status = url_session_multipart_form_add_field(self.get(), c_name.as_ptr(), c_value.as_ptr());
        assert_eq!(status, UrlSessionStatus::OK);
        self
    }

    pub fn bytes(self, name: &str, filename: Option<&str>, content_type: Option<&str>, bytes: &[u8]) -> Self {
        let (name, filename, content_type) = (c_text(name), filename.map(c_text), content_type.map(c_text));
        let status = url_session_multipart_form_add_bytes(
            self.get(),
            name.as_ptr(),
            filename.as_ref().map_or(ptr::null(), |filename| filename.as_ptr()),
            content_type.as_ref().map_or(ptr::null(), |content_type| content_type.as_ptr()),
            bytes.as_ptr(),
            bytes.len(),
        );
        assert_eq!(status, UrlSessionStatus::OK);
        self
    }

    pub fn file(self, name: &str, path: &Path, filename: Option<&str>, content_type: Option<&str>) -> Self {
        let (name, filename, content_type) = (c_text(name), filename.map(c_text), content_type.map(c_text));
        let status = url_session_multipart_form_add_file(
            self.get(),
            name.as_ptr(),
            path_text(path).as_ptr(),
            filename.as_ref().map_or(ptr::null(), |filename| filename.as_ptr()),
            content_type.as_ref().map_or(ptr::null(), |content_type| content_type.as_ptr()),
        );
        assert_eq!(status, UrlSessionStatus::OK);
        self
    }

    pub fn content_type(&self) -> String {
        text(url_session_multipart_form_content_type(self.get())).unwrap()
    }

    pub fn body_stream(&self) -> BodyStream {
        BodyStream::adopt(url_session_multipart_form_copy_body_stream(self.get())).unwrap()
    }
}

impl Configuration {
    pub fn expect_continue_above(self, bytes: u64) -> Self {
        self.set(|c| url_session_configuration_set_expect_continue_above(c, bytes))
    }

    pub fn continue_timeout(self, seconds: f64) -> Self {
        self.set(|c| url_session_configuration_set_timeout_interval_for_continue(c, seconds))
    }
}

impl Request {
    pub fn body_stream(self, stream: &BodyStream) -> Self {
        self.set(|r| url_session_request_set_http_body_stream(r, stream.get()))
    }

    pub fn multipart_form(self, form: &MultipartForm) -> Self {
        self.set(|r| url_session_request_set_multipart_form(r, form.get()))
    }
}

impl Session {
    pub fn upload_bytes(&self, request: &Request, bytes: &[u8]) -> Task {
        let (session, mut task) = (self.get(), ptr::null_mut());
        let (bytes, length) = (bytes.as_ptr(), bytes.len());
        let status = url_session_upload_task_with_request_from_data(session, request.get(), bytes, length, &mut task);
        assert_eq!(status, UrlSessionStatus::OK);
        Task::adopt(task).unwrap()
    }

    pub fn upload_file(&self, request: &Request, path: &Path) -> Task {
        let (path, mut task) = (path_text(path), ptr::null_mut());
        let status =
            url_session_upload_task_with_request_from_file(self.get(), request.get(), path.as_ptr(), &mut task);
        assert_eq!(status, UrlSessionStatus::OK);
        Task::adopt(task).unwrap()
    }

    /// One that asks for its body stream.
    pub fn upload_stream(&self, request: &Request) -> Task {
        let mut task = ptr::null_mut();
        let status = url_session_upload_task_with_streamed_request(self.get(), request.get(), &mut task);
        assert_eq!(status, UrlSessionStatus::OK);
        Task::adopt(task).unwrap()
    }
}

impl Story {
    /// An upload that asks for its body.
    pub fn streamed(recorder: Recorder, request: &Request) -> Self {
        Self::of_task(recorder, &Configuration::default(), |session| session.upload_stream(request))
    }
}

impl Recorder {
    /// One that gives these streams, one each time it is asked, and then none.
    pub fn giving(bodies: &[Body]) -> Self {
        let left = Mutex::new(VecDeque::from(bodies.to_vec()));
        Self::default().supplying(move |_| match left.lock().unwrap().pop_front() {
            Some(body) => Supplied::Stream(body.stream()),
            None => Supplied::Null,
        })
    }

    /// An upload whose outcome becomes one line, as that of [`Recorder::handler_task`] does.
    pub fn upload_handler_task(&self, session: &Session, label: &'static str, request: &Request, bytes: &[u8]) -> Task {
        let context = Box::into_raw(Box::new((*self, label))).cast();
        let mut task = ptr::null_mut();
        let status = url_session_upload_task_with_request_from_data_completion_handler(
            session.get(),
            request.get(),
            bytes.as_ptr(),
            bytes.len(),
            Some(slots::handler),
            context,
            &mut task,
        );
        assert_eq!(status, UrlSessionStatus::OK);
        Task::adopt(task).unwrap()
    }

    /// The same from a file.
    pub fn upload_file_handler_task(
        &self,
        session: &Session,
        label: &'static str,
        request: &Request,
        path: &Path,
    ) -> Task {
        let context = Box::into_raw(Box::new((*self, label))).cast();
        let mut task = ptr::null_mut();
        let status = url_session_upload_task_with_request_from_file_completion_handler(
            session.get(),
            request.get(),
            path_text(path).as_ptr(),
            Some(slots::handler),
            context,
            &mut task,
        );
        assert_eq!(status, UrlSessionStatus::OK);
        Task::adopt(task).unwrap()
    }
}
