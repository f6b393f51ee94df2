//! Apple's URLSession for everything that can call C: one C header, one library, Rust inside.
//!
//! ```text
//!     application
//!         │ C calls                                                ▲ C function pointers
//!         ▼                                                        │
//!     src/ffi ──▶ session ──▶ lifecycle ──▶ transport         src/ffi/delegate
//!                   │            │                                 ▲
//!                   └── task ────┘──── messages ──▶ src/delegate ──┘
//!                     (the parcel)                  (the outbox)
//! ```
//!
//! Stations stand in a line and call only the next one. Nouns (task, message, error) travel through them and call
//! nobody. The outbox is one trait, `Delegate`: the only way anything goes back to the application. Where transport
//! must tell how far it is, it tells a trait argument that `lifecycle` implements.
//!
//! | step | Apple's life cycle with a custom delegate | lives in |
//! |---|---|---|
//! | 1 | configuration: default, ephemeral | `session/configuration.rs` |
//! | 2 | session from configuration and delegate | `session/mod.rs` |
//! | 3 | tasks, suspended until `resume`; the request with what the session adds | `session/mod.rs`, `task/`, `lifecycle/request.rs` |
//! | 4 | connection and trust | `lifecycle/exchange.rs`, `transport/` |
//! | 5 | redirect, then back to 4 | `lifecycle/redirect.rs` |
//! | 7 | response: allow, cancel | `lifecycle/response.rs` |
//! | 8, 9 | body and its counter | `lifecycle/exchange.rs`, `transport/http1/` |
//! | 10 | data, decoded and bounded | `lifecycle/receive.rs` |
//! | 13 | complete, exactly once, last | `lifecycle/finish.rs` |
//! | 15 | invalidate; did-become-invalid; the delegate is released | `session/mod.rs`, `session/registry.rs` |
//!
//! Steps 6, 11, 12 and 14 come with later versions.

#![deny(unsafe_code)]

mod delegate;
mod error;
mod fault;
#[expect(unsafe_code, reason = "the border to C: every unsafe block of the crate, each with its reason")]
pub mod ffi;
mod file;
mod identity;
mod lifecycle;
mod message;
mod session;
mod task;
mod transport;

pub use ffi::*;
