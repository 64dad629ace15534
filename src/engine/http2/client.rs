//! A client's side of one HTTP/2 connection: bytes in, bytes out, streams that end.
//!
//! No socket and no clock is in it. What is to be sent gathers in one buffer until somebody takes it; what
//! has come is read where it lies, and of it only replies are kept.

use super::failure::{ConnectionFailure, ErrorCode, StreamFailure};
use super::field_decoder::FieldDecoder;
use super::frame::{
    self, FrameHead, HEAD_BYTES, MOST_PAYLOAD, MOST_WINDOW, PREFACE, flag, kind, setting,
};
use super::reading::Reading;
use super::reply_head::KeptFields;
use super::request_encoder::{NotARequest, RequestEncoder};
use super::streams::{Phase, Stream, StreamKey, Streams};
use crate::engine::allocations::uncounted;
use std::collections::VecDeque;
use std::ops::Range;

/// What everybody may send before anything is said.
const FIRST_WINDOW: i64 = 65_535;
/// What a peer may send on one stream before it is given more.
pub(super) const STREAM_WINDOW: u32 = 1 << 20;
/// What it may send on the connection: the streams' windows bound it.
pub(super) const CONNECTION_WINDOW: u32 = 1 << 30;
/// Answers to what a peer asks are not gathered beyond this: it does not read them.
pub(super) const MOST_UNREAD: usize = 1 << 20;
/// Room for what waits on a stream, made when something first does: enough for most requests of races.
const UNSENT_BYTES: usize = 2_048;
/// Bytes that the racers of a race write before they are held back, together: more make room as they need it.
const GATHERED_BYTES: usize = 16 << 10;
/// The last number that a stream may have.
const LAST_ID: u32 = (1 << 31) - 1;

/// How a client is to be.
#[derive(Clone, Copy, Debug)]
pub struct ClientSettings {
    /// Most streams at once.
    pub streams: usize,
    /// Largest body of a reply.
    pub max_body_bytes: usize,
    /// Whether it asks by `https`.
    pub is_secure: bool,
    /// What of a reply's head is kept.
    pub kept: KeptFields,
}

/// What the peer wants.
#[derive(Clone, Copy, Debug)]
pub(super) struct PeerSettings {
    pub streams: usize,
    pub window: i64,
    pub frame_bytes: usize,
}

/// Why no stream was opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NotOpened {
    /// The connection takes no streams now, or no more.
    Full,
    /// The text is no request.
    NotARequest,
}

/// A stream that is over, and what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ended {
    /// The reply, or why there is none.
    pub result: Result<EndedReply, StreamFailure>,
    /// Bytes of the frames that were sent for it.
    pub sent_bytes: u64,
    /// Bytes of the frames that came on it.
    pub received_bytes: u64,
}

/// A reply.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndedReply {
    /// Its status, 200 to 999.
    pub status: u16,
    /// Where its body is in the room that it was taken into; before it is the head, in words.
    pub body: Range<usize>,
}

/// See the module's documentation.
pub struct Client {
    pub(super) encoder: RequestEncoder,
    pub(super) decoder: FieldDecoder,
    pub(super) out: Vec<u8>,
    pub(super) streams: Streams,
    next_id: u32,
    /// The first stream of which nothing was in what was taken before the last time, and the last time.
    taken: (u32, u32),
    pub(super) peer: PeerSettings,
    pub(super) has_settings: bool,
    pub(super) send_window: i64,
    pub(super) receive_window: i64,
    pub(super) consumed: u32,
    /// Signs that the peer was asked for, and the last one that it gave.
    pub(super) signs: (u64, u64),
    /// The code with which the peer said goodbye.
    pub(super) goodbye: Option<ErrorCode>,
    pub(super) failure: Option<ConnectionFailure>,
    /// Slots of streams that ended and were not told of.
    ended: VecDeque<u32>,
    /// Streams with a body that waits for a window, in the order in which they came to it.
    blocked: VecDeque<StreamKey>,
    pub(super) reading: Reading,
    pub(super) settings: ClientSettings,
}

impl Client {
    /// A client that has yet to say its first words, which are in its buffer.
    #[must_use]
    pub fn new(settings: ClientSettings) -> Self {
        let mut out = Vec::with_capacity(1_024);
        out.extend_from_slice(PREFACE);
        let said = [
            (setting::ENABLE_PUSH, 0),
            (setting::INITIAL_WINDOW_SIZE, STREAM_WINDOW),
            (
                setting::MAX_HEADER_LIST_SIZE,
                super::reply_head::MOST_HEAD_BYTES as u32,
            ),
        ];
        frame::write_settings(&said, &mut out);
        let more = CONNECTION_WINDOW - FIRST_WINDOW as u32;
        frame::write_number(kind::WINDOW_UPDATE, 0, more, &mut out);
        Self {
            encoder: RequestEncoder::new(settings.is_secure),
            decoder: FieldDecoder::default(),
            out,
            streams: Streams::new(settings.streams),
            next_id: 1,
            taken: (1, 1),
            peer: PeerSettings {
                streams: usize::MAX,
                window: FIRST_WINDOW,
                frame_bytes: MOST_PAYLOAD,
            },
            has_settings: false,
            send_window: FIRST_WINDOW,
            receive_window: i64::from(CONNECTION_WINDOW),
            consumed: 0,
            signs: (0, 0),
            goodbye: None,
            failure: None,
            ended: VecDeque::new(),
            blocked: VecDeque::new(),
            reading: Reading::default(),
            settings,
        }
    }

    /// Whether the peer has said what it wants, and so speaks HTTP/2.
    #[inline]
    #[must_use]
    pub fn is_ready(&self) -> bool {
        self.has_settings
    }

    /// Whether streams may be opened, now or later: the peer has not said goodbye, and nothing is wrong.
    #[inline]
    #[must_use]
    pub fn goes_on(&self) -> bool {
        self.failure.is_none() && self.goodbye.is_none() && self.next_id <= LAST_ID
    }

    /// Whether a stream may be opened now.
    #[inline]
    #[must_use]
    pub fn has_room(&self) -> bool {
        self.goes_on() && self.streams.has_room() && self.streams.open() < self.peer.streams
    }

    /// How many streams there may be at once.
    #[must_use]
    pub fn most_streams(&self) -> usize {
        self.peer.streams.min(self.settings.streams)
    }

    /// How many streams wait for the end of their reply.
    #[inline]
    #[must_use]
    pub fn open_streams(&self) -> usize {
        self.streams.open()
    }

    /// Whether no stream is anybody's.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.streams.are_all_free()
    }

    /// What ended the connection.
    #[must_use]
    pub fn failure(&self) -> Option<ConnectionFailure> {
        self.failure
    }

    /// The code with which the peer said that it takes no more streams.
    #[must_use]
    pub fn goodbye(&self) -> Option<ErrorCode> {
        self.goodbye
    }

    /// What is to be sent.
    #[inline]
    #[must_use]
    pub fn out(&self) -> &[u8] {
        &self.out
    }

    /// Takes what is to be sent, and leaves an empty buffer for more.
    #[inline]
    pub fn take_out(&mut self, empty: Vec<u8>) -> Vec<u8> {
        debug_assert!(empty.is_empty());
        self.taken = (self.taken.1, self.next_id);
        std::mem::replace(&mut self.out, empty)
    }

    /// Opens a stream with `request`, a whole one as HTTP/1.1 would have it. Of one that is `held` the last
    /// frame waits for [`Client::release`].
    ///
    /// # Errors
    /// When there is no room, or it is no request.
    #[inline]
    pub fn open(&mut self, request: &[u8], held: bool) -> Result<StreamKey, NotOpened> {
        if !self.has_room() {
            return Err(NotOpened::Full);
        }
        if held && self.out.capacity() < GATHERED_BYTES {
            // Once for each buffer that comes by here.
            let more = GATHERED_BYTES - self.out.len();
            uncounted(|| self.out.reserve(more));
        }
        let begin = self.out.len();
        self.out.extend_from_slice(&[0; HEAD_BYTES]);
        let body = match self.encoder.encode(request, &mut self.out) {
            Ok(body) => body,
            Err(NotARequest) => {
                // A part of it may name entries that the peer will never hear of.
                self.out.truncate(begin);
                self.fail(ConnectionFailure::Protocol("a request that is none"));
                return Err(NotOpened::NotARequest);
            }
        };
        let id = self.next_id;
        self.next_id += 2;
        let ends = body.is_empty() && !held;
        self.end_headers(begin, id, ends);
        let receive_window = i64::from(STREAM_WINDOW);
        let key = self.streams.add(id, self.peer.window, receive_window);
        let slots = self.streams.slots();
        if self.ended.capacity() < slots || self.blocked.capacity() < slots {
            uncounted(|| {
                self.ended.reserve(slots - self.ended.len());
                self.blocked
                    .reserve(slots.saturating_sub(self.blocked.len()));
            });
        }
        let sent_bytes = (self.out.len() - begin) as u64;
        let stream = self.streams.at(key.slot);
        stream.is_sent = ends;
        stream.is_held = held;
        stream.sent_bytes = sent_bytes;
        if !body.is_empty() {
            self.send_body(key, body);
        }
        Ok(key)
    }

    /// Writes the head of the frame whose payload begins after `begin`, in several frames when it is long.
    #[inline]
    fn end_headers(&mut self, begin: usize, stream: u32, ends: bool) {
        let length = self.out.len() - begin - HEAD_BYTES;
        let most = self.peer.frame_bytes;
        let mut flags = if ends { flag::END_STREAM } else { 0 };
        if length > most {
            return self.split_headers(begin, stream, flags);
        }
        flags |= flag::END_HEADERS;
        let kind = kind::HEADERS;
        put_head(
            &mut self.out,
            begin,
            FrameHead {
                length,
                kind,
                flags,
                stream,
            },
        );
    }

    #[cold]
    fn split_headers(&mut self, begin: usize, stream: u32, flags: u8) {
        let block = self.out.split_off(begin + HEAD_BYTES);
        self.out.truncate(begin);
        let pieces = block.chunks(self.peer.frame_bytes);
        let last = pieces.len() - 1;
        for (nth, piece) in pieces.enumerate() {
            let (kind, flags) = match nth {
                0 => (kind::HEADERS, flags),
                nth if nth == last => (kind::CONTINUATION, flag::END_HEADERS),
                _ => (kind::CONTINUATION, 0),
            };
            frame::write(kind, flags, stream, piece, &mut self.out);
        }
    }

    /// Sends as much of a body as the windows allow; the rest waits.
    #[inline]
    fn send_body(&mut self, key: StreamKey, body: &[u8]) {
        let stream = self.streams.at(key.slot);
        let most = self.peer.frame_bytes as i64;
        let fits = self.send_window.min(stream.send_window).min(most) >= body.len() as i64;
        if fits && !stream.is_held {
            stream.send_window -= body.len() as i64;
            stream.is_sent = true;
            stream.sent_bytes += (HEAD_BYTES + body.len()) as u64;
            self.send_window -= body.len() as i64;
            frame::write(kind::DATA, flag::END_STREAM, key.id, body, &mut self.out);
            return;
        }
        if stream.unsent.capacity() == 0 {
            uncounted(|| stream.unsent.reserve(UNSENT_BYTES));
        }
        stream.unsent.extend_from_slice(body);
        if !self.pump(key) {
            self.blocked.push_back(key);
        }
    }

    /// Sends what it may of what waits on a stream. Whether nothing that may go is left.
    fn pump(&mut self, key: StreamKey) -> bool {
        let stream = self.streams.at(key.slot);
        if stream.id != key.id || stream.phase == Phase::Done {
            return true;
        }
        loop {
            let left = &stream.unsent[stream.unsent_from..];
            // The last byte of a request that is held back waits.
            let goes = left.len() - usize::from(stream.is_held && !left.is_empty());
            if goes == 0 {
                return true;
            }
            let window = self.send_window.min(stream.send_window).max(0) as usize;
            let bytes = goes.min(window).min(self.peer.frame_bytes);
            if bytes == 0 {
                return false;
            }
            let ends = bytes == left.len();
            let flags = if ends { flag::END_STREAM } else { 0 };
            frame::write(kind::DATA, flags, stream.id, &left[..bytes], &mut self.out);
            stream.unsent_from += bytes;
            stream.send_window -= bytes as i64;
            stream.sent_bytes += (HEAD_BYTES + bytes) as u64;
            stream.is_sent = ends;
            self.send_window -= bytes as i64;
        }
    }

    /// Windows have grown: sends what waited for them.
    pub(super) fn pump_blocked(&mut self) {
        while self.send_window > 0
            && let Some(&key) = self.blocked.front()
        {
            if self.pump(key) {
                self.blocked.pop_front();
                continue;
            }
            if self.send_window > 0 {
                // Only its own window is shut: others may go.
                self.pump_others();
            }
            return;
        }
    }

    fn pump_others(&mut self) {
        for _ in 0..self.blocked.len() {
            if let Some(key) = self.blocked.pop_front()
                && !self.pump(key)
            {
                self.blocked.push_back(key);
            }
        }
    }

    /// Whether all but the last frame of a stream that is held have been written.
    #[must_use]
    pub fn is_at_start(&mut self, key: StreamKey) -> bool {
        let send_window = self.send_window;
        let stream = self.streams.at(key.slot);
        let left = stream.unsent.len() - stream.unsent_from;
        let has_window = left == 0 || send_window.min(stream.send_window) > 0;
        stream.id == key.id && stream.phase != Phase::Done && left <= 1 && has_window
    }

    /// Whether a stream has ended because the server did not look at it.
    #[must_use]
    pub fn is_refused(&mut self, key: StreamKey) -> bool {
        let stream = self.streams.at(key.slot);
        stream.id == key.id && matches!(stream.failure, Some(StreamFailure::Refused(_)))
    }

    /// Writes the last frame of a stream that was held.
    pub fn release(&mut self, key: StreamKey) {
        let stream = self.streams.at(key.slot);
        if stream.id != key.id
            || !std::mem::take(&mut stream.is_held)
            || stream.phase == Phase::Done
        {
            return;
        }
        if stream.unsent.is_empty() {
            frame::write(kind::DATA, flag::END_STREAM, key.id, &[], &mut self.out);
            stream.sent_bytes += HEAD_BYTES as u64;
            stream.is_sent = true;
        } else if !self.pump(key) {
            self.blocked.push_back(key);
        }
    }

    /// Gives a stream up: nobody waits for its reply any more.
    /// Returns whether it was still open.
    pub fn cancel(&mut self, key: StreamKey) -> bool {
        let stream = self.streams.at(key.slot);
        let is_open = stream.id == key.id && stream.phase != Phase::Done;
        if is_open {
            self.end_with(key.slot, StreamFailure::Cancelled, Some(ErrorCode::CANCEL));
        }
        is_open
    }

    /// A stream that has ended since the last time.
    #[inline]
    pub fn next_ended(&mut self) -> Option<u32> {
        self.ended.pop_front()
    }

    /// What came of a stream, with the reply in `room`, if it has ended; its place is free from then on.
    #[inline]
    pub fn take_ended(&mut self, key: StreamKey, room: &mut Vec<u8>) -> Option<Ended> {
        let stream = self.streams.at(key.slot);
        if stream.id != key.id || stream.phase != Phase::Done {
            return None;
        }
        std::mem::swap(&mut stream.reply, room);
        let result = match stream.failure {
            Some(failure) => Err(failure),
            None => Ok(EndedReply {
                status: stream.status,
                body: stream.body_start as usize..room.len(),
            }),
        };
        let ended = Ended {
            result,
            sent_bytes: stream.sent_bytes,
            received_bytes: stream.received_bytes,
        };
        stream.id = 0;
        self.streams.free(key.slot);
        Some(ended)
    }

    /// The peer has closed or broken the connection; with `unsent` not a byte left of what was taken last.
    pub fn close(&mut self, unsent: bool) {
        let first_unsent = if unsent { self.taken.0 } else { self.taken.1 };
        while let Some(slot) = self.streams.last_open_above(first_unsent - 1) {
            self.end_with(slot, StreamFailure::Refused("the connection closed"), None);
        }
        let failure = match self.goodbye {
            Some(code) => ConnectionFailure::ClosedAfter(code),
            None => ConnectionFailure::Closed,
        };
        self.end_all(failure);
    }

    /// The peer broke the rules: it is told, and nothing more is read.
    #[cold]
    pub(super) fn fail(&mut self, failure: ConnectionFailure) {
        if self.failure.is_none() {
            let mut payload = [0; 8];
            payload[4..].copy_from_slice(&failure.code().0.to_be_bytes());
            frame::write(kind::GOAWAY, 0, 0, &payload, &mut self.out);
            self.end_all(failure);
        }
    }

    #[cold]
    fn end_all(&mut self, failure: ConnectionFailure) {
        let failure = *self.failure.get_or_insert(failure);
        while let Some(slot) = self.streams.last_open_above(0) {
            self.end_with(slot, StreamFailure::Lost(failure), None);
        }
    }

    /// A stream has failed; with a code the peer is told.
    #[cold]
    pub(super) fn end_with(&mut self, slot: u32, failure: StreamFailure, code: Option<ErrorCode>) {
        let stream = self.streams.at(slot);
        stream.failure = Some(failure);
        let id = stream.id;
        if let Some(code) = code {
            frame::write_number(kind::RST_STREAM, id, code.0, &mut self.out);
        }
        self.end(slot);
    }

    /// A stream is over.
    #[inline]
    pub(super) fn end(&mut self, slot: u32) {
        let stream = self.streams.at(slot);
        stream.phase = Phase::Done;
        let id = stream.id;
        if !stream.is_sent && stream.failure.is_none() {
            // It answered before it had all of the request, and does not want the rest.
            frame::write_number(kind::RST_STREAM, id, ErrorCode::CANCEL.0, &mut self.out);
        }
        self.streams.end(id);
        self.ended.push_back(slot);
    }

    /// Whether a stream of this number was never opened by us.
    pub(super) fn is_unopened(&self, id: u32) -> bool {
        id.is_multiple_of(2) || id >= self.next_id
    }

    /// More of the connection's window was given.
    pub(super) fn widen(&mut self, by: u32) {
        self.send_window += i64::from(by);
        if self.send_window > MOST_WINDOW {
            return self.fail(ConnectionFailure::FlowControl("a window that is too large"));
        }
        self.pump_blocked();
    }

    /// More of a stream's window was given.
    pub(super) fn widen_stream(&mut self, slot: u32, by: u32) {
        let stream: &mut Stream = self.streams.at(slot);
        stream.send_window += i64::from(by);
        if stream.send_window > MOST_WINDOW {
            let failure = StreamFailure::Malformed("a window that is too large");
            return self.end_with(slot, failure, Some(ErrorCode::FLOW_CONTROL_ERROR));
        }
        self.pump_others();
    }
}

#[inline]
fn put_head(out: &mut [u8], at: usize, head: FrameHead) {
    let [_, length @ ..] = (head.length as u32).to_be_bytes();
    out[at..at + 3].copy_from_slice(&length);
    out[at + 3] = head.kind;
    out[at + 4] = head.flags;
    out[at + 5..at + HEAD_BYTES].copy_from_slice(&head.stream.to_be_bytes());
}
