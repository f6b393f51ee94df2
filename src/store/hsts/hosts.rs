//! Hosts that are to be spoken to over https only, and for how long.

use std::collections::HashMap;

use url::Host;

use super::policy::{MOST_SECONDS, Policy};

const MOST_HOSTS: usize = 10_000;
/// What DNS can hold; a longer one is not taken apart label by label.
const LONGEST_NAME: usize = 253;
const DAY: u64 = 24 * 60 * 60;

#[derive(Default)]
pub(super) struct Hosts {
    by_name: HashMap<String, Known>,
    changes: u64,
}

/// Times are in seconds since 1970.
struct Known {
    expires: u64,
    /// The time that counted as a change: a little more with every answer is none.
    noted: u64,
    includes_subdomains: bool,
}

/// The name under which a host is known; none for an address, to which no policy applies.
pub(super) fn name(host: &str) -> Option<String> {
    match Host::parse(host).ok()? {
        Host::Domain(name) => plain(&name).map(str::to_owned),
        Host::Ipv4(_) | Host::Ipv6(_) => None,
    }
}

/// Without the dot of a full name; none where a part of the name is empty, which no real host's is.
pub(super) fn plain(name: &str) -> Option<&str> {
    let name = name.strip_suffix('.').unwrap_or(name);
    (name.len() <= LONGEST_NAME && !name.split('.').any(str::is_empty)).then_some(name)
}

impl Hosts {
    pub(super) fn set(&mut self, name: String, policy: Policy, now: u64) {
        if policy.max_age == 0 {
            self.changes += u64::from(self.by_name.remove(&name).is_some());
            return;
        }
        let expires = now.saturating_add(policy.max_age.min(MOST_SECONDS));
        let is_little = DAY.min(policy.max_age / 10);
        let known = self.by_name.get(&name).filter(|known| known.includes_subdomains == policy.includes_subdomains);
        let noted = known.map(|known| known.noted).filter(|noted| noted.abs_diff(expires) <= is_little);
        self.changes += u64::from(noted.is_none());
        if self.by_name.len() >= MOST_HOSTS && !self.by_name.contains_key(&name) {
            self.make_room(now);
        }
        let includes_subdomains = policy.includes_subdomains;
        self.by_name.insert(name, Known { expires, noted: noted.unwrap_or(expires), includes_subdomains });
    }

    /// Without those that have expired; where none has, without the one that will be the first to.
    fn make_room(&mut self, now: u64) {
        self.by_name.retain(|_, known| known.expires > now);
        if self.by_name.len() >= MOST_HOSTS {
            let first = self.by_name.iter().min_by_key(|(_, known)| known.expires).map(|(name, _)| name.clone());
            first.and_then(|name| self.by_name.remove(&name));
        }
    }

    /// Whether it is known, or one above it that includes it.
    pub(super) fn contains(&self, name: &str, now: u64) -> bool {
        if name.len() > LONGEST_NAME {
            return false;
        }
        let counts = |name: &str, is_itself: bool| {
            let known = self.by_name.get(name).filter(|known| known.expires > now);
            known.is_some_and(|known| is_itself || known.includes_subdomains)
        };
        let mut above = name;
        let mut is_known = counts(name, true);
        while let Some((_, parent)) = above.split_once('.').filter(|_| !is_known) {
            is_known = counts(parent, false);
            above = parent;
        }
        is_known
    }

    /// Whether something was said about it, expired or not.
    pub(super) fn has(&self, name: &str) -> bool {
        self.by_name.contains_key(name)
    }

    pub(super) fn remove_all(&mut self) {
        self.changes += u64::from(!self.by_name.is_empty());
        self.by_name.clear();
    }

    /// How often something changed that is worth keeping.
    pub(super) fn changes(&self) -> u64 {
        self.changes
    }

    /// Names, when they expire and whether they include what is below, in the order of the names.
    pub(super) fn all(&self, now: u64) -> Vec<(&str, u64, bool)> {
        let known = self.by_name.iter().filter(|(_, known)| known.expires > now);
        let mut all: Vec<_> =
            known.map(|(name, known)| (name.as_str(), known.expires, known.includes_subdomains)).collect();
        all.sort_unstable();
        all
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with(name: &str, max_age: u64, includes_subdomains: bool) -> Hosts {
        let mut hosts = Hosts::default();
        hosts.set(name.to_owned(), Policy { max_age, includes_subdomains }, 1000);
        hosts
    }

    fn set(hosts: &mut Hosts, name: &str, max_age: u64, now: u64) {
        hosts.set(name.to_owned(), Policy { max_age, includes_subdomains: false }, now);
    }

    #[test]
    fn known_until_it_expires() {
        let hosts = with("h.example", 10, false);
        assert!(hosts.contains("h.example", 1009) && !hosts.contains("h.example", 1010));
        assert!(hosts.all(1010).is_empty());
    }

    #[test]
    fn below_only_where_it_says_so() {
        let (alone, all) = (with("h.example", 10, false), with("h.example", 10, true));
        assert!(!alone.contains("a.h.example", 1000) && all.contains("a.b.h.example", 1000));
        for other in ["example", "xh.example", "h.example.org", "", "."] {
            assert!(!all.contains(other, 1000), "{other}");
        }
    }

    #[test]
    fn one_above_counts_where_the_host_itself_does_not() {
        let mut hosts = with("example", 10, true);
        set(&mut hosts, "h.example", 5, 1000);
        assert!(hosts.contains("h.example", 1007) && hosts.contains("a.h.example", 1007));
        set(&mut hosts, "h.example", 0, 1000);
        assert!(hosts.contains("h.example", 1007));
    }

    #[test]
    fn a_later_policy_replaces_and_0_removes() {
        let mut hosts = with("h", 10, true);
        set(&mut hosts, "h", 20, 1000);
        assert!(hosts.contains("h", 1019) && !hosts.contains("a.h", 1000));
        set(&mut hosts, "h", 0, 1000);
        assert!(!hosts.contains("h", 1000));
    }

    #[test]
    fn bounded_and_the_first_to_expire_goes() {
        let mut hosts = with("soon", 50, false);
        for number in 0..MOST_HOSTS {
            set(&mut hosts, &format!("h{number}"), 100 + number as u64, 1000);
        }
        assert_eq!(hosts.by_name.len(), MOST_HOSTS);
        assert!(!hosts.contains("soon", 1000) && hosts.contains("h0", 1000));
        set(&mut hosts, "late", 10_000, 1200);
        assert!(hosts.contains("late", 1200) && hosts.by_name.len() < MOST_HOSTS);
    }

    #[test]
    fn a_little_longer_is_no_change_but_adds_up() {
        let mut hosts = with("h", 100 * DAY, false);
        let before = hosts.changes();
        set(&mut hosts, "h", 100 * DAY, 1000 + DAY);
        assert_eq!(hosts.changes(), before);
        assert!(hosts.contains("h", 1000 + 100 * DAY));
        set(&mut hosts, "h", 100 * DAY, 1000 + 2 * DAY);
        assert_eq!(hosts.changes(), before + 1);
        set(&mut hosts, "h", 0, 1000);
        set(&mut hosts, "h", 0, 1000);
        assert_eq!(hosts.changes(), before + 2);
    }

    #[test]
    fn addresses_have_no_policy() {
        for other in ["127.0.0.1", "127.1", "[::1]", "", ".", "..", "a..", ".a", "a..b", "t..51..", "a b", "a/b"] {
            assert_eq!(name(other), None, "{other}");
        }
        assert_eq!(name("H.example.").as_deref(), Some("h.example"));
    }
}
