//! What a handshake saw. rustls asks its verifier and its resolver inside it, with no word of which connection it is
//! about; but it does so on the thread that polls, and one instance of each is what lets sessions be resumed.

use std::cell::RefCell;
use std::future::poll_fn;
use std::pin::pin;

use bytes::Bytes;
use rustls::pki_types::CertificateDer;

/// No server needs more to say whose certificates it takes.
const MOST_ISSUERS: usize = 1024;

#[derive(Default)]
pub(super) struct Seen {
    /// What the server showed, where nobody could say yet whether to trust it.
    pub(super) chain: Option<Vec<CertificateDer<'static>>>,
    /// Whose certificates the server takes, where it asks for one; none of them means anybody's.
    pub(super) issuers: Option<Vec<Bytes>>,
}

thread_local! {
    static SEEN: RefCell<Seen> = RefCell::default();
}

pub(super) fn see_chain(chain: &[CertificateDer<'_>]) {
    SEEN.with_borrow_mut(|seen| seen.chain = Some(chain.iter().map(|one| one.clone().into_owned()).collect()));
}

pub(super) fn see_request(issuers: &[&[u8]]) {
    let issuers = issuers.iter().take(MOST_ISSUERS).map(|issuer| Bytes::copy_from_slice(issuer));
    SEEN.with_borrow_mut(|seen| seen.issuers = Some(issuers.collect()));
}

/// The handshake, and what it saw.
pub(super) async fn watched<T>(handshake: impl Future<Output = T>) -> (T, Seen) {
    let mut handshake = pin!(handshake);
    let mut all = Seen::default();
    let outcome = poll_fn(|context| {
        // What another has left that panicked.
        drop(SEEN.take());
        let polled = handshake.as_mut().poll(context);
        let seen = SEEN.take();
        all.chain = seen.chain.or(all.chain.take());
        all.issuers = seen.issuers.or(all.issuers.take());
        polled
    })
    .await;
    (outcome, all)
}
