//! What has to be asked while a connection is made: whom to trust, and as whom. `lifecycle` implements it.

use std::pin::Pin;
use std::sync::Arc;

use bytes::Bytes;

use super::Route;
use crate::challenge::{Credential, Protocol, ServerTrust};
use crate::error::Error;
use crate::message::{Field, Proxy, ProxyKind, Response};

/// An answer that may take its time.
pub(crate) type Asked<'a, T> = Pin<Box<dyn Future<Output = Result<T, Error>> + Send + 'a>>;

/// With whom a connection is made: the origin, or a proxy on the way to it.
#[derive(Clone, Copy)]
pub(crate) struct Peer<'a> {
    pub(crate) host: &'a str,
    pub(crate) port: u16,
    pub(crate) protocol: Protocol,
}

impl<'a> Peer<'a> {
    pub(crate) fn of(proxy: &'a Proxy) -> Self {
        let protocol = match proxy.kind() {
            ProxyKind::Http => Protocol::HttpProxy,
            ProxyKind::Https => Protocol::HttpsProxy,
            _ => Protocol::SocksProxy,
        };
        Self { host: proxy.host(), port: proxy.port(), protocol }
    }

    pub(crate) fn place(&self) -> (&str, u16, Protocol) {
        (self.host, self.port, self.protocol)
    }
}

pub(crate) trait Authenticator: Send + Sync {
    /// Whether anybody wants to be asked about servers and certificates; otherwise the platform's verdict stands.
    fn judges(&self) -> bool;

    /// Whether to go on with this server, for whom the platform's verdict is in `trust`.
    fn judge<'a>(&'a self, peer: Peer<'a>, trust: Arc<ServerTrust>) -> Asked<'a, ()>;

    /// The certificate to show to a server that takes those of these issuers (DER); none goes on without one.
    /// `proposed` is the configuration's.
    fn identify<'a>(
        &'a self,
        peer: Peer<'a>,
        issuers: Vec<Bytes>,
        proposed: Option<Arc<Credential>>,
    ) -> Asked<'a, Option<Arc<Credential>>>;

    /// The Proxy-Authorization of a tunnel to `target` (host:port) on this route: first what is known already, then
    /// with the refusal that the proxy answered; none where there is nothing more to say.
    fn authorize_tunnel<'a>(
        &'a self,
        route: &'a Route,
        target: &'a str,
        refusal: Option<Arc<Response>>,
    ) -> Asked<'a, Option<Field>>;
}
