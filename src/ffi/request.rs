use std::ffi::c_char;
use std::ptr;

use super::convert::{boundary, bytes, checked, copied, give, text, write};
use super::handle::{self, Builder, Handle, borrow};
use super::{UrlSessionBodyStream, UrlSessionMultipartForm, UrlSessionStatus, invalid, multipart_form};
use crate::identity::Identity;
use crate::message::{Body, BodyStream, Interval, Request};

/// What to ask for (Apple: URLRequest). Filled by one thread; a task copies it, so later changes touch no task.
pub struct UrlSessionRequest(());

/// A request as C fills it.
pub(super) type RequestObject = Builder<Request>;

impl Handle for RequestObject {
    type C = UrlSessionRequest;

    fn identity(&self) -> Identity {
        Builder::identity(self)
    }
}

/// A GET of `url`, in `*request`; one reference is yours. The URL is read by the WHATWG rules; one that cannot be
/// used is taken all the same, and its task fails with BAD_URL or UNSUPPORTED_URL. `url` and `request`: not NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_new(
    url: *const c_char,
    request: *mut *mut UrlSessionRequest,
) -> UrlSessionStatus {
    give(request, || Ok(Builder::new(Request::new(text(url)?))))
}

/// Another request with the same content; one reference is yours. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_copy(request: *const UrlSessionRequest) -> *mut UrlSessionRequest {
    copied(|| Ok(Some(Builder::new(snapshot(request)?))))
}

/// Takes one more reference; gives back `request`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_retain(request: *mut UrlSessionRequest) -> *mut UrlSessionRequest {
    boundary(|| Ok(handle::retain::<RequestObject>(request)))
}

/// Gives one reference back; NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_release(request: *mut UrlSessionRequest) {
    boundary(|| Ok(handle::release::<RequestObject>(request)))
}

/// Another URL. Not NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_set_url(request: *mut UrlSessionRequest, url: *const c_char) -> UrlSessionStatus {
    change(request, |request| Ok(request.set_url(text(url)?)))
}

/// The URL, as it was parsed, or as it was given where that failed. Lent until the request is changed or released.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_url(request: *const UrlSessionRequest) -> *const c_char {
    boundary(|| Ok(borrow::<RequestObject>(request)?.with(|request| request.url_text().as_ptr())))
}

/// The method: any token of RFC 9110, sent as it is written; only get, head, post, put, delete, patch, options and
/// trace are put in capitals. CONNECT is not for applications: INVALID_ARGUMENT.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_set_http_method(
    request: *mut UrlSessionRequest,
    method: *const c_char,
) -> UrlSessionStatus {
    change(request, |request| request.set_method(text(method)?).map_err(invalid))
}

/// The method, "GET" at first. Lent until the request is changed or released.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_http_method(request: *const UrlSessionRequest) -> *const c_char {
    boundary(|| Ok(borrow::<RequestObject>(request)?.with(|request| request.method_text().as_ptr())))
}

/// Sets a header field, in place of any with that name in whatever case; NULL as value takes the field away, and so
/// lets the session's or the library's own one through again. The name goes out in the case it is written in.
/// INVALID_ARGUMENT: a name that is not a token, a value with CR, LF, NUL or blanks at its ends, and Transfer-Encoding,
/// which is the library's to choose. A Content-Length is taken and replaced by the true one; it counts only for a
/// stream that does not say its length.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_set_value_for_header_field(
    request: *mut UrlSessionRequest,
    name: *const c_char,
    value: *const c_char,
) -> UrlSessionStatus {
    change(request, |request| match super::convert::optional_text(value)? {
        Some(value) => request.headers_mut().set(text(name)?, value.as_bytes()).map_err(invalid),
        None => Ok(request.headers_mut().remove(text(name)?)),
    })
}

/// Adds a header field beside any with that name: repeated fields go out as lines of their own, in this order.
/// INVALID_ARGUMENT as above.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_add_value_for_header_field(
    request: *mut UrlSessionRequest,
    name: *const c_char,
    value: *const c_char,
) -> UrlSessionStatus {
    change(request, |request| request.headers_mut().add(text(name)?, text(value)?.as_bytes()).map_err(invalid))
}

/// Keeps a header field from going out at all, also the session's additional one and the library's default (such as
/// User-Agent). Host and the fields that frame the body cannot be kept back.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_suppress_header_field(
    request: *mut UrlSessionRequest,
    name: *const c_char,
) -> UrlSessionStatus {
    change(request, |request| request.headers_mut().suppress(text(name)?).map_err(invalid))
}

/// The value of a header field set here, repeated ones joined with ", ". Lent until the request is changed or
/// released; NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_value_for_header_field(
    request: *const UrlSessionRequest,
    name: *const c_char,
) -> *const c_char {
    boundary(|| {
        let name = text(name)?;
        Ok(borrow::<RequestObject>(request)?
            .with(|request| request.headers().joined(name).map_or(ptr::null(), |value| value.as_ptr())))
    })
}

/// How many header fields are set here.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_header_field_count(request: *const UrlSessionRequest) -> usize {
    boundary(|| Ok(borrow::<RequestObject>(request)?.with(|request| request.headers().len())))
}

/// The header field at `index`, in the order they were set: name in its own case and value, both NUL-terminated and
/// lent until the request is changed or released. INVALID_ARGUMENT past the end; then both are NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_header_field_at(
    request: *const UrlSessionRequest,
    index: usize,
    name: *mut *const c_char,
    value: *mut *const c_char,
) -> UrlSessionStatus {
    checked(|| {
        write(name, ptr::null()).and(write(value, ptr::null()))?;
        borrow::<RequestObject>(request)?.with(|request| {
            let field = request.headers().get_index(index).ok_or(UrlSessionStatus::INVALID_ARGUMENT)?;
            write(name, field.name().as_ptr())?;
            write(value, field.value().as_ptr())
        })
    })
}

/// The body, copied; NULL and 0 take it away. A data task sends it with its Content-Length.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_set_http_body(
    request: *mut UrlSessionRequest,
    body: *const u8,
    length: usize,
) -> UrlSessionStatus {
    set_body(request, || Ok(Body::copy(bytes(body, length)?)))
}

/// The body, lent until the request is changed or released: its bytes in `*body`, NULL where there is none, and
/// their number in `*length`.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_http_body(
    request: *const UrlSessionRequest,
    body: *mut *const u8,
    length: *mut usize,
) -> UrlSessionStatus {
    checked(|| {
        write(body, ptr::null()).and(write(length, 0))?;
        borrow::<RequestObject>(request)?.with(|request| {
            let Some(bytes) = request.body().bytes() else { return Ok(()) };
            write(body, bytes.as_ptr()).and(write(length, bytes.len()))
        })
    })
}

/// A stream as body, in place of any other; retained (Apple: HTTPBodyStream). NULL takes the body away. It goes out
/// with its length, or chunked. To go out again it has to rewind, or the delegate gives another.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_set_http_body_stream(
    request: *mut UrlSessionRequest,
    stream: *mut UrlSessionBodyStream,
) -> UrlSessionStatus {
    set_body(request, || match stream.is_null() {
        true => Ok(Body::None),
        false => Ok(borrow::<BodyStream>(stream)?.body().clone()),
    })
}

/// The stream; of a form or a file one that reads it. One reference is yours; NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_copy_http_body_stream(
    request: *const UrlSessionRequest,
) -> *mut UrlSessionBodyStream {
    copied(|| {
        let body = borrow::<RequestObject>(request)?.with(|request| request.body().clone());
        Ok(matches!(body, Body::Stream(_) | Body::Segments(_)).then(|| BodyStream::new(body)))
    })
}

/// The form as it stands as body, in place of bytes, and its Content-Type; a GET becomes a POST. For data and download
/// tasks: an upload task ignores the request's body, so there set the Content-Type and answer task_need_new_body_stream
/// with url_session_multipart_form_copy_body_stream. INVALID_STATE: the request has a body stream of your source,
/// which the form would silently replace.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_set_multipart_form(
    request: *mut UrlSessionRequest,
    form: *const UrlSessionMultipartForm,
) -> UrlSessionStatus {
    change(request, |request| {
        let form = multipart_form::snapshot(form)?;
        if matches!(request.body(), Body::Stream(_)) {
            return Err(UrlSessionStatus::INVALID_STATE);
        }
        request.set_multipart_form(&form).map_err(invalid)
    })
}

/// Seconds without a byte moving after which the task fails (Apple: timeoutInterval). 0, the default, means as the
/// session's configuration says; INFINITY means never. INVALID_ARGUMENT: negative or not a number.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_set_timeout_interval(
    request: *mut UrlSessionRequest,
    seconds: f64,
) -> UrlSessionStatus {
    change(request, |request| Ok(request.set_timeout(Interval::from_seconds(seconds).map_err(invalid)?)))
}

/// The above; 0 where the session's counts.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_timeout_interval(request: *const UrlSessionRequest) -> f64 {
    boundary(|| Ok(borrow::<RequestObject>(request)?.with(|request| request.timeout().seconds())))
}

/// Seconds that the whole task may take, for this request only; Apple has this for sessions alone. 0, the default,
/// means as the session's configuration says; INFINITY means any time. INVALID_ARGUMENT: negative or not a number.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_set_timeout_interval_for_resource(
    request: *mut UrlSessionRequest,
    seconds: f64,
) -> UrlSessionStatus {
    change(request, |request| Ok(request.set_resource_timeout(Interval::from_seconds(seconds).map_err(invalid)?)))
}

/// The above; 0 where the session's counts.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_timeout_interval_for_resource(request: *const UrlSessionRequest) -> f64 {
    boundary(|| Ok(borrow::<RequestObject>(request)?.with(|request| request.resource_timeout().seconds())))
}

/// How many redirects are followed for this request; 0 follows none, and the 3xx with its body is the result.
/// Negative, the default, means as the session's configuration says. At most 1000.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_request_set_maximum_redirects(
    request: *mut UrlSessionRequest,
    redirects: i32,
) -> UrlSessionStatus {
    change(request, |request| request.set_maximum_redirects(u32::try_from(redirects).ok()).map_err(invalid))
}

pub(super) fn snapshot(request: *const UrlSessionRequest) -> Result<Request, UrlSessionStatus> {
    Ok(borrow::<RequestObject>(request)?.with(|request| request.clone()))
}

/// The body before may be the application's, whose release is not called under a lock.
fn set_body(
    request: *mut UrlSessionRequest,
    body: impl FnOnce() -> Result<Body, UrlSessionStatus>,
) -> UrlSessionStatus {
    checked(|| {
        let (request, body) = (borrow::<RequestObject>(request)?, body()?);
        let before = request.with(|request| request.replace_body(body));
        Ok(drop(before))
    })
}

pub(super) fn change(
    request: *mut UrlSessionRequest,
    change: impl FnOnce(&mut Request) -> Result<(), UrlSessionStatus>,
) -> UrlSessionStatus {
    checked(|| borrow::<RequestObject>(request)?.with(change))
}
