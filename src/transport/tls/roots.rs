//! Whose certificates are trusted: the configuration's, the environment's, the platform's.

use std::env;
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::client::WebPkiServerVerifier;
use rustls::client::danger::ServerCertVerifier;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls_platform_verifier::Verifier;

use super::settings::TlsSettings;
use crate::error::{Code, Error};
use crate::file;
use crate::message::Invalid;

/// Fifty times what a platform's bundle has.
pub(super) const LARGEST_FILE: u64 = 16 << 20;
const MOST_FILES: usize = 4096;

type Certificates = Vec<CertificateDer<'static>>;

/// At least one certificate, and none that is broken.
pub(super) fn whole(pem: &[u8]) -> Result<Certificates, Invalid> {
    let parsed = CertificateDer::pem_slice_iter(pem).collect::<Result<Certificates, _>>().map_err(|_| Invalid)?;
    let is_whole = !parsed.is_empty() && parsed.iter().all(is_usable);
    is_whole.then_some(parsed).ok_or(Invalid)
}

/// What is in it beside certificates, or is broken, is passed over.
fn usable(pem: &[u8]) -> impl Iterator<Item = CertificateDer<'static>> {
    CertificateDer::pem_slice_iter(pem).filter_map(Result::ok).filter(is_usable)
}

fn is_usable(certificate: &CertificateDer<'static>) -> bool {
    RootCertStore::empty().add(certificate.clone()).is_ok()
}

pub(super) fn from_file(path: &Path) -> Result<Certificates, Error> {
    let pem = read(path)?;
    let found: Certificates = usable(&pem).collect();
    if found.is_empty() { Err(nothing_in(path)) } else { Ok(found) }
}

/// As OpenSSL has them: PEM files, perhaps each under several names.
pub(super) fn from_directory(path: &Path) -> Result<Certificates, Error> {
    let entries = fs::read_dir(path).map_err(|cause| unreadable(path, &cause))?;
    let files = entries.filter_map(Result::ok).map(|entry| entry.path()).filter(|path| path.is_file());
    let readable = files.take(MOST_FILES).filter_map(|path| read(&path).ok());
    let mut found: Certificates = readable.flat_map(|pem| usable(&pem).collect::<Certificates>()).collect();
    found.sort_unstable_by(|one, other| one.as_ref().cmp(other.as_ref()));
    found.dedup();
    if found.is_empty() { Err(nothing_in(path)) } else { Ok(found) }
}

/// A whole file of certificates or keys.
pub(super) fn read(path: &Path) -> Result<Vec<u8>, Error> {
    let read = || {
        let file: File = file::readable(path)?;
        let metadata = file.metadata()?;
        let mut content = Vec::new();
        if metadata.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        if !metadata.is_file() {
            return Err(io::Error::other("it is a pipe or a device"));
        }
        file.take(LARGEST_FILE + 1).read_to_end(&mut content)?;
        if content.len() as u64 > LARGEST_FILE {
            return Err(io::ErrorKind::FileTooLarge.into());
        }
        Ok(content)
    };
    read().map_err(|cause| unreadable(path, &cause))
}

fn unreadable(path: &Path, cause: &io::Error) -> Error {
    let (code, why) = match cause.kind() {
        io::ErrorKind::NotFound => (Code::FILE_DOES_NOT_EXIST, "is not there: check the path"),
        io::ErrorKind::PermissionDenied => {
            (Code::NO_PERMISSIONS_TO_READ_FILE, "may not be read: check its permissions")
        }
        io::ErrorKind::IsADirectory => (Code::FILE_IS_DIRECTORY, "is a directory: give the path of a file"),
        _ => (Code::CANNOT_OPEN_FILE, "cannot be read: the underlying error says why"),
    };
    Error::new(code, format!("{} {why}", path.display())).because_of(Some(cause))
}

fn nothing_in(path: &Path) -> Error {
    let message = format!("there is no certificate in {} that could be trusted: give one in PEM", path.display());
    Error::new(Code::CANNOT_DECODE_RAW_DATA, message)
}

/// Who says whether a chain is good; none where nobody is trusted, or everybody.
pub(super) fn authority(
    settings: &TlsSettings,
    provider: &Arc<CryptoProvider>,
) -> Result<Option<Arc<dyn ServerCertVerifier>>, Error> {
    if settings.accepts_any_server {
        return Ok(None);
    }
    let own = || settings.trusted.iter().cloned();
    let mut roots = RootCertStore::empty();
    match replacement(settings) {
        None => {
            if let Ok(platform) = Verifier::new_with_extra_roots(own(), provider.clone()) {
                return Ok(Some(Arc::new(platform)));
            }
            // A platform that trusts nobody at all: Mozilla's list.
            roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned());
        }
        Some(Ok(replacement)) => drop(roots.add_parsable_certificates(replacement)),
        Some(Err(error)) if settings.trusted.is_empty() => return Err(error),
        Some(Err(_)) => {}
    }
    roots.add_parsable_certificates(own());
    let verifier = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone()).build();
    Ok(verifier.ok().map(|verifier| verifier as Arc<dyn ServerCertVerifier>))
}

/// What stands for the platform's certificates where those are not wanted.
fn replacement(settings: &TlsSettings) -> Option<Result<Certificates, Error>> {
    match (settings.trusts_platform, settings.uses_environment) {
        (false, _) => Some(Ok(Certificates::new())),
        (true, true) => from_environment(),
        (true, false) => platform_without_environment().map(Ok),
    }
}

/// requests' and curl's variables lead to a file or a directory; OpenSSL's to a file, and to directories.
fn from_environment() -> Option<Result<Certificates, Error>> {
    if let Some((name, path)) = ["REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE"].into_iter().find_map(variable) {
        return Some(from_path(&PathBuf::from(path)).map_err(|cause| misled(name, cause)));
    }
    let file = variable("SSL_CERT_FILE").map(|(_, path)| PathBuf::from(path));
    let directories = variable("SSL_CERT_DIR").map(|(_, paths)| env::split_paths(&paths).collect::<Vec<_>>());
    let paths: Vec<_> = file.into_iter().chain(directories.into_iter().flatten()).collect();
    let mut first_failure = None;
    let mut found = Certificates::new();
    for path in paths.iter().filter(|path| !path.as_os_str().is_empty()) {
        match from_path(path) {
            Ok(certificates) => found.extend(certificates),
            Err(error) => drop(first_failure.get_or_insert(error)),
        }
    }
    match (found.is_empty(), first_failure) {
        (true, None) => None,
        (true, Some(cause)) => Some(Err(misled("SSL_CERT_FILE or SSL_CERT_DIR", cause))),
        (false, _) => Some(Ok(found)),
    }
}

fn variable(name: &'static str) -> Option<(&'static str, OsString)> {
    env::var_os(name).filter(|value| !value.is_empty()).map(|value| (name, value))
}

fn from_path(path: &Path) -> Result<Certificates, Error> {
    if path.is_dir() { from_directory(path) } else { from_file(path) }
}

fn misled(name: &str, cause: Error) -> Error {
    let message = format!("the environment variable {name} names no certificates to trust: correct it, or unset it");
    Error::new(Code::SERVER_CERTIFICATE_HAS_UNKNOWN_ROOT, message).because(cause)
}

/// Only here do the platform's own certificates give way to the environment's, unasked.
#[cfg(all(unix, not(target_vendor = "apple"), not(target_os = "android")))]
fn platform_without_environment() -> Option<Certificates> {
    ["SSL_CERT_FILE", "SSL_CERT_DIR"].into_iter().find_map(variable)?;
    let load = |path| rustls_native_certs::load_certs_from_paths(None, Some(path)).certs;
    let found: Certificates = openssl_probe::candidate_cert_dirs().flat_map(load).collect();
    Some(found)
}

#[cfg(not(all(unix, not(target_vendor = "apple"), not(target_os = "android"))))]
fn platform_without_environment() -> Option<Certificates> {
    None
}
