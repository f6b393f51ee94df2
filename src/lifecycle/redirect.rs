//! Step 5: whether an answer sends us on, where to, and what may come along.

use std::sync::Arc;

use http::header::LOCATION;
use http::{HeaderValue, Method};
use url::Url;

use super::{Rules, request, transport_security, watch};
use crate::error::{Code, Error};
use crate::message::{
    Body, Location, Request, Response, Text, is_default_port_upgrade, is_same_origin, without_secrets,
};
use crate::task::Task;

/// Names that carry secrets: they stay with the origin they were meant for.
const SENSITIVE: [&str; 13] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "cookie2",
    "x-api-key",
    "api-key",
    "x-auth-token",
    "x-access-token",
    "x-amz-security-token",
    "x-csrf-token",
    "x-goog-api-key",
    "x-vault-token",
    "private-token",
];

/// Fields that describe a body, and go with it.
const PAYLOAD: [&str; 7] = [
    "content-length",
    "content-type",
    "content-encoding",
    "content-language",
    "content-location",
    "transfer-encoding",
    "expect",
];

/// The request of the next hop; none where the answer is the result.
pub(super) async fn next(
    task: &Arc<Task>,
    rules: &Rules,
    followed: u32,
    request: &Request,
    response: &Arc<Response>,
) -> Result<Option<Arc<Request>>, Error> {
    let most = request.maximum_redirects().unwrap_or(rules.redirects);
    let is_redirect = matches!(response.status(), 301 | 302 | 303 | 307 | 308);
    let Some(location) = response.headers().get(LOCATION).filter(|_| is_redirect) else { return Ok(None) };
    let proposed = propose(rules, request, response.status(), location);
    if followed >= most {
        task.set_next_request(proposed.ok());
        if most == 0 {
            return Ok(None);
        }
        let message = format!("more than {most} redirects: the server may redirect in a circle");
        return Err(Error::new(Code::HTTP_TOO_MANY_REDIRECTS, message));
    }
    let proposed = proposed?;
    // Boxed, for few answers are redirects.
    match Box::pin(decide(task, response, proposed.clone())).await? {
        Some(next) => {
            task.follow(response.clone(), next.clone());
            Ok(Some(next))
        }
        None => {
            task.set_next_request(Some(proposed));
            Ok(None)
        }
    }
}

/// What would be sent next.
fn propose(rules: &Rules, request: &Request, status: u16, location: &HeaderValue) -> Result<Arc<Request>, Error> {
    let from = request.url()?;
    let target = resolve(from, Text::from_field(location.as_bytes()).as_str())?;
    let mut target = transport_security::upgraded(rules, &target).unwrap_or(target);
    if !is_same_origin(from, &target) {
        // RFC 9110, 4.2.4: who one is elsewhere is not for a server to say. Fails only for URLs that cannot have it.
        let _ = target.set_username("").and_then(|()| target.set_password(None));
    }
    let target = Location::from_url(target);
    Ok(Arc::new(follow(rules, request, status, from, target)?))
}

/// What the application makes of it.
async fn decide(
    task: &Arc<Task>,
    response: &Arc<Response>,
    proposed: Arc<Request>,
) -> Result<Option<Arc<Request>>, Error> {
    let Some(question) = task.outbox().will_perform_redirection(task, response, &proposed) else {
        return Ok(Some(proposed));
    };
    let answer = question.answer(Some(proposed.clone())).await;
    task.clock.moved();
    watch::heed(task).await?;
    Ok(answer.map(|next| match Arc::ptr_eq(&next, &proposed) {
        true => next,
        false => Arc::new(request::complete(task, Request::clone(&next))),
    }))
}

/// RFC 3986 against the URL that answered; a fragment is inherited (RFC 9110, 10.2.2).
pub(crate) fn resolve(from: &Url, location: &str) -> Result<Url, Error> {
    let mut target = from.join(location).map_err(|cause| {
        let message = format!("the redirect's Location is no URL ({cause}): the server is at fault");
        Error::new(Code::REDIRECT_TO_NON_EXISTENT_LOCATION, message)
    })?;
    if target.fragment().is_none() {
        target.set_fragment(from.fragment());
    }
    Ok(target)
}

fn follow(rules: &Rules, request: &Request, status: u16, from: &Url, target: Location) -> Result<Request, Error> {
    // To a scheme that is not ours nothing goes, whatever a server says.
    let to = target.usable().map_err(|error| error.at(|| without_secrets(&target)))?;
    let stays = is_same_origin(from, to);
    let keeps_secrets = stays || is_default_port_upgrade(from, to);
    let mut next = request.clone();
    if !matches!(status, 307 | 308) {
        next.set_body(Body::default());
        next.headers_mut().retain(|name| !is_in(&PAYLOAD, name));
        let to_get = match status {
            303 => *request.method() != Method::HEAD,
            _ => *request.method() == Method::POST,
        };
        if to_get {
            next.become_get();
        }
    }
    next.headers_mut().retain(|name| {
        let is_host = name.eq_ignore_ascii_case("host");
        let is_sensitive =
            is_in(&SENSITIVE, name) || rules.sensitive.iter().any(|known| is_in(&[known.as_str()], name));
        (stays || !is_host) && (keeps_secrets || !is_sensitive)
    });
    if !keeps_secrets {
        next.drop_cookies();
        next.drop_credential();
    }
    next.set_location(target);
    Ok(next)
}

fn is_in(names: &[&str], name: &str) -> bool {
    names.iter().any(|known| known.eq_ignore_ascii_case(name))
}
