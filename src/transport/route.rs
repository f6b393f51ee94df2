//! Where a connection leads. What two requests need to be equal in to share one; the settings are one session's.

use std::net::IpAddr;

use url::{Host, Url};

use super::Peer;
use crate::challenge::Protocol;
use crate::error::{Code, Error};
use crate::identity::Identity;

#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub(crate) struct Route {
    pub(super) is_secure: bool,
    /// Without the brackets of IPv6.
    pub(super) host: String,
    pub(super) port: u16,
    /// Who says whom to trust there; none is the session.
    pub(super) judge: Option<Identity>,
}

impl Route {
    pub(crate) fn to(url: &Url, judge: Option<Identity>) -> Result<Self, Error> {
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
        Ok(Self { is_secure, host, port: url.port().unwrap_or(default), judge })
    }

    /// Who is at its end.
    pub(crate) fn peer(&self) -> Peer<'_> {
        let protocol = if self.is_secure { Protocol::Https } else { Protocol::Http };
        Peer { host: &self.host, port: self.port, protocol }
    }

    /// A host that is an address needs no resolver.
    pub(super) fn address(&self) -> Option<IpAddr> {
        self.host.parse().ok()
    }
}
