//! Why a request did not succeed.

/// Longest reason text kept; longer ones are cut.
pub const REASON_BYTES: usize = 120;

/// A short text without an allocation: why a request did not succeed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    bytes: [u8; REASON_BYTES],
    len: u8,
}

impl Reason {
    /// Copies `text`, cut at a character boundary.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let mut reason = Self::default();
        let len = text.floor_char_boundary(REASON_BYTES);
        reason.bytes[..len].copy_from_slice(&text.as_bytes()[..len]);
        reason.len = len as u8;
        reason
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes[..usize::from(self.len)]).unwrap_or_default()
    }
}

impl Default for Reason {
    fn default() -> Self {
        Self {
            bytes: [0; REASON_BYTES],
            len: 0,
        }
    }
}

/// Writing past [`REASON_BYTES`] cuts the text, and never fails.
impl std::fmt::Write for Reason {
    fn write_str(&mut self, text: &str) -> std::fmt::Result {
        let start = usize::from(self.len);
        let len = text.floor_char_boundary(REASON_BYTES - start);
        self.bytes[start..start + len].copy_from_slice(&text.as_bytes()[..len]);
        self.len += len as u8;
        Ok(())
    }
}
