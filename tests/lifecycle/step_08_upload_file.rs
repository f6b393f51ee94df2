use std::path::Path;
use std::time::Instant;
use std::{fs, thread};

use crate::support::PATIENCE;
use crate::support::directory::{Directory, resize};
use crate::support::gate::Gate;
use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::Recorder;
use crate::support::standard;
use crate::support::story::Story;

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n";
const MOVED: &str = "HTTP/1.1 307 Moved\r\nLocation: /to\r\nContent-Length: 0\r\n\r\n";
/// More than a connection holds whose peer does not read.
const MUCH: usize = 64 << 20;

fn put(origin: &Origin, path: &str) -> Request {
    Request::new(&origin.url(path)).method("PUT")
}

/// An upload from a file, alone in a session.
fn upload_file(request: &Request, path: &Path) -> Story {
    Story::of_task(Recorder::default(), &Configuration::default(), |session| session.upload_file(request, path))
}

#[test]
fn a035_a_file_goes_out_with_its_length_over_http_and_https() {
    const LENGTH: usize = 10 << 20;
    let directory = Directory::default();
    let bytes = standard::pattern(0, LENGTH as u64);
    let path = directory.file("body", &bytes);
    for origin in [Origin::http(standard::serve), Origin::https(standard::serve)] {
        let configuration = Configuration::trusting(origin.certificate());
        let request = put(&origin, "/upload");
        let make = |session: &Session| session.upload_file(&request, &path);
        let story = Story::of_task(Recorder::default(), &configuration, make);
        let expected =
            format!("did_receive_response 1 201\ndid_receive_data 1 \"{LENGTH} bytes came\"\ndid_complete 1 ok");
        assert_eq!(story.transcript(), expected);
        assert_eq!((story.task.sent(), story.task.expected_to_send()), (LENGTH as i64, LENGTH as i64));
        let request = origin.request();
        assert_eq!((request.value("Content-Length"), request.value("Expect")), (Some("10485760"), None));
        assert!(request.body == bytes);
    }
}

/// How an upload of the file at this path ends, and the system's number behind that.
fn failure(origin: &Origin, path: &Path) -> (String, i32) {
    let story = upload_file(&put(origin, "/upload"), path);
    let cause = story.error().underlying().expect("an underlying error");
    assert_eq!(cause.domain(), "NSPOSIXErrorDomain");
    (story.transcript(), cause.code())
}

#[test]
fn a035_a_file_that_is_not_there_fails_when_the_task_runs() {
    const ENOENT: i32 = 2;
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    assert_eq!(failure(&origin, &directory.at("missing")), ("did_complete 1 -1100".to_owned(), ENOENT));
    assert_eq!(upload_file(&put(&origin, "/upload"), directory.path()).transcript(), "did_complete 1 -1101");
    assert!(origin.requests().is_empty());
}

#[cfg(target_os = "linux")]
#[test]
fn a035_a_pipe_or_a_device_is_no_file_and_holds_nobody_up() {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let pipe = directory.at("pipe");
    let name = std::ffi::CString::new(pipe.to_str().unwrap()).unwrap();
    // SAFETY: the path is NUL-terminated.
    assert_eq!(unsafe { libc::mkfifo(name.as_ptr(), 0o600) }, 0);
    assert_eq!(upload_file(&put(&origin, "/upload"), Path::new("/dev/zero")).transcript(), "did_complete 1 -3001");
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    // More than the library has threads for calls that block.
    let pipes: Vec<_> = (0..200).map(|_| session.upload_file(&put(&origin, "/upload"), &pipe)).collect();
    pipes.iter().for_each(|task| task.resume());
    for task in &pipes {
        recorder.wait_for(&format!("did_complete {} -3001", task.identifier()));
    }
    assert!(origin.requests().is_empty());
    let plain = directory.file("plain", b"payload");
    assert_eq!(upload_file(&put(&origin, "/echo"), &plain).body(), b"payload");
}

#[cfg(target_os = "linux")]
#[test]
fn a035_a_file_that_waits_for_its_turn_is_not_open() {
    let gate = Gate::default();
    let at_gate = gate.clone();
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_head();
        at_gate.pass();
    });
    let (clock, directory) = (Origin::http(standard::serve), Directory::default());
    let path = directory.sparse("body", MUCH);
    let open = || {
        let descriptors = fs::read_dir("/proc/self/fd").unwrap();
        descriptors.filter(|entry| fs::read_link(entry.as_ref().unwrap().path()).is_ok_and(|open| open == path)).count()
    };
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default().connections_per_host(2));
    (0..300).for_each(|_| session.upload_file(&put(&origin, "/"), &path).resume());
    origin.wait_for_accepted(2);
    // All have long come to the queue when other sessions have come and gone.
    (0..10).for_each(|_| drop(Story::of(&clock.url("/hello"))));
    let start = Instant::now();
    while open() > 2 {
        assert!(start.elapsed() < PATIENCE, "the file is open {} times", open());
        thread::yield_now();
    }
    session.invalidate_and_cancel();
    recorder.wait_for("release");
    (0..2).for_each(|_| gate.open());
}

#[cfg(unix)]
#[test]
fn a035_a_file_that_must_not_be_read_fails_when_the_task_runs() {
    use std::os::unix::fs::PermissionsExt;
    const EACCES: i32 = 13;
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let locked = directory.file("locked", b"payload");
    fs::set_permissions(&locked, fs::Permissions::from_mode(0o000)).unwrap();
    if fs::read(&locked).is_ok() {
        return eprintln!("not tested: root reads what it likes");
    }
    assert_eq!(failure(&origin, &locked), ("did_complete 1 -1102".to_owned(), EACCES));
    assert!(origin.requests().is_empty());
}

#[test]
fn a035_a_file_is_opened_when_the_task_runs_and_not_before() {
    let (origin, directory) = (Origin::http(standard::serve), Directory::default());
    let recorder = Recorder::default();
    let session = recorder.session(&Configuration::default());
    let task = session.upload_file(&put(&origin, "/echo"), &directory.at("later"));
    directory.file("later", b"written later");
    task.resume();
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(recorder.body(1), b"written later");
}

#[test]
fn a035_a_file_that_shrinks_while_it_is_sent_is_exhausted() {
    let directory = Directory::default();
    let gate = Gate::default();
    let at_gate = gate.clone();
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_head();
        at_gate.pass();
        connection.wait_for_leave();
    });
    let path = directory.sparse("body", MUCH);
    let recorder = Recorder::default().hearing_progress();
    let session = recorder.session(&Configuration::default());
    session.upload_file(&put(&origin, "/"), &path).resume();
    recorder.wait_for_beginning("did_send_body_data 1 ");
    resize(&path, 1);
    gate.open();
    recorder.wait_for("did_complete 1 -1021");
}

#[test]
fn a035_a_file_that_grows_while_it_is_sent_is_sent_as_long_as_it_was() {
    let directory = Directory::default();
    let gate = Gate::default();
    let at_gate = gate.clone();
    let origin = Origin::http(move |connection: &mut Connection| {
        at_gate.pass();
        standard::serve(connection);
    });
    let path = directory.sparse("body", MUCH);
    let recorder = Recorder::default().hearing_progress();
    let session = recorder.session(&Configuration::default());
    session.upload_file(&put(&origin, "/upload"), &path).resume();
    recorder.wait_for_beginning("did_send_body_data 1 ");
    resize(&path, MUCH + 1);
    gate.open();
    recorder.wait_for("did_complete 1 ok");
    assert_eq!(recorder.body(1), format!("{MUCH} bytes came").as_bytes());
}

#[test]
fn a048_a_file_that_changed_goes_out_again_as_it_is_now() {
    let directory = Directory::default();
    let path = directory.file("body", b"before");
    let changing = path.clone();
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_request();
        fs::write(&changing, b"and after").unwrap();
        connection.send(MOVED.as_bytes());
        connection.read_request();
        connection.send(OK.as_bytes());
    });
    assert_eq!(upload_file(&put(&origin, "/"), &path).outcome(), "ok");
    let bodies: Vec<_> = origin.requests().into_iter().map(|request| request.body).collect();
    assert_eq!(bodies, [b"before".to_vec(), b"and after".to_vec()]);
}

#[test]
fn q020_other_redirects_drop_the_file() {
    let (origin, directory) = (Origin::in_turn(&[&MOVED.replace("307", "303"), OK]), Directory::default());
    assert_eq!(upload_file(&put(&origin, "/"), &directory.file("body", b"payload")).outcome(), "ok");
    let request = &origin.requests()[1];
    assert_eq!((request.method(), request.body.as_slice()), ("GET", b"".as_slice()));
    assert_eq!(request.value("Content-Length"), None);
}
