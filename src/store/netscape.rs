//! The Netscape cookie file, as curl, wget and others read and write it: a line a cookie, its fields between tabs.
//! `#HttpOnly_` before the domain is curl's; a comment before the line, which others skip, keeps SameSite.

use std::sync::Arc;

use super::cookie_jar::MOST;
use super::{Cookie, CookieProperties, SameSite};

const TITLE: &str = "# Netscape HTTP Cookie File\n# Written by liburlsession.\n\n";
const HTTP_ONLY: &[u8] = b"#HttpOnly_";
const SAME_SITE: &str = "# SameSite=";
const SAME_SITES: [(SameSite, &str); 3] =
    [(SameSite::None, "None"), (SameSite::Lax, "Lax"), (SameSite::Strict, "Strict")];

pub(super) fn write(cookies: &[Arc<Cookie>]) -> Vec<u8> {
    let mut file = TITLE.as_bytes().to_vec();
    for cookie in cookies {
        write_line(&mut file, cookie);
    }
    file
}

fn write_line(file: &mut Vec<u8>, cookie: &Cookie) {
    let [name, value] = cookie.pair().octets();
    // A tab there would be read as the end of the field; in the value, which is the last, it is none.
    if name.contains(&b'\t') || cookie.path().as_bytes().contains(&b'\t') {
        return;
    }
    let said = SAME_SITES.iter().find(|(same_site, _)| *same_site == cookie.same_site());
    if let Some((_, same_site)) = said {
        file.extend(format!("{SAME_SITE}{same_site}\n").as_bytes());
    }
    if cookie.is_http_only() {
        file.extend(HTTP_ONLY);
    }
    let is = |it: bool| if it { "TRUE" } else { "FALSE" };
    let (dot, is_below) = if cookie.is_host_only() { ("", false) } else { (".", true) };
    let expires = cookie.expires().unwrap_or(0.0).ceil();
    let (domain, path, is_secure) = (cookie.domain(), cookie.path(), is(cookie.is_secure()));
    file.extend(format!("{dot}{domain}\t{}\t{path}\t{is_secure}\t{expires:.0}\t", is(is_below)).as_bytes());
    file.extend([&name[..], b"\t", &value, b"\n"].concat());
}

/// What has not expired, as many as a storage can hold; what is no cookie is skipped.
pub(super) fn read(file: &[u8], now: f64) -> Vec<Arc<Cookie>> {
    let mut same_site = SameSite::Unspecified;
    let mut cookies = Vec::new();
    for line in file.split(|&octet| octet == b'\n') {
        let line = line.strip_suffix(b"\r").unwrap_or(line);
        if let Some(said) = said_same_site(line) {
            same_site = said;
            continue;
        }
        if cookies.len() < MOST {
            cookies.extend(read_line(line, same_site).filter(|cookie| !cookie.is_expired(now)));
        }
        same_site = SameSite::Unspecified;
    }
    cookies
}

fn said_same_site(line: &[u8]) -> Option<SameSite> {
    let said = line.strip_prefix(SAME_SITE.as_bytes())?;
    let known = SAME_SITES.iter().find(|(_, name)| name.as_bytes() == said);
    known.map(|(same_site, _)| *same_site)
}

fn read_line(line: &[u8], same_site: SameSite) -> Option<Arc<Cookie>> {
    let http_only = line.strip_prefix(HTTP_ONLY);
    let line = http_only.or_else(|| (!line.starts_with(b"#")).then_some(line))?;
    let mut fields = line.splitn(7, |&octet| octet == b'\t');
    let mut field = || fields.next();
    let (domain, is_below, path, is_secure) = (field()?, field()?, field()?, field()?);
    let (expires, name, value) = (field()?, field()?, field().unwrap_or_default());
    let expires: f64 = str::from_utf8(expires).ok()?.parse().ok().filter(|expires: &f64| expires.is_finite())?;
    let properties = CookieProperties {
        name,
        value,
        domain: str::from_utf8(domain).ok()?,
        path,
        expires: (expires != 0.0).then_some(expires),
        same_site,
        is_secure: is_secure.eq_ignore_ascii_case(b"TRUE"),
        is_http_only: http_only.is_some(),
        is_host_only: !is_below.eq_ignore_ascii_case(b"TRUE"),
    };
    Cookie::new(properties).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: f64 = 1_700_000_000.0;

    const FILE: &str = "\
# Netscape HTTP Cookie File
# Written by liburlsession.

a.test\tFALSE\t/\tFALSE\t0\ta\t1
# SameSite=Strict
#HttpOnly_.a.test\tTRUE\t/x\tTRUE\t1800000000\tb\t2 = \"3\"
127.0.0.1\tFALSE\t/\tFALSE\t1800000000\t\tnameless
# SameSite=None
a.test\tFALSE\t/\tFALSE\t0\tc\t
";

    #[test]
    fn r015_a_file_is_read_as_it_was_written() {
        let cookies = read(FILE.as_bytes(), NOW);
        assert_eq!(String::from_utf8(write(&cookies)).unwrap(), FILE);
        let (first, second) = (&cookies[0], &cookies[1]);
        assert!(first.is_host_only() && !first.is_secure() && first.expires().is_none());
        assert!(!second.is_host_only() && second.is_secure() && second.is_http_only());
        assert_eq!((second.domain().as_str(), second.path().as_str()), ("a.test", "/x"));
        assert_eq!((second.expires(), second.same_site()), (Some(1_800_000_000.0), SameSite::Strict));
        assert_eq!((cookies[2].same_site(), cookies[3].same_site()), (SameSite::Unspecified, SameSite::None));
    }

    #[test]
    fn r015_octets_and_line_ends_of_others() {
        let cookies = read(b"a.test\tfalse\t/\tfalse\t0\ta\t\xe9\r\na.test\tFALSE\t/\tFALSE\t0\tb\tlast", NOW);
        assert_eq!(cookies.len(), 2);
        assert!(write(&cookies).windows(4).any(|window| window == b"a\t\xe9\n"));
    }

    #[test]
    fn r015_what_is_no_cookie_is_skipped() {
        let lines = [
            "",
            "a.test",
            "a.test\tFALSE\t/\tFALSE\t0",
            "a.test FALSE / FALSE 0 a b",
            "a.test\tFALSE\t/\tFALSE\tsoon\ta\tb",
            "a.test\tFALSE\t/\tFALSE\tinf\ta\tb",
            "a.test\tFALSE\t/\tFALSE\tNaN\ta\tb",
            "a.test\tFALSE\t/\tFALSE\t1600000000\texpired\tb",
            "a.test\tFALSE\t/\tFALSE\t-1\texpired\tb",
            "\tFALSE\t/\tFALSE\t0\ta\tb",
            "a b\tFALSE\t/\tFALSE\t0\ta\tb",
            "a.test\tFALSE\t/\tFALSE\t0\t\t",
            "a.test\tFALSE\t/\tFALSE\t0\ta\tb\u{1}",
            "a.test\tFALSE\t/\tFALSE\t0\t__Host-a\tb",
            "# a.test\tFALSE\t/\tFALSE\t0\ta\tb",
        ];
        for line in lines {
            assert!(read(line.as_bytes(), NOW).is_empty(), "{line:?}");
        }
        // Nor can one line break another.
        let all = lines.join("\n") + "\na.test\tFALSE\t/\tFALSE\t0\tgood\tb\n";
        assert_eq!(read(all.as_bytes(), NOW).len(), 1);
        // A public suffix is a host here.
        assert!(read(b".com\tTRUE\t/\tFALSE\t0\ta\tb", NOW)[0].is_host_only());
    }

    #[test]
    fn r015_a_tab_in_a_name_or_path_cannot_be_written() {
        let cookie = |name: &[u8], value: &[u8], path: &[u8]| {
            Cookie::new(CookieProperties { name, value, path, domain: "a.test", ..Default::default() }).unwrap()
        };
        let cookies = [cookie(b"a\tb", b"1", b"/"), cookie(b"a", b"1", b"/\tb"), cookie(b"a", b"b\tc", b"/")];
        let read = read(&write(&cookies), NOW);
        assert_eq!(read.len(), 1);
        assert_eq!(read[0].value().as_str(), "b\tc");
    }
}
