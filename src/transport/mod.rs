//! Bytes to a server and back: names, proxies, connections, TLS, HTTP/1.1. Nothing else names ureq-proto or rustls.

mod address_guard;
mod authenticator;
mod blocks;
mod chunked;
mod connect;
mod connection;
#[cfg(unix)]
mod dialer;
mod framing;
mod http1;
mod pool;
mod proxies;
mod read_ahead;
mod resolve;
mod route;
mod socket;
mod socks;
mod tls;
mod tunnel;

use std::sync::Arc;
use std::task::{Context, Poll};

use bytes::Bytes;
use http::{HeaderName, HeaderValue};

pub(crate) use authenticator::{Asked, Authenticator, Peer};
#[cfg(unix)]
pub(crate) use dialer::Dialer;
pub(crate) use http1::{Exchange, Outgoing};
pub(crate) use proxies::{Exceptions, Key as ProxyKey};
pub(crate) use route::Route;
pub(crate) use tls::{TlsSettings, TlsVersion, client_certificate};

use crate::error::Error;
use crate::identity::Identity;
use crate::message::{Interval, Request, Way};
use connect::Connector;
use connection::Connection;
use http1::Broken;
pub(crate) use pool::Turn;
use pool::{Lease, Pool};
use proxies::{Environment, Proxies};
use tls::Tls;

/// Who wants to know how far an exchange is; `lifecycle` implements it.
pub(crate) trait Meter: Send + Sync {
    /// Who is suspended takes no turn, and sends no more.
    fn is_suspended(&self) -> bool;
    /// For a free connection.
    fn waiting(&self);
    fn connecting(&self);
    fn connected(&self);
    /// The server has begun to answer, and it is for it to go on.
    fn answering(&self);
    /// Some byte moved, in whatever direction.
    fn moved(&self);
    /// Bytes of the request's body left.
    fn sent(self: Arc<Self>, bytes: usize);
    /// The last of them did.
    fn sent_all(self: Arc<Self>);
    /// The head of an interim answer, as it came.
    fn informed(self: Arc<Self>, head: &[u8]);
}

/// The body of a request while it goes out; `lifecycle` implements it.
pub(crate) trait Feed: Send {
    /// The next bytes, never none of them; nothing at the end. What was given before has been sent by now.
    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, Error>>;
}

/// A field that goes out beside those of the request: octets, and marked where they are secret.
pub(crate) type ExtraField = (HeaderName, HeaderValue);

/// A body, opened.
#[derive(Default)]
pub(crate) struct OutgoingBody {
    /// Unknown, it goes out chunked.
    pub(crate) length: Option<u64>,
    /// What is at hand.
    pub(crate) first: Bytes,
    /// What comes behind it.
    pub(crate) rest: Option<Box<dyn Feed>>,
}

#[derive(Clone)]
pub(crate) struct Settings {
    pub(crate) tls: TlsSettings,
    pub(crate) proxies: Proxies,
    #[cfg(unix)]
    pub(crate) dialer: Option<Arc<dyn Dialer>>,
    /// Connects to the Internet alone.
    pub(crate) refuses_private_addresses: bool,
    pub(crate) connections_per_host: u32,
    pub(crate) header_size: u32,
    pub(crate) header_count: u32,
    /// Larger bodies wait for the server to want them.
    pub(crate) expect_continue_above: u64,
    pub(crate) continue_wait: Interval,
}

impl Settings {
    /// What ureq-proto has room for.
    pub(crate) const MOST_HEADERS: u32 = ureq_proto::client::MAX_RESPONSE_HEADERS as u32;

    /// How long a server may take to say 100 before the body goes out without it (RFC 9110, 10.1.1).
    pub(crate) fn continue_wait(&self) -> Interval {
        self.continue_wait.or(Interval::from_secs(1))
    }
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            tls: TlsSettings::default(),
            proxies: Proxies::default(),
            #[cfg(unix)]
            dialer: None,
            refuses_private_addresses: false,
            connections_per_host: 6,
            header_size: 64 << 10,
            header_count: 100,
            expect_continue_above: u64::MAX,
            continue_wait: Interval::Inherit,
        }
    }
}

/// One session's way to the network. Connections are not shared between sessions, so what was agreed with a server
/// under one configuration never serves another.
pub(crate) struct Transport {
    settings: Settings,
    pool: Arc<Pool>,
    tls: Tls,
    /// As it was when the session was made.
    environment: Option<Environment>,
}

impl Transport {
    pub(crate) fn new(settings: Settings) -> Arc<Self> {
        let pool = Pool::new(settings.connections_per_host as usize);
        let (tls, environment) = (Tls::new(settings.tls.clone()), settings.proxies.environment());
        Arc::new(Self { settings, pool, tls, environment })
    }

    /// Where the request goes, and through which proxy.
    pub(crate) fn route(
        &self,
        request: &Request,
        judge: Option<Identity>,
        introducer: impl FnOnce() -> Option<Identity>,
    ) -> Result<Route, Error> {
        let url = request.url()?;
        let route = Route::to(url, judge)?;
        match self.settings.proxies.choose(request.way(), self.environment.as_ref(), url)? {
            Way::Direct => Ok(route),
            Way::Through(proxy) => Ok(route.through(proxy.clone(), request, introducer())),
        }
    }

    /// A connection to the route: a pooled one, unless it has to be fresh.
    pub(crate) async fn lease(
        self: &Arc<Self>,
        route: &Route,
        turn: Turn,
        fresh: bool,
        meter: &Arc<dyn Meter>,
        authenticator: &dyn Authenticator,
    ) -> Result<Lease, Error> {
        meter.waiting();
        let (place, pooled) = self.pool.place(route, turn, fresh, meter).await;
        if let Some(connection) = pooled {
            meter.connected();
            return Ok(place.lease(connection));
        }
        meter.connecting();
        // Boxed, for few exchanges need it and it is the largest part of all.
        let connector = Connector { settings: &self.settings, tls: &self.tls, authenticator, meter };
        let stream = Box::pin(connector.connect(route)).await?;
        meter.connected();
        Ok(place.lease(Connection::new(stream)))
    }

    /// The request out, the head of the answer in.
    pub(crate) async fn exchange(
        &self,
        lease: Lease,
        outgoing: Outgoing,
        meter: Arc<dyn Meter>,
    ) -> Result<Exchange, Broken> {
        // With TLS 1.3 a server refuses a certificate in place of its first answer.
        let may_be_refused = lease.route().reader().protocol.is_secure() && self.tls.keeps_identities();
        let route = may_be_refused.then(|| lease.route().clone());
        let exchange = http1::exchange(lease, outgoing, meter, &self.settings).await;
        if let (Some(route), Err(broken)) = (route, &exchange)
            && broken.error.is_about_client_certificate()
        {
            self.tls.forget_identity(route.reader());
        }
        exchange
    }

    /// The request, ready to go. Beside its own fields go the extra ones that it admits: what must not be seen in it,
    /// or is another for every hop.
    pub(crate) fn outgoing(
        &self,
        request: &Request,
        route: &Route,
        extra: &[ExtraField],
        body: OutgoingBody,
    ) -> Result<Outgoing, Error> {
        Outgoing::new(request, route, extra, body, &self.settings)
    }

    /// How many bytes a head may have.
    pub(crate) fn header_size(&self) -> usize {
        self.settings.header_size as usize
    }

    /// No connection outlives its session.
    pub(crate) fn close(&self) {
        self.pool.close();
        self.tls.close();
    }
}
