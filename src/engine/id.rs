//! Ids that the shop gave out, held without an allocation.

/// RFC 3986's unreserved characters.
static UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0_u8;
    while byte < 128 {
        table[byte as usize] =
            byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.' | b'~');
        byte += 1;
    }
    table
};

/// An id of at most [`Id::MAX_BYTES`] bytes that is safe to put into a path or a JSON text.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Id {
    bytes: [u8; Self::MAX_BYTES],
    len: u8,
}

impl Id {
    /// Longest id; `ShopStream`'s are UUIDs of 36 characters.
    pub const MAX_BYTES: usize = 63;

    /// Copies `text`; `None` when it is empty, too long, or has a character other than letters,
    /// digits, `-`, `_`, `.` and `~` (RFC 3986's unreserved ones), or is `.` or `..`.
    #[inline]
    #[must_use]
    pub fn new(text: &[u8]) -> Option<Self> {
        let safe = text
            .iter()
            .fold(true, |safe, &byte| safe & UNRESERVED[usize::from(byte)]);
        // These two would name another place than the path says (RFC 3986 §5.2.4).
        let is_dots = text == b"." || text == b"..";
        if text.is_empty() || text.len() > Self::MAX_BYTES || !safe || is_dots {
            return None;
        }
        let mut bytes = [0; Self::MAX_BYTES];
        bytes[..text.len()].copy_from_slice(text);
        Some(Self {
            bytes,
            len: text.len() as u8,
        })
    }

    /// This id with `tail` appended; `None` when it is too long, or `tail` has a character that an
    /// id cannot have.
    #[must_use]
    pub fn followed_by(&self, tail: &[u8]) -> Option<Self> {
        let mut joined = [0; Self::MAX_BYTES];
        let length = usize::from(self.len) + tail.len();
        let joined = joined.get_mut(..length)?;
        let (head, rest) = joined.split_at_mut(usize::from(self.len));
        head.copy_from_slice(self.as_bytes());
        rest.copy_from_slice(tail);
        Self::new(joined)
    }

    /// The id as it came.
    #[inline]
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes[..usize::from(self.len)]
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(self.as_bytes()).unwrap_or_default()
    }

    /// Reads the id in field `field` of the JSON object `body`.
    ///
    /// The layout `{"field":"id"}` is read in place; any other goes through a JSON parser, which
    /// allocates. `None` when there is no such text field or it is no id.
    #[inline]
    #[must_use]
    pub fn read(body: &[u8], field: &str) -> Option<Self> {
        Self::read_known_layout(body, field).or_else(|| Self::read_any_layout(body, field))
    }

    #[inline]
    fn read_known_layout(body: &[u8], field: &str) -> Option<Self> {
        let text = body
            .strip_prefix(b"{\"")?
            .strip_prefix(field.as_bytes())?
            .strip_prefix(b"\":\"")?
            .strip_suffix(b"\"}")?;
        Self::new(text)
    }

    #[cold]
    fn read_any_layout(body: &[u8], field: &str) -> Option<Self> {
        use simd_json::prelude::*;
        let mut scratch = body.to_vec();
        let value = simd_json::to_borrowed_value(&mut scratch).ok()?;
        Self::new(value.get_str(field)?.as_bytes())
    }
}

impl std::fmt::Debug for Id {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "Id({})", self.as_str())
    }
}

#[cfg(test)]
mod tests;
