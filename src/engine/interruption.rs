//! Ctrl-C and the wish to stop, on their way from the faces to the workers.

use std::sync::atomic::{AtomicBool, AtomicU8, Ordering};

/// Ctrl-C and the wish to stop, as workers see them: looked at a few times a second, never on the
/// hot path.
#[derive(Debug, Default)]
pub struct Interruption {
    times: AtomicU8,
    stop: AtomicBool,
}

impl Interruption {
    /// One more Ctrl-C; returns how many there were.
    pub fn interrupt(&self) -> u8 {
        self.times.fetch_add(1, Ordering::Relaxed).saturating_add(1)
    }

    /// How many there were: 1 stops gently, 2 cuts off what is in flight.
    #[must_use]
    pub fn times(&self) -> u8 {
        self.times.load(Ordering::Relaxed)
    }

    /// Stops gently, as the first Ctrl-C does, without being one.
    pub fn stop(&self) {
        self.stop.store(true, Ordering::Relaxed);
    }

    /// Whether nothing is to become due any more.
    #[must_use]
    pub fn ends_run(&self) -> bool {
        self.times() > 0 || self.stop.load(Ordering::Relaxed)
    }
}
