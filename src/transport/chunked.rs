//! The chunked transfer coding (RFC 9112, 7.1). Our own: ureq-proto's refuses chunk extensions of any length and
//! copies the data, which here stays where it was read.

use super::connection::Connection;
use crate::error::{Code, Error};

/// A chunk's size line, with extensions nobody reads.
const LONGEST_LINE: usize = 16 << 10;

pub(super) enum Step {
    /// So many bytes at the front are data.
    Data(usize),
    NeedMore,
    End,
}

enum State {
    Size,
    Data(u64),
    /// The line end behind a chunk's data.
    AfterData,
    Trailers,
    Ended,
}

pub(super) struct Chunked {
    state: State,
    trailers: usize,
    most_trailers: usize,
}

impl Chunked {
    pub(super) fn new(most_trailers: usize) -> Self {
        Self { state: State::Size, trailers: 0, most_trailers }
    }

    /// Uses up what frames the data; the caller takes the data itself.
    pub(super) fn step(&mut self, connection: &mut Connection) -> Result<Step, Error> {
        loop {
            let unused = connection.unused();
            match self.state {
                State::Size => {
                    let Some(line) = size_line(unused)? else { return Ok(Step::NeedMore) };
                    let size = size(&unused[..line])?;
                    self.state = if size == 0 { State::Trailers } else { State::Data(size) };
                    connection.skip(line + 1);
                }
                State::Data(_) if unused.is_empty() => return Ok(Step::NeedMore),
                State::Data(left) => {
                    let here = unused.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    self.state = match left - here as u64 {
                        0 => State::AfterData,
                        left => State::Data(left),
                    };
                    return Ok(Step::Data(here));
                }
                State::AfterData => {
                    let end = match unused {
                        [b'\n', ..] => 1,
                        [b'\r', b'\n', ..] => 2,
                        [] | [b'\r'] => return Ok(Step::NeedMore),
                        _ => return Err(broken("a chunk is longer than it says")),
                    };
                    connection.skip(end);
                    self.state = State::Size;
                }
                State::Trailers => {
                    let end = unused.iter().position(|&byte| byte == b'\n');
                    if self.trailers + end.unwrap_or(unused.len()) > self.most_trailers {
                        let message = "the trailers of the body are larger than this session allows";
                        return Err(Error::new(Code::CANNOT_PARSE_RESPONSE, message));
                    }
                    let Some(line) = end else { return Ok(Step::NeedMore) };
                    self.trailers += line + 1;
                    if trimmed(&unused[..line]).is_empty() {
                        self.state = State::Ended;
                    }
                    connection.skip(line + 1);
                }
                State::Ended => return Ok(Step::End),
            }
        }
    }
}

/// How long the line is, up to its LF.
fn size_line(unused: &[u8]) -> Result<Option<usize>, Error> {
    match unused.iter().take(LONGEST_LINE + 1).position(|&byte| byte == b'\n') {
        None if unused.len() > LONGEST_LINE => Err(broken("one of its lines is too long")),
        found => Ok(found),
    }
}

fn trimmed(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

fn size(line: &[u8]) -> Result<u64, Error> {
    let digits = line.split(|&byte| byte == b';').next().unwrap_or_default().trim_ascii();
    let is_size = !digits.is_empty() && digits.iter().all(u8::is_ascii_hexdigit);
    let text = std::str::from_utf8(digits).unwrap_or_default();
    let size = if is_size { u64::from_str_radix(text, 16).ok() } else { None };
    size.ok_or_else(|| broken("a chunk's size is no number"))
}

fn broken(why: &str) -> Error {
    let message = format!("the body's chunks make no sense ({why}): the server is at fault");
    Error::new(Code::CANNOT_DECODE_RAW_DATA, message)
}
