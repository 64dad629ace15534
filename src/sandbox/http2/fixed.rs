//! The cheapest server over HTTP/2, for measuring load generators: one prepared reply to every request,
//! with the number of its stream written in.
//!
//! Requests are told apart by the ends of their streams; their fields are not looked at, and so never
//! unpacked: what the client keeps in the table of RFC 7541 does not matter.

use super::Preface;
use crate::engine::http2::ErrorCode;
use crate::engine::http2::frame::flag::{ACK, END_HEADERS, END_STREAM};
use crate::engine::http2::frame::kind::{
    CONTINUATION, DATA, GOAWAY, HEADERS, PING, RST_STREAM, SETTINGS, WINDOW_UPDATE,
};
use crate::engine::http2::frame::setting::{INITIAL_WINDOW_SIZE, MAX_CONCURRENT_STREAMS};
use crate::engine::http2::frame::{FrameHead, HEAD_BYTES, MOST_PAYLOAD, MOST_WINDOW};
use crate::sandbox::connection_table::Date;

/// Streams that a client may have open at once, as of the shop.
const MAX_STREAMS: u32 = 128;
/// What a client may send before it is told that it may send more.
const LARGEST_WINDOW: u32 = MOST_WINDOW as u32;
const FIRST_WINDOW: u32 = (1 << 16) - 1;
/// What it has sent is given back when it is so much.
const GIVEN_BACK_AT: u32 = 1 << 30;

const PROTOCOL_ERROR: u32 = ErrorCode::PROTOCOL_ERROR.0;
const FRAME_SIZE_ERROR: u32 = ErrorCode::FRAME_SIZE_ERROR.0;
const FLOW_CONTROL_ERROR: u32 = ErrorCode::FLOW_CONTROL_ERROR.0;

/// One connection.
pub struct FixedHttp2 {
    /// The preface has been read, and our settings told.
    has_begun: bool,
    /// The stream of a head whose rest is in the frames that follow, and whether that ends it.
    unfinished: Option<(u32, bool)>,
    last_stream: u32,
    /// Bytes of replies that the client has room for.
    room: i64,
    /// Bytes of bodies that have to be given back.
    taken: u32,
    /// Streams that wait for room.
    waiting: Vec<u32>,
    reply: Vec<u8>,
    reply_date_at: usize,
    reply_data_at: usize,
    body_bytes: i64,
}

/// The connection cannot go on; what is to be sent says why.
#[derive(Debug, PartialEq, Eq)]
pub struct Broken;

impl FixedHttp2 {
    /// A connection to which `body` is told with a 201.
    pub fn new(date: &Date, body: &[u8]) -> Self {
        let mut reply = vec![0; HEAD_BYTES];
        // Names by their place in the static table (RFC 7541, appendix A), values as they are.
        literal(&mut reply, &[0x08], b"201");
        literal(&mut reply, &[0x0f, 33 - 15], date);
        let reply_date_at = reply.len() - date.len();
        literal(&mut reply, &[0x0f, 54 - 15], b"uvicorn");
        let length = body.len().to_string();
        literal(&mut reply, &[0x0f, 28 - 15], length.as_bytes());
        literal(&mut reply, &[0x0f, 31 - 15], b"application/json");
        let head_bytes = reply.len() - HEAD_BYTES;
        reply[..HEAD_BYTES].copy_from_slice(&frame(head_bytes, HEADERS, END_HEADERS, 0));
        let reply_data_at = reply.len();
        reply.extend_from_slice(&frame(body.len(), DATA, END_STREAM, 0));
        reply.extend_from_slice(body);
        Self {
            has_begun: false,
            unfinished: None,
            last_stream: 0,
            room: i64::from(FIRST_WINDOW),
            taken: 0,
            waiting: Vec::new(),
            reply,
            reply_date_at,
            reply_data_at,
            body_bytes: body.len() as i64,
        }
    }

    /// Has replies carry `date`.
    pub fn set_date(&mut self, date: &Date) {
        self.reply[self.reply_date_at..][..date.len()].copy_from_slice(date);
    }

    /// Takes whole frames out of `buffer`, and appends what is to be sent to `out`.
    pub fn take_from(&mut self, buffer: &mut Vec<u8>, out: &mut Vec<u8>) -> Result<(), Broken> {
        let mut at = 0;
        if !self.has_begun {
            match Preface::at_start_of(buffer) {
                Preface::Whole => at = Preface::BYTES,
                Preface::Begun => return Ok(()),
                Preface::Absent => return Err(self.broken(PROTOCOL_ERROR, out)),
            }
            self.has_begun = true;
            begin(out);
        }
        while let Some((head, rest)) = buffer[at..].split_first_chunk::<HEAD_BYTES>() {
            let FrameHead {
                length,
                kind,
                flags,
                stream,
            } = FrameHead::read(head);
            // Nothing else was offered.
            if length > MOST_PAYLOAD {
                return Err(self.broken(FRAME_SIZE_ERROR, out));
            }
            let Some(payload) = rest.get(..length) else {
                break;
            };
            if let Err(code) = self.take(kind, flags, stream, payload, out) {
                return Err(self.broken(code, out));
            }
            at += HEAD_BYTES + length;
        }
        match at == buffer.len() {
            true => buffer.clear(),
            false => drop(buffer.drain(..at)),
        }
        if self.taken >= GIVEN_BACK_AT {
            out.extend_from_slice(&frame(4, WINDOW_UPDATE, 0, 0));
            out.extend_from_slice(&self.taken.to_be_bytes());
            self.taken = 0;
        }
        Ok(())
    }

    fn broken(&self, code: u32, out: &mut Vec<u8>) -> Broken {
        out.extend_from_slice(&frame(8, GOAWAY, 0, 0));
        out.extend_from_slice(&self.last_stream.to_be_bytes());
        out.extend_from_slice(&code.to_be_bytes());
        Broken
    }

    #[inline]
    fn take(
        &mut self,
        kind: u8,
        flags: u8,
        stream: u32,
        payload: &[u8],
        out: &mut Vec<u8>,
    ) -> Result<(), u32> {
        if self.unfinished.is_some() != (kind == CONTINUATION) {
            return Err(PROTOCOL_ERROR);
        }
        let ends_stream = flags & END_STREAM != 0;
        match kind {
            HEADERS if stream.is_multiple_of(2) => return Err(PROTOCOL_ERROR),
            HEADERS => {
                self.last_stream = self.last_stream.max(stream);
                if flags & END_HEADERS == 0 {
                    self.unfinished = Some((stream, ends_stream));
                } else if ends_stream {
                    self.answer(stream, out)?;
                }
            }
            CONTINUATION => {
                let Some((of, ends_stream)) = self.unfinished.filter(|(of, _)| *of == stream)
                else {
                    return Err(PROTOCOL_ERROR);
                };
                if flags & END_HEADERS != 0 {
                    self.unfinished = None;
                    if ends_stream {
                        self.answer(of, out)?;
                    }
                }
            }
            DATA if stream == 0 || stream > self.last_stream => return Err(PROTOCOL_ERROR),
            DATA => {
                self.taken = self.taken.saturating_add(payload.len() as u32);
                if ends_stream {
                    self.answer(stream, out)?;
                } else if !payload.is_empty() {
                    out.extend_from_slice(&frame(4, WINDOW_UPDATE, 0, stream));
                    out.extend_from_slice(&(payload.len() as u32).to_be_bytes());
                }
            }
            SETTINGS if flags & ACK == 0 => self.heed(payload, out)?,
            PING if payload.len() != 8 => return Err(FRAME_SIZE_ERROR),
            PING if flags & ACK == 0 => {
                out.extend_from_slice(&frame(8, PING, ACK, 0));
                out.extend_from_slice(payload);
            }
            WINDOW_UPDATE if payload.len() != 4 => return Err(FRAME_SIZE_ERROR),
            WINDOW_UPDATE if stream == 0 => {
                self.room += i64::from(word(payload) & LARGEST_WINDOW);
                if self.room > i64::from(LARGEST_WINDOW) {
                    return Err(FLOW_CONTROL_ERROR);
                }
                self.answer_waiting(out);
            }
            RST_STREAM => self.waiting.retain(|waiting| *waiting != stream),
            // Priorities, and whatever the client has learnt since.
            _ => {}
        }
        Ok(())
    }

    fn heed(&self, settings: &[u8], out: &mut Vec<u8>) -> Result<(), u32> {
        if !settings.len().is_multiple_of(6) {
            return Err(FRAME_SIZE_ERROR);
        }
        for setting in settings.chunks_exact(6) {
            let is_window = u16::from_be_bytes([setting[0], setting[1]]) == INITIAL_WINDOW_SIZE;
            // No stream has room for a reply.
            if is_window && i64::from(word(&setting[2..])) < self.body_bytes {
                return Err(FLOW_CONTROL_ERROR);
            }
        }
        out.extend_from_slice(&frame(0, SETTINGS, ACK, 0));
        Ok(())
    }

    #[inline]
    fn answer(&mut self, stream: u32, out: &mut Vec<u8>) -> Result<(), u32> {
        if self.room < self.body_bytes {
            if self.waiting.len() >= MAX_STREAMS as usize {
                return Err(PROTOCOL_ERROR);
            }
            self.waiting.push(stream);
            return Ok(());
        }
        self.room -= self.body_bytes;
        let start = out.len();
        out.extend_from_slice(&self.reply);
        let stream = stream.to_be_bytes();
        for at in [start, start + self.reply_data_at] {
            out[at + 5..at + HEAD_BYTES].copy_from_slice(&stream);
        }
        Ok(())
    }

    fn answer_waiting(&mut self, out: &mut Vec<u8>) {
        let fitting = (self.room / self.body_bytes).max(0) as usize;
        let count = fitting.min(self.waiting.len());
        let streams: Vec<u32> = self.waiting.drain(..count).collect();
        for stream in streams {
            // There is room for each.
            let _ = self.answer(stream, out);
        }
    }
}

/// Says what the client may do.
fn begin(out: &mut Vec<u8>) {
    out.extend_from_slice(&frame(12, SETTINGS, 0, 0));
    for (setting, value) in [
        (MAX_CONCURRENT_STREAMS, MAX_STREAMS),
        (INITIAL_WINDOW_SIZE, 1 << 20),
    ] {
        out.extend_from_slice(&setting.to_be_bytes());
        out.extend_from_slice(&value.to_be_bytes());
    }
    out.extend_from_slice(&frame(4, WINDOW_UPDATE, 0, 0));
    out.extend_from_slice(&(LARGEST_WINDOW - FIRST_WINDOW).to_be_bytes());
}

fn frame(length: usize, kind: u8, flags: u8, stream: u32) -> [u8; HEAD_BYTES] {
    FrameHead {
        length,
        kind,
        flags,
        stream,
    }
    .bytes()
}

/// A field that nobody remembers (RFC 7541 §6.2.2), its value not packed; shorter than 127 bytes.
fn literal(out: &mut Vec<u8>, name: &[u8], value: &[u8]) {
    out.extend_from_slice(name);
    out.push(value.len() as u8);
    out.extend_from_slice(value);
}

fn word(bytes: &[u8]) -> u32 {
    bytes.first_chunk().copied().map_or(0, u32::from_be_bytes)
}

#[cfg(test)]
#[path = "fixed_tests.rs"]
mod tests;
