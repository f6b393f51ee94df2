//! What the tests stand on: an origin that can send any bytes at any time, and a recorder of what a delegate is told.
#![allow(dead_code, unused_imports, reason = "every binary that includes this room uses a part of it")]

pub mod body;
pub mod certificate;
pub mod challenge;
pub mod client_certificate;
pub mod connection;
pub mod credentials;
pub mod cookies;
pub mod digest;
pub mod directory;
pub mod download;
pub mod downloads;
pub mod gate;
pub mod handle;
pub mod hsts;
pub mod moment;
pub mod origin;
pub mod paused;
#[cfg(unix)]
pub mod phone;
pub mod proxy;
pub mod realm;
pub mod recorder;
pub mod redirection;
pub mod served_file;
pub mod server_trust;
#[cfg(unix)]
pub mod site;
pub mod slots;
pub mod socks;
pub mod standard;
pub mod story;
pub mod transcript;
pub mod transfer_slots;
pub mod upload;

use std::time::Duration;

/// How long anything in a test may take before it counts as hanging.
pub const PATIENCE: Duration = Duration::from_secs(20);
