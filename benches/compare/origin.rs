//! One nginx worker on loopback, with its own configuration, certificate and files, and beside it a sink for uploads.

use std::fs::{self, File};
use std::io::{self, Read};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use crate::sink::Sink;

pub struct Origin {
    nginx: Child,
    root: PathBuf,
    http: u16,
    https: u16,
    sink: Sink,
}

impl Origin {
    /// Starts nginx in the empty directory `root`; `NotFound` where there is none.
    pub fn start(root: PathBuf) -> io::Result<Self> {
        fs::create_dir_all(root.join("files"))?;
        certify(&root)?;
        // Both ports are held until both are known, so that they differ.
        let (plain, secure) = (TcpListener::bind("127.0.0.1:0")?, TcpListener::bind("127.0.0.1:0")?);
        let (http, https) = (plain.local_addr()?.port(), secure.local_addr()?.port());
        drop((plain, secure));
        fs::write(root.join("nginx.conf"), configuration(http, https))?;
        let mut command = Command::new("nginx");
        command.arg("-p").arg(&root).args(["-c", "nginx.conf", "-e", "error.log"]);
        let nginx = crate::program::bound(&mut command, 0).stdout(Stdio::null()).spawn()?;
        let mut origin = Self { nginx, root, http, https, sink: Sink::start()? };
        origin.wait()?;
        Ok(origin)
    }

    /// The file of this many bytes, made where it is missing.
    pub fn file(&self, bytes: u64) -> io::Result<PathBuf> {
        let path = self.root.join("files").join(bytes.to_string());
        if !path.exists() {
            // No holes, which cp would not copy; and on the disk, so that nothing is written there while we measure.
            let mut file = File::create(&path)?;
            io::copy(&mut io::repeat(b'x').take(bytes), &mut file)?;
            file.sync_all()?;
        }
        Ok(path)
    }

    /// The URL of `file`.
    pub fn url(&self, https: bool, bytes: u64) -> String {
        match https {
            true => format!("https://127.0.0.1:{}/{bytes}", self.https),
            false => format!("http://127.0.0.1:{}/{bytes}", self.http),
        }
    }

    /// The URL that takes an upload of this many bytes.
    pub fn sink(&self, bytes: u64) -> String {
        self.sink.url(bytes)
    }

    /// The file with the certificate to trust.
    pub fn authority(&self) -> PathBuf {
        self.root.join("authority.pem")
    }

    /// What TLS connections agreed on so far, each kind once.
    pub fn negotiated(&self) -> Vec<String> {
        let log = fs::read_to_string(self.root.join("tls.log")).unwrap_or_default();
        let mut kinds: Vec<_> = log.lines().map(str::to_owned).collect();
        kinds.sort();
        kinds.dedup();
        kinds
    }

    fn wait(&mut self) -> io::Result<()> {
        let deadline = Instant::now() + Duration::from_secs(20);
        while TcpStream::connect(("127.0.0.1", self.http)).is_err() {
            if self.nginx.try_wait()?.is_some() || Instant::now() > deadline {
                let log = fs::read_to_string(self.root.join("error.log")).unwrap_or_default();
                return Err(io::Error::other(format!("nginx does not start:\n{log}")));
            }
            thread::sleep(Duration::from_millis(5));
        }
        Ok(())
    }
}

impl Drop for Origin {
    fn drop(&mut self) {
        let _ = self.nginx.kill();
        let _ = self.nginx.wait();
        let _ = fs::remove_dir_all(&self.root);
    }
}

/// An authority, and a certificate for 127.0.0.1 signed by it.
fn certify(root: &Path) -> io::Result<()> {
    let certified = || -> Result<_, rcgen::Error> {
        let mut authority = CertificateParams::new([])?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        authority.distinguished_name.push(DnType::CommonName, "liburlsession benchmark");
        let key = KeyPair::generate()?;
        let certificate = authority.self_signed(&key)?;
        let leaf = KeyPair::generate()?;
        let signed =
            CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&leaf, &Issuer::new(authority, key))?;
        Ok((certificate.pem(), signed.pem(), leaf.serialize_pem()))
    };
    let (authority, leaf, key) = certified().map_err(io::Error::other)?;
    fs::write(root.join("authority.pem"), authority)?;
    fs::write(root.join("leaf.pem"), leaf)?;
    fs::write(root.join("key.pem"), key)
}

/// In the foreground, one process, never closing a kept-alive connection; one cipher, so that both sides use the same.
fn configuration(http: u16, https: u16) -> String {
    format!(
        "daemon off;
         master_process off;
         pid nginx.pid;
         error_log error.log;
         events {{ worker_connections 1024; }}
         http {{
             client_body_temp_path client; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
             uwsgi_temp_path uwsgi; scgi_temp_path scgi;
             log_format tls '$ssl_protocol $ssl_cipher';
             access_log off;
             sendfile on;
             tcp_nopush on;
             open_file_cache max=16;
             keepalive_timeout 600s;
             keepalive_requests 1000000000;
             root files;
             server {{ listen 127.0.0.1:{http}; }}
             server {{
                 listen 127.0.0.1:{https} ssl;
                 access_log tls.log tls;
                 ssl_certificate leaf.pem;
                 ssl_certificate_key key.pem;
                 ssl_protocols TLSv1.3;
                 ssl_conf_command Ciphersuites TLS_AES_128_GCM_SHA256;
             }}
         }}
        "
    )
}
