use std::ffi::{c_char, c_void};
use std::io::{BufRead, BufReader, Write};
use std::os::fd::IntoRawFd;
use std::os::unix::net::UnixStream;

use crate::support::handle::{Configuration, Request};
use crate::support::origin::Origin;
use crate::support::phone::Phone;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

#[test]
fn e056_an_application_may_dial_itself() {
    let origin = Origin::http(standard::serve);
    let phone = Phone::to(origin.address());
    let configuration = phone.give_to(Configuration::default());
    let story = Story::with(&configuration, &Request::new("http://nowhere.invalid/hello"));
    assert_eq!(story.body(), b"hello, world\n");
    assert_eq!(origin.request().value("Host"), Some("nowhere.invalid"));
    Story::with(&configuration, &Request::new("http://[::2]:8080/hello"));
    assert_eq!(phone.dialed(), ["nowhere.invalid 80", "::2 8080"]);
}

#[test]
fn e056_tls_is_spoken_on_a_dialed_socket() {
    let origin = Origin::https(standard::serve);
    let phone = Phone::to(origin.address());
    let configuration = phone.give_to(Configuration::trusting(origin.certificate()));
    let story = Story::with(&configuration, &Request::new("https://localhost/hello"));
    assert_eq!((story.outcome(), story.body()), ("ok".into(), b"hello, world\n".to_vec()));
    let story = Story::with(&configuration, &Request::new("https://nowhere.invalid/hello"));
    assert_eq!(story.outcome(), "-1202");
    assert_eq!(phone.dialed(), ["localhost 443", "nowhere.invalid 443"]);
}

#[test]
fn e056_a_test_needs_no_network() {
    unsafe extern "C" fn answer_from_a_pair(_: *mut c_void, _: *const c_char, _: u16) -> i32 {
        let (ours, theirs) = UnixStream::pair().unwrap();
        std::thread::spawn(move || {
            let head = BufReader::new(&ours).lines().map_while(Result::ok);
            head.take_while(|line| !line.is_empty()).for_each(drop);
            (&ours).write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\npair").unwrap();
        });
        theirs.into_raw_fd()
    }
    let configuration = Configuration::default()
        .set(|c| url_session_configuration_set_dialer(c, Some(answer_from_a_pair), std::ptr::null_mut(), None));
    let story = Story::with(&configuration, &Request::new("http://nowhere.invalid/"));
    let expected = "did_receive_response 1 200\ndid_receive_data 1 \"pair\"\ndid_complete 1 ok";
    assert_eq!(story.transcript(), expected);
}

#[test]
fn e056_nobody_answers() {
    let phone = Phone::new(|_, _| None);
    let configuration = phone.give_to(Configuration::default());
    let story = Story::with(&configuration, &Request::new("http://nowhere.invalid/"));
    assert_eq!(story.transcript(), "did_complete 1 -1004");
    assert_eq!(phone.dialed().len(), 1);
}

#[test]
fn e056_a_dialer_can_be_taken_away_and_is_released_once() {
    let origin = Origin::http(standard::serve);
    let phone = Phone::new(|_, _| None);
    let configuration = phone.give_to(Configuration::default());
    let copy = Configuration::adopt(url_session_configuration_copy(configuration.get())).unwrap();
    let configuration =
        configuration.set(|c| url_session_configuration_set_dialer(c, None, std::ptr::null_mut(), None));
    assert_eq!(Story::with(&configuration, &Request::new(&origin.url("/hello"))).outcome(), "ok");
    assert_eq!(phone.released(), 0);
    drop(copy);
    assert_eq!(phone.released(), 1);
    assert!(phone.dialed().is_empty());
}
