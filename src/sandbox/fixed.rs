//! The cheapest possible server, for measuring load generators: every request is answered with
//! one prepared 201.
//!
//! Requests are told apart by the end of their head and their `content-length`, nothing else of
//! them is read: no chunked bodies, no `Connection: close`, no closing of idle connections.

use super::client_stream::ClientStream;
use super::connection::send_all;
use super::connection_table::{ConnectionGuard, ConnectionTable, Date};
use super::http2::{FixedHttp2, Preface};
use super::reply::ReplyHeader;
use memchr::memmem;
use std::rc::Rc;

const BUFFER_BYTES: usize = 4 << 10;
const HTTP_2_BUFFER_BYTES: usize = 16 << 10;
/// A connection that sends a longer head is closed.
const MAX_HEAD_BYTES: usize = 64 << 10;
/// The one body, of the size and form of a registration's.
const BODY: &str = r#"{"customer_id":"b5a3c71a-c732-4188-bc9a-ca6cfd65a82f"}"#;
const DATE_AT: usize = "HTTP/1.1 201 Created\r\ndate: ".len();

/// Serves a connection until the client closes it.
pub async fn serve<S: ClientStream>(
    mut stream: S,
    guard: ConnectionGuard,
    connection_table: Rc<ConnectionTable>,
) {
    let mut requests = Requests::default();
    let mut replies = Replies::new(connection_table.date());
    let mut buffer = Vec::with_capacity(BUFFER_BYTES);
    let mut is_new = true;
    loop {
        if buffer.len() == buffer.capacity() {
            if buffer.len() >= MAX_HEAD_BYTES {
                break;
            }
            buffer.reserve(buffer.len());
        }
        let received;
        (received, buffer) = stream.receive(buffer).await;
        if !matches!(received, Ok(1..)) {
            break;
        }
        if is_new {
            match Preface::at_start_of(&buffer) {
                Preface::Whole => {
                    serve_http_2(&mut stream, buffer, &connection_table).await;
                    break;
                }
                Preface::Begun => continue,
                Preface::Absent => is_new = false,
            }
        }
        let count = requests.take_from(&mut buffer);
        if count == 0 {
            continue;
        }
        replies.prepare(count, connection_table.date());
        let length = replies.bytes.len();
        let sent;
        (sent, replies.bytes) = stream.send(replies.bytes).await;
        match sent {
            Ok(sent) if sent == length => {}
            Ok(sent @ 1..) => {
                let mut rest = replies.bytes[sent..].to_vec();
                if !send_all(&mut stream, &mut rest).await {
                    break;
                }
            }
            Ok(0) | Err(_) => break,
        }
    }
    stream.say_goodbye().await;
    drop(guard);
    drop(stream);
}

/// The same over HTTP/2; `buffer` came already.
async fn serve_http_2<S: ClientStream>(
    stream: &mut S,
    mut buffer: Vec<u8>,
    connection_table: &ConnectionTable,
) {
    let mut date = connection_table.date();
    let mut frames = FixedHttp2::new(&date, BODY.as_bytes());
    let mut out = Vec::new();
    loop {
        if date != connection_table.date() {
            date = connection_table.date();
            frames.set_date(&date);
        }
        let taken = frames.take_from(&mut buffer, &mut out);
        if !send_all(stream, &mut out).await || taken.is_err() {
            return;
        }
        // A frame that is not there in full is shorter than this.
        buffer.reserve(HTTP_2_BUFFER_BYTES);
        let received;
        (received, buffer) = stream.receive(buffer).await;
        if !matches!(received, Ok(1..)) {
            return;
        }
    }
}

/// Prepared replies, as many as the last batch had requests.
struct Replies {
    bytes: Vec<u8>,
    reply_bytes: usize,
    date: Date,
}

impl Replies {
    fn new(date: Date) -> Self {
        let mut bytes = Vec::new();
        ReplyHeader::json(201, BODY.len()).write(&date, &mut bytes);
        bytes.extend_from_slice(BODY.as_bytes());
        Self {
            reply_bytes: bytes.len(),
            bytes,
            date,
        }
    }

    #[inline]
    fn prepare(&mut self, count: usize, date: Date) {
        if self.date != date {
            self.date = date;
            for reply in self.bytes.chunks_exact_mut(self.reply_bytes) {
                reply[DATE_AT..DATE_AT + date.len()].copy_from_slice(&date);
            }
        }
        let wanted = count * self.reply_bytes;
        self.bytes.truncate(wanted);
        while self.bytes.len() < wanted {
            self.bytes.extend_from_within(..self.reply_bytes);
        }
    }
}

/// Counts requests as they come.
#[derive(Default)]
struct Requests {
    /// Bytes of a body that have not arrived yet.
    body_left: usize,
}

impl Requests {
    /// Takes what belongs to requests whose head is complete out of `buffer`; returns how many
    /// requests were completed.
    #[inline]
    fn take_from(&mut self, buffer: &mut Vec<u8>) -> usize {
        let mut count = 0;
        let mut at = 0;
        loop {
            if self.body_left > 0 {
                let there = self.body_left.min(buffer.len() - at);
                self.body_left -= there;
                at += there;
                if self.body_left > 0 {
                    break;
                }
                count += 1;
            }
            let Some(end) = memmem::find(&buffer[at..], b"\r\n\r\n") else {
                break;
            };
            self.body_left = content_length(&buffer[at..at + end]);
            at += end + 4;
            if self.body_left == 0 {
                count += 1;
            }
        }
        if at == buffer.len() {
            buffer.clear();
        } else {
            buffer.drain(..at);
        }
        count
    }
}

/// The `content-length` of a head; 0 when there is none.
#[inline]
fn content_length(head: &[u8]) -> usize {
    const NAME: &[u8] = b"content-length:";
    let mut line_start = 0;
    while let Some(feed) = memchr::memchr(b'\n', &head[line_start..]) {
        line_start += feed + 1;
        let line = &head[line_start..];
        if line.len() > NAME.len() && line[..NAME.len()].eq_ignore_ascii_case(NAME) {
            return line[NAME.len()..]
                .iter()
                .skip_while(|&&byte| byte == b' ')
                .map_while(|byte| char::from(*byte).to_digit(10))
                .fold(0, |length: usize, digit| {
                    length.saturating_mul(10).saturating_add(digit as usize)
                });
        }
    }
    0
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn replies_are_repeated_and_carry_the_date() {
        let mut replies = Replies::new(*b"Sun, 22 Nov 2026 07:26:06 GMT");
        let one = String::from_utf8(replies.bytes.clone()).unwrap();
        assert!(one.starts_with("HTTP/1.1 201 Created\r\ndate: Sun, 22 Nov 2026 07:26:06 GMT\r\nserver: uvicorn\r\ncontent-length: 54\r\ncontent-type: application/json\r\n\r\n{"));
        replies.prepare(3, *b"Sun, 22 Nov 2026 07:26:07 GMT");
        let later = one.replace(":06 GMT", ":07 GMT");
        assert_eq!(replies.bytes, later.repeat(3).as_bytes());
        replies.prepare(1, *b"Sun, 22 Nov 2026 07:26:07 GMT");
        assert_eq!(replies.bytes, later.as_bytes());
    }

    proptest! {
        #[test]
        fn requests_are_counted_however_they_are_cut(
            bodies in prop::collection::vec(prop::option::of(0..40_usize), 1..8),
            cut in 1..50_usize,
        ) {
            let mut text = Vec::new();
            for body in &bodies {
                match body {
                    None => text.extend_from_slice(b"GET / HTTP/1.1\r\nhost: x\r\n\r\n"),
                    Some(length) => {
                        text.extend_from_slice(format!("POST / HTTP/1.1\r\nhost: x\r\nContent-Length: {length}\r\n\r\n").as_bytes());
                        text.extend_from_slice(&b"\r\n\r\n{".repeat(8)[..*length]);
                    }
                }
            }
            let mut requests = Requests::default();
            let mut buffer = Vec::new();
            let count: usize = text
                .chunks(cut)
                .map(|piece| {
                    buffer.extend_from_slice(piece);
                    requests.take_from(&mut buffer)
                })
                .sum();
            prop_assert_eq!(count, bodies.len());
            prop_assert!(buffer.is_empty());
        }
    }
}
