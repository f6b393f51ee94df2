use std::ffi::c_char;

/// What a call to this library says: whether *you called it right*. How a transfer went is a UrlSessionError.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct UrlSessionStatus(pub u32);

impl UrlSessionStatus {
    /// Done.
    pub const OK: Self = Self(0);
    /// A pointer that must not be NULL was NULL. Nothing was done.
    pub const NULL_ARGUMENT: Self = Self(1);
    /// A number, a text or a size that this function does not take. Nothing was done.
    pub const INVALID_ARGUMENT: Self = Self(2);
    /// The handle was released before, or never was one of this kind. Nothing was done.
    pub const INVALID_HANDLE: Self = Self(3);
    /// Right call, wrong moment: for example a delegate for a task that runs already. Nothing was done.
    pub const INVALID_STATE: Self = Self(4);
    /// A completion was answered before; the first answer stands.
    pub const ALREADY_ANSWERED: Self = Self(5);
    /// The session was invalidated: it makes no more tasks.
    pub const SESSION_INVALIDATED: Self = Self(6);
    /// The system gave no thread, no memory or no descriptor.
    pub const OUT_OF_RESOURCES: Self = Self(7);
    /// A fault inside the library, kept from crossing the border. Please report it.
    pub const INTERNAL: Self = Self(8);
    /// The call was right and the system could not do it: the error that the function gives says why.
    pub const FAILED: Self = Self(9);
}

/// A sentence for a status, in English; never NULL, lives as long as the process. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_status_message(status: UrlSessionStatus) -> *const c_char {
    let message = match status {
        UrlSessionStatus::OK => c"the call was right",
        UrlSessionStatus::NULL_ARGUMENT => c"a pointer that must not be NULL was NULL: pass an object or a text",
        UrlSessionStatus::INVALID_ARGUMENT => c"an argument is outside what this function takes: see its comment",
        UrlSessionStatus::INVALID_HANDLE => {
            c"the handle was released, or is of another kind: retain an object for as long as you use it"
        }
        UrlSessionStatus::INVALID_STATE => c"the call came at the wrong moment: see when the function may be called",
        UrlSessionStatus::ALREADY_ANSWERED => c"the completion was answered before: the first answer stands",
        UrlSessionStatus::SESSION_INVALIDATED => c"the session was invalidated: make a new one for new tasks",
        UrlSessionStatus::OUT_OF_RESOURCES => c"the system gave no thread, memory or descriptor: close some and retry",
        UrlSessionStatus::INTERNAL => c"a fault inside the library: please report it",
        UrlSessionStatus::FAILED => c"the system could not do it: the error that came with this says why",
        _ => c"not a status of this library",
    };
    message.as_ptr()
}

/// The version of the library that runs, "major.minor.patch"; never NULL, lives as long as the process. Any thread.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_version() -> *const c_char {
    const VERSION: &std::ffi::CStr =
        match std::ffi::CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
            Ok(version) => version,
            Err(_) => c"",
        };
    VERSION.as_ptr()
}
