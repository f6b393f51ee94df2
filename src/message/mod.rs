//! What travels between us and a server: requests, responses, and what they are made of.

pub(crate) mod authorization;
mod body;
mod body_source;
mod content_coding;
mod content_type;
mod cookie_pair;
mod data;
mod filename;
mod headers;
mod interval;
mod multipart_form;
mod multipart_reader;
mod proxy;
mod request;
mod response;
mod text;
mod url;

pub(crate) use body::{Body, BodyStream, Segment};
pub(crate) use body_source::{BodyRead, BodySource, PendingRead, ReadFailure};
pub(crate) use content_coding::{ACCEPTED as ACCEPTED_CODINGS, ContentDecoder};
pub(crate) use cookie_pair::CookiePair;
pub(crate) use data::Data;
pub(crate) use headers::{Field, Headers};
pub(crate) use interval::Interval;
pub(crate) use multipart_form::MultipartForm;
pub(crate) use multipart_reader::{MultipartReader, PartEvent};
pub(crate) use proxy::{Proxy, ProxyKind, Way};
pub(crate) use request::{Request, RequestCredential};
pub(crate) use response::{Response, ResponseDisposition};
pub(crate) use text::Text;
pub(crate) use url::{Location, is_default_port_upgrade, is_same_origin, user_info, without_secrets};

/// An argument that no value of its type can stand for.
#[derive(Debug)]
pub(crate) struct Invalid;
