//! Where a credential is good: a server or a proxy, and a part of it.

use std::sync::Arc;

use bytes::Bytes;

use super::ServerTrust;
use crate::identity::Identity;
use crate::message::Text;

/// How one proves who one is.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Debug)]
pub(crate) enum AuthenticationMethod {
    Basic = 1,
    Digest = 2,
    Bearer = 3,
    Negotiate = 4,
    Ntlm = 5,
    ClientCertificate = 6,
    ServerTrust = 7,
}

/// What is spoken there.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(crate) enum Protocol {
    Http,
    Https,
    HttpProxy,
    HttpsProxy,
    SocksProxy,
}

/// What two spaces have to be equal in to be one.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Space {
    /// In small letters, without the brackets of IPv6.
    pub(crate) host: Text,
    pub(crate) port: u16,
    pub(crate) protocol: Protocol,
    pub(crate) method: AuthenticationMethod,
    pub(crate) realm: Option<Text>,
}

pub struct ProtectionSpace {
    pub(crate) identity: Identity,
    space: Space,
    /// Issuers of certificates that the server would take, in DER.
    distinguished_names: Vec<Bytes>,
    server_trust: Option<Arc<ServerTrust>>,
}

impl AuthenticationMethod {
    /// Who is asked about it: rows A040 and A041.
    pub(crate) fn is_about_connection(self) -> bool {
        matches!(self, Self::Negotiate | Self::Ntlm | Self::ClientCertificate | Self::ServerTrust)
    }

    /// Whether it can be answered; what cannot counts as not offered (row A042).
    pub(crate) fn is_spoken(self) -> bool {
        !matches!(self, Self::Negotiate | Self::Ntlm)
    }
}

impl Protocol {
    pub(crate) fn is_proxy(self) -> bool {
        matches!(self, Self::HttpProxy | Self::HttpsProxy | Self::SocksProxy)
    }

    pub(crate) fn is_secure(self) -> bool {
        matches!(self, Self::Https | Self::HttpsProxy)
    }

    /// What it is called; also of a proxy.
    pub(crate) fn text(self) -> &'static Text {
        static TEXTS: [Text; 3] =
            [Text::from_static("http\0"), Text::from_static("https\0"), Text::from_static("socks\0")];
        match self {
            Self::Http | Self::HttpProxy => &TEXTS[0],
            Self::Https | Self::HttpsProxy => &TEXTS[1],
            Self::SocksProxy => &TEXTS[2],
        }
    }
}

impl Space {
    /// Whether it is on this host.
    pub(crate) fn is_at(&self, (host, port, protocol): (&str, u16, Protocol)) -> bool {
        (self.port, self.protocol) == (port, protocol) && self.host.as_str() == host
    }
}

impl ProtectionSpace {
    pub(crate) fn new(space: Space) -> Self {
        Self { identity: Identity::next(), space, distinguished_names: Vec::new(), server_trust: None }
    }

    /// Of a server that shows who it is.
    pub(crate) fn of_trust(space: Space, trust: Arc<ServerTrust>) -> Self {
        Self { server_trust: Some(trust), ..Self::new(space) }
    }

    /// Of a server that wants a certificate.
    pub(crate) fn of_issuers(space: Space, distinguished_names: Vec<Bytes>) -> Self {
        Self { distinguished_names, ..Self::new(space) }
    }

    pub(crate) fn space(&self) -> &Space {
        &self.space
    }

    pub(crate) fn distinguished_names(&self) -> &[Bytes] {
        &self.distinguished_names
    }

    pub(crate) fn server_trust(&self) -> Option<&Arc<ServerTrust>> {
        self.server_trust.as_ref()
    }

    /// Whether a password cannot be read on its way (Apple: receivesCredentialSecurely).
    pub(crate) fn receives_credential_securely(&self) -> bool {
        self.space.protocol.is_secure() || !matches!(self.space.method, AuthenticationMethod::Basic)
    }
}
