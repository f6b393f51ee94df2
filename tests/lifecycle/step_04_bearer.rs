use crate::support::challenge::{Credential, Reply};
use crate::support::handle::{Configuration, Request};
use crate::support::realm::{self, said};
use crate::support::recorder::Recorder;
use crate::support::story::Story;
use urlsession::*;

fn token(text: &str) -> Credential {
    Credential::bearer(text, UrlSessionCredentialPersistence::FOR_SESSION)
}

#[test]
fn r018_a_token_is_sent_as_bearer() {
    let origin = realm::origin(&realm::bearer("api", "mF_9.B5f-4.1JqM=="));
    let request = Request::new(&origin.url("/hello")).credential(&token("mF_9.B5f-4.1JqM=="));
    assert_eq!(Story::with(&Configuration::default(), &request).response().status_code(), 200);
    assert_eq!(said(&origin.requests()), ["Bearer mF_9.B5f-4.1JqM=="]);
}

#[test]
fn r018_a_delegate_answers_with_a_token() {
    let origin = realm::origin(&realm::bearer("api", "right"));
    let recorder = Recorder::default().meeting(|_| Reply::Use(token("right")));
    let session = recorder.session(&Configuration::default());
    for number in 1..=3 {
        session.start(&origin.url("/hello"));
        recorder.wait_for(&format!("did_complete {number} ok"));
    }
    assert_eq!(said(&origin.requests()), ["-", "Bearer right", "Bearer right", "Bearer right"]);
    let questions: Vec<_> = recorder.lines().into_iter().filter(|line| line.contains("challenge")).collect();
    assert_eq!(questions, ["did_receive_challenge 1 Bearer \"api\" 0 -"]);
}

#[test]
fn r018_an_expired_token_is_asked_for_again() {
    let origin = realm::origin(&realm::bearer("api", "fresh"));
    let recorder = Recorder::default().meeting(|_| Reply::Use(token("fresh")));
    let request = Request::new(&origin.url("/hello")).credential(&token("expired"));
    let story = Story::told_to(recorder, &Configuration::default(), &request);
    assert_eq!(story.response().status_code(), 200);
    assert!(story.transcript().starts_with("did_receive_challenge 1 Bearer \"api\" 1 -\n"), "{}", story.transcript());
    assert_eq!(said(&origin.requests()), ["Bearer expired", "Bearer fresh"]);
}

#[test]
fn e013_a_password_is_no_answer_to_bearer_nor_a_token_to_basic() {
    let bearer = realm::origin(&realm::bearer("api", "right"));
    let basic = realm::origin(&realm::basic("here", "alice", "secret"));
    for (origin, credential) in [(bearer, Credential::user("alice", "secret")), (basic, token("right"))] {
        let recorder = Recorder::default().meeting(move |_| Reply::Use(credential.clone()));
        let story = Story::told_to(recorder, &Configuration::default(), &Request::new(&origin.url("/hello")));
        assert_eq!((story.response().status_code(), story.outcome()), (401, "ok".into()));
        assert_eq!(said(&origin.requests()), ["-"]);
    }
}
