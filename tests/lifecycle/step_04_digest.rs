use crate::support::challenge::{Credential, Reply};
use crate::support::digest::{Digest, Refusals};
use crate::support::handle::{Configuration, Request};
use crate::support::origin::Origin;
use crate::support::realm::{self, schemes};
use crate::support::recorder::Recorder;

/// A guarded origin, and why it refused.
fn guarded(digest: Digest) -> (Origin, Refusals) {
    let (guard, refusals) = digest.guard();
    (realm::origin(&guard), refusals)
}

fn alice() -> Recorder {
    replying(Credential::for_session("alice", "secret"))
}

fn replying(credential: Credential) -> Recorder {
    Recorder::default().meeting(move |_| Reply::Use(credential.clone()))
}

fn challenges(recorder: Recorder) -> usize {
    recorder.lines().iter().filter(|line| line.starts_with("did_receive_challenge")).count()
}

/// Runs these requests one after the other in one session, and tells the status of each.
fn statuses(recorder: Recorder, requests: &[Request]) -> Vec<i32> {
    let session = recorder.session(&Configuration::ephemeral());
    let run = |(request, number): (&Request, usize)| {
        let task = session.task_for(request);
        task.resume();
        recorder.wait_for(&format!("did_complete {number} ok"));
        task.response().unwrap().status_code()
    };
    requests.iter().zip(1..).map(run).collect()
}

fn get(origin: &Origin, path: &str) -> Request {
    Request::new(&origin.url(path))
}

/// A parameter of what was said with every request that said anything.
fn parameters(origin: &Origin, name: &str) -> Vec<String> {
    let find = |value: &str| {
        let (_, rest) = value.split_once(&format!("{name}="))?;
        Some(rest.split(',').next().unwrap().trim_matches('"').to_owned())
    };
    realm::said(&origin.requests()).iter().filter_map(|value| find(value)).collect()
}

#[test]
fn q045_every_algorithm_and_protection() {
    for algorithm in ["", "MD5", "MD5-sess", "SHA-256", "SHA-256-sess", "SHA-512-256", "SHA-512-256-sess"] {
        for qop in ["", "auth", "auth, auth-int", "auth-int"] {
            let (origin, refusals) = guarded(Digest { algorithm, qop, ..Digest::default() });
            let requests = ["GET", "HEAD", "POST"].map(|method| get(&origin, "/echo?a=b%20c,d").method(method));
            let requests = [&requests[..], &[get(&origin, "/echo").method("PUT").body(b"some bytes")]].concat();
            let told = statuses(alice(), &requests);
            assert_eq!(refusals.all(), ["nothing said"], "{algorithm} {qop}");
            assert_eq!(told, [200; 4], "{algorithm} {qop}");
            assert_eq!(origin.requests()[4].body, b"some bytes");
        }
    }
}

#[test]
fn q045_one_challenge_serves_many_tasks_and_the_counter_grows() {
    let (origin, refusals) = guarded(Digest::default());
    let recorder = alice();
    let paths = ["/hello", "/a/b", "/", "/hello?x", "/status/404", "/elsewhere"];
    statuses(recorder, &paths.map(|path| get(&origin, path)));
    assert_eq!((challenges(recorder), refusals.all()), (1, vec!["nothing said".to_owned()]));
    assert_eq!(schemes(&origin.requests()), ["-", "Digest", "Digest", "Digest", "Digest", "Digest", "Digest"]);
    let counts = ["00000001", "00000002", "00000003", "00000004", "00000005", "00000006"];
    assert_eq!(parameters(&origin, "nc"), counts);
    // One nonce, and one cnonce that nobody can foresee.
    let (nonces, cnonces) = (parameters(&origin, " nonce"), parameters(&origin, "cnonce"));
    assert!(nonces.iter().all(|nonce| *nonce == "nonce/1=="), "{nonces:?}");
    assert!(cnonces.iter().all(|cnonce| *cnonce == cnonces[0] && cnonce.len() >= 16), "{cnonces:?}");
}

#[test]
fn q045_no_count_comes_twice_where_tasks_run_side_by_side() {
    let (origin, refusals) = guarded(Digest { is_parallel: true, ..Digest::default() });
    let recorder = alice();
    let session = recorder.session(&Configuration::ephemeral());
    session.start(&origin.url("/hello"));
    recorder.wait_for("did_complete 1 ok");
    let tasks: Vec<_> = (0..16).map(|_| session.start(&origin.url("/hello"))).collect();
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    assert!(tasks.iter().all(|task| task.response().unwrap().status_code() == 200));
    assert_eq!((challenges(recorder), refusals.all()), (1, vec!["nothing said".to_owned()]));
    let mut counts = parameters(&origin, "nc");
    counts.sort();
    assert_eq!(counts, (1..=17).map(|count| format!("{count:08x}")).collect::<Vec<_>>());
}

#[test]
fn q045_tasks_that_are_asked_side_by_side_are_all_let_in() {
    let (origin, _) = guarded(Digest { is_parallel: true, ..Digest::default() });
    let recorder = alice();
    let session = recorder.session(&Configuration::ephemeral());
    let tasks: Vec<_> = (0..16).map(|_| session.start(&origin.url("/hello"))).collect();
    session.finish_tasks_and_invalidate();
    recorder.wait_for("release");
    assert!(tasks.iter().all(|task| task.response().unwrap().status_code() == 200), "{}", recorder.transcript());
}

#[test]
fn q045_a_stale_nonce_is_replaced_without_a_question() {
    let (origin, refusals) = guarded(Digest { uses: 2, ..Digest::default() });
    let recorder = alice();
    let told = statuses(recorder, &["/hello"; 5].map(|path| get(&origin, path)));
    assert_eq!((told, challenges(recorder)), (vec![200; 5], 1));
    assert_eq!(refusals.all(), ["nothing said", "stale", "stale"]);
    assert_eq!(
        parameters(&origin, "nc").concat(),
        "0000000100000002000000030000000100000002000000030000000\
                                                    1"
    );
}

#[test]
fn q045_what_is_stale_for_ever_ends_with_the_401() {
    let (origin, refusals) = guarded(Digest { uses: 0, ..Digest::default() });
    let recorder = alice();
    assert_eq!(statuses(recorder, &[get(&origin, "/hello")]), [401]);
    assert_eq!(challenges(recorder), 1);
    assert!((2..=32).contains(&refusals.all().len()), "{:?}", refusals.all());
}

#[test]
fn q045_the_next_nonce_is_used_next() {
    for algorithm in ["MD5", "SHA-256"] {
        let (origin, refusals) = guarded(Digest { algorithm, tells_next: true, uses: 1, ..Digest::default() });
        let recorder = alice();
        let told = statuses(recorder, &["/hello"; 4].map(|path| get(&origin, path)));
        assert_eq!((told, challenges(recorder)), (vec![200; 4], 1));
        assert_eq!(refusals.all(), ["nothing said"], "{algorithm}");
        assert_eq!(parameters(&origin, " nonce"), ["nonce/1==", "nonce/2==", "nonce/3==", "nonce/4=="]);
        assert_eq!(parameters(&origin, "nc"), ["00000001"; 4]);
    }
}

#[test]
fn q045_a_wrong_password_is_asked_for_once_more_and_no_further() {
    let (origin, refusals) = guarded(Digest::default());
    let recorder = replying(Credential::for_session("alice", "wrong"));
    assert_eq!(statuses(recorder, &[get(&origin, "/hello")]), [401]);
    assert_eq!(refusals.all(), ["nothing said", "a wrong response"]);
    let expected = "did_receive_challenge 1 Digest \"here\" 0 -\ndid_receive_challenge 1 Digest \"here\" 1 -\n";
    assert!(recorder.transcript_of(1).starts_with(expected), "{}", recorder.transcript_of(1));
}

#[test]
fn q045_a_password_that_has_changed_is_asked_for_again() {
    let (first, _) = Digest::default().guard();
    let (second, _) = Digest { password: "changed", ..Digest::default() }.guard();
    let origin = realm::origin(&realm::by_folder([("old", first), ("new", second)]));
    let recorder = Recorder::default().meeting(|asked| {
        Reply::Use(Credential::for_session("alice", ["secret", "changed"][asked.challenge.failures() as usize]))
    });
    assert_eq!(statuses(recorder, &["/old/", "/new/", "/new/"].map(|path| get(&origin, path))), [404; 3]);
    assert_eq!(challenges(recorder), 2, "{}", recorder.transcript());
    assert_eq!(schemes(&origin.requests()).len(), 5);
}

#[test]
fn q045_the_users_name_is_hashed_where_the_server_wants_it() {
    for (user, algorithm) in [("alice", "SHA-256"), ("Jäsøn Doe", "SHA-512-256"), ("alice", "MD5")] {
        let more = ", charset=UTF-8, userhash=true";
        let (origin, refusals) = guarded(Digest { user, algorithm, more, ..Digest::default() });
        let recorder = replying(Credential::user(user, "secret"));
        assert_eq!(statuses(recorder, &[get(&origin, "/hello")]), [200], "{:?}", refusals.all());
        assert!(!origin.requests()[1].head.contains(user), "{}", origin.requests()[1].head);
    }
}

#[test]
fn q045_a_user_beyond_ascii_goes_out_in_utf_8() {
    for more in [", charset=UTF-8", ""] {
        let (user, password) = ("Jäsøn Doe", "pässwörd €");
        let (origin, refusals) = guarded(Digest { user, password, more, ..Digest::default() });
        let recorder = replying(Credential::user(user, password));
        assert_eq!(statuses(recorder, &[get(&origin, "/hello")]), [200], "{more}: {:?}", refusals.all());
        assert_eq!(refusals.all(), ["nothing said"], "{more}");
    }
}

#[test]
fn q045_a_realm_beyond_ascii_and_quotes_in_a_user() {
    let (user, password) = ("al\"i\\ce", "a:b");
    let (origin, refusals) = guarded(Digest { realm: "Zürich, Café", user, password, ..Digest::default() });
    let recorder = replying(Credential::user(user, password));
    assert_eq!(statuses(recorder, &[get(&origin, "/hello")]), [200], "{:?}", refusals.all());
    assert!(recorder.transcript().contains("Digest \"Zürich, Café\" 0 -"));
}

#[test]
fn q045_the_uri_is_what_stands_on_the_request_line() {
    let paths = ["/?", "//double", "/a b/ü?q=a b\"c", "/%7E/..%2F;p=1?&&#fragment", "/\"quoted\"", ""];
    let (origin, refusals) = guarded(Digest::default());
    statuses(alice(), &paths.map(|path| get(&origin, path)));
    assert_eq!(refusals.all(), ["nothing said"]);
}

#[test]
fn q045_every_hop_of_a_redirect_has_its_own_response() {
    for (status, method) in [(303, "GET"), (307, "PUT")] {
        let (origin, refusals) = guarded(Digest { qop: "auth-int", ..Digest::default() });
        let path = format!("/redirect-to?status={status}&url=/echo");
        assert_eq!(statuses(alice(), &[get(&origin, &path).method("PUT").body(b"the body")]), [200]);
        assert_eq!(refusals.all(), ["nothing said"], "{status}");
        let requests = origin.requests();
        assert_eq!((requests[2].method(), requests[2].target(), requests.len()), (method, "/echo", 3));
    }
}

#[test]
fn q045_the_strongest_of_many_is_taken() {
    let weak = || Digest { algorithm: "MD5", ..Digest::default() }.guard().0;
    let (strong, refusals) = Digest { algorithm: "SHA-512-256", ..Digest::default() }.guard();
    let guards = vec![weak(), realm::closed("WWW-Authenticate: Digest algorithm=NEW, nonce=x\r\n"), strong];
    let origin = realm::origin(&realm::any(guards));
    let recorder = alice();
    assert_eq!(statuses(recorder, &[get(&origin, "/hello")]), [200], "{:?}", refusals.all());
    assert_eq!((parameters(&origin, "algorithm"), challenges(recorder)), (vec!["SHA-512-256".to_owned()], 1));
}
