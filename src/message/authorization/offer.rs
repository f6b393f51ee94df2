//! What a server offers, and in which order to take it.

use super::challenge_header::read;
use super::digest_challenge::DigestChallenge;
use super::scheme::Scheme;

/// One challenge of a server.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) struct OfferedScheme {
    pub(crate) scheme: Scheme,
    /// What Negotiate and NTLM send.
    pub(crate) token68: Option<String>,
    pub(super) parameters: Vec<(String, String)>,
}

impl OfferedScheme {
    /// The first value of that name.
    pub(crate) fn parameter(&self, name: &str) -> Option<&str> {
        let named = self.parameters.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        named.map(|(_, value)| value.as_str())
    }

    pub(crate) fn realm(&self) -> Option<&str> {
        self.parameter("realm")
    }
}

/// What the values of WWW-Authenticate or Proxy-Authenticate offer, from strong to weak. Of what is offered for one
/// realm several times, as Digest is with several algorithms, only the strongest; a Digest that nobody here can
/// compute is not offered, nor one that protects a body which is not at hand.
pub(crate) fn offers<'a>(fields: impl IntoIterator<Item = &'a str>, has_body_at_hand: bool) -> Vec<OfferedScheme> {
    let ranked = |offer: OfferedScheme| Some((rank(&offer, has_body_at_hand)?, offer));
    let mut ranked: Vec<_> = read(fields).into_iter().filter_map(ranked).collect();
    ranked.sort_by_key(|(rank, _)| *rank);
    let mut offers: Vec<OfferedScheme> = Vec::new();
    for (_, offer) in ranked {
        let is_same = |other: &OfferedScheme| other.scheme == offer.scheme && other.realm() == offer.realm();
        if offer.scheme == Scheme::Other || !offers.iter().any(is_same) {
            offers.push(offer);
        }
    }
    offers
}

fn rank(offer: &OfferedScheme, has_body_at_hand: bool) -> Option<impl Ord + Copy + use<>> {
    if offer.scheme != Scheme::Digest {
        return Some((offer.scheme, None));
    }
    let challenge = DigestChallenge::read(offer)?;
    let is_possible = has_body_at_hand || challenge.body_hasher().is_none();
    is_possible.then(|| (offer.scheme, Some(challenge.hash())))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(field: &str) -> Vec<(Scheme, Option<String>)> {
        offers([field], true)
            .into_iter()
            .map(|offer| (offer.scheme, offer.parameter("algorithm").map(str::to_owned)))
            .collect()
    }

    #[test]
    fn a044_from_strong_to_weak() {
        let field = "Unknown x=y, Basic realm=a, Digest realm=a, nonce=b, Bearer, NTLM, Negotiate";
        let order: Vec<_> = told(field).into_iter().map(|(scheme, _)| scheme).collect();
        use Scheme::*;
        assert_eq!(order, [Negotiate, Ntlm, Digest, Basic, Bearer, Other]);
    }

    #[test]
    fn the_strongest_digest_wins_and_unknown_ones_are_not_offered() {
        let digest = |algorithm: &str| format!("Digest realm=a, nonce=b, algorithm={algorithm}, ");
        let names = ["MD5", "SHA-256", "SHA-512-256", "NEW-1024"];
        let all: String = names.map(digest).concat();
        assert_eq!(told(&all), [(Scheme::Digest, Some("SHA-512-256".to_owned()))]);
        assert_eq!(told(&digest("NEW-1024")), []);
        assert_eq!(told("Digest realm=a, nonce=b, qop=\"auth-conf\", Basic realm=a"), [(Scheme::Basic, None)]);
        assert_eq!(told("Digest realm=a, nonce=b, algorithm=MD5, Digest realm=c, nonce=d, algorithm=MD5").len(), 2);
    }

    #[test]
    fn what_is_possible_comes_before_what_is_strong() {
        let field = "Digest realm=a, nonce=b, algorithm=SHA-256, qop=\"auth-int\", \
                     Digest realm=a, nonce=c, algorithm=MD5, qop=\"auth\", Basic realm=a";
        let schemes = |has_body| offers([field], has_body).into_iter().map(|offer| (offer.scheme, offer)).collect();
        let names = |offers: Vec<(Scheme, OfferedScheme)>| -> Vec<_> {
            offers.iter().map(|(scheme, offer)| (*scheme, offer.parameter("algorithm").map(str::to_owned))).collect()
        };
        assert_eq!(names(schemes(true))[0], (Scheme::Digest, Some("SHA-256".to_owned())));
        assert_eq!(names(schemes(false))[0], (Scheme::Digest, Some("MD5".to_owned())));
    }
}
