//! `hunt.json`: everything that a hunt found. Table, page and a resumed hunt are made of it.
//!
//! The JSON schema in `schema/hunt.schema.json` is generated from these types.

use super::scalability::Scalability;
use crate::record::Record;
use crate::stats::{Amount, Flow, Tail, Trend};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The record's name.
pub const HUNT_JSON: &str = "hunt.json";
/// The name of all that the console can tell.
pub const HUNT_TXT: &str = "hunt.txt";
/// The page's name.
pub const HUNT_HTML: &str = "hunt.html";

/// A search for the highest load that the target sustains. Latencies are in microseconds, other
/// times in seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HuntRecord {
    /// Version of this layout.
    pub schema_version: u32,
    /// Version of shopblast.
    pub shopblast: String,
    /// How far it is: also while it goes on.
    pub state: HuntState,
    /// When it began (RFC 3339, UTC).
    pub started: String,
    /// The command line, without passwords.
    pub command: String,
    /// The arguments after `hunt`, without passwords: what a resumed hunt starts from.
    pub arguments: Vec<String>,
    /// Name of the profile, or `custom`.
    pub profile: String,
    /// Hash of what is done, whatever the load: a resumed hunt must have the same.
    pub plan_hash: String,
    /// Seed of the first probe; each further one has the next.
    pub seed: u64,
    /// What the load is counted in.
    pub unit: LoadUnit,
    /// When a load counts as sustained.
    pub criteria: Criteria,
    /// Up to where the HTTP interface carries the load; null when nothing is known.
    pub http_knee: Option<Knee>,
    /// Up to where the pipeline behind it keeps pace; null when nothing is known.
    pub pipeline_knee: Option<Knee>,
    /// Up to where events are published, handled or done in the time that `criteria.slo` gives them; null
    /// when it gives them none, or nothing is known.
    #[serde(default)]
    pub event_knee: Option<Knee>,
    /// Probes in which the target stopped answering.
    pub falls: Vec<Fall>,
    /// How throughput grows with the requests in flight; null when the probes are too few.
    pub scalability: Option<Scalability>,
    /// The probes, in the order of time.
    pub probes: Vec<ProbeRecord>,
    /// What a reader has to know; a sentence each.
    pub notes: Vec<String>,
    /// The outcome in sentences.
    pub verdict: Vec<String>,
    /// Exit code of the process; null while it goes on.
    pub exit_code: Option<i32>,
}

/// How far a hunt is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum HuntState {
    /// It goes on, or was killed.
    Running,
    /// The user ended it: it can be resumed.
    Interrupted,
    /// It ended by itself before the search was over: it can be resumed.
    CutShort,
    /// It is over.
    Finished,
}

/// What the load is counted in.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum LoadUnit {
    /// Journeys that arrive a second, whether or not replies came.
    ArrivalsPerS,
    /// Users that wait for replies.
    Users,
}

/// The words of a load's unit.
#[must_use]
pub fn unit_text(unit: LoadUnit) -> &'static str {
    match unit {
        LoadUnit::ArrivalsPerS => "journeys/s",
        LoadUnit::Users => "users",
    }
}

/// When a load counts as sustained, and how the search goes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Criteria {
    /// What must hold of a probe's window, as it was written.
    pub slo: Vec<String>,
    /// Largest share of requests that may fail, 0 to 1.
    pub failure_limit: f64,
    /// The first load.
    pub from: f64,
    /// The largest load that is tried.
    pub most: f64,
    /// How far apart the ends of the interval may be in the end: 0.02 is 2 %.
    pub precision: f64,
    /// Time before a probe's window.
    pub warm_up_s: f64,
    /// Shortest window.
    pub window_s: f64,
    /// Longest window.
    pub longest_window_s: f64,
    /// Longest wait after a probe for the target to come to rest.
    pub rest_limit_s: f64,
    /// Longest wait for a target that fell over.
    pub recovery_limit_s: f64,
    /// Most probes.
    pub most_probes: u32,
    /// Whether probes count although the generator was at its limit in them.
    pub keep_spoiled: bool,
}

/// The highest load that is sustained.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Knee {
    /// The best estimate, in `unit`: what was carried of `high` when less was carried than offered, else
    /// the middle of `low` and `high` (geometric mean), or `low` when `high` is not known. With few
    /// requests what all probes near the ends say.
    pub per_s: f64,
    /// The highest that was sustained, or `per_s` where that is lower; null when nothing was.
    pub low: Option<f64>,
    /// The lowest that was not, or `per_s` where that is higher; null when everything was.
    pub high: Option<f64>,
    /// What the figures above count, a second.
    pub unit: KneeUnit,
    /// The load, in the hunt's unit, that `low` belongs to.
    pub load_low: Option<f64>,
    /// The load that `high` belongs to.
    pub load_high: Option<f64>,
    /// Loads between them that could not be told, lowest and highest; null when there are none.
    #[serde(default)]
    pub undecided: Option<[f64; 2]>,
    /// What ended it.
    pub limited_by: Limit,
    /// The criterion in words.
    pub why: String,
    /// The domain or operation that gave way first; empty when it is not known.
    pub first_to_give_way: String,
}

/// What the figures of a knee count.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum KneeUnit {
    /// Requests of all kinds.
    Requests,
    /// Outbox events of the domain that gave way first; of all domains when none did.
    Events,
    /// Events of the kinds that a threshold on their latency is about.
    TimedEvents,
}

impl KneeUnit {
    /// The noun.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Requests => "requests",
            Self::Events | Self::TimedEvents => "events",
        }
    }
}

/// What a knee ends at, or a probe failed by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Limit {
    /// Nothing, as far as was tried.
    Nothing,
    /// The target stopped answering.
    FellOver,
    /// A threshold (`--slo`) was crossed.
    Threshold,
    /// More requests failed than may.
    Failures,
    /// Less was carried than offered.
    Carried,
    /// A user got less than half of what an unloaded one gets.
    Pace,
    /// Response times grew all the while.
    Latency,
    /// The backlog grew.
    Backlog,
    /// Events were put aside as dead letters.
    DeadLetters,
    /// Events took longer than a threshold (`--slo event(…)`) gives them.
    EventLatency,
    /// The generator.
    Generator,
    /// The HTTP interface gave way before.
    Http,
    /// The user's bound on load or probes.
    Bound,
    /// The longest window that may be: it could not tell.
    Undecided,
}

impl Limit {
    /// A short word for tables.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Nothing => "nothing",
            Self::FellOver => "fell over",
            Self::Threshold => "threshold",
            Self::Failures => "failures",
            Self::Carried => "carried < offered",
            Self::Pace => "pace",
            Self::Latency => "latency grows",
            Self::Backlog => "backlog grows",
            Self::DeadLetters => "dead letters",
            Self::EventLatency => "event latency",
            Self::Generator => "generator",
            Self::Http => "HTTP",
            Self::Bound => "bound of the search",
            Self::Undecided => "undecided",
        }
    }
}

/// A probe: one load, held for a while.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ProbeRecord {
    /// Its number, from 1.
    pub number: u32,
    /// The load, in the hunt's unit.
    pub load: f64,
    /// Where its run is recorded, below the hunt's directory; empty when nothing was sent.
    pub directory: String,
    /// Length of its window.
    pub window_s: f64,
    /// Journeys that were due in the window a second; null for users, who offer what they get.
    pub offered_per_s: Option<f64>,
    /// Journeys that ended in the window, a second.
    pub carried_per_s: f64,
    /// Requests that ended in the window, a second.
    pub requests_per_s: f64,
    /// Share of them that failed, 0 to 1.
    pub failure_share: f64,
    /// Median response time of the window: done − due.
    pub response_p50_us: u64,
    /// 99th percentile.
    pub response_p99_us: u64,
    /// Mean requests in flight: throughput × mean response time (Little's law).
    pub concurrency: f64,
    /// Arrivals that were given up.
    pub shed: u64,
    /// Figures by statistic name.
    pub names: Vec<NameProbe>,
    /// What the back end said, by domain; empty when it was not observed.
    pub domains: Vec<DomainProbe>,
    /// Offered and in flight: what its window adds to what others at this load say; null for users.
    #[serde(default)]
    pub flow: Option<Flow>,
    /// The same about the limit of each percentile of `criteria.slo`, in their order.
    #[serde(default)]
    pub tails: Vec<Tail>,
    /// What events took, an entry each threshold of `criteria.slo` on that, in their order.
    #[serde(default)]
    pub events: Vec<EventProbe>,
    /// Rules that were violated; see its run's record for the witnesses.
    pub violated_rules: Vec<String>,
    /// How the HTTP interface did.
    pub http: Judgement,
    /// How the pipeline did; null when it was not observed, or could not be told.
    pub pipeline: Option<Judgement>,
    /// How events did by what they took; null when no threshold is about that, or it could not be told.
    #[serde(default)]
    pub event_latency: Option<Judgement>,
    /// Whether the generator was at its limit: then the probe says nothing about the target.
    pub generator_limited: bool,
    /// How long the rest after it took, in seconds.
    pub rest_s: f64,
}

/// How a probe did, by one side of the target.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Judgement {
    /// Whether the load was surely sustained.
    pub sustained: bool,
    /// Whether nobody can tell: neither that it was sustained nor that it was not.
    #[serde(default)]
    pub undecided: bool,
    /// What it failed by; `nothing` when it was sustained, `undecided` when nobody can tell.
    pub limited_by: Limit,
    /// Everything that it failed by, or that could not be told, in words.
    pub why: Vec<String>,
    /// The domain or operation that gave way; empty when it was sustained, or is not known.
    pub first_to_give_way: String,
}

/// A statistic name in a probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NameProbe {
    /// Method and name.
    pub name: String,
    /// Requests that ended in the window.
    pub requests: u64,
    /// Those of them that failed.
    pub failures: u64,
    /// 99th percentile of the service time.
    pub service_p99_us: u64,
}

/// A domain's pipeline in a probe.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DomainProbe {
    /// Its name, in lower case.
    pub domain: String,
    /// Outbox events that came in, a second.
    pub intake_per_s: Option<f64>,
    /// How fast the backlog grew in the window, in events a second; null when that is not known.
    pub slope_per_s: Option<Trend>,
    /// The backlog before the load.
    pub before: Option<Amount>,
    /// The backlog when the load ended.
    pub at_load_end: Option<Amount>,
    /// Seconds after the load until it was back; null when that was not seen.
    pub drained_after_s: Option<f64>,
}

/// What the events that a threshold is about took in a probe: those of its whole run, warm-up included,
/// followed until the backlog was gone or the rest was over.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventProbe {
    /// The threshold, as it was written.
    pub slo: String,
    /// What it compares, in microseconds, events that were still on their way with their age; null when
    /// nothing was seen.
    pub value: Option<Amount>,
    /// Events of these kinds that were raised, a second of the run.
    pub raised_per_s: f64,
    /// Events of these kinds that were followed.
    pub followed: u64,
    /// Times that are known, over or not: of handling one each consumer group.
    pub known: u64,
    /// Those of them that went on at the end.
    pub waiting: u64,
    /// Those of `known` that are beyond the limit.
    pub beyond: u64,
    /// Those of `waiting` that may yet come to it.
    pub young: u64,
    /// Followed events that were found in no store: they may have taken any time.
    pub unseen: u64,
    /// The kind that is beyond the limit most often, like `Ordering.OrderCreated`; empty when none is.
    pub slowest: String,
}

/// The target stopped answering.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Fall {
    /// The probe.
    pub probe: u32,
    /// Its load, in the hunt's unit.
    pub load: f64,
    /// When it fell, in seconds from the start of the probe's run; null when it was down before.
    pub after_s: Option<f64>,
    /// Seconds from the fall until it answered again; null when it did not within `waited_s`.
    pub recovered_after_s: Option<f64>,
    /// How long it was waited for, from the fall on.
    pub waited_s: f64,
}

/// No load and no rate is larger: what is made of them stays a number.
const LARGEST_FIGURE: f64 = 1e15;

impl ProbeRecord {
    /// What is computed with, beside the load.
    fn figures(&self) -> Vec<f64> {
        let rates = [self.carried_per_s, self.requests_per_s, self.concurrency];
        let domains = self.domains.iter();
        let intakes = domains.filter_map(|domain| domain.intake_per_s);
        let raised = self.events.iter().map(|event| event.raised_per_s);
        rates
            .into_iter()
            .chain(self.offered_per_s)
            .chain(intakes)
            .chain(raised)
            .collect()
    }
}

/// A text that is no record of a hunt.
#[derive(Debug, thiserror::Error)]
pub enum NoHuntRecord {
    /// It is not laid out like one.
    #[error(transparent)]
    Json(#[from] serde_json::Error),
    /// It is one of another version.
    #[error("it has layout {0}, and this version reads layout {version}", version = HuntRecord::VERSION)]
    Version(u32),
    /// A load or a rate that no probe can have.
    #[error("a load or rate of {0} is not possible")]
    Figure(f64),
}

impl Record for HuntRecord {
    const VERSION: u32 = 1;
}

impl HuntRecord {
    /// Reads the text of a `hunt.json`.
    ///
    /// # Errors
    /// When it is none of this version, or holds loads and rates that cannot be.
    pub fn read(text: &str) -> Result<Self, NoHuntRecord> {
        let record: Self = serde_json::from_str(text)?;
        if record.schema_version != Self::VERSION {
            return Err(NoHuntRecord::Version(record.schema_version));
        }
        let criteria = &record.criteria;
        let bounds = [criteria.from, criteria.most, criteria.longest_window_s];
        let loads = record.probes.iter().map(|probe| probe.load);
        let is_load = |load: &f64| *load > 0.0 && *load <= LARGEST_FIGURE;
        if let Some(load) = loads.chain(bounds).find(|load| !is_load(load)) {
            return Err(NoHuntRecord::Figure(load));
        }
        let is_figure = |figure: &f64| (0.0..=LARGEST_FIGURE).contains(figure);
        let mut figures = record.probes.iter().flat_map(ProbeRecord::figures);
        match figures.find(|figure| !is_figure(figure)) {
            Some(figure) => Err(NoHuntRecord::Figure(figure)),
            None => Ok(record),
        }
    }
}
