use std::ffi::c_char;
use std::ptr;

use super::UrlSessionStatus;
use super::convert::{boundary, checked, text, write};
use super::handle::{self, Handle, borrow};
use crate::identity::Identity;
use crate::message::Response;

/// The head of an answer (Apple: URLResponse and HTTPURLResponse in one). Unchanging; any thread, any time. What its
/// getters lend lives as long as you hold the response.
pub struct UrlSessionResponse(());

impl Handle for Response {
    type C = UrlSessionResponse;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// Takes one more reference; gives back `response`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_response_retain(response: *mut UrlSessionResponse) -> *mut UrlSessionResponse {
    boundary(|| Ok(handle::retain::<Response>(response)))
}

/// Gives one reference back; NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_response_release(response: *mut UrlSessionResponse) {
    boundary(|| Ok(handle::release::<Response>(response)))
}

/// The URL that answered, after redirects. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_response_url(response: *const UrlSessionResponse) -> *const c_char {
    boundary(|| Ok(borrow::<Response>(response)?.url_text().as_ptr()))
}

/// The status code, 100 to 999; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_response_status_code(response: *const UrlSessionResponse) -> i32 {
    boundary(|| Ok(i32::from(borrow::<Response>(response)?.status())))
}

/// The type of the content in small letters, without parameters, such as "text/html"; NULL where the server named
/// none. The content itself is not looked at.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_response_mime_type(response: *const UrlSessionResponse) -> *const c_char {
    boundary(|| Ok(borrow::<Response>(response)?.mime_type().map_or(ptr::null(), |text| text.as_ptr())))
}

/// The charset that the server named, in small letters, such as "utf-8"; NULL where it named none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_response_text_encoding_name(response: *const UrlSessionResponse) -> *const c_char {
    boundary(|| Ok(borrow::<Response>(response)?.text_encoding_name().map_or(ptr::null(), |text| text.as_ptr())))
}

/// How many bytes the data slot will get in all; -1 where that is not known: chunked, until the connection closes, or
/// with a content coding. Also -1 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_response_expected_content_length(response: *const UrlSessionResponse) -> i64 {
    boundary(|| Ok(Some(borrow::<Response>(response)?.expected_content_length()))).unwrap_or(-1)
}

/// A name to save the content under: from Content-Disposition (RFC 6266), else the last part of the path, else the
/// host; with an extension that fits the type where it has none. Never a path, never empty, never "." or "..".
#[unsafe(no_mangle)]
pub extern "C" fn url_session_response_suggested_filename(response: *const UrlSessionResponse) -> *const c_char {
    boundary(|| Ok(borrow::<Response>(response)?.suggested_filename().as_ptr()))
}

/// The value of a header field, whatever its case; repeated fields joined with ", ", but of Set-Cookie only the first
/// (walk the fields for the rest). Bytes that are not UTF-8 are read as Latin-1. NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_response_value_for_header_field(
    response: *const UrlSessionResponse,
    name: *const c_char,
) -> *const c_char {
    boundary(|| {
        let name = text(name)?;
        Ok(borrow::<Response>(response)?.joined(name).map_or(ptr::null(), |value| value.as_ptr()))
    })
}

/// How many header fields came, repeated ones counted each.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_response_header_field_count(response: *const UrlSessionResponse) -> usize {
    boundary(|| Ok(borrow::<Response>(response)?.fields().len()))
}

/// The header field at `index`, in the order and case of the wire: the name as text, the value as `length` bytes with
/// a NUL behind them. INVALID_ARGUMENT past the end; then the out-parameters are NULL, NULL and 0.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_response_header_field_at(
    response: *const UrlSessionResponse,
    index: usize,
    name: *mut *const c_char,
    value: *mut *const u8,
    length: *mut usize,
) -> UrlSessionStatus {
    checked(|| {
        write(name, ptr::null()).and(write(value, ptr::null())).and(write(length, 0))?;
        let response = borrow::<Response>(response)?;
        let field = response.fields().get(index).ok_or(UrlSessionStatus::INVALID_ARGUMENT)?;
        write(name, field.name().as_ptr())?;
        write(value, field.value().as_ptr())?;
        write(length, field.value().len())
    })
}
