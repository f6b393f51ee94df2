//! TLS: whom a session trusts, as whom it goes, and what each refusal is called.

mod chain;
pub(crate) mod client_certificate;
mod config;
mod fault;
mod handshakes;
mod identities;
mod pins;
mod roots;
mod seen;
mod sessions;
mod settings;
mod signer;
mod verifier;

use tokio::sync::OnceCell;
use tokio::task::spawn_blocking;
use tokio_rustls::client::TlsStream;

use config::Configs;
pub(super) use fault::lost;
use handshakes::Handshakes;
use identities::Identities;
pub(crate) use settings::{TlsSettings, TlsVersion};

use super::read_ahead::ReadAhead;
use super::{Authenticator, Peer};
use crate::error::{Code, Error};
use crate::identity::Identity;

pub(super) type Secured = Box<TlsStream<ReadAhead>>;

pub(super) struct Tls {
    settings: TlsSettings,
    /// Made with the first https request, beside the task: reading the platform's roots takes milliseconds.
    configs: OnceCell<Configs>,
    identities: Identities,
}

impl Tls {
    pub(super) fn new(settings: TlsSettings) -> Self {
        Self { settings, configs: OnceCell::new(), identities: Identities::default() }
    }

    /// To a peer, asking whom `judge` is, which is the session's delegate where there is none.
    pub(super) fn handshakes<'a>(
        &'a self,
        peer: Peer<'a>,
        judge: Option<Identity>,
        authenticator: &'a dyn Authenticator,
    ) -> Result<Handshakes<'a>, Error> {
        Handshakes::new(self, peer, judge, authenticator)
    }

    /// Whether any certificate is kept that a server could come to refuse.
    pub(super) fn keeps_identities(&self) -> bool {
        !self.identities.is_empty()
    }

    /// The server took the certificate in the handshake, and then refused it.
    pub(super) fn forget_identity(&self, peer: Peer<'_>) {
        self.identities.forget(peer);
    }

    /// Nobody goes as anybody any more: a key that waits to be let go of is.
    pub(super) fn close(&self) {
        self.identities.clear();
        if let Some(configs) = self.configs.get() {
            configs.close();
        }
    }

    async fn configs(&self) -> Result<&Configs, Error> {
        let configure = || async {
            let settings = self.settings.clone();
            let configured = spawn_blocking(move || Configs::new(&settings)).await;
            configured.unwrap_or_else(|cause| {
                let message = "TLS could not be set up: the underlying error says why";
                let cause = std::io::Error::other(cause);
                Err(Error::new(Code::SECURE_CONNECTION_FAILED, message).because_of(Some(&cause)))
            })
        };
        self.configs.get_or_try_init(configure).await
    }
}
