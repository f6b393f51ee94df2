//! Cookies and their storages.

use std::ffi::c_void;
use std::path::Path;
use std::ptr;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use urlsession::*;

use super::handle::{Configuration, Data, Error, Request, Session, c_text, handle, text};
use super::origin;

handle!(Cookie, UrlSessionCookie, url_session_cookie_retain, url_session_cookie_release);
handle!(CookieStorage, UrlSessionCookieStorage, url_session_cookie_storage_retain, url_session_cookie_storage_release);

/// What a cookie is made of where nothing is said.
pub fn properties() -> UrlSessionCookieProperties {
    UrlSessionCookieProperties {
        size: size_of::<UrlSessionCookieProperties>(),
        name: ptr::null(),
        value: ptr::null(),
        domain: ptr::null(),
        path: ptr::null(),
        expires: 0.0,
        same_site: 0,
        secure: 0,
        http_only: 0,
        host_only: 0,
    }
}

impl Cookie {
    pub fn new(name: &str, value: &str, domain: &str, path: &str) -> Self {
        Self::with(name, value, domain, path, |_| {}).unwrap()
    }

    pub fn with(
        name: &str,
        value: &str,
        domain: &str,
        path: &str,
        change: impl FnOnce(&mut UrlSessionCookieProperties),
    ) -> Result<Self, UrlSessionStatus> {
        let texts = [name, value, domain, path].map(c_text);
        let [name, value, domain, path] = texts.each_ref().map(|text| text.as_ptr());
        let mut properties = UrlSessionCookieProperties { name, value, domain, path, ..properties() };
        change(&mut properties);
        let mut cookie = ptr::null_mut();
        let status = url_session_cookie_new(&properties, &mut cookie);
        Self::adopt(cookie).ok_or(status)
    }

    pub fn name(&self) -> String {
        text(url_session_cookie_name(self.get())).unwrap()
    }

    pub fn value(&self) -> String {
        text(url_session_cookie_value(self.get())).unwrap()
    }

    pub fn domain(&self) -> String {
        text(url_session_cookie_domain(self.get())).unwrap()
    }

    pub fn path(&self) -> String {
        text(url_session_cookie_path(self.get())).unwrap()
    }

    pub fn expires(&self) -> f64 {
        url_session_cookie_expires(self.get())
    }
}

impl Default for CookieStorage {
    fn default() -> Self {
        Self::adopt(url_session_cookie_storage_new()).unwrap()
    }
}

impl CookieStorage {
    /// One that got these Set-Cookie fields from this URL.
    pub fn of(url: &str, fields: &[&str]) -> Self {
        let storage = Self::default();
        for field in fields {
            assert_eq!(storage.store(url, field), UrlSessionStatus::OK, "{field}");
        }
        storage
    }

    pub fn of_configuration(configuration: &Configuration) -> Option<Self> {
        Self::adopt(url_session_configuration_copy_http_cookie_storage(configuration.get()))
    }

    pub fn store(&self, url: &str, field: &str) -> UrlSessionStatus {
        let (url, field) = (c_text(url), c_text(field));
        url_session_cookie_storage_store_header(self.get(), url.as_ptr(), field.as_ptr())
    }

    pub fn set(&self, cookie: &Cookie) {
        assert_eq!(url_session_cookie_storage_set_cookie(self.get(), cookie.get()), UrlSessionStatus::OK);
    }

    /// `a=1; b=2`; empty where nothing goes there.
    pub fn field(&self, url: &str) -> String {
        let field = url_session_cookie_storage_copy_cookie_header(self.get(), c_text(url).as_ptr());
        Data::adopt(field).map(|field| field.text()).unwrap_or_default()
    }

    pub fn cookies(&self) -> Vec<Cookie> {
        let mut cookies: Vec<Cookie> = Vec::new();
        let context = (&raw mut cookies).cast();
        let status = url_session_cookie_storage_get_cookies(self.get(), ptr::null(), Some(gather), context);
        assert_eq!(status, UrlSessionStatus::OK);
        cookies
    }

    /// The names of all, in their order.
    pub fn names(&self) -> String {
        let names: Vec<_> = self.cookies().iter().map(Cookie::name).collect();
        names.join(" ")
    }

    pub fn cookie(
        &self,
        name: &str,
        domain: Option<&str>,
        path: Option<&str>,
    ) -> Result<Option<Cookie>, UrlSessionStatus> {
        let (name, domain, path) = (c_text(name), domain.map(c_text), path.map(c_text));
        let [domain, path] = [&domain, &path].map(|text| text.as_ref().map_or(ptr::null(), |text| text.as_ptr()));
        let mut cookie = ptr::null_mut();
        match url_session_cookie_storage_copy_cookie(self.get(), name.as_ptr(), domain, path, &mut cookie) {
            UrlSessionStatus::OK => Ok(Cookie::adopt(cookie)),
            status => Err(status),
        }
    }

    pub fn netscape(&self) -> String {
        Data::adopt(url_session_cookie_storage_copy_netscape(self.get())).unwrap().text()
    }

    pub fn set_file(&self, path: &Path) -> Result<(), Error> {
        let (path, mut error) = (c_text(path.to_str().unwrap()), ptr::null_mut());
        let status = url_session_cookie_storage_set_file(self.get(), path.as_ptr(), &mut error);
        outcome(status, error)
    }

    pub fn flush(&self) -> Result<(), Error> {
        let mut error = ptr::null_mut();
        let status = url_session_cookie_storage_flush(self.get(), &mut error);
        outcome(status, error)
    }
}

fn outcome(status: UrlSessionStatus, error: *mut UrlSessionError) -> Result<(), Error> {
    let error = Error::adopt(error);
    assert_eq!(status, if error.is_some() { UrlSessionStatus::FAILED } else { UrlSessionStatus::OK });
    error.map_or(Ok(()), Err)
}

unsafe extern "C" fn gather(context: *mut c_void, cookies: *const *mut UrlSessionCookie, count: usize) {
    // SAFETY: the context is the caller's list, and the library lends this many cookies.
    let (list, cookies) = unsafe { (&mut *context.cast::<Vec<Cookie>>(), std::slice::from_raw_parts(cookies, count)) };
    list.extend(cookies.iter().map(|cookie| Cookie::retain(*cookie)));
}

impl Configuration {
    pub fn cookies(self, storage: &CookieStorage) -> Self {
        self.set(|c| url_session_configuration_set_http_cookie_storage(c, storage.get()))
    }

    pub fn should_set_cookies(self, should_set: bool) -> Self {
        self.set(|c| url_session_configuration_set_http_should_set_cookies(c, should_set))
    }

    pub fn accepting(self, policy: UrlSessionCookieAcceptPolicy) -> Self {
        self.set(|c| url_session_configuration_set_http_cookie_accept_policy(c, policy))
    }
}

impl Session {
    pub fn configuration(&self) -> Configuration {
        Configuration::adopt(url_session_copy_configuration(self.get())).unwrap()
    }
}

impl Request {
    pub fn cookie(self, name: &str, value: &str) -> Self {
        let (name, value) = (c_text(name), c_text(value));
        self.set(|r| url_session_request_set_cookie(r, name.as_ptr(), value.as_ptr()))
    }

    pub fn main_document(self, url: &str) -> Self {
        let url = c_text(url);
        self.set(|r| url_session_request_set_main_document_url(r, url.as_ptr()))
    }
}

/// The target at a standard origin whose answer sets these cookies, with this status, and leads there.
pub fn setting(cookies: &[&str], status: u16, to: &str) -> String {
    let encode = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
    let cookies: String = cookies.iter().map(|cookie| format!("&cookie={}", encode(cookie))).collect();
    format!("/set-cookie?status={status}&url={}{cookies}", encode(to))
}

/// The Cookie field of each request, empty where there was none.
pub fn sent_cookies(origin: &origin::Origin) -> Vec<String> {
    origin.requests().iter().map(|request| request.value("Cookie").unwrap_or_default().to_owned()).collect()
}
