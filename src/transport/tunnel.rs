//! A tunnel through an HTTP proxy (RFC 9110, 9.3.6): CONNECT, and again where the proxy asks who we are. All that is
//! for the proxy is said before there is a tunnel, so none of it gets inside.

use std::future::poll_fn;
use std::sync::Arc;

use bytes::Bytes;
use http::header::{CONTENT_LENGTH, TRANSFER_ENCODING};
use http::{HeaderMap, StatusCode, Version};
use ureq_proto::BodyMode;
use url::Url;

use super::chunked::Step;
use super::connect::{Connector, of_proxy};
use super::connection::Connection;
use super::framing::{self, Framing};
use super::http1::{DISCARDED, MOST_INTERIM, Talk, is_interim, malformed, status};
use super::socket::Socket;
use super::{Peer, Route};
use crate::error::{Code, Domain, Error};
use crate::message::{Field, Proxy, Response};

/// How often a proxy may ask who we are, for one tunnel.
const MOST_ROUNDS: usize = 20;

/// What a proxy says to CONNECT.
struct Answer {
    response: Arc<Response>,
    keeps_alive: bool,
}

pub(super) async fn open(connector: &Connector<'_>, proxy: &Proxy, route: &Route) -> Result<Socket, Error> {
    let target = route.authority();
    let mut authorization = connector.authenticator.authorize_tunnel(route, &target, None).await?;
    let mut kept: Option<Connection> = None;
    for _ in 0..MOST_ROUNDS {
        let alive = kept.take().and_then(|mut connection| connection.is_alive(true).then_some(connection));
        let mut connection = match alive {
            Some(connection) => connection,
            None => Connection::new(connector.reach(proxy, route).await?),
        };
        let head = head(route, &target, authorization.as_ref());
        let answer = ask(connector, &mut connection, &head, proxy).await.map_err(|error| {
            // With TLS 1.3 a proxy refuses a certificate in place of its first answer.
            if error.is_about_client_certificate() {
                connector.tls.forget_identity(Peer::of(proxy));
            }
            of_proxy(proxy, error)
        })?;
        let status = answer.response.status();
        if (200..300).contains(&status) {
            return tunnel(connection, proxy);
        }
        if status != StatusCode::PROXY_AUTHENTICATION_REQUIRED {
            return Err(refused(proxy, &target, status));
        }
        if answer.keeps_alive && discard(&mut connection, &answer.response, connector).await {
            kept = Some(connection);
        }
        authorization = connector.authenticator.authorize_tunnel(route, &target, Some(answer.response)).await?;
        if authorization.is_none() {
            break;
        }
    }
    Err(unauthorized(proxy))
}

fn head(route: &Route, target: &str, authorization: Option<&Field>) -> String {
    let user_agent = route.tunnel_user_agent().map(|value| format!("User-Agent: {value}\r\n"));
    let authorization = authorization.map(|field| format!("{}: {}\r\n", field.name(), field.value()));
    let fields = [user_agent, authorization].into_iter().flatten().collect::<String>();
    format!("CONNECT {target} HTTP/1.1\r\nHost: {target}\r\n{fields}\r\n")
}

async fn ask(
    connector: &Connector<'_>,
    connection: &mut Connection,
    head: &str,
    proxy: &Proxy,
) -> Result<Answer, Error> {
    let longest = connector.settings.header_size as usize;
    let mut talk = Talk::new(connection, connector.meter);
    talk.write(head.as_bytes(), 0..0, false, longest).await?;
    for _ in 0..=MOST_INTERIM {
        let end = talk.find_head_end(longest).await?;
        match status(talk.connection.unused())? {
            Some(status) if is_interim(status) => talk.connection.skip(end),
            _ => {
                let answer = Answer::parse(talk.connection.take(end), proxy);
                let fits =
                    |answer: &Answer| answer.response.headers().len() <= connector.settings.header_count as usize;
                return answer.filter(fits).ok_or_else(|| malformed("its fields are broken, or too many"));
            }
        }
    }
    Err(malformed("it never becomes final: there are too many interim answers"))
}

impl Answer {
    fn parse(head: Bytes, proxy: &Proxy) -> Option<Self> {
        let url = Url::parse(proxy.text().as_str()).ok()?;
        let response = Response::from_head(url, proxy.text().clone(), &head)?;
        let version = if head.starts_with(b"HTTP/1.0") { Version::HTTP_10 } else { Version::HTTP_11 };
        let keeps_alive = framing::keeps_alive(response.headers(), version);
        Some(Self { response, keeps_alive })
    }
}

/// Nobody speaks in a tunnel before TLS does.
fn tunnel(connection: Connection, proxy: &Proxy) -> Result<Socket, Error> {
    if connection.unused().is_empty() {
        return Ok(connection.into_socket());
    }
    let message = "it sent something in front of the server's TLS: it is at fault, or an attacker in between";
    Err(of_proxy(proxy, Error::new(Code::SECURE_CONNECTION_FAILED, message)))
}

/// Reads the body of a refusal; whether the connection can go on.
async fn discard(connection: &mut Connection, refusal: &Response, connector: &Connector<'_>) -> bool {
    let mut framing = Framing::new(Some(body_mode(refusal.headers())), connector.settings.header_size as usize);
    let (most, patience) = DISCARDED;
    let read = async {
        let mut read = 0;
        while read <= most {
            match framing.step(connection) {
                Ok(Step::End) => return connection.unused().is_empty(),
                Ok(Step::Data(length)) => {
                    connection.skip(length);
                    read += length;
                }
                Ok(Step::NeedMore) => match poll_fn(|context| connection.poll_fill(context)).await {
                    Ok(1..) => {}
                    _ => return false,
                },
                Err(_) => return false,
            }
        }
        false
    };
    tokio::time::timeout(patience, read).await.unwrap_or(false)
}

/// Whatever is not quite clear ends with the connection.
fn body_mode(headers: &HeaderMap) -> BodyMode {
    let length = |value: &http::HeaderValue| value.to_str().ok().and_then(|length| length.parse().ok());
    match (headers.get(TRANSFER_ENCODING), headers.get(CONTENT_LENGTH)) {
        (Some(coding), None) if coding == "chunked" => BodyMode::Chunked,
        (None, Some(value)) => length(value).map_or(BodyMode::CloseDelimited, BodyMode::LengthDelimited),
        _ => BodyMode::CloseDelimited,
    }
}

fn refused(proxy: &Proxy, target: &str, status: u16) -> Error {
    let message = format!("the proxy {proxy} gave no tunnel to {target}, but {status}: ask whoever runs it");
    Error::new(Code::CANNOT_CONNECT_TO_HOST, message).because(status_of(status))
}

fn unauthorized(proxy: &Proxy) -> Error {
    let message = format!("the proxy {proxy} asks for a user and a password, and accepted none that were given");
    let status = StatusCode::PROXY_AUTHENTICATION_REQUIRED.as_u16();
    Error::new(Code::USER_AUTHENTICATION_REQUIRED, message).because(status_of(status))
}

fn status_of(status: u16) -> Error {
    let known = StatusCode::from_u16(status).ok().and_then(|status| status.canonical_reason());
    Error::underlying_in(Domain::Proxy, i32::from(status), known.unwrap_or("a status without a name"))
}

#[cfg(test)]
mod tests;
