//! The latest second of a run, for whoever reads it.

use super::pusher::Push;
use crate::record::Live;
use crate::report::{MetricFamily, metric_families};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// The latest second of a run, for whoever reads it.
#[derive(Clone, Default)]
pub(super) struct Latest {
    offered: Arc<Mutex<Option<Offered>>>,
}

#[derive(Clone)]
struct Offered {
    live: Arc<Live>,
    /// When the clock of its run started.
    started: SystemTime,
}

impl Latest {
    pub(super) fn put(&self, live: &Arc<Live>, started: SystemTime) {
        let mut offered = self.offered.lock().unwrap_or_else(PoisonError::into_inner);
        *offered = Some(Offered {
            live: Arc::clone(live),
            started,
        });
    }

    /// Its metrics; none before the first second.
    pub(super) fn families(&self) -> Vec<MetricFamily> {
        self.get()
            .map_or_else(Vec::new, |offered| metric_families(&offered.live))
    }

    /// What is pushed of it now.
    pub(super) fn push(&self) -> Option<Push> {
        self.get().map(|offered| Push {
            families: metric_families(&offered.live),
            started: offered.started,
            now: SystemTime::now(),
        })
    }

    fn get(&self) -> Option<Offered> {
        let offered = self.offered.lock();
        offered.unwrap_or_else(PoisonError::into_inner).clone()
    }
}
