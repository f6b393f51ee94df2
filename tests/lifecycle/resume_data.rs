use std::io::Write;
use std::{fs, iter};

use flate2::write::GzEncoder;
use flate2::{Compression, Crc};

use crate::support::directory::Directory;
use crate::support::downloads::Downloads;
use crate::support::handle::{Configuration, Request, Session};
use crate::support::origin::{Connection, Origin};
use urlsession::*;

const HEAD: &str = "HTTP/1.1 200 OK\r\nContent-Length: 6\r\n";
const REST: &str = "HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 3-5/6\r\nContent-Length: 3\r\n\r\ndef";

/// Whether a download whose answer begins with these fields can be paused at half.
fn is_resumable(fields: &str) -> bool {
    is_resumable_for(|request| request, &format!("{HEAD}{fields}\r\nabc"))
}

fn is_resumable_for(build: impl FnOnce(Request) -> Request, answer: &str) -> bool {
    let origin = Origin::in_turn(&[answer]);
    let downloads = Downloads::default();
    let is_resumable = downloads.pause_of(&build(Request::new(&origin.url("/")))).is_some();
    assert_eq!(downloads.directory.files().len(), usize::from(is_resumable));
    is_resumable
}

/// The resume data of a download that was paused at half.
fn resume_data(downloads: &Downloads) -> Vec<u8> {
    let origin = Origin::in_turn(&[&format!("{HEAD}ETag: \"v1\"\r\n\r\nabc")]);
    downloads.pause(&origin.url("/file")).expect("resume data")
}

fn refused(session: &Session, bytes: &[u8]) -> Option<UrlSessionStatus> {
    session.download_from(bytes).err()
}

/// Text with a new checksum, as whoever forges resume data makes one.
fn forged(text: &str) -> String {
    let (text, _) = text.split_once("checksum: ").unwrap();
    let mut checksum = Crc::new();
    checksum.update(text.as_bytes());
    format!("{text}checksum: {:08x}\n", checksum.sum())
}

#[test]
fn a065_a_strong_entity_tag_makes_it_possible() {
    assert!(is_resumable("ETag: \"v1\"\r\n"));
    assert!(is_resumable("ETag: \"v1\"\r\nAccept-Ranges: bytes\r\n"));
    assert!(is_resumable("ETag: \"\"\r\n"));
    assert!(!is_resumable(""));
    assert!(!is_resumable("ETag: W/\"v1\"\r\n"));
    assert!(!is_resumable("ETag: v1\r\n"));
    assert!(!is_resumable("ETag: \"v1\r\n"));
    assert!(!is_resumable("ETag: \"v1\"\r\nETag: \"v2\"\r\n"));
}

#[test]
fn a065_so_does_a_date_that_is_older_than_the_answer() {
    let dates = |modified: &str, date: &str| {
        let date = if date.is_empty() { String::new() } else { format!("Date: Sun, 06 Nov 1994 {date} GMT\r\n") };
        is_resumable(&format!("Last-Modified: Sun, 06 Nov 1994 {modified} GMT\r\n{date}"))
    };
    assert!(dates("08:49:36", "08:49:37"));
    assert!(dates("07:00:00", "08:49:37"));
    assert!(!dates("08:49:37", "08:49:37"));
    assert!(!dates("08:49:38", "08:49:37"));
    // Then it is the time at which the answer came.
    assert!(dates("08:49:37", ""));
    assert!(!is_resumable("Last-Modified: yesterday\r\n"));
    assert!(is_resumable("ETag: W/\"v1\"\r\nLast-Modified: Sun, 06 Nov 1994 08:49:37 GMT\r\n"));
}

#[test]
fn a065_a_server_that_takes_no_ranges_makes_it_impossible() {
    assert!(!is_resumable("ETag: \"v1\"\r\nAccept-Ranges: none\r\n"));
    assert!(!is_resumable("ETag: \"v1\"\r\nAccept-Ranges: NONE\r\n"));
}

#[test]
fn a065_so_does_a_content_coding() {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::default());
    encoder.write_all(b"abc").unwrap();
    encoder.flush().unwrap();
    let head = b"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Encoding: gzip\r\nContent-Length: 99\r\n\r\n";
    let answer = [head, encoder.get_ref().as_slice()].concat();
    let origin = Origin::http(move |connection: &mut Connection| {
        connection.read_request();
        connection.send(&answer);
        connection.wait_for_leave();
    });
    let downloads = Downloads::default();
    let request = Request::new(&origin.url("/")).header("Accept-Encoding", "gzip");
    assert_eq!(downloads.pause_of(&request), None);
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn a065_another_status_cannot_be_resumed() {
    for status in ["201 Created", "203 Non-Authoritative Information", "206 Partial Content", "404 Not Found"] {
        let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 6\r\nETag: \"v1\"\r\n\r\nabc");
        assert!(!is_resumable_for(|request| request, &answer), "{status}");
    }
}

#[test]
fn a065_another_method_cannot_be_resumed() {
    let answer = format!("{HEAD}ETag: \"v1\"\r\n\r\nabc");
    assert!(is_resumable_for(|request| request.method("GET"), &answer));
    for method in ["POST", "PUT", "QUERY"] {
        assert!(!is_resumable_for(|request| request.method(method), &answer), "{method}");
    }
    assert!(!is_resumable_for(|request| request.header("Range", "bytes=0-"), &answer));
}

#[test]
fn a065_a_post_that_became_a_get_cannot_be_resumed() {
    // To go on would be to get what was posted to.
    let see_other = "HTTP/1.1 303 See Other\r\nLocation: /result\r\nContent-Length: 0\r\n\r\n";
    let origin = Origin::in_turn(&[see_other, &format!("{HEAD}ETag: \"v1\"\r\n\r\nabc")]);
    let downloads = Downloads::default();
    let request = Request::new(&origin.url("/form")).method("POST").body(b"question");
    assert_eq!(downloads.pause_of(&request), None);
}

#[test]
fn a065_an_unknown_length_can_be_resumed() {
    let answer = "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n";
    let origin = Origin::in_turn(&[answer, REST]);
    let downloads = Downloads::default();
    let resume_data = downloads.pause(&origin.url("/")).expect("resume data");
    let expected =
        "did_resume_at_offset 2 3 6\ndid_write_data 2 6 6\ndid_finish_downloading 2 \"abcdef\"\ndid_complete 2 ok";
    assert_eq!(downloads.go_on(&resume_data), expected);
}

#[test]
fn a065_nothing_to_go_on_from_is_no_resume_data() {
    let origin = Origin::in_turn(&[&format!("{HEAD}ETag: \"v1\"\r\n\r\n")]);
    let downloads = Downloads::with(Configuration::default().request_timeout(0.5));
    let task = downloads.session.download(&origin.url("/"));
    assert_eq!(downloads.run(&task), "did_complete 1 -1001 request");
    assert_eq!(task.error().unwrap().resume_data(), None);
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn a067_garbage_is_refused_when_the_task_is_made() {
    let downloads = Downloads::default();
    let noise: Vec<u8> =
        iter::successors(Some(1_u8), |byte| Some(byte.wrapping_mul(37).wrapping_add(11))).take(4096).collect();
    for garbage in [b"".as_slice(), b"\0", b"\n", b"bplist00", b"<?xml version=\"1.0\"?>", &noise, &[b'x'; 2 << 20]] {
        assert_eq!(refused(&downloads.session, garbage), Some(UrlSessionStatus::INVALID_ARGUMENT));
    }
}

#[test]
fn a067_resume_data_that_were_cut_or_altered_anywhere_are_refused() {
    let downloads = Downloads::default();
    let good = resume_data(&downloads);
    for place in 0..good.len() {
        let cut = refused(&downloads.session, &good[..place]);
        assert_eq!(cut, Some(UrlSessionStatus::INVALID_ARGUMENT), "cut at {place}");
        for bit in 0..8 {
            let mut altered = good.clone();
            altered[place] ^= 1 << bit;
            let altered = refused(&downloads.session, &altered);
            assert_eq!(altered, Some(UrlSessionStatus::INVALID_ARGUMENT), "bit {bit} of byte {place}");
        }
    }
    for more in ["\n", "x", "\0"] {
        let longer = refused(&downloads.session, &[&good, more.as_bytes()].concat());
        assert_eq!(longer, Some(UrlSessionStatus::INVALID_ARGUMENT));
    }
    assert_eq!(refused(&downloads.session, &good), None);
}

#[test]
fn a067_another_version_is_refused() {
    let downloads = Downloads::default();
    let good = String::from_utf8(resume_data(&downloads)).unwrap();
    let first = good.lines().next().unwrap();
    let newer = first.replace('1', "2");
    assert_ne!(first, newer);
    assert_eq!(forged(&good), good);
    let refused = refused(&downloads.session, forged(&good.replace(first, &newer)).as_bytes());
    assert_eq!(refused, Some(UrlSessionStatus::INVALID_ARGUMENT));
}

#[test]
fn a067_the_path_is_relative() {
    let origin = Origin::in_turn(&[&format!("{HEAD}ETag: \"v1\"\r\n\r\nabc"), REST]);
    let (downloads, moved) = (Downloads::default(), Downloads::default());
    let resume_data = downloads.pause(&origin.url("/")).unwrap();
    let text = String::from_utf8(resume_data.clone()).unwrap();
    assert!(!text.contains(downloads.directory.path().to_str().unwrap()), "{text}");
    let file = &downloads.directory.files()[0];
    fs::rename(file, moved.directory.at(file.file_name().unwrap().to_str().unwrap())).unwrap();
    let told = moved.go_on(&resume_data);
    assert!(told.starts_with("did_resume_at_offset 1 3 6"), "{told}");
    assert_eq!(moved.recorder.downloaded(1), b"abcdef");
}

#[test]
fn a067_a_forged_path_leads_to_no_other_file() {
    let origin = Origin::in_turn(&["HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nnew"; 8]);
    let (downloads, other) = (Downloads::default(), Directory::default());
    let good = String::from_utf8(resume_data(&downloads)).unwrap();
    let name = downloads.directory.files()[0].file_name().unwrap().to_str().unwrap().to_owned();
    let url = good.lines().find_map(|line| line.strip_prefix("url: ")).unwrap();
    // The victim is as the resume data say, so that nothing but its name speaks against it.
    let victims = [other.file("victim", b"abc"), other.file(&name, b"abc"), downloads.directory.file("victim", b"abc")];
    let within = |path: &str| format!("../{}/{path}", other.path().file_name().unwrap().to_str().unwrap());
    let names = [
        victims[0].to_str().unwrap().to_owned(),
        victims[1].to_str().unwrap().to_owned(),
        within("victim"),
        within(&name),
        "victim".to_owned(),
    ];
    for forged_name in names {
        let text = good.replace(&name, &forged_name).replace(url, &origin.url("/"));
        if let Ok(task) = downloads.session.download_from(forged(&text).as_bytes()) {
            let told = downloads.run(&task);
            assert!(!told.contains("did_resume_at_offset"), "{forged_name}:\n{told}");
            assert_eq!(downloads.recorder.downloaded(task.identifier()), b"new", "{forged_name}");
        }
        for victim in &victims {
            assert_eq!(fs::read(victim).unwrap(), b"abc", "{forged_name}");
        }
    }
    assert!(origin.requests().iter().all(|request| request.value("range").is_none()));
}

#[test]
fn a067_there_are_no_secrets_in_resume_data() {
    let origin = Origin::in_turn(&[&format!("{HEAD}ETag: \"v1\"\r\nSet-Cookie: a=secret\r\n\r\nabc"), REST]);
    let downloads = Downloads::with(Configuration::default().header("X-Session", "secret"));
    let request = Request::new(&origin.url("/").replace("http://", "http://user:secret@"))
        .header("Authorization", "Bearer secret")
        .header("Proxy-Authorization", "secret")
        .header("Cookie", "a=secret")
        .header("X-Api-Key", "secret")
        .header("X-Own", "secret")
        .header("Accept", "text/plain")
        .header("Accept-Language", "eo")
        .header("User-Agent", "me");
    let resume_data = downloads.pause_of(&request).unwrap();
    let text = String::from_utf8(resume_data.clone()).unwrap();
    assert!(!text.contains("secret") && !text.contains("user:"), "{text}");
    let told = downloads.go_on(&resume_data);
    assert!(told.starts_with("did_resume_at_offset 2 3 6"), "{told}");
    // What chooses a representation is asked for again.
    let asked = &origin.requests()[1];
    for (name, value) in [("Accept", "text/plain"), ("Accept-Language", "eo"), ("User-Agent", "me")] {
        assert_eq!(asked.value(name), Some(value));
    }
    assert_eq!((asked.value("X-Own"), asked.value("X-Session")), (None, Some("secret")));
}

#[test]
fn a067_no_bytes_at_an_address_are_refused() {
    let downloads = Downloads::default();
    let mut task = std::ptr::without_provenance_mut(1);
    let status = url_session_download_task_with_resume_data(downloads.session.get(), std::ptr::null(), 10, &mut task);
    assert_eq!((status, task.is_null()), (UrlSessionStatus::NULL_ARGUMENT, true));
}
