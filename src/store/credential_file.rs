//! Credentials as lines of text: a space and what is good there, the default first.

use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use std::sync::Arc;

use crate::challenge::{AuthenticationMethod, Credential, Persistence, Proof, Protocol, Space};
use crate::message::Text;

const HEADING: &str = "# Credentials of liburlsession: scheme, protocol, host, port, realm, user, secret.\n";
/// Stands for what is not there; encoded text has none.
const NOTHING: &str = "-";

const METHODS: [(AuthenticationMethod, &str); 3] = [
    (AuthenticationMethod::Basic, "basic"),
    (AuthenticationMethod::Digest, "digest"),
    (AuthenticationMethod::Bearer, "bearer"),
];

const PROTOCOLS: [(Protocol, &str); 4] = [
    (Protocol::Http, "http"),
    (Protocol::Https, "https"),
    (Protocol::HttpProxy, "http-proxy"),
    (Protocol::HttpsProxy, "https-proxy"),
];

pub(super) fn write<'a>(credentials: impl Iterator<Item = (&'a Space, &'a Arc<Credential>)>) -> Vec<u8> {
    let mut lines = HEADING.to_owned();
    for (space, credential) in credentials {
        lines.extend(line(space, credential));
    }
    lines.into_bytes()
}

/// Skips what it does not understand.
pub(super) fn read(content: &[u8]) -> impl Iterator<Item = (Space, Arc<Credential>)> {
    String::from_utf8_lossy(content).lines().filter_map(parse).collect::<Vec<_>>().into_iter()
}

fn line(space: &Space, credential: &Credential) -> Option<String> {
    let (user, secret) = match credential.proof() {
        Proof::Password(password) => (Some(&password.user), &password.password),
        Proof::Bearer(token) => (None, token),
        _ => return None,
    };
    let encoded = |text: &Text| utf8_percent_encode(text.as_str(), NON_ALPHANUMERIC).to_string();
    let optional = |text: Option<&Text>| text.map_or_else(|| NOTHING.to_owned(), encoded);
    let method = METHODS.iter().find(|(method, _)| *method == space.method)?.1;
    let protocol = PROTOCOLS.iter().find(|(protocol, _)| *protocol == space.protocol)?.1;
    let (host, port, realm) = (encoded(&space.host), space.port, optional(space.realm.as_ref()));
    Some(format!("{method}\t{protocol}\t{host}\t{port}\t{realm}\t{}\t{}\n", optional(user), encoded(secret)))
}

fn parse(line: &str) -> Option<(Space, Arc<Credential>)> {
    let words: Vec<_> = line.split('\t').collect();
    let [method, protocol, host, port, realm, user, secret] = words.as_slice() else { return None };
    let decoded = |text: &str| percent_decode_str(text).decode_utf8().ok().map(|text| text.into_owned());
    let space = Space {
        method: METHODS.iter().find(|(_, name)| name == method)?.0,
        protocol: PROTOCOLS.iter().find(|(_, name)| name == protocol)?.0,
        host: Text::from(decoded(host)?),
        port: port.parse().ok()?,
        realm: if *realm == NOTHING { None } else { Some(Text::from(decoded(realm)?)) },
    };
    let secret = decoded(secret)?;
    let credential = match *user {
        NOTHING => Credential::bearer(&secret, Persistence::Permanent),
        user => Credential::password(&decoded(user)?, &secret, Persistence::Permanent),
    };
    Some((space, credential.ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn space(method: AuthenticationMethod, realm: Option<&str>) -> Space {
        let host = Text::new("::1");
        Space { host, port: 8443, protocol: Protocol::HttpsProxy, method, realm: realm.map(Text::new) }
    }

    #[test]
    fn what_is_written_is_read() {
        let password = Credential::password("jäs\u{f8}n", "-\"%\u{1f511} x", Persistence::Permanent).unwrap();
        let bearer = Credential::bearer("mF_9.B5f-4.1JqM==", Persistence::Permanent).unwrap();
        let (named, nameless, empty) = (
            space(AuthenticationMethod::Digest, Some("a\tb\nc")),
            space(AuthenticationMethod::Bearer, None),
            space(AuthenticationMethod::Basic, Some("")),
        );
        let all = [(&named, &password), (&nameless, &bearer), (&empty, &password)];
        let read: Vec<_> = read(&write(all.into_iter())).collect();
        assert_eq!(read.len(), 3);
        for ((space, credential), (wanted_space, wanted)) in read.iter().zip(all) {
            assert!(space == wanted_space && credential.is_same(wanted));
        }
    }

    #[test]
    fn what_cannot_be_read_is_skipped() {
        let garbage = ["", "\t\t\t\t\t\t", "basic\thttp\th\t99999\t-\tu\tp", "ntlm\thttp\th\t80\t-\tu\tp", "\u{fffd}"];
        let lines = garbage.join("\n") + "\nbasic\thttp\th\t80\t-\tu%3Ax\tp\nbasic\thttp\th\t80\tr\tu\t%ff\n";
        assert_eq!(read(lines.as_bytes()).count(), 0);
        assert_eq!(read(format!("{lines}basic\thttp\th\t80\tr\tu\tp\r\n").as_bytes()).count(), 1);
    }
}
