//! Steps 4 and 5: which cookies go with a request, and what its answer sets; for every hop, and whenever it goes out
//! again.

use std::sync::Arc;

use http::header::{COOKIE, SET_COOKIE};
use http::{HeaderValue, StatusCode};

use super::Rules;
use crate::message::{CookiePair, Request};
use crate::store::{Cookie, CookieStorage, is_same_site};
use crate::transport::{Exchange, ExtraField};

/// Whose cookies are stored. Apple's numbers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum CookieAcceptPolicy {
    Always = 0,
    Never = 1,
    OnlyFromMainDocumentDomain = 2,
}

/// What a session's configuration says of cookies.
#[derive(Clone)]
pub(crate) struct CookieRules {
    /// None: there are no cookies.
    pub(crate) storage: Option<Arc<CookieStorage>>,
    /// Whether what is stored is sent.
    pub(crate) sends: bool,
    pub(crate) accepts: CookieAcceptPolicy,
}

impl Default for CookieRules {
    fn default() -> Self {
        let accepts = CookieAcceptPolicy::OnlyFromMainDocumentDomain;
        Self { storage: Some(CookieStorage::shared().clone()), sends: true, accepts }
    }
}

/// The Cookie field: what is stored for the URL, and the request's own cookies behind it. A request that has the field
/// itself, or does not want it, gets none.
pub(super) fn field(rules: &Rules, request: &Request) -> Option<ExtraField> {
    let (stored, own) = (stored(&rules.cookies, request), request.cookies());
    if stored.is_empty() && own.is_empty() {
        return None;
    }
    let is_own = |pair: &CookiePair| own.iter().any(|own| own.name() == pair.name());
    let stored = stored.iter().map(|cookie| cookie.pair()).filter(|pair| !is_own(pair));
    let mut value = HeaderValue::try_from(CookiePair::field(stored.chain(own))?).ok()?;
    value.set_sensitive(true);
    Some((COOKIE, value))
}

fn stored(rules: &CookieRules, request: &Request) -> Vec<Arc<Cookie>> {
    let storage = rules.storage.as_ref().filter(|storage| rules.sends && !storage.is_empty());
    // What is not sent is not used.
    let storage = storage.filter(|_| request.handles_cookies() && request.headers().admits(COOKIE.as_str()));
    let found = storage.zip(request.url().ok()).map(|(storage, url)| storage.cookies_for(url));
    found.unwrap_or_default()
}

/// What a final answer sets, whatever its status. Not that of a proxy, which speaks for itself and not for the host.
pub(super) fn learn(rules: &Rules, request: &Request, exchange: &Exchange) {
    let Some(storage) = rules.cookies.storage.as_ref().filter(|_| request.handles_cookies()) else { return };
    let mut fields = exchange.values(SET_COOKIE).peekable();
    if fields.peek().is_none() || exchange.status() == StatusCode::PROXY_AUTHENTICATION_REQUIRED {
        return;
    }
    if accepts(rules.cookies.accepts, request)
        && let Ok(url) = request.url()
    {
        storage.learn(url, fields);
    }
}

/// A request that names no main document is for one, as where a browser goes to a page; so is every redirect of it.
fn accepts(policy: CookieAcceptPolicy, request: &Request) -> bool {
    let is_first_party = || {
        let document = request.main_document().and_then(|document| document.usable().ok());
        document.is_none_or(|document| request.url().is_ok_and(|url| is_same_site(document, url)))
    };
    match policy {
        CookieAcceptPolicy::Always => true,
        CookieAcceptPolicy::Never => false,
        CookieAcceptPolicy::OnlyFromMainDocumentDomain => is_first_party(),
    }
}
