//! The netrc file, as ftp, curl and requests read it: hosts with a login and a password each. It is read when it is
//! needed and not kept, so that a change counts at once and no secret stays in memory. Others than the owner may be
//! able to read it: it is used all the same, as curl and requests do.

use std::fmt;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::challenge::{Credential, Persistence};
use crate::file::readable;

/// A larger file is none of this kind.
const MOST_BYTES: u64 = 1 << 20;

#[derive(Default)]
pub(crate) struct Netrc {
    machines: Vec<Machine>,
}

/// What a file says about one host, or about all others.
#[derive(Default)]
struct Machine {
    /// None is `default`.
    host: Option<String>,
    login: Option<String>,
    password: Option<String>,
}

impl Netrc {
    /// Where it is: what NETRC names, else .netrc or _netrc in the user's home.
    pub(crate) fn path() -> Option<PathBuf> {
        let named = std::env::var_os("NETRC").filter(|path| !path.is_empty()).map(PathBuf::from);
        named.or_else(|| {
            let home = std::env::home_dir()?;
            [".netrc", "_netrc"].map(|name| home.join(name)).into_iter().find(|path| path.exists())
        })
    }

    /// Empty where there is none, or it cannot be read. May block.
    pub(crate) fn read(path: &Path) -> Self {
        let mut bytes = Vec::new();
        let read = readable(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_end(&mut bytes));
        match read {
            Ok(length) if length as u64 <= MOST_BYTES => Self::parse(&String::from_utf8_lossy(&bytes)),
            _ => Self::default(),
        }
    }

    /// Skips what it does not understand.
    pub(crate) fn parse(text: &str) -> Self {
        let mut netrc = Self::default();
        let mut words = Words { rest: text.trim_start_matches('\u{feff}') };
        while !words.is_at_end() {
            match words.next().unwrap_or_default().as_str() {
                // Without a name it is nobody's, and what follows is not its predecessor's.
                "machine" => {
                    let host = Some(words.next().unwrap_or_default());
                    netrc.machines.push(Machine { host, ..Machine::default() });
                }
                "default" => netrc.machines.push(Machine::default()),
                "login" => netrc.describe(|machine, login| machine.login = login, words.next()),
                "password" => netrc.describe(|machine, password| machine.password = password, words.next()),
                // For ftp alone.
                "account" => drop(words.next()),
                "macdef" => words.skip_macro(),
                comment if comment.starts_with('#') => words.skip_line(),
                _ => {}
            }
        }
        netrc
    }

    fn describe(&mut self, set: impl FnOnce(&mut Machine, Option<String>), value: Option<String>) {
        if let Some(machine) = self.machines.last_mut() {
            set(machine, value);
        }
    }

    /// Who to be at a host; none where nothing is said, or what has no place in a header field.
    pub(crate) fn credential(&self, host: &str, login: Option<&str>) -> Option<Arc<Credential>> {
        let machine = self.lookup(host, login)?;
        let user = login.or(machine.login.as_deref())?;
        Credential::password(user, machine.password.as_deref().unwrap_or_default(), Persistence::None).ok()
    }

    /// The first entry for a host, without its port, else the default; only of that login where one is given.
    fn lookup(&self, host: &str, login: Option<&str>) -> Option<&Machine> {
        let bare = |host: &str| host.trim_matches(['[', ']']).to_ascii_lowercase();
        let host = bare(host);
        let fits = |machine: &&Machine| login.is_none() || machine.login.is_none() || machine.login.as_deref() == login;
        let is_host = |machine: &&Machine| machine.host.as_deref().is_some_and(|named| bare(named) == host);
        let mut fitting = self.machines.iter().filter(fits);
        let named = fitting.clone().find(is_host);
        named.or_else(|| fitting.find(|machine| machine.host.is_none()))
    }
}

impl fmt::Debug for Machine {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Machine").field("host", &self.host).finish_non_exhaustive()
    }
}

/// Words between blanks and line ends; quoted ones may have both inside.
struct Words<'a> {
    rest: &'a str,
}

impl Words<'_> {
    fn is_at_end(&self) -> bool {
        self.rest.trim_start().is_empty()
    }

    /// None where a quoted word has no end: nobody knows what was meant, and its line is as if it were not there.
    fn next(&mut self) -> Option<String> {
        self.rest = self.rest.trim_start();
        if let Some(quoted) = self.rest.strip_prefix('"') {
            let Some((word, rest)) = unquote(quoted) else {
                self.skip_line();
                return None;
            };
            self.rest = rest;
            return Some(word);
        }
        let (word, rest) = self.rest.split_at(self.rest.find(char::is_whitespace).unwrap_or(self.rest.len()));
        self.rest = rest;
        (!word.is_empty()).then(|| word.to_owned())
    }

    fn skip_line(&mut self) {
        self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
    }

    /// A macro goes on to the next empty line.
    fn skip_macro(&mut self) {
        self.skip_line();
        while let Some((line, rest)) = self.rest.split_once('\n') {
            self.rest = rest;
            if line.trim_end_matches('\r').is_empty() {
                return;
            }
        }
        self.rest = "";
    }
}

/// What stands behind an opening quote, up to the closing one on the same line, and what follows.
fn unquote(quoted: &str) -> Option<(String, &str)> {
    let mut word = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return Some((word, &quoted[at + 1..])),
            '\n' => return None,
            '\\' => word.push(match characters.next()?.1 {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            }),
            other => word.push(other),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    /// As `login:password`.
    fn found(text: &str, host: &str, login: Option<&str>) -> Option<String> {
        let netrc = Netrc::parse(text);
        let machine = netrc.lookup(host, login)?;
        let told = |word: &Option<String>| word.clone().unwrap_or("-".to_owned());
        Some(format!("{}:{}", told(&machine.login), told(&machine.password)))
    }

    fn first(text: &str) -> String {
        found(text, "h", None).unwrap_or_default()
    }

    #[test]
    fn q033_on_one_line_or_on_many() {
        assert_eq!(first("machine h login u password p"), "u:p");
        assert_eq!(first("machine\th\r\n  login u\r\n  account a\r\n  password p\r\n"), "u:p");
        assert_eq!(first("machine h password p login u machine g login x password y"), "u:p");
        assert_eq!(first("machine H login u"), "u:-");
        assert_eq!(found("machine ::1 login u password p", "[::1]", None).unwrap(), "u:p");
        assert_eq!(found("", "h", None), None);
    }

    #[test]
    fn q033_the_first_entry_and_the_default_last() {
        let text = "default login d password e machine h login u password p machine h login v password q";
        assert_eq!(first(text), "u:p");
        assert_eq!(found(text, "h", Some("v")).unwrap(), "v:q");
        assert_eq!(found(text, "h", Some("d")).unwrap(), "d:e");
        assert_eq!(found(text, "h", Some("w")), None);
        assert_eq!(found(text, "other", None).unwrap(), "d:e");
        assert_eq!(found("machine h password p", "h", Some("u")).unwrap(), "-:p");
    }

    #[test]
    fn quotes_escapes_and_comments() {
        assert_eq!(first(r#"machine h login "a b" password "c\"d\\e\tf#""#), "a b:c\"d\\e\tf#");
        assert_eq!(first("# machine h login x\nmachine h # login y\nlogin u password #p"), "u:#p");
        assert_eq!(first("machine h login \"\" password p"), ":p");
        assert_eq!(first("\u{feff}machine h login ü password p\\\"q"), "ü:p\\\"q");
    }

    #[test]
    fn macros_are_skipped() {
        let text = "macdef init\nmachine h login x password x\n\nmachine h login u password p\nmacdef end\nlogin z";
        assert_eq!(first(text), "u:p");
        assert_eq!(first("machine h login u macdef m\r\nlogin x\r\n\r\npassword p"), "u:p");
    }

    #[test]
    fn q033_what_is_broken_is_ignored() {
        assert_eq!(first("login stray machine h port 80 login u nonsense password p"), "u:p");
        assert_eq!(first("machine g password \"no end\nmachine h login u password p"), "u:p");
        for text in
            ["machine", "machine h login", "\"", "\"\\", "macdef", "#", "default password", "\0\u{1}", "macdef\n"]
        {
            let _ = first(text);
        }
    }

    #[test]
    fn files_are_bounded_and_may_be_missing() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("netrc");
        assert!(Netrc::read(&path).lookup("h", None).is_none());
        assert!(Netrc::read(directory.path()).lookup("h", None).is_none());
        std::fs::write(&path, b"machine h login u password \xff").unwrap();
        assert_eq!(Netrc::read(&path).lookup("h", None).unwrap().login.as_deref(), Some("u"));
        let large = format!("machine h login u {}", " ".repeat(MOST_BYTES as usize));
        std::fs::write(&path, large).unwrap();
        assert!(Netrc::read(&path).lookup("h", None).is_none());
    }

    #[test]
    fn nothing_secret_is_told() {
        let netrc = Netrc::parse("machine h login secret1 password secret2");
        assert!(!format!("{:?}", netrc.lookup("h", None)).contains("secret"));
    }
}
