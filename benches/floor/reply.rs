//! Reads replies: status, length and the id of the registration. Nothing else of HTTP is known here.

use memchr::memmem;
use std::collections::HashMap;

/// Bytes of an id, a UUID as text.
const ID_BYTES: usize = 36;
const CREATED: &[u8] = b"HTTP/1.1 201 ";
const ID: &[u8] = b"\"customer_id\":\"";
const LENGTH: &[u8] = b"\r\ncontent-length: ";
const END_OF_HEAD: &[u8] = b"\r\n\r\n";
/// An incomplete reply that is longer than this will never be one.
const MOST_BYTES: usize = 64 << 10;

/// What a reply of the fixed server cannot be.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum ReplyError {
    #[error("the reply is no 201: {0:?}")]
    Status(String),
    #[error("the reply has no content-length")]
    NoLength,
    #[error("the reply has no customer_id")]
    NoId,
    #[error("{0} bytes came after the reply")]
    TooMuch(usize),
    #[error("no end of the reply after {0} bytes")]
    TooLong(usize),
}

/// The replies of all connections.
pub struct Replies {
    /// The beginnings of replies that came in pieces.
    begun: HashMap<u32, Vec<u8>>,
    last_id: [u8; ID_BYTES],
}

impl Default for Replies {
    fn default() -> Self {
        Self {
            begun: HashMap::new(),
            last_id: [b'-'; ID_BYTES],
        }
    }
}

impl Replies {
    /// Takes what a connection received; whether its reply is complete with it.
    #[inline]
    pub fn take(&mut self, connection: u32, bytes: &[u8]) -> Result<bool, ReplyError> {
        if self.begun.is_empty() {
            match read(bytes)? {
                Some(id) => self.last_id = id,
                None => self.keep(connection, bytes)?,
            }
            return Ok(self.begun.is_empty());
        }
        self.take_a_piece(connection, bytes)
    }

    #[cold]
    fn keep(&mut self, connection: u32, bytes: &[u8]) -> Result<(), ReplyError> {
        let begun = self.begun.entry(connection).or_default();
        begun.extend_from_slice(bytes);
        match begun.len() {
            length @ MOST_BYTES.. => Err(ReplyError::TooLong(length)),
            _ => Ok(()),
        }
    }

    #[cold]
    fn take_a_piece(&mut self, connection: u32, bytes: &[u8]) -> Result<bool, ReplyError> {
        self.keep(connection, bytes)?;
        let complete = read(&self.begun[&connection])?;
        if let Some(id) = complete {
            self.last_id = id;
            self.begun.remove(&connection);
        }
        Ok(complete.is_some())
    }

    /// The id that was read last.
    pub fn last_id(&self) -> &str {
        std::str::from_utf8(&self.last_id).unwrap_or("not text")
    }
}

/// The id of a complete reply.
#[inline]
fn read(bytes: &[u8]) -> Result<Option<[u8; ID_BYTES]>, ReplyError> {
    let Some(head_bytes) = memmem::find(bytes, END_OF_HEAD) else {
        return Ok(None);
    };
    if !bytes.starts_with(CREATED) {
        let line = bytes.split(|&byte| byte == b'\r').next().unwrap_or(bytes);
        return Err(ReplyError::Status(
            String::from_utf8_lossy(line).into_owned(),
        ));
    }
    let length_at = memmem::find(&bytes[..head_bytes], LENGTH).ok_or(ReplyError::NoLength)?;
    let length = bytes[length_at + LENGTH.len()..]
        .iter()
        .map_while(|byte| byte.is_ascii_digit().then(|| usize::from(byte - b'0')))
        .fold(0_usize, |length, digit| {
            length.saturating_mul(10).saturating_add(digit)
        });
    let body = &bytes[head_bytes + END_OF_HEAD.len()..];
    if body.len() < length {
        return Ok(None);
    }
    if body.len() > length {
        return Err(ReplyError::TooMuch(body.len() - length));
    }
    let id_at = memmem::find(body, ID).ok_or(ReplyError::NoId)? + ID.len();
    let id = body.get(id_at..).and_then(|rest| rest.first_chunk());
    id.copied().map(Some).ok_or(ReplyError::NoId)
}

#[cfg(test)]
mod tests {
    use super::*;

    const REPLY: &[u8] = b"HTTP/1.1 201 Created\r\nserver: uvicorn\r\ncontent-length: 54\r\ncontent-type: application/json\r\n\r\n{\"customer_id\":\"b5a3c71a-c732-4188-bc9a-ca6cfd65a82f\"}";

    #[test]
    fn a_reply_is_read_however_it_is_cut() {
        for cut in 0..REPLY.len() {
            let mut replies = Replies::default();
            if cut > 0 {
                assert_eq!(replies.take(3, &REPLY[..cut]), Ok(false), "{cut}");
                assert_eq!(replies.take(4, REPLY), Ok(true), "another one, {cut}");
            }
            assert_eq!(replies.take(3, &REPLY[cut..]), Ok(true), "{cut}");
            assert_eq!(replies.last_id(), "b5a3c71a-c732-4188-bc9a-ca6cfd65a82f");
            assert!(replies.begun.is_empty());
        }
    }

    #[test]
    fn what_is_no_registration_is_said() {
        let mut replies = Replies::default();
        let refused = b"HTTP/1.1 503 Busy\r\ncontent-length: 0\r\n\r\n";
        let says = ReplyError::Status("HTTP/1.1 503 Busy".to_owned());
        assert_eq!(replies.take(0, refused), Err(says));
        let endless = b"HTTP/1.1 201 Created\r\n\r\n{}";
        assert_eq!(replies.take(0, endless), Err(ReplyError::NoLength));
        let nameless = b"HTTP/1.1 201 Created\r\ncontent-length: 2\r\n\r\n{}";
        assert_eq!(replies.take(0, nameless), Err(ReplyError::NoId));
        let twice = [REPLY, b"HT"].concat();
        assert_eq!(replies.take(0, &twice), Err(ReplyError::TooMuch(2)));
        let long = vec![b'x'; MOST_BYTES];
        assert_eq!(replies.take(0, &long), Err(ReplyError::TooLong(MOST_BYTES)));
    }
}
