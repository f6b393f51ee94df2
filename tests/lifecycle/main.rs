//! The life cycle, told by a delegate: what it hears in which order is the test. A file a step of `src/lib.rs`, then
//! a file a noun that has rules of its own.

#[path = "../support/mod.rs"]
mod support;

mod step_01_configuration;
mod step_02_session;
mod step_03_tasks;
mod step_05_redirect;
mod step_07_response;
mod step_10_receive;
mod step_13_complete;
mod step_15_invalidate;

mod cancellation;
mod coding;
mod completion_handler;
#[cfg(unix)]
mod dialer;
mod errors;
mod framing;
mod headers;
mod limits;
mod pool;
mod requests;
mod responses;
mod secrets;
mod task_delegate;
mod task_properties;
mod threads;
mod timers;
mod trust;
