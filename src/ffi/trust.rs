use std::ffi::c_char;
use std::path::Path;

use super::configuration::{ConfigurationObject, change, read};
use super::convert::{bytes, checked, explained, text};
use super::handle::borrow;
use super::{UrlSessionConfiguration, UrlSessionCredential, UrlSessionError, UrlSessionStatus, invalid};
use crate::challenge::Credential;
use crate::error::Error;
use crate::session::Configuration;
use crate::transport::TlsSettings;

/// Certificates to trust beside the platform's, from a PEM file such as a CA bundle, which is read in this call. What
/// is in it beside certificates is passed over. FAILED, and nothing is added, where the file cannot be read, is larger
/// than 16 MiB or has no certificate: `*error`, which may be NULL, names the path and says why; one reference is yours.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_add_trusted_certificates_file(
    configuration: *mut UrlSessionConfiguration,
    path: *const c_char,
    error: *mut *mut UrlSessionError,
) -> UrlSessionStatus {
    trust(configuration, path, error, TlsSettings::trust_file)
}

/// The same from a directory of PEM files, one certificate or more in each, as `openssl rehash` or `c_rehash` leave it.
/// Directories in it are not looked into, and files that cannot be read are passed over. FAILED as above, where no
/// certificate is found in its first 4096 files.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_add_trusted_certificates_directory(
    configuration: *mut UrlSessionConfiguration,
    path: *const c_char,
    error: *mut *mut UrlSessionError,
) -> UrlSessionStatus {
    trust(configuration, path, error, TlsSettings::trust_directory)
}

/// Whether the platform's certificates are trusted, at first true. With false only those count that the configuration
/// adds: a private authority, and nobody else.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_trusts_platform_certificates(
    configuration: *mut UrlSessionConfiguration,
    trusts: bool,
) -> UrlSessionStatus {
    change(configuration, |configuration| Ok(configuration.transport.tls.trusts_platform = trusts))
}

/// The above. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_trusts_platform_certificates(
    configuration: *const UrlSessionConfiguration,
) -> bool {
    read(configuration, |configuration| configuration.transport.tls.trusts_platform)
}

/// Whether the environment may say what the platform's certificates are, at first true: REQUESTS_CA_BUNDLE, else
/// CURL_CA_BUNDLE, else SSL_CERT_FILE and SSL_CERT_DIR (a list of directories), each a PEM file or a directory of them.
/// They stand in place of the platform's, and are read with the session's first https request; where a variable leads
/// to no certificate, https fails with SERVER_CERTIFICATE_HAS_UNKNOWN_ROOT instead of trusting somebody else. What the
/// configuration says itself goes before: certificates that it adds are trusted all the same, and without the
/// platform's, or with any certificate accepted, the environment is not looked at. With false it has no influence.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_uses_environment_certificates(
    configuration: *mut UrlSessionConfiguration,
    uses: bool,
) -> UrlSessionStatus {
    change(configuration, |configuration| Ok(configuration.transport.tls.uses_environment = uses))
}

/// The above. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_uses_environment_certificates(
    configuration: *const UrlSessionConfiguration,
) -> bool {
    read(configuration, |configuration| configuration.transport.tls.uses_environment)
}

/// DANGEROUS: with true every server is trusted, whoever it is, and whoever stands between it and the application reads
/// and changes all that is sent. At first false. For tests at most: to accept one certificate, trust it with
/// url_session_configuration_add_trusted_certificates or answer its challenge. Pins hold all the same, and so does what
/// a delegate answers.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_dangerously_accepts_any_server_certificate(
    configuration: *mut UrlSessionConfiguration,
    accepts: bool,
) -> UrlSessionStatus {
    change(configuration, |configuration| Ok(configuration.transport.tls.accepts_any_server = accepts))
}

/// The above. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_dangerously_accepts_any_server_certificate(
    configuration: *const UrlSessionConfiguration,
) -> bool {
    read(configuration, |configuration| configuration.transport.tls.accepts_any_server)
}

/// A public key that `host` must have, beside a certificate that is trusted: the SHA-256 of its SubjectPublicKeyInfo
/// (RFC 7469; see url_session_server_trust_public_key_sha256_at), copied: 32 raw bytes, not base64 nor hexadecimal. It
/// is the server's own, or that of an authority which the server shows and which has signed for it; the root is usually
/// not shown. Of several for one host any is enough; those of a domain whose subdomains are included count for them
/// too. Another key fails the task with SERVER_CERTIFICATE_UNTRUSTED before anything is sent, a client certificate
/// neither, whatever a delegate answers: it can accept a certificate that is not trusted, but never one that is not
/// pinned. A pinned key alone does not make a certificate trusted. `host` is a name or an address without a port, of a
/// server or of a proxy that speaks TLS. INVALID_ARGUMENT: it is neither, or `length` is not 32. Neither pointer may be
/// NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_add_pinned_public_key(
    configuration: *mut UrlSessionConfiguration,
    host: *const c_char,
    sha256: *const u8,
    length: usize,
    includes_subdomains: bool,
) -> UrlSessionStatus {
    change(configuration, |configuration| {
        let host = text(host)?;
        let sha256 = bytes(sha256, length)?.try_into().map_err(|_| UrlSessionStatus::INVALID_ARGUMENT)?;
        configuration.transport.tls.pin(host, sha256, includes_subdomains).map_err(invalid)
    })
}

/// The certificate to show when `host`, on whatever port, asks for one: what the challenge proposes and
/// PERFORM_DEFAULT_HANDLING uses; without a delegate it is shown to a server that is trusted. A proxy of that name that
/// speaks TLS counts too. NULL takes it away.
/// INVALID_ARGUMENT: the credential is none of a certificate, or `host` is no name or address.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_client_certificate(
    configuration: *mut UrlSessionConfiguration,
    host: *const c_char,
    credential: *mut UrlSessionCredential,
) -> UrlSessionStatus {
    checked(|| {
        let (configuration, host) = (borrow::<ConfigurationObject>(configuration)?, text(host)?);
        let credential = if credential.is_null() { None } else { Some(borrow::<Credential>(credential)?) };
        let set = |configuration: &mut Configuration| {
            configuration.transport.tls.set_client_certificate(host, credential).map_err(invalid)
        };
        // Outside the lock, for with it goes perhaps a signer of the application's.
        Ok(drop(configuration.with(set)?))
    })
}

/// DANGEROUS: with true the keys of every TLS connection are appended to the file that the environment variable
/// SSLKEYLOGFILE names, for tools like Wireshark: whoever has the file and the traffic reads everything. At first
/// false, and then the variable is not looked at.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_set_logs_tls_secrets(
    configuration: *mut UrlSessionConfiguration,
    logs: bool,
) -> UrlSessionStatus {
    change(configuration, |configuration| Ok(configuration.transport.tls.logs_secrets = logs))
}

/// The above. False for NULL.
#[unsafe(no_mangle)]
pub extern "C" fn url_session_configuration_logs_tls_secrets(configuration: *const UrlSessionConfiguration) -> bool {
    read(configuration, |configuration| configuration.transport.tls.logs_secrets)
}

fn trust(
    configuration: *mut UrlSessionConfiguration,
    path: *const c_char,
    error: *mut *mut UrlSessionError,
    trust: fn(&mut TlsSettings, &Path) -> Result<(), Error>,
) -> UrlSessionStatus {
    explained(error, || {
        let (configuration, path) = (borrow::<ConfigurationObject>(configuration)?, Path::new(text(path)?));
        Ok(configuration.with(|configuration| trust(&mut configuration.transport.tls, path))?)
    })
}
