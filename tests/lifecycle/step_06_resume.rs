#[cfg(unix)]
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::support::downloads::Downloads;
use crate::support::gate::Gate;
use crate::support::handle::{self, Configuration};
use crate::support::origin::{Connection, Origin, Request};
#[cfg(unix)]
use crate::support::phone::Phone;
use crate::support::served_file::{End, ServedFile};
use crate::support::standard;

const HALF: &str = "HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: 6\r\n\r\nabc";
const REST: &str =
    "HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\nContent-Range: bytes 3-5/6\r\nContent-Length: 3\r\n\r\ndef";
const NEW: &str = "HTTP/1.1 200 OK\r\nETag: \"v2\"\r\nContent-Length: 6\r\n\r\nABCDEF";
const BEYOND: &str =
    "HTTP/1.1 416 Range Not Satisfiable\r\nContent-Range: bytes */2\r\nContent-Length: 7\r\n\r\nbeyond\n";

/// What is told of a task that goes on, and of one that starts over.
const WENT_ON: &str =
    "did_resume_at_offset 2 3 6\ndid_write_data 2 6 6\ndid_finish_downloading 2 \"abcdef\"\ndid_complete 2 ok";
const STARTED_OVER: &str = "did_write_data 2 6 6\ndid_finish_downloading 2 \"ABCDEF\"\ndid_complete 2 ok";

/// The range that was asked for, and on which condition.
type Asked = (Option<String>, Option<String>);

/// What is told of a download that is paused at half and goes on with these answers, and what the origin was asked.
fn resumed(answers: &[&str]) -> (String, Vec<Asked>) {
    resumed_after(HALF, answers)
}

/// The same, where the first half came so.
fn resumed_after(half: &str, answers: &[&str]) -> (String, Vec<Asked>) {
    let origin = Origin::in_turn(&[&[half], answers].concat());
    let downloads = Downloads::default();
    let resume_data = downloads.pause(&origin.url("/")).expect("resume data");
    let told = downloads.go_on(&resume_data);
    assert_eq!(downloads.directory.files().len(), 0, "a file was left behind after:\n{told}");
    let asked = |request: &Request| ["range", "if-range"].map(|name| request.value(name).map(str::to_owned)).into();
    (told, origin.requests()[1..].iter().map(asked).collect())
}

fn range() -> Asked {
    (Some("bytes=3-".to_owned()), Some("\"v1\"".to_owned()))
}

#[test]
fn a066_a_206_that_fits_goes_on() {
    assert_eq!(resumed(&[REST]), (WENT_ON.to_owned(), vec![range()]));
    let chunked =
        REST.replace("Content-Length: 3\r\n\r\ndef", "Transfer-Encoding: chunked\r\n\r\n3\r\ndef\r\n0\r\n\r\n");
    assert_eq!(resumed(&[&chunked]), (WENT_ON.to_owned(), vec![range()]));
    let unknown = REST.replace("3-5/6", "3-5/*");
    assert_eq!(resumed(&[&unknown]), (WENT_ON.to_owned(), vec![range()]));
    // That the file is the same was the condition, so the tag need not come again.
    let untagged = REST.replace("ETag: \"v1\"\r\n", "");
    assert_eq!(resumed(&[&untagged]), (WENT_ON.to_owned(), vec![range()]));
}

#[test]
fn e032_the_first_progress_is_the_offset() {
    let gate = Gate::default();
    let at_gate = gate.clone();
    let origin = Origin::http(move |connection: &mut Connection| {
        if connection.read_request().unwrap().value("range").is_none() {
            connection.send(HALF.as_bytes());
            connection.wait_for_leave();
            return;
        }
        let (head, rest) = REST.split_at(REST.len() - 3);
        connection.send(head.as_bytes());
        at_gate.pass();
        connection.send(rest.as_bytes());
    });
    let downloads = Downloads::default();
    let resume_data = downloads.pause(&origin.url("/")).unwrap();
    let task = downloads.session.download_from(&resume_data).unwrap();
    task.resume();
    downloads.recorder.wait_for("did_write_data 2 3 6");
    assert_eq!(downloads.recorder.transcript_of(2), "did_resume_at_offset 2 3 6\ndid_write_data 2 3 6");
    assert_eq!((task.received(), task.expected_to_receive()), (3, 6));
    gate.open();
    assert_eq!(downloads.end_of(&task), WENT_ON);
}

#[test]
fn a066_a_200_starts_over() {
    assert_eq!(resumed(&[NEW]), (STARTED_OVER.to_owned(), vec![range()]));
}

#[test]
fn a066_a_206_that_does_not_fit_is_asked_for_once_more_and_whole() {
    let misfits = [
        REST.replace("bytes 3-5/6", "bytes 2-5/6"),
        REST.replace("bytes 3-5/6", "bytes 4-5/6"),
        REST.replace("bytes 3-5/6", "bytes 3-5/7"),
        REST.replace("bytes 3-5/6", "bytes 3-4/6"),
        REST.replace("bytes 3-5/6", "bytes 3-6/6"),
        REST.replace("bytes 3-5/6", "bytes 5-3/6"),
        REST.replace("bytes 3-5/6", "bytes */6"),
        REST.replace("bytes 3-5/6", "bytes 18446744073709551619-5/6"),
        REST.replace("bytes 3-5/6", "lines 3-5/6"),
        REST.replace("bytes 3-5/6", "bytes three"),
        REST.replace("bytes 3-5/6", ""),
        REST.replace("Content-Range: bytes 3-5/6\r\n", ""),
        REST.replace("Content-Range", "Content-Type: multipart/byteranges; boundary=b\r\nX"),
        REST.replace("\"v1\"", "\"v2\""),
        REST.replace("\"v1\"", "W/\"v1\""),
        REST.replace("Content-Range", "Content-Encoding: gzip\r\nContent-Range"),
    ];
    for misfit in misfits {
        let expected = (STARTED_OVER.to_owned(), vec![range(), (None, None)]);
        assert_eq!(resumed(&[&misfit, NEW]), expected, "{misfit}");
    }
}

#[test]
fn a066_a_206_of_a_whole_of_which_nobody_knows_the_length_does_not_fit() {
    // Its last byte may be any of the file's.
    let half = HALF.replace("Content-Length: 6\r\n\r\nabc", "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
    let misfit = REST.replace("3-5/6", "3-5/*");
    assert_eq!(resumed_after(&half, &[&misfit, NEW]), (STARTED_OVER.to_owned(), vec![range(), (None, None)]));
    assert_eq!(resumed_after(&half, &[REST]), (WENT_ON.to_owned(), vec![range()]));
}

#[test]
fn a066_a_416_is_asked_once_more_and_whole() {
    let expected = (STARTED_OVER.to_owned(), vec![range(), (None, None)]);
    assert_eq!(resumed(&[BEYOND, NEW]), expected);
}

#[test]
fn a066_it_is_asked_once_more_and_not_twice() {
    let (told, asked) = resumed(&[BEYOND, BEYOND, NEW]);
    assert!(told.ends_with("did_finish_downloading 2 \"beyond\\n\"\ndid_complete 2 ok"), "{told}");
    assert_eq!(asked, [range(), (None, None)]);
}

#[test]
fn a066_a_206_with_other_bytes_than_its_range_is_no_success() {
    let with =
        |length: &str, body: &str| REST.replace("Content-Length: 3\r\n\r\ndef", &format!("{length}\r\n\r\n{body}"));
    let answers = [
        with("Content-Length: 2", "de"),
        with("Content-Length: 9", "def"),
        with("Transfer-Encoding: chunked", "2\r\nde\r\n0\r\n\r\n"),
        with("Transfer-Encoding: chunked", "4\r\ndefg\r\n0\r\n\r\n"),
        with("Connection: close", "de"),
        with("Connection: close", "defg"),
    ];
    for rest in answers {
        let origin = Origin::http(move |connection: &mut Connection| {
            connection.read_request();
            match connection.number {
                1 => drop(connection.send(HALF.as_bytes()) && connection.wait_for_leave()),
                2 => drop(connection.send(rest.as_bytes())),
                _ => {}
            }
        });
        let downloads = Downloads::default();
        let resume_data = downloads.pause(&origin.url("/")).unwrap();
        let told = downloads.go_on(&resume_data);
        assert!(!told.contains("did_finish_downloading"), "{told}");
        assert!(!told.ends_with("did_complete 2 ok"), "{told}");
    }
}

#[test]
fn a066_a_file_that_changed_is_never_glued() {
    let (old, new) = (standard::pattern(0, 100_000), standard::pattern(7, 120_000));
    let file = ServedFile::new(&old, "\"old\"");
    let origin = file.serve();
    let downloads = Downloads::default();
    file.end(End::Hold(50_000));
    let resume_data = downloads.pause(&origin.url("/")).unwrap();
    file.change(&new, "\"new\"");
    let told = downloads.go_on(&resume_data);
    assert!(!told.contains("did_resume_at_offset"), "{told}");
    assert_eq!(downloads.recorder.downloaded(2), new);
    assert!(downloads.directory.files().is_empty());
}

#[test]
fn a066_a_date_is_a_condition_too() {
    let date = "Last-Modified: Sun, 06 Nov 1994 08:49:37 GMT";
    let origin = Origin::in_turn(&[&HALF.replace("ETag: \"v1\"", date), &REST.replace("ETag: \"v1\"", date)]);
    let downloads = Downloads::default();
    let resume_data = downloads.pause(&origin.url("/")).unwrap();
    assert_eq!(downloads.go_on(&resume_data), WENT_ON);
    assert_eq!(origin.requests()[1].value("if-range"), Some("Sun, 06 Nov 1994 08:49:37 GMT"));
}

#[test]
fn a066_another_date_in_the_206_does_not_fit() {
    let date = |second| format!("Last-Modified: Sun, 06 Nov 1994 08:49:{second} GMT");
    let with = |answer: &str, second| answer.replace("ETag: \"v1\"", &date(second));
    let origin = Origin::in_turn(&[&with(HALF, 37), &with(REST, 38), NEW]);
    let downloads = Downloads::default();
    let resume_data = downloads.pause(&origin.url("/")).unwrap();
    assert_eq!(downloads.go_on(&resume_data), STARTED_OVER);
}

#[test]
fn e034_another_answer_is_a_file_of_its_own_and_the_old_one_stays() {
    let written = "did_write_data 2 5 5\n";
    let cases = [
        ("503 Service Unavailable\r\nContent-Length: 5\r\n\r\nbusy\n", written, "busy\\n"),
        ("203 Non-Authoritative Information\r\nContent-Length: 5\r\n\r\nother", written, "other"),
        ("204 No Content\r\n\r\n", "", ""),
    ];
    for (answer, written, content) in cases {
        let origin = Origin::in_turn(&[HALF, &format!("HTTP/1.1 {answer}"), REST]);
        let downloads = Downloads::default();
        let resume_data = downloads.pause(&origin.url("/")).unwrap();
        let expected = format!("{written}did_finish_downloading 2 \"{content}\"\ndid_complete 2 ok");
        assert_eq!(downloads.go_on(&resume_data), expected);
        assert_eq!(downloads.directory.files().len(), 1, "{answer}");
        assert_eq!(downloads.go_on(&resume_data), WENT_ON.replace(" 2 ", " 3 "), "{answer}");
    }
}

#[test]
fn e034_an_answer_that_is_no_success_keeps_the_resume_data() {
    let busy = "HTTP/1.1 503 Service Unavailable\r\nContent-Length: 5\r\n\r\nbusy\n";
    let origin = Origin::in_turn(&[HALF, busy, REST]);
    let downloads = Downloads::with(Configuration::default().downloads_require_success());
    let resume_data = downloads.pause(&origin.url("/")).unwrap();
    let task = downloads.session.download_from(&resume_data).unwrap();
    assert_eq!(downloads.run(&task), "did_complete 2 -1011");
    let again = task.error().unwrap().resume_data().expect("resume data in the error");
    assert_eq!(downloads.go_on(&again), WENT_ON.replace(" 2 ", " 3 "));
}

#[test]
fn e033_a_broken_download_carries_its_resume_data() {
    let file = ServedFile::new(b"abcdef", "\"v1\"");
    let origin = file.serve();
    let downloads = Downloads::default();
    let mut resume_data: Option<Vec<u8>> = None;
    // Every attempt brings one byte more.
    for number in 1..6 {
        file.end(End::Cut(1));
        let task = match &resume_data {
            None => downloads.session.download(&origin.url("/")),
            Some(resume_data) => downloads.session.download_from(resume_data).unwrap(),
        };
        let told = downloads.run(&task);
        assert!(told.ends_with(&format!("did_write_data {number} {number} 6\ndid_complete {number} -1005")), "{told}");
        resume_data = task.error().unwrap().resume_data();
    }
    let expected = WENT_ON.replace(" 2 ", " 6 ").replace("6 3 6", "6 5 6");
    assert_eq!(downloads.go_on(&resume_data.unwrap()), expected);
    assert_eq!(downloads.recorder.downloaded(6), b"abcdef");
}

#[test]
fn e033_a_task_that_fails_before_any_answer_is_no_further_and_no_less_far() {
    let origin = Origin::in_turn(&[HALF]);
    let downloads = Downloads::default();
    let resume_data = downloads.pause(&origin.url("/")).unwrap();
    let task = downloads.session.download_from(&resume_data).unwrap();
    assert_eq!(downloads.run(&task), "did_complete 2 -1005");
    assert_eq!(task.error().unwrap().resume_data(), Some(resume_data));
}

#[cfg(unix)]
#[test]
fn e033_nor_is_one_that_reaches_nobody() {
    let origin = Origin::in_turn(&[HALF]);
    let (address, calls) = (origin.address(), AtomicUsize::new(0));
    let phone = Phone::new(move |_, _| (calls.fetch_add(1, Ordering::Relaxed) == 0).then_some(address));
    let downloads = Downloads::with(phone.give_to(Configuration::default()));
    let resume_data = downloads.pause(&origin.url("/")).unwrap();
    let task = downloads.session.download_from(&resume_data).unwrap();
    assert_eq!(downloads.run(&task), "did_complete 2 -1004");
    assert_eq!(task.error().unwrap().resume_data(), Some(resume_data));
}

#[test]
fn e033_a_head_that_never_ends_is_no_further_and_no_less_far() {
    let origin = Origin::in_turn(&[HALF, "HTTP/1.1 206 Partial"]);
    let downloads = Downloads::with(Configuration::default().request_timeout(0.5));
    let resume_data = downloads.pause(&origin.url("/")).unwrap();
    let task = downloads.session.download_from(&resume_data).unwrap();
    assert_eq!(downloads.run(&task), "did_complete 2 -1001 request");
    assert_eq!(task.error().unwrap().resume_data(), Some(resume_data));
}

#[test]
fn a066_what_was_redirected_goes_on_too() {
    let origin = Origin::http(|connection: &mut Connection| {
        while let Some(request) = connection.read_request() {
            let answer = match (request.target(), request.value("range")) {
                ("/", _) => "HTTP/1.1 302 Found\r\nLocation: /file\r\nContent-Length: 0\r\n\r\n",
                (_, None) => HALF,
                (_, Some(_)) => REST,
            };
            connection.send(answer.as_bytes());
        }
    });
    let downloads = Downloads::default();
    let resume_data = downloads.pause(&origin.url("/")).unwrap();
    assert_eq!(downloads.go_on(&resume_data), WENT_ON);
}

#[test]
fn a036_a_download_with_a_completion_handler_goes_on() {
    let origin = Origin::in_turn(&[HALF, REST]);
    let downloads = Downloads::default();
    let resume_data = downloads.pause(&origin.url("/")).unwrap();
    let task = downloads.recorder.resumed_handler_task(&downloads.session, "a", &resume_data);
    task.resume();
    downloads.recorder.wait_for("handler a 206 \"abcdef\"");
    assert_eq!(downloads.recorder.transcript_of(2), "did_resume_at_offset 2 3 6");
}

#[test]
fn a036_a_download_with_a_completion_handler_goes_on_with_a_request_of_ones_own() {
    let origin = Origin::in_turn(&[HALF, REST]);
    let downloads = Downloads::default();
    let (resume_data, session) = (downloads.pause(&origin.url("/file?old")).unwrap(), &downloads.session);
    let request = handle::Request::new(&origin.url("/file?new")).header("Authorization", "secret");
    downloads.recorder.resumed_handler_task_with(session, "a", &resume_data, &request).resume();
    downloads.recorder.wait_for("handler a 206 \"abcdef\"");
    // The session is told what the handler does not stand in for.
    assert_eq!(downloads.recorder.transcript_of(2), "did_resume_at_offset 2 3 6");
    let asked = &origin.requests()[1];
    assert_eq!((asked.target(), asked.value("authorization")), ("/file?new", Some("secret")));
    assert_eq!((asked.value("range"), asked.value("if-range")), (Some("bytes=3-"), Some("\"v1\"")));
}

#[test]
fn a066_it_goes_on_over_https_too() {
    let file = ServedFile::new(b"abcdef", "\"v1\"");
    let origin = Origin::https(file.script());
    let downloads = Downloads::with(Configuration::trusting(origin.certificate()));
    file.end(End::Hold(3));
    let resume_data = downloads.pause(&origin.url("/")).expect("resume data");
    assert_eq!(downloads.go_on(&resume_data), WENT_ON);
}
