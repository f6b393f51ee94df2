//! The origin cuts the connection wherever it can.

use std::collections::HashSet;
use std::iter;
use std::ops::Range;
use std::sync::{Arc, Mutex};

use crate::support::downloads::Downloads;
use crate::support::handle::Configuration;
use crate::support::origin::{Connection, Origin};
use crate::support::recorder::Recorder;
use crate::support::served_file::{End, ServedFile};
use crate::support::standard;

/// An answer that is cut, and what is behind it.
struct Answer {
    bytes: Vec<u8>,
    content: Vec<u8>,
    /// Where in the answer the content's bytes begin and end.
    pieces: Vec<(usize, usize)>,
}

impl Answer {
    fn with_length(content: Vec<u8>) -> Self {
        let head = format!("HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nContent-Length: {}\r\n\r\n", content.len());
        let pieces = vec![(head.len(), head.len() + content.len())];
        Self { bytes: [head.as_bytes(), &content].concat(), content, pieces }
    }

    fn chunked(content: Vec<u8>, chunk: usize) -> Self {
        let mut bytes = b"HTTP/1.1 200 OK\r\nETag: \"v1\"\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
        let mut pieces = Vec::new();
        for chunk in content.chunks(chunk) {
            bytes.extend_from_slice(format!("{:x}\r\n", chunk.len()).as_bytes());
            pieces.push((bytes.len(), bytes.len() + chunk.len()));
            bytes.extend_from_slice(chunk);
            bytes.extend_from_slice(b"\r\n");
        }
        bytes.extend_from_slice(b"0\r\n\r\n");
        Self { bytes, content, pieces }
    }

    /// How much of the content is in the first bytes of the answer.
    fn content_before(&self, place: usize) -> usize {
        self.pieces.iter().map(|(start, end)| place.clamp(*start, *end) - start).sum()
    }

    /// Cuts the first answer to `/PLACE` there; all later ones are whole, and serve ranges.
    fn serve(self: &Arc<Self>) -> Origin {
        let (answer, cut) = (self.clone(), Mutex::new(HashSet::new()));
        Origin::http(move |connection: &mut Connection| {
            while let Some(request) = connection.read_request() {
                let place = request.target().trim_start_matches('/').parse().unwrap();
                if cut.lock().unwrap().insert(place) {
                    connection.send(&answer.bytes[..place]);
                    connection.close();
                    return;
                }
                let range = request.value("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
                connection.send(&answer.whole(range.map(|first| first.parse().unwrap())));
            }
        })
    }

    fn whole(&self, first: Option<usize>) -> Vec<u8> {
        let length = self.content.len();
        match first {
            None => self.bytes.clone(),
            Some(first) if first < length => {
                let (rest, last) = (length - first, length - 1);
                let head = format!(
                    "HTTP/1.1 206 Partial Content\r\nETag: \"v1\"\r\n\
                     Content-Range: bytes {first}-{last}/{length}\r\nContent-Length: {rest}\r\n\r\n"
                );
                [head.as_bytes(), &self.content[first..]].concat()
            }
            Some(_) => b"HTTP/1.1 416 Range Not Satisfiable\r\nContent-Length: 0\r\n\r\n".to_vec(),
        }
    }

    /// Downloads are cut there, and those that can go on do.
    fn cut_downloads(self: Arc<Self>, places: impl IntoIterator<Item = usize>) {
        let (origin, downloads) = (self.serve(), Downloads::default());
        for place in places {
            let task = downloads.session.download(&origin.url(&format!("/{place}")));
            let told = downloads.run(&task);
            if place == self.bytes.len() {
                assert!(told.ends_with(" ok"), "not cut at all:\n{told}");
                assert!(downloads.recorder.downloaded(task.identifier()) == self.content);
                continue;
            }
            assert!(told.ends_with(" -1005"), "cut at {place}:\n{told}");
            let (resume_data, offset) = (task.error().unwrap().resume_data(), self.content_before(place));
            assert_eq!(resume_data.is_some(), offset > 0, "cut at {place}");
            if let Some(resume_data) = resume_data {
                let again = downloads.session.download_from(&resume_data).unwrap();
                let (number, told) = (again.identifier(), downloads.run(&again));
                let resumed = format!("did_resume_at_offset {number} {offset} {}\n", self.content.len());
                assert_eq!(told.starts_with(&resumed), offset < self.content.len(), "cut at {place}:\n{told}");
                assert!(told.ends_with(" ok"), "cut at {place}:\n{told}");
                assert!(downloads.recorder.downloaded(number) == self.content, "cut at {place}: other bytes");
            }
        }
        assert!(downloads.directory.files().is_empty());
    }

    /// Data tasks are cut there.
    fn cut_data_tasks(self: Arc<Self>, places: impl IntoIterator<Item = usize>) {
        let (origin, recorder) = (self.serve(), Recorder::default());
        let session = recorder.session(&Configuration::default());
        for place in places {
            let task = session.start(&origin.url(&format!("/{place}")));
            let number = task.identifier();
            let outcome = if place == self.bytes.len() { "ok" } else { "-1005" };
            let told = recorder.wait_for_beginning(&format!("did_complete {number} "));
            assert_eq!(told, format!("did_complete {number} {outcome}"), "cut at {place}");
            let content = &self.content[..self.content_before(place)];
            assert!(recorder.body(number) == content, "cut at {place}: other bytes");
            assert!(task.error().is_none_or(|error| error.resume_data().is_none()));
        }
    }

    fn every_place(&self) -> Range<usize> {
        0..self.bytes.len() + 1
    }

    fn some_places(&self) -> Vec<usize> {
        let mut seen = HashSet::new();
        random(self.bytes.len()).filter(|place| seen.insert(*place)).take(200).collect()
    }
}

/// Numbers below `end` that look random and are the same in every run.
fn random(end: usize) -> impl Iterator<Item = usize> {
    let next = |random: &u64| Some(random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1));
    iter::successors(Some(42), next).map(move |random| (random >> 32) as usize % end)
}

fn small() -> [Arc<Answer>; 2] {
    let content = b"abcdefghijklmnopqrst".to_vec();
    [Answer::with_length(content.clone()), Answer::chunked(content, 7)].map(Arc::new)
}

fn large() -> [Arc<Answer>; 2] {
    let content = standard::pattern(0, 256 << 10);
    [Answer::with_length(content.clone()), Answer::chunked(content, 50_000)].map(Arc::new)
}

#[test]
fn r046_a_small_download_cut_anywhere() {
    for answer in small() {
        let places = answer.every_place();
        answer.cut_downloads(places);
    }
}

#[test]
fn r046_a_small_data_task_cut_anywhere() {
    for answer in small() {
        let places = answer.every_place();
        answer.cut_data_tasks(places);
    }
}

#[test]
fn r046_a_large_download_cut_somewhere() {
    for answer in large() {
        let places = answer.some_places();
        answer.cut_downloads(places);
    }
}

#[test]
fn r046_a_large_data_task_cut_somewhere() {
    for answer in large() {
        let places = answer.some_places();
        answer.cut_data_tasks(places);
    }
}

#[test]
fn e033_a_download_cut_again_and_again_comes_whole() {
    let content = standard::pattern(0, 256 << 10);
    let file = ServedFile::new(&content, "\"v1\"");
    let (origin, downloads) = (file.serve(), Downloads::default());
    let mut resume_data: Option<Vec<u8>> = None;
    let mut left = content.len();
    // Every answer is cut, until one is cut where it is whole.
    for bytes in random(20_000) {
        file.end(End::Cut(bytes.min(left)));
        let task = match &resume_data {
            None => downloads.session.download(&origin.url("/")),
            Some(resume_data) => downloads.session.download_from(resume_data).unwrap(),
        };
        let told = downloads.run(&task);
        if told.ends_with(" ok") {
            assert!(bytes >= left, "{told}");
            assert!(downloads.recorder.downloaded(task.identifier()) == content, "other bytes");
            break;
        }
        assert!(told.ends_with(" -1005"), "{told}");
        resume_data = task.error().unwrap().resume_data();
        left -= bytes;
    }
    assert!(downloads.directory.files().is_empty());
}
