//! Chunked bodies, freed of their framing in place (RFC 9112 §7.1).

use super::malformed::{MAX_HEAD_BYTES, Malformed, Misplaced};

/// Digits of the largest size; more of them are zeros before it.
const MOST_DIGITS: usize = 16;
/// What chunk framing may take in the buffer before the bytes after it are moved over it.
const MOST_GAP_BYTES: usize = 64 << 10;

/// Progress: decoded bytes end at `written`, undecoded ones start at `read`.
#[derive(Clone, Copy, Debug)]
pub struct Chunks {
    written: usize,
    read: usize,
    /// Bytes of chunk extensions, trailers and needless zeros so far.
    extra: usize,
    next: ChunkPart,
}

#[derive(Clone, Copy, Debug)]
enum ChunkPart {
    Size,
    /// So many bytes of the current chunk are still to come.
    Data(usize),
    DataEnd,
    Trailer,
}

/// Where a chunked body stands.
#[derive(Clone, Copy, Debug)]
pub struct Place {
    /// Bytes of the same reply that were taken out of the buffer.
    pub before: usize,
    /// Where the body begins in the buffer.
    pub start: usize,
    /// Most bytes that it may have, decoded.
    pub most_bytes: usize,
}

/// A line's length with its line end, and the size that it gives.
struct SizeLine {
    bytes: usize,
    size: usize,
}

impl Chunks {
    /// At the start of a body that begins at `start` in the buffer.
    pub fn at(start: usize) -> Self {
        Self {
            written: start,
            read: start,
            extra: 0,
            next: ChunkPart::Size,
        }
    }

    /// Where the decoded bytes end.
    pub fn written(&self) -> usize {
        self.written
    }

    /// Where the undecoded bytes start.
    pub fn read(&self) -> usize {
        self.read
    }

    /// Takes framing that was read out of `buffer` when there is much of it, so that small chunks
    /// take no more room than their data. Returns how many bytes that were.
    pub fn compact(&mut self, buffer: &mut Vec<u8>) -> usize {
        let gap = self.read - self.written;
        if gap < MOST_GAP_BYTES {
            return 0;
        }
        buffer.drain(self.written..self.read);
        self.read = self.written;
        gap
    }

    /// Decodes what has come of the body at `place`. Returns whether that was the last of it.
    ///
    /// # Errors
    /// When it is no chunked body, or too large a one.
    pub fn advance(&mut self, buffer: &mut [u8], place: Place) -> Result<bool, Malformed> {
        let Place {
            before,
            start,
            most_bytes,
        } = place;
        loop {
            let rest = &buffer[self.read..];
            match self.next {
                ChunkPart::Size => {
                    let Some(line) = self.read_size(rest, before)? else {
                        return Ok(false);
                    };
                    if line.size > most_bytes - (self.written - start) {
                        return Err(Malformed::BodyTooLarge);
                    }
                    self.read += line.bytes;
                    self.next = match line.size {
                        0 => ChunkPart::Trailer,
                        size => ChunkPart::Data(size),
                    };
                }
                ChunkPart::Data(left) => {
                    let here = left.min(rest.len());
                    buffer.copy_within(self.read..self.read + here, self.written);
                    self.read += here;
                    self.written += here;
                    if here < left {
                        self.next = ChunkPart::Data(left - here);
                        return Ok(false);
                    }
                    self.next = ChunkPart::DataEnd;
                }
                ChunkPart::DataEnd => {
                    self.read += match rest {
                        [b'\n', ..] => 1,
                        [b'\r', b'\n', ..] => 2,
                        [] | [b'\r'] => return Ok(false),
                        _ => return Err(self.misplaced(rest, 0, before)),
                    };
                    self.next = ChunkPart::Size;
                }
                ChunkPart::Trailer => {
                    let line = memchr::memchr(b'\n', rest).map(|feed| &rest[..=feed]);
                    if let Some(b"\n" | b"\r\n") = line {
                        self.read += line.map_or(0, <[u8]>::len);
                        return Ok(true);
                    }
                    self.limit(line.unwrap_or(rest).len())?;
                    let Some(line) = line else { return Ok(false) };
                    self.read += line.len();
                    self.extra += line.len();
                }
            }
        }
    }

    /// Hexadecimal, with extensions after it that mean nothing (§7.1.1). `None` while the line is
    /// not complete.
    fn read_size(&mut self, rest: &[u8], before: usize) -> Result<Option<SizeLine>, Malformed> {
        let mut size = 0_usize;
        let mut place = 0;
        while let Some(digit) = rest.get(place).and_then(|&byte| hexadecimal(byte)) {
            size = size.saturating_mul(16).saturating_add(digit);
            place += 1;
        }
        let is_end = |byte: &u8| b" \t;\r\n".contains(byte);
        let blanks = rest[place..]
            .iter()
            .take_while(|byte| b" \t".contains(byte));
        let after = place + blanks.count();
        let fault = match (rest.get(place), &rest[after..]) {
            (Some(byte), _) if place == 0 || !is_end(byte) => Some(place),
            (_, [b'\r', byte, ..]) if *byte != b'\n' => Some(after),
            (_, [byte, ..]) if !is_end(byte) => Some(after),
            _ => None,
        };
        if let Some(fault) = fault {
            return Err(self.misplaced(rest, fault, before));
        }
        let feed = memchr::memchr(b'\n', &rest[place..]).map(|feed| place + feed);
        let line_bytes = feed.map_or(rest.len(), |feed| feed + 1);
        self.limit(line_bytes)?;
        let Some(feed) = feed else { return Ok(None) };
        // The line end is no extension, and neither is a size of so many digits as one can have.
        self.extra += (feed - place).saturating_sub(1) + place.saturating_sub(MOST_DIGITS);
        Ok(Some(SizeLine {
            bytes: line_bytes,
            size,
        }))
    }

    /// Whether there may be a line of so many bytes, whole or not, besides what was there before.
    fn limit(&self, line_bytes: usize) -> Result<(), Malformed> {
        match self.extra + line_bytes > MAX_HEAD_BYTES {
            true => Err(Malformed::ChunkExtensions),
            false => Ok(()),
        }
    }

    fn misplaced(&self, rest: &[u8], place: usize, before: usize) -> Malformed {
        Malformed::Chunk(Misplaced::new(rest[place], before + self.read + place))
    }
}

fn hexadecimal(byte: u8) -> Option<usize> {
    char::from(byte).to_digit(16).map(|digit| digit as usize)
}
