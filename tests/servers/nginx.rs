use std::time::{Duration, Instant};

use crate::server::Server;
use crate::site::REDIRECTS;
use crate::support::handle::{Configuration, Request};
use crate::support::origin::Origin;
use crate::support::standard;
use crate::support::story::Story;

/// Serves the site of `site.rs`.
pub fn start(more: &str) -> Option<Server> {
    // What a port speaks, it says together with its number.
    let listen = if more.contains("ssl_certificate ") { "ssl" } else { "" };
    Server::start(&["/usr/sbin/nginx"], &["-p", "./", "-c", "configuration", "-e", "error.log"], |_, port| {
        let redirect = |code| {
            format!(
                "location = /relative/{code} {{ absolute_redirect off; return {code} /page.html; }}
                location = /absolute/{code} {{ return {code} /page.html; }}"
            )
        };
        let redirects = REDIRECTS.map(redirect).concat();
        format!(
            "daemon off;
            master_process off;
            pid pid;
            events {{}}
            http {{
                client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi; scgi_temp_path scgi;
                log_format connection $connection;
                access_log access.log connection;
                default_type application/octet-stream;
                types {{ text/html html; text/plain txt; }}
                charset utf-8;
                gzip on; gzip_types text/plain;
                root files;
                server {{
                    listen 127.0.0.1:{port} {listen};
                    location = /close.html {{ keepalive_timeout 0; }}
                    {redirects}
                    {more}
                }}
            }}"
        )
    })
}

#[test]
fn a_body_that_drips_is_alive_for_longer_than_nothing_may_move() {
    // A quarter of the file at once, and another every second.
    let Some(server) = start("limit_rate 1000;") else { return };
    server.file("drip.bin", standard::pattern(0, 4000));
    let timeout = Duration::from_millis(2500);
    let configuration = Configuration::default().request_timeout(timeout.as_secs_f64());
    let begin = Instant::now();
    let story = Story::with(&configuration, &Request::new(&server.url("/drip.bin")));
    assert_eq!((story.outcome(), story.body()), ("ok".into(), standard::pattern(0, 4000)));
    assert!(begin.elapsed() > timeout, "it dripped for {:?} only", begin.elapsed());
}

#[test]
fn a_body_goes_through_a_proxy_and_back() {
    let origin = Origin::http(standard::serve);
    let Some(server) = start(&format!("location / {{ proxy_pass {}; }}", origin.url(""))) else { return };
    let body = standard::pattern(0, 1 << 20);
    let request = Request::new(&server.url("/echo")).method("POST").body(&body);
    let story = Story::with(&Configuration::default(), &request);
    assert_eq!((story.outcome(), story.body()), ("ok".into(), body));
    assert_eq!(story.task.sent(), 1 << 20);
}

#[test]
fn r013_a_login_is_kept_in_a_cookie_for_the_next_session() {
    let login =
        "location = /login { add_header Set-Cookie 'login=alice; Path=/; HttpOnly' always; return 303 /account; }";
    let account = "location = /account { if ($cookie_login != alice) { return 403; } return 200 'hello, alice'; }";
    let Some(server) = start(&format!("{login} {account}")) else { return };
    let configuration = Configuration::ephemeral();
    let ask = |request: &Request| {
        let story = Story::with(&configuration, request);
        (story.response().status_code(), story.body().starts_with(b"hello, alice"))
    };
    let account = Request::new(&server.url("/account"));
    assert_eq!(ask(&account), (403, false));
    let form = Request::new(&server.url("/login")).method("POST").body(b"user=alice&password=secret");
    assert_eq!([ask(&form), ask(&account)], [(200, true); 2]);
}
