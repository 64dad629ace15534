//! What goes wrong on an HTTP/2 connection and on its streams, in words.

use std::fmt;

/// Why a connection or a stream was given up (RFC 9113, section 7).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ErrorCode(pub u32);

impl ErrorCode {
    pub const NO_ERROR: Self = Self(0);
    pub const PROTOCOL_ERROR: Self = Self(1);
    pub const FLOW_CONTROL_ERROR: Self = Self(3);
    pub const STREAM_CLOSED: Self = Self(5);
    pub const FRAME_SIZE_ERROR: Self = Self(6);
    pub const REFUSED_STREAM: Self = Self(7);
    pub const CANCEL: Self = Self(8);
    pub const COMPRESSION_ERROR: Self = Self(9);
    pub const ENHANCE_YOUR_CALM: Self = Self(11);
}

const NAMES: [&str; 14] = [
    "NO_ERROR",
    "PROTOCOL_ERROR",
    "INTERNAL_ERROR",
    "FLOW_CONTROL_ERROR",
    "SETTINGS_TIMEOUT",
    "STREAM_CLOSED",
    "FRAME_SIZE_ERROR",
    "REFUSED_STREAM",
    "CANCEL",
    "COMPRESSION_ERROR",
    "CONNECT_ERROR",
    "ENHANCE_YOUR_CALM",
    "INADEQUATE_SECURITY",
    "HTTP_1_1_REQUIRED",
];

impl fmt::Display for ErrorCode {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match NAMES.get(self.0 as usize) {
            Some(name) => formatter.write_str(name),
            // Numbers of others' own would make a row each.
            None => formatter.write_str("a code of its own"),
        }
    }
}

/// What ended a connection: nothing more is read from it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ConnectionFailure {
    /// The peer speaks something else.
    #[error("the target does not speak HTTP/2: it answers with {0}")]
    NotHttp2(Spoken),
    /// A frame of a wrong size.
    #[error("HTTP/2: a {0} frame of a wrong size")]
    FrameSize(&'static str),
    /// A frame that may not be there, or not as it is.
    #[error("HTTP/2: {0}")]
    Protocol(&'static str),
    /// More data than the window allows, or a window that is too large.
    #[error("HTTP/2: {0}")]
    FlowControl(&'static str),
    /// A header block that cannot be read.
    #[error("HTTP/2: a header block that is no HPACK")]
    Compression,
    /// A reply's head is larger than it may be.
    #[error("the reply head is larger than 64 KiB")]
    HeadTooLarge,
    /// So much of what is no reply that it can only be meant to keep us busy.
    #[error("HTTP/2: a flood of {0}")]
    Flood(&'static str),
    /// The peer closed or broke the connection.
    #[error("the connection closed before the reply")]
    Closed,
    /// The same, after it had said goodbye with this code.
    #[error("the connection closed before the reply (GOAWAY, {0})")]
    ClosedAfter(ErrorCode),
}

impl ConnectionFailure {
    /// What the peer is told.
    pub(super) fn code(self) -> ErrorCode {
        match self {
            Self::FrameSize(_) => ErrorCode::FRAME_SIZE_ERROR,
            Self::FlowControl(_) => ErrorCode::FLOW_CONTROL_ERROR,
            Self::Compression => ErrorCode::COMPRESSION_ERROR,
            Self::HeadTooLarge | Self::Flood(_) => ErrorCode::ENHANCE_YOUR_CALM,
            Self::NotHttp2(_) | Self::Protocol(_) => ErrorCode::PROTOCOL_ERROR,
            Self::Closed | Self::ClosedAfter(_) => ErrorCode::NO_ERROR,
        }
    }
}

/// What a peer speaks that does not speak HTTP/2.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoken {
    /// It answered with a status line.
    Http1,
    /// It wants TLS.
    Tls,
    /// Anything else.
    Unknown,
}

impl fmt::Display for Spoken {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Http1 => "HTTP/1.1",
            Self::Tls => "TLS",
            Self::Unknown => "something else",
        })
    }
}

/// What became of a stream that has no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StreamFailure {
    /// The peer said that it did not look at it.
    #[error("not sent: the server refused the stream ({0})")]
    Refused(&'static str),
    /// The peer ended it.
    #[error("the server reset the stream: {0}")]
    Reset(ErrorCode),
    /// What came on it is no reply.
    #[error("malformed reply: {0}")]
    Malformed(&'static str),
    /// Its reply is larger than it may be.
    #[error("the reply body is larger than the limit (--max-body)")]
    TooLarge,
    /// We gave it up.
    #[error("given up")]
    Cancelled,
    /// Its connection ended.
    #[error(transparent)]
    Lost(#[from] ConnectionFailure),
}
