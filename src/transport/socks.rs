//! SOCKS proxies, which pass on what they cannot read: 4 and 5 want an address, 4a and 5h look names up themselves.

use std::net::SocketAddr;

use tokio_socks::tcp::{Socks4Stream, Socks5Stream};
use tokio_socks::{Error as SocksError, IntoTargetAddr, TargetAddr};

use super::Route;
use super::connect::{Connector, of_proxy};
use super::socket::Socket;
use crate::challenge::Proof;
use crate::error::{Code, Domain, Error};
use crate::message::{Proxy, ProxyKind};

pub(super) async fn open(connector: &Connector<'_>, proxy: &Proxy, route: &Route) -> Result<Socket, Error> {
    let target = target(connector, proxy, route).await?;
    let socket = connector.reach(proxy, route).await?.into_socket();
    let login = match proxy.credential().map(|credential| credential.proof()) {
        Some(Proof::Password(known)) if known.user.as_str() != "" => {
            Some((known.user.as_str(), known.password.as_str()))
        }
        _ => None,
    };
    let opened = match (proxy.kind(), login) {
        (ProxyKind::Socks4 | ProxyKind::Socks4a, None) => {
            Socks4Stream::connect_with_socket(socket, target).await.map(Socks4Stream::into_inner)
        }
        (ProxyKind::Socks4 | ProxyKind::Socks4a, Some((user, _))) => {
            Socks4Stream::connect_with_userid_and_socket(socket, target, user).await.map(Socks4Stream::into_inner)
        }
        (_, None) => Socks5Stream::connect_with_socket(socket, target).await.map(Socks5Stream::into_inner),
        (_, Some((user, password))) => {
            let opening = Socks5Stream::connect_with_password_and_socket(socket, target, user, password);
            opening.await.map(Socks5Stream::into_inner)
        }
    };
    opened.map_err(|cause| explain(proxy, &cause))
}

/// The server as the proxy is told of it.
async fn target<'a>(connector: &Connector<'_>, proxy: &Proxy, route: &'a Route) -> Result<TargetAddr<'a>, Error> {
    let addresses = match proxy.kind() {
        ProxyKind::Socks4 | ProxyKind::Socks5 => connector.look_up(route.peer()).await?,
        _ => return (route.host.as_str(), route.port).into_target_addr().map_err(|_| too_long()),
    };
    let is_usable = |address: &SocketAddr| proxy.kind() == ProxyKind::Socks5 || address.is_ipv4();
    let usable = addresses.into_iter().find(is_usable).map(TargetAddr::Ip);
    usable.ok_or_else(|| explain(proxy, &SocksError::AddressTypeNotSupported))
}

fn too_long() -> Error {
    Error::new(Code::BAD_URL, "the host's name is longer than the 255 bytes that SOCKS has room for: check the URL")
}

fn explain(proxy: &Proxy, cause: &SocksError) -> Error {
    let (code, message) = sentence(cause);
    let error = Error::new(code, message);
    of_proxy(
        proxy,
        match cause {
            SocksError::Io(cause) => error.because_of(Some(cause)),
            _ => error.because(Error::underlying_in(Domain::Proxy, reply(proxy.kind(), cause), cause.to_string())),
        },
    )
}

fn sentence(cause: &SocksError) -> (Code, &'static str) {
    match cause {
        SocksError::Io(_) => {
            (Code::CANNOT_CONNECT_TO_HOST, "the connection to it broke: does its port speak this version of SOCKS?")
        }
        SocksError::NoAcceptableAuthMethods | SocksError::AuthorizationRequired => (
            Code::USER_AUTHENTICATION_REQUIRED,
            "it asks for a user and a password: give them in its URL, if it takes them there",
        ),
        SocksError::PasswordAuthFailure(_) => {
            (Code::USER_AUTHENTICATION_REQUIRED, "it did not accept the user and the password of its URL")
        }
        SocksError::IdentdAuthFailure | SocksError::InvalidUserIdAuthFailure => {
            (Code::USER_AUTHENTICATION_REQUIRED, "it wants to know who we are from an ident server of this machine")
        }
        SocksError::ConnectionNotAllowedByRuleset => {
            (Code::CANNOT_CONNECT_TO_HOST, "its rules do not let us to this server: ask whoever runs it")
        }
        SocksError::NetworkUnreachable | SocksError::HostUnreachable | SocksError::TtlExpired => {
            (Code::CANNOT_CONNECT_TO_HOST, "it cannot reach the server: check the URL's host")
        }
        SocksError::ConnectionRefused => {
            (Code::CANNOT_CONNECT_TO_HOST, "the server refuses connections from it: check the URL's port")
        }
        SocksError::AddressTypeNotSupported => (
            Code::CANNOT_CONNECT_TO_HOST,
            "it does not know this kind of address: SOCKS 4 has no IPv6; socks4a and socks5h look names up themselves",
        ),
        SocksError::GeneralSocksServerFailure | SocksError::CommandNotSupported => {
            (Code::CANNOT_CONNECT_TO_HOST, "it did not connect to the server, and does not say why")
        }
        _ => (Code::BAD_SERVER_RESPONSE, "what answered does not speak this version of SOCKS: check its URL"),
    }
}

/// The number that the proxy said, 0 where it said none.
fn reply(kind: ProxyKind, cause: &SocksError) -> i32 {
    match cause {
        SocksError::GeneralSocksServerFailure if matches!(kind, ProxyKind::Socks4 | ProxyKind::Socks4a) => 91,
        SocksError::GeneralSocksServerFailure => 1,
        SocksError::ConnectionNotAllowedByRuleset => 2,
        SocksError::NetworkUnreachable => 3,
        SocksError::HostUnreachable => 4,
        SocksError::ConnectionRefused => 5,
        SocksError::TtlExpired => 6,
        SocksError::CommandNotSupported => 7,
        SocksError::AddressTypeNotSupported => 8,
        SocksError::IdentdAuthFailure => 92,
        SocksError::InvalidUserIdAuthFailure => 93,
        _ => 0,
    }
}
