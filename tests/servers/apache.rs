use crate::server::Server;
use crate::site::REDIRECTS;

const MODULES: [&str; 14] = [
    "alias",
    "authz_core",
    "dav",
    "dav_fs",
    "deflate",
    "env",
    "filter",
    "headers",
    "mime",
    "mpm_event",
    "ratelimit",
    "rewrite",
    "setenvif",
    "ssl",
];

/// Serves the site of `site.rs`.
pub fn start(more: &str) -> Option<Server> {
    Server::start(&["/usr/sbin/apache2"], &["-X", "-d", ".", "-f", "configuration"], |folder, port| {
        let folder = folder.display();
        let load = |name| format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n");
        let redirect = |code| {
            format!(
                "<Location /relative/{code}>\nRedirectRelative On\nRedirect {code} /page.html\n</Location>\n\
                 <Location /absolute/{code}>\nRedirect {code} /page.html\n</Location>\n"
            )
        };
        let (modules, redirects) = (MODULES.map(load).concat(), REDIRECTS.map(redirect).concat());
        // It refuses to serve as root, who needs to name another then.
        format!(
            "{modules}
            ServerRoot {folder}
            DefaultRuntimeDir {folder}
            ServerName 127.0.0.1
            Listen 127.0.0.1:{port}
            User nobody
            Group nogroup
            PidFile pid
            ErrorLog error.log
            CustomLog access.log %{{remote}}p
            DocumentRoot files
            TypesConfig /dev/null
            AddType text/html .html
            AddType text/plain .txt
            AddDefaultCharset utf-8
            AddOutputFilterByType DEFLATE text/plain
            LimitRequestBody 1048576
            DavLockDB files/lock
            SetEnvIf Request_URI ^/close.html$ nokeepalive
            {redirects}
            {more}"
        )
    })
}
