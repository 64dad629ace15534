//! The latest figures, for whoever reads them.

use crate::report::MetricFamily;
use std::sync::{Arc, Mutex, PoisonError};

/// The latest figures, for whoever reads them.
#[derive(Clone, Default)]
pub(super) struct Latest {
    families: Arc<Mutex<Arc<Vec<MetricFamily>>>>,
}

impl Latest {
    pub(super) fn put(&self, families: Arc<Vec<MetricFamily>>) {
        *self.families.lock().unwrap_or_else(PoisonError::into_inner) = families;
    }

    pub(super) fn get(&self) -> Arc<Vec<MetricFamily>> {
        let families = self.families.lock();
        Arc::clone(&families.unwrap_or_else(PoisonError::into_inner))
    }
}
