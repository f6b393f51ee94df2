//! A name to save a body under: never a path, never empty.

use ::url::{Host, Url};
use percent_encoding::percent_decode_str;

use super::content_type::parameter;

/// Enough for every file system, with room for what an application appends.
const LONGEST: usize = 200;

/// From Content-Disposition (RFC 6266), else the last part of the path, else the host; the extension from the type.
pub(super) fn suggested(url: &Url, disposition: Option<&str>, mime_type: Option<&str>) -> String {
    let name = disposition
        .and_then(from_disposition)
        .or_else(|| from_path(url))
        .or_else(|| sanitized(&host(url)))
        .unwrap_or_else(|| "unknown".to_owned());
    with_extension(name, mime_type)
}

fn host(url: &Url) -> String {
    match url.host() {
        Some(Host::Ipv6(address)) => address.to_string().replace(':', "-"),
        Some(host) => host.to_string(),
        None => String::new(),
    }
}

fn from_disposition(field: &str) -> Option<String> {
    let extended = parameter(field, "filename*").and_then(|value| from_extended(&value));
    extended.or_else(|| sanitized(&parameter(field, "filename")?))
}

/// `UTF-8''na%C3%AFve.txt` (RFC 8187); other charsets are left to the plain form beside it.
fn from_extended(value: &str) -> Option<String> {
    let (charset, rest) = value.split_once('\'')?;
    let (_language, encoded) = rest.split_once('\'')?;
    let decoded = percent_decode_str(encoded);
    match charset.to_ascii_lowercase().as_str() {
        "utf-8" => sanitized(&decoded.decode_utf8().ok()?),
        "iso-8859-1" => sanitized(&decoded.map(char::from).collect::<String>()),
        _ => None,
    }
}

fn from_path(url: &Url) -> Option<String> {
    let last = url.path_segments()?.next_back()?;
    sanitized(&percent_decode_str(last).decode_utf8_lossy())
}

/// The last part only, without control characters and without what hides a file or climbs out of a folder.
fn sanitized(name: &str) -> Option<String> {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let mut clean: String = last
        .chars()
        .filter(|character| !character.is_control() && !matches!(character, ':' | '*' | '?' | '"' | '<' | '>' | '|'))
        .collect();
    while clean.len() > LONGEST {
        clean.pop();
    }
    let clean = clean.trim_matches(|edge: char| edge.is_whitespace() || edge == '.');
    (!clean.is_empty()).then(|| clean.to_owned())
}

fn with_extension(name: String, mime_type: Option<&str>) -> String {
    // A host's dot is no extension, but neither is it worth a second one.
    let has_one = name.rsplit_once('.').is_some_and(|(stem, extension)| !stem.is_empty() && !extension.is_empty());
    let extension = mime_type.filter(|_| !has_one).and_then(extension_of);
    extension.map_or(name.clone(), |extension| format!("{name}.{extension}"))
}

fn extension_of(mime_type: &str) -> Option<&'static str> {
    match mime_type {
        // The table is in alphabetical order; for the commonest types people expect another.
        "text/plain" => Some("txt"),
        "text/html" => Some("html"),
        "image/jpeg" => Some("jpg"),
        "application/octet-stream" => None,
        other => mime_guess::get_mime_extensions_str(other)?.first().copied(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name(url: &str, disposition: Option<&str>, mime_type: Option<&str>) -> String {
        suggested(&Url::parse(url).unwrap(), disposition, mime_type)
    }

    #[test]
    fn disposition_then_path_then_host() {
        let disposition = "attachment; filename=\"plain.txt\"; filename*=UTF-8''na%C3%AFve.txt";
        assert_eq!(name("http://h/p/a.bin", Some(disposition), None), "naïve.txt");
        assert_eq!(name("http://h/p/a.bin", Some("attachment; filename=b.zip"), None), "b.zip");
        assert_eq!(name("http://h/p/a%20b.bin?q=/x", Some("inline"), None), "a b.bin");
        assert_eq!(name("http://example.com/", None, None), "example.com");
        assert_eq!(name("http://[::1]/", None, None), "--1");
    }

    #[test]
    fn never_a_path() {
        for evil in ["../../etc/passwd", "..\\..\\passwd", "/etc/passwd", "passwd/", "x/.."] {
            let field = format!("attachment; filename=\"{}\"", evil.replace('\\', "\\\\"));
            let name = name("http://h/fallback", Some(&field), None);
            assert!(name == "passwd" || name == "fallback", "{evil} gave {name}");
        }
        assert_eq!(name("http://h/%2e%2e%2f", None, None), "h");
    }

    #[test]
    fn extension_from_the_type() {
        assert_eq!(name("http://h/page", None, Some("text/html")), "page.html");
        assert_eq!(name("http://h/page.php", None, Some("text/html")), "page.php");
        assert_eq!(name("http://h/page", None, Some("application/octet-stream")), "page");
    }
}
