//! SOCKS proxies: what they are asked for, and what each of their refusals is called.

use std::net::SocketAddr;

use crate::support::certificate;
use crate::support::handle::{Configuration, Request};
use crate::support::origin::Origin;
use crate::support::recorder::Recorder;
use crate::support::socks::{Refusal, Socks};
use crate::support::standard;
use crate::support::story::Story;

/// Which no server needs to be at.
const NOWHERE: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 9);

fn get(proxy: &str, url: &str) -> Story {
    Story::with(&Configuration::trusting(certificate::trusted()).proxy("all", proxy), &Request::new(url))
}

#[test]
fn a018_names_are_looked_up_by_the_proxy() {
    let origin = Origin::http(standard::serve);
    let socks = Socks::to(Ok(origin.address()), None);
    for scheme in ["socks4a", "socks5h"] {
        let story = get(&socks.url(scheme, ""), "http://nowhere.invalid:8080/hello");
        assert_eq!((story.outcome(), story.body()), ("ok".into(), b"hello, world\n".to_vec()), "{scheme}");
    }
    assert_eq!(socks.asked(), ["4  nowhere.invalid:8080", "5  nowhere.invalid:8080"]);
    for request in origin.requests() {
        assert_eq!((request.target(), request.value("host")), ("/hello", Some("nowhere.invalid:8080")));
    }
}

#[test]
fn a018_names_are_looked_up_here() {
    let origin = Origin::http(standard::serve);
    let socks = Socks::to(Ok(origin.address()), None);
    for scheme in ["socks", "socks4", "socks5"] {
        assert_eq!(get(&socks.url(scheme, ""), "http://localhost:8080/hello").outcome(), "ok", "{scheme}");
    }
    let asked = socks.asked();
    assert_eq!(asked[..2], ["4  127.0.0.1:8080"; 2]);
    assert!(["5  127.0.0.1:8080", "5  [::1]:8080"].contains(&asked[2].as_str()), "{asked:?}");
    // Nobody is asked to look for what this machine cannot find.
    let name = format!("http://{}.invalid/", "x".repeat(64));
    for scheme in ["socks4", "socks5"] {
        assert_eq!(get(&socks.url(scheme, ""), &name).outcome(), "-1003", "{scheme}");
    }
    assert_eq!(socks.accepted(), 3);
}

#[test]
fn a018_addresses_are_passed_on_as_such() {
    let origin = Origin::http(standard::serve);
    let socks = Socks::to(Ok(origin.address()), None);
    for scheme in ["socks4", "socks4a", "socks5", "socks5h"] {
        assert_eq!(get(&socks.url(scheme, ""), "http://192.0.2.1/hello").outcome(), "ok", "{scheme}");
    }
    for scheme in ["socks5", "socks5h"] {
        assert_eq!(get(&socks.url(scheme, ""), "http://[2001:db8::1]:81/hello").outcome(), "ok", "{scheme}");
    }
    let (four, five) = ("4  192.0.2.1:80", "5  192.0.2.1:80");
    assert_eq!(socks.asked(), [four, four, five, five, "5  [2001:db8::1]:81", "5  [2001:db8::1]:81"]);
    for scheme in ["socks4", "socks4a"] {
        let story = get(&socks.url(scheme, ""), "http://[2001:db8::1]/");
        assert_eq!(story.outcome(), "-1004", "{scheme}");
        assert!(story.error().message().contains("IPv6"), "{}", story.error().message());
    }
}

#[test]
fn a018_tls_is_between_us_and_the_server() {
    let origin = Origin::https(standard::serve);
    let socks = Socks::to(Ok(origin.address()), None);
    for scheme in ["socks4", "socks4a", "socks5", "socks5h"] {
        let story = get(&socks.url(scheme, ""), "https://localhost:8443/bytes/300000");
        assert_eq!((story.outcome(), story.body().len()), ("ok".into(), 300_000), "{scheme}");
    }
    assert_eq!(get(&socks.url("socks5h", ""), "https://nowhere.invalid/hello").outcome(), "-1202");
}

#[test]
fn q036_users_and_passwords_are_for_the_proxy() {
    let origin = Origin::http(standard::serve);
    let (user, word) = ("u@r", "w%r:d");
    let socks = Socks::to(Ok(origin.address()), Some((user, word)));
    for scheme in ["socks5", "socks5h", "socks4", "socks4a"] {
        assert_eq!(get(&socks.url(scheme, "u%40r:w%25r:d@"), "http://192.0.2.1/hello").outcome(), "ok", "{scheme}");
    }
    let (four, five) = ("4 u@r 192.0.2.1:80", "5 u@r:w%r:d 192.0.2.1:80");
    assert_eq!(socks.asked(), [five, five, four, four]);
    let secret = Request::new("http://192.0.2.1/hello").header("Proxy-Authorization", "secret");
    Story::with(&Configuration::default().proxy("all", &socks.url("socks4", "")), &secret);
    for request in origin.requests() {
        assert_eq!((request.value("proxy-authorization"), request.value("authorization")), (None, None));
    }
}

#[test]
fn a043_a_password_that_is_wanted_or_wrong() {
    let socks = Socks::to(Ok(NOWHERE), Some(("user", "word")));
    for login in ["", "user:wrong@", "other:word@"] {
        let story = get(&socks.url("socks5h", login), "http://nowhere.invalid/");
        assert_eq!(story.outcome(), "-1013", "{login}");
        let message = story.error().message();
        assert!(message.contains("the proxy 127.0.0.1:") && !message.contains("wrong"), "{message}");
    }
    assert!(socks.asked().is_empty());
}

#[test]
fn q048_each_refusal_has_its_sentence() {
    let told = |scheme: &str, reply| {
        let socks = Socks::to(Err(Refusal(reply)), None);
        let story = get(&socks.url(scheme, ""), "http://nowhere.invalid/");
        let cause = story.error().underlying().unwrap();
        assert_eq!(cause.domain(), "UrlSessionProxyDomain");
        (story.outcome(), cause.code(), story.error().message())
    };
    let mut messages = Vec::new();
    for reply in 1..=8 {
        let (outcome, number, message) = told("socks5h", reply);
        assert_eq!((outcome.as_str(), number), ("-1004", i32::from(reply)), "{message}");
        messages.push(message.split_once(": ").unwrap().1.to_owned());
    }
    messages.dedup();
    assert!(messages.len() >= 5, "{messages:#?}");
    for (reply, outcome) in [(91, "-1004"), (92, "-1013"), (93, "-1013")] {
        let told = told("socks4a", reply);
        assert_eq!((told.0.as_str(), told.1), (outcome, i32::from(reply)), "{}", told.2);
    }
    assert_eq!(told("socks5h", 77).0, "-1011");
    assert_eq!(told("socks4a", 77).0, "-1011");
}

#[test]
fn q048_what_does_not_speak_socks() {
    for (answer, outcome) in [
        (&b"HTTP/1.1 400 Bad Request\r\n\r\n"[..], "-1011"),
        (b"", "-1004"),
        (b"\x05", "-1004"),
        (b"\x05\x00\x05\x00\x00", "-1004"),
        (b"\x05\x01", "-1011"),
        (b"\x05\x00\x05\x00\x00\x07", "-1011"),
        (b"\x05\x00\x05\x00\x00\x03\x02\xff\xff\x00\x00", "-1011"),
    ] {
        let server = Origin::http(move |connection| {
            connection.read_exactly(3);
            connection.send(answer);
            // The next message goes to those only who have answered the first.
            if answer.len() > 2 {
                connection.read_exactly(10);
            }
            connection.close();
        });
        let story = get(&format!("socks5://{}", server.address()), "http://192.0.2.1/");
        assert_eq!(story.outcome(), outcome, "{answer:?}: {}", story.error().message());
        assert!(story.error().message().contains("the proxy"), "{}", story.error().message());
    }
}

#[test]
fn q048_a_socks_server_that_says_nothing_is_waited_for_as_long_as_for_any() {
    let server = Origin::http(|connection| {
        connection.wait_for_leave();
    });
    for scheme in ["socks4", "socks5"] {
        let configuration =
            Configuration::default().proxy("all", &format!("{scheme}://{}", server.address())).connect_timeout(0.2);
        let story = Story::with(&configuration, &Request::new("http://192.0.2.1/"));
        assert_eq!(story.outcome(), "-1001 connect");
    }
}

#[test]
fn a018_a_name_of_any_length() {
    let socks = Socks::to(Err(Refusal(1)), None);
    let longest = format!("{}.invalid", vec!["x".repeat(59); 4].join("."));
    let user = "u".repeat(128);
    let story = get(&socks.url("socks4a", &format!("{user}@")), &format!("http://{longest}/"));
    assert_eq!(story.outcome(), "-1011", "it was refused, with what is no reply of version 4");
    assert_eq!(socks.asked(), [format!("4 {user} {longest}:80")]);
    let too_long = vec!["x".repeat(60); 5].join(".");
    for scheme in ["socks4a", "socks5h"] {
        let story = get(&socks.url(scheme, ""), &format!("http://{too_long}/"));
        assert_eq!(story.outcome(), "-1000", "{scheme}");
    }
}

#[test]
fn q036_connections_through_a_socks_proxy_are_its_own() {
    let origin = Origin::http(standard::serve);
    let socks = Socks::to(Ok(origin.address()), Some(("user", "word")));
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let proxies = [socks.url("socks5h", "user:word@"), socks.url("socks5", "user:word@"), "direct://".to_owned()];
    for (number, proxy) in proxies.iter().chain(&proxies).enumerate() {
        session.task_for(&Request::new(&origin.url("/hello")).proxy(proxy)).resume();
        recorder.wait_for(&format!("did_complete {} ok", number + 1));
    }
    let connections: Vec<_> = origin.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [1, 2, 3, 1, 2, 3]);
    assert_eq!(socks.accepted(), 2);
}
