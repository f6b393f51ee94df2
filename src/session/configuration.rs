//! How a session behaves. Each room below says what it takes; this puts them together.

use crate::lifecycle::Rules;
use crate::message::Interval;
use crate::store::{CookieStorage, CredentialStorage, HstsStorage};
use crate::transport;

#[derive(Clone, Copy)]
pub(crate) struct Timeouts {
    pub(crate) connect: Interval,
    pub(crate) request: Interval,
    pub(crate) resource: Interval,
}

impl Timeouts {
    pub(crate) fn connect(&self) -> Interval {
        self.connect.or(Interval::Never)
    }

    pub(crate) fn request(&self) -> Interval {
        self.request.or(Interval::from_secs(60))
    }

    pub(crate) fn resource(&self) -> Interval {
        self.resource.or(Interval::from_secs(7 * 24 * 60 * 60))
    }
}

#[derive(Clone)]
pub(crate) struct Configuration {
    pub(crate) timeouts: Timeouts,
    pub(crate) rules: Rules,
    pub(crate) transport: transport::Settings,
}

impl Configuration {
    pub(crate) const MOST_HEADERS: u32 = transport::Settings::MOST_HEADERS;

    pub(crate) fn new_default() -> Self {
        let inherit = Interval::Inherit;
        Self {
            timeouts: Timeouts { connect: inherit, request: inherit, resource: inherit },
            rules: Rules::default(),
            transport: transport::Settings::default(),
        }
    }

    /// Differs from the default in what it remembers of servers: that is its own, and stays in memory.
    pub(crate) fn new_ephemeral() -> Self {
        let mut configuration = Self::new_default();
        configuration.rules.credential_storage = Some(CredentialStorage::new());
        configuration.rules.cookies.storage = Some(CookieStorage::new());
        configuration.rules.hsts = Some(HstsStorage::new());
        configuration
    }
}
