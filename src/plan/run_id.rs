//! Unique values by construction: a run id, and numbers counted within each user.

use serde::Serialize;
use std::fmt;

/// Crockford's base 32 alphabet in lower case (<https://www.crockford.com/base32.html>).
const ALPHABET: &[u8; 32] = b"0123456789abcdefghjkmnpqrstvwxyz";

/// Characters of a run id.
const RUN_ID_CHARACTERS: usize = 16;
/// Length of what [`UniqueNumbers::write_next`] writes: 60 bits in base 32.
pub const UNIQUE_TEXT_BYTES: usize = 12;

/// What makes one run's unique values differ from every other run's: 80 bits, of which the first
/// 42 are the run's start in milliseconds since 1970, the next 22 the process id and the last 16
/// random. Two runs share an id only if the same process id starts both in the same millisecond
/// and the random bits agree. Written as 16 characters of base 32.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct RunId {
    text: [u8; RUN_ID_CHARACTERS],
}

impl RunId {
    /// The id of a run that starts at `unix_ms` in process `process_id`.
    #[must_use]
    pub fn new(unix_ms: u64, process_id: u32, random: u16) -> Self {
        let bits = (u128::from(unix_ms) & ((1 << 42) - 1)) << 38
            | (u128::from(process_id) & ((1 << 22) - 1)) << 16
            | u128::from(random);
        let mut text = [0; RUN_ID_CHARACTERS];
        write_base32(bits, &mut text);
        Self { text }
    }

    /// Reads the 16 characters that [`RunId`] displays; `None` when `text` is no run id.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text: [u8; RUN_ID_CHARACTERS] = text.as_bytes().try_into().ok()?;
        text.iter()
            .all(|byte| ALPHABET.contains(byte))
            .then_some(Self { text })
    }

    /// When the run started, in milliseconds since 1970 (UTC), below 2⁴².
    #[must_use]
    pub fn unix_ms(&self) -> u64 {
        let value = |byte: &u8| ALPHABET.iter().position(|known| known == byte).unwrap_or(0);
        let bits = self
            .text
            .iter()
            .fold(0_u128, |bits, byte| bits << 5 | value(byte) as u128);
        (bits >> 38) as u64
    }

    /// The id as text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.text).unwrap_or_default()
    }
}

/// Numbers that never repeat within a run: every user (closed model) or arrival (open model) owns a
/// span of the 60-bit numbers and counts through it. Being functions of a global index, they are
/// the same on any number of cores or machines.
#[derive(Clone, Debug)]
pub struct UniqueNumbers {
    next: u64,
}

impl UniqueNumbers {
    /// Largest global user index that has a span (25 bits).
    pub const MAX_USER_INDEX: u32 = (1 << 25) - 1;

    /// The span of user `user_index` ≤ [`Self::MAX_USER_INDEX`]: 2³⁵ numbers.
    #[must_use]
    pub fn of_user(user_index: u32) -> Self {
        Self {
            next: u64::from(user_index) << 35,
        }
    }

    /// The span of the `arrival`-th journey, `arrival` < 2⁵⁰: 1,024 numbers.
    #[must_use]
    pub fn of_arrival(arrival: u64) -> Self {
        Self {
            next: arrival << 10,
        }
    }

    /// The user that has the span which the next number is of.
    #[must_use]
    pub fn user_index(&self) -> u32 {
        (self.next >> 35) as u32
    }

    /// The arrival that has the span which the next number is of.
    #[must_use]
    pub fn arrival_index(&self) -> u64 {
        self.next >> 10
    }

    /// The span of what is prepared before the clock starts: the last 1,024 numbers, which no user
    /// and no arrival of a run comes near.
    #[must_use]
    pub fn of_set_up() -> Self {
        Self::of_arrival((1 << 50) - 1)
    }

    /// The span of what is cleared away when a run is over: the 1,024 numbers before those.
    #[must_use]
    pub fn of_tear_down() -> Self {
        Self::of_arrival((1 << 50) - 2)
    }

    /// The next number, in base 32. Together with the run id no other number of the run equals it.
    #[inline]
    pub fn write_next(&mut self, out: &mut [u8; UNIQUE_TEXT_BYTES]) {
        let number = self.next;
        self.next += 1;
        for (place, byte) in out.iter_mut().enumerate() {
            let shift = 5 * (UNIQUE_TEXT_BYTES - 1 - place);
            *byte = ALPHABET[(number >> shift) as usize & 31];
        }
    }
}

fn write_base32(mut bits: u128, out: &mut [u8]) {
    for byte in out.iter_mut().rev() {
        *byte = ALPHABET[(bits & 31) as usize];
        bits >>= 5;
    }
}

impl fmt::Display for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

impl fmt::Debug for RunId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "RunId({self})")
    }
}

impl Serialize for RunId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_id_tells_when_its_run_started() {
        for unix_ms in [0, 1, 1_800_000_000_123, (1 << 42) - 1] {
            let run_id = RunId::new(unix_ms, u32::MAX, u16::MAX);
            assert_eq!(run_id.unix_ms(), unix_ms);
            assert_eq!(RunId::parse(run_id.as_str()), Some(run_id));
        }
    }
}
