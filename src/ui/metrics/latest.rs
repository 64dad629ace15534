//! The latest second of a run, for whoever reads it.

use super::pusher::Push;
use crate::record::Live;
use crate::report::{MetricFamily, metric_families};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::SystemTime;

/// The latest second of a run, for whoever reads it.
#[derive(Clone, Default)]
pub(super) struct Latest {
    second: Arc<Mutex<Option<Second>>>,
}

#[derive(Clone)]
struct Second {
    live: Arc<Live>,
    /// When the clock of its run started.
    started: SystemTime,
}

impl Latest {
    pub(super) fn put(&self, live: &Arc<Live>, started: SystemTime) {
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        *second = Some(Second {
            live: Arc::clone(live),
            started,
        });
    }

    /// Its metrics; none before the first second.
    pub(super) fn families(&self) -> Vec<MetricFamily> {
        self.get()
            .map_or_else(Vec::new, |second| metric_families(&second.live))
    }

    /// What is pushed of it now.
    pub(super) fn push(&self) -> Option<Push> {
        self.get().map(|second| Push {
            families: metric_families(&second.live),
            started: second.started,
            now: SystemTime::now(),
        })
    }

    fn get(&self) -> Option<Second> {
        let second = self.second.lock();
        second.unwrap_or_else(PoisonError::into_inner).clone()
    }
}
