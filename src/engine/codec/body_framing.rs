//! How the body of a request is framed: its length, or chunks. Bounded, and read on from where the
//! bytes before ended.

/// Longest body, its chunk framing included but for 64 KiB of extensions and trailers.
pub const MAX_BODY_BYTES: usize = 64 << 20;
/// All chunk extensions and trailers of a request; all it takes beyond the largest body.
const MAX_EXTRA_BYTES: usize = 64 << 10;
/// A chunk's size line with its extensions, or one trailer field.
const MAX_CHUNK_LINE_BYTES: usize = 4 << 10;
/// Digits that a chunk's size needs at most.
const MOST_SIZE_DIGITS: usize = 16;

/// Not a request.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct MalformedRequest;

/// A length in decimal digits.
pub(super) fn decimal(text: &[u8]) -> Result<usize, MalformedRequest> {
    digits(text, 10)
}

fn digits(text: &[u8], radix: u32) -> Result<usize, MalformedRequest> {
    if text.is_empty() {
        return Err(MalformedRequest);
    }
    text.iter().try_fold(0_usize, |value, &byte| {
        let digit = char::from(byte).to_digit(radix).ok_or(MalformedRequest)?;
        let value = value * radix as usize + digit as usize;
        (value <= MAX_BODY_BYTES)
            .then_some(value)
            .ok_or(MalformedRequest)
    })
}

struct Chunk<'a> {
    /// Empty in the last chunk.
    data: &'a [u8],
    /// Where the next chunk, or the trailer, starts.
    end: usize,
    /// Bytes of its size line beyond the size: extensions, blanks, needless zeros.
    extra: usize,
}

/// The chunk at `at`; `None` when it has not arrived in full.
fn next_chunk(framed: &[u8], at: usize) -> Result<Option<Chunk<'_>>, MalformedRequest> {
    let Some(line_end) = line_end(framed, at)? else {
        return Ok(None);
    };
    let line = &framed[at..line_end - 2];
    let size = line.split(|&byte| byte == b';').next().unwrap_or(line);
    let size = digits(size.trim_ascii_end(), 16)?;
    let extra = line.len().saturating_sub(MOST_SIZE_DIGITS);
    if size == 0 {
        return Ok(Some(Chunk {
            data: &[],
            end: line_end,
            extra,
        }));
    }
    let data_end = line_end + size;
    if data_end > MAX_BODY_BYTES + MAX_EXTRA_BYTES {
        return Err(MalformedRequest);
    }
    let after = framed.get(data_end..).unwrap_or_default();
    match after {
        [b'\r', b'\n', ..] => Ok(Some(Chunk {
            data: &framed[line_end..data_end],
            end: data_end + 2,
            extra,
        })),
        [] | [b'\r'] => Ok(None),
        _ => Err(MalformedRequest),
    }
}

/// The pieces of a body whose framing is known to be sound, without it.
pub(super) struct Chunks<'a> {
    framed: &'a [u8],
    at: usize,
}

impl<'a> Chunks<'a> {
    pub(super) fn of(framed: &'a [u8]) -> Self {
        Self { framed, at: 0 }
    }
}

impl<'a> Iterator for Chunks<'a> {
    type Item = &'a [u8];

    fn next(&mut self) -> Option<&'a [u8]> {
        let chunk = next_chunk(self.framed, self.at).ok().flatten()?;
        self.at = chunk.end;
        (!chunk.data.is_empty()).then_some(chunk.data)
    }
}

/// A chunked body that comes in pieces: what is known of its beginning.
#[derive(Debug, Default)]
pub(super) struct ChunksSoFar {
    /// Bytes that are known to be sound: whole chunks, and whole lines of the trailer.
    at: usize,
    /// Those of them that are extensions, needless zeros and trailers.
    extra: usize,
    is_in_trailer: bool,
}

impl ChunksSoFar {
    /// Bytes of the whole body with its trailer at the start of `framed`, which begins as it did before;
    /// `None` when some are missing.
    pub(super) fn end(&mut self, framed: &[u8]) -> Result<Option<usize>, MalformedRequest> {
        while !self.is_in_trailer {
            let Some(chunk) = next_chunk(framed, self.at)? else {
                return Ok(None);
            };
            self.is_in_trailer = chunk.data.is_empty();
            self.take(chunk.end, chunk.extra)?;
        }
        loop {
            let Some(line_end) = line_end(framed, self.at)? else {
                return Ok(None);
            };
            let line_bytes = line_end - self.at;
            self.take(line_end, line_bytes)?;
            if line_bytes == b"\r\n".len() {
                return Ok(Some(line_end));
            }
        }
    }

    fn take(&mut self, end: usize, extra: usize) -> Result<(), MalformedRequest> {
        self.at = end;
        self.extra += extra;
        match self.extra > MAX_EXTRA_BYTES || self.at - self.extra > MAX_BODY_BYTES {
            true => Err(MalformedRequest),
            false => Ok(()),
        }
    }
}

/// Where the line at `at` ends, its CRLF included.
fn line_end(bytes: &[u8], at: usize) -> Result<Option<usize>, MalformedRequest> {
    let rest = bytes.get(at..).unwrap_or_default();
    let window = &rest[..rest.len().min(MAX_CHUNK_LINE_BYTES)];
    match memchr::memchr(b'\n', window) {
        Some(feed) if feed > 0 && rest[feed - 1] == b'\r' => Ok(Some(at + feed + 1)),
        Some(_) => Err(MalformedRequest),
        None if rest.len() >= MAX_CHUNK_LINE_BYTES => Err(MalformedRequest),
        None => Ok(None),
    }
}
