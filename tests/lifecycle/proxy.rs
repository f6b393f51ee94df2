//! Which proxy a request takes, and what it is told of an http URL.

use std::net::SocketAddr;

use socket2::{Domain, Socket, Type};

use crate::support::handle::{Configuration, Request, c_text};
use crate::support::origin::Origin;
use crate::support::phone::Phone;
use crate::support::proxy::{ASKS, AUTHORIZED, serve, serve_the_known};
use crate::support::recorder::Recorder;
use crate::support::socks::Socks;
use crate::support::standard;
use crate::support::story::Story;
use urlsession::*;

/// One that tunnels nowhere.
fn proxy() -> Origin {
    Origin::http(serve(([127, 0, 0, 1], 9).into()))
}

fn through(proxy: &Origin) -> Configuration {
    Configuration::default().proxy("all", &proxy.url(""))
}

#[test]
fn a018_an_http_url_is_asked_for_whole() {
    let proxy = proxy();
    let request = Request::new("http://user:word@nowhere.invalid:8080/hello?a=b#part").header("Accept", "x/y");
    let story = Story::with(&through(&proxy), &request.header("User-Agent", "test").suppress("Accept-Encoding"));
    assert_eq!((story.outcome(), story.body()), ("ok".into(), b"hello, world\n".to_vec()));
    let request = proxy.request();
    let mut lines: Vec<_> = request.head.trim_end().lines().collect();
    // User and password of the URL are for the server, and stand where a server looks for them.
    assert_eq!(lines.remove(0), "GET http://nowhere.invalid:8080/hello?a=b HTTP/1.1");
    lines.sort_by_key(|line| line.to_ascii_lowercase());
    let authorization = "authorization: Basic dXNlcjp3b3Jk";
    let host = "host: nowhere.invalid:8080";
    assert_eq!(lines, ["Accept: x/y", authorization, "connection: keep-alive", host, "User-Agent: test"]);
}

#[test]
fn a018_every_form_of_a_host_in_an_absolute_url() {
    let proxy = proxy();
    for (url, target) in [
        ("http://[::2]:81/hello", "http://[::2]:81/hello"),
        ("http://B\u{fc}cher.invalid/hello", "http://xn--bcher-kva.invalid/hello"),
        ("http://10.1/hello", "http://10.0.0.1/hello"),
        ("http://nowhere.invalid", "http://nowhere.invalid/"),
    ] {
        Story::with(&through(&proxy), &Request::new(url));
        assert_eq!(proxy.requests().last().unwrap().target(), target);
    }
}

#[test]
fn a018_a_body_goes_through() {
    let proxy = proxy();
    let body = standard::pattern(0, 300_000);
    let configuration = through(&proxy).set(|c| url_session_configuration_set_expect_continue_above(c, 1000));
    let request = Request::new("http://nowhere.invalid/echo").method("POST").body(&body);
    let story = Story::with(&configuration, &request);
    assert_eq!((story.outcome(), story.body()), ("ok".into(), body));
}

#[test]
fn q036_the_login_of_the_url_is_for_the_proxy() {
    let proxy = Origin::http(serve_the_known(([127, 0, 0, 1], 9).into()));
    let configuration = Configuration::default().proxy("http", &proxy.proxy_url("us%65r:word@"));
    let story = Story::with(&configuration, &Request::new("http://nowhere.invalid/hello"));
    assert_eq!(story.response().status_code(), 200);
    assert_eq!(proxy.request().value("Proxy-Authorization"), Some(AUTHORIZED));
    assert_eq!(proxy.request().value("Authorization"), None);
    assert_eq!(story.task.current_request().value("Proxy-Authorization"), None, "nobody else sees it");
}

#[test]
fn q036_a_field_of_the_application_goes_before_the_login_of_the_url() {
    let proxy = proxy();
    let configuration = Configuration::default().proxy("http", &proxy.proxy_url("user:word@"));
    let request = Request::new("http://nowhere.invalid/hello").header("Proxy-Authorization", "Own secret");
    Story::with(&configuration, &request);
    assert_eq!(proxy.request().value("Proxy-Authorization"), Some("Own secret"));
    let suppressed = Request::new("http://nowhere.invalid/hello").suppress("Proxy-Authorization");
    Story::with(&configuration, &suppressed);
    assert_eq!(proxy.requests()[1].value("Proxy-Authorization"), None);
}

#[test]
fn q036_no_server_gets_what_is_for_a_proxy() {
    let origin = Origin::http(standard::serve);
    let request = Request::new(&origin.url("/hello")).header("Proxy-Authorization", "secret");
    Story::with(&Configuration::default(), &request);
    Story::with(
        &Configuration::default().header("proxy-authorization", "secret"),
        &Request::new(&origin.url("/hello")),
    );
    assert_eq!(origin.requests().len(), 2);
    for request in origin.requests() {
        assert!(!request.head.contains("secret"), "{}", request.head);
    }
}

#[test]
fn a045_a_407_to_an_http_url_is_the_response() {
    let proxy = Origin::http(serve_the_known(([127, 0, 0, 1], 9).into()));
    let story = Story::with(&through(&proxy), &Request::new("http://nowhere.invalid/hello"));
    assert_eq!((story.outcome(), story.response().status_code()), ("ok".into(), 407));
    assert_eq!(story.body(), b"who?");
    assert!(ASKS.contains("who?"));
}

#[test]
fn q034_the_request_before_the_session() {
    let [one, two] = [proxy(), proxy()];
    let ask = |request: Request| Story::with(&through(&one), &request).outcome();
    ask(Request::new("http://nowhere.invalid/hello").proxy(&two.url("")));
    assert_eq!((one.requests().len(), two.requests().len()), (0, 1));
    let origin = Origin::http(standard::serve);
    ask(Request::new(&origin.url("/hello")).proxy("direct://"));
    assert_eq!((one.requests().len(), origin.requests().len()), (0, 1));
    let inheriting = Request::new("http://nowhere.invalid/hello").proxy(&two.url(""));
    ask(inheriting.set(|r| url_session_request_set_proxy(r, std::ptr::null())));
    assert_eq!((one.requests().len(), two.requests().len()), (1, 1));
}

#[test]
fn q034_loopback_takes_the_configurations_proxy() {
    let (proxy, origin) = (proxy(), Origin::http(standard::serve));
    let story = Story::with(&through(&proxy), &Request::new(&origin.url("/hello")));
    assert_eq!(story.outcome(), "ok");
    assert_eq!((proxy.requests().len(), origin.requests().len()), (1, 0));
    Story::with(&through(&proxy).proxy_exceptions("127.0.0.0/8"), &Request::new(&origin.url("/hello")));
    assert_eq!((proxy.requests().len(), origin.requests().len()), (1, 1));
}

#[test]
fn q034_every_hop_of_a_redirect_chooses_anew() {
    let [one, two] = [proxy(), proxy()];
    let configuration = Configuration::default()
        .proxy("http://one.invalid", &one.proxy_url("user:first@"))
        .proxy("http://two.invalid", &two.url(""));
    let start = Request::new("http://one.invalid/redirect-to?url=http://two.invalid/hello");
    let story = Story::with(&configuration, &start);
    assert_eq!((story.outcome(), story.response().url()), ("ok".into(), "http://two.invalid/hello".into()));
    assert_eq!(two.request().target(), "http://two.invalid/hello");
    assert_eq!(two.request().value("Proxy-Authorization"), None, "it was for the first proxy");
    // What an application has written stays with the origin, as all secrets do.
    let own = Request::new("http://one.invalid/redirect-to?url=http://two.invalid/hello");
    Story::with(&configuration, &own.header("Proxy-Authorization", "secret"));
    assert_eq!(one.requests()[1].value("Proxy-Authorization"), Some("secret"));
    assert_eq!(two.requests()[1].value("Proxy-Authorization"), None);
}

#[test]
fn q036_who_comes_with_another_login_gets_another_connection() {
    let proxy = proxy();
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default().proxy("all", &proxy.proxy_url("user:one@")));
    let urls = ["", "user:two@", "user:one@"].map(|login| proxy.proxy_url(login));
    for (number, url) in urls.iter().chain(&urls).enumerate() {
        session.task_for(&Request::new("http://nowhere.invalid/hello").proxy(url)).resume();
        recorder.wait_for(&format!("did_complete {} ok", number + 1));
    }
    let connections: Vec<_> = proxy.requests().iter().map(|request| request.connection).collect();
    assert_eq!(connections, [1, 2, 3, 1, 2, 3]);
    // Straight there is another way again.
    let origin = Origin::http(standard::serve);
    session.task_for(&Request::new(&origin.url("/hello")).proxy("direct://")).resume();
    recorder.wait_for("did_complete 7 ok");
    session.task_for(&Request::new(&origin.url("/hello"))).resume();
    recorder.wait_for("did_complete 8 ok");
    assert_eq!((origin.requests().len(), proxy.requests().len()), (1, 7));
}

#[test]
fn q048_a_proxy_that_is_not_there_is_named() {
    // Bound, it is nobody else's; and nobody listens.
    let gone = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    gone.bind(&SocketAddr::from(([127, 0, 0, 1], 0)).into()).unwrap();
    let address = gone.local_addr().unwrap().as_socket().unwrap().to_string();
    let url = format!("http://user:word@{address}");
    for url_of_server in ["http://nowhere.invalid/", "https://nowhere.invalid/"] {
        let story = Story::with(&Configuration::default().proxy("all", &url), &Request::new(url_of_server));
        assert_eq!(story.outcome(), "-1004");
        let message = story.error().message();
        assert!(message.contains(&format!("the proxy {address}")), "{message}");
        assert!(!message.contains("word") && !message.contains("user:"), "{message}");
        assert_eq!(story.error().underlying().unwrap().domain(), "NSPOSIXErrorDomain");
    }
}

#[test]
fn q048_a_proxy_whose_name_nobody_knows() {
    let name = format!("{}.invalid", "x".repeat(64));
    let configuration = Configuration::default().proxy("all", &format!("user:word@{name}:3128"));
    let story = Story::with(&configuration, &Request::new("http://127.0.0.1:9/"));
    assert_eq!(story.outcome(), "-1003");
    assert!(story.error().message().contains(&format!("the proxy {name}:3128")), "{}", story.error().message());
}

#[test]
fn a_proxy_may_be_inside_and_servers_may_not() {
    let proxy = proxy();
    let guarded = |proxy: &str| {
        let configuration = Configuration::default().proxy("all", proxy);
        configuration.set(|c| url_session_configuration_set_refuses_private_addresses(c, true))
    };
    let outcome = |proxy: &str, url: &str| Story::with(&guarded(proxy), &Request::new(url)).outcome();
    assert_eq!(outcome(&proxy.url(""), "http://nowhere.invalid/hello"), "ok");
    for url in ["http://10.0.0.1/hello", "http://[::1]/hello", "https://127.0.0.1/hello"] {
        assert_eq!(outcome(&proxy.url(""), url), "-1004", "{url}");
    }
    let socks = Socks::to(Ok(proxy.address()), None);
    for scheme in ["socks4", "socks5"] {
        assert_eq!(outcome(&socks.url(scheme, ""), "http://localhost/hello"), "-1004", "{scheme}");
    }
    assert_eq!((proxy.requests().len(), socks.accepted()), (1, 0));
}

#[test]
fn e056_the_dialer_calls_the_proxy() {
    let proxy = proxy();
    let phone = Phone::to(proxy.address());
    let configuration = phone.give_to(Configuration::default()).proxy("all", "proxy.invalid:3128");
    let story = Story::with(&configuration, &Request::new("http://nowhere.invalid/hello"));
    assert_eq!((story.outcome(), phone.dialed()), ("ok".into(), vec!["proxy.invalid 3128".to_owned()]));
}

#[test]
fn a018_what_is_set_can_be_read_but_for_the_login() {
    let configuration = Configuration::default()
        .proxy("ALL", "user:word@Proxy.example:3128")
        .proxy("https://[::1]", "socks5h://user:word@[::2]")
        .proxy("http", "direct://");
    assert_eq!(configuration.proxy_of("all").as_deref(), Some("http://proxy.example:3128"));
    assert_eq!(configuration.proxy_of("https://[0::1]").as_deref(), Some("socks5h://[::2]:1080"));
    assert_eq!(configuration.proxy_of("http").as_deref(), Some("direct://"));
    assert_eq!(configuration.proxy_of("https"), None);
    assert_eq!(configuration.proxy_of("ftp"), None);
    let key = c_text("all");
    let configuration = configuration.set(|c| url_session_configuration_set_proxy(c, key.as_ptr(), std::ptr::null()));
    assert_eq!(configuration.proxy_of("all"), None);
}
