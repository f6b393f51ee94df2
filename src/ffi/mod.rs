//! C in, C out: every `unsafe` of the crate and no decision. A function here is three lines: convert in, one core
//! call, convert out. Handles are numbers looked up in [`handle`], never addresses, so a stale one is a status.

#![expect(clippy::unit_arg, reason = "a function here is one expression, also where there is nothing to give")]

mod convert;
mod custody;
mod delegate_table;
mod handle;

// In the order of the header: what others are made of, then the life cycle.
mod status;
mod data;
mod error;
mod body_stream;
mod multipart_form;
mod request;
mod response;
mod server_trust;
mod credential;
mod client_certificate;
mod protection_space;
mod challenge;
mod credential_storage;
mod cookie;
mod cookie_storage;
mod configuration;
mod trust;
mod limits;
mod cookie_policy;
mod safety;
mod hsts_storage;
mod proxies;
mod transfers;
#[cfg(unix)]
mod dialer;
mod downloaded_file;
mod authorization;
mod progress;
mod completion;
mod delegate;
mod handler;
mod session;
mod data_task;
mod upload_task;
mod download_task;
mod task;
#[cfg(feature = "fault-injection")]
mod fault;

pub use authorization::*;
pub use body_stream::*;
pub use challenge::*;
pub use client_certificate::*;
pub use completion::*;
pub use configuration::*;
pub use cookie::*;
pub use cookie_policy::*;
pub use cookie_storage::*;
pub use credential::*;
pub use credential_storage::*;
pub use data::*;
pub use data_task::*;
pub use delegate::*;
#[cfg(unix)]
pub use dialer::*;
pub use download_task::*;
pub use downloaded_file::*;
pub use error::*;
#[cfg(feature = "fault-injection")]
pub use fault::*;
pub use handler::*;
pub use hsts_storage::*;
pub use limits::*;
pub use multipart_form::*;
pub use progress::*;
pub use protection_space::*;
pub use proxies::*;
pub use request::*;
pub use response::*;
pub use safety::*;
pub use server_trust::*;
pub use session::*;
pub use status::*;
pub use task::*;
pub use transfers::*;
pub use trust::*;
pub use upload_task::*;

use crate::message::Invalid;
use crate::session::Refused;

fn invalid(_: Invalid) -> UrlSessionStatus {
    UrlSessionStatus::INVALID_ARGUMENT
}

fn refused(refused: Refused) -> UrlSessionStatus {
    match refused {
        Refused::Invalidated => UrlSessionStatus::SESSION_INVALIDATED,
        Refused::OutOfResources => UrlSessionStatus::OUT_OF_RESOURCES,
    }
}
