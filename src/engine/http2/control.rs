//! Frames that are no part of a reply: what the server wants, asks and gives up.

use super::client::Client;
use super::failure::{ConnectionFailure, ErrorCode, StreamFailure};
use super::frame::{self, FrameHead, HEAD_BYTES, MOST_PAYLOAD, MOST_WINDOW, flag, kind, setting};

impl Client {
    pub(super) fn take_reset(&mut self, head: FrameHead, payload: &[u8]) {
        let Ok(code) = payload.try_into().map(u32::from_be_bytes) else {
            return self.fail(ConnectionFailure::FrameSize("RST_STREAM"));
        };
        if head.stream == 0 || self.is_unopened(head.stream) {
            return self.fail(ConnectionFailure::Protocol(
                "a reset of a stream that is not there",
            ));
        }
        let Some(slot) = self.streams.find(head.stream) else {
            self.is_patient("resets");
            return;
        };
        self.streams.at(slot).received_bytes += (HEAD_BYTES + payload.len()) as u64;
        let failure = match ErrorCode(code) {
            ErrorCode::REFUSED_STREAM => StreamFailure::Refused("REFUSED_STREAM"),
            code => StreamFailure::Reset(code),
        };
        self.end_with(slot, failure, None);
    }

    pub(super) fn take_settings(&mut self, head: FrameHead, payload: &[u8]) {
        if head.stream != 0 {
            return self.fail(ConnectionFailure::Protocol("settings of a stream"));
        }
        if head.has(flag::ACK) {
            match payload.is_empty() {
                true => self.is_patient("SETTINGS"),
                false => return self.fail(ConnectionFailure::FrameSize("SETTINGS")),
            };
            return;
        }
        if !payload.len().is_multiple_of(6) {
            return self.fail(ConnectionFailure::FrameSize("SETTINGS"));
        }
        if self.has_settings && !self.is_patient("SETTINGS") {
            return;
        }
        for pair in payload.chunks_exact(6) {
            let name = u16::from_be_bytes([pair[0], pair[1]]);
            let value = u32::from_be_bytes([pair[2], pair[3], pair[4], pair[5]]);
            self.take_setting(name, value);
        }
        if self.failure.is_none() {
            self.has_settings = true;
            frame::write(kind::SETTINGS, flag::ACK, 0, &[], &mut self.out);
            self.pump_blocked();
        }
    }

    fn take_setting(&mut self, name: u16, value: u32) {
        match name {
            setting::HEADER_TABLE_SIZE => self.encoder.resize(value),
            setting::ENABLE_PUSH if value > 0 => {
                self.fail(ConnectionFailure::Protocol(
                    "a server that would be pushed to",
                ));
            }
            setting::MAX_CONCURRENT_STREAMS => self.peer.streams = value as usize,
            setting::INITIAL_WINDOW_SIZE if i64::from(value) > MOST_WINDOW => {
                self.fail(ConnectionFailure::FlowControl("a window that is too large"));
            }
            setting::INITIAL_WINDOW_SIZE => {
                let change = i64::from(value) - self.peer.window;
                self.peer.window = i64::from(value);
                let mut nth = 0;
                while let Some(slot) = self.streams.nth_open(nth) {
                    let stream = self.streams.at(slot);
                    stream.send_window += change;
                    if stream.send_window > MOST_WINDOW {
                        return self
                            .fail(ConnectionFailure::FlowControl("a window that is too large"));
                    }
                    nth += 1;
                }
            }
            setting::MAX_FRAME_SIZE => match value {
                16_384..=0xff_ffff => self.peer.frame_bytes = (value as usize).min(MOST_PAYLOAD),
                _ => self.fail(ConnectionFailure::Protocol("a frame size that is none")),
            },
            _ => {}
        }
    }

    pub(super) fn take_ping(&mut self, head: FrameHead, payload: &[u8]) {
        if head.stream != 0 {
            return self.fail(ConnectionFailure::Protocol("a ping of a stream"));
        }
        if payload.len() != 8 {
            return self.fail(ConnectionFailure::FrameSize("PING"));
        }
        if !self.is_patient("PING") {
            return;
        }
        if !head.has(flag::ACK) {
            return frame::write(kind::PING, flag::ACK, 0, payload, &mut self.out);
        }
        if let Ok(number) = payload.try_into().map(u64::from_be_bytes)
            && (self.signs.1..=self.signs.0).contains(&number)
        {
            self.signs.1 = number;
        }
    }

    /// Asks the peer for a sign that it has read what was written so far (PING). Gives its number, from 1.
    pub fn ask_for_sign(&mut self) -> u64 {
        self.signs.0 += 1;
        let number = self.signs.0;
        frame::write(kind::PING, 0, 0, &number.to_be_bytes(), &mut self.out);
        number
    }

    /// Whether the peer has given the sign of this number.
    #[must_use]
    pub fn has_sign(&self, number: u64) -> bool {
        self.signs.1 >= number
    }

    pub(super) fn take_goodbye(&mut self, head: FrameHead, payload: &[u8]) {
        if head.stream != 0 {
            return self.fail(ConnectionFailure::Protocol("a goodbye of a stream"));
        }
        let Some((last, code)) = payload.split_first_chunk::<4>() else {
            return self.fail(ConnectionFailure::FrameSize("GOAWAY"));
        };
        let Some(code) = code.first_chunk::<4>() else {
            return self.fail(ConnectionFailure::FrameSize("GOAWAY"));
        };
        if !self.is_patient("GOAWAY") {
            return;
        }
        self.goodbye = Some(ErrorCode(u32::from_be_bytes(*code)));
        let last = u32::from_be_bytes(*last) & 0x7fff_ffff;
        while let Some(slot) = self.streams.last_open_above(last) {
            self.end_with(slot, StreamFailure::Refused("GOAWAY"), None);
        }
    }

    pub(super) fn take_window(&mut self, head: FrameHead, payload: &[u8]) {
        let Ok(by) = payload.try_into().map(u32::from_be_bytes) else {
            return self.fail(ConnectionFailure::FrameSize("WINDOW_UPDATE"));
        };
        let by = by & 0x7fff_ffff;
        match (head.stream, by) {
            (0, 0) => self.fail(ConnectionFailure::Protocol(
                "a window that grows by nothing",
            )),
            (0, by) => self.widen(by),
            (stream, _) if self.is_unopened(stream) => {
                self.fail(ConnectionFailure::Protocol(
                    "a window of a stream that is not there",
                ));
            }
            (stream, by) => match self.streams.find(stream) {
                Some(slot) if by == 0 => self.malformed(slot, "a window that grows by nothing"),
                Some(slot) => self.widen_stream(slot, by),
                None => {}
            },
        }
    }
}
