//! Undoing gzip, deflate, br and zstd (RFC 9110, 8.4), a bounded piece at a time.

use brotli_decompressor::{BrotliDecompressStream, BrotliResult, BrotliState, StandardAlloc};
use bytes::Bytes;
use flate2::{Decompress, FlushDecompress, Status};
use zstd::stream::raw::{DParameter, Decoder as ZstdDecoder, InBuffer, Operation, OutBuffer};

use crate::error::{Code, Error};

/// What a request accepts.
pub(crate) const ACCEPTED: &str = "gzip, deflate, br, zstd\0";
/// More codings on top of each other than this is an attack.
const MOST_CODINGS: usize = 5;
const LARGEST_PIECE: usize = 64 << 10;
/// Below this a body may swell as it likes.
const RATIO_COUNTS_FROM: u64 = 10 << 20;
/// What another member or frame counts as.
const BEGINNING: usize = 1 << 10;
/// 8 MiB, which RFC 9659 asks servers to stay within.
const ZSTD_WINDOW_LOG: u32 = 23;

type Brotli = BrotliState<StandardAlloc, StandardAlloc, StandardAlloc>;

enum Coding {
    Gzip(Decompress),
    /// By its first byte: some servers send the bare form, although the name means the one in zlib's wrapping.
    Deflate(Option<Decompress>),
    Brotli(Box<Brotli>),
    Zstd(ZstdDecoder<'static>),
}

/// One coding, and what it still has to read.
struct Stage {
    coding: Coding,
    input: Bytes,
    /// The last piece filled its buffer: there may be more inside, with nothing left to read.
    full: bool,
    state: Progress,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Progress {
    Untouched,
    Inside,
    Ended,
}

pub(crate) struct ContentDecoder {
    /// In the order they are undone.
    stages: Vec<Stage>,
    swelling: Swelling,
}

/// How much became of how little, over all stages: a bomb may be hidden in one of them.
struct Swelling {
    received: u64,
    made: u64,
    most: u64,
}

impl ContentDecoder {
    /// For the Content-Encoding fields of a response; none where the body is as it is.
    /// One byte may become `ratio`; 0 means any number.
    pub(crate) fn for_fields<'a>(fields: impl Iterator<Item = &'a [u8]>, ratio: u32) -> Result<Option<Self>, Error> {
        let mut stages = Vec::new();
        for field in fields {
            for name in field.split(|&byte| byte == b',') {
                let Some(coding) = Coding::named(name.trim_ascii())? else { continue };
                stages.push(Stage { coding, input: Bytes::new(), full: false, state: Progress::Untouched });
            }
        }
        if stages.len() > MOST_CODINGS {
            return Err(broken("more content codings on top of each other than anybody needs"));
        }
        stages.reverse();
        let most = if ratio == 0 { u64::MAX } else { ratio.into() };
        let swelling = Swelling { received: 0, made: 0, most };
        Ok((!stages.is_empty()).then_some(Self { stages, swelling }))
    }

    pub(crate) fn push(&mut self, input: Bytes) {
        self.swelling.received += input.len() as u64;
        self.stages[0].input = input;
    }

    /// The next decoded piece; none where more input is needed.
    pub(crate) fn next(&mut self) -> Result<Option<Bytes>, Error> {
        pull(&mut self.stages, &mut self.swelling)
    }

    /// The input is over: were the codings, too? A body without a byte counts as nothing at all.
    pub(crate) fn finish(&self) -> Result<(), Error> {
        match self.stages.iter().any(|stage| stage.state == Progress::Inside) {
            true => Err(broken("the compressed body ends too early")),
            false => Ok(()),
        }
    }
}

impl Swelling {
    fn made(&mut self, bytes: usize) -> Result<(), Error> {
        self.made += bytes as u64;
        if self.made > RATIO_COUNTS_FROM && self.made / self.received.max(1) > self.most {
            let message = "the body swells too much when it is decompressed: it looks like a decompression bomb";
            return Err(Error::new(Code::DATA_LENGTH_EXCEEDS_MAXIMUM, message));
        }
        Ok(())
    }
}

fn pull(stages: &mut [Stage], swelling: &mut Swelling) -> Result<Option<Bytes>, Error> {
    let Some((last, before)) = stages.split_last_mut() else { return Ok(None) };
    loop {
        if last.input.is_empty() && !last.full {
            match pull(before, swelling)? {
                Some(input) => last.input = input,
                None => return Ok(None),
            }
        }
        // To begin again costs memory and time even if nothing comes of it.
        let beginning = if last.state == Progress::Ended { BEGINNING } else { 0 };
        let piece = last.step()?;
        swelling.made(beginning + piece.len())?;
        if !piece.is_empty() {
            return Ok(Some(piece));
        }
    }
}

impl Stage {
    fn step(&mut self) -> Result<Bytes, Error> {
        let capacity = (self.input.len() * 4).clamp(1 << 10, LARGEST_PIECE);
        let mut output = Vec::with_capacity(capacity);
        let before = self.input.len();
        self.state = self.coding.step(&mut self.input, &mut output, self.state)?;
        self.full = output.len() == output.capacity();
        if output.is_empty() && self.input.len() == before && before > 0 {
            return Err(broken("the compressed body makes no sense"));
        }
        Ok(Bytes::from(output))
    }
}

impl Coding {
    /// `None` for identity.
    fn named(name: &[u8]) -> Result<Option<Self>, Error> {
        let name = name.to_ascii_lowercase();
        Ok(Some(match name.as_slice() {
            b"" | b"identity" => return Ok(None),
            b"gzip" | b"x-gzip" => Self::Gzip(Decompress::new_gzip(15)),
            b"deflate" => Self::Deflate(None),
            b"br" => Self::Brotli(Box::new(BrotliState::new(
                StandardAlloc::default(),
                StandardAlloc::default(),
                StandardAlloc::default(),
            ))),
            b"zstd" => {
                let mut decoder = ZstdDecoder::new().map_err(|cause| broken(&cause.to_string()))?;
                let window = DParameter::WindowLogMax(ZSTD_WINDOW_LOG);
                decoder.set_parameter(window).map_err(|cause| broken(&cause.to_string()))?;
                Self::Zstd(decoder)
            }
            _ => {
                let message = "the server used a content coding that was not asked for: only gzip, deflate, br and \
                               zstd can be decoded";
                return Err(Error::new(Code::CANNOT_DECODE_CONTENT_DATA, message));
            }
        }))
    }

    /// Reads some of `input` into the spare capacity of `output`.
    fn step(&mut self, input: &mut Bytes, output: &mut Vec<u8>, state: Progress) -> Result<Progress, Error> {
        match self {
            Self::Gzip(gzip) => match state {
                // What follows the last member and is no member is padding.
                Progress::Ended if input.first() != Some(&0x1f) => {
                    input.clear();
                    Ok(Progress::Ended)
                }
                Progress::Ended => {
                    *gzip = Decompress::new_gzip(15);
                    inflate(gzip, input, output)
                }
                _ => inflate(gzip, input, output),
            },
            Self::Deflate(_) if state == Progress::Ended => {
                input.clear();
                Ok(Progress::Ended)
            }
            Self::Deflate(deflate) => {
                let wrapped = |first: &u8| first & 0x0f == 8 && first >> 4 <= 7;
                let is_wrapped = input.first().is_none_or(wrapped);
                inflate(deflate.get_or_insert_with(|| Decompress::new(is_wrapped)), input, output)
            }
            Self::Brotli(_) if state == Progress::Ended => {
                input.clear();
                Ok(Progress::Ended)
            }
            Self::Brotli(brotli) => unbrotli(brotli, input, output),
            Self::Zstd(zstd) => unzstd(zstd, input, output, state),
        }
    }
}

fn inflate(inflate: &mut Decompress, input: &mut Bytes, output: &mut Vec<u8>) -> Result<Progress, Error> {
    let before = inflate.total_in();
    let status = inflate.decompress_vec(input, output, FlushDecompress::None);
    let read = inflate.total_in() - before;
    let _ = input.split_to(usize::try_from(read).unwrap_or(usize::MAX).min(input.len()));
    match status {
        Ok(Status::StreamEnd) => Ok(Progress::Ended),
        Ok(Status::Ok | Status::BufError) => Ok(Progress::Inside),
        Err(cause) => Err(broken(&cause.to_string())),
    }
}

fn unbrotli(brotli: &mut Brotli, input: &mut Bytes, output: &mut Vec<u8>) -> Result<Progress, Error> {
    let (mut left, mut read, mut written, mut total) = (input.len(), 0, 0, 0);
    output.resize(output.capacity(), 0);
    let mut room = output.len();
    let result =
        BrotliDecompressStream(&mut left, &mut read, input, &mut room, &mut written, output, &mut total, brotli);
    let _ = input.split_to(read);
    output.truncate(written);
    match result {
        BrotliResult::ResultSuccess => Ok(Progress::Ended),
        BrotliResult::NeedsMoreInput | BrotliResult::NeedsMoreOutput => Ok(Progress::Inside),
        BrotliResult::ResultFailure => Err(broken("the brotli body is corrupt")),
    }
}

fn unzstd(
    zstd: &mut ZstdDecoder<'static>,
    input: &mut Bytes,
    output: &mut Vec<u8>,
    state: Progress,
) -> Result<Progress, Error> {
    // Between frames, asking with nothing to read would begin one.
    if state == Progress::Ended && input.is_empty() {
        return Ok(state);
    }
    let mut from = InBuffer::around(input);
    let mut into = OutBuffer::around(output);
    let hint = zstd.run(&mut from, &mut into).map_err(|cause| broken(&cause.to_string()))?;
    let read = from.pos();
    let _ = input.split_to(read);
    Ok(if hint == 0 { Progress::Ended } else { Progress::Inside })
}

fn broken(why: &str) -> Error {
    let message = format!("the body cannot be decoded ({why}): the server's content coding is broken");
    Error::new(Code::CANNOT_DECODE_CONTENT_DATA, message)
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;

    fn decode(codings: &str, body: &[u8], step: usize) -> Result<Vec<u8>, Error> {
        let mut decoder = ContentDecoder::for_fields([codings.as_bytes()].into_iter(), 250)?.unwrap();
        let mut decoded = Vec::new();
        for chunk in body.chunks(step) {
            decoder.push(Bytes::copy_from_slice(chunk));
            while let Some(piece) = decoder.next()? {
                assert!(piece.len() <= LARGEST_PIECE);
                decoded.extend_from_slice(&piece);
            }
        }
        decoder.finish()?;
        Ok(decoded)
    }

    fn gzip(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn zlib(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    fn bare(body: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::best());
        encoder.write_all(body).unwrap();
        encoder.finish().unwrap()
    }

    /// "hello, brotli\n" by the reference encoder.
    const BROTLI: &[u8] = &[139, 6, 128, 104, 101, 108, 108, 111, 44, 32, 98, 114, 111, 116, 108, 105, 10, 3];

    fn plain() -> Vec<u8> {
        (0..40_000u32).flat_map(|number| (number / 7).to_le_bytes()).collect()
    }

    #[test]
    fn every_coding_in_every_step() {
        let plain = plain();
        let zstd = zstd::encode_all(plain.as_slice(), 3).unwrap();
        let bodies = [("gzip", gzip(&plain)), ("deflate", zlib(&plain)), ("Deflate", bare(&plain)), ("zstd", zstd)];
        for (coding, body) in bodies {
            for step in [1, 7, 4096, usize::MAX / 2] {
                assert!(decode(coding, &body, step).unwrap() == plain, "{coding} by {step}");
            }
        }
        for step in [1, 5, 100] {
            assert_eq!(decode("br", BROTLI, step).unwrap(), b"hello, brotli\n");
        }
    }

    #[test]
    fn codings_on_top_of_each_other_and_members_behind_each_other() {
        let twice = gzip(&zlib(b"twice"));
        assert_eq!(decode("deflate, identity, gzip", &twice, 3).unwrap(), b"twice");
        let members = [gzip(b"one, "), gzip(b"two"), vec![0; 9]].concat();
        assert_eq!(decode("gzip", &members, 1).unwrap(), b"one, two");
        assert_eq!(decode("gzip", &members, 1000).unwrap(), b"one, two");
        let frames = [zstd::encode_all(&b"one, "[..], 1).unwrap(), zstd::encode_all(&b"two"[..], 1).unwrap()].concat();
        assert_eq!(decode("zstd", &frames, 2).unwrap(), b"one, two");
    }

    #[test]
    fn an_empty_body_is_an_empty_body() {
        for coding in ["gzip", "deflate", "br", "zstd"] {
            assert_eq!(decode(coding, b"", 1).unwrap(), b"");
        }
    }

    #[test]
    fn a_bomb_is_seen_in_whatever_stage_it_goes_off() {
        let empty_members = gzip(b"").repeat(1 << 20);
        let hidden = gzip(&gzip(&empty_members));
        assert!(hidden.len() < 10_000);
        let error = decode("gzip, gzip, gzip", &hidden, 1 << 20).unwrap_err();
        assert_eq!(error.code(), Code::DATA_LENGTH_EXCEEDS_MAXIMUM);
    }

    #[test]
    fn truncated_corrupt_and_unknown_are_errors() {
        let plain = plain();
        for (coding, body) in [("gzip", gzip(&plain)), ("deflate", zlib(&plain)), ("br", BROTLI.to_vec())] {
            assert!(decode(coding, &body[..body.len() - 1], 4096).is_err(), "{coding} cut");
            assert!(decode(coding, b"no such thing as a body", 4096).is_err(), "{coding} corrupt");
        }
        assert!(decode("zstd", b"no such thing as a body", 4096).is_err());
        assert!(ContentDecoder::for_fields([b"compress".as_slice()].into_iter(), 250).is_err());
        assert!(ContentDecoder::for_fields([b"gzip,gzip,gzip,gzip,gzip,gzip".as_slice()].into_iter(), 250).is_err());
    }
}
