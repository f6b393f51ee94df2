//! The way to a connection that somebody accepts. rustls cannot ask inside a handshake, so it is asked after one that
//! accepts any chain, before anything is sent; and a certificate is shown in another, to exactly the chain that was
//! accepted.

use std::io;
use std::sync::Arc;

use bytes::Bytes;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{Error as TlsError, HandshakeKind};

use super::chain::{Digest, certificates};
use super::config::{Config, Configs};
use super::fault::{OwnCertificate, Refusal, explain, failed};
use super::seen::Seen;
use super::verifier::Demand;
use super::{Secured, Tls};
use crate::challenge::{Credential, Persistence, ServerTrust};
use crate::error::{Code, Error};
use crate::identity::Identity;
use crate::message::Text;
use crate::transport::socket::Socket;
use crate::transport::{Authenticator, Peer};

/// Two for every chain that a server may show in turn.
const MOST: usize = 6;

pub(in crate::transport) struct Handshakes<'a> {
    tls: &'a Tls,
    peer: Peer<'a>,
    name: ServerName<'static>,
    /// Who is asked; none is the session's delegate.
    judge: Option<Identity>,
    authenticator: &'a dyn Authenticator,
    /// On the way to this connection, so that nobody is asked twice.
    accepted: Vec<Digest>,
    /// As whom to go, once the server has asked.
    credential: Option<Arc<Credential>>,
    /// Who is to see it in the next handshake.
    shown_to: Option<Digest>,
    left: usize,
    /// The last chain was good without anybody's word for it.
    is_trusted: bool,
}

impl<'a> Handshakes<'a> {
    pub(super) fn new(
        tls: &'a Tls,
        peer: Peer<'a>,
        judge: Option<Identity>,
        authenticator: &'a dyn Authenticator,
    ) -> Result<Self, Error> {
        let name = ServerName::try_from(peer.host.to_owned()).map_err(|_| {
            Error::new(Code::BAD_URL, "the host's name cannot be in a certificate: check the spelling of the URL")
        })?;
        let (accepted, credential, shown_to, left) = (Vec::new(), None, None, MOST);
        Ok(Self { tls, peer, name, judge, authenticator, accepted, credential, shown_to, left, is_trusted: false })
    }

    /// A stream that was accepted; none where it takes another connection.
    pub(in crate::transport) async fn on(&mut self, socket: Socket) -> Result<Option<Secured>, Error> {
        let another_chain = || explain(&Refusal::AnotherChain.of_certificate());
        self.left = self.left.checked_sub(1).ok_or_else(another_chain)?;
        let configs = self.tls.configs().await?;
        self.is_trusted = !configs.trust.accepts_any;
        if !self.authenticator.judges() {
            return self.unasked(configs, socket).await;
        }
        match self.known() {
            Some((credential, chain)) => self.showing(configs, socket, credential, chain).await,
            None => self.asked(configs, socket).await,
        }
    }

    pub(in crate::transport) fn is_trusted(&self) -> bool {
        self.is_trusted
    }

    /// The platform's verdict stands, and so does the configuration's certificate.
    async fn unasked(&self, configs: &Configs, socket: Socket) -> Result<Option<Secured>, Error> {
        let credential = self.tls.identities.credential(self.peer).or_else(|| self.configured());
        let config = match credential.as_ref().and_then(|credential| credential.certificate()) {
            Some(identity) => configs.showing(identity, Demand::Trusted)?,
            None => configs.strict.clone(),
        };
        let (outcome, seen) = config.handshake(self.name.clone(), socket).await;
        let stream = outcome.map_err(|cause| self.failed(&cause, own_certificate(&seen, credential.is_some())))?;
        // What was good when the session began may have expired since.
        let is_stale = is_resumed(&stream) && configs.trust.verdict(chain_of(&stream), &self.name).is_err();
        if is_stale {
            config.sessions.forget(&self.name);
        }
        Ok(Some(stream).filter(|_| !is_stale))
    }

    /// Without a certificate at first: nobody sees one before it was accepted.
    async fn asked(&mut self, configs: &Configs, socket: Socket) -> Result<Option<Secured>, Error> {
        let config = &configs.deferring;
        let (outcome, seen) = config.handshake(self.name.clone(), socket).await;
        let Seen { chain, issuers } = seen;
        let withheld = if issuers.is_some() { OwnCertificate::Withheld } else { OwnCertificate::NotWanted };
        let chain = match &outcome {
            Ok(stream) => Some(chain_of(stream).to_vec()),
            // With TLS 1.2 a server may end the handshake that misses a certificate.
            Err(_) => chain.filter(|_| issuers.is_some()),
        };
        let Some(chain) = chain else { return outcome.map(Some).map_err(|cause| failed(&cause, withheld)) };
        let may_resume = issuers.is_none();
        if !self.accepts(configs, config, &chain, outcome.as_ref().ok(), may_resume).await? {
            return Ok(None);
        }
        if let Some(issuers) = issuers
            && self.identify(issuers).await?
        {
            self.shown_to = Some(Digest::of(&chain));
            return Ok(None);
        }
        outcome.map(Some).map_err(|cause| failed(&cause, withheld))
    }

    async fn showing(
        &mut self,
        configs: &Configs,
        socket: Socket,
        credential: Arc<Credential>,
        chain: Digest,
    ) -> Result<Option<Secured>, Error> {
        let Some(identity) = credential.certificate() else { return Ok(None) };
        let config = configs.showing(identity, Demand::Exactly(chain))?;
        let (outcome, seen) = config.handshake(self.name.clone(), socket).await;
        let stream = match outcome {
            Ok(stream) => stream,
            Err(cause) if Refusal::within(&cause) == Some(Refusal::AnotherChain) => {
                self.tls.identities.distrust(self.peer, chain);
                (self.credential, self.shown_to) = (Some(credential), None);
                return Ok(None);
            }
            Err(cause) => return Err(self.failed(&cause, own_certificate(&seen, true))),
        };
        let shown = chain_of(&stream).to_vec();
        let accepts = self.accepts(configs, &config, &shown, Some(&stream), true).await;
        if accepts.is_err() {
            self.tls.identities.distrust(self.peer, chain);
        }
        if !accepts? {
            return Ok(None);
        }
        if credential.persistence() != Persistence::None {
            self.tls.identities.remember(self.peer, &credential, (self.judge, chain));
        }
        Ok(Some(stream))
    }

    /// A certificate to show at once, and the only chain that may see it.
    fn known(&self) -> Option<(Arc<Credential>, Digest)> {
        match &self.credential {
            Some(credential) => self.shown_to.map(|chain| (credential.clone(), chain)),
            None => self.tls.identities.accepted(self.peer, self.judge),
        }
    }

    fn configured(&self) -> Option<Arc<Credential>> {
        self.tls.settings.client_certificate(self.peer.host)
    }

    /// Asks whether to go on, once for a connection; false where the chain is an old session's and is good no more.
    async fn accepts(
        &mut self,
        configs: &Configs,
        config: &Config,
        chain: &[CertificateDer<'static>],
        stream: Option<&Secured>,
        may_resume: bool,
    ) -> Result<bool, Error> {
        let verdict = configs.trust.verdict(chain, &self.name);
        self.is_trusted &= verdict.is_ok();
        // Only what nobody has to look at again.
        config.sessions.may_resume(&self.name, may_resume && verdict.is_ok());
        if verdict.is_err() && stream.is_some_and(is_resumed) {
            return Ok(false);
        }
        let digest = Digest::of(chain);
        if !self.accepted.contains(&digest) {
            self.authenticator.judge(self.peer, self.trust(chain, verdict)).await?;
            self.accepted.push(digest);
        }
        Ok(true)
    }

    fn trust(&self, chain: &[CertificateDer<'_>], verdict: Result<(), TlsError>) -> Arc<ServerTrust> {
        let error = verdict.err().map(|cause| explain(&cause));
        ServerTrust::new(Text::new(self.peer.host), certificates(chain), error)
    }

    /// Whether there is a certificate to show.
    async fn identify(&mut self, issuers: Vec<Bytes>) -> Result<bool, Error> {
        if self.credential.is_none() {
            self.credential = self.tls.identities.credential(self.peer);
        }
        if self.credential.is_none() {
            let answer = self.authenticator.identify(self.peer, issuers, self.configured()).await?;
            self.credential = answer.filter(|credential| credential.certificate().is_some());
        }
        Ok(self.credential.is_some())
    }

    fn failed(&self, cause: &io::Error, own: OwnCertificate) -> Error {
        let error = failed(cause, own);
        if error.is_about_client_certificate() {
            self.tls.identities.forget(self.peer);
        }
        error
    }
}

fn own_certificate(seen: &Seen, has_certificate: bool) -> OwnCertificate {
    match (&seen.issuers, has_certificate) {
        (None, _) => OwnCertificate::NotWanted,
        (Some(_), true) => OwnCertificate::Shown,
        (Some(_), false) => OwnCertificate::Withheld,
    }
}

fn is_resumed(stream: &Secured) -> bool {
    stream.get_ref().1.handshake_kind() == Some(HandshakeKind::Resumed)
}

fn chain_of(stream: &Secured) -> &[CertificateDer<'static>] {
    stream.get_ref().1.peer_certificates().unwrap_or_default()
}
