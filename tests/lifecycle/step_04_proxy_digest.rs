//! Digest at a proxy (RFC 7616): of http requests and of tunnels.

use crate::support::challenge::{Credential, Reply};
use crate::support::digest::{Digest, Refusals};
use crate::support::handle::Request;
use crate::support::proxy::{Guarded, URLS};
use crate::support::recorder::Recorder;
use crate::support::story::Story;

/// A guarded proxy, and why it refused.
fn guarded(digest: Digest) -> (Guarded, Refusals) {
    let (guard, refusals) = digest.guard();
    (Guarded::by(&guard), refusals)
}

fn alice() -> Recorder {
    Recorder::letting_in(|_| Reply::Use(Credential::for_session("alice", "secret")))
}

fn challenges(recorder: Recorder) -> usize {
    recorder.lines().iter().filter(|line| line.starts_with("did_receive_challenge")).count()
}

/// How each of these requests ends in one session: with its status, or with an error.
fn outcomes(recorder: Recorder, there: &Guarded, requests: &[Request]) -> Vec<i32> {
    let session = recorder.session(&there.configuration());
    let run = |(request, number): (&Request, usize)| {
        let task = session.task_for(request);
        task.resume();
        recorder.wait_for_beginning(&format!("did_complete {number} "));
        task.error().map_or_else(|| task.response().unwrap().status_code(), |error| error.code())
    };
    requests.iter().zip(1..).map(run).collect()
}

/// Of the values that said anything, one parameter.
fn parameters(there: &Guarded, name: &str) -> Vec<String> {
    let find = |value: &str| {
        let (_, rest) = value.split_once(&format!("{name}="))?;
        Some(rest.split(',').next().unwrap().trim_matches('"').to_owned())
    };
    there.said().iter().filter_map(|value| find(value)).collect()
}

/// Servers that each have a tunnel of their own.
fn tunnels(names: &[&str]) -> Vec<Request> {
    // Of the names that the certificate is for, each with ports enough.
    names.iter().map(|port| Request::new(&format!("https://localhost:{port}/hello"))).collect()
}

#[test]
fn q045_every_algorithm_and_protection_at_a_proxy() {
    for algorithm in ["", "MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"] {
        for qop in ["", "auth", "auth, auth-int", "auth-int"] {
            let (there, refusals) = guarded(Digest { algorithm, qop, ..Digest::default() });
            let http =
                ["GET", "HEAD"].map(|method| Request::new("http://nowhere.invalid/echo?a=b%20c,d").method(method));
            let body = ["http://nowhere.invalid:81/echo", "https://localhost/echo"]
                .map(|url| Request::new(url).method("PUT").body(b"some bytes"));
            let told = outcomes(alice(), &there, &[http, body].concat());
            assert_eq!((told, refusals.all()), (vec![200; 4], vec!["nothing said".to_owned()]), "{algorithm} {qop}");
            assert_eq!(there.server.request().body, b"some bytes");
        }
    }
}

#[test]
fn q045_the_uri_is_what_stands_on_the_line_to_the_proxy() {
    let (there, refusals) = guarded(Digest::default());
    let urls = [
        "http://nowhere.invalid",
        "http://NOWHERE.invalid:80/?",
        "http://user:word@nowhere.invalid:8080/a b/ü?q=a b\"c#fragment",
        "http://[::2]//double",
        "https://localhost:8443/hello?x",
        "https://[::1]/hello",
    ];
    outcomes(alice(), &there, &urls.map(Request::new));
    assert_eq!(refusals.all(), ["nothing said"]);
    let expected = [
        "http://nowhere.invalid/",
        "http://nowhere.invalid/?",
        "http://nowhere.invalid:8080/a%20b/%C3%BC?q=a%20b%22c",
        "http://[::2]//double",
        "localhost:8443",
        "[::1]:443",
    ];
    assert_eq!(parameters(&there, "uri"), expected);
}

#[test]
fn q045_one_challenge_of_a_proxy_serves_many_tunnels_and_the_counter_grows() {
    let (there, refusals) = guarded(Digest::default());
    let recorder = alice();
    let requests = [tunnels(&["1", "2", "3"]), URLS.map(Request::new).into(), tunnels(&["3", "4"])].concat();
    assert_eq!(outcomes(recorder, &there, &requests), [200; 7]);
    assert_eq!((challenges(recorder), refusals.all()), (1, vec!["nothing said".to_owned()]));
    // The second request of a tunnel says nothing more to the proxy.
    let counts = ["00000001", "00000002", "00000003", "00000004", "00000005", "00000006"];
    assert_eq!(parameters(&there, "nc"), counts);
    let (nonces, cnonces) = (parameters(&there, " nonce"), parameters(&there, "cnonce"));
    assert!(nonces.iter().all(|nonce| *nonce == "nonce/1=="), "{nonces:?}");
    assert!(cnonces.iter().all(|cnonce| *cnonce == cnonces[0] && cnonce.len() >= 16), "{cnonces:?}");
}

#[test]
fn q045_no_count_comes_twice_where_tunnels_are_made_side_by_side() {
    let (there, refusals) = guarded(Digest { is_parallel: true, ..Digest::default() });
    let recorder = alice();
    let session = recorder.session(&there.configuration());
    session.start(URLS[0]);
    recorder.wait_for("did_complete 1 ok");
    let tasks: Vec<_> = (1..=8).map(|port| session.start(&format!("https://localhost:{port}/hello"))).collect();
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    assert!(tasks.iter().all(|task| task.error().is_none()), "{}", recorder.transcript());
    assert_eq!((challenges(recorder), refusals.all()), (1, vec!["nothing said".to_owned()]));
    let mut counts = parameters(&there, "nc");
    counts.sort();
    assert_eq!(counts, (1..=9).map(|count| format!("{count:08x}")).collect::<Vec<_>>());
}

#[test]
fn q045_a_stale_nonce_of_a_proxy_is_replaced_without_a_question() {
    let (there, refusals) = guarded(Digest { uses: 2, ..Digest::default() });
    let recorder = alice();
    let requests = [vec![Request::new(URLS[0]); 3], tunnels(&["1", "2"])].concat();
    assert_eq!(outcomes(recorder, &there, &requests), [200; 5]);
    assert_eq!((challenges(recorder), refusals.all()), (1, ["nothing said", "stale", "stale"].map(Into::into).into()));
}

#[test]
fn q045_what_is_stale_for_ever_ends_with_the_407() {
    for (url, expected) in URLS.into_iter().zip([407, -1013]) {
        let (there, refusals) = guarded(Digest { uses: 0, ..Digest::default() });
        let recorder = alice();
        assert_eq!(outcomes(recorder, &there, &[Request::new(url)]), [expected]);
        assert_eq!(challenges(recorder), 1);
        assert!((2..=32).contains(&refusals.all().len()), "{:?}", refusals.all());
    }
}

#[test]
fn q045_the_next_nonce_of_a_proxy_is_used_next() {
    let (there, refusals) = guarded(Digest { tells_next: true, uses: 1, ..Digest::default() });
    let recorder = alice();
    assert_eq!(outcomes(recorder, &there, &vec![Request::new(URLS[0]); 4]), [200; 4]);
    assert_eq!((challenges(recorder), refusals.all()), (1, vec!["nothing said".to_owned()]));
    assert_eq!(parameters(&there, " nonce"), ["nonce/1==", "nonce/2==", "nonce/3==", "nonce/4=="]);
}

#[test]
fn q045_a_wrong_password_for_a_proxy_is_asked_for_once_more() {
    for (url, expected) in URLS.into_iter().zip([407, -1013]) {
        let (there, refusals) = guarded(Digest::default());
        let recorder = Recorder::letting_in(|_| Reply::Use(Credential::for_session("alice", "wrong")));
        assert_eq!(outcomes(recorder, &there, &[Request::new(url)]), [expected]);
        assert_eq!(refusals.all(), ["nothing said", "a wrong response"]);
        let asked = "did_receive_challenge 1 Digest \"here\" 0 -\ndid_receive_challenge 1 Digest \"here\" 1 -\n";
        assert!(recorder.transcript_of(1).starts_with(asked), "{}", recorder.transcript_of(1));
    }
}

#[test]
fn a045_the_login_of_the_url_answers_a_digest() {
    for url in URLS {
        let (there, refusals) = guarded(Digest::default());
        let told = |login: &str, recorder: Recorder| {
            let configuration = there.configuration_with(login);
            let outcome = Story::told_to(recorder, &configuration, &Request::new(url)).transcript();
            let lines: Vec<_> = outcome.lines().map(str::to_owned).collect();
            lines
                .into_iter()
                .filter(|line| line.starts_with("did_receive_challenge") || line.ends_with(" 200"))
                .collect()
        };
        let (asked, let_in) = ("did_receive_challenge 1 Digest \"here\"", "did_receive_response 1 200");
        let none: [String; 0] = [];
        let by = |login: &str| -> Vec<String> { told(login, Recorder::default()) };
        assert_eq!(by("alice:secret@"), [let_in]);
        assert_eq!(by("alice:wrong@"), none);
        // A delegate may see whom the URL proposes, and say it.
        let recorder = Recorder::letting_in(|asked| Reply::Use(asked.challenge.proposed().unwrap()));
        let heard: Vec<String> = told("alice:secret@", recorder);
        assert_eq!(heard, [format!("{asked} 0 alice"), let_in.to_owned()]);
        let recorder = Recorder::letting_in(|asked| match asked.challenge.failures() {
            0 => Reply::Default,
            _ => Reply::Use(Credential::user("alice", "secret")),
        });
        let heard: Vec<String> = told("alice:wrong@", recorder);
        assert_eq!(heard, [format!("{asked} 0 alice"), format!("{asked} 1 -"), let_in.to_owned()]);
        let wrong = refusals.all().into_iter().filter(|why| why == "a wrong response").count();
        assert_eq!(wrong, 2, "{:?}", refusals.all());
    }
}
