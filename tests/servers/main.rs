//! The library against the servers that it will meet, as Debian packages them, each started for its test alone. A test
//! says `skipped` where its server is missing, and fails instead where `URL_SESSION_TEST_SERVERS` is `required`.

#[path = "../support/mod.rs"]
mod support;

mod server;

mod apache;
mod lighttpd;
mod nginx;
mod python;
mod squid;

mod authentication;
mod downloads;
mod proxies;
mod site;
mod tls;
mod trust;
mod uploads;
