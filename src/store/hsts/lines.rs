//! Known hosts as lines of text, as curl has them: `host "20301231 23:59:59"`, with a dot before the host where what is
//! below is included.

use std::fmt::Write;
use std::time::{Duration, SystemTime};

use httpdate::{fmt_http_date, parse_http_date};

use super::hosts::{Hosts, name};
use super::policy::{MOST_SECONDS, Policy};

const HEADER: &str =
    "# Hosts to be spoken to over https only, until when (UTC); a dot in front includes what is below.\n";

pub(super) fn write(hosts: &Hosts, now: u64) -> String {
    let mut lines = HEADER.to_owned();
    for (name, expires, includes_subdomains) in hosts.all(now) {
        let dot = if includes_subdomains { "." } else { "" };
        let _ = writeln!(lines, "{dot}{name} \"{}\"", date(expires));
    }
    lines
}

/// Skips what cannot be read, and what has expired.
pub(super) fn read(lines: &str, now: u64) -> impl Iterator<Item = (String, Policy)> {
    lines.lines().filter_map(move |line| {
        let line = line.trim();
        let (host, until) = line.split_once([' ', '\t']).filter(|_| !line.starts_with('#'))?;
        let (host, includes_subdomains) = host.strip_prefix('.').map_or((host, false), |host| (host, true));
        let max_age = match until.trim().trim_matches('"') {
            "unlimited" => MOST_SECONDS,
            until => seconds(until)?.checked_sub(now).filter(|left| *left > 0)?,
        };
        Some((name(host)?, Policy { max_age, includes_subdomains }))
    })
}

const WEEKDAYS: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// `20301231 23:59:59` of seconds since 1970.
fn date(seconds: u64) -> String {
    let date = fmt_http_date(SystemTime::UNIX_EPOCH + Duration::from_secs(seconds));
    let words: Vec<_> = date.split_whitespace().collect();
    let [_weekday, day, month, year, time, ..] = words[..] else { return String::new() };
    let month = MONTHS.iter().position(|known| *known == month).unwrap_or_default() + 1;
    format!("{year}{month:02}{day} {time}")
}

/// The reverse. What HTTP calls a date has a weekday too: one of them fits.
fn seconds(date: &str) -> Option<u64> {
    let (date, time) = date.split_once(' ').filter(|(date, _)| date.len() == 8 && date.is_ascii())?;
    let month = MONTHS.get(date[4..6].parse::<usize>().ok()?.checked_sub(1)?)?;
    let rest = format!("{} {month} {} {time} GMT", &date[6..], &date[..4]);
    let date = WEEKDAYS.iter().find_map(|weekday| parse_http_date(&format!("{weekday}, {rest}")).ok())?;
    Some(date.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hosts(lines: &str) -> Hosts {
        let mut hosts = Hosts::default();
        read(lines, 0).for_each(|(name, policy)| hosts.set(name, policy, 0));
        hosts
    }

    #[test]
    fn lines_of_curl_are_read_and_written() {
        let lines = "# Your HSTS cache. https://curl.se/docs/hsts.html\n\
                     .accounts.google.com \"20201231 23:59:59\"\r\n\
                     shop.example\t\"20200229 00:00:00\"\n";
        let written = write(&hosts(lines), 0);
        let kept: Vec<_> = written.lines().skip(1).collect();
        assert_eq!(kept, [".accounts.google.com \"20201231 23:59:59\"", "shop.example \"20200229 00:00:00\""]);
        assert_eq!(write(&hosts(&written), 0), written);
        assert_eq!(write(&hosts(&written), 1_600_000_000).lines().count(), 2);
    }

    #[test]
    fn dates() {
        for (date_of, seconds_of) in [
            ("19700101 00:00:00", 0),
            ("20000229 12:34:56", 951_827_696),
            ("20010909 01:46:40", 1_000_000_000),
            ("21000301 00:00:00", 4_107_542_400),
        ] {
            assert_eq!((date(seconds_of).as_str(), seconds(date_of)), (date_of, Some(seconds_of)));
        }
    }

    #[test]
    fn what_cannot_be_read_is_skipped() {
        let lines = "h\nh \"\"\n1.2.3.4 \"20300101 00:00:00\"\n[::1] \"20300101 00:00:00\"\nh \"20301301 00:00:00\"\nh \"20300001 00:00:00\"\n\
                     h \"2030010é 00:00:00\"\nh \"20300101\"\n. \"unlimited\"\nh\0 x\n\u{7}\ngood unlimited\n\
                     Bücher.Example. \"20300101 00:00:00\"";
        let written = write(&hosts(lines), 0);
        let names: Vec<_> = written.lines().skip(1).map(|line| line.split(' ').next().unwrap()).collect();
        assert_eq!(names, ["good", "xn--bcher-kva.example"]);
    }
}
