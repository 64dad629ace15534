//! What a connection over HTTP/2 begins with (RFC 9113 §3.4): no method of HTTP/1.1 begins so.

use crate::engine::http2::PREFACE;

/// How much of it has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Preface {
    Whole,
    Begun,
    Absent,
}

impl Preface {
    /// Bytes of it.
    pub const BYTES: usize = PREFACE.len();

    /// What of it stands at the start of `received`, which is not empty.
    pub fn at_start_of(received: &[u8]) -> Self {
        if received.starts_with(PREFACE) {
            Self::Whole
        } else if PREFACE.starts_with(received) {
            Self::Begun
        } else {
            Self::Absent
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_known_as_soon_as_it_can_be() {
        for (received, found) in [
            (PREFACE, Preface::Whole),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0", Preface::Whole),
            (b"P", Preface::Begun),
            (b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r", Preface::Begun),
            (b"POST / HTTP/1.1\r\n", Preface::Absent),
            (b"PRI * HTTP/1.1\r\n", Preface::Absent),
        ] {
            assert_eq!(Preface::at_start_of(received), found);
        }
    }
}
