//! Step 4: who is asked whom to trust, and as whom to go.

use std::sync::Arc;

use bytes::Bytes;
use tokio::sync::Mutex;

use super::party::{Keys, Party};
use super::watch;
use crate::challenge::{
    AuthenticationMethod, Challenge, ChallengeAnswer, Credential, Proof, ProtectionSpace, ServerTrust, Space,
};
use crate::error::{Code, Error};
use crate::message::{Field, Response, Text};
use crate::task::Task;
use crate::transport::{Asked, Authenticator, Peer, Route};

/// The challenges of one task's connections.
pub(super) struct Challenges<'a> {
    task: &'a Arc<Task>,
    pub(super) keys: Keys<'a>,
    /// It asks while a connection is made, too.
    pub(super) proxy: Mutex<Party>,
}

impl<'a> Challenges<'a> {
    pub(super) fn new(task: &'a Arc<Task>, keys: Keys<'a>) -> Self {
        Self { task, keys, proxy: Mutex::default() }
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
        target: &'a str,
        refusal: Option<Arc<Response>>,
    ) -> Asked<'a, Option<Field>> {
        Box::pin(self.tunnel_field(route, target, refusal))
    }
}

pub(super) fn space(peer: Peer<'_>, method: AuthenticationMethod) -> Space {
    Space { host: Text::new(peer.host), port: peer.port, protocol: peer.protocol, method, realm: None }
}

fn accepts(credential: &Credential, trust: &Arc<ServerTrust>) -> bool {
    matches!(credential.proof(), Proof::ServerTrust(accepted) if Arc::ptr_eq(accepted, trust))
}
