//! What happens behind the shop: outboxes, engines that drain them, and what is left to do.

use crate::stats::Event;
use std::sync::atomic::{AtomicU64, Ordering};

/// See the module's documentation. Shared by all server threads.
#[derive(Debug, Default)]
pub struct Pipeline {
    raised: AtomicU64,
}

impl Pipeline {
    /// Takes a raised event.
    pub fn accept(&self, _event: &'static Event) {
        self.raised.fetch_add(1, Ordering::Relaxed);
    }
}
