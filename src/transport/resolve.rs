//! Names to addresses, beside the task: a resolver that hangs holds a thread of its own and no task.

use std::net::{IpAddr, SocketAddr};

use dns_lookup::{AddrInfoHints, LookupError, LookupErrorKind, SockType, getaddrinfo};
use tokio::sync::Semaphore;
use tokio::task::spawn_blocking;

use crate::error::{Code, Domain, Error};

/// getaddrinfo blocks: names that hang hold no more than half of the threads that the system's blocking calls have.
const MOST_LOOKUPS: usize = 64;
static LOOKUPS: Semaphore = Semaphore::const_new(MOST_LOOKUPS);

/// A name with more addresses than this is tried no further.
const MOST_ADDRESSES: usize = 16;

pub(super) async fn resolve(host: &str, port: u16) -> Result<Vec<SocketAddr>, Error> {
    if let Ok(address) = host.parse() {
        return Ok(vec![SocketAddr::new(address, port)]);
    }
    let host = host.to_owned();
    // Held until the lookup ends, whoever has stopped waiting for it.
    let permit = LOOKUPS.acquire().await;
    let looked_up = spawn_blocking(move || {
        let _permit = permit;
        look_up(&host)
    })
    .await;
    let addresses = looked_up.unwrap_or_else(|_| Err(unresolved(Code::DNS_LOOKUP_FAILED, None)))?;
    Ok(addresses.into_iter().map(|address| SocketAddr::new(address, port)).collect())
}

fn look_up(host: &str) -> Result<Vec<IpAddr>, Error> {
    let hints = AddrInfoHints { socktype: SockType::Stream.into(), ..AddrInfoHints::default() };
    let found = getaddrinfo(Some(host), None, Some(hints)).map_err(|error| {
        let code = match error.kind() {
            LookupErrorKind::NoName | LookupErrorKind::NoData => Code::CANNOT_FIND_HOST,
            _ => Code::DNS_LOOKUP_FAILED,
        };
        unresolved(code, Some(error))
    })?;
    let addresses: Vec<_> = found.flatten().map(|info| info.sockaddr.ip()).take(MOST_ADDRESSES).collect();
    match addresses.is_empty() {
        true => Err(unresolved(Code::CANNOT_FIND_HOST, None)),
        false => Ok(addresses),
    }
}

fn unresolved(code: Code, cause: Option<LookupError>) -> Error {
    let message = match code {
        Code::CANNOT_FIND_HOST => "there is no host of this name: check the spelling of the URL",
        _ => "the host's name could not be looked up: check the network and its DNS servers",
    };
    let error = Error::new(code, message);
    match cause {
        Some(cause) => {
            let number = cause.error_num();
            error.because(Error::underlying_in(Domain::Resolver, number, std::io::Error::from(cause).to_string()))
        }
        None => error,
    }
}
