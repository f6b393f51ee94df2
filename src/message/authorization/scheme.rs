//! Names of schemes, from strong to weak.

#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(crate) enum Scheme {
    Negotiate,
    Ntlm,
    Digest,
    Basic,
    /// Last, for whoever knows a password would not know what to say.
    Bearer,
    Other,
}

impl Scheme {
    pub(super) fn named(name: &str) -> Self {
        let known = [
            ("negotiate", Self::Negotiate),
            ("ntlm", Self::Ntlm),
            ("digest", Self::Digest),
            ("bearer", Self::Bearer),
            ("basic", Self::Basic),
        ];
        known.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map_or(Self::Other, |(_, scheme)| *scheme)
    }
}
