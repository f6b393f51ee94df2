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
//! Stations stand in a line and call only the next one. Nouns (task, message, challenge, error) travel through them
//! and call nobody. The outbox is one trait, `Delegate`: the only way anything goes back to the application. Where
//! transport must tell how far it is, needs the next bytes of a body, or asks whom to trust and as whom to go, it has
//! trait arguments that `lifecycle` implements. What is remembered of servers is in `store`.
//!
//! | step | Apple's life cycle with a custom delegate | lives in |
//! |---|---|---|
//! | 1 | configuration: default, ephemeral | `session/configuration.rs` |
//! | 2 | session from configuration and delegate | `session/mod.rs` |
//! | 3 | tasks, suspended until `resume`; the request with what is added | `session/mod.rs`, `lifecycle/request.rs` |
//! | 4 | https where the host or the session wants it | `lifecycle/transport_security.rs`, `store/hsts/` |
//! | 4 | connection: proxy, tunnel, addresses, TLS, trust | `lifecycle/exchange.rs`, `transport/`, `transport/tls/` |
//! | 4 | challenges: who is asked, and what is made of the answer | `lifecycle/challenge.rs`, `lifecycle/party.rs` |
//! | 4 | as whom a request goes to a server, to a proxy | `lifecycle/authorization.rs`, `lifecycle/proxy.rs` |
//! | 4, 5 | cookies, for every hop | `lifecycle/cookies.rs`, `store/` |
//! | 5 | redirect, then back to 4 | `lifecycle/redirect.rs` |
//! | 6 | a download goes on at the offset where it stopped | `lifecycle/resumption.rs`, `task/resume_data.rs` |
//! | 7 | response: allow, cancel, become a download; interim answers before | `lifecycle/response.rs` |
//! | 8 | the body, whenever it goes out: bytes, files, streams | `lifecycle/upload.rs` and the feeds beside it |
//! | 9 | send progress | `lifecycle/progress.rs` |
//! | 10 | data, decoded and bounded; write progress | `lifecycle/receive.rs`, `lifecycle/writer.rs` |
//! | 12 | download finished in a temporary file | `lifecycle/finish.rs`, `file/` |
//! | 13 | complete, exactly once, last; resume data in the error | `lifecycle/finish.rs` |
//! | 14 | multipart/x-mixed-replace: back to 7 for every part | `lifecycle/multipart.rs` |
//! | 15 | invalidate; did-become-invalid; the delegate is released | `session/mod.rs`, `session/registry.rs` |
//!
//! Step 11 comes with a later version.

#![deny(unsafe_code)]

mod challenge;
mod delegate;
mod error;
mod fault;
#[expect(unsafe_code, reason = "the border to C: every unsafe block of the crate, each with its reason")]
pub mod ffi;
mod file;
#[cfg(any(test, feature = "fuzzing"))]
pub mod fuzz;
mod identity;
mod lifecycle;
mod message;
mod session;
mod store;
mod task;
mod transport;

pub use ffi::*;
