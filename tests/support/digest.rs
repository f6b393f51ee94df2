//! A server that speaks Digest (RFC 7616) and takes nothing that is not written as the RFC has it. It computes by
//! itself, so that the library's own functions prove nothing here.

use std::collections::{HashMap, HashSet};
use std::fmt::Write as _;
use std::sync::{Arc, Mutex};

use aws_lc_rs::digest;
use percent_encoding::percent_decode_str;

use super::origin::Request;
use super::realm::Guard;

/// What a server asks for. As it is by default nearly all do.
#[derive(Clone)]
pub struct Digest {
    pub realm: &'static str,
    pub user: &'static str,
    /// Another user, with the same password.
    pub also: Option<&'static str>,
    pub password: &'static str,
    /// Empty does not name one, which means MD5.
    pub algorithm: &'static str,
    /// Empty is that of RFC 2069.
    pub qop: &'static str,
    pub more: &'static str,
    /// How often a nonce is good; then it is stale.
    pub uses: u32,
    /// Gives the next nonce with every answer.
    pub tells_next: bool,
    /// A count may come late, but never twice.
    pub is_parallel: bool,
}

impl Default for Digest {
    fn default() -> Self {
        Self {
            realm: "here",
            user: "alice",
            also: None,
            password: "secret",
            algorithm: "SHA-256",
            qop: "auth",
            more: ", opaque=\"as it \\\"was\\\"\"",
            uses: u32::MAX,
            tells_next: false,
            is_parallel: false,
        }
    }
}

/// Why it let nobody in, in order.
#[derive(Clone, Default)]
pub struct Refusals(Arc<Mutex<Vec<String>>>);

impl Refusals {
    pub fn all(&self) -> Vec<String> {
        self.0.lock().unwrap().clone()
    }
}

/// The nonces that were given, and which counts each was used with.
type Nonces = HashMap<String, HashSet<u32>>;

impl Digest {
    pub fn guard(self) -> (Arc<Guard>, Refusals) {
        let (refusals, nonces) = (Refusals::default(), Mutex::<Nonces>::default());
        let told = refusals.clone();
        let guard = move |request: &Request| {
            let mut nonces = nonces.lock().unwrap();
            match self.verify(request, &mut nonces) {
                Ok(()) if self.tells_next => {
                    Ok(format!("Authentication-Info: nextnonce=\"{}\"\r\n", new_nonce(&mut nonces)))
                }
                Ok(()) => Ok(String::new()),
                Err(why) => {
                    let challenge = self.challenge(&new_nonce(&mut nonces), why == "stale");
                    told.0.lock().unwrap().push(why);
                    Err(challenge)
                }
            }
        };
        (Arc::new(guard), refusals)
    }

    fn challenge(&self, nonce: &str, is_stale: bool) -> String {
        let mut value = format!("Digest realm=\"{}\", nonce=\"{nonce}\"{}", self.realm, self.more);
        if !self.qop.is_empty() {
            write!(value, ", qop=\"{}\"", self.qop).unwrap();
        }
        if !self.algorithm.is_empty() {
            write!(value, ", algorithm={}", self.algorithm).unwrap();
        }
        if is_stale {
            value += ", stale=true";
        }
        format!("WWW-Authenticate: {value}\r\n")
    }

    fn verify(&self, request: &Request, nonces: &mut Nonces) -> Result<(), String> {
        let value = request.value("authorization").ok_or("nothing said")?;
        let said = Parameters::read(value)?;
        let user = self.user(&said)?;
        said.is("realm", Some(&quoted(self.realm)))?;
        said.is("uri", Some(&quoted(request.target())))?;
        said.is("algorithm", Some(self.algorithm).filter(|name| !name.is_empty()))?;
        let opaque = self.more.split_once("opaque=").map(|(_, opaque)| opaque.split(", ").next().unwrap());
        said.is("opaque", opaque)?;
        let is_session = self.algorithm.ends_with("-sess");
        let (nonce, cnonce) = (said.text("nonce")?, said.text("cnonce"));
        let mut key = self.hash(&format!("{user}:{}:{}", self.realm, self.password));
        if is_session {
            key = self.hash(&format!("{key}:{nonce}:{}", cnonce.as_ref().map_err(Clone::clone)?));
        }
        let mut message = format!("{}:{}", request.method(), request.target());
        if said.0.get("qop").is_some_and(|qop| qop == "auth-int") {
            message = format!("{message}:{}", self.hash_bytes(&request.body));
        }
        let message = self.hash(&message);
        let (wanted, count) = match self.qop {
            "" => {
                said.is("qop", None)?;
                said.is("nc", None)?;
                (format!("{key}:{nonce}:{message}"), None)
            }
            offered => {
                let (qop, nc) = (said.0.get("qop").ok_or("no qop")?, said.0.get("nc").ok_or("no nc")?);
                if !offered.split(", ").any(|offered| offered == qop) {
                    return Err(format!("qop {qop}"));
                }
                let count = u32::from_str_radix(nc, 16).ok().filter(|count| format!("{count:08x}") == *nc);
                (format!("{key}:{nonce}:{nc}:{}:{qop}:{message}", cnonce?), Some(count.ok_or("an odd nc")?))
            }
        };
        said.is("response", Some(&quoted(&self.hash(&wanted)))).map_err(|_| "a wrong response")?;
        self.verify_count(count, nonces.get_mut(&nonce).ok_or("another's nonce")?)
    }

    fn user(&self, said: &Parameters) -> Result<&'static str, String> {
        let also = self.also.filter(|also| self.verify_user(also, said).is_ok());
        also.map_or_else(|| self.verify_user(self.user, said).map(|()| self.user), Ok)
    }

    fn verify_user(&self, user: &str, said: &Parameters) -> Result<(), String> {
        if self.more.contains("userhash=true") {
            said.is("userhash", Some("true"))?;
            return said.is("username", Some(&quoted(&self.hash(&format!("{}:{}", user, self.realm)))));
        }
        said.is("userhash", None)?;
        let Some(extended) = said.0.get("username*") else {
            return said.is("username", Some(&quoted(user)));
        };
        let is_right = extended.strip_prefix("UTF-8''").is_some_and(|coded| {
            coded.is_ascii() && percent_decode_str(coded).decode_utf8().is_ok_and(|decoded| decoded == user)
        });
        // A quoted one is for everybody, and this one for those that have said that they read it.
        let is_asked_for = self.more.contains("charset=UTF-8") && !user.is_ascii();
        if is_right && is_asked_for { Ok(()) } else { Err(format!("username* {extended}")) }
    }

    /// Counts grow by one, or where tasks run side by side come once each.
    fn verify_count(&self, count: Option<u32>, used: &mut HashSet<u32>) -> Result<(), String> {
        let before = u32::try_from(used.len()).unwrap();
        if before >= self.uses {
            return Err("stale".to_owned());
        }
        let count = count.unwrap_or(before + 1);
        let is_next = self.is_parallel || count == before + 1;
        if !is_next || !used.insert(count) {
            return Err(format!("nc {count} after {before}"));
        }
        Ok(())
    }

    fn hash(&self, text: &str) -> String {
        self.hash_bytes(text.as_bytes())
    }

    fn hash_bytes(&self, bytes: &[u8]) -> String {
        let algorithm = match self.algorithm.trim_end_matches("-sess") {
            "" | "MD5" => return format!("{:x}", md5::compute(bytes)),
            "SHA-256" => &digest::SHA256,
            "SHA-512-256" => &digest::SHA512_256,
            other => panic!("{other} is none of the RFC's"),
        };
        digest::digest(algorithm, bytes).as_ref().iter().map(|byte| format!("{byte:02x}")).collect()
    }
}

fn new_nonce(nonces: &mut Nonces) -> String {
    let nonce = format!("nonce/{}==", nonces.len() + 1);
    nonces.insert(nonce.clone(), HashSet::new());
    nonce
}

fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// As they are written: quoted where they are.
struct Parameters(HashMap<String, String>);

impl Parameters {
    fn read(value: &str) -> Result<Self, String> {
        let mut parameters = HashMap::new();
        let mut rest = value.strip_prefix("Digest ").ok_or("another scheme")?;
        while !rest.is_empty() {
            let (name, value) = rest.split_once('=').ok_or("a name without a value")?;
            let end = end_of(value);
            if parameters.insert(name.to_owned(), value[..end].to_owned()).is_some() {
                return Err(format!("{name} twice"));
            }
            rest = value[end..].strip_prefix(", ").unwrap_or(&value[end..]);
        }
        Ok(Self(parameters))
    }

    /// Whether it stands there just so; none, whether it does not.
    fn is(&self, name: &str, wanted: Option<&str>) -> Result<(), String> {
        let there = self.0.get(name).map(String::as_str);
        if there == wanted { Ok(()) } else { Err(format!("{name} is {there:?} and not {wanted:?}")) }
    }

    /// What stands between quotes, without escapes, for none of ours has any.
    fn text(&self, name: &str) -> Result<String, String> {
        let value = self.0.get(name).and_then(|value| value.strip_prefix('"')?.strip_suffix('"'));
        value.map(str::to_owned).ok_or_else(|| format!("no quoted {name}"))
    }
}

fn end_of(value: &str) -> usize {
    let mut is_quoted = false;
    let mut is_escaped = false;
    for (at, character) in value.char_indices() {
        match character {
            _ if is_escaped => is_escaped = false,
            '\\' if is_quoted => is_escaped = true,
            '"' => is_quoted = !is_quoted,
            ',' if !is_quoted => return at,
            _ => {}
        }
    }
    value.len()
}
