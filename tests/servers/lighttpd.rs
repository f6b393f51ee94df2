use crate::server::Server;
use crate::site::REDIRECTS;

/// Serves the site of `site.rs`.
pub fn start(more: &str) -> Option<Server> {
    let needs = ["/usr/sbin/lighttpd", "/usr/lib/lighttpd/mod_deflate.so", "/usr/lib/lighttpd/mod_webdav.so"];
    Server::start(&needs, &["-D", "-f", "configuration"], |folder, port| {
        let folder = folder.display();
        let redirect = |code| {
            let line = |kind: &str, to: &str| {
                format!(
                    r#"$HTTP["url"] == "/{kind}/{code}" {{ url.redirect = ("" => "{to}") url.redirect-code = {code} }}
                    "#
                )
            };
            line("relative", "/page.html") + &line("absolute", &format!("http://127.0.0.1:{port}/page.html"))
        };
        let redirects: String = REDIRECTS.map(redirect).concat();
        format!(
            r#"
            server.bind = "127.0.0.1"
            server.port = {port}
            server.pid-file = "{folder}/pid"
            server.errorlog = "{folder}/error.log"
            server.document-root = "{folder}/files"
            server.upload-dirs = ("{folder}")
            server.modules = ("mod_redirect", "mod_deflate", "mod_accesslog", "mod_webdav")
            server.max-request-size = 1024
            # The cache would take a file for the one that was there a second ago.
            server.stat-cache-engine = "disable"
            accesslog.filename = "{folder}/access.log"
            accesslog.format = "%{{remote}}p"
            mimetype.assign = (
                ".html" => "text/html; charset=utf-8", ".txt" => "text/plain", ".bin" => "application/octet-stream"
            )
            deflate.mimetypes = ("text/plain")
            deflate.allowed-encodings = ("gzip")
            $HTTP["url"] == "/close.html" {{ server.max-keep-alive-requests = 0 }}
            {redirects}
            {more}
            "#
        )
    })
}
