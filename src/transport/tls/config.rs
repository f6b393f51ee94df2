//! How to shake hands: whom to accept, and as whom to go. One instance serves every connection that is made in the same
//! way, for only with it are sessions resumed, and never those of another way.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::io;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;

use parking_lot::Mutex;
use rustls::client::{ResolvesClientCert, Resumption};
use rustls::crypto::aws_lc_rs;
use rustls::pki_types::ServerName;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, KeyLogFile, SignatureScheme};
use tokio::runtime::Handle;
use tokio::sync::{Semaphore, oneshot};
use tokio::task::spawn_blocking;
use tokio_rustls::TlsConnector;

use super::Secured;
use super::client_certificate::{may_block, with_key};
use super::fault::explain;
use super::roots;
use super::seen::{self, Seen, watched};
use super::sessions::Sessions;
use super::settings::TlsSettings;
use super::verifier::{Demand, Trust, Verifier};
use crate::challenge::ClientIdentity;
use crate::error::Error;
use crate::transport::read_ahead::ReadAhead;
use crate::transport::socket::Socket;

/// Signers may block: they hold no more than a quarter of the threads that the system's blocking calls have.
const MOST_SIGNING: usize = 32;
static SIGNING: Semaphore = Semaphore::const_new(MOST_SIGNING);

const MOST_CONFIGS: usize = 64;

#[derive(Clone)]
pub(super) struct Config {
    tls: Arc<ClientConfig>,
    pub(super) sessions: Arc<Sessions>,
    may_block: bool,
}

/// What came of it, and what it saw.
pub(super) type Handshake = (io::Result<Secured>, Seen);

impl Config {
    pub(super) async fn handshake(&self, name: ServerName<'static>, socket: Socket) -> Handshake {
        let handshake = TlsConnector::from(self.tls.clone()).connect(name, ReadAhead::new(socket));
        let handshake = watched(async { handshake.await.map(Box::new) });
        if self.may_block { elsewhere(handshake).await } else { handshake.await }
    }
}

/// On a thread that may block, until nobody waits for it any more.
async fn elsewhere(handshake: impl Future<Output = Handshake> + Send + 'static) -> Handshake {
    let permit = SIGNING.acquire().await;
    let (waiting, given_up) = oneshot::channel::<()>();
    let runtime = Handle::current();
    let done = spawn_blocking(move || {
        let _permit = permit;
        runtime.block_on(unless(given_up, handshake))
    });
    let handshake = done.await.ok().flatten();
    drop(waiting);
    handshake.unwrap_or_else(|| (Err(io::Error::other("the handshake was given up")), Seen::default()))
}

async fn unless<T>(given_up: oneshot::Receiver<()>, work: impl Future<Output = T>) -> Option<T> {
    let (mut given_up, mut work) = (pin!(given_up), pin!(work));
    poll_fn(|context| {
        if given_up.as_mut().poll(context).is_ready() {
            return Poll::Ready(None);
        }
        work.as_mut().poll(context).map(Some)
    })
    .await
}

/// Shows one certificate, or none, to whoever asks.
#[derive(Debug)]
struct Shows(Option<Arc<CertifiedKey>>);

impl ResolvesClientCert for Shows {
    fn resolve(&self, issuers: &[&[u8]], _schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        seen::see_request(issuers);
        self.0.clone()
    }

    fn has_certs(&self) -> bool {
        self.0.is_some()
    }
}

/// Every config of a session.
pub(super) struct Configs {
    base: ClientConfig,
    pub(super) trust: Arc<Trust>,
    /// Nobody is asked.
    pub(super) strict: Config,
    /// Somebody is asked afterwards.
    pub(super) deferring: Config,
    showing: Mutex<VecDeque<Showing>>,
}

struct Showing {
    identity: Arc<ClientIdentity>,
    demand: Demand,
    config: Config,
}

impl Configs {
    /// Reads certificates from disk.
    pub(super) fn new(settings: &TlsSettings) -> Result<Self, Error> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let authority = roots::authority(settings, &provider)?;
        let accepts_any = settings.accepts_any_server;
        let trust = Arc::new(Trust { authority, accepts_any, pins: settings.pins.clone(), provider: provider.clone() });
        let mut base = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&settings.versions())
            .map_err(|cause| explain(&cause))?
            .dangerous()
            .with_custom_certificate_verifier(Verifier::new(trust.clone(), Demand::Trusted))
            .with_no_client_auth();
        base.alpn_protocols = vec![b"http/1.1".to_vec()];
        if settings.logs_secrets {
            base.key_log = Arc::new(KeyLogFile::new());
        }
        let strict = derive(&base, &trust, Demand::Trusted, None);
        let deferring = derive(&base, &trust, Demand::Any, None);
        Ok(Self { base, trust, strict, deferring, showing: Mutex::default() })
    }

    pub(super) fn close(&self) {
        let showing = std::mem::take(&mut *self.showing.lock());
        // Outside the lock, for with an identity goes perhaps a signer of the application's.
        drop(showing);
    }

    pub(super) fn showing(&self, identity: &Arc<ClientIdentity>, demand: Demand) -> Result<Config, Error> {
        let is_wanted = |made: &Showing| Arc::ptr_eq(&made.identity, identity) && made.demand == demand;
        if let Some(made) = self.showing.lock().iter().find(|made| is_wanted(made)) {
            return Ok(made.config.clone());
        }
        let key = Arc::new(with_key(identity)?);
        let may_block = may_block(identity);
        let config = Config { may_block, ..derive(&self.base, &self.trust, demand, Some(key)) };
        let mut showing = self.showing.lock();
        showing.push_back(Showing { identity: identity.clone(), demand, config: config.clone() });
        let oldest = if showing.len() > MOST_CONFIGS { showing.pop_front() } else { None };
        // Outside the lock, for with an identity goes perhaps a signer of the application's.
        drop(showing);
        drop(oldest);
        Ok(config)
    }
}

fn derive(base: &ClientConfig, trust: &Arc<Trust>, demand: Demand, key: Option<Arc<CertifiedKey>>) -> Config {
    let mut tls = base.clone();
    tls.dangerous().set_certificate_verifier(Verifier::new(trust.clone(), demand));
    tls.client_auth_cert_resolver = Arc::new(Shows(key));
    let sessions = Sessions::new();
    tls.resumption = Resumption::store(sessions.clone());
    Config { tls: Arc::new(tls), sessions, may_block: false }
}
