//! Replies, parsed in place as their bytes come in.
//!
//! Framing follows RFC 9112 §6: chunked, content-length, or until the connection closes; replies
//! with status 1xx are skipped (RFC 9110 §15.2). Whatever a server sends ends in a reply or in a
//! [`Malformed`] that says why, never in a panic.

use super::chunks::{Chunks, Place};
use super::head::{Framing, Head, HeadReading};
use super::known_heads::KnownHeads;
use super::malformed::Malformed;
use std::ops::Range;
use std::rc::Rc;

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
    /// Whether nothing but the end of the connection told where the body ends.
    pub lasted_until_close: bool,
    /// Whether bytes came after it that answer nothing.
    pub followed: bool,
}

#[derive(Clone, Copy, Debug)]
enum ParserState {
    /// Nothing has come.
    Start,
    /// A part of the head, or of the 1xx replies before it.
    Head(HeadReading),
    Length(Head, usize),
    Chunked(Head, Chunks),
    UntilClose(Head),
}

/// Parses one reply at a time out of a buffer that grows. See the module's documentation.
#[derive(Debug)]
pub struct ReplyParser {
    state: ParserState,
    max_body_bytes: usize,
    /// Bytes of 1xx replies and of chunk framing that were cut out of the buffer.
    skipped: usize,
    known: Rc<KnownHeads>,
    /// Whether replies end with their heads, whatever those say: they answer HEAD (RFC 9110 §9.3.2).
    is_bodiless: bool,
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
            state: ParserState::Start,
            max_body_bytes,
            skipped: 0,
            known,
            is_bodiless: false,
        }
    }

    /// Begins a new reply, at the start of an empty buffer.
    #[inline]
    pub fn reset(&mut self) {
        self.state = ParserState::Start;
        self.skipped = 0;
    }

    /// From now on replies answer HEAD, and have no body, or they do not.
    #[inline]
    pub fn set_bodiless(&mut self, is_bodiless: bool) {
        self.is_bodiless = is_bodiless;
    }

    #[inline]
    fn framed(&self, head: Head) -> Head {
        match self.is_bodiless {
            false => head,
            true => Head {
                framing: Framing::Length(0),
                ..head
            },
        }
    }

    /// Looks at `buffer`, to which bytes were appended since the last call. `None`: more is needed.
    ///
    /// # Errors
    /// When the bytes are no reply; the connection is of no further use.
    #[inline]
    pub fn advance(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Reply>, Malformed> {
        if let ParserState::Start | ParserState::Head(_) = self.state {
            let Some(head) = self.parse_head(buffer)? else {
                return Ok(None);
            };
            let head = self.framed(head);
            // Almost all replies come whole and with their length.
            if let Framing::Length(bytes) = head.framing
                && bytes <= self.max_body_bytes
                && buffer.len() - head.bytes >= bytes
            {
                let end = head.bytes + bytes;
                return Ok(Some(self.reply(head, end, end, buffer.len())));
            }
            self.enter_body(head)?;
        }
        match self.state {
            ParserState::Start | ParserState::Head(_) | ParserState::UntilClose(_) => {
                self.limit_until_close(buffer)
            }
            ParserState::Length(head, end) => {
                Ok((buffer.len() >= end).then(|| self.reply(head, end, end, buffer.len())))
            }
            ParserState::Chunked(head, chunks) => self.advance_chunks(head, chunks, buffer),
        }
    }

    /// The reply, when `bytes`, the first that came since [`ReplyParser::reset`], hold all of it and it
    /// tells its length, as almost all do; else they are to be gathered for [`ReplyParser::advance`].
    ///
    /// # Errors
    /// As of [`ReplyParser::advance`].
    #[inline]
    pub fn whole(&self, bytes: &[u8]) -> Result<Option<Reply>, Malformed> {
        let head = match self.known.find(bytes) {
            Some(head) => head,
            None => match self.whole_head(bytes)? {
                Some(head) => head,
                None => return Ok(None),
            },
        };
        let head = self.framed(head);
        match head.framing {
            Framing::Length(length)
                if length <= self.max_body_bytes && bytes.len() - head.bytes >= length =>
            {
                let end = head.bytes + length;
                Ok(Some(self.reply(head, end, end, bytes.len())))
            }
            _ => Ok(None),
        }
    }

    #[inline(never)]
    fn whole_head(&self, bytes: &[u8]) -> Result<Option<Head>, Malformed> {
        let head = HeadReading::default().advance(bytes, 0)?;
        let head = head.filter(|head| (200..=999).contains(&head.status));
        if let Some(head) = head {
            self.known.remember(head, &bytes[..head.bytes]);
        }
        Ok(head)
    }

    /// The peer closed the connection: the end of a reply that lasts until then, or of hope.
    ///
    /// # Errors
    /// When the reply was not complete.
    pub fn close(&mut self, buffer: &[u8]) -> Result<Reply, Malformed> {
        match self.state {
            ParserState::UntilClose(head) => {
                let end = buffer.len();
                let mut reply = self.reply(head, end, end, end);
                (reply.reusable, reply.lasted_until_close) = (false, true);
                Ok(reply)
            }
            ParserState::Start | ParserState::Head(_) if buffer.is_empty() && self.skipped == 0 => {
                Err(Malformed::ClosedBeforeReply)
            }
            _ => Err(Malformed::ClosedWithinReply),
        }
    }

    #[inline]
    fn parse_head(&mut self, buffer: &mut Vec<u8>) -> Result<Option<Head>, Malformed> {
        match self.state {
            ParserState::Head(reading) => self.parse_new_head(reading, buffer),
            _ => match self.known.find(buffer) {
                None => self.parse_new_head(HeadReading::default(), buffer),
                known => Ok(known),
            },
        }
    }

    #[inline(never)]
    fn parse_new_head(
        &mut self,
        mut reading: HeadReading,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Head>, Malformed> {
        loop {
            let Some(head) = reading.advance(buffer, self.skipped)? else {
                self.state = ParserState::Head(reading);
                return Ok(None);
            };
            match head.status {
                200..=999 => {
                    self.known.remember(head, &buffer[..head.bytes]);
                    return Ok(Some(head));
                }
                100 | 102..=199 => {
                    buffer.drain(..head.bytes);
                    self.skipped += head.bytes;
                    reading = HeadReading::default();
                }
                status => return Err(Malformed::Status(status)),
            }
        }
    }

    #[inline]
    fn enter_body(&mut self, head: Head) -> Result<(), Malformed> {
        self.state = match head.framing {
            Framing::Length(bytes) if bytes > self.max_body_bytes => {
                return Err(Malformed::BodyTooLarge);
            }
            Framing::Length(bytes) => ParserState::Length(head, head.bytes + bytes),
            Framing::Chunked => ParserState::Chunked(head, Chunks::at(head.bytes)),
            Framing::UntilClose => ParserState::UntilClose(head),
        };
        Ok(())
    }

    fn limit_until_close(&self, buffer: &[u8]) -> Result<Option<Reply>, Malformed> {
        match self.state {
            ParserState::UntilClose(head) if buffer.len() - head.bytes > self.max_body_bytes => {
                Err(Malformed::BodyTooLarge)
            }
            _ => Ok(None),
        }
    }

    /// `body_end` is where the body ends in the buffer, `end` where the reply does, `received` where
    /// the received bytes do.
    #[inline]
    fn reply(&self, head: Head, body_end: usize, end: usize, received: usize) -> Reply {
        Reply {
            status: head.status,
            body: head.bytes..body_end,
            wire_bytes: (self.skipped + end) as u64,
            // Bytes after the reply are an answer to nothing: what comes next cannot be trusted.
            reusable: head.keep_alive && received == end,
            lasted_until_close: false,
            followed: received > end,
        }
    }

    fn advance_chunks(
        &mut self,
        head: Head,
        mut chunks: Chunks,
        buffer: &mut Vec<u8>,
    ) -> Result<Option<Reply>, Malformed> {
        let place = Place {
            before: self.skipped,
            start: head.bytes,
            most_bytes: self.max_body_bytes,
        };
        if chunks.advance(buffer, place)? {
            let (body_end, end) = (chunks.written(), chunks.read());
            return Ok(Some(self.reply(head, body_end, end, buffer.len())));
        }
        self.skipped += chunks.compact(buffer);
        self.state = ParserState::Chunked(head, chunks);
        Ok(None)
    }
}

#[cfg(test)]
mod tests;
