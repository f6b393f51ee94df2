//! What a configuration says about whom to trust: pins, files, directories, everybody.

use std::fs;

use crate::support::certificate::{self, Leaf};
use crate::support::challenge::{Asked, Reply};
use crate::support::directory::{Directory, resize};
use crate::support::handle::{Configuration, Request};
use crate::support::origin::Origin;
use crate::support::phone::Phone;
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

fn trusting() -> Configuration {
    Configuration::trusting(certificate::trusted())
}

fn origin(leaf: Leaf) -> Origin {
    Origin::tls(certificate::server(leaf, &[]), standard::serve)
}

fn accepting() -> Recorder {
    Recorder::default().trusting(Asked::accept)
}

fn outcome(recorder: Recorder, configuration: &Configuration, leaf: Leaf) -> String {
    let origin = origin(leaf);
    let outcome = Story::told_to(recorder, configuration, &Request::new(&origin.url("/hello"))).outcome();
    assert_eq!(origin.requests().len(), usize::from(outcome == "ok"));
    outcome
}

fn dangerous(configuration: Configuration) -> Configuration {
    configuration.set(|c| url_session_configuration_set_dangerously_accepts_any_server_certificate(c, true))
}

#[test]
fn r056_a_pinned_key_and_another() {
    let leaf = certificate::leaf();
    let pinned = trusting().pinned("127.0.0.1", leaf.public_key());
    assert_eq!(outcome(Recorder::default(), &pinned, leaf), "ok");
    let story = {
        let origin = origin(certificate::leaf());
        Story::with(&pinned, &Request::new(&origin.url("/hello")))
    };
    assert_eq!(story.outcome(), "-1202");
    assert!(story.error().message().contains("pinned"), "{}", story.error().message());
}

#[test]
fn r056_any_of_several_pins_is_enough_and_other_hosts_have_none() {
    let leaf = certificate::leaf();
    let several = trusting().pinned("127.0.0.1", [1; 32]).pinned("127.0.0.1", leaf.public_key());
    assert_eq!(outcome(Recorder::default(), &several, leaf), "ok");
    assert_eq!(outcome(Recorder::default(), &trusting().pinned("localhost", [1; 32]), certificate::leaf()), "ok");
}

#[test]
fn r056_a_pin_holds_whatever_a_delegate_answers() {
    let asked = |reply: fn(&Asked) -> Reply| Recorder::default().trusting(reply);
    for leaf in [certificate::leaf(), certificate::self_signed()] {
        let recorder = asked(Asked::accept);
        assert_eq!(outcome(recorder, &trusting().pinned("127.0.0.1", [1; 32]), leaf), "-1202");
        // It is not even asked.
        assert_eq!(recorder.lines()[1], "did_complete 1 -1202");
    }
    for (reply, expected) in [
        (Asked::accept as fn(&Asked) -> Reply, "ok"),
        (|_| Reply::Default, "-1203"),
        (|_| Reply::UseNone, "-1202"),
        (|_| Reply::Cancel, "-999"),
    ] {
        let leaf = certificate::self_signed();
        let pinned = trusting().pinned("127.0.0.1", leaf.public_key());
        assert_eq!(outcome(asked(reply), &pinned, leaf), expected);
    }
}

#[test]
fn r056_a_pin_makes_no_bad_chain_good() {
    for (leaf, expected) in
        [(certificate::expired(), "-1201"), (certificate::wrong_host(), "-1202"), (certificate::self_signed(), "-1203")]
    {
        let pinned = trusting().pinned("127.0.0.1", leaf.public_key());
        assert_eq!(outcome(Recorder::default(), &pinned, leaf), expected);
    }
}

#[test]
fn r056_the_key_of_an_authority_counts_where_it_has_signed() {
    for recorder in [Recorder::default, accepting] {
        let (leaf, authority) = certificate::of_intermediate(true);
        assert_eq!(outcome(recorder(), &trusting().pinned("127.0.0.1", authority), leaf), "ok");
        // Shown beside a chain that it has nothing to do with, it says nothing.
        let (other, authority) = certificate::of_intermediate(true);
        let leaf = certificate::beside(certificate::leaf(), &other);
        assert_eq!(outcome(recorder(), &trusting().pinned("127.0.0.1", authority), leaf), "-1202");
        let leaf = certificate::beside(certificate::leaf(), &other);
        assert_eq!(outcome(recorder(), &trusting().pinned("127.0.0.1", other.public_key()), leaf), "-1202");
    }
}

#[test]
fn r056_subdomains_are_pinned_where_it_is_said() {
    let pin = |includes| {
        trusting().set(|c| {
            let key = [1; 32];
            url_session_configuration_add_pinned_public_key(
                c,
                c"LOCALHOST.".as_ptr(),
                key.as_ptr(),
                key.len(),
                includes,
            )
        })
    };
    // A dot at the end of a name is no way around.
    let cases = [
        ("localhost", [false, false]),
        ("localhost.", [false, false]),
        ("LocalHost", [false, false]),
        ("below.localhost", [true, false]),
        ("far.below.localhost.", [true, false]),
        ("notlocalhost", [true, true]),
    ];
    for (host, may) in cases {
        for (includes, may) in [false, true].into_iter().zip(may) {
            let leaf = certificate::leaf_for(host.trim_end_matches('.'));
            let origin = origin(leaf);
            let configuration = Phone::to(origin.address()).give_to(pin(includes));
            let story = Story::with(&configuration, &Request::new(&format!("https://{host}/hello")));
            assert_eq!(story.outcome(), if may { "ok" } else { "-1202" }, "{host} {includes}");
        }
    }
}

#[test]
fn r056_verification_off_but_for_pins() {
    for (leaf, other) in [
        (certificate::leaf(), certificate::leaf()),
        (certificate::expired(), certificate::expired()),
        (certificate::wrong_host(), certificate::wrong_host()),
        (certificate::self_signed(), certificate::self_signed()),
    ] {
        let pinned = dangerous(Configuration::default()).pinned("127.0.0.1", leaf.public_key());
        assert_eq!(outcome(Recorder::default(), &pinned, other), "-1202");
        assert_eq!(outcome(Recorder::default(), &pinned, leaf), "ok");
    }
    assert_eq!(outcome(Recorder::default(), &dangerous(Configuration::default()), certificate::self_signed()), "ok");
}

#[test]
fn r056_verification_off_leaves_the_last_word_to_a_delegate() {
    let recorder = Recorder::default().trusting(|asked| match asked.trust().unwrap().is_trusted() {
        true => Reply::Cancel,
        false => Reply::Default,
    });
    assert_eq!(outcome(recorder, &dangerous(Configuration::default()), certificate::self_signed()), "-999");
}

#[test]
fn q038_certificates_from_files_and_directories() {
    let directory = Directory::default();
    let file = directory.file("authority.pem", certificate::trusted().as_bytes());
    // As a directory of OpenSSL's is: names by hash, and other things beside.
    std::os::unix::fs::symlink("authority.pem", directory.at("5a4d6b6e.0")).unwrap();
    std::os::unix::fs::symlink("gone.pem", directory.at("12345678.0")).unwrap();
    directory.file("README", b"certificates of the tests");
    fs::create_dir(directory.at("more")).unwrap();
    for path in [file.as_path(), directory.path()] {
        let configuration = Configuration::default().trusting_path(path).ok().unwrap();
        assert_eq!(outcome(Recorder::default(), &configuration, certificate::leaf()), "ok");
        let alone = Configuration::default().without_platform().trusting_path(path).ok().unwrap();
        assert_eq!(outcome(Recorder::default(), &alone, certificate::leaf()), "ok");
    }
}

#[test]
fn q038_what_is_missing_is_said_before_connecting() {
    let directory = Directory::default();
    let empty = directory.file("empty.pem", b"no certificate\n");
    let garbage = directory.file("garbage.pem", b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n");
    let huge = directory.sparse("huge.pem", (16 << 20) + 1);
    let gone = directory.at("gone.pem");
    let cases = [
        (gone.as_path(), -1100),
        (empty.as_path(), -1015),
        (garbage.as_path(), -1015),
        (huge.as_path(), -3001),
        (std::path::Path::new("/dev/null"), -3001),
        (directory.path(), -1015),
    ];
    for (path, code) in cases {
        let error = Configuration::default().trusting_path(path).err().unwrap();
        assert_eq!((error.code(), error.failing_url()), (code, None), "{}", path.display());
        assert!(error.message().contains(path.to_str().unwrap()), "{}", error.message());
    }
    resize(&huge, 0);
}

#[test]
fn q038_a_path_of_the_other_kind() {
    let directory = Directory::default();
    let file = directory.file("authority.pem", certificate::trusted().as_bytes());
    let (configuration, mut error) = (Configuration::default(), std::ptr::null_mut());
    for (path, add) in [
        (directory.path(), url_session_configuration_add_trusted_certificates_file as extern "C" fn(_, _, _) -> _),
        (file.as_path(), url_session_configuration_add_trusted_certificates_directory),
    ] {
        let path = crate::support::handle::c_text(path.to_str().unwrap());

        let status = add(configuration.get(), path.as_ptr(), &mut error);
        assert_eq!(status, UrlSessionStatus::FAILED);
        url_session_error_release(error);
    }
}

#[test]
fn r056_nobody_is_trusted_without_the_platform_and_without_others() {
    assert_eq!(
        outcome(Recorder::default(), &Configuration::default().without_platform(), certificate::leaf()),
        "-1203"
    );
    let accepted = outcome(accepting(), &Configuration::default().without_platform(), certificate::leaf());
    assert_eq!(accepted, "ok");
}

#[test]
fn the_switches_can_be_read() {
    let configuration = Configuration::default();
    type Set = extern "C" fn(*mut UrlSessionConfiguration, bool) -> UrlSessionStatus;
    type Get = extern "C" fn(*const UrlSessionConfiguration) -> bool;
    let switches: [(Set, Get, bool); 4] = [
        (
            url_session_configuration_set_trusts_platform_certificates,
            url_session_configuration_trusts_platform_certificates,
            true,
        ),
        (
            url_session_configuration_set_uses_environment_certificates,
            url_session_configuration_uses_environment_certificates,
            true,
        ),
        (
            url_session_configuration_set_dangerously_accepts_any_server_certificate,
            url_session_configuration_dangerously_accepts_any_server_certificate,
            false,
        ),
        (url_session_configuration_set_logs_tls_secrets, url_session_configuration_logs_tls_secrets, false),
    ];
    for (set, get, default) in switches {
        assert_eq!(get(configuration.get()), default);
        assert_eq!(set(configuration.get(), !default), UrlSessionStatus::OK);
        assert_eq!(get(configuration.get()), !default);
        assert!(!get(std::ptr::null()));
    }
}

#[test]
fn a_pin_for_no_host() {
    let configuration = Configuration::default();
    for host in [c"", c"a b", c"https://example.com", c"example.com:443"] {
        let key = [0; 32];
        let status =
            url_session_configuration_add_pinned_public_key(configuration.get(), host.as_ptr(), key.as_ptr(), 32, true);
        assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT);
    }
}

#[test]
fn a_pin_that_is_no_hash() {
    // In base64, as other programs write it, and too short.
    for pin in [b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=".as_slice(), &[0; 31], &[]] {
        let (configuration, host) = (Configuration::default(), c"localhost".as_ptr());
        let (pin, length) = (pin.as_ptr(), pin.len());
        let status = url_session_configuration_add_pinned_public_key(configuration.get(), host, pin, length, true);
        assert_eq!(status, UrlSessionStatus::INVALID_ARGUMENT);
    }
}
