//! A body in parts (RFC 2046, 5.1.1), read in whatever pieces it comes.

use bytes::{Buf, Bytes, BytesMut};

use super::Invalid;

/// Behind a delimiter there may be so many blanks.
const MOST_PADDING: usize = 256;

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Place {
    /// Before the first delimiter.
    Preamble,
    Head,
    Body,
    /// Behind the last.
    Epilogue,
}

#[derive(PartialEq, Eq, Debug)]
pub(crate) enum PartEvent {
    /// Fields of a part, with the empty line that ends them.
    Head(Bytes),
    Data(Bytes),
}

pub(crate) struct MultipartReader {
    /// With the two dashes before it.
    delimiter: Vec<u8>,
    most_head: usize,
    place: Place,
    unread: BytesMut,
    is_at_line_start: bool,
}

/// What stands where a delimiter could begin.
enum Line {
    /// Of so many bytes, and whether it is the last.
    Delimiter {
        length: usize,
        is_last: bool,
    },
    /// It could still become one.
    Unfinished,
    Other,
}

impl MultipartReader {
    pub(crate) fn new(boundary: &str, most_head: usize) -> Self {
        Self {
            delimiter: [b"--", boundary.as_bytes()].concat(),
            most_head,
            place: Place::Preamble,
            unread: BytesMut::new(),
            is_at_line_start: true,
        }
    }

    pub(crate) fn push(&mut self, bytes: &[u8]) {
        self.unread.extend_from_slice(bytes);
    }

    pub(crate) fn next(&mut self) -> Result<Option<PartEvent>, Invalid> {
        loop {
            match self.place {
                Place::Epilogue => {
                    self.unread.clear();
                    return Ok(None);
                }
                Place::Head => match self.head()? {
                    Some(head) => {
                        self.place = Place::Body;
                        // A delimiter may follow at once: its line end is the empty line's.
                        self.is_at_line_start = true;
                        return Ok(Some(PartEvent::Head(head)));
                    }
                    None => return Ok(None),
                },
                Place::Preamble | Place::Body => {
                    let Some((content, line)) = self.scan() else { return Ok(None) };
                    let data = self.unread.split_to(content).freeze();
                    if let Some((length, is_last)) = line
                        && data.is_empty()
                    {
                        self.unread.advance(length);
                        self.place = if is_last { Place::Epilogue } else { Place::Head };
                    } else if self.place == Place::Body {
                        return Ok(Some(PartEvent::Data(data)));
                    }
                }
            }
        }
    }

    /// The body is over, and this was the last of it; an error in the middle of a head.
    pub(crate) fn finish(&mut self) -> Result<Bytes, Invalid> {
        match self.place {
            Place::Head => Err(Invalid),
            Place::Body => Ok(self.unread.split().freeze()),
            Place::Preamble | Place::Epilogue => Ok(Bytes::new()),
        }
    }

    fn head(&mut self) -> Result<Option<Bytes>, Invalid> {
        let mut at = 0;
        while let Some(end) = self.unread[at..].iter().position(|&byte| byte == b'\n') {
            let line = &self.unread[at..at + end];
            at += end + 1;
            let is_end = line.is_empty() || line == b"\r";
            if is_end && at <= self.most_head {
                return Ok(Some(self.unread.split_to(at).freeze()));
            }
        }
        if self.unread.len() > self.most_head { Err(Invalid) } else { Ok(None) }
    }

    /// How much is content for certain, and the delimiter behind it with the line end before; none where more bytes
    /// have to come first.
    fn scan(&mut self) -> Option<(usize, Option<(usize, bool)>)> {
        let mut line = if self.is_at_line_start { Some(0) } else { self.next_line(0) };
        while let Some(start) = line {
            let content = self.end_before(start);
            let found = match self.line(start) {
                Line::Delimiter { length, is_last } => Some(Some((start - content + length, is_last))),
                Line::Unfinished if content == 0 => return None,
                Line::Unfinished => Some(None),
                Line::Other => None,
            };
            if let Some(delimiter) = found {
                self.is_at_line_start &= content == 0;
                return Some((content, delimiter));
            }
            line = self.next_line(start);
        }
        let all = self.unread.len() - usize::from(self.unread.ends_with(b"\r"));
        self.is_at_line_start &= all == 0;
        (all > 0).then_some((all, None))
    }

    fn next_line(&self, from: usize) -> Option<usize> {
        self.unread[from..].iter().position(|&byte| byte == b'\n').map(|end| from + end + 1)
    }

    /// Where content ends if a delimiter begins here, for the line end before it is the delimiter's.
    fn end_before(&self, start: usize) -> usize {
        match &self.unread[..start] {
            [before @ .., b'\r', b'\n'] | [before @ .., b'\n'] => before.len(),
            before => before.len(),
        }
    }

    fn line(&self, start: usize) -> Line {
        let bytes = &self.unread[start..];
        let Some(rest) = bytes.strip_prefix(&self.delimiter[..]) else {
            return if self.delimiter.starts_with(bytes) { Line::Unfinished } else { Line::Other };
        };
        if rest.starts_with(b"--") {
            return Line::Delimiter { length: bytes.len(), is_last: true };
        }
        let padding = rest.iter().take_while(|&&byte| matches!(byte, b' ' | b'\t' | b'\r')).count();
        match rest.get(padding) {
            Some(b'\n') => Line::Delimiter { length: bytes.len() - rest.len() + padding + 1, is_last: false },
            None if padding <= MOST_PADDING => Line::Unfinished,
            Some(b'-') if rest.len() == 1 => Line::Unfinished,
            _ => Line::Other,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Heads in brackets, content as it is.
    fn read(body: &[u8], cut: usize) -> String {
        let mut reader = MultipartReader::new("x", 100);
        let mut shown = Vec::new();
        for piece in [&body[..cut], &body[cut..]] {
            reader.push(piece);
            while let Some(event) = reader.next().unwrap() {
                match event {
                    PartEvent::Head(head) => shown.extend([b"[", head.trim_ascii(), b"]"].concat()),
                    PartEvent::Data(data) => shown.extend_from_slice(&data),
                }
            }
        }
        shown.extend_from_slice(&reader.finish().unwrap());
        String::from_utf8(shown).unwrap()
    }

    fn reads_everywhere_cut(body: &str, expected: &str) {
        for cut in 0..=body.len() {
            assert_eq!(read(body.as_bytes(), cut), expected, "{body:?} cut at {cut}");
        }
    }

    #[test]
    fn a060_parts_whatever_the_reads() {
        reads_everywhere_cut("--x\r\nA: 1\r\n\r\none\r\n--x\r\nA: 2\r\n\r\ntwo\r\n--x--\r\n", "[A: 1]one[A: 2]two");
        reads_everywhere_cut("before\r\n--x \r\n\r\none\r\n--x--after", "[]one");
        reads_everywhere_cut("--x\nA: 1\n\none\n--x\n\n--x\n\n\n--x--", "[A: 1]one[][]");
    }

    #[test]
    fn a060_what_only_looks_like_a_boundary_is_content() {
        let body = "--x\r\n\r\n--y\r\n-\r\n--xy\r\n --x\r\r\n\r\n--x--";
        reads_everywhere_cut(body, "[]--y\r\n-\r\n--xy\r\n --x\r\r\n");
    }

    #[test]
    fn a060_a_stream_that_just_ends() {
        reads_everywhere_cut("--x\r\n\r\none\r\n--", "[]one\r\n--");
    }

    #[test]
    fn a_head_has_a_limit() {
        for end in ["", "\r\n\r\n"] {
            let mut reader = MultipartReader::new("x", 100);
            reader.push(format!("--x\r\n{}{end}", "a".repeat(101)).as_bytes());
            assert!(reader.next().is_err());
        }
    }
}
