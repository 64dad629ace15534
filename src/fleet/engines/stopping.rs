//! Ctrl-C while a fleet is up: the first asks the leader to stop, the second takes everything away at once.

use crate::pieces::tell;
use crate::run::{Listening, listen};
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// How often the user asked to stop.
pub(super) struct Stopping {
    times: Arc<AtomicU32>,
    _listening: Listening,
}

impl Stopping {
    /// Counts from now on.
    pub fn listen() -> Self {
        let times = Arc::new(AtomicU32::new(0));
        let counted = Arc::clone(&times);
        let _listening = listen(move || match counted.fetch_add(1, Ordering::Relaxed) {
            0 => tell("\nstopping: the leader ends the run (again: take everything away at once)"),
            1 => tell("\ntaking everything away"),
            _ => {}
        });
        Self { times, _listening }
    }

    /// How often it was asked.
    pub fn asked(&self) -> u32 {
        self.times.load(Ordering::Relaxed)
    }
}
