//! The head of a reply as its fields come, and the few of them that somebody reads.

use super::field_decoder::Fields;

/// Largest head, counted as RFC 9113 section 6.5.2 counts.
pub(super) const MOST_HEAD_BYTES: usize = 64 << 10;

/// Fields whose values are read by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeptFields {
    /// Those of the load: where a reply points to, when to come again, what it has a client keep.
    Needed,
    /// All of them.
    All,
}

impl KeptFields {
    fn has(self, name: &[u8]) -> bool {
        self == Self::All || matches!(name, b"location" | b"retry-after" | b"set-cookie")
    }
}

/// See the module's documentation.
pub(super) struct ReplyHead<'a> {
    pub status: Option<u16>,
    pub length: Option<u64>,
    /// What is wrong with it.
    pub fault: Option<&'static str>,
    pub is_too_large: bool,
    /// Where the head is written as text.
    out: &'a mut Vec<u8>,
    kept: KeptFields,
    is_trailer: bool,
    has_regular: bool,
    bytes: usize,
}

impl<'a> ReplyHead<'a> {
    /// A head that is written to `out`; of trailers nothing is.
    pub(super) fn new(out: &'a mut Vec<u8>, kept: KeptFields, is_trailer: bool) -> Self {
        Self {
            status: None,
            length: None,
            fault: None,
            is_too_large: false,
            out,
            kept,
            is_trailer,
            has_regular: false,
            bytes: 0,
        }
    }

    fn fault(&mut self, fault: &'static str) {
        self.fault = self.fault.or(Some(fault));
    }

    fn pseudo(&mut self, name: &[u8], value: &[u8]) {
        let status = match value {
            [
                hundreds @ b'1'..=b'9',
                tens @ b'0'..=b'9',
                ones @ b'0'..=b'9',
            ] => {
                let digit = |byte: u8| u16::from(byte - b'0');
                Some(digit(*hundreds) * 100 + digit(*tens) * 10 + digit(*ones))
            }
            _ => None,
        };
        match (name, status) {
            _ if self.is_trailer => self.fault("a pseudo-header in the trailers"),
            _ if self.has_regular => self.fault("a pseudo-header after others"),
            (b":status", Some(_)) if self.status.is_some() => self.fault("two statuses"),
            (b":status", Some(status)) => {
                self.status = Some(status);
                self.out.extend_from_slice(b"HTTP/2 ");
                self.out.extend_from_slice(value);
                self.out.extend_from_slice(b"\r\n");
            }
            (b":status", None) => self.fault("a status that is none"),
            _ => self.fault("a pseudo-header that replies do not have"),
        }
    }

    fn regular(&mut self, name: &[u8], value: &[u8]) {
        self.has_regular = true;
        match name {
            b"content-length" if !self.is_trailer => {
                let digits = std::str::from_utf8(value).ok();
                let length =
                    digits.filter(|digits| digits.bytes().all(|byte| byte.is_ascii_digit()));
                match (length.and_then(|digits| digits.parse().ok()), self.length) {
                    (None, _) => self.fault("a content-length that is no number"),
                    (Some(length), Some(known)) if length != known => {
                        self.fault("two content-lengths that differ");
                    }
                    (length, _) => self.length = length,
                }
            }
            b"connection" | b"transfer-encoding" | b"upgrade" | b"keep-alive"
            | b"proxy-connection" => {
                self.fault("a header of HTTP/1.1 connections");
            }
            _ => {}
        }
        if !self.is_trailer && self.kept.has(name) {
            self.out.extend_from_slice(name);
            self.out.extend_from_slice(b": ");
            // What ends a line ends no line here.
            let lines = value.iter().map(|byte| match byte {
                b'\r' | b'\n' | 0 => b' ',
                byte => *byte,
            });
            self.out.extend(lines);
            self.out.extend_from_slice(b"\r\n");
        }
    }
}

impl Fields for ReplyHead<'_> {
    #[inline]
    fn wants(&mut self, name: &[u8]) -> bool {
        name.first() == Some(&b':') || name == b"content-length" || self.kept.has(name)
    }

    #[inline]
    fn field(&mut self, name: &[u8], value: &[u8]) {
        match name.first() {
            Some(b':') => self.pseudo(name, value),
            Some(_) if !name.iter().any(u8::is_ascii_uppercase) => self.regular(name, value),
            _ => self.fault("a name in capitals, or none"),
        }
    }

    #[inline]
    fn counts(&mut self, bytes: usize) -> bool {
        self.bytes += bytes;
        self.is_too_large = self.bytes > MOST_HEAD_BYTES;
        !self.is_too_large
    }
}
