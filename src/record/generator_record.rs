//! What a run says of its generator: what it cost, how fit it was, and each of its workers.

use crate::stats::{GeneratorState, LatencySummary, LittlesLaw, OwnShares, state_text};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What the generator cost, and how much of the figures is its own.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Generator {
    /// CPU time of all workers.
    pub cpu_s: f64,
    /// CPU time of the workers a request; 0 without requests.
    pub cpu_us_per_request: f64,
    /// The part of it in user space.
    pub cpu_user_us_per_request: f64,
    /// Allocations of all workers in steady state; without those of the witnesses that are kept, at
    /// most 64 a rule and worker.
    pub allocations_steady: u64,
    /// Entries submitted to the rings a request.
    pub ring_entries_per_request: f64,
    /// Time that workers were runnable but not running.
    pub run_queue_s: f64,
    /// Time for which control groups withheld the CPU time that they give by a quota, all CPUs added up; 0
    /// without one.
    #[serde(default)]
    pub withheld_s: f64,
    /// How late users that were free were sent off: the generator's own share of the lag.
    pub tardiness_us: LatencySummary,
    /// Little's law over the steady state; null for the open model and when nothing can be said.
    pub littles_law: Option<LittlesLaw>,
    /// How late workers noticed, while they waited for replies in steady state, that something had
    /// happened: about as late as they read replies.
    #[serde(default)]
    pub attention_us: LatencySummary,
    /// The most that the generator can have added to p50, p95 and p99 of the response time.
    #[serde(default)]
    pub own_share: OwnShares,
    /// How fit it was. (Called `saturated`, true or false, up to layout 3.)
    #[serde(alias = "saturated")]
    pub state: GeneratorState,
    /// Why it was at its limit, or why the figures do not add up; a sentence each.
    pub reasons: Vec<String>,
    /// One entry a worker.
    pub cores: Vec<CoreRecord>,
}

/// One worker in steady state.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CoreRecord {
    /// Number of the shard that it worked for; null in a run of one machine.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<u32>,
    /// Kernel number of its CPU.
    pub cpu: usize,
    /// Share of the time that it worked, 0 to 1.
    pub cpu_share: f64,
    /// Share of the time that it was runnable but not running, 0 to 1.
    pub run_queue_share: f64,
    /// Steady seconds that were judged.
    pub seconds: u64,
    /// Those in which it never rested: it worked, or waited for its CPU to work on. (Up to layout 3:
    /// those that counted against it.)
    #[serde(alias = "spoiled")]
    pub restless: u64,
}

impl CoreRecord {
    /// What it is called: its CPU, after the number of its shard if it had one.
    #[must_use]
    pub fn name(&self) -> String {
        match self.shard {
            Some(shard) => format!("{shard}.{}", self.cpu),
            None => self.cpu.to_string(),
        }
    }
}

impl Generator {
    /// Whether the figures are its own and not the target's.
    #[must_use]
    pub fn is_at_its_limit(&self) -> bool {
        self.state == GeneratorState::AtItsLimit
    }

    /// Why it was at its limit, without what only does not add up.
    pub fn limits(&self) -> impl Iterator<Item = &String> {
        let complaint = self.littles_law.and_then(|law| law.complaint());
        let reasons = self.reasons.iter();
        reasons.filter(move |reason| Some(*reason) != complaint.as_ref())
    }

    /// The state in words, with its share.
    #[must_use]
    pub fn state_text(&self) -> String {
        state_text(self.state, &self.own_share)
    }
}
