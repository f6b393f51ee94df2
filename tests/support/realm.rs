//! Parts of a server that let in only who says the right thing.

use std::collections::HashMap;
use std::sync::Arc;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;

use super::origin::{Connection, Origin, Request};
use super::standard;

/// What a server makes of a request: fields of its answer if it is let in, of its 401 if not.
pub type Guard = dyn Fn(&Request) -> Result<String, String> + Send + Sync;

pub const REFUSED: &[u8] = b"who is it?\n";

/// Lets in this one user.
pub fn basic(realm: &str, user: &str, password: &str) -> Arc<Guard> {
    only(basic_value(user, password), format!("WWW-Authenticate: Basic realm=\"{realm}\", charset=\"UTF-8\"\r\n"))
}

pub fn bearer(realm: &str, token: &str) -> Arc<Guard> {
    only(format!("Bearer {token}"), format!("WWW-Authenticate: Bearer realm=\"{realm}\"\r\n"))
}

fn only(wanted: String, challenge: String) -> Arc<Guard> {
    Arc::new(move |request| match request.value("authorization") {
        Some(value) if value == wanted => Ok(String::new()),
        _ => Err(challenge.clone()),
    })
}

/// Lets everybody in.
pub fn open() -> Arc<Guard> {
    Arc::new(|_| Ok(String::new()))
}

/// Lets nobody in, and says this.
pub fn closed(fields: &str) -> Arc<Guard> {
    let fields = fields.to_owned();
    Arc::new(move |_| Err(fields.clone()))
}

/// Lets in whom any of them does, and offers all.
pub fn any(guards: Vec<Arc<Guard>>) -> Arc<Guard> {
    Arc::new(move |request| {
        let mut offered = String::new();
        for guard in &guards {
            match guard(request) {
                Ok(fields) => return Ok(fields),
                Err(fields) => offered += &fields,
            }
        }
        Err(offered)
    })
}

/// A guard for everything below each of these folders, and none elsewhere.
pub fn by_folder(guards: impl IntoIterator<Item = (&'static str, Arc<Guard>)>) -> Arc<Guard> {
    let guards: HashMap<_, _> = guards.into_iter().collect();
    Arc::new(move |request| {
        let folder = request.target().split('/').nth(1).unwrap_or_default();
        guards.get(folder).map_or(Ok(String::new()), |guard| guard(request))
    })
}

/// A server that is guarded, and serves the standard script to whom it lets in.
pub fn origin(guard: &Arc<Guard>) -> Origin {
    Origin::http(script(guard, standard::answer))
}

/// Answers whom the guard lets in so; false ends the connection.
pub fn script(
    guard: &Arc<Guard>,
    answer: impl Fn(&mut Connection, &Request) -> bool + Send + Sync + 'static,
) -> impl Fn(&mut Connection) + Send + Sync + 'static {
    let guard = guard.clone();
    move |connection| {
        while let Some(request) = connection.read_request() {
            if !self::answer(&guard, connection, &request, &answer) {
                return;
            }
        }
    }
}

/// The answer to one request; false ends the connection.
pub(super) fn answer(
    guard: &Arc<Guard>,
    connection: &mut Connection,
    request: &Request,
    answer: &impl Fn(&mut Connection, &Request) -> bool,
) -> bool {
    match guard(request) {
        Ok(fields) if fields.is_empty() => answer(connection, request),
        Ok(fields) => standard::respond(connection, request, 200, &fields, b"let in\n"),
        Err(fields) => standard::respond(connection, request, 401, &fields, REFUSED),
    }
}

/// The values of Authorization in the order they came; `-` where there was none.
pub fn said(requests: &[Request]) -> Vec<String> {
    requests.iter().map(|request| request.value("authorization").unwrap_or("-").to_owned()).collect()
}

/// The same by their schemes.
pub fn schemes(requests: &[Request]) -> Vec<String> {
    said(requests).iter().map(|value| value.split(' ').next().unwrap_or_default().to_owned()).collect()
}

/// What Basic says.
pub fn basic_value(user: &str, password: &str) -> String {
    format!("Basic {}", BASE64_STANDARD.encode(format!("{user}:{password}")))
}
