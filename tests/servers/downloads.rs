//! Downloads that stop and go on, and what has become of the file on the server meanwhile.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Once;
use std::time::{Duration, SystemTime};

use crate::server::{Server, is_installed};
use crate::site::{each, each_with};
use crate::support::directory::Directory;
use crate::support::downloads::Downloads;
use crate::support::handle::{Configuration, Request, Task};
use crate::support::recorder::{Answer, Message, Recorder};
use crate::tls::Identity;
use crate::{apache, nginx};

const LENGTH: usize = 20 << 20;

/// Has the server send some megabytes, and take its time with the rest. Resume data do not remember the field.
const SLOW: [&str; 3] = [
    "set $rate 0; if ($http_x_slow) { set $rate 100k; } limit_rate_after 2m; limit_rate $rate;",
    "<If \"-n %{HTTP:X-Slow}\">
    SetOutputFilter RATE_LIMIT
    SetEnv rate-limit 100
    SetEnv rate-initial-burst 2048
    </If>",
    "$REQUEST_HEADER[\"X-Slow\"] != \"\" { connection.kbytes-per-second = 1024 }",
];

/// Leaves `Last-Modified` as the only validator.
const WITHOUT_ETAG: [&str; 3] = ["etag off;", "FileETag None", "static-file.etags = \"disable\""];

/// Nowhere the same twice, and nothing that could be compressed.
fn noise(mut state: u64, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length + size_of::<u64>());
    while bytes.len() < length {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(length);
    bytes
}

fn slow(url: &str) -> Request {
    Request::new(url).header("X-Slow", "yes")
}

fn slow_and(more: [&str; 3], test: impl Fn(&Server)) {
    let both: Vec<_> = SLOW.iter().zip(more).map(|(slow, more)| format!("{slow}\n{more}")).collect();
    each_with([&both[0], &both[1], &both[2]], test);
}

/// Downloads, slowly, and pauses: the resume data, and the file that belongs to them.
fn paused(downloads: &Downloads, url: &str) -> (Vec<u8>, PathBuf) {
    let resume_data = downloads.pause_of(&slow(url)).expect("resume data");
    (resume_data, only_file(downloads))
}

fn only_file(downloads: &Downloads) -> PathBuf {
    let files = downloads.directory.files();
    assert_eq!(files.len(), 1, "{files:?}");
    files[0].clone()
}

/// Goes on to the end.
fn go_on(downloads: &Downloads, resume_data: &[u8]) -> Task {
    let task = downloads.session.download_from(resume_data).unwrap();
    downloads.run(&task);
    task
}

/// Waits until so many bytes of the file are here.
fn wait_for_total(downloads: &Downloads, task: &Task, mark: u64) {
    let beginning = format!("did_write_data {} ", task.identifier());
    let total = |line: &String| line.strip_prefix(&beginning)?.split(' ').next()?.parse().ok();
    let passed = |lines: &[String]| lines.iter().filter_map(total).any(|total: u64| total >= mark);
    downloads.recorder.wait_until(&format!("{mark} bytes"), passed);
}

/// It is paused in the middle, and there is nothing to go on from.
fn assert_cannot_go_on(downloads: &Downloads, request: &Request) {
    assert_eq!(downloads.pause_of(request), None);
    let told = downloads.recorder.transcript();
    assert!(told.ends_with(" -999"), "{told}");
    assert_nothing_left(downloads);
}

/// The task went on at the offset, to the end of this content.
fn assert_resumed(downloads: &Downloads, task: &Task, offset: u64, content: &[u8]) {
    let (number, length) = (task.identifier(), content.len());
    let expected = format!("did_resume_at_offset {number} {offset} {length}\n") + &finished(number, length);
    assert_eq!(downloads.recorder.transcript_of(number), expected);
    assert_eq!(task.response().unwrap().status_code(), 206);
    assert_whole(downloads, number, content);
}

/// Pauses in the middle, and goes on to the end of this content.
fn pause_and_go_on(downloads: &Downloads, url: &str, content: &[u8]) -> Task {
    let (resume_data, file) = paused(downloads, url);
    let offset = length(&file);
    assert!((1..content.len() as u64).contains(&offset), "{offset}");
    let task = go_on(downloads, &resume_data);
    assert_resumed(downloads, &task, offset, content);
    task
}

/// The task got this content from its beginning on.
fn assert_started_over(downloads: &Downloads, task: &Task, content: &[u8]) {
    let number = task.identifier();
    assert_eq!(downloads.recorder.transcript_of(number), finished(number, content.len()));
    assert_eq!(task.response().unwrap().status_code(), 200);
    assert_whole(downloads, number, content);
}

/// The task has this content, and nothing was left behind.
fn assert_whole(downloads: &Downloads, task: u64, content: &[u8]) {
    assert!(downloads.recorder.downloaded(task) == content);
    assert_nothing_left(downloads);
}

fn assert_nothing_left(downloads: &Downloads) {
    assert_eq!(downloads.directory.files(), [] as [&Path; 0]);
}

/// What is told of a download that ends well, from its first byte on.
fn finished(task: u64, length: usize) -> String {
    format!(
        "did_write_data {task} {length} {length}\ndid_finish_downloading {task} {length} bytes\ndid_complete {task} ok"
    )
}

fn length(path: &Path) -> u64 {
    fs::metadata(path).unwrap().len()
}

#[test]
fn a_large_file_is_downloaded_whole() {
    let content = noise(1, LENGTH);
    each(|server| {
        server.file("large.bin", &content);
        let downloads = Downloads::default();
        let task = downloads.session.download(&server.url("/large.bin"));
        downloads.run(&task);
        assert_started_over(&downloads, &task, &content);
        assert_eq!((task.received(), task.expected_to_receive()), (LENGTH as i64, LENGTH as i64));
    });
}

#[test]
fn an_empty_file_is_downloaded() {
    each(|server| {
        server.file("empty.bin", "");
        let downloads = Downloads::default();
        let told = downloads.download(&server.url("/empty.bin"));
        assert_eq!(told, "did_finish_downloading 1 \"\"\ndid_complete 1 ok");
        assert_nothing_left(&downloads);
    });
}

#[test]
fn a_range_that_the_application_asks_for_is_the_file() {
    let content = noise(1, LENGTH);
    slow_and([""; 3], |server| {
        server.old_file("large.bin", &content, 0);
        let (downloads, url) = (Downloads::default(), server.url("/large.bin"));
        let task = downloads.session.download_for(&Request::new(&url).header("Range", "bytes=1000-2999"));
        assert_eq!(downloads.run(&task), finished(1, 2000));
        assert_eq!(task.response().unwrap().status_code(), 206);
        assert_whole(&downloads, 1, &content[1000..3000]);
        assert_cannot_go_on(&downloads, &slow(&url).header("Range", "bytes=1000-"));
    });
}

#[test]
fn a059_a_data_task_becomes_a_download_and_decodes_into_the_file() {
    let text: String = (0..300_000).map(|line| format!("this is line {line}\n")).collect();
    each(|server| {
        server.file("text.txt", &text);
        let recorder = Recorder::answering(Answer::BecomeDownload).hearing_progress();
        let downloads = Downloads::told_to(recorder, Configuration::default());
        downloads.session.start(&server.url("/text.txt"));
        recorder.wait_for("did_complete 2 ok");
        assert_eq!(recorder.transcript_of(1), "did_receive_response 1 200\ndid_become_download_task 1 2");
        assert_whole(&downloads, 2, text.as_bytes());
    });
}

#[test]
fn a066_a_paused_download_goes_on_where_it_stopped() {
    let content = noise(1, LENGTH);
    slow_and([""; 3], |server| {
        server.old_file("large.bin", &content, 0);
        let downloads = Downloads::default();
        pause_and_go_on(&downloads, &server.url("/large.bin"), &content);
    });
}

#[test]
fn a066_a_paused_download_goes_on_behind_a_redirect() {
    let content = noise(1, LENGTH);
    slow_and([""; 3], |server| {
        server.old_file("page.html", &content, 0);
        let downloads = Downloads::default();
        let task = pause_and_go_on(&downloads, &server.url("/absolute/302"), &content);
        assert_eq!(task.response().unwrap().url(), server.url("/page.html"));
    });
}

#[test]
fn a066_a_paused_download_goes_on_over_tls() {
    let content = noise(1, LENGTH);
    let apache = format!("SSLEngine on\nSSLCertificateFile identity\n{}", SLOW[1]);
    let nginx = format!("ssl_certificate identity; ssl_certificate_key identity; {}", SLOW[0]);
    for server in [nginx::start(&nginx), apache::start(&apache)].into_iter().flatten() {
        server.old_file("large.bin", &content, 0);
        let downloads = Downloads::with(Configuration::trusting(Identity::own().certificate()));
        pause_and_go_on(&downloads, &server.secure_url("/large.bin"), &content);
    }
}

#[test]
fn a066_a_download_may_be_paused_again_and_again() {
    let content = noise(1, LENGTH);
    slow_and([""; 3], |server| {
        server.old_file("large.bin", &content, 0);
        let (downloads, request) = (Downloads::default(), slow(&server.url("/large.bin")));
        let mut resume_data = downloads.pause_of(&request).expect("resume data");
        for more in [1, 65_537, 1_000_003] {
            let mark = length(&only_file(&downloads)) + more;
            let task = downloads.session.download_from_with(&resume_data, &request).unwrap();
            task.resume();
            wait_for_total(&downloads, &task, mark);
            resume_data = downloads.recorder.pause(&task).expect("resume data");
            downloads.end_of(&task);
        }
        let offset = length(&only_file(&downloads));
        let task = go_on(&downloads, &resume_data);
        assert_resumed(&downloads, &task, offset, &content);
    });
}

#[test]
fn a065_the_time_of_the_last_change_is_validator_enough() {
    let content = noise(1, LENGTH);
    slow_and(WITHOUT_ETAG, |server| {
        server.old_file("large.bin", &content, 0);
        let downloads = Downloads::default();
        let task = pause_and_go_on(&downloads, &server.url("/large.bin"), &content);
        assert_eq!(task.response().unwrap().value("ETag"), None);
    });
}

#[test]
fn a065_a_file_that_may_change_within_the_second_cannot_be_resumed() {
    // Apache makes its ETag a weak one then, and the two others have none in this test.
    slow_and([WITHOUT_ETAG[0], "", WITHOUT_ETAG[2]], |server| {
        server.file("large.bin", noise(1, LENGTH));
        server.set_modified("large.bin", SystemTime::now() + Duration::from_secs(3600));
        let downloads = Downloads::default();
        assert_cannot_go_on(&downloads, &slow(&server.url("/large.bin")));
    });
}

#[test]
fn a065_a_file_without_validators_cannot_be_resumed() {
    // lighttpd says nothing about files of a type that it does not know.
    slow_and(["etag off; add_header Last-Modified '';", "FileETag None\nHeader unset Last-Modified", ""], |server| {
        server.old_file("large.unknown", noise(1, LENGTH), 0);
        let downloads = Downloads::default();
        assert_cannot_go_on(&downloads, &slow(&server.url("/large.unknown")));
    });
}

#[test]
fn a_download_asks_for_text_as_it_is() {
    let text = noise(1, LENGTH);
    slow_and([""; 3], |server| {
        server.old_file("large.txt", &text, 0);
        let downloads = Downloads::default();
        let task = pause_and_go_on(&downloads, &server.url("/large.txt"), &text);
        assert_eq!(task.response().unwrap().value("Content-Encoding"), None);
    });
}

#[test]
fn a065_text_that_is_compressed_under_way_is_decoded_and_cannot_be_resumed() {
    let text = noise(1, LENGTH);
    slow_and([""; 3], |server| {
        server.old_file("large.txt", &text, 0);
        let downloads = Downloads::default();
        let url = server.url("/large.txt");
        assert_cannot_go_on(&downloads, &slow(&url).header("Accept-Encoding", "gzip"));
        let task = downloads.session.download_for(&Request::new(&url).header("Accept-Encoding", "gzip"));
        downloads.run(&task);
        assert_eq!(task.response().unwrap().value("Content-Encoding").as_deref(), Some("gzip"));
        assert_eq!(task.response().unwrap().expected_content_length(), -1);
        assert_whole(&downloads, 2, &text);
    });
}

#[test]
fn a066_a_file_that_was_replaced_is_downloaded_anew() {
    let (before, after) = (noise(1, LENGTH), noise(2, LENGTH));
    for more in [[""; 3], WITHOUT_ETAG] {
        slow_and(more, |server| {
            server.old_file("large.bin", &before, 0);
            let downloads = Downloads::default();
            let (resume_data, _) = paused(&downloads, &server.url("/large.bin"));
            server.old_file("large.bin", &after, 1);
            let task = go_on(&downloads, &resume_data);
            assert_started_over(&downloads, &task, &after);
        });
    }
}

#[test]
fn a066_a_file_that_was_cut_is_downloaded_anew() {
    let content = noise(1, LENGTH);
    for more in [[""; 3], WITHOUT_ETAG] {
        slow_and(more, |server| {
            // Shorter than what is here already, and longer: without an ETag that is a 416 and a 206 of another total.
            for below in [true, false] {
                server.old_file("large.bin", &content, 0);
                let downloads = Downloads::default();
                let (resume_data, file) = paused(&downloads, &server.url("/large.bin"));
                let rest = &content[..if below { length(&file) as usize / 2 } else { LENGTH - 1 }];
                server.old_file("large.bin", rest, 0);
                let task = go_on(&downloads, &resume_data);
                assert_started_over(&downloads, &task, rest);
            }
        });
    }
}

#[test]
fn a_file_that_was_removed_is_not_found_and_may_come_back() {
    let content = noise(1, LENGTH);
    slow_and([""; 3], |server| {
        server.old_file("large.bin", &content, 0);
        let downloads = Downloads::default();
        let (resume_data, file) = paused(&downloads, &server.url("/large.bin"));
        let offset = length(&file);
        fs::rename(server.path("large.bin"), server.path("elsewhere.bin")).unwrap();
        let task = go_on(&downloads, &resume_data);
        assert_eq!(task.response().unwrap().status_code(), 404);
        assert!(String::from_utf8(downloads.recorder.downloaded(2)).unwrap().contains("Not Found"));
        let transcript = downloads.recorder.transcript_of(2);
        assert!(!transcript.contains("did_resume") && transcript.ends_with("did_complete 2 ok"), "{transcript}");
        assert_eq!((only_file(&downloads), length(&file)), (file, offset));
        fs::rename(server.path("elsewhere.bin"), server.path("large.bin")).unwrap();
        let task = go_on(&downloads, &resume_data);
        assert_resumed(&downloads, &task, offset, &content);
    });
}

#[test]
fn e034_a_file_that_was_removed_may_be_an_error_that_can_be_resumed() {
    let content = noise(1, LENGTH);
    slow_and([""; 3], |server| {
        server.old_file("large.bin", &content, 0);
        let downloads = Downloads::with(Configuration::default().downloads_require_success());
        let (resume_data, file) = paused(&downloads, &server.url("/large.bin"));
        let offset = length(&file);
        fs::rename(server.path("large.bin"), server.path("elsewhere.bin")).unwrap();
        let task = go_on(&downloads, &resume_data);
        assert_eq!(downloads.recorder.transcript_of(2), "did_complete 2 -1011");
        fs::rename(server.path("elsewhere.bin"), server.path("large.bin")).unwrap();
        let task = go_on(&downloads, &task.error().unwrap().resume_data().expect("resume data"));
        assert_resumed(&downloads, &task, offset, &content);
    });
}

#[test]
fn e033_a_download_that_the_server_broke_off_goes_on() {
    let Some(server) = nginx::start(SLOW[0]) else { return };
    let content = noise(1, LENGTH);
    server.old_file("large.bin", &content, 0);
    let downloads = Downloads::default();
    let task = downloads.session.download_for(&slow(&server.url("/large.bin")));
    task.resume();
    downloads.recorder.wait_for_beginning("did_write_data 1 ");
    // nginx hangs up when it finds less of a file than it has promised.
    server.old_file("large.bin", "", 0);
    downloads.recorder.wait_for("did_complete 1 -1005");
    server.old_file("large.bin", &content, 0);
    let offset = length(&only_file(&downloads));
    let task = go_on(&downloads, &task.error().unwrap().resume_data().expect("resume data"));
    assert_resumed(&downloads, &task, offset, &content);
}

#[test]
fn a_suspended_download_outlives_the_patience_of_its_server() {
    const LARGE: usize = 64 << 20;
    let content = noise(1, LARGE);
    // Slow enough to be suspended under way, fast enough to fill what the system buffers in no time. What is sent on
    // after a Range is as fast as can be. nginx hangs up after all that it has sent, or resets the connection.
    let nginx = "set $rate 8m; if ($http_range) { set $rate 0; } limit_rate $rate; send_timeout 1s;";
    let resetting = format!("{nginx} reset_timedout_connection on;");
    let apache = "Timeout 1\n<If \"-z %{HTTP:Range}\">\nSetOutputFilter RATE_LIMIT\nSetEnv rate-limit 8192\n</If>";
    let lighttpd = "server.max-write-idle = 1
        $REQUEST_HEADER[\"Range\"] == \"\" { connection.kbytes-per-second = 8192 }";
    let hung_up = |server: &Server| {
        server.old_file("large.bin", &content, 0);
        let once = Once::new();
        let recorder = Recorder::with(move |moment| {
            if moment.message == Message::DidWriteData {
                once.call_once(|| Task::retain(moment.task).suspend());
            }
        });
        let downloads = Downloads::told_to(recorder.hearing_progress(), Configuration::default());
        let task = downloads.session.start_download(&server.url("/large.bin"));
        downloads.recorder.wait_for_beginning("did_write_data 1 ");
        server.wait_for_close();
        assert!(task.received() < LARGE as i64 / 2);
        assert_eq!(downloads.run(&task), finished(1, LARGE));
        assert_whole(&downloads, 1, &content);
    };
    each_with([nginx, apache, lighttpd], hung_up);
    nginx::start(&resetting).iter().for_each(hung_up);
}

#[test]
fn curl_goes_on_with_what_is_here_to_the_same_end() {
    if !is_installed("/usr/bin/curl") {
        return;
    }
    let content = noise(1, LENGTH);
    slow_and([""; 3], |server| {
        server.old_file("large.bin", &content, 0);
        let (downloads, url) = (Downloads::default(), server.url("/large.bin"));
        let (resume_data, file) = paused(&downloads, &url);
        let (offset, of_curl) = (length(&file), Directory::default());
        fs::copy(file, of_curl.at("large.bin")).unwrap();
        let mut curl = Command::new("/usr/bin/curl");
        curl.args(["--silent", "--show-error", "--fail", "--continue-at", "-", "--remote-name", &url]);
        assert!(curl.current_dir(of_curl.path()).status().unwrap().success());
        let task = go_on(&downloads, &resume_data);
        assert_resumed(&downloads, &task, offset, &fs::read(of_curl.at("large.bin")).unwrap());
    });
}
