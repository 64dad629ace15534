//! Why a request did not succeed.

use crate::plan::shown;

/// Longest reason text kept; longer ones are cut.
pub const REASON_BYTES: usize = 120;

/// A short text without an allocation: why a request did not succeed.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct Reason {
    bytes: [u8; REASON_BYTES],
    len: u8,
}

impl Reason {
    /// Copies `text`, fit to be shown and cut at a character boundary.
    #[must_use]
    pub fn new(text: &str) -> Self {
        let text = &*shown(text);
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
        let text = &*shown(text);
        let start = usize::from(self.len);
        let len = text.floor_char_boundary(REASON_BYTES - start);
        self.bytes[start..start + len].copy_from_slice(&text.as_bytes()[..len]);
        self.len += len as u8;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fmt::Write;

    #[test]
    fn what_a_target_wrote_is_fit_to_be_shown() {
        assert_eq!(Reason::new("a\u{1b}[2J\u{202e}b").as_str(), "a·[2J·b");
        let mut reason = Reason::default();
        let said = "\u{9b}2J\r\n";
        write!(reason, "said: {said}").unwrap();
        assert_eq!(reason.as_str(), "said: ·2J··");
    }

    #[test]
    fn it_is_cut_where_a_character_ends() {
        let reason = Reason::new(&"ä\u{1b}".repeat(REASON_BYTES));
        assert!(reason.as_str().len() > REASON_BYTES - 4);
        assert!(reason.as_str().ends_with(['ä', '·']));
    }
}
