//! Step 4: https in place of http where the host asked for it (RFC 6797), and nothing but https where the session
//! wants it so.

use std::sync::Arc;

use http::header::STRICT_TRANSPORT_SECURITY;
use url::Url;

use super::Rules;
use crate::error::{Code, Error};
use crate::message::{Location, Request, Response};
use crate::task::Task;

/// The request as it may go out. No redirect: nobody is asked, and it counts as no hop.
pub(super) fn secured(task: &Task, rules: &Rules, request: Arc<Request>) -> Result<Arc<Request>, Error> {
    let url = request.url()?;
    let Some(secure) = upgraded(rules, url) else {
        return if rules.requires_https && url.scheme() != "https" { Err(insecure()) } else { Ok(request) };
    };
    let mut request = Request::clone(&request);
    request.set_location(Location::from_url(secure));
    let request = Arc::new(request);
    task.set_current_request(request.clone());
    Ok(request)
}

/// Where to go in place of the URL.
pub(super) fn upgraded(rules: &Rules, url: &Url) -> Option<Url> {
    rules.hsts.as_ref()?.upgraded(url)
}

/// What the head of a response says, if there is no doubt whose it is; of several fields the first counts (8.1).
pub(super) fn learn(rules: &Rules, url: &Url, response: &Response) {
    let field = response.headers().get(STRICT_TRANSPORT_SECURITY).and_then(|field| field.to_str().ok());
    if let Some((storage, field)) = rules.hsts.as_ref().zip(field) {
        storage.learn(url, field);
    }
}

fn insecure() -> Error {
    let message = "the URL is http, and the configuration requires https: use https, or allow http";
    Error::new(Code::APP_TRANSPORT_SECURITY_REQUIRES_SECURE_CONNECTION, message)
}
