use std::fs;
use std::path::Path;

use crate::server::Server;

/// Lets everybody in.
pub const OPEN: &str = "http_access allow all";

/// Lets in who says that he is the user with the password, by HTTP's Basic.
pub const BASIC: &str = "auth_param basic program /usr/lib/squid/basic_ncsa_auth users
    auth_param basic realm squid
    acl known proxy_auth REQUIRED
    http_access allow known
    http_access deny all";

/// The same by Digest.
pub const DIGEST: &str = "auth_param digest program /usr/lib/squid/digest_file_auth -c digests
    auth_param digest realm squid
    acl known proxy_auth REQUIRED
    http_access allow known
    http_access deny all";

/// A proxy of HTTP, or of HTTP over TLS.
pub fn start(is_secure: bool, access: &str) -> Option<Server> {
    let needs = ["/usr/sbin/squid", "/usr/lib/squid/basic_ncsa_auth", "/usr/lib/squid/digest_file_auth"];
    let server = Server::start(&needs, &["-N", "-d", "1", "-f", "configuration"], |folder, port| {
        fs::write(folder.join("users"), "user:$apr1$ERlSeeo3$aWtGTkQx5QcvHvonn19.i0\n").unwrap();
        fs::write(folder.join("digests"), "user:squid:6f92fad21f9869337296099d093a02ad\n").unwrap();
        let address = format!("127.0.0.1:{port}");
        let listen = match is_secure {
            true => format!("https_port {address} tls-cert={}", file(folder, "identity")),
            false => format!("http_port {address}"),
        };
        format!(
            "{listen}
            pid_filename {}
            cache deny all
            access_log none
            cache_log /dev/null
            netdb_filename none
            pinger_enable off
            shutdown_lifetime 0 seconds
            visible_hostname squid.test
            {}
            ",
            file(folder, "pid"),
            access.replace("users", &file(folder, "users")).replace("digests", &file(folder, "digests")),
        )
    });
    server.map(Server::listening)
}

/// It does not stay in the folder that it was started in.
fn file(folder: &Path, name: &str) -> String {
    folder.join(name).display().to_string()
}
