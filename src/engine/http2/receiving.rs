//! What a client makes of the bytes that come: frames, in whatever pieces they come.
//!
//! All that is bounded: a frame's payload by what we take, a header block and its frames by the largest
//! head, a reply by its limit, and what is neither a reply nor a part of one by how much of it there may
//! be between two replies.

use super::client::{CONNECTION_WINDOW, Client, MOST_UNREAD, STREAM_WINDOW};
use super::failure::{ConnectionFailure, ErrorCode, StreamFailure};
use super::frame::{self, FrameHead, HEAD_BYTES, MOST_PAYLOAD, flag, kind};
use super::reading::{BlockReading, DataReading, other_protocol};
use super::reply_head::{MOST_HEAD_BYTES, ReplyHead};
use super::streams::Phase;

/// Frames of one header block. Each may be as small as it likes.
const MOST_BLOCK_FRAMES: u32 = 64;
/// Frames between two steps of a reply that bring none forward.
const MOST_IDLE_FRAMES: u32 = 1_000;

impl Client {
    /// Takes `bytes` that came; `room` gives room for a reply.
    pub fn receive(&mut self, mut bytes: &[u8], mut room: impl FnMut() -> Vec<u8>) {
        while self.failure.is_none() {
            if let Some(data) = self.reading.data.take() {
                bytes = self.take_data(data, bytes, &mut room);
                if self.reading.data.is_some() {
                    return;
                }
                continue;
            }
            if bytes.is_empty() {
                return;
            }
            if self.reading.partial.is_empty() {
                match self.whole_frame(bytes, &mut room) {
                    Some(rest) => bytes = rest,
                    None => {
                        self.reading.partial.extend_from_slice(bytes);
                        self.look_at_greeting();
                        return;
                    }
                }
            } else {
                bytes = self.top_up(bytes, &mut room);
            }
        }
    }

    /// Takes the frame that `bytes` begin with, and gives what comes after it; of DATA its head will do.
    #[inline]
    fn whole_frame<'a>(
        &mut self,
        bytes: &'a [u8],
        room: &mut impl FnMut() -> Vec<u8>,
    ) -> Option<&'a [u8]> {
        let head = bytes.first_chunk::<HEAD_BYTES>()?;
        let head = FrameHead::read(head);
        if !self.is_acceptable(head, bytes) {
            return Some(&[]);
        }
        let rest = &bytes[HEAD_BYTES..];
        if head.kind == kind::DATA {
            // With the length of its padding, if it has any.
            if head.has(flag::PADDED) && head.length > 0 && rest.is_empty() {
                return None;
            }
            return Some(self.begin_data(head, rest));
        }
        let (payload, rest) = rest.split_at_checked(head.length)?;
        self.take_frame(head, payload, room);
        Some(rest)
    }

    /// Completes the frame that has begun, as far as `bytes` go. Gives the rest.
    fn top_up<'a>(&mut self, bytes: &'a [u8], room: &mut impl FnMut() -> Vec<u8>) -> &'a [u8] {
        let mut partial = std::mem::take(&mut self.reading.partial);
        let wanted = match partial.first_chunk::<HEAD_BYTES>() {
            None => HEAD_BYTES,
            Some(head) => {
                let head = FrameHead::read(head);
                match head.kind {
                    kind::DATA => HEAD_BYTES + 1,
                    _ => HEAD_BYTES + head.length,
                }
            }
        };
        let (more, rest) = bytes.split_at(bytes.len().min(wanted - partial.len()));
        partial.extend_from_slice(more);
        if self.whole_frame(&partial, room).is_some() {
            partial.clear();
        }
        self.reading.partial = partial;
        self.look_at_greeting();
        rest
    }

    /// Ends the connection when its first bytes, less than a frame as yet, cannot become one.
    fn look_at_greeting(&mut self) {
        if !self.reading.has_greeted
            && let Some(failure) = other_protocol(&self.reading.partial)
        {
            self.fail(failure);
        }
    }

    /// Whether a frame may stand here.
    #[inline]
    fn is_acceptable(&mut self, head: FrameHead, bytes: &[u8]) -> bool {
        if !self.reading.has_greeted {
            if let Some(failure) = other_protocol(bytes) {
                self.fail(failure);
                return false;
            }
            self.reading.has_greeted = true;
        }
        if head.length > MOST_PAYLOAD {
            self.fail(ConnectionFailure::FrameSize("too large"));
            return false;
        }
        if let Some(block) = self.reading.block
            && (head.kind, head.stream) != (kind::CONTINUATION, block.stream)
        {
            self.fail(ConnectionFailure::Protocol(
                "a header block that is interrupted",
            ));
            return false;
        }
        true
    }

    /// A frame that brings no reply forward. Whether there may be more of them.
    pub(super) fn is_patient(&mut self, of: &'static str) -> bool {
        self.reading.idle_frames += 1;
        let is_too_much =
            self.reading.idle_frames > MOST_IDLE_FRAMES || self.out.len() > MOST_UNREAD;
        if is_too_much {
            self.fail(ConnectionFailure::Flood(of));
        }
        !is_too_much
    }

    fn take_frame(&mut self, head: FrameHead, payload: &[u8], room: &mut impl FnMut() -> Vec<u8>) {
        match head.kind {
            kind::HEADERS => self.take_headers(head, payload, room),
            kind::CONTINUATION => self.take_continuation(head, payload, room),
            kind::RST_STREAM => self.take_reset(head, payload),
            kind::SETTINGS => self.take_settings(head, payload),
            kind::PING => self.take_ping(head, payload),
            kind::GOAWAY => self.take_goodbye(head, payload),
            kind::WINDOW_UPDATE => self.take_window(head, payload),
            kind::PUSH_PROMISE => {
                self.fail(ConnectionFailure::Protocol("a push that was forbidden"));
            }
            kind::PRIORITY if head.stream == 0 => {
                self.fail(ConnectionFailure::Protocol("a priority of no stream"));
            }
            _ => {
                // Nothing to us, whatever it is.
                self.is_patient("frames of no use");
            }
        }
    }

    /// The head of a DATA frame, with the length of its padding. Gives what comes after.
    #[inline]
    fn begin_data<'a>(&mut self, head: FrameHead, rest: &'a [u8]) -> &'a [u8] {
        if head.stream == 0 || self.is_unopened(head.stream) {
            self.fail(ConnectionFailure::Protocol(
                "data of a stream that is not there",
            ));
            return rest;
        }
        let (padding, rest) = match head.has(flag::PADDED) {
            true => match rest.split_first() {
                Some((padding, rest)) if usize::from(*padding) < head.length => {
                    (usize::from(*padding) + 1, rest)
                }
                _ => {
                    self.fail(ConnectionFailure::Protocol("more padding than frame"));
                    return rest;
                }
            },
            false => (0, rest),
        };
        let length = head.length as u32;
        self.receive_window -= i64::from(length);
        if self.receive_window < 0 {
            self.fail(ConnectionFailure::FlowControl(
                "more data than the window allows",
            ));
            return rest;
        }
        self.consumed += length;
        if self.consumed > CONNECTION_WINDOW / 4 {
            frame::write_number(kind::WINDOW_UPDATE, 0, self.consumed, &mut self.out);
            self.receive_window += i64::from(std::mem::take(&mut self.consumed));
        }
        let ends = head.has(flag::END_STREAM);
        if length == padding as u32 && !ends && !self.is_patient("empty frames") {
            return rest;
        }
        let mut slot = self.streams.find(head.stream);
        if let Some(at) = slot {
            slot = self.count_data(at, head, ends).then_some(at);
        }
        self.reading.data = Some(DataReading {
            slot,
            left: head.length - padding,
            padding: padding.saturating_sub(1),
            ends,
        });
        rest
    }

    /// Whether a stream may have so much data now.
    #[inline]
    fn count_data(&mut self, slot: u32, head: FrameHead, ends: bool) -> bool {
        let stream = self.streams.at(slot);
        stream.received_bytes += (HEAD_BYTES + head.length) as u64;
        stream.receive_window -= head.length as i64;
        if stream.receive_window < 0 {
            self.fail(ConnectionFailure::FlowControl(
                "more data than the window allows",
            ));
            return false;
        }
        if stream.phase != Phase::Body {
            self.malformed(slot, "data before the head");
            return false;
        }
        stream.consumed += head.length as u32;
        if !ends && stream.consumed > STREAM_WINDOW / 2 {
            let more = std::mem::take(&mut stream.consumed);
            stream.receive_window += i64::from(more);
            frame::write_number(kind::WINDOW_UPDATE, head.stream, more, &mut self.out);
        }
        true
    }

    /// A piece of a DATA frame. Gives what comes after the frame.
    #[inline]
    fn take_data<'a>(
        &mut self,
        mut data: DataReading,
        bytes: &'a [u8],
        room: &mut impl FnMut() -> Vec<u8>,
    ) -> &'a [u8] {
        let (piece, rest) = bytes.split_at(bytes.len().min(data.left));
        data.left -= piece.len();
        if let Some(slot) = data.slot
            && !piece.is_empty()
        {
            self.reading.idle_frames = 0;
            let most = self.settings.max_body_bytes as u64;
            let stream = self.streams.at(slot);
            if stream.phase != Phase::Body {
                // Given up meanwhile.
                data.slot = None;
            } else if stream.body_bytes() + piece.len() as u64 > most {
                self.end_with(slot, StreamFailure::TooLarge, Some(ErrorCode::CANCEL));
                data.slot = None;
            } else {
                if stream.reply.capacity() == 0 {
                    stream.reply = room();
                }
                stream.reply.extend_from_slice(piece);
            }
        }
        let (padding, rest) = rest.split_at(rest.len().min(data.padding));
        data.padding -= padding.len();
        if data.left + data.padding > 0 {
            self.reading.data = Some(data);
        } else if let Some(slot) = data.slot
            && data.ends
        {
            self.end_reply(slot);
        }
        rest
    }

    fn take_headers(
        &mut self,
        head: FrameHead,
        payload: &[u8],
        room: &mut impl FnMut() -> Vec<u8>,
    ) {
        if head.stream == 0 || self.is_unopened(head.stream) {
            return self.fail(ConnectionFailure::Protocol(
                "a head of a stream that is not there",
            ));
        }
        let Some(fragment) = without_padding(head, payload) else {
            return self.fail(ConnectionFailure::Protocol("more padding than frame"));
        };
        let block = BlockReading {
            stream: head.stream,
            ends: head.has(flag::END_STREAM),
            frames: 1,
            bytes: HEAD_BYTES + head.length,
        };
        if head.has(flag::END_HEADERS) {
            return self.take_block(block, fragment, room);
        }
        self.reading.fragments.clear();
        self.reading.fragments.extend_from_slice(fragment);
        self.reading.block = Some(block);
    }

    #[cold]
    fn take_continuation(
        &mut self,
        head: FrameHead,
        payload: &[u8],
        room: &mut impl FnMut() -> Vec<u8>,
    ) {
        let Some(mut block) = self.reading.block.take() else {
            return self.fail(ConnectionFailure::Protocol(
                "a header block that goes on without a beginning",
            ));
        };
        block.frames += 1;
        block.bytes += HEAD_BYTES + head.length;
        if block.frames > MOST_BLOCK_FRAMES {
            return self.fail(ConnectionFailure::Flood("CONTINUATION frames"));
        }
        let mut fragments = std::mem::take(&mut self.reading.fragments);
        fragments.extend_from_slice(payload);
        if fragments.len() > MOST_HEAD_BYTES {
            return self.fail(ConnectionFailure::HeadTooLarge);
        }
        if head.has(flag::END_HEADERS) {
            self.take_block(block, &fragments, room);
        } else {
            self.reading.block = Some(block);
        }
        self.reading.fragments = fragments;
    }

    /// A whole header block.
    #[inline]
    fn take_block(&mut self, of: BlockReading, block: &[u8], room: &mut impl FnMut() -> Vec<u8>) {
        let slot = self.streams.find(of.stream);
        // Of a stream that is over, too, it changes the table.
        let mut nowhere = Vec::new();
        let (out, is_trailer) = match slot {
            None => (&mut nowhere, true),
            Some(slot) => {
                let stream = self.streams.at(slot);
                stream.received_bytes += of.bytes as u64;
                if stream.reply.capacity() == 0 {
                    stream.reply = room();
                }
                (&mut stream.reply, stream.phase == Phase::Body)
            }
        };
        let mut head = ReplyHead::new(out, self.settings.kept, is_trailer);
        if self.decoder.decode(block, &mut head).is_err() {
            return self.fail(ConnectionFailure::Compression);
        }
        let (status, length, fault) = (head.status, head.length, head.fault);
        if head.is_too_large {
            return self.fail(ConnectionFailure::HeadTooLarge);
        }
        match slot {
            None => {
                self.is_patient("heads of streams that are over");
            }
            Some(slot) if fault.is_some() => self.malformed(slot, fault.unwrap_or_default()),
            Some(slot) if is_trailer => match of.ends {
                true => self.end_reply(slot),
                false => self.malformed(slot, "trailers that do not end it"),
            },
            Some(slot) => self.take_head(slot, (status, length), of.ends),
        }
    }

    /// A whole head, or one of a 1xx reply.
    #[inline]
    fn take_head(&mut self, slot: u32, head: (Option<u16>, Option<u64>), ends: bool) {
        let stream = self.streams.at(slot);
        match head {
            (None, _) => self.malformed(slot, "a head without a status"),
            (Some(101), _) => self.malformed(slot, "an upgrade that nobody asked for"),
            (Some(100..=199), _) if ends => self.malformed(slot, "a reply that ends with a 1xx"),
            (Some(100..=199), _) => {
                stream.reply.clear();
                self.is_patient("1xx replies");
            }
            (Some(status), length) => {
                stream.reply.extend_from_slice(b"\r\n");
                stream.status = status;
                // Such a reply has no body, whatever its length says.
                stream.expected = length.filter(|_| !matches!(status, 204 | 304));
                stream.body_start = stream.reply.len() as u32;
                stream.phase = Phase::Body;
                if length.is_some_and(|length| length > self.settings.max_body_bytes as u64) {
                    self.end_with(slot, StreamFailure::TooLarge, Some(ErrorCode::CANCEL));
                } else if ends {
                    self.end_reply(slot);
                }
            }
        }
    }

    /// The peer has ended a stream.
    #[inline]
    fn end_reply(&mut self, slot: u32) {
        let stream = self.streams.at(slot);
        if stream
            .expected
            .is_some_and(|expected| expected != stream.body_bytes())
        {
            return self.malformed(slot, "its body is not as long as its content-length says");
        }
        stream.is_ended = true;
        self.reading.idle_frames = 0;
        self.end(slot);
    }

    #[cold]
    pub(super) fn malformed(&mut self, slot: u32, why: &'static str) {
        let failure = StreamFailure::Malformed(why);
        self.end_with(slot, failure, Some(ErrorCode::PROTOCOL_ERROR));
    }
}

/// The fragment of a header block in the payload of a HEADERS frame.
#[inline]
fn without_padding(head: FrameHead, payload: &[u8]) -> Option<&[u8]> {
    let (padding, rest) = match head.has(flag::PADDED) {
        true => payload
            .split_first()
            .map(|(padding, rest)| (usize::from(*padding), rest))?,
        false => (0, payload),
    };
    let rest = match head.has(flag::PRIORITY) {
        true => rest.split_at_checked(5)?.1,
        false => rest,
    };
    rest.get(..rest.len().checked_sub(padding)?)
}
