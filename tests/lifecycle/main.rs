//! The life cycle, told by a delegate: what it hears in which order is the test. A file a step of `src/lib.rs`, then
//! a file a noun that has rules of its own.

#[path = "../support/mod.rs"]
mod support;

mod step_01_configuration;
mod step_02_session;
mod step_03_tasks;
mod step_04_basic;
mod step_04_bearer;
mod step_04_body_again;
mod step_04_challenge;
mod step_04_client_certificate;
#[cfg(unix)]
mod step_04_credential_file;
mod step_04_credentials;
mod step_04_digest;
mod step_04_netrc;
mod step_04_precedence;
mod step_04_proxy_bodies;
mod step_04_proxy_challenge;
mod step_04_proxy_digest;
mod step_04_proxy_explicit;
mod step_04_proxy_persistence;
mod step_04_proxy_servers;
mod step_04_redirect;
mod step_04_schemes;
mod step_04_secrets;
mod step_04_server_trust;
mod step_04_signer;
mod step_04_transfers;
mod step_04_trust_is_not_handed_on;
mod step_05_redirect;
#[cfg(unix)]
mod step_05_redirect_matrix;
mod step_05_redirect_slot;
mod step_05_redirect_transfers;
mod step_06_resume;
mod step_07_become_download;
mod step_07_informational;
mod step_07_response;
mod step_08_body_again;
mod step_08_body_source;
mod step_08_body_stream;
mod step_08_expect;
mod step_08_upload;
mod step_08_upload_file;
mod step_08_upload_suspended;
mod step_09_send_progress;
mod step_10_receive;
mod step_10_write;
mod step_12_finish;
mod step_13_complete;
mod step_14_multipart;
mod step_15_invalidate;

mod address_guard;
mod cancellation;
mod client_certificates;
mod coding;
mod completion_handler;
mod cookie_policy;
#[cfg(unix)]
mod cookie_storage;
mod cookies;
mod cut;
#[cfg(unix)]
mod dialer;
mod discard;
mod downloaded_file;
mod errors;
mod framing;
mod headers;
mod hsts;
mod https_only;
mod limits;
mod multipart_form;
mod partial_file;
mod pause;
mod pool;
mod proxy;
mod proxy_environment;
mod proxy_liars;
mod proxy_socks;
mod proxy_trust;
mod proxy_tunnel;
mod requests;
mod responses;
mod resume_data;
mod secrets;
mod speed;
mod suspension;
mod task_delegate;
mod task_properties;
mod threads;
mod timers;
mod trust;
mod trusted_certificates;
