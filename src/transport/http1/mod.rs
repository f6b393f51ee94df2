//! One exchange of HTTP/1.1: the request out, the answer in, through ureq-proto's state machine.

mod exchange;
mod outgoing;
mod send;
mod talk;

pub(crate) use exchange::{Broken, Exchange};
pub(super) use exchange::{DISCARDED, exchange};
pub(crate) use outgoing::Outgoing;
pub(super) use talk::{MOST_INTERIM, Talk, is_interim, malformed, status};

use crate::error::{Code, Error};

fn refused(why: &str) -> Error {
    Error::new(Code::BAD_URL, format!("the request cannot be written ({why}): change its URL or its header fields"))
}
