//! What the tests stand on: an origin that can send any bytes at any time, and a recorder of what a delegate is told.
#![allow(dead_code, reason = "every binary that includes this room uses a part of it")]

pub mod certificate;
pub mod connection;
pub mod gate;
pub mod handle;
pub mod origin;
#[cfg(unix)]
pub mod phone;
pub mod recorder;
pub mod slots;
pub mod standard;
pub mod story;

use std::time::Duration;

/// How long anything in a test may take before it counts as hanging.
pub const PATIENCE: Duration = Duration::from_secs(20);
