//! Where a connection leads, and through which proxy. What two requests need to be equal in to share one; the settings
//! are one session's.

use std::sync::Arc;

use url::{Host, Url};

use super::Peer;
use crate::challenge::Protocol;
use crate::error::{Code, Error};
use crate::identity::Identity;
use crate::message::{Proxy, Request, Text};

#[derive(Clone, PartialEq, Eq, Hash)]
pub(crate) struct Route {
    pub(super) is_secure: bool,
    /// Without the brackets of IPv6.
    pub(super) host: String,
    pub(super) port: u16,
    /// Who says whom to trust there; none is the session.
    pub(super) judge: Option<Identity>,
    /// None is straight there.
    via: Option<Arc<Via>>,
}

/// A proxy on the way, and what of the request is for it where it tunnels: who says otherwise gets another tunnel.
#[derive(PartialEq, Eq, Hash)]
struct Via {
    proxy: Arc<Proxy>,
    user_agent: Option<Text>,
    authorization: Option<Text>,
    /// It is not to be told who comes.
    is_silent: bool,
    /// Who says as whom we come to the tunnel; none is the session.
    introducer: Option<Identity>,
}

impl Route {
    pub(super) fn to(url: &Url, judge: Option<Identity>) -> Result<Self, Error> {
        let host = match url.host() {
            Some(Host::Domain(name)) => name.to_owned(),
            Some(Host::Ipv4(address)) => address.to_string(),
            Some(Host::Ipv6(address)) => address.to_string(),
            None => {
                return Err(Error::new(Code::BAD_URL, "the URL has no host: give one such as https://example.com/"));
            }
        };
        let is_secure = url.scheme() == "https";
        let default = if is_secure { 443 } else { 80 };
        Ok(Self { is_secure, host, port: url.port().unwrap_or(default), judge, via: None })
    }

    /// Who is at its end.
    pub(crate) fn peer(&self) -> Peer<'_> {
        let protocol = if self.is_secure { Protocol::Https } else { Protocol::Http };
        Peer { host: &self.host, port: self.port, protocol }
    }

    /// The same, through a proxy.
    pub(super) fn through(self, proxy: Arc<Proxy>, request: &Request, introducer: Option<Identity>) -> Self {
        let is_tunnel = self.is_secure && proxy.kind().is_http();
        let field = |name| if is_tunnel { request.headers().joined(name) } else { None };
        let (user_agent, authorization) = (field("user-agent"), field("proxy-authorization"));
        let is_silent = is_tunnel && request.headers().suppresses("proxy-authorization");
        let introducer = introducer.filter(|_| is_tunnel);
        Self { via: Some(Arc::new(Via { proxy, user_agent, authorization, is_silent, introducer })), ..self }
    }

    pub(crate) fn proxy(&self) -> Option<&Proxy> {
        self.via.as_ref().map(|via| &*via.proxy)
    }

    /// The proxy that reads the requests, instead of passing on what it cannot read.
    pub(crate) fn proxy_of_requests(&self) -> Option<&Proxy> {
        self.proxy().filter(|proxy| proxy.kind().is_http() && !self.is_secure)
    }

    /// Who reads the requests: the server, or the proxy.
    pub(super) fn reader(&self) -> Peer<'_> {
        self.proxy_of_requests().map_or_else(|| self.peer(), Peer::of)
    }

    /// The Proxy-Authorization that the application has written for the tunnel.
    pub(crate) fn tunnel_authorization(&self) -> Option<&Text> {
        self.via.as_ref()?.authorization.as_ref()
    }

    /// The application wants nothing said in front of the tunnel about who comes.
    pub(crate) fn has_silent_tunnel(&self) -> bool {
        self.via.as_ref().is_some_and(|via| via.is_silent)
    }

    pub(super) fn tunnel_user_agent(&self) -> Option<&Text> {
        self.via.as_ref()?.user_agent.as_ref()
    }

    /// Host and port, as HTTP writes them.
    pub(super) fn authority(&self) -> String {
        match self.host.contains(':') {
            true => format!("[{}]:{}", self.host, self.port),
            false => format!("{}:{}", self.host, self.port),
        }
    }
}
