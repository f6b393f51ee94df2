//! Step 3: what a task was made for, with what its session adds.

use std::path::PathBuf;
use std::sync::Arc;

use http::header::AUTHORIZATION;
use url::Url;

use super::cookies::CookieRules;
use crate::challenge::Credential;
use crate::error::Error;
use crate::message::{ACCEPTED_CODINGS, Field, Headers, Invalid, Request, RequestCredential, Text, is_same_origin};
use crate::store::{CredentialStorage, HstsStorage, Netrc};
use crate::task::Task;

/// What a session's configuration says about every task.
#[derive(Clone)]
pub(crate) struct Rules {
    /// For every request that does not set them itself.
    pub(crate) headers: Headers,
    pub(crate) redirects: u32,
    /// Which hosts want https; none remembers nothing.
    pub(crate) hsts: Option<Arc<HstsStorage>>,
    /// Goes nowhere over http.
    pub(crate) requires_https: bool,
    /// Names of header fields that stay with the origin they were meant for, beside those that everybody knows.
    pub(crate) sensitive: Vec<Text>,
    /// What the session is at which origins.
    pub(crate) credentials: Vec<(Url, Arc<Credential>)>,
    pub(crate) credential_storage: Option<Arc<CredentialStorage>>,
    pub(crate) netrc: NetrcFile,
    pub(crate) decoded_size: u64,
    pub(crate) gathered_size: u64,
    pub(crate) decompression_ratio: u32,
    /// None is the system's for temporary files.
    pub(crate) download_directory: Option<Text>,
    pub(crate) downloads_require_success: bool,
    pub(crate) cookies: CookieRules,
}

/// Where a netrc file is, if one is used.
#[derive(Clone)]
pub(crate) enum NetrcFile {
    Unused,
    /// Where everybody looks.
    Usual,
    Named(Text),
}

impl NetrcFile {
    pub(super) fn path(&self) -> Option<PathBuf> {
        match self {
            Self::Unused => None,
            Self::Usual => Netrc::path(),
            Self::Named(path) => Some(PathBuf::from(path.as_str())),
        }
    }
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            headers: Headers::default(),
            redirects: 20,
            hsts: Some(HstsStorage::shared().clone()),
            requires_https: false,
            sensitive: Vec::new(),
            credentials: Vec::new(),
            credential_storage: Some(CredentialStorage::shared().clone()),
            netrc: NetrcFile::Unused,
            decoded_size: u64::MAX,
            gathered_size: 256 << 20,
            decompression_ratio: 250,
            download_directory: None,
            downloads_require_success: false,
            cookies: CookieRules::default(),
        }
    }
}

impl Rules {
    pub(crate) fn add_sensitive(&mut self, name: &str) -> Result<(), Invalid> {
        http::HeaderName::from_bytes(name.as_bytes()).map_err(|_| Invalid)?;
        self.sensitive.push(Text::new(name));
        Ok(())
    }

    /// In place of what was said for this origin before.
    pub(crate) fn set_credential(&mut self, origin: Url, credential: Option<Arc<Credential>>) {
        self.credentials.retain(|(known, _)| !is_same_origin(known, &origin));
        self.credentials.extend(credential.map(|credential| (origin, credential)));
    }

    pub(crate) fn download_directory(&self) -> PathBuf {
        let configured = self.download_directory.as_ref().map(|path| PathBuf::from(path.as_str()));
        let directory = configured.unwrap_or_else(std::env::temp_dir);
        // Where the program stands may change while a download goes on.
        std::path::absolute(&directory).unwrap_or(directory)
    }
}

const USER_AGENT: &str = concat!("liburlsession/", env!("CARGO_PKG_VERSION"), "\0");

/// What the library adds where neither the request nor the session says anything else.
static DEFAULTS: [Field; 4] = [
    Field::new(Text::from_static("user-agent\0"), Text::from_static(USER_AGENT)),
    Field::new(Text::from_static("accept\0"), Text::from_static("*/*\0")),
    Field::new(Text::from_static("accept-encoding\0"), Text::from_static(ACCEPTED_CODINGS)),
    Field::new(Text::from_static("connection\0"), Text::from_static("keep-alive\0")),
];

static AS_IT_IS: Field = Field::new(Text::from_static("accept-encoding\0"), Text::from_static("identity\0"));

/// What the library adds to a request that the application answered with; the session's own fields may hold secrets,
/// which are for the first origin alone.
pub(super) fn complete(task: &Task, mut request: Request) -> Request {
    let headers = request.headers_mut();
    // A part of a body is a part of its coded form, which nothing can decode; and a download may be taken in parts.
    if headers.contains("range") || task.is_download() {
        headers.add_default(&AS_IT_IS);
    }
    for field in &DEFAULTS {
        headers.add_default(field);
    }
    request.declare_length();
    request
}

/// The request as it goes out first.
pub(super) fn first(task: &Task, rules: &Rules) -> Result<Arc<Request>, Error> {
    let original = task.original_request();
    original.url()?;
    let mut request = Request::clone(original);
    // Row R020: who the request is for itself beats what the session says in a field.
    let says_who = !matches!(original.credential(), RequestCredential::Inherit);
    for field in rules.headers.iter().filter(|field| !says_who || !field.is(AUTHORIZATION.as_str())) {
        request.headers_mut().add_default(field);
    }
    let request = Arc::new(complete(task, request));
    task.set_current_request(request.clone());
    Ok(request)
}
