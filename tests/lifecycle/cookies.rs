use crate::support::cookies::{CookieStorage, sent_cookies, setting};
use crate::support::directory::Directory;
use crate::support::handle::{Configuration, Request};
use crate::support::origin::{Connection, Origin};
#[cfg(unix)]
use crate::support::phone::Phone;
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;

/// Gets these targets one after the other, as sessions of one configuration.
fn get(configuration: &Configuration, origin: &Origin, targets: &[&str]) {
    for target in targets {
        assert_eq!(Story::with(configuration, &Request::new(&origin.url(target))).outcome(), "ok", "{target}");
    }
}

#[test]
fn r013_cookies_are_stored_and_sent_again() {
    let origin = Origin::http(standard::serve);
    let configuration = Configuration::ephemeral();
    get(&configuration, &origin, &["/hello", &setting(&["a=1", "b=2; Path=/x", "c=\"3\""], 200, ""), "/hello", "/x/y"]);
    assert_eq!(sent_cookies(&origin), ["", "", "a=1; c=\"3\"", "b=2; a=1; c=\"3\""]);
}

#[test]
fn r013_q028_q024_every_hop_sets_cookies_and_gets_those_of_its_own() {
    for status in [301, 302, 303, 307, 308] {
        let origin = Origin::http(standard::serve);
        let configuration = Configuration::ephemeral();
        let back = setting(&["c=3", "a=; Max-Age=0"], status, "/hello");
        let next = setting(&["b=2"], status, &back);
        let url = origin.url(&setting(&["a=1"], status, &next));
        let story = Story::with(&configuration, &Request::new(&url).method("POST").body(b"x"));
        assert_eq!((story.outcome().as_str(), story.response().status_code()), ("ok", 200));
        assert_eq!(sent_cookies(&origin), ["", "a=1", "a=1; b=2", "b=2; c=3"], "{status}");
        // They are of the moment, and not of the request.
        assert_eq!(story.task.current_request().value("Cookie"), None);
    }
}

#[test]
fn r013_answers_of_every_status_set_cookies() {
    let origin = Origin::http(standard::serve);
    for status in [200, 201, 204, 300, 304, 401, 403, 404, 417, 500, 503] {
        let configuration = Configuration::ephemeral();
        get(&configuration, &origin, &[&setting(&["a=1"], status, "")]);
        assert_eq!(CookieStorage::of_configuration(&configuration).unwrap().names(), "a", "{status}");
    }
}

#[test]
fn r013_a_407_speaks_for_a_proxy_and_sets_none() {
    let origin = Origin::http(standard::serve);
    let configuration = Configuration::ephemeral();
    get(&configuration, &origin, &[&setting(&["a=1"], 407, ""), "/hello"]);
    assert_eq!(sent_cookies(&origin), ["", ""]);
}

#[test]
fn r013_informational_answers_set_none() {
    let origin = Origin::http(|connection: &mut Connection| {
        while connection.read_request().is_some() {
            connection.send(b"HTTP/1.1 103 Early Hints\r\nSet-Cookie: early=1\r\n\r\n");
            connection.send(b"HTTP/1.1 200 OK\r\nSet-Cookie: final=1\r\nContent-Length: 0\r\n\r\n");
        }
    });
    get(&Configuration::ephemeral(), &origin, &["/"]);
    let configuration = Configuration::ephemeral();
    get(&configuration, &origin, &["/", "/"]);
    assert_eq!(sent_cookies(&origin), ["", "", "final=1"]);
}

#[test]
fn r013_an_expectation_that_failed_sets_cookies_too() {
    let answers = [
        "HTTP/1.1 417 No\r\nSet-Cookie: a=1\r\nContent-Length: 0\r\n\r\n",
        "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n",
    ];
    let origin = Origin::in_turn(&answers);
    let request = Request::new(&origin.url("/")).method("POST").body(b"x").header("Expect", "100-continue");
    assert_eq!(Story::with(&Configuration::ephemeral(), &request).outcome(), "ok");
    assert_eq!(sent_cookies(&origin), ["", "a=1"]);
}

#[test]
fn r013_servers_delete_cookies() {
    let origin = Origin::http(standard::serve);
    let configuration = Configuration::ephemeral();
    let delete =
        setting(&["a=; Max-Age=0", "b=; Expires=Thu, 01 Jan 1970 00:00:00 GMT", "c=; Path=/x; Max-Age=0"], 200, "");
    get(&configuration, &origin, &[&setting(&["a=1", "b=1", "c=1"], 200, ""), &delete, "/hello"]);
    assert_eq!(sent_cookies(&origin), ["", "a=1; b=1; c=1", "c=1"]);
}

#[test]
fn r013_a_request_that_goes_out_again_has_the_cookies_of_the_moment() {
    let storage = CookieStorage::default();
    let stored = storage.clone();
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_request();
        connection.send(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
        // The second request on the connection finds it dead.
        if connection.number == 1 && connection.read_request().is_some() {
            stored.store("http://127.0.0.1/", "late=1");
        }
    });
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::ephemeral().cookies(&storage));
    for number in 1..=2 {
        session.start(&origin.url("/"));
        recorder.wait_for(&format!("did_complete {number} ok"));
    }
    assert_eq!(sent_cookies(&origin), ["", "", "late=1"]);
}

#[test]
fn r013_downloads_and_uploads_have_cookies_too() {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let configuration = Configuration::ephemeral().download_directory(directory.path());
    let story = |make: &dyn Fn(&crate::support::handle::Session) -> crate::support::handle::Task| {
        assert_eq!(Story::of_task(Recorder::default(), &configuration, make).outcome(), "ok");
    };
    story(&|session| session.download(&origin.url(&setting(&["down=1"], 200, ""))));
    let request = Request::new(&origin.url(&setting(&["up=1"], 200, ""))).method("PUT");
    story(&|session| session.upload_bytes(&request, b"body"));
    story(&|session| session.download(&origin.url("/hello")));
    assert_eq!(sent_cookies(&origin), ["", "down=1", "down=1; up=1"]);
}

#[test]
fn r014_ports_do_not_separate_and_hosts_do() {
    let (one, other) = (Origin::http(standard::serve), Origin::http(standard::serve));
    let configuration = Configuration::ephemeral();
    get(&configuration, &one, &[&setting(&["a=1"], 200, "")]);
    get(&configuration, &other, &["/hello"]);
    assert_eq!(sent_cookies(&other), ["a=1"]);
    let url = format!("http://localhost:{}/hello", other.address().port());
    assert_eq!(Story::with(&configuration, &Request::new(&url)).outcome(), "ok");
    assert_eq!(sent_cookies(&other), ["a=1", ""]);
}

#[test]
fn r014_secure_cookies_come_and_go_over_tls_alone() {
    let (secure, plain) = (Origin::https(standard::serve), Origin::http(standard::serve));
    let storage = CookieStorage::default();
    let configuration = Configuration::trusting(secure.certificate()).cookies(&storage);
    let cookies = ["a=1; Secure", "b=1", "__Host-c=1; Secure; Path=/", "__Secure-d=1"];
    get(&configuration, &secure, &[&setting(&cookies, 200, "")]);
    // Neither does a plain answer set a secure one, nor does it lie over one ("leave secure cookies alone").
    get(&configuration, &plain, &[&setting(&["e=1; Secure", "a=2", "b=2"], 200, ""), "/hello"]);
    get(&configuration, &secure, &["/hello"]);
    assert_eq!(sent_cookies(&plain), ["b=1", "b=2"]);
    assert_eq!(sent_cookies(&secure), ["", "a=1; b=2; __Host-c=1"]);
}

/// An origin that answers for every name, and a configuration that finds it.
#[cfg(unix)]
fn everywhere() -> (Origin, Configuration) {
    let origin = Origin::http(standard::serve);
    let configuration = Phone::to(origin.address()).give_to(Configuration::ephemeral());
    (origin, configuration)
}

#[cfg(unix)]
fn get_urls(configuration: &Configuration, urls: &[String]) {
    for url in urls {
        assert_eq!(Story::with(configuration, &Request::new(url)).outcome(), "ok", "{url}");
    }
}

#[cfg(unix)]
#[test]
fn q024_a_redirect_to_another_host_gets_that_hosts_cookies() {
    let (origin, configuration) = everywhere();
    let home = setting(&["mine=1"], 302, "http://a.test/hello");
    let abroad = setting(&["theirs=1"], 302, &format!("http://a.test{home}"));
    get_urls(&configuration, &[format!("http://b.test{abroad}"), "http://b.test/hello".to_owned()]);
    let hosts: Vec<_> = origin.requests().iter().map(|request| request.value("Host").unwrap().to_owned()).collect();
    assert_eq!(hosts, ["b.test", "a.test", "a.test", "b.test"]);
    assert_eq!(sent_cookies(&origin), ["", "", "mine=1", "theirs=1"]);
}

#[cfg(unix)]
#[test]
fn r014_cookies_go_to_the_hosts_below_their_domain() {
    let (origin, configuration) = everywhere();
    let cookies = ["host=1", "site=1; Domain=.Shop.test", "below=1; Domain=x.www.shop.test", "other=1; Domain=op.test"];
    let hosts = ["www.shop.test", "x.www.shop.test", "shop.test", "api.shop.test:81", "eshop.test", "test"];
    let mut urls = vec![format!("http://www.shop.test{}", setting(&cookies, 200, ""))];
    urls.extend(hosts.map(|host| format!("http://{host}/hello")));
    get_urls(&configuration, &urls);
    assert_eq!(sent_cookies(&origin), ["", "host=1; site=1", "site=1", "site=1", "site=1", "", ""]);
}

#[cfg(unix)]
#[test]
fn r014_nobody_sets_a_cookie_for_a_public_suffix() {
    let (origin, configuration) = everywhere();
    for (host, suffix) in [("me.co.uk", "co.uk"), ("me.github.io", "github.io"), ("me.test", "test")] {
        let cookies = [&*format!("wide=1; Domain={suffix}"), &*format!("own=1; Domain={host}")];
        get_urls(&configuration, &[format!("http://{host}{}", setting(&cookies, 200, ""))]);
        get_urls(&configuration, &[format!("http://{host}/hello"), format!("http://you.{suffix}/hello")]);
    }
    assert_eq!(sent_cookies(&origin), ["", "own=1", ""].repeat(3));
}
