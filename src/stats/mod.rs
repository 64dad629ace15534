//! What was measured: latency counts, interval sets that workers fill, and their merge.

mod interval;
mod latency;

pub use interval::{
    CoreInterval, ErrorCounts, ErrorKey, NameInterval, Outcome, REASON_BYTES, Reason, StatName,
    WorkerHealth,
};
pub use latency::LatencyCounts;
