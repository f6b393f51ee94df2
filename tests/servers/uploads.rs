//! Uploads to servers that store them, refuse them, want to be asked first, or send them elsewhere.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use crate::server::{Server, is_installed};
use crate::site::each_with;
use crate::support::PATIENCE;
use crate::support::body::{Body, Step};
use crate::support::directory::Directory;
use crate::support::handle::{Configuration, Request, Session, Task};
use crate::support::recorder::{Recorder, Supplied};
use crate::support::standard;
use crate::support::story::Story;
use crate::support::upload::MultipartForm;
use crate::tls::Identity;
use crate::{apache, nginx, python};

const LENGTH: u64 = 5_000_011;

/// Lets files be put everywhere.
const PUT: [&str; 3] = [
    "dav_methods PUT;",
    "<Location />\nDav On\n</Location>",
    "$HTTP[\"request-method\"] == \"PUT\" { webdav.activate = \"enable\" }",
];

/// Lets them be larger than the mebibyte that they may be else.
const LARGE: [&str; 3] = [
    "client_max_body_size 0;",
    "LimitRequestBody 0",
    "$HTTP[\"request-method\"] == \"PUT\" { server.max-request-size = 0 }",
];

/// Runs the test against every server that large files may be put to, with so much more in their configurations.
fn each_that_stores(more: [&str; 3], test: impl Fn(&Server)) {
    let [nginx, apache, lighttpd] = [0, 1, 2].map(|server| [PUT[server], LARGE[server], more[server]].join("\n"));
    each_with([&nginx, &apache, &lighttpd], test);
}

/// Where a body comes from.
#[derive(Clone, Copy, Debug)]
enum Source {
    Memory,
    File,
    /// A stream of the request that knows its length.
    Stream,
    /// A stream that is asked for and does not know its length.
    Asked,
}

const SOURCES: [Source; 4] = [Source::Memory, Source::File, Source::Stream, Source::Asked];

/// A session that uploads the same content from wherever it comes.
struct Uploads {
    recorder: Recorder,
    session: Session,
    content: Vec<u8>,
    file: PathBuf,
    _directory: Directory,
}

impl Uploads {
    fn new(configuration: &Configuration) -> Self {
        Self::of(standard::pattern(0, LENGTH), configuration)
    }

    fn of(content: Vec<u8>, configuration: &Configuration) -> Self {
        let directory = Directory::default();
        let of_asked = content.clone();
        let asked = move |_| Supplied::Stream(Body::new(vec![Step::Bytes(of_asked.clone())], -1).stream());
        let recorder = Recorder::default().hearing_progress().supplying(asked);
        let (session, file) = (recorder.session(configuration), directory.file("content", &content));
        Self { recorder, session, content, file, _directory: directory }
    }

    /// Puts it there; how it ended, and the status.
    fn put(&self, source: Source, url: &str) -> (Task, i32) {
        let request = Request::new(url).method("PUT");
        let task = match source {
            Source::Memory => self.session.upload_bytes(&request, &self.content),
            Source::File => self.session.upload_file(&request, &self.file),
            Source::Stream => self.session.task_for(&request.body_stream(&Body::of(&self.content).stream())),
            Source::Asked => self.session.upload_stream(&request),
        };
        task.resume();
        self.recorder.wait_for(&format!("did_complete {} ok", task.identifier()));
        let status = task.response().unwrap().status_code();
        (task, status)
    }

    fn put_and_compare(&self, source: Source, server: &Server, url: &str, name: &str) -> Task {
        let (task, status) = self.put(source, url);
        assert!([201, 204].contains(&status), "{source:?}: {status}");
        assert!(fs::read(server.path(name)).unwrap() == self.content, "{source:?}");
        assert_eq!(task.sent(), self.content.len() as i64, "{source:?}");
        fs::remove_file(server.path(name)).unwrap();
        task
    }
}

#[test]
fn what_is_put_is_stored() {
    each_that_stores([""; 3], |server| {
        let uploads = Uploads::new(&Configuration::default());
        for source in SOURCES {
            let task = uploads.put_and_compare(source, server, &server.url("/stored.bin"), "stored.bin");
            let expected = if matches!(source, Source::Asked) { -1 } else { LENGTH as i64 };
            assert_eq!(task.expected_to_send(), expected, "{source:?}");
            let told = format!("did_send_body_data {} {LENGTH} {expected}", task.identifier());
            assert!(uploads.recorder.lines().contains(&told), "{}", uploads.recorder.transcript());
        }
        let connections = server.connections(SOURCES.len());
        assert!(connections.iter().all(|connection| *connection == connections[0]), "{connections:?}");
    });
}

#[test]
fn what_is_empty_is_stored() {
    each_that_stores([""; 3], |server| {
        let uploads = Uploads::of(Vec::new(), &Configuration::default());
        for source in SOURCES {
            uploads.put_and_compare(source, server, &server.url("/stored.bin"), "stored.bin");
        }
    });
}

#[test]
fn what_is_put_over_tls_is_stored() {
    let nginx = format!("{}{}ssl_certificate identity; ssl_certificate_key identity;", PUT[0], LARGE[0]);
    let apache = format!("{}\n{}\nSSLEngine on\nSSLCertificateFile identity", PUT[1], LARGE[1]);
    for server in [nginx::start(&nginx), apache::start(&apache)].into_iter().flatten() {
        let uploads = Uploads::new(&Configuration::trusting(Identity::own().certificate()));
        for source in SOURCES {
            uploads.put_and_compare(source, &server, &server.secure_url("/stored.bin"), "stored.bin");
        }
    }
}

#[test]
fn e036_what_is_too_large_is_answered_before_it_ends() {
    each_with(PUT, |server| {
        let uploads = Uploads::new(&Configuration::default());
        for source in SOURCES {
            assert_eq!(uploads.put(source, &server.url("/refused.bin")).1, 413, "{source:?}");
            assert!(!server.path("refused.bin").exists());
        }
    });
}

/// Asks before it sends more than a mebibyte, and waits for the answer.
fn asking() -> Configuration {
    Configuration::default().expect_continue_above(1 << 20).continue_timeout(PATIENCE.as_secs_f64())
}

#[test]
fn a_server_that_is_asked_lets_a_body_come() {
    let nginx = "add_header X-Expect $http_expect always;";
    let apache = "Header always set X-Expect \"expr=%{HTTP:Expect}\"";
    let lighttpd = "server.modules += (\"mod_setenv\")
        $REQUEST_HEADER[\"Expect\"] == \"100-continue\" {
            setenv.set-response-header = (\"X-Expect\" => \"100-continue\")
        }";
    each_that_stores([nginx, apache, lighttpd], |server| {
        let uploads = Uploads::new(&asking());
        for source in SOURCES {
            let task = uploads.put_and_compare(source, server, &server.url("/stored.bin"), "stored.bin");
            assert_eq!(task.response().unwrap().value("X-Expect").as_deref(), Some("100-continue"), "{source:?}");
        }
    });
}

#[test]
fn a_server_that_is_asked_is_not_sent_what_it_refuses() {
    each_with(PUT, |server| {
        let uploads = Uploads::new(&asking());
        for source in [Source::Memory, Source::File, Source::Stream] {
            let (task, status) = uploads.put(source, &server.url("/refused.bin"));
            assert_eq!((status, task.sent()), (413, 0), "{source:?}");
        }
    });
}

#[test]
fn a_server_that_does_not_understand_the_question_is_not_asked_again() {
    let nginx = [PUT[0], LARGE[0], "if ($http_expect) { return 417; }"].join("\n");
    let rewriting = "RewriteEngine On\nRewriteCond %{HTTP:Expect} .\nRewriteRule . - [R=417]";
    let apache = [PUT[1], LARGE[1], rewriting].join("\n");
    for server in [nginx::start(&nginx), apache::start(&apache)].into_iter().flatten() {
        let uploads = Uploads::new(&asking());
        for source in SOURCES {
            uploads.put_and_compare(source, &server, &server.url("/stored.bin"), "stored.bin");
        }
        server.connections(2 * SOURCES.len());
    }
}

#[test]
fn a048_a_body_that_is_sent_elsewhere_goes_out_again() {
    let nginx = "location = /moved.bin { return 307 /stored.bin; }";
    let apache = "Redirect 307 /moved.bin /stored.bin";
    let lighttpd = "$HTTP[\"url\"] == \"/moved.bin\" {
        url.redirect = (\"\" => \"/stored.bin\") url.redirect-code = 307
    }";
    each_that_stores([nginx, apache, lighttpd], |server| {
        let uploads = Uploads::new(&Configuration::default());
        for source in SOURCES {
            let task = uploads.put_and_compare(source, server, &server.url("/moved.bin"), "stored.bin");
            assert_eq!(task.response().unwrap().url(), server.url("/stored.bin"), "{source:?}");
        }
        let questions = uploads.recorder.lines_of(4).into_iter().filter(|line| line == "need_new_body_stream 4 0");
        assert_eq!(questions.count(), 2);
    });
}

#[test]
fn an_upload_that_was_suspended_for_too_long_is_lost() {
    let more = [PUT[0], LARGE[0], "client_body_timeout 1s;"].join("\n");
    let Some(server) = nginx::start(&more) else { return };
    let body = Body::new(vec![Step::Bytes(vec![0; 1000]), Step::Later], LENGTH as i64);
    let recorder = Recorder::default().hearing_progress();
    let session = recorder.session(&Configuration::default());
    let request = Request::new(&server.url("/stored.bin")).method("PUT").body_stream(&body.stream());
    let task = session.task_for(&request);
    task.resume();
    let read = body.next_read();
    recorder.wait_for_beginning("did_send_body_data 1 ");
    task.suspend();
    // A request is logged when its connection is let go.
    server.connections(1);
    read.answer(&[0; 1000]);
    task.resume();
    recorder.wait_for("did_complete 1 -1005");
}

#[test]
fn e055_a_form_is_what_others_take_it_for() {
    let Some(server) = python::start() else { return };
    let (directory, photo) = (Directory::default(), standard::pattern(0, LENGTH));
    let note = directory.file("a note.txt", b"a line\r\nand another");
    let form = MultipartForm::default()
        .field("name", "Zoë\r\n--not a boundary")
        .field("a \"quoted\" name", "")
        .bytes("photo", Some("photo.jpg"), Some("image/jpeg"), &photo)
        .file("note", &note, None, None)
        .file("copy", &note, Some("\"naïve\".txt"), Some("application/octet-stream"));
    let story = Story::with(&Configuration::default(), &Request::new(&server.url("/")).multipart_form(&form));
    let parts = "name | None | None
        a %22quoted%22 name | None | None
        photo | photo.jpg | image/jpeg
        note | a note.txt | text/plain
        copy | %22naïve%22.txt | application/octet-stream\n";
    let parts = parts.replace("        ", "");
    assert_eq!((story.outcome(), String::from_utf8(story.body()).unwrap()), ("ok".into(), parts.clone()));
    let note_content = fs::read(&note).unwrap();
    let stored = ["Zoë\r\n--not a boundary".as_bytes(), b"", &photo, &note_content, &note_content];
    for (number, content) in stored.into_iter().enumerate() {
        assert!(fs::read(server.path(&number.to_string())).unwrap() == content, "part {number}");
    }
    if is_installed("/usr/bin/curl") {
        server.file("photo.jpg", &photo);
        let note = note.display();
        let form = [
            "name=Zoë\r\n--not a boundary",
            "a \"quoted\" name=",
            "photo=@photo.jpg",
            &format!("note=@\"{note}\""),
            &format!("copy=@\"{note}\";filename=\"\\\"naïve\\\".txt\";type=application/octet-stream"),
        ];
        let mut curl = Command::new("/usr/bin/curl");
        curl.args(["--silent", "--show-error", "--fail", &server.url("/")]).current_dir(server.path(""));
        curl.args(form.map(|part| ["--form", part]).as_flattened());
        assert_eq!(String::from_utf8(curl.output().unwrap().stdout).unwrap(), parts);
    }
}
