//! WWW-Authenticate and Proxy-Authenticate as servers write them (RFC 9110, 11.6.1): many fields, many challenges in
//! one, and garbage between them that hides no good one.

use super::offer::OfferedScheme;
use super::parameters::{Item, Items};
use super::scheme::Scheme;

const MOST_OFFERS: usize = 16;
const MOST_PARAMETERS: usize = 32;

/// What is offered, in the order of the fields.
pub(super) fn read<'a>(fields: impl IntoIterator<Item = &'a str>) -> Vec<OfferedScheme> {
    let mut offers = Vec::new();
    for field in fields {
        read_field(field, &mut offers);
    }
    offers
}

fn read_field(field: &str, offers: &mut Vec<OfferedScheme>) {
    let earlier = offers.len();
    for item in Items::new(field) {
        match item {
            Item::Scheme(..) if offers.len() == MOST_OFFERS => return,
            Item::Scheme(name, token68) => offers.push(OfferedScheme {
                scheme: Scheme::named(name),
                token68: token68.map(str::to_owned),
                parameters: Vec::new(),
            }),
            Item::Parameter(name, value) => {
                if let Some(offer) = offers[earlier..].last_mut()
                    && offer.parameters.len() < MOST_PARAMETERS
                {
                    offer.parameters.push((name.to_owned(), value));
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `scheme token68 name=value name=value`, a line each.
    fn told(fields: &[&str]) -> String {
        let line = |offer: &OfferedScheme| {
            let scheme = format!("{:?}", offer.scheme);
            let parameters = offer.parameters.iter().map(|(name, value)| format!("{name}={value}"));
            [scheme].into_iter().chain(offer.token68.clone()).chain(parameters).collect::<Vec<_>>().join(" ")
        };
        read(fields.iter().copied()).iter().map(line).collect::<Vec<_>>().join("\n")
    }

    #[test]
    fn many_fields_and_many_challenges_in_one() {
        let newauth = r#"Newauth realm="apps", type=1, title="Login to \"apps\"", Basic realm="simple""#;
        assert_eq!(told(&[newauth]), "Other realm=apps type=1 title=Login to \"apps\"\nBasic realm=simple");
        assert_eq!(told(&["Negotiate", "NTLM", "Basic realm=\"a\""]), "Negotiate\nNtlm\nBasic realm=a");
        assert_eq!(told(&["Negotiate, NTLM,basic REALM=a"]), "Negotiate\nNtlm\nBasic REALM=a");
        assert_eq!(told(&["bEaReR realm=\"x\", error=\"invalid_token\""]), "Bearer realm=x error=invalid_token");
    }

    #[test]
    fn token68() {
        assert_eq!(told(&["Negotiate YII=="]), "Negotiate YII==");
        assert_eq!(told(&["NTLM TlRMTVNTUAAC/+ , Basic realm=a"]), "Ntlm TlRMTVNTUAAC/+\nBasic realm=a");
        assert_eq!(told(&["Negotiate  abc, NTLM"]), "Negotiate abc\nNtlm");
    }

    #[test]
    fn commas_and_escapes_in_quotes() {
        assert_eq!(told(&[r#"Basic realm="a, Digest realm=b""#]), "Basic realm=a, Digest realm=b");
        assert_eq!(told(&[r#"Basic realm="a\\\"b\c""#]), r#"Basic realm=a\"bc"#);
        assert_eq!(told(&["Basic realm=\"\", charset=\"UTF-8\""]), "Basic realm= charset=UTF-8");
    }

    #[test]
    fn odd_spacing_and_what_servers_really_send() {
        assert_eq!(told(&[" ,, Basic \t realm = \"a\" ,, ,charset=UTF-8, "]), "Basic realm=a charset=UTF-8");
        assert_eq!(told(&["Digest realm=\"a\" nonce=\"b\"\tqop=auth"]), "Digest realm=a nonce=b qop=auth");
        assert_eq!(told(&["Digest realm=My Site, nonce=b"]), "Digest realm=My Site nonce=b");
        assert_eq!(told(&["Basic realm=\"ünï\""]), "Basic realm=ünï");
        assert_eq!(told(&["Digest qop=\"auth\",realm=\"a\",stale=FALSE"]), "Digest qop=auth realm=a stale=FALSE");
        assert_eq!(told(&["Basic"]), "Basic");
        assert_eq!(told(&["Basic realm=\"unfinished"]), "Basic realm=unfinished");
    }

    #[test]
    fn a_broken_challenge_hides_no_good_one() {
        for broken in ["@@@", "\"quoted, Digest nonce=x\"", "=", "realm=\"stray\"", "é", "a b c", "(x)", "Other ="] {
            let told = told(&[&format!("{broken}, Basic realm=\"good\"")]);
            assert!(told.ends_with("Basic realm=good") && !told.contains("Digest"), "{broken} gave {told}");
        }
        assert_eq!(told(&["Basic realm=\"unfinished", "Digest realm=a"]), "Basic realm=unfinished\nDigest realm=a");
        assert_eq!(told(&["Digest realm=a", "nonce=stray"]), "Digest realm=a");
        assert_eq!(told(&["", ",", "\"", "=\"", "\\"]), "");
    }

    #[test]
    fn bounded() {
        let offers = read(["Basic realm=a, ".repeat(1000).as_str()]);
        assert_eq!(offers.len(), MOST_OFFERS);
        let parameters = format!("Digest {}", "a=b, ".repeat(1000));
        assert_eq!(read([parameters.as_str()])[0].parameters.len(), MOST_PARAMETERS);
    }
}
