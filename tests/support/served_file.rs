//! A file that an origin serves in ranges, and that changes when the test says so.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use super::gate::Gate;
use super::origin::{Connection, Origin, Request};

#[derive(Clone)]
pub struct ServedFile(Arc<Mutex<State>>);

struct State {
    content: Vec<u8>,
    etag: String,
    /// What becomes of the next answers; those after them are whole.
    ends: VecDeque<End>,
}

/// Where an answer ends early.
#[derive(Clone)]
pub enum End {
    /// The connection closes after so many bytes of the body.
    Cut(usize),
    /// It closes after so many bytes, when the gate opens.
    CutLater(usize, Gate),
    /// Nothing comes after so many bytes.
    Hold(usize),
}

impl ServedFile {
    pub fn new(content: &[u8], etag: &str) -> Self {
        let state = State { content: content.to_vec(), etag: etag.to_owned(), ends: VecDeque::new() };
        Self(Arc::new(Mutex::new(state)))
    }

    /// Another version from now on.
    pub fn change(&self, content: &[u8], etag: &str) {
        let mut state = self.0.lock().unwrap();
        state.content = content.to_vec();
        state.etag = etag.to_owned();
    }

    /// The next answer that has not got its end yet ends so.
    pub fn end(&self, end: End) {
        self.0.lock().unwrap().ends.push_back(end);
    }

    pub fn serve(&self) -> Origin {
        Origin::http(self.script())
    }

    pub fn script(&self) -> impl Fn(&mut Connection) + Send + Sync + 'static {
        let file = self.clone();
        move |connection| {
            while let Some(request) = connection.read_request() {
                if !file.answer(connection, &request) {
                    return;
                }
            }
        }
    }

    /// Answers one request; false where that ends the connection.
    pub fn answer(&self, connection: &mut Connection, request: &Request) -> bool {
        let (answer, body, end) = {
            let mut state = self.0.lock().unwrap();
            let end = state.ends.pop_front();
            let (head, body) = state.answer_to(request);
            ([head.as_bytes(), body].concat(), body.len(), end)
        };
        let until = |bytes: usize| &answer[..answer.len() - body + bytes];
        match end {
            None => connection.send(&answer),
            Some(End::Cut(bytes)) => {
                connection.send(until(bytes));
                connection.close();
                false
            }
            Some(End::CutLater(bytes, gate)) => {
                connection.send(until(bytes));
                gate.pass();
                connection.close();
                false
            }
            Some(End::Hold(bytes)) => {
                connection.send(until(bytes));
                connection.wait_for_leave();
                false
            }
        }
    }
}

impl State {
    /// The head and the body of a whole answer.
    fn answer_to(&self, request: &Request) -> (String, &[u8]) {
        let Self { content, etag, .. } = self;
        let range = request.value("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-'));
        let is_same = request.value("if-range").is_none_or(|validator| validator == etag);
        let first = range.filter(|_| is_same).map(|first| first.parse::<usize>().expect("the first byte of a range"));
        let (all, last) = (content.len(), content.len().saturating_sub(1));
        let (status, body) = match first {
            None => ("200 OK".to_owned(), &content[..]),
            Some(first) if first < all => {
                (format!("206 Partial Content\r\nContent-Range: bytes {first}-{last}/{all}"), &content[first..])
            }
            Some(_) => (format!("416 Range Not Satisfiable\r\nContent-Range: bytes */{all}"), &[][..]),
        };
        (format!("HTTP/1.1 {status}\r\nETag: {etag}\r\nContent-Length: {}\r\n\r\n", body.len()), body)
    }
}
