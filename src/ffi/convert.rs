//! Between C's values and Rust's, and the one place where a panic stops.

use std::ffi::{CStr, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr;
use std::sync::Arc;

use super::handle::{self, Handle};
use super::{UrlSessionError, UrlSessionStatus};
use crate::error::Error;

/// What a function returns to C when it has nothing better to say.
pub(super) trait Fallback {
    fn fallback(status: UrlSessionStatus) -> Self;
}

impl Fallback for UrlSessionStatus {
    fn fallback(status: UrlSessionStatus) -> Self {
        status
    }
}

impl<T> Fallback for *const T {
    fn fallback(_: UrlSessionStatus) -> Self {
        ptr::null()
    }
}

impl<T> Fallback for *mut T {
    fn fallback(_: UrlSessionStatus) -> Self {
        ptr::null_mut()
    }
}

impl<T> Fallback for Option<T> {
    fn fallback(_: UrlSessionStatus) -> Self {
        None
    }
}

macro_rules! zero {
    ($($number:ty),*) => {$(
        impl Fallback for $number {
            fn fallback(_: UrlSessionStatus) -> Self {
                <$number>::default()
            }
        }
    )*};
}
zero!((), bool, u16, i32, u32, i64, u64, usize, f32, f64);

/// The border: neither an early return nor a panic gets past it.
pub(super) fn boundary<R: Fallback>(call: impl FnOnce() -> Result<R, UrlSessionStatus>) -> R {
    match catch_unwind(AssertUnwindSafe(call)) {
        Ok(Ok(value)) => value,
        Ok(Err(status)) => R::fallback(status),
        Err(_) => R::fallback(UrlSessionStatus::INTERNAL),
    }
}

/// [`boundary`] for the functions that return a status.
pub(super) fn checked(call: impl FnOnce() -> Result<(), UrlSessionStatus>) -> UrlSessionStatus {
    boundary(|| call().map(|()| UrlSessionStatus::OK))
}

/// [`checked`] for the functions that give an object: `out` is written in every case, NULL where there is none.
pub(super) fn give<T: Handle>(
    out: *mut *mut T::C,
    call: impl FnOnce() -> Result<Arc<T>, UrlSessionStatus>,
) -> UrlSessionStatus {
    checked(|| {
        write(out, ptr::null_mut())?;
        write(out, handle::give(call()?))
    })
}

/// [`give`] for the functions that may well have none to give.
pub(super) fn give_if_any<T: Handle>(
    out: *mut *mut T::C,
    call: impl FnOnce() -> Result<Option<Arc<T>>, UrlSessionStatus>,
) -> UrlSessionStatus {
    checked(|| {
        write(out, ptr::null_mut())?;
        call()?.map_or(Ok(()), |object| write(out, handle::give(object)))
    })
}

/// Why a call came to nothing: the caller's fault, or somebody else's.
pub(super) enum Failure {
    Called(UrlSessionStatus),
    Because(Error),
}

impl From<UrlSessionStatus> for Failure {
    fn from(status: UrlSessionStatus) -> Self {
        Self::Called(status)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Because(error)
    }
}

/// [`checked`] for the functions that say why they failed: `error`, if it is wanted, is written in every case.
pub(super) fn explained(
    error: *mut *mut UrlSessionError,
    call: impl FnOnce() -> Result<(), Failure>,
) -> UrlSessionStatus {
    write_if_wanted(error, ptr::null_mut);
    checked(|| match call() {
        Ok(()) => Ok(()),
        Err(Failure::Called(status)) => Err(status),
        Err(Failure::Because(why)) => {
            write_if_wanted(error, || handle::give(Arc::new(why)));
            Err(UrlSessionStatus::FAILED)
        }
    })
}

/// For getters that give one reference, or NULL.
pub(super) fn copied<T: Handle>(call: impl FnOnce() -> Result<Option<Arc<T>>, UrlSessionStatus>) -> *mut T::C {
    boundary(|| Ok(call()?.map_or(ptr::null_mut(), handle::give)))
}

pub(super) fn write<T>(out: *mut T, value: T) -> Result<(), UrlSessionStatus> {
    if out.is_null() {
        return Err(UrlSessionStatus::NULL_ARGUMENT);
    }
    // SAFETY: the header asks for a pointer to writable memory of this type; NULL was refused above.
    unsafe { out.write(value) };
    Ok(())
}

/// For out-parameters that nobody has to want.
pub(super) fn write_if_wanted<T>(out: *mut T, value: impl FnOnce() -> T) {
    if !out.is_null() {
        // SAFETY: the header asks for NULL or a pointer to writable memory of this type.
        unsafe { out.write(value()) };
    }
}

/// The size that a struct of the application's begins with, if it can be right: `least` bytes, and whole words.
pub(super) fn size_of_struct<T>(pointer: *const T, least: usize) -> Result<usize, UrlSessionStatus> {
    if pointer.is_null() {
        return Err(UrlSessionStatus::NULL_ARGUMENT);
    }
    // SAFETY: the header asks for a struct that begins with its own size; NULL was refused above.
    let size = unsafe { pointer.cast::<usize>().read() };
    let fits = size >= least && size.is_multiple_of(size_of::<usize>());
    fits.then_some(size).ok_or(UrlSessionStatus::INVALID_ARGUMENT)
}

/// A struct of the application's, as far as both sides know it; the rest is as in `empty`.
pub(super) fn copy_struct<T: Copy>(pointer: *const T, least: usize, empty: T) -> Result<T, UrlSessionStatus> {
    let known = size_of_struct(pointer, least)?.min(size_of::<T>());
    let mut copy = empty;
    // SAFETY: the application's struct has at least `known` bytes, and so has ours; every field is a word for which all
    // zeros is a value, and `known` cuts between fields.
    unsafe { ptr::copy_nonoverlapping(pointer.cast::<u8>(), (&raw mut copy).cast::<u8>(), known) };
    Ok(copy)
}

/// The text behind `pointer`, for as long as the caller's call lasts.
pub(super) fn text<'a>(pointer: *const c_char) -> Result<&'a str, UrlSessionStatus> {
    optional_text(pointer)?.ok_or(UrlSessionStatus::NULL_ARGUMENT)
}

pub(super) fn optional_text<'a>(pointer: *const c_char) -> Result<Option<&'a str>, UrlSessionStatus> {
    if pointer.is_null() {
        return Ok(None);
    }
    // SAFETY: the header asks for NUL-terminated text that stays as it is during the call; NULL was handled above.
    let text = unsafe { CStr::from_ptr(pointer) };
    text.to_str().map(Some).map_err(|_| UrlSessionStatus::INVALID_ARGUMENT)
}

/// The bytes behind `pointer`, for as long as the caller's call lasts. NULL is allowed when the length is 0.
pub(super) fn bytes<'a>(pointer: *const u8, length: usize) -> Result<&'a [u8], UrlSessionStatus> {
    match (pointer.is_null(), length) {
        (_, 0) => Ok(&[]),
        (true, _) => Err(UrlSessionStatus::NULL_ARGUMENT),
        (false, length) if length > isize::MAX as usize => Err(UrlSessionStatus::INVALID_ARGUMENT),
        // SAFETY: the header asks for `length` readable bytes that stay as they are during the call.
        (false, length) => Ok(unsafe { std::slice::from_raw_parts(pointer, length) }),
    }
}
