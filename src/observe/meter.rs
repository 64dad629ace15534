//! How much a source may send for one reading. A source that sends more is given up before it fills
//! the memory, whatever it sends.

use std::io;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// What is left to a source of what it may send for a reading.
#[derive(Debug)]
pub(super) struct Meter {
    most_bytes: u64,
    left_bytes: AtomicU64,
    is_spent: AtomicBool,
}

impl Meter {
    /// One that gives so many bytes to a reading.
    pub fn new(most_bytes: u64) -> Self {
        Self {
            most_bytes,
            left_bytes: AtomicU64::new(most_bytes),
            is_spent: false.into(),
        }
    }

    /// A new reading begins.
    pub fn refill(&self) {
        self.left_bytes.store(self.most_bytes, Ordering::Relaxed);
        self.is_spent.store(false, Ordering::Relaxed);
    }

    /// Bytes that may still come.
    pub fn left_bytes(&self) -> u64 {
        self.left_bytes.load(Ordering::Relaxed)
    }

    /// Counts what came, or what is announced.
    ///
    /// # Errors
    /// When it is more than is left.
    pub fn take(&self, bytes: u64) -> io::Result<()> {
        match self.left_bytes().checked_sub(bytes) {
            Some(left) => {
                self.left_bytes.store(left, Ordering::Relaxed);
                Ok(())
            }
            None => {
                self.is_spent.store(true, Ordering::Relaxed);
                Err(io::Error::other(self.told()))
            }
        }
    }

    /// Whether more came than is allowed, since the last [`Self::refill`].
    pub fn is_spent(&self) -> bool {
        self.is_spent.load(Ordering::Relaxed)
    }

    /// What is said of a source that sends more.
    pub fn told(&self) -> String {
        let most_mib = self.most_bytes >> 20;
        format!(
            "it answers with more than the {most_mib} MiB that are read at once, and was given up"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_more_than_is_left_is_refused_until_the_next_reading() {
        let meter = Meter::new(2 << 20);
        meter.take(1 << 20).unwrap();
        meter.take(1 << 20).unwrap();
        assert!(!meter.is_spent());
        let told = meter.take(1).unwrap_err().to_string();
        assert!(told.contains("more than the 2 MiB"), "{told}");
        assert!(meter.is_spent());
        meter.refill();
        assert!(!meter.is_spent());
        meter.take(2 << 20).unwrap();
    }
}
