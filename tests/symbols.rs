//! What the dynamic library exports: the functions of the header and nothing else, under a soname that says the ABI.

use std::collections::BTreeSet;
use std::env;
use std::process::Command;

const COMMITTED: &str = include_str!("urlsession.symbols");
const HEADER: &str = include_str!("../include/urlsession.h");
/// Only libraries with the feature fault-injection have it, as all that tests build.
const OF_TESTS: &str = "url_session_fault_panic";

fn ask_about_the_library(program: &str, arguments: &[&str]) -> String {
    let library = env::current_exe().unwrap().with_file_name("liburlsession.so");
    let output = Command::new(program).args(arguments).arg(&library).output().unwrap();
    assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// The functions of this library that some C declares or calls.
fn functions(code: &str) -> BTreeSet<&str> {
    let is_of_a_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
    let places = code.match_indices("url_session_").map(|(place, _)| place);
    let names = places.filter(|place| !code[..*place].ends_with(is_of_a_name)).filter_map(|place| {
        let (name, _) = code[place..].split_once('(')?;
        name.chars().all(is_of_a_name).then_some(name)
    });
    names.collect()
}

fn committed() -> BTreeSet<&'static str> {
    COMMITTED.lines().collect()
}

/// Says only what differs.
fn are_the_same(one: &str, names: &BTreeSet<&str>, other: &str, others: &BTreeSet<&str>) {
    assert_eq!(names - others, BTreeSet::new(), "only in {one}");
    assert_eq!(others - names, BTreeSet::new(), "only in {other}");
}

#[test]
fn exports_are_the_committed_list() {
    let listing = ask_about_the_library("nm", &["-D", "--defined-only"]);
    let exported: BTreeSet<&str> = listing.lines().filter_map(|line| line.split_whitespace().last()).collect();
    assert!(exported.contains(OF_TESTS), "the library was built without fault-injection");
    let expected: BTreeSet<&str> = committed().into_iter().chain([OF_TESTS]).collect();
    are_the_same("the library", &exported, "tests/urlsession.symbols", &expected);
}

#[test]
fn the_committed_list_is_sorted_and_has_the_prefix() {
    assert!(COMMITTED.lines().is_sorted(), "tests/urlsession.symbols is not sorted");
    let strange: Vec<_> = COMMITTED.lines().filter(|name| !name.starts_with("url_session_")).collect();
    assert!(strange.is_empty(), "without the prefix: {strange:?}");
}

#[test]
fn the_header_declares_the_committed_list() {
    are_the_same("the header", &functions(HEADER), "tests/urlsession.symbols", &committed());
}

/// So that a new function cannot be forgotten there.
#[test]
fn the_c_programs_call_all_with_null_and_in_every_slot() {
    let with_null = concat!(
        include_str!("c/01_null.c"),
        include_str!("c/01_null_transfers.c"),
        include_str!("c/01_null_cookies.c"),
        include_str!("c/01_null_challenges.c"),
        include_str!("c/01_null_trust.c")
    );
    assert_eq!(&committed() - &functions(with_null), BTreeSet::new(), "with NULL in no program");
    let in_slots = concat!(
        include_str!("c/everything.h"),
        include_str!("c/kept.h"),
        include_str!("c/challenges.h"),
        include_str!("c/cookies.h"),
        include_str!("c/trust.h")
    );
    assert_eq!(&committed() - &functions(in_slots), BTreeSet::new(), "in no slot");
}

#[test]
fn the_soname_says_the_abi() {
    let version = concat!(env!("CARGO_PKG_VERSION_MAJOR"), ".", env!("CARGO_PKG_VERSION_MINOR"));
    let dynamic = ask_about_the_library("readelf", &["--dynamic", "--wide"]);
    let soname = dynamic.lines().find(|line| line.contains("SONAME")).expect("no soname");
    assert!(soname.ends_with(&format!("[liburlsession.so.{version}]")), "{soname}");
}
