//! Step 4: who is asked whom to trust, and as whom to go.

use std::sync::Arc;

use bytes::Bytes;

use super::watch;
use crate::challenge::{
    AuthenticationMethod, Challenge, ChallengeAnswer, Credential, Proof, ProtectionSpace, ServerTrust, Space,
};
use crate::error::{Code, Error};
use crate::message::{Field, Response, Text, authorization};
use crate::task::Task;
use crate::transport::{Asked, Authenticator, Peer, Route};

/// The challenges of one task's connections.
pub(super) struct Challenges<'a> {
    task: &'a Arc<Task>,
}

impl<'a> Challenges<'a> {
    pub(super) fn new(task: &'a Arc<Task>) -> Self {
        Self { task }
    }

    /// The answer; the default where there is nobody to ask.
    pub(super) async fn ask(&self, challenge: Challenge) -> Result<ChallengeAnswer, Error> {
        let question = self.task.outbox().did_receive_challenge(self.task, challenge);
        let Some(question) = question else { return Ok(ChallengeAnswer::Default) };
        let answer = question.answer(ChallengeAnswer::Default).await;
        self.task.clock.moved();
        watch::heed(self.task).await?;
        Ok(answer)
    }
}

impl Authenticator for Challenges<'_> {
    fn judges(&self) -> bool {
        self.task.outbox().judges()
    }

    /// Row A046.
    fn judge<'a>(&'a self, peer: Peer<'a>, trust: Arc<ServerTrust>) -> Asked<'a, ()> {
        Box::pin(async move {
            let space = ProtectionSpace::of_trust(space(peer, AuthenticationMethod::ServerTrust), trust.clone());
            match self.ask(Challenge::new(Arc::new(space), None)).await? {
                ChallengeAnswer::Default => trust.error().map_or(Ok(()), |error| Err(error.again())),
                ChallengeAnswer::Use(Some(credential)) if accepts(&credential, &trust) => Ok(()),
                ChallengeAnswer::Cancel => Err(Error::cancelled()),
                ChallengeAnswer::Use(_) | ChallengeAnswer::Reject => Err(Error::new(
                    Code::SERVER_CERTIFICATE_UNTRUSTED,
                    "the application did not accept the server's certificate: to accept it, answer the challenge with \
                     a credential made of its server trust",
                )),
            }
        })
    }

    /// Row A047.
    fn identify<'a>(
        &'a self,
        peer: Peer<'a>,
        issuers: Vec<Bytes>,
        proposed: Option<Arc<Credential>>,
    ) -> Asked<'a, Option<Arc<Credential>>> {
        Box::pin(async move {
            let space = ProtectionSpace::of_issuers(space(peer, AuthenticationMethod::ClientCertificate), issuers);
            match self.ask(Challenge::new(Arc::new(space), proposed.clone())).await? {
                ChallengeAnswer::Use(credential) => Ok(credential),
                ChallengeAnswer::Default => Ok(proposed),
                ChallengeAnswer::Reject => Ok(None),
                ChallengeAnswer::Cancel => Err(Error::cancelled()),
            }
        })
    }

    fn authorize_tunnel<'a>(
        &'a self,
        route: &'a Route,
        _target: &'a str,
        refusal: Option<Arc<Response>>,
    ) -> Asked<'a, Option<Field>> {
        let own = || route.tunnel_authorization().cloned();
        let known = || own().or_else(|| proxy_authorization(route).map(Text::from));
        // Who was refused once has nothing else to say.
        let value = if refusal.is_none() { known() } else { None };
        let field = value.map(|value| Field::new(Text::from_static("Proxy-Authorization\0"), value));
        Box::pin(async { Ok(field) })
    }
}

/// Row Q036: the user and the password of the proxy's URL, before it asks.
pub(super) fn proxy_authorization(route: &Route) -> Option<String> {
    let Proof::Password(known) = route.proxy()?.credential()?.proof() else { return None };
    authorization::basic(known.user.as_str(), known.password.as_str()).ok()
}

pub(super) fn space(peer: Peer<'_>, method: AuthenticationMethod) -> Space {
    Space { host: Text::new(peer.host), port: peer.port, protocol: peer.protocol, method, realm: None }
}

fn accepts(credential: &Credential, trust: &Arc<ServerTrust>) -> bool {
    matches!(credential.proof(), Proof::ServerTrust(accepted) if Arc::ptr_eq(accepted, trust))
}
