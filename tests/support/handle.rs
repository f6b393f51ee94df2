//! The library's handles as Rust objects that give their reference back.

use std::ffi::{CStr, CString, c_char};
use std::ptr;

use urlsession::*;

/// The text behind a pointer of the library's.
pub fn text(pointer: *const c_char) -> Option<String> {
    // SAFETY: the library lends NUL-terminated text.
    (!pointer.is_null()).then(|| unsafe { CStr::from_ptr(pointer) }.to_str().unwrap().to_owned())
}

pub fn c_text(text: &str) -> CString {
    CString::new(text).unwrap()
}

macro_rules! handle {
    ($name:ident, $c:ty, $retain:ident, $release:ident) => {
        #[derive(Debug)]
        pub struct $name(*mut $c);

        // SAFETY: the header says that handles go from thread to thread.
        unsafe impl Send for $name {}
        // SAFETY: as above.
        unsafe impl Sync for $name {}

        impl $name {
            /// Takes over a reference; None for NULL.
            pub fn adopt(pointer: *mut $c) -> Option<Self> {
                (!pointer.is_null()).then_some(Self(pointer))
            }

            /// Takes a reference of its own.
            pub fn retain(pointer: *mut $c) -> Self {
                Self::adopt($retain(pointer)).expect("a living handle")
            }

            pub fn get(&self) -> *mut $c {
                self.0
            }
        }

        impl Clone for $name {
            fn clone(&self) -> Self {
                Self::retain(self.0)
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                $release(self.0);
            }
        }
    };
}

pub(super) use handle;

handle!(Configuration, UrlSessionConfiguration, url_session_configuration_retain, url_session_configuration_release);
handle!(Data, UrlSessionData, url_session_data_retain, url_session_data_release);
handle!(Error, UrlSessionError, url_session_error_retain, url_session_error_release);
handle!(Request, UrlSessionRequest, url_session_request_retain, url_session_request_release);
handle!(Response, UrlSessionResponse, url_session_response_retain, url_session_response_release);
handle!(
    Completion,
    UrlSessionResponseCompletion,
    url_session_response_completion_retain,
    url_session_response_completion_release
);
handle!(Session, UrlSession, url_session_retain, url_session_release);
handle!(Task, UrlSessionTask, url_session_task_retain, url_session_task_release);

impl Default for Configuration {
    fn default() -> Self {
        Self::adopt(url_session_configuration_new_default()).unwrap()
    }
}

impl Configuration {
    pub fn ephemeral() -> Self {
        Self::adopt(url_session_configuration_new_ephemeral()).unwrap()
    }

    /// The defaults, and these certificates to trust.
    pub fn trusting(pem: &str) -> Self {
        Self::default().set(|c| url_session_configuration_add_trusted_certificates(c, pem.as_ptr(), pem.len()))
    }

    /// Calls a setter that must succeed.
    pub fn set(self, setter: impl FnOnce(*mut UrlSessionConfiguration) -> UrlSessionStatus) -> Self {
        assert_eq!(setter(self.get()), UrlSessionStatus::OK);
        self
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        let (name, value) = (c_text(name), c_text(value));
        self.set(|c| url_session_configuration_set_http_additional_header(c, name.as_ptr(), value.as_ptr()))
    }

    pub fn request_timeout(self, seconds: f64) -> Self {
        self.set(|c| url_session_configuration_set_timeout_interval_for_request(c, seconds))
    }

    pub fn resource_timeout(self, seconds: f64) -> Self {
        self.set(|c| url_session_configuration_set_timeout_interval_for_resource(c, seconds))
    }

    pub fn connect_timeout(self, seconds: f64) -> Self {
        self.set(|c| url_session_configuration_set_timeout_interval_for_connect(c, seconds))
    }

    pub fn connections_per_host(self, connections: u32) -> Self {
        self.set(|c| url_session_configuration_set_http_maximum_connections_per_host(c, connections))
    }
}

impl Data {
    pub fn bytes(&self) -> Vec<u8> {
        let (bytes, length) = (url_session_data_bytes(self.get()), url_session_data_length(self.get()));
        if length == 0 {
            return Vec::new();
        }
        // SAFETY: the library lends this many bytes while the object is held.
        unsafe { std::slice::from_raw_parts(bytes, length) }.to_vec()
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.bytes()).unwrap()
    }
}

impl Error {
    pub fn domain(&self) -> String {
        text(url_session_error_domain(self.get())).unwrap()
    }

    pub fn code(&self) -> i32 {
        url_session_error_code(self.get())
    }

    pub fn message(&self) -> String {
        text(url_session_error_message(self.get())).unwrap()
    }

    pub fn failing_url(&self) -> Option<String> {
        text(url_session_error_failing_url(self.get()))
    }

    pub fn timeout(&self) -> UrlSessionTimeout {
        url_session_error_timeout(self.get())
    }

    pub fn underlying(&self) -> Option<Error> {
        Self::adopt(url_session_error_copy_underlying(self.get()))
    }
}

impl Request {
    pub fn new(url: &str) -> Self {
        let (url, mut request) = (c_text(url), ptr::null_mut());
        assert_eq!(url_session_request_new(url.as_ptr(), &mut request), UrlSessionStatus::OK);
        Self::adopt(request).unwrap()
    }

    /// Calls a setter that must succeed.
    pub fn set(self, setter: impl FnOnce(*mut UrlSessionRequest) -> UrlSessionStatus) -> Self {
        assert_eq!(setter(self.get()), UrlSessionStatus::OK);
        self
    }

    pub fn method(self, method: &str) -> Self {
        let method = c_text(method);
        self.set(|r| url_session_request_set_http_method(r, method.as_ptr()))
    }

    pub fn header(self, name: &str, value: &str) -> Self {
        let (name, value) = (c_text(name), c_text(value));
        self.set(|r| url_session_request_set_value_for_header_field(r, name.as_ptr(), value.as_ptr()))
    }

    pub fn add_header(self, name: &str, value: &str) -> Self {
        let (name, value) = (c_text(name), c_text(value));
        self.set(|r| url_session_request_add_value_for_header_field(r, name.as_ptr(), value.as_ptr()))
    }

    pub fn suppress(self, name: &str) -> Self {
        let name = c_text(name);
        self.set(|r| url_session_request_suppress_header_field(r, name.as_ptr()))
    }

    pub fn body(self, body: &[u8]) -> Self {
        self.set(|r| url_session_request_set_http_body(r, body.as_ptr(), body.len()))
    }

    pub fn request_timeout(self, seconds: f64) -> Self {
        self.set(|r| url_session_request_set_timeout_interval(r, seconds))
    }

    pub fn resource_timeout(self, seconds: f64) -> Self {
        self.set(|r| url_session_request_set_timeout_interval_for_resource(r, seconds))
    }

    pub fn redirects(self, redirects: i32) -> Self {
        self.set(|r| url_session_request_set_maximum_redirects(r, redirects))
    }

    pub fn url(&self) -> String {
        text(url_session_request_url(self.get())).unwrap()
    }

    pub fn http_method(&self) -> String {
        text(url_session_request_http_method(self.get())).unwrap()
    }

    pub fn value(&self, name: &str) -> Option<String> {
        text(url_session_request_value_for_header_field(self.get(), c_text(name).as_ptr()))
    }
}

impl Response {
    pub fn url(&self) -> String {
        text(url_session_response_url(self.get())).unwrap()
    }

    pub fn status_code(&self) -> i32 {
        url_session_response_status_code(self.get())
    }

    pub fn mime_type(&self) -> Option<String> {
        text(url_session_response_mime_type(self.get()))
    }

    pub fn text_encoding_name(&self) -> Option<String> {
        text(url_session_response_text_encoding_name(self.get()))
    }

    pub fn expected_content_length(&self) -> i64 {
        url_session_response_expected_content_length(self.get())
    }

    pub fn suggested_filename(&self) -> String {
        text(url_session_response_suggested_filename(self.get())).unwrap()
    }

    pub fn value(&self, name: &str) -> Option<String> {
        text(url_session_response_value_for_header_field(self.get(), c_text(name).as_ptr()))
    }

    /// Every field, as it came.
    pub fn fields(&self) -> Vec<(String, Vec<u8>)> {
        let field = |index| {
            let (mut name, mut value, mut length) = (ptr::null(), ptr::null(), 0);
            let status = url_session_response_header_field_at(self.get(), index, &mut name, &mut value, &mut length);
            assert_eq!(status, UrlSessionStatus::OK);
            // SAFETY: the library lends this many bytes while the response is held.
            let value = unsafe { std::slice::from_raw_parts(value, length) };
            (text(name).unwrap(), value.to_vec())
        };
        (0..url_session_response_header_field_count(self.get())).map(field).collect()
    }
}

impl Session {
    pub fn new(configuration: &Configuration, delegate: Option<&UrlSessionDelegate>) -> Self {
        let (delegate, mut session) = (delegate.map_or(ptr::null(), ptr::from_ref), ptr::null_mut());
        assert_eq!(url_session_new(configuration.get(), delegate, &mut session), UrlSessionStatus::OK);
        Self::adopt(session).unwrap()
    }

    pub fn task(&self, url: &str) -> Task {
        let (url, mut task) = (c_text(url), ptr::null_mut());
        assert_eq!(url_session_data_task_with_url(self.get(), url.as_ptr(), &mut task), UrlSessionStatus::OK);
        Task::adopt(task).unwrap()
    }

    pub fn task_for(&self, request: &Request) -> Task {
        let mut task = ptr::null_mut();
        let status = url_session_data_task_with_request(self.get(), request.get(), &mut task);
        assert_eq!(status, UrlSessionStatus::OK);
        Task::adopt(task).unwrap()
    }

    /// Makes a task and resumes it.
    pub fn start(&self, url: &str) -> Task {
        let task = self.task(url);
        task.resume();
        task
    }

    pub fn finish_tasks_and_invalidate(&self) {
        assert_eq!(url_session_finish_tasks_and_invalidate(self.get()), UrlSessionStatus::OK);
    }

    pub fn invalidate_and_cancel(&self) {
        assert_eq!(url_session_invalidate_and_cancel(self.get()), UrlSessionStatus::OK);
    }
}

impl Task {
    pub fn resume(&self) {
        assert_eq!(url_session_task_resume(self.get()), UrlSessionStatus::OK);
    }

    pub fn suspend(&self) {
        assert_eq!(url_session_task_suspend(self.get()), UrlSessionStatus::OK);
    }

    pub fn cancel(&self) {
        assert_eq!(url_session_task_cancel(self.get()), UrlSessionStatus::OK);
    }

    pub fn identifier(&self) -> u64 {
        url_session_task_identifier(self.get())
    }

    /// Apple's number.
    pub fn state(&self) -> u32 {
        url_session_task_state(self.get()).0
    }

    pub fn original_request(&self) -> Request {
        Request::adopt(url_session_task_copy_original_request(self.get())).unwrap()
    }

    pub fn current_request(&self) -> Request {
        Request::adopt(url_session_task_copy_current_request(self.get())).unwrap()
    }

    pub fn response(&self) -> Option<Response> {
        Response::adopt(url_session_task_copy_response(self.get()))
    }

    pub fn error(&self) -> Option<Error> {
        Error::adopt(url_session_task_copy_error(self.get()))
    }

    pub fn received(&self) -> i64 {
        url_session_task_count_of_bytes_received(self.get())
    }

    pub fn decoded(&self) -> i64 {
        url_session_task_count_of_bytes_decoded(self.get())
    }

    pub fn expected_to_receive(&self) -> i64 {
        url_session_task_count_of_bytes_expected_to_receive(self.get())
    }

    pub fn sent(&self) -> i64 {
        url_session_task_count_of_bytes_sent(self.get())
    }

    pub fn expected_to_send(&self) -> i64 {
        url_session_task_count_of_bytes_expected_to_send(self.get())
    }
}
