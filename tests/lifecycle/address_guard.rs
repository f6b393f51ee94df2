use std::net::SocketAddr;

use crate::support::handle::{Configuration, Request};
use crate::support::origin::Origin;
use crate::support::phone::Phone;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

fn guarded(configuration: Configuration) -> Configuration {
    configuration.set(|c| url_session_configuration_set_refuses_private_addresses(c, true))
}

#[test]
fn no_spelling_of_this_computer_is_connected_to() {
    let origin = Origin::http(standard::serve);
    let port = origin.address().port();
    let configuration = guarded(Configuration::default());
    let hosts = [
        "127.0.0.1",
        "localhost",
        "LOCALHOST",
        "127.1",
        "2130706433",
        "0x7f.1",
        "0177.0.0.1",
        "0.0.0.0",
        "[::1]",
        "[::]",
        "[::ffff:127.0.0.1]",
        "[::ffff:7f00:1]",
        "[::127.0.0.1]",
        "[64:ff9b::7f00:1]",
        "[2002:7f00:1::]",
    ];
    for host in hosts {
        let story = Story::with(&configuration, &Request::new(&format!("http://{host}:{port}/hello")));
        assert_eq!(story.outcome(), "-1004", "{host}");
        assert!(story.error().message().contains("private"), "{host}: {}", story.error().message());
        assert!(story.error().underlying().is_none(), "{host} was tried");
    }
    assert_eq!(origin.accepted(), 0);
}

#[test]
fn nothing_inside_a_network_is_connected_to() {
    let configuration = guarded(Configuration::default());
    for host in ["10.0.0.1", "172.16.0.1", "192.168.1.1", "169.254.169.254", "100.64.0.1", "[fd00::1]", "[fe80::1]"] {
        let story = Story::with(&configuration, &Request::new(&format!("http://{host}/")));
        assert_eq!(story.outcome(), "-1004", "{host}");
        assert!(story.error().underlying().is_none(), "{host} was tried");
    }
}

#[test]
fn what_the_application_dials_itself_is_its_own_business() {
    let origin = Origin::http(standard::serve);
    let address: SocketAddr = origin.address();
    let configuration = Phone::to(address).give_to(guarded(Configuration::default()));
    assert_eq!(Story::with(&configuration, &Request::new(&origin.url("/hello"))).outcome(), "ok");
}

#[test]
fn it_is_off_unless_it_is_asked_for() {
    let origin = Origin::http(standard::serve);
    assert_eq!(Story::of(&origin.url("/hello")).outcome(), "ok");
    for configuration in [Configuration::default(), Configuration::ephemeral()] {
        assert!(!url_session_configuration_refuses_private_addresses(configuration.get()));
        assert!(url_session_configuration_refuses_private_addresses(guarded(configuration).get()));
    }
}
