//! The face that shows a member's part of the run to its leader.

use super::bus::Report;
use super::courier::Courier;
use super::words::parts;
use crate::record::RunFacts;
use crate::run::Face;
use crate::stats::{IntervalSink, MergedInterval, Totals};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// See the module's documentation.
pub struct PartFace {
    courier: Courier,
    round: u32,
    seconds: Arc<AtomicU32>,
}

impl PartFace {
    /// That of a run.
    #[must_use]
    pub fn new(courier: Courier, round: u32) -> Self {
        Self {
            courier,
            round,
            seconds: Arc::default(),
        }
    }

    /// Counts the seconds that were told.
    #[must_use]
    pub fn seconds(&self) -> Arc<AtomicU32> {
        Arc::clone(&self.seconds)
    }
}

impl Face for PartFace {
    fn sink(&mut self, _facts: &RunFacts) -> Option<Box<dyn IntervalSink>> {
        Some(Box::new(PartSink {
            courier: self.courier.clone(),
            round: self.round,
            seconds: Arc::clone(&self.seconds),
            message: Vec::new(),
        }))
    }
}

struct PartSink {
    courier: Courier,
    round: u32,
    seconds: Arc<AtomicU32>,
    message: Vec<u8>,
}

impl IntervalSink for PartSink {
    fn path(&self) -> &Path {
        Path::new("the leader")
    }

    fn second(&mut self, interval: &MergedInterval, _totals: &Totals) -> io::Result<()> {
        self.message.clear();
        interval.encode(&mut self.message);
        let second = self.seconds.fetch_add(1, Ordering::Relaxed);
        for body in parts(&self.message) {
            self.courier.say(Report::Interval {
                round: self.round,
                second,
                body,
            });
        }
        Ok(())
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        Ok(())
    }
}
