use super::convert::{boundary, copied};
use super::handle::{self, Handle, borrow};
use crate::identity::Identity;
use crate::message::Data;

/// Counted, unchanging bytes: a received chunk, a gathered body, or a text that was copied out (Apple: NSData).
/// Any thread, any time.
pub struct UrlSessionData(());

impl Handle for Data {
    type C = UrlSessionData;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// Takes one more reference; gives back `data`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_data_retain(data: *mut UrlSessionData) -> *mut UrlSessionData {
    boundary(|| Ok(handle::retain::<Data>(data)))
}

/// Gives one reference back; NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_data_release(data: *mut UrlSessionData) {
    boundary(|| Ok(handle::release::<Data>(data)))
}

/// The bytes, for as long as you hold `data`; where they are text, one NUL follows that the length does not count.
/// NULL for a NULL or released handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_data_bytes(data: *const UrlSessionData) -> *const u8 {
    boundary(|| Ok(borrow::<Data>(data)?.bytes().as_ptr()))
}

/// How many bytes; 0 for a NULL or released handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_data_length(data: *const UrlSessionData) -> usize {
    boundary(|| Ok(borrow::<Data>(data)?.bytes().len()))
}

/// Copies bytes into an object that can be kept; NULL for NULL bytes with a length.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_data_new(bytes: *const u8, length: usize) -> *mut UrlSessionData {
    copied(|| Ok(Some(Data::copy(super::convert::bytes(bytes, length)?))))
}
