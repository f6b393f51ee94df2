//! Proxies of the environment, which is a process's own: these tests run themselves once more, in a child.

use std::env;
use std::process::Command;

use crate::support::handle::{Configuration, Request};
use crate::support::phone::Phone;
use crate::support::story::Story;
use urlsession::*;

const URLS: &str = "URL_SESSION_TEST_URLS";
const SETS: &str = "URL_SESSION_TEST_SETS";

/// What a session dials, or how its task ends, for each of these URLs in an environment with these variables.
fn dialed(variables: &[(&str, &str)], urls: &[&str], sets: &str) -> Vec<String> {
    let mut child = Command::new(env::current_exe().unwrap());
    for name in ["http_proxy", "https_proxy", "all_proxy", "no_proxy"] {
        child.env_remove(name).env_remove(name.to_uppercase());
    }
    child.args(["--exact", "proxy_environment::child", "--ignored", "--nocapture"]);
    let output = child.envs(variables.iter().copied()).env(URLS, urls.join(" ")).env(SETS, sets).output().unwrap();
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    said.lines().filter_map(|line| line.split_once("dialed: ")).map(|(_, what)| what.to_owned()).collect()
}

#[test]
#[ignore = "the part of the others that runs in an environment of its own"]
fn child() {
    let phone = Phone::new(|_, _| None);
    let mut configuration = phone.give_to(Configuration::default());
    configuration = match env::var(SETS).unwrap().as_str() {
        "off" => configuration.set(|c| url_session_configuration_set_uses_environment_proxies(c, false)),
        "http" => configuration.proxy("http", "configured:1"),
        "exceptions" => configuration.proxy_exceptions("example.com"),
        _ => configuration,
    };
    for (number, url) in env::var(URLS).unwrap().split(' ').enumerate() {
        let story = Story::with(&configuration, &Request::new(url));
        let dialed = phone.dialed().get(number).cloned();
        println!("dialed: {}", dialed.unwrap_or_else(|| format!("{} {}", story.outcome(), story.error().message())));
    }
}

#[test]
fn a018_q034_the_environment_is_the_system() {
    let variables = [
        ("http_proxy", "http://user:word@one.invalid:81"),
        ("HTTPS_PROXY", "two.invalid"),
        ("ALL_PROXY", "socks5h://three.invalid"),
        ("NO_PROXY", "example.com:80, 10.0.0.0/8"),
    ];
    let urls = [
        "http://nowhere.invalid/",
        "https://nowhere.invalid/",
        "http://www.example.com/",
        "https://www.example.com/",
        "http://10.1.2.3/",
        "http://localhost:9/",
        "https://127.0.0.1:9/",
    ];
    let expected = [
        "one.invalid 81",
        "two.invalid 80",
        "www.example.com 80",
        "two.invalid 80",
        "10.1.2.3 80",
        "localhost 9",
        "127.0.0.1 9",
    ];
    assert_eq!(dialed(&variables, &urls, ""), expected);
    assert_eq!(dialed(&variables[1..], &urls[..2], ""), ["three.invalid 1080", "two.invalid 80"]);
}

#[test]
fn a018_a_field_of_a_cgi_program_is_no_proxy() {
    assert_eq!(dialed(&[("HTTP_PROXY", "evil.invalid")], &["http://nowhere.invalid/"], ""), ["nowhere.invalid 80"]);
}

#[test]
fn q032_a_switch_of_its_own() {
    let variables = [("all_proxy", "one.invalid")];
    assert_eq!(dialed(&variables, &["http://nowhere.invalid/"], ""), ["one.invalid 80"]);
    assert_eq!(dialed(&variables, &["http://nowhere.invalid/"], "off"), ["nowhere.invalid 80"]);
}

#[test]
fn q034_the_configuration_goes_before_the_environment() {
    let variables = [("all_proxy", "one.invalid"), ("no_proxy", "nowhere.invalid")];
    let urls = ["http://nowhere.invalid/", "https://nowhere.invalid/", "https://example.com/"];
    assert_eq!(dialed(&variables, &urls, "http"), ["configured 1", "nowhere.invalid 443", "one.invalid 80"]);
    // The configuration's exceptions are for its own proxies.
    assert_eq!(dialed(&variables, &["https://example.com/"], "exceptions"), ["one.invalid 80"]);
}

#[test]
fn q048_a_variable_that_holds_no_proxy_fails_who_would_take_it() {
    let variables = [("https_proxy", "ftp://user:word@one.invalid"), ("no_proxy", "example.com")];
    let urls = ["http://nowhere.invalid/", "https://example.com/"];
    assert_eq!(dialed(&variables, &urls, ""), ["nowhere.invalid 80", "example.com 443"]);
    let failed = dialed(&variables, &["https://nowhere.invalid/"], "").remove(0);
    assert!(failed.starts_with("-1000 ") && failed.contains("https_proxy"), "{failed}");
    assert!(!failed.contains("word") && !failed.contains("one.invalid"), "{failed}");
}
