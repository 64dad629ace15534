//! What the bus asks of Redis, whoever answers: a real one, or a played one.

use std::fmt;
use std::str::FromStr;
use std::time::Duration;

/// The place of an entry in a stream.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    /// When it was added, in milliseconds of the server's clock since 1970.
    pub ms: u64,
    /// Which one of that millisecond it is.
    pub number: u64,
}

impl EntryId {
    /// Before all entries.
    pub const START: Self = Self { ms: 0, number: 0 };

    /// The one right after this.
    #[must_use]
    pub fn next(self) -> Self {
        match self.number.checked_add(1) {
            Some(number) => Self { number, ..self },
            None => Self {
                ms: self.ms.saturating_add(1),
                number: 0,
            },
        }
    }
}

impl fmt::Display for EntryId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}-{}", self.ms, self.number)
    }
}

/// A text that is no place in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no id of an entry")]
pub struct NoEntryId;

impl FromStr for EntryId {
    type Err = NoEntryId;

    fn from_str(text: &str) -> Result<Self, NoEntryId> {
        let (ms, number) = text.split_once('-').ok_or(NoEntryId)?;
        let parse = |text: &str| text.parse().map_err(|_| NoEntryId);
        Ok(Self {
            ms: parse(ms)?,
            number: parse(number)?,
        })
    }
}

/// What lies in a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Which stream, by its place in what was asked.
    pub stream: usize,
    /// Where it lies.
    pub id: EntryId,
    /// What was added; empty where it is nothing that the bus would add.
    pub message: Vec<u8>,
}

/// Why something was not done. Sentences are fit to be shown, and hold no password.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum StoreError {
    /// It cannot be reached, or is not ready: later it may be.
    #[error("{0}")]
    Away(String),
    /// It has no room.
    #[error("{0}")]
    Full(String),
    /// It does not do that for us.
    #[error("{0}")]
    Refused(String),
}

/// A connection that is open. Every wait has an end, and every answer a bound.
pub trait Store: Send {
    /// Puts a value where there is none; whether there was none.
    ///
    /// # Errors
    /// See [`StoreError`], as of all others.
    fn put_new(&mut self, key: &str, value: &[u8], expiry: Duration) -> Result<bool, StoreError>;

    /// Puts a value where there may be one.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn put(&mut self, key: &str, value: &[u8], expiry: Duration) -> Result<(), StoreError>;

    /// The value there.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn get(&mut self, key: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// Keeps keys for so long from now on; how many of them there are.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn keep(&mut self, keys: &[String], expiry: Duration) -> Result<usize, StoreError>;

    /// Takes keys away.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn forget(&mut self, keys: &[String]) -> Result<(), StoreError>;

    /// Adds to a stream, and keeps it for so long; where it lies, and how many entries there are now.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn append(
        &mut self,
        key: &str,
        message: &[u8],
        expiry: Duration,
    ) -> Result<(EntryId, u64), StoreError>;

    /// How many entries a stream has.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn length(&mut self, key: &str) -> Result<u64, StoreError>;

    /// At most so many entries of each stream after the given ones; waits so long where there are none.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn read_after(
        &mut self,
        streams: &[(&str, EntryId)],
        most: usize,
        wait: Duration,
    ) -> Result<Vec<Entry>, StoreError>;

    /// Takes the entries up to this one away.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn trim_up_to(&mut self, key: &str, last: EntryId) -> Result<(), StoreError>;

    /// The server's clock, in microseconds since 1970.
    ///
    /// # Errors
    /// See [`StoreError`].
    fn time_us(&mut self) -> Result<u64, StoreError>;
}

/// Where leader and members meet, and the clock and the patience of this machine.
pub trait MeetingPlace: Send {
    /// Connects and logs in.
    ///
    /// # Errors
    /// When it cannot be reached, or does not let us in.
    fn open(&mut self) -> Result<Box<dyn Store>, StoreError>;

    /// Its address, without a password.
    fn shown(&self) -> String;

    /// This machine's `CLOCK_MONOTONIC`, in nanoseconds.
    fn now_ns(&self) -> u64;

    /// Lets time pass.
    fn rest(&mut self, time: Duration);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_of_entries_are_read_as_redis_writes_them() {
        let id: EntryId = "1526919030474-55".parse().unwrap();
        assert_eq!((id.ms, id.number), (1_526_919_030_474, 55));
        assert_eq!(id.next().to_string(), "1526919030474-56");
        let last = EntryId {
            ms: 4,
            number: u64::MAX,
        };
        assert_eq!(last.next(), EntryId { ms: 5, number: 0 });
        for text in [
            "",
            "1",
            "-",
            "1-",
            "-1",
            "1-2-3",
            "a-b",
            "99999999999999999999-0",
        ] {
            assert_eq!(text.parse::<EntryId>(), Err(NoEntryId), "{text}");
        }
    }
}
