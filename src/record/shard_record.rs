//! What a record tells of the machines that carried a run out together: which part it is of, or which
//! parts it was made of.

use crate::plan::{ClockOffset, Shard};
use crate::stats::GeneratorState;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Which part of a run was carried out here.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShardRecord {
    /// Number of the shard, from 1.
    pub number: u32,
    /// How many shards the run has.
    pub of: u32,
    /// Name of the machine.
    pub host: String,
    /// Hash of the load that all shards offer together.
    pub plan_hash: String,
    /// How far the machine's clock was ahead of the common one, in microseconds, and the bound of that;
    /// null when the shards were started by hand.
    pub clock: Option<ClockOffset>,
}

impl ShardRecord {
    /// Shard `shard` of a plan with this hash, on this machine.
    #[must_use]
    pub fn of(shard: Shard, plan_hash: String, clock: Option<ClockOffset>) -> Self {
        Self {
            number: shard.number(),
            of: shard.of,
            host: host_name(),
            plan_hash,
            clock,
        }
    }

    /// The shard; `None` when there is no such one.
    #[must_use]
    pub fn shard(&self) -> Option<Shard> {
        Shard::new(self.number.checked_sub(1)?, self.of).ok()
    }
}

/// Longest name of a machine that is kept, in characters.
const MOST_HOST_CHARS: usize = 64;

/// What this machine is called.
#[must_use]
pub fn host_name() -> String {
    let name = rustix::system::uname();
    let name = name.nodename().to_string_lossy();
    name.chars().take(MOST_HOST_CHARS).collect()
}

/// One shard of a merged record.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ShardRow {
    /// Number of the shard, from 1.
    pub number: u32,
    /// Why its part is missing, or ends early; null when it is whole.
    pub missing: Option<String>,
    /// Name of its machine; empty when nothing came of it.
    pub host: String,
    /// Workers that it had.
    pub cores: usize,
    /// Requests that it sent.
    pub requests: u64,
    /// When it started, after the first shard that did, in seconds of the common clock: the difference of
    /// the starts where shards were started by hand.
    pub started_after_s: f64,
    /// How fit its generator was; null when it never told.
    pub state: Option<GeneratorState>,
    /// The most that it can have added to p50, p95 or p99 of its response times: a share.
    pub worst_own_share: f64,
    /// How far its clock was ahead of the common one, and the bound of that; null when nobody looked.
    pub clock: Option<ClockOffset>,
    /// How far its clock may have been from where it was at the start, at any moment until the end of the run,
    /// in microseconds: its drift, and the bound of the second measurement; null when nobody looked again.
    #[serde(default)]
    pub clock_bound_to_end_us: Option<u64>,
    /// Seconds of the run that it told of.
    pub last_s: f64,
}

impl ShardRow {
    /// Of a shard that nothing came of.
    #[must_use]
    pub fn absent(number: u32, why: String) -> Self {
        Self {
            number,
            missing: Some(why),
            ..Self::default()
        }
    }
}
