//! Replies, parsed in place as their bytes come in.
//!
//! Framing follows RFC 9112 §6: chunked, content-length, or until the connection closes; replies
//! with status 1xx are skipped (RFC 9110 §15.2). Whatever a server sends ends in a reply or in a
//! [`Malformed`] that says why, never in a panic.

use std::cell::{Cell, RefCell};
use std::mem::MaybeUninit;
use std::ops::Range;
use std::rc::Rc;

/// Longest reply head, and longest run of 1xx heads before it.
pub const MAX_HEAD_BYTES: usize = 16 * 1024;
/// Most header lines of a reply.
const MAX_HEADERS: usize = 64;
/// Longest head that is remembered to recognise it when it comes again.
const KNOWN_HEAD_BYTES: usize = 256;
/// How many heads are remembered: journeys meet a few different ones.
const KNOWN_HEADS: usize = 4;
/// Longest line of a chunk's size or of a trailer.
const MAX_CHUNK_LINE_BYTES: usize = 1024;

/// A reply that arrived in full.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reply {
    /// HTTP status, 200 to 999.
    pub status: u16,
    /// Where the body stands in the buffer, de-chunked.
    pub body: Range<usize>,
    /// Bytes of the reply on the wire, skipped 1xx heads included.
    pub wire_bytes: u64,
    /// Whether the connection may carry another request.
    pub reusable: bool,
}

/// Why bytes are no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The first line is not a status line.
    #[error("not HTTP: the reply does not start with a status line")]
    NotHttp,
    /// A header line breaks the grammar.
    #[error("malformed reply head")]
    Head,
    /// More than [`MAX_HEAD_BYTES`].
    #[error("the reply head is larger than 16 KiB")]
    HeadTooLarge,
    /// More than 64 header lines.
    #[error("the reply head has more than 64 header lines")]
    TooManyHeaders,
    /// A status outside 100–999, or an upgrade that nobody asked for.
    #[error("unexpected reply status")]
    Status,
    /// A content-length that is no number, or two that differ.
    #[error("malformed content-length in the reply")]
    ContentLength,
    /// A larger body than allowed.
    #[error("the reply body is larger than the limit (--max-body)")]
    BodyTooLarge,
    /// A chunk size or its line end is wrong.
    #[error("malformed chunk in the reply")]
    Chunk,
    /// The connection closed before the first byte.
    #[error("the connection closed before the reply")]
    ClosedBeforeReply,
    /// The connection closed within the reply.
    #[error("the connection closed within the reply")]
    ClosedWithinReply,
}

#[derive(Clone, Copy, Debug)]
struct Head {
    status: u16,
    /// Bytes of the head in the buffer.
    bytes: usize,
    keep_alive: bool,
    framing: Framing,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Framing {
    Length(usize),
    Chunked,
    UntilClose,
}

#[derive(Clone, Copy, Debug)]
enum State {
    Head,
    Length(Head, usize),
    Chunked(Head, Chunks),
    UntilClose(Head),
}

/// Progress of de-chunking: decoded bytes end at `written`, undecoded ones start at `read`.
#[derive(Clone, Copy, Debug)]
struct Chunks {
    written: usize,
    read: usize,
    /// Bytes of the current chunk that are still to come, or what comes next.
    next: ChunkPart,
}

#[derive(Clone, Copy, Debug)]
enum ChunkPart {
    Size,
    Data(usize),
    DataEnd,
    Trailer,
}

/// Parses one reply at a time out of a buffer that grows. See the module's documentation.
#[derive(Debug)]
pub struct ReplyParser {
    state: State,
    max_body_bytes: usize,
    /// Bytes of 1xx replies that were cut out of the buffer.
    skipped: usize,
    known: Rc<KnownHeads>,
}

/// The last few heads and what they say. A server repeats itself to the byte until its clock's next
/// second, and an equal head need not be parsed again (a reply in 30 ns instead of 100). Shared by the parsers of
/// one thread, so that they stay in its nearest cache.
#[derive(Debug)]
pub struct KnownHeads {
    heads: RefCell<[KnownHead; KNOWN_HEADS]>,
    oldest: Cell<usize>,
}

#[derive(Debug)]
struct KnownHead {
    bytes: Vec<u8>,
    head: Option<Head>,
}

impl Default for KnownHeads {
    fn default() -> Self {
        let unknown = |_| KnownHead {
            bytes: Vec::with_capacity(KNOWN_HEAD_BYTES),
            head: None,
        };
        Self {
            heads: RefCell::new(std::array::from_fn(unknown)),
            oldest: Cell::new(0),
        }
    }
}

impl KnownHeads {
    #[inline]
    fn find(&self, buffer: &[u8]) -> Option<Head> {
        self.heads
            .borrow()
            .iter()
            .find(|known| known.head.is_some() && buffer.starts_with(&known.bytes))
            .and_then(|known| known.head)
    }

    fn remember(&self, head: Head, bytes: &[u8]) {
        if bytes.len() > KNOWN_HEAD_BYTES {
            return;
        }
        let place = self.oldest.get();
        self.oldest.set((place + 1) % KNOWN_HEADS);
        let known = &mut self.heads.borrow_mut()[place];
        known.bytes.clear();
        known.bytes.extend_from_slice(bytes);
        known.head = Some(head);
    }
}

impl ReplyParser {
    /// A parser that accepts bodies of up to `max_body_bytes`.
    #[must_use]
    pub fn new(max_body_bytes: usize) -> Self {
        Self::sharing(max_body_bytes, Rc::default())
    }

    /// A parser that shares what it knows with others of its thread.
    #[must_use]
    pub fn sharing(max_body_bytes: usize, known: Rc<KnownHeads>) -> Self {
        Self {
            state: State::Head,
            max_body_bytes,
            skipped: 0,
            known,
        }
    }

    /// Begins a new reply, at the start of an empty buffer.
    #[inline]
    pub fn reset(&mut self) {
        self.state = State::Head;
        self.skipped = 0;
    }

    /// Looks at `buffer`, to which bytes were appended since the last call. `None`: more is needed.
    ///
    /// # Errors
    /// When the bytes are no reply; the connection is of no further use.
    #[inline]
    pub fn advance(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Reply>, Malformed> {
        if let State::Head = self.state {
            match self.parse_head(buffer)? {
                None => return Ok(None),
                Some(head) => self.enter_body(head)?,
            }
        }
        match self.state {
            State::Head | State::UntilClose(_) => self.limit_until_close(buffer),
            State::Length(head, end) => {
                Ok((buffer.len() >= end)
                    .then(|| self.reply(head, head.bytes..end, end, buffer.len())))
            }
            State::Chunked(head, chunks) => self.advance_chunks(head, chunks, buffer),
        }
    }

    /// The peer closed the connection: the end of a reply that lasts until then, or of hope.
    ///
    /// # Errors
    /// When the reply was not complete.
    pub fn close(&mut self, buffer: &[u8]) -> Result<Reply, Malformed> {
        match self.state {
            State::UntilClose(head) => {
                let end = buffer.len();
                let mut reply = self.reply(head, head.bytes..end, end, end);
                reply.reusable = false;
                Ok(reply)
            }
            State::Head if buffer.is_empty() => Err(Malformed::ClosedBeforeReply),
            _ => Err(Malformed::ClosedWithinReply),
        }
    }

    #[inline]
    fn parse_head(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Head>, Malformed> {
        match self.known.find(buffer) {
            None => self.parse_new_head(buffer),
            known => Ok(known),
        }
    }

    fn parse_new_head(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Head>, Malformed> {
        loop {
            let Some(head) = read_head(buffer)? else {
                return match buffer.len() + self.skipped > MAX_HEAD_BYTES {
                    true => Err(Malformed::HeadTooLarge),
                    false => Ok(None),
                };
            };
            if head.bytes + self.skipped > MAX_HEAD_BYTES {
                return Err(Malformed::HeadTooLarge);
            }
            match head.status {
                200..=999 => {
                    self.known.remember(head, &buffer[..head.bytes]);
                    return Ok(Some(head));
                }
                100 | 102..=199 => {
                    buffer.drain(..head.bytes);
                    self.skipped += head.bytes;
                }
                _ => return Err(Malformed::Status),
            }
        }
    }

    #[inline]
    fn enter_body(&mut self, head: Head) -> Result<(), Malformed> {
        self.state = match head.framing {
            Framing::Length(bytes) if bytes > self.max_body_bytes => {
                return Err(Malformed::BodyTooLarge);
            }
            Framing::Length(bytes) => State::Length(head, head.bytes + bytes),
            Framing::Chunked => State::Chunked(
                head,
                Chunks {
                    written: head.bytes,
                    read: head.bytes,
                    next: ChunkPart::Size,
                },
            ),
            Framing::UntilClose => State::UntilClose(head),
        };
        Ok(())
    }

    fn limit_until_close(&self, buffer: &[u8]) -> Result<Option<Reply>, Malformed> {
        match self.state {
            State::UntilClose(head) if buffer.len() - head.bytes > self.max_body_bytes => {
                Err(Malformed::BodyTooLarge)
            }
            _ => Ok(None),
        }
    }

    /// `end` is where the reply ends in the buffer, `received` where the received bytes do.
    #[inline]
    fn reply(&self, head: Head, body: Range<usize>, end: usize, received: usize) -> Reply {
        Reply {
            status: head.status,
            body,
            wire_bytes: (self.skipped + end) as u64,
            // Bytes after the reply are an answer to nothing: what comes next cannot be trusted.
            reusable: head.keep_alive && received == end,
        }
    }

    fn advance_chunks(
        &mut self,
        head: Head,
        mut chunks: Chunks,
        buffer: &mut [u8],
    ) -> Result<Option<Reply>, Malformed> {
        loop {
            let rest = &buffer[chunks.read..];
            match chunks.next {
                ChunkPart::Size => {
                    let Some(line) = read_line(rest)? else { break };
                    let size = parse_chunk_size(line)?;
                    if size > self.max_body_bytes - (chunks.written - head.bytes) {
                        return Err(Malformed::BodyTooLarge);
                    }
                    chunks.read += line.len() + 2;
                    chunks.next = match size {
                        0 => ChunkPart::Trailer,
                        size => ChunkPart::Data(size),
                    };
                }
                ChunkPart::Data(left) => {
                    let here = left.min(rest.len());
                    buffer.copy_within(chunks.read..chunks.read + here, chunks.written);
                    chunks.read += here;
                    chunks.written += here;
                    if here < left {
                        chunks.next = ChunkPart::Data(left - here);
                        break;
                    }
                    chunks.next = ChunkPart::DataEnd;
                }
                ChunkPart::DataEnd => {
                    if rest.len() < 2 {
                        break;
                    }
                    if !rest.starts_with(b"\r\n") {
                        return Err(Malformed::Chunk);
                    }
                    chunks.read += 2;
                    chunks.next = ChunkPart::Size;
                }
                ChunkPart::Trailer => {
                    let Some(line) = read_line(rest)? else { break };
                    let done = line.is_empty();
                    chunks.read += line.len() + 2;
                    if done {
                        let body = head.bytes..chunks.written;
                        return Ok(Some(self.reply(head, body, chunks.read, buffer.len())));
                    }
                }
            }
        }
        self.state = State::Chunked(head, chunks);
        Ok(None)
    }
}

/// The head at the start of `buffer`; `None` while it is not complete.
#[inline]
fn read_head(buffer: &[u8]) -> Result<Option<Head>, Malformed> {
    let mut headers = [const { MaybeUninit::uninit() }; MAX_HEADERS];
    let mut response = httparse::Response::new(&mut []);
    let parsed = httparse::ParserConfig::default().parse_response_with_uninit_headers(
        &mut response,
        buffer,
        &mut headers,
    );
    let bytes = match parsed {
        Ok(httparse::Status::Complete(bytes)) => bytes,
        Ok(httparse::Status::Partial) => return Ok(None),
        Err(httparse::Error::TooManyHeaders) => return Err(Malformed::TooManyHeaders),
        Err(httparse::Error::Version | httparse::Error::Status) => return Err(Malformed::NotHttp),
        Err(_) => return Err(Malformed::Head),
    };
    let status = response.code.unwrap_or_default();
    let mut keep_alive = response.version == Some(1);
    let mut length = None;
    let mut encoded = None;
    for header in response.headers.iter() {
        let name = header.name.as_bytes();
        if name.eq_ignore_ascii_case(b"content-length") {
            let here = parse_content_length(header.value)?;
            if length.is_some_and(|length| length != here) {
                return Err(Malformed::ContentLength);
            }
            length = Some(here);
        } else if name.eq_ignore_ascii_case(b"transfer-encoding") {
            // The last coding of the last line decides (RFC 9112 §6.3).
            encoded = Some(last_token_is(header.value, b"chunked"));
        } else if name.eq_ignore_ascii_case(b"connection") {
            if has_token(header.value, b"close") {
                keep_alive = false;
            } else if has_token(header.value, b"keep-alive") {
                keep_alive = true;
            }
        }
    }
    let framing = match (status, encoded, length) {
        (100..=199 | 204 | 304, ..) => Framing::Length(0),
        (_, Some(true), _) => Framing::Chunked,
        (_, Some(false), _) | (_, None, None) => Framing::UntilClose,
        (_, None, Some(length)) => Framing::Length(length),
    };
    if encoded.is_some() && length.is_some() {
        // RFC 9112 §6.3: such a message may be an attempt at smuggling; read it, then close.
        keep_alive = false;
    }
    Ok(Some(Head {
        status,
        bytes,
        keep_alive,
        framing,
    }))
}

/// Digits only (RFC 9110 §8.6); a list of equal numbers is not accepted.
#[inline]
fn parse_content_length(value: &[u8]) -> Result<usize, Malformed> {
    if value.is_empty() || value.len() > 15 {
        return Err(Malformed::ContentLength);
    }
    value.iter().try_fold(0_usize, |length, byte| match byte {
        b'0'..=b'9' => Ok(length * 10 + usize::from(byte - b'0')),
        _ => Err(Malformed::ContentLength),
    })
}

fn tokens(value: &[u8]) -> impl DoubleEndedIterator<Item = &[u8]> {
    value.split(|&byte| byte == b',').map(<[u8]>::trim_ascii)
}

fn has_token(value: &[u8], token: &[u8]) -> bool {
    tokens(value).any(|here| here.eq_ignore_ascii_case(token))
}

fn last_token_is(value: &[u8], token: &[u8]) -> bool {
    tokens(value)
        .next_back()
        .is_some_and(|here| here.eq_ignore_ascii_case(token))
}

/// A line without its CR LF; `None` while it is not complete.
fn read_line(bytes: &[u8]) -> Result<Option<&[u8]>, Malformed> {
    match memchr::memchr(b'\n', bytes) {
        Some(end) if end > 0 && bytes[end - 1] == b'\r' && end <= MAX_CHUNK_LINE_BYTES => {
            Ok(Some(&bytes[..end - 1]))
        }
        None if bytes.len() <= MAX_CHUNK_LINE_BYTES => Ok(None),
        _ => Err(Malformed::Chunk),
    }
}

/// Hexadecimal, with an optional extension after `;` (RFC 9112 §7.1).
fn parse_chunk_size(line: &[u8]) -> Result<usize, Malformed> {
    let digits = line
        .split(|&byte| byte == b';')
        .next()
        .unwrap_or_default()
        .trim_ascii();
    if digits.is_empty() || digits.len() > 15 {
        return Err(Malformed::Chunk);
    }
    digits.iter().try_fold(0_usize, |size, &byte| {
        let digit = char::from(byte).to_digit(16).ok_or(Malformed::Chunk)?;
        Ok(size << 4 | digit as usize)
    })
}

#[cfg(test)]
mod tests;
