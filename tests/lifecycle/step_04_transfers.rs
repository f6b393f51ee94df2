use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::challenge::{Credential, Reply};
use crate::support::digest::Digest;
use crate::support::downloads::Downloads;
use crate::support::handle::{Configuration, Request};
use crate::support::origin::Origin;
use crate::support::realm::{self, basic_value, said, schemes};
use crate::support::recorder::{Answer, Recorder};
use crate::support::served_file::{End, ServedFile};
use crate::support::standard;

const LENGTH: usize = 200_000;
const HELD: usize = 150_000;

fn guarded() -> Origin {
    realm::origin(&realm::basic("here", "alice", "secret"))
}

fn alice() -> Recorder {
    Recorder::default().hearing_progress().meeting(|_| Reply::Use(Credential::user("alice", "secret")))
}

fn downloads(recorder: Recorder) -> Downloads {
    Downloads::told_to(recorder, Configuration::ephemeral())
}

/// A file behind a password, its first answer stuck.
fn held(guard: Arc<realm::Guard>) -> (Origin, Vec<u8>) {
    let content = standard::pattern(0, LENGTH as u64);
    let served = ServedFile::new(&content, "\"v1\"");
    served.end(End::Hold(HELD));
    let origin = Origin::http(realm::script(&guard, move |connection, request| served.answer(connection, request)));
    (origin, content)
}

#[test]
fn e011_a_download_is_what_came_after_the_401() {
    let (origin, downloads) = (guarded(), downloads(alice()));
    let told = downloads.download(&origin.url("/bytes/1000"));
    assert!(told.starts_with("did_receive_challenge 1 Basic \"here\" 0 -\n"), "{told}");
    assert!(told.ends_with("did_finish_downloading 1 1000 bytes\ndid_complete 1 ok"), "{told}");
    assert_eq!(downloads.recorder.downloaded(1), standard::pattern(0, 1000));
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn e011_the_401_is_a_file_where_nobody_answers() {
    let (origin, downloads) = (guarded(), downloads(Recorder::default()));
    let told = downloads.download(&origin.url("/bytes/1000"));
    assert!(told.contains("did_finish_downloading 1 \"who is it?\\n\""), "{told}");
    let strict = Downloads::told_to(Recorder::default(), Configuration::ephemeral().downloads_require_success());
    let told = strict.download(&origin.url("/bytes/1000"));
    assert!(told.ends_with("did_complete 1 -1011") && !told.contains("did_finish"), "{told}");
}

#[test]
fn e011_a_download_with_a_completion_handler() {
    let (origin, downloads) = (guarded(), downloads(alice()));
    let request = Request::new(&origin.url("/hello"));
    downloads.recorder.download_handler_task(&downloads.session, "a", &request).resume();
    downloads.recorder.wait_for("handler a 200 \"hello, world\\n\"");
}

#[test]
fn e011_a_task_that_was_let_in_may_become_a_download() {
    let origin = guarded();
    let recorder = Recorder::answering(Answer::BecomeDownload);
    let recorder = recorder.meeting(|_| Reply::Use(Credential::user("alice", "secret")));
    let downloads = downloads(recorder);
    downloads.session.start(&origin.url("/bytes/1000"));
    recorder.wait_for("did_complete 2 ok");
    let expected = "did_receive_challenge 1 Basic \"here\" 0 -\n\
                    did_receive_response 1 200\n\
                    did_become_download_task 1 2";
    assert_eq!(recorder.transcript_of(1), expected);
    assert_eq!(recorder.downloaded(2), standard::pattern(0, 1000));
}

#[test]
fn e011_a_paused_download_asks_again_and_goes_on() {
    let guards = [realm::basic("here", "alice", "secret"), Digest::default().guard().0];
    for guard in guards {
        let ((origin, content), downloads) = (held(guard), downloads(alice()));
        let resume_data = downloads.pause(&origin.url("/")).expect("resume data");
        let told = downloads.go_on(&resume_data);
        assert!(told.starts_with("did_receive_challenge 2 "), "{told}");
        assert!(told.contains(&format!("\ndid_resume_at_offset 2 {HELD} {LENGTH}\n")), "{told}");
        assert!(downloads.recorder.downloaded(2) == content, "other bytes came");
        let requests = origin.requests();
        let ranges: Vec<_> = requests.iter().map(|request| request.value("range").is_some()).collect();
        assert_eq!(ranges, [false, false, true, true]);
        assert_eq!(requests[2].value("range"), requests[3].value("range"));
        assert_eq!(requests[3].value("if-range"), Some("\"v1\""));
    }
}

#[test]
fn e014_a_paused_download_goes_on_without_a_question_in_its_session() {
    let (origin, content) = held(realm::basic("here", "alice", "secret"));
    let recorder = Recorder::default().hearing_progress();
    let downloads = downloads(recorder.meeting(|_| Reply::Use(Credential::for_session("alice", "secret"))));
    let resume_data = downloads.pause(&origin.url("/")).expect("resume data");
    let told = downloads.go_on(&resume_data);
    assert!(!told.contains("challenge") && downloads.recorder.downloaded(2) == content, "{told}");
    assert_eq!(schemes(&origin.requests()), ["-", "Basic", "Basic"]);
}

#[test]
fn e011_a_401_to_a_paused_download_leaves_what_there_is() {
    let (origin, content) = held(realm::basic("here", "alice", "secret"));
    let answers = AtomicUsize::new(0);
    let recorder = Recorder::default().hearing_progress().meeting(move |_| {
        // In between it does not know the password.
        if answers.fetch_add(1, Ordering::SeqCst) == 1 {
            return Reply::Default;
        }
        Reply::Use(Credential::user("alice", "secret"))
    });
    let downloads = downloads(recorder);
    let resume_data = downloads.pause(&origin.url("/")).expect("resume data");
    let told = downloads.go_on(&resume_data);
    assert!(told.contains("did_finish_downloading 2 \"who is it?\\n\""), "{told}");
    let told = downloads.go_on(&resume_data);
    assert!(told.contains(&format!("did_resume_at_offset 3 {HELD} {LENGTH}")), "{told}");
    assert!(downloads.recorder.downloaded(3) == content, "other bytes came");
}

#[test]
fn e011_there_is_nothing_to_resume_while_it_is_asked() {
    let (origin, recorder) = (guarded(), Recorder::default().meeting(|_| Reply::Later));
    let downloads = downloads(recorder);
    let task = downloads.session.start_download(&origin.url("/bytes/1000"));
    let asked = recorder.asked();
    assert!(recorder.pause(&task).is_none());
    assert_eq!(
        downloads.end_of(&task),
        "did_receive_challenge 1 Basic \"here\" 0 -\nno_resume_data 1\ndid_complete 1 -999"
    );
    assert!(asked.answer(&Reply::Cancel));
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn r020_a_paused_download_goes_on_as_whom_its_new_request_says() {
    let (origin, content) = held(realm::basic("here", "alice", "secret"));
    let downloads = downloads(Recorder::default().hearing_progress());
    let request = || Request::new(&origin.url("/")).credential(&Credential::user("alice", "secret"));
    let resume_data = downloads.pause_of(&request()).expect("resume data");
    let task = downloads.session.download_from_with(&resume_data, &request()).unwrap();
    let told = downloads.run(&task);
    assert!(downloads.recorder.downloaded(2) == content, "{told}");
    let value = basic_value("alice", "secret");
    assert_eq!(said(&origin.requests()), [value.clone(), value]);
}
