use std::ffi::c_char;
use std::sync::Arc;

use super::convert::{boundary, bytes, checked, copied, optional_text, text};
use super::handle::{self, Builder, Handle, borrow};
use super::{UrlSessionBodyStream, UrlSessionStatus, invalid};
use crate::identity::Identity;
use crate::message::{BodyStream, MultipartForm};

/// A form of fields and files as a body (RFC 7578). Filled by one thread; files are read when they are sent, piece by
/// piece. Names and file names may hold anything: what would break the form is written as browsers do it, a quote as
/// %22, CR as %0D, LF as %0A.
pub struct UrlSessionMultipartForm(());

/// A form as C fills it.
pub(super) type FormObject = Builder<MultipartForm>;

impl Handle for FormObject {
    type C = UrlSessionMultipartForm;

    fn identity(&self) -> Identity {
        Builder::identity(self)
    }
}

/// An empty form with a boundary of its own; one reference is yours.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_multipart_form_new() -> *mut UrlSessionMultipartForm {
    copied(|| Ok(Some(Builder::new(MultipartForm::new()))))
}

/// Takes one more reference; gives back `form`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_multipart_form_retain(
    form: *mut UrlSessionMultipartForm,
) -> *mut UrlSessionMultipartForm {
    boundary(|| Ok(handle::retain::<FormObject>(form)))
}

/// Gives one reference back; NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_multipart_form_release(form: *mut UrlSessionMultipartForm) {
    boundary(|| Ok(handle::release::<FormObject>(form)))
}

/// A field; both texts are copied, neither may be NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_multipart_form_add_field(
    form: *mut UrlSessionMultipartForm,
    name: *const c_char,
    value: *const c_char,
) -> UrlSessionStatus {
    change(form, |form| Ok(form.add_field(text(name)?, text(value)?)))
}

/// Bytes, copied, as a part; `name`: not NULL. NULL as `filename` makes a field of them, NULL as `content_type` leaves
/// their type unsaid. INVALID_ARGUMENT: a content type that cannot stand in a header.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_multipart_form_add_bytes(
    form: *mut UrlSessionMultipartForm,
    name: *const c_char,
    filename: *const c_char,
    content_type: *const c_char,
    content: *const u8,
    length: usize,
) -> UrlSessionStatus {
    change(form, |form| {
        let (filename, content_type) = (optional_text(filename)?, optional_text(content_type)?);
        form.add_bytes(text(name)?, filename, content_type, bytes(content, length)?).map_err(invalid)
    })
}

/// A file as a part; `name` and `path`: not NULL. NULL as `filename` takes the last part of `path`, NULL as
/// `content_type` guesses by its ending. A file that is missing when the form is sent fails the task with
/// FILE_DOES_NOT_EXIST. INVALID_ARGUMENT as above.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_multipart_form_add_file(
    form: *mut UrlSessionMultipartForm,
    name: *const c_char,
    path: *const c_char,
    filename: *const c_char,
    content_type: *const c_char,
) -> UrlSessionStatus {
    change(form, |form| {
        let (filename, content_type) = (optional_text(filename)?, optional_text(content_type)?);
        form.add_file(text(name)?, text(path)?, filename, content_type).map_err(invalid)
    })
}

/// The value for the header field Content-Type, with the boundary. Lent as long as you hold the form; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_multipart_form_content_type(form: *const UrlSessionMultipartForm) -> *const c_char {
    boundary(|| Ok(borrow::<FormObject>(form)?.with(|form| form.content_type().as_ptr())))
}

/// The form as it stands, as a body whose length is known when it is sent, and which can be sent again; one reference
/// is yours. NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_multipart_form_copy_body_stream(
    form: *const UrlSessionMultipartForm,
) -> *mut UrlSessionBodyStream {
    copied(|| Ok(Some(BodyStream::new(snapshot(form)?.body()))))
}

pub(super) fn snapshot(form: *const UrlSessionMultipartForm) -> Result<MultipartForm, UrlSessionStatus> {
    Ok(borrow::<FormObject>(form)?.with(|form| form.clone()))
}

fn change(
    form: *mut UrlSessionMultipartForm,
    change: impl FnOnce(&mut MultipartForm) -> Result<(), UrlSessionStatus>,
) -> UrlSessionStatus {
    checked(|| {
        let form: Arc<FormObject> = borrow(form)?;
        form.with(change)
    })
}
