//! Why bytes are no reply: which rule, which limit, which byte.

use std::fmt;

/// Longest reply head, and longest run of 1xx heads with the head that they come before.
pub const MAX_HEAD_BYTES: usize = 64 << 10;
/// Most header lines of a reply; a folded line is one.
pub const MAX_HEADER_LINES: usize = 100;

const MAX_HEAD_KIB: usize = MAX_HEAD_BYTES >> 10;

/// How many bytes of a reply came before something, those of 1xx replies included. Small, like all
/// that a [`Malformed`] holds: every reply travels beside the room for one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Offset(u32);

impl Offset {
    /// After so many bytes.
    #[must_use]
    pub fn new(bytes: usize) -> Self {
        Self(u32::try_from(bytes).unwrap_or(u32::MAX))
    }
}

impl fmt::Display for Offset {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A byte that cannot stand where it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Misplaced {
    byte: u8,
    at: Offset,
}

impl Misplaced {
    /// `byte`, before which so many of the reply came.
    #[must_use]
    pub fn new(byte: u8, at: usize) -> Self {
        let at = Offset::new(at);
        Self { byte, at }
    }
}

/// As `` `x` (byte 17) `` or `` `\x16` (byte 17) ``.
impl fmt::Display for Misplaced {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.byte {
            b' ' => formatter.write_str("a space")?,
            byte => write!(formatter, "`{}`", byte.escape_ascii())?,
        }
        write!(formatter, " (byte {})", self.at)
    }
}

/// Why bytes are no reply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// The first line is not a status line of HTTP/1.
    #[error("not HTTP/1: the reply does not start with a status line but has {0}")]
    NotHttp(Misplaced),
    /// A header line has no name, or one with a byte that names do not have.
    #[error("malformed reply head: {0} in the name of a header line")]
    Name(Misplaced),
    /// There is a NUL, or a CR that ends no line, in a header's value.
    #[error("malformed reply head: {0} in the value of a header line")]
    Value(Misplaced),
    /// More than [`MAX_HEAD_BYTES`].
    #[error("the reply head is larger than {MAX_HEAD_KIB} KiB")]
    HeadTooLarge,
    /// More than [`MAX_HEADER_LINES`].
    #[error("the reply head has more than {MAX_HEADER_LINES} header lines")]
    TooManyHeaders,
    /// A status below 100, or an upgrade that nobody asked for.
    #[error("unexpected reply status {0:03}")]
    Status(u16),
    /// A content-length that is no number, or two that differ.
    #[error("the reply's content-length is no number, or two that differ (line at byte {0})")]
    ContentLength(Offset),
    /// `chunked` with a parameter: how the reply ends cannot be told.
    #[error("the reply's transfer-encoding gives `chunked` a parameter (line at byte {0})")]
    TransferEncoding(Offset),
    /// A larger body than allowed.
    #[error("the reply body is larger than the limit (--max-body)")]
    BodyTooLarge,
    /// A chunk's size or its line end is wrong.
    #[error("malformed chunk in the reply: {0}")]
    Chunk(Misplaced),
    /// Chunk extensions and trailers, or zeros before sizes, of more than [`MAX_HEAD_BYTES`].
    #[error("the reply's chunk extensions and trailers are larger than {MAX_HEAD_KIB} KiB")]
    ChunkExtensions,
    /// The connection closed before the first byte.
    #[error("the connection closed before the reply")]
    ClosedBeforeReply,
    /// The connection closed within the reply.
    #[error("the connection closed within the reply")]
    ClosedWithinReply,
}
