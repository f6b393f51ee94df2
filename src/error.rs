//! Why a transfer failed: Apple's number, a sentence that says what to do, the URL, and the cause one layer down.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::identity::Identity;
use crate::message::{Data, Text};

/// Whose numbers a code is in.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Domain {
    UrlError,
    Posix,
    Resolver,
    Tls,
    Url,
    /// A proxy's status of HTTP, or its reply of SOCKS.
    Proxy,
}

impl Domain {
    fn text(self) -> &'static Text {
        static TEXTS: [Text; 6] = [
            Text::from_static("NSURLErrorDomain\0"),
            Text::from_static("NSPOSIXErrorDomain\0"),
            Text::from_static("UrlSessionResolverDomain\0"),
            Text::from_static("UrlSessionTlsDomain\0"),
            Text::from_static("UrlSessionUrlDomain\0"),
            Text::from_static("UrlSessionProxyDomain\0"),
        ];
        &TEXTS[self as usize]
    }
}

/// A number within a domain; the constants are those of NSURLErrorDomain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) struct Code(pub i32);

impl Code {
    pub(crate) const UNKNOWN: Self = Self(-1);
    pub(crate) const CANCELLED: Self = Self(-999);
    pub(crate) const BAD_URL: Self = Self(-1000);
    pub(crate) const TIMED_OUT: Self = Self(-1001);
    pub(crate) const UNSUPPORTED_URL: Self = Self(-1002);
    pub(crate) const CANNOT_FIND_HOST: Self = Self(-1003);
    pub(crate) const CANNOT_CONNECT_TO_HOST: Self = Self(-1004);
    pub(crate) const NETWORK_CONNECTION_LOST: Self = Self(-1005);
    pub(crate) const DNS_LOOKUP_FAILED: Self = Self(-1006);
    pub(crate) const HTTP_TOO_MANY_REDIRECTS: Self = Self(-1007);
    pub(crate) const NOT_CONNECTED_TO_INTERNET: Self = Self(-1009);
    pub(crate) const REDIRECT_TO_NON_EXISTENT_LOCATION: Self = Self(-1010);
    pub(crate) const BAD_SERVER_RESPONSE: Self = Self(-1011);
    pub(crate) const USER_AUTHENTICATION_REQUIRED: Self = Self(-1013);
    pub(crate) const REQUEST_BODY_STREAM_EXHAUSTED: Self = Self(-1021);
    pub(crate) const APP_TRANSPORT_SECURITY_REQUIRES_SECURE_CONNECTION: Self = Self(-1022);
    pub(crate) const CANNOT_DECODE_RAW_DATA: Self = Self(-1015);
    pub(crate) const CANNOT_DECODE_CONTENT_DATA: Self = Self(-1016);
    pub(crate) const CANNOT_PARSE_RESPONSE: Self = Self(-1017);
    pub(crate) const FILE_DOES_NOT_EXIST: Self = Self(-1100);
    pub(crate) const FILE_IS_DIRECTORY: Self = Self(-1101);
    pub(crate) const NO_PERMISSIONS_TO_READ_FILE: Self = Self(-1102);
    pub(crate) const DATA_LENGTH_EXCEEDS_MAXIMUM: Self = Self(-1103);
    pub(crate) const SECURE_CONNECTION_FAILED: Self = Self(-1200);
    pub(crate) const SERVER_CERTIFICATE_HAS_BAD_DATE: Self = Self(-1201);
    pub(crate) const SERVER_CERTIFICATE_UNTRUSTED: Self = Self(-1202);
    pub(crate) const SERVER_CERTIFICATE_HAS_UNKNOWN_ROOT: Self = Self(-1203);
    pub(crate) const SERVER_CERTIFICATE_NOT_YET_VALID: Self = Self(-1204);
    pub(crate) const CLIENT_CERTIFICATE_REJECTED: Self = Self(-1205);
    pub(crate) const CLIENT_CERTIFICATE_REQUIRED: Self = Self(-1206);
    pub(crate) const CANNOT_CREATE_FILE: Self = Self(-3000);
    pub(crate) const CANNOT_OPEN_FILE: Self = Self(-3001);
    pub(crate) const CANNOT_WRITE_TO_FILE: Self = Self(-3003);
    pub(crate) const CANNOT_MOVE_FILE: Self = Self(-3005);
}

/// Which timer ran out.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Timeout {
    None = 0,
    Connect = 1,
    Request = 2,
    Resource = 3,
}

#[derive(Debug)]
pub struct Error {
    pub(crate) identity: Identity,
    domain: Domain,
    code: Code,
    message: Text,
    failing_url: Option<Text>,
    timeout: Timeout,
    underlying: Option<Arc<Error>>,
    resume_data: Option<Arc<Data>>,
}

impl Error {
    pub(crate) fn new(code: Code, message: impl Into<String>) -> Self {
        Self::underlying_in(Domain::UrlError, code.0, message)
    }

    /// An error of a lower layer, in that layer's numbers.
    pub(crate) fn underlying_in(domain: Domain, number: i32, message: impl Into<String>) -> Self {
        Self {
            identity: Identity::next(),
            domain,
            code: Code(number),
            message: Text::from(message.into()),
            failing_url: None,
            timeout: Timeout::None,
            underlying: None,
            resume_data: None,
        }
    }

    pub(crate) fn cancelled() -> Self {
        Self::new(Code::CANCELLED, "the task was cancelled")
    }

    /// A panic of ours.
    pub(crate) fn fault() -> Self {
        Self::new(Code::UNKNOWN, "a fault inside the library ended this task: please report it")
    }

    pub(crate) fn timed_out(timeout: Timeout) -> Self {
        let message = match timeout {
            Timeout::Connect => "no connection in time: check the network, or allow more time to connect",
            Timeout::Request | Timeout::None => "no byte moved in time: try again, or allow a longer request timeout",
            Timeout::Resource => "the task took too long: try again, or allow a longer resource timeout",
        };
        Self { timeout, ..Self::new(Code::TIMED_OUT, message) }
    }

    /// TLS failed, or what it is for.
    pub(crate) fn is_about_trust(&self) -> bool {
        (Code::CLIENT_CERTIFICATE_REQUIRED.0..=Code::SECURE_CONNECTION_FAILED.0).contains(&self.code.0)
    }

    /// The server does not like ours, or that there is none.
    pub(crate) fn is_about_client_certificate(&self) -> bool {
        matches!(self.code, Code::CLIENT_CERTIFICATE_REJECTED | Code::CLIENT_CERTIFICATE_REQUIRED)
    }

    /// What should be sent could not be had.
    pub(crate) fn is_about_body(&self) -> bool {
        let file = Code::NO_PERMISSIONS_TO_READ_FILE.0..=Code::FILE_DOES_NOT_EXIST.0;
        self.code == Code::REQUEST_BODY_STREAM_EXHAUSTED || file.contains(&self.code.0)
    }

    /// The connection broke, with the system's reason where there is one.
    pub(crate) fn lost(message: &str, cause: Option<&io::Error>) -> Self {
        Self::new(Code::NETWORK_CONNECTION_LOST, message).because_of(cause)
    }

    /// The same again, for another to keep.
    pub(crate) fn again(&self) -> Self {
        Self {
            identity: Identity::next(),
            domain: self.domain,
            code: self.code,
            message: self.message.clone(),
            failing_url: self.failing_url.clone(),
            timeout: self.timeout,
            underlying: self.underlying.clone(),
            resume_data: self.resume_data.clone(),
        }
    }

    /// The same of somebody else than the URL's server.
    pub(crate) fn about(self, whom: impl fmt::Display) -> Self {
        Self { message: Text::from(format!("{whom}: {}", self.message)), ..self }
    }

    pub(crate) fn because(mut self, underlying: Error) -> Self {
        self.underlying = Some(Arc::new(underlying));
        self
    }

    pub(crate) fn because_of(self, cause: Option<&io::Error>) -> Self {
        let Some(cause) = cause else { return self };
        let number = cause.raw_os_error().unwrap_or_default();
        self.because(Self::underlying_in(Domain::Posix, number, cause.to_string()))
    }

    /// A download that can go on where it stopped.
    pub(crate) fn with_resume_data(self, resume_data: Arc<Data>) -> Self {
        Self { resume_data: Some(resume_data), ..self }
    }

    /// Names the URL, unless one is named already.
    pub(crate) fn at(mut self, url: impl FnOnce() -> Text) -> Self {
        self.failing_url.get_or_insert_with(url);
        self
    }

    pub(crate) fn domain(&self) -> &Text {
        self.domain.text()
    }

    pub(crate) fn code(&self) -> Code {
        self.code
    }

    pub(crate) fn message(&self) -> &Text {
        &self.message
    }

    pub(crate) fn failing_url(&self) -> Option<&Text> {
        self.failing_url.as_ref()
    }

    pub(crate) fn timeout(&self) -> Timeout {
        self.timeout
    }

    pub(crate) fn resume_data(&self) -> Option<&Arc<Data>> {
        self.resume_data.as_ref()
    }

    pub(crate) fn underlying(&self) -> Option<&Arc<Error>> {
        self.underlying.as_ref()
    }
}

impl PartialEq for Error {
    fn eq(&self, other: &Self) -> bool {
        self.domain == other.domain && self.code == other.code
    }
}
