use std::ffi::c_char;
use std::ptr;

use super::UrlSessionData;
use super::convert::{boundary, copied};
use super::handle::{self, Handle, borrow};
use crate::error::Error;
use crate::identity::Identity;

/// Why a transfer failed (Apple: NSError, URLError). Unchanging; any thread, any time; good after its task is gone.
/// HTTP 4xx and 5xx are answers, not errors.
pub struct UrlSessionError(());

impl Handle for Error {
    type C = UrlSessionError;

    fn identity(&self) -> Identity {
        self.identity
    }
}

/// The number of an error in the domain "NSURLErrorDomain", Apple's own numbers.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UrlSessionErrorCode(pub i32);

impl UrlSessionErrorCode {
    /// Nothing better is known; also a fault inside the library, which ended this task only.
    pub const UNKNOWN: Self = Self(-1);
    /// The task or its session was cancelled, or a delegate answered so.
    pub const CANCELLED: Self = Self(-999);
    /// The URL is empty, cannot be parsed or has no host; the underlying error says which. Also what the environment
    /// has for a proxy, where it is none.
    pub const BAD_URL: Self = Self(-1000);
    /// A timer ran out; see url_session_error_timeout for which.
    pub const TIMED_OUT: Self = Self(-1001);
    /// The scheme is not http or https.
    pub const UNSUPPORTED_URL: Self = Self(-1002);
    /// The host name does not exist.
    pub const CANNOT_FIND_HOST: Self = Self(-1003);
    /// Refused or unreachable; also a proxy that will not connect to the host.
    pub const CANNOT_CONNECT_TO_HOST: Self = Self(-1004);
    /// The connection ended before the exchange did; also a body shorter than its Content-Length.
    pub const NETWORK_CONNECTION_LOST: Self = Self(-1005);
    /// The resolver failed or could not be reached.
    pub const DNS_LOOKUP_FAILED: Self = Self(-1006);
    /// More redirects than allowed; the task's response is the last one.
    pub const HTTP_TOO_MANY_REDIRECTS: Self = Self(-1007);
    /// No route to any network.
    pub const NOT_CONNECTED_TO_INTERNET: Self = Self(-1009);
    /// A redirect whose Location is no usable URL.
    pub const REDIRECT_TO_NON_EXISTENT_LOCATION: Self = Self(-1010);
    /// What answered does not speak HTTP; or the status of a download is an error, where the configuration says so.
    pub const BAD_SERVER_RESPONSE: Self = Self(-1011);
    /// A proxy asks for a user and a password, and accepts none that there are.
    pub const USER_AUTHENTICATION_REQUIRED: Self = Self(-1013);
    /// The body's framing (chunked, transfer coding) is broken; or there is no certificate, or no key to it, in what
    /// was given as one.
    pub const CANNOT_DECODE_RAW_DATA: Self = Self(-1015);
    /// The body's content coding is broken or unknown.
    pub const CANNOT_DECODE_CONTENT_DATA: Self = Self(-1016);
    /// The response's head is malformed or too large.
    pub const CANNOT_PARSE_RESPONSE: Self = Self(-1017);
    /// The body has to go out and there is no stream for it, or the stream failed or has not as many bytes as it says.
    pub const REQUEST_BODY_STREAM_EXHAUSTED: Self = Self(-1021);
    /// The URL is http, and the configuration requires https; nothing was sent.
    pub const APP_TRANSPORT_SECURITY_REQUIRES_SECURE_CONNECTION: Self = Self(-1022);
    /// The file to upload is not there.
    pub const FILE_DOES_NOT_EXIST: Self = Self(-1100);
    /// The file to upload is a directory.
    pub const FILE_IS_DIRECTORY: Self = Self(-1101);
    /// The file to upload may not be read.
    pub const NO_PERMISSIONS_TO_READ_FILE: Self = Self(-1102);
    /// A body is larger than a limit of the configuration allows.
    pub const DATA_LENGTH_EXCEEDS_MAXIMUM: Self = Self(-1103);
    /// The TLS handshake failed, or the versions and suites have no overlap.
    pub const SECURE_CONNECTION_FAILED: Self = Self(-1200);
    /// The server's certificate has expired.
    pub const SERVER_CERTIFICATE_HAS_BAD_DATE: Self = Self(-1201);
    /// The server's certificate is for another host, revoked, malformed or not meant for a server; or the host's pins
    /// (url_session_configuration_add_pinned_public_key) or the application do not want it.
    pub const SERVER_CERTIFICATE_UNTRUSTED: Self = Self(-1202);
    /// The server's certificate was signed by nobody this session trusts.
    pub const SERVER_CERTIFICATE_HAS_UNKNOWN_ROOT: Self = Self(-1203);
    /// The server's certificate is not valid yet.
    pub const SERVER_CERTIFICATE_NOT_YET_VALID: Self = Self(-1204);
    /// The server refused the client's certificate.
    pub const CLIENT_CERTIFICATE_REJECTED: Self = Self(-1205);
    /// The server asks for a client certificate.
    pub const CLIENT_CERTIFICATE_REQUIRED: Self = Self(-1206);
    /// The temporary file of a download cannot be made.
    pub const CANNOT_CREATE_FILE: Self = Self(-3000);
    /// The temporary file of a download was taken away while it was written; or what should be uploaded is a pipe or a
    /// device, or could not be opened for want of descriptors.
    pub const CANNOT_OPEN_FILE: Self = Self(-3001);
    /// The temporary file of a download cannot be written to, for example because the disk is full.
    pub const CANNOT_WRITE_TO_FILE: Self = Self(-3003);
    /// A downloaded file cannot be moved to where it should go.
    pub const CANNOT_MOVE_FILE: Self = Self(-3005);
}

/// Which timer made an error UrlSessionErrorCode TIMED_OUT.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct UrlSessionTimeout(pub u32);

impl UrlSessionTimeout {
    /// The error is not a timeout.
    pub const NONE: Self = Self(0);
    /// Waiting for a connection, resolving, connecting and the TLS handshake took too long together.
    pub const CONNECT: Self = Self(1);
    /// No byte moved for too long.
    pub const REQUEST: Self = Self(2);
    /// The whole task took too long.
    pub const RESOURCE: Self = Self(3);
}

/// Takes one more reference; gives back `error`, or NULL where it is not a living handle.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_error_retain(error: *mut UrlSessionError) -> *mut UrlSessionError {
    boundary(|| Ok(handle::retain::<Error>(error)))
}

/// Gives one reference back; NULL does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_error_release(error: *mut UrlSessionError) {
    boundary(|| Ok(handle::release::<Error>(error)))
}

/// Whose numbers the code is in: "NSURLErrorDomain" for every error a task ends with; underlying errors also have
/// "NSPOSIXErrorDomain" (errno), "UrlSessionResolverDomain" (getaddrinfo), "UrlSessionTlsDomain" (TLS alert, 0 where
/// there was none), "UrlSessionUrlDomain" (1 empty, 2 cannot be parsed, 3 no host) and "UrlSessionProxyDomain" (what a
/// proxy said instead of connecting: a status of HTTP, or a reply of SOCKS, 0 where it was none). Lent by `error`; NULL
/// for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_error_domain(error: *const UrlSessionError) -> *const c_char {
    boundary(|| Ok(borrow::<Error>(error)?.domain().as_ptr()))
}

/// The number within the domain, for "NSURLErrorDomain" a UrlSessionErrorCode; 0 for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_error_code(error: *const UrlSessionError) -> i32 {
    boundary(|| Ok(borrow::<Error>(error)?.code().0))
}

/// What happened and what to do, for a person to read (Apple: localizedDescription; ours is English). Holds no
/// secrets. Lent by `error`; NULL for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_error_message(error: *const UrlSessionError) -> *const c_char {
    boundary(|| Ok(borrow::<Error>(error)?.message().as_ptr()))
}

/// The URL that failed, after redirects, without user and password (Apple: failingURL). Lent by `error`; NULL where
/// there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_error_failing_url(error: *const UrlSessionError) -> *const c_char {
    boundary(|| Ok(borrow::<Error>(error)?.failing_url().map_or(ptr::null(), |url| url.as_ptr())))
}

/// Which timer ran out; NONE for any other error and for NULL. Apple has one code for them all.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_error_timeout(error: *const UrlSessionError) -> UrlSessionTimeout {
    UrlSessionTimeout(boundary(|| Ok(borrow::<Error>(error)?.timeout() as u32)))
}

/// The cause one layer down: the system's, the resolver's or TLS's own error (Apple: NSUnderlyingErrorKey). One
/// reference is yours; NULL where there is none.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_error_copy_underlying(error: *const UrlSessionError) -> *mut UrlSessionError {
    copied(|| Ok(borrow::<Error>(error)?.underlying().cloned()))
}

/// What the download that failed, or was cancelled by url_session_task_cancel_by_producing_resume_data, can go on from
/// (Apple: NSURLSessionDownloadTaskResumeData); one reference is yours. NULL where it cannot.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_error_copy_resume_data(error: *const UrlSessionError) -> *mut UrlSessionData {
    copied(|| Ok(borrow::<Error>(error)?.resume_data().cloned()))
}

/// Whether both are errors of the same domain and code. NULL equals nothing.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_error_is_equal(error: *const UrlSessionError, other: *const UrlSessionError) -> bool {
    boundary(|| Ok(borrow::<Error>(error)? == borrow::<Error>(other)?))
}
