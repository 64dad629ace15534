//! What shows a live run, and listens to its user.

use super::control::RunControl;
use crate::plan::Plan;
use crate::record::{Live, RunFacts};
use crate::report::LiveFace;
use crate::stats::IntervalSink;
use std::path::Path;
use std::sync::Arc;

/// What faces are told when the clock starts.
pub struct LiveRun<'a> {
    /// How to steer it.
    pub control: &'a RunControl,
    /// What is done, and where the load goes.
    pub plan: &'a Plan,
    /// Where it is recorded.
    pub directory: &'a Path,
}

/// What follows a run second by second on the collector's thread: quick, since the record of the next
/// second waits for it.
pub type Follower = Box<dyn FnMut(&Arc<Live>) + Send>;

/// A face of a live run. All its methods are called on the control thread, where nothing waits for
/// them but the other faces.
pub trait Face {
    /// What is to be told of every second beside the files of the record: on the collector's thread,
    /// with everything that was measured. Asked for before the clock starts.
    fn sink(&mut self, _facts: &RunFacts) -> Option<Box<dyn IntervalSink>> {
        None
    }

    /// What is to be told of every second at once, however long other faces take. Asked for before the
    /// clock starts.
    fn follower(&mut self, _facts: &RunFacts) -> Option<Follower> {
        None
    }

    /// Descriptors that it may open while the run goes on.
    fn descriptors(&self) -> u64 {
        0
    }

    /// The clock is about to start.
    fn begin(&mut self, _run: &LiveRun<'_>) {}

    /// The latest second is merged. A face that cannot keep up misses one.
    fn show(&mut self, _live: &Arc<Live>) {}

    /// Whether [`Face::pulse`] is to be called.
    fn has_pulse(&self) -> bool {
        false
    }

    /// Called about ten times a second, for input.
    fn pulse(&mut self) {}

    /// The run is over: makes room for the summary.
    fn finish(&mut self) {}
}

impl Face for LiveFace {
    fn show(&mut self, live: &Arc<Live>) {
        Self::show(self, live);
    }

    fn finish(&mut self) {
        Self::finish(self);
    }
}
