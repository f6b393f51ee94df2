//! Whom a proxy's question was answered for: one task, a session, its storage; and who shares a tunnel.

use crate::support::challenge::{Credential, ProtectionSpace, Reply};
use crate::support::credentials::CredentialStorage;
use crate::support::digest::Digest;
use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::Origin;
use crate::support::proxy::{Guarded, URLS};
use crate::support::realm;
use crate::support::recorder::Recorder;
use urlsession::*;

/// Two http servers, and two https servers.
const MANY: [&str; 4] =
    ["http://one.invalid/hello", "https://localhost:1/hello", "http://two.invalid/hello", "https://localhost:2/hello"];

fn guarded() -> Guarded {
    Guarded::by(&realm::basic("proxy", "alice", "secret"))
}

fn replying(credential: Credential) -> Recorder {
    Recorder::letting_in(move |_| Reply::Use(credential.clone()))
}

fn for_session() -> Recorder {
    replying(Credential::for_session("alice", "secret"))
}

fn challenges(recorder: Recorder) -> usize {
    recorder.lines().iter().filter(|line| line.starts_with("did_receive_challenge")).count()
}

/// One after the other, each let in.
fn run<'a>(recorder: Recorder, session: &Session, urls: impl IntoIterator<Item = &'a str>) {
    for url in urls {
        let number = session.start(url).identifier();
        recorder.wait_for(&format!("did_complete {number} ok"));
        assert_eq!(recorder.body(number), b"hello, world\n", "{}", recorder.transcript());
    }
}

/// How often one session is asked for these.
fn asked<'a>(recorder: Recorder, configuration: &Configuration, urls: impl IntoIterator<Item = &'a str>) -> usize {
    run(recorder, &recorder.session(configuration), urls);
    challenges(recorder)
}

#[test]
fn e014_for_session_answers_a_proxy_for_all_servers_behind_it() {
    let there = guarded();
    let urls = MANY.iter().chain(&MANY).copied();
    assert_eq!(asked(for_session(), &there.configuration(), urls.clone()), 1);
    // The four of http said it again, the second of each tunnel did not have to.
    assert_eq!(there.schemes(), ["-", "Basic", "Basic", "Basic", "Basic", "Basic", "Basic"]);
    assert_eq!(asked(for_session(), &there.configuration(), urls), 1, "a second session is asked again");
    assert_eq!(there.schemes()[7], "-");
    // From a tunnel to http as well.
    assert_eq!(asked(for_session(), &there.configuration(), MANY.into_iter().rev()), 1);
}

#[test]
fn e014_none_answers_a_proxy_once() {
    let there = guarded();
    let recorder = replying(Credential::user("alice", "secret"));
    assert_eq!(asked(recorder, &there.configuration(), MANY), 4);
    assert_eq!(there.schemes(), ["-", "Basic"].repeat(4));
    // A tunnel that is there is there.
    let recorder = replying(Credential::user("alice", "secret"));
    assert_eq!(asked(recorder, &there.configuration(), ["https://localhost/hello"; 3]), 1);
}

#[test]
fn e014_permanent_is_stored_for_the_proxy() {
    for url in URLS {
        let (there, storage) = (guarded(), CredentialStorage::default());
        let configuration = || there.configuration().credential_storage(Some(&storage));
        assert_eq!(asked(replying(Credential::permanent("alice", "secret")), &configuration(), [url]), 1);
        let (port, basic) = (there.proxy.address().port(), UrlSessionAuthenticationMethod::HTTP_BASIC);
        let user = |space: &ProtectionSpace| storage.default_user(space);
        assert_eq!(user(&ProtectionSpace::of(port, "proxy", basic)), None);
        assert_eq!(user(&ProtectionSpace::of_proxy(port, "proxy", basic)).as_deref(), Some("alice"));
        assert_eq!(asked(Recorder::default(), &configuration(), [url]), 0);
    }
}

#[test]
fn a043_two_proxies_do_not_share() {
    let (one, two) = (guarded(), guarded());
    let recorder = for_session();
    let session = recorder.session(&one.configuration());
    let through = |proxy: &Origin, url| session.task_for(&Request::new(url).proxy(&proxy.url("")));
    for (number, (there, url)) in
        [(&one, URLS[0]), (&two, URLS[0]), (&one, URLS[1]), (&two, URLS[1])].iter().enumerate()
    {
        through(&there.proxy, url).resume();
        recorder.wait_for(&format!("did_complete {} ok", number + 1));
    }
    assert_eq!(challenges(recorder), 2);
    for there in [one, two] {
        assert_eq!(there.schemes(), ["-", "Basic", "Basic"]);
    }
}

#[test]
fn a055_redirects_through_a_proxy_do_not_ask_again() {
    let there = guarded();
    let onwards = "http://one.invalid/redirect-to?url=http://two.invalid/redirect-to?url=https://localhost/redirect/1";
    let recorder = for_session();
    assert_eq!(asked(recorder, &there.configuration(), [onwards]), 1);
    assert_eq!(there.schemes(), ["-", "Basic", "Basic", "Basic"]);
    // The login of the proxy's URL goes along by itself.
    let configuration = there.configuration_with("alice:secret@");
    assert_eq!(asked(Recorder::default(), &configuration, [onwards]), 0);
    assert_eq!(there.schemes()[4..], ["Basic", "Basic", "Basic"]);
}

#[test]
fn q036_a_tunnel_serves_all_tasks_that_the_same_delegate_answers_for() {
    let there = guarded();
    let (of_session, of_task) =
        (replying(Credential::user("alice", "wrong")), replying(Credential::user("alice", "secret")));
    let session = of_session.session(&there.configuration());
    let own = session.task(URLS[1]);
    assert_eq!(url_session_task_set_delegate(own.get(), &of_task.delegate()), UrlSessionStatus::OK);
    own.resume();
    of_task.wait_for("did_complete 1 ok");
    // Nobody else was let in with that answer.
    let number = session.start(URLS[1]).identifier();
    of_session.wait_for(&format!("did_complete {number} -1013"));
    assert_eq!((challenges(of_session), challenges(of_task)), (2, 1));
    assert_eq!(there.server.requests().len(), 1);
}

/// As above, where the task's own delegate leaves trust to the session's.
#[test]
fn q036_a_tunnel_that_a_tasks_own_delegate_was_let_into_serves_no_other() {
    let there = guarded();
    let (of_session, of_task) =
        (replying(Credential::user("alice", "wrong")), replying(Credential::user("alice", "secret")));
    let session = of_session.session(&there.configuration());
    let own = session.task(URLS[1]);
    let delegate = UrlSessionDelegate { session_did_receive_challenge: None, ..of_task.delegate() };
    assert_eq!(url_session_task_set_delegate(own.get(), &delegate), UrlSessionStatus::OK);
    own.resume();
    of_task.wait_for("did_complete 1 ok");
    let number = session.start(URLS[1]).identifier();
    of_session.wait_for(&format!("did_complete {number} -1013"));
    assert_eq!(there.server.requests().len(), 1);
}

#[test]
fn e014_none_answers_a_proxy_for_all_that_its_task_still_has_to_say() {
    let onwards = "http://one.invalid/redirect-to?url=http://two.invalid/redirect-to?url=https://localhost/redirect/1";
    for (guard, said) in [(realm::basic("proxy", "alice", "secret"), "Basic"), (Digest::default().guard().0, "Digest")]
    {
        let there = Guarded::by(&guard);
        assert_eq!(asked(replying(Credential::user("alice", "secret")), &there.configuration(), [onwards; 2]), 2);
        assert_eq!(there.schemes()[..5], ["-", said, said, said, "-"]);
    }
}
