//! `run.json`: everything about a run that reports and comparisons are made of.
//!
//! The JSON schema in `schema/run.schema.json` is generated from these types.

use super::Record;
use super::connections_record::Connections;
use super::contest_record::{InvariantRecord, RaceRecord, RoundsRecord, WitnessRecord};
use super::generator_record::Generator;
use super::observed_record::ObservedRecord;
use super::process_text::ProcessesRecord;
use super::recovery_record::RecoveryRecord;
use super::shard_record::{ShardRecord, ShardRow};
use super::steering_record::{SteeringRecord, SteeringWish};
use super::target_record::TargetRecord;
use super::threshold_record::ThresholdRecord;
use crate::plan::{ConnectTo, Interfaces, Placement, SocketPath, socket_url};
use crate::stats::{LatencySummary, Outcome, OutcomeCounts, ProbeCounts};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::path::Path;

/// A run of shopblast. Latencies are in microseconds, other times in seconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RunRecord {
    /// Version of this layout.
    pub schema_version: u32,
    /// Version of shopblast.
    pub shopblast: String,
    /// False while the run goes on; a killed run keeps false.
    pub finished: bool,
    /// Whether Ctrl-C or a signal ended the run before its time.
    pub interrupted: bool,
    /// What was asked of the run while it went, in order: users, resets, the end.
    #[serde(default)]
    pub steering: Vec<SteeringRecord>,
    /// Name of the profile.
    pub profile: String,
    /// What made this run's unique values differ from every other run's.
    pub run_id: String,
    /// When the clock started (RFC 3339, UTC).
    pub started: String,
    /// The command line.
    pub command: String,
    /// What the target was; null in records of before shops were recognised.
    #[serde(default)]
    pub target: Option<TargetRecord>,
    /// What was to be done.
    pub plan: Map<String, Value>,
    /// Which requests count as failures: `default`, `strict` or `locust`.
    pub failure_rule: String,
    /// Hash of the offered load: equal for runs that compare.
    pub plan_hash: String,
    /// Seed of every user's behaviour.
    pub seed: u64,
    /// Where the generator ran.
    pub host: HostFacts,
    /// What was found of the target's processes before the clock started; null when it was not looked
    /// at.
    #[serde(default)]
    pub processes: Option<ProcessesRecord>,
    /// Measured seconds: up to the end of the run time, without the wait for the last replies.
    pub measured_s: f64,
    /// Most users that were active at once.
    pub peak_users: u32,
    /// Spawning and steady state, those of them that occurred.
    pub phases: Vec<PhaseRecord>,
    /// The whole run, all names together.
    pub totals: Figures,
    /// The whole run by statistic name, those of them that were requested.
    pub names: Vec<NameRecord>,
    /// The same added up by the words that names have, where they have any.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<TagRecord>,
    /// What went wrong, most frequent first; at most 1,000 rows.
    pub errors: Vec<ErrorRecord>,
    /// Requests that went wrong in ways that found no row in `errors`.
    pub errors_cut: u64,
    /// Connections.
    pub connections: Connections,
    /// Journeys by name, in the plan's order.
    pub journeys: Vec<JourneyRecord>,
    /// What the accepted requests must have made the shop raise, by event. The shop is not asked.
    pub events: Vec<EventRecord>,
    /// The same by domain, and how many requests each took.
    pub domains: Vec<DomainRecord>,
    /// Races by name, in the order of the table of races.
    pub races: Vec<RaceRecord>,
    /// Rules that were checked, in the order of the table of rules.
    pub invariants: Vec<InvariantRecord>,
    /// What shows that a rule was broken: at most 20 a rule.
    pub witnesses: Vec<WitnessRecord>,
    /// The rounds of the flash sale; null without.
    pub rounds: Option<RoundsRecord>,
    /// Thresholds, in the order in which they were given: those of the profile first.
    #[serde(default)]
    pub thresholds: Vec<ThresholdRecord>,
    /// Requests that asked the shop for the state of a thing. They are in no other figure.
    pub probes: ProbeCounts,
    /// What the shop's back end said of itself; null when nothing of it was observed.
    #[serde(default)]
    pub observed: Option<ObservedRecord>,
    /// How the shop recovered; null when the load has no spike after which it is what it was before.
    #[serde(default)]
    pub recovery: Option<RecoveryRecord>,
    /// Open-model arrivals that were given up, because no user became free in time.
    pub shed: u64,
    /// The generator's look at itself.
    pub generator: Generator,
    /// Users of the plan that never came; 0 when the user changed their number or ended the run.
    #[serde(default)]
    pub absent_users: u32,
    /// When nothing of this process ran, in order of time: it was stopped, or its machine was.
    #[serde(default)]
    pub pauses: Vec<PauseRecord>,
    /// Which part of a run on several machines this is; null when it is all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub shard: Option<ShardRecord>,
    /// The parts that this was made of, in the order of their numbers, those that are missing as well;
    /// empty for a run of one machine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub shards: Vec<ShardRow>,
    /// What could not be written of the record and the outputs, a sentence each; empty when all of it
    /// was.
    #[serde(default)]
    pub losses: Vec<String>,
    /// The outcome in one sentence; empty while the run goes on.
    pub verdict: String,
    /// Exit code of the process; null while the run goes on.
    pub exit_code: Option<i32>,
}

/// What became of one kind of journey.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JourneyRecord {
    /// Name as in the Locust suite.
    pub name: String,
    /// Those whose first request was sent.
    pub started: u64,
    /// Those that were walked to their end.
    pub completed: u64,
    /// Those that ended at a step that they depend on.
    pub aborted: u64,
    /// Those that were on their way when the run ended.
    pub unfinished: u64,
}

/// How often an event was raised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventRecord {
    /// The domain that raises it.
    pub domain: String,
    /// Its name.
    pub name: String,
    /// Whether it goes through the outbox, and so has to be worked off by the pipeline.
    pub outbox: bool,
    /// How often it was raised, as far as replies tell.
    pub count: u64,
    /// So often it was raised for certain; null in records that did not tell.
    #[serde(default)]
    pub at_least: Option<u64>,
    /// More often it was not: with requests that nobody knows the outcome of, and replies that do
    /// not tell.
    #[serde(default)]
    pub at_most: Option<u64>,
    /// The same a second of the measured time.
    pub per_s: f64,
}

/// What was raised in a domain.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct DomainRecord {
    /// Name of the domain.
    pub domain: String,
    /// Events raised, as far as replies tell.
    pub events: u64,
    /// So many were raised for certain; null in records that did not tell.
    #[serde(default)]
    pub events_at_least: Option<u64>,
    /// More were not.
    #[serde(default)]
    pub events_at_most: Option<u64>,
    /// The same a second of the measured time.
    pub events_per_s: f64,
    /// Those of them that go through the outbox.
    pub outbox_events: u64,
    /// More rows than that the outbox does not have: a version race that was lost may leave one
    /// without an event.
    #[serde(default)]
    pub outbox_events_at_most: Option<u64>,
    /// The same a second of the measured time.
    pub outbox_events_per_s: f64,
}

/// Where the generator ran.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct HostFacts {
    /// Model of the CPU.
    pub cpu: String,
    /// CPUs that the process may use.
    pub cores: usize,
    /// Kernel numbers of the CPUs that workers are pinned to.
    pub workers: Vec<usize>,
    /// Where all else is, and why; without anything chosen in records of before it was.
    #[serde(default)]
    pub placement: Placement,
    /// Version of the kernel.
    pub kernel: String,
    /// Kernel interface: `uring` or `epoll`.
    pub driver: String,
    /// Flags that the rings were built with.
    pub ring_flags: Vec<String>,
}

/// Requests by outcome, rates, bytes and latencies.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Figures {
    /// Requests that ended, whatever their outcome.
    pub requests: u64,
    /// Those with the expected status.
    pub success: u64,
    /// Those that the business refused.
    pub refused: u64,
    /// Those that lost a version race.
    pub conflict: u64,
    /// Those with anything unexpected.
    pub failed: u64,
    /// Those that may have happened: no readable reply after they left.
    pub unknown: u64,
    /// Those that count as failures, by the run's rule.
    pub failures: u64,
    /// Requests a second of the measured time.
    pub requests_per_s: f64,
    /// Bytes of complete replies, heads included.
    pub bytes_in: u64,
    /// Bytes of requests, heads included.
    pub bytes_out: u64,
    /// Bytes of reply bodies alone.
    #[serde(default)]
    pub body_bytes_in: u64,
    /// Requests that were answered readably.
    #[serde(default)]
    pub replies: u64,
    /// Response time: done − due.
    pub response_us: LatencySummary,
    /// Service time: done − sent.
    pub service_us: LatencySummary,
    /// Send lag: sent − due.
    pub lag_us: LatencySummary,
}

/// The figures of a statistic name.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct NameRecord {
    /// HTTP method.
    pub method: String,
    /// Name as in the Locust suite.
    pub name: String,
    /// Words by which its figures are added up with those of others.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tags: Vec<String>,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// The figures of all names that have a word in common: their latencies together, not a mean of theirs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TagRecord {
    /// The word.
    pub tag: String,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// The figures of a phase, all names together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PhaseRecord {
    /// `spawning` or `steady`.
    pub name: String,
    /// Start, in seconds from the start of the run.
    pub start_s: f64,
    /// End, in seconds from the start of the run.
    pub end_s: f64,
    /// Length in seconds. Less than from start to end when users were added while the run went:
    /// spawning comes back then.
    #[serde(default)]
    pub length_s: f64,
    /// Its figures.
    #[serde(flatten)]
    pub figures: Figures,
}

/// A row of the error table.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ErrorRecord {
    /// HTTP method.
    pub method: String,
    /// Statistic name.
    pub name: String,
    /// What became of the requests.
    pub outcome: Outcome,
    /// HTTP status; null when there was none.
    pub status: Option<u16>,
    /// Why, with ids and numbers folded.
    pub reason: String,
    /// How often.
    pub count: u64,
    /// When it happened first, in seconds from the start of the run.
    pub first_s: f64,
    /// When it happened last.
    pub last_s: f64,
}

/// A time in which nothing of this process ran: it was stopped, or its machine was.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct PauseRecord {
    /// When it began, in seconds from the start of the run.
    pub at_s: f64,
    /// How long it was, in seconds.
    pub length_s: f64,
}

impl Figures {
    /// Requests by outcome.
    #[must_use]
    pub fn outcomes(&self) -> OutcomeCounts {
        OutcomeCounts::of(|outcome| match outcome {
            Outcome::Success => self.success,
            Outcome::Refused => self.refused,
            Outcome::Conflict => self.conflict,
            Outcome::Failed => self.failed,
            Outcome::Unknown => self.unknown,
        })
    }

    /// Mean bytes of reply bodies (Locust's content size).
    #[must_use]
    pub fn mean_body_bytes(&self) -> f64 {
        self.body_bytes_in as f64 / self.replies.max(1) as f64
    }
}

impl Record for RunRecord {
    const VERSION: u32 = 4;
}

impl RunRecord {
    /// Whether the races tell if the target was at work on several at once: of another server than a ShopStream
    /// nobody knows how long a request takes alone.
    #[must_use]
    pub fn knows_overlaps(&self) -> bool {
        let is_shop = |target: &TargetRecord| !target.generation.is_empty();
        self.target.as_ref().is_none_or(is_shop)
    }

    /// A run of which nothing is known but where its record lies, as its directory's name tells.
    #[must_use]
    pub(super) fn without(directory: &Path) -> Self {
        let name = directory.canonicalize().unwrap_or_default();
        let name = name.file_name().unwrap_or_default().to_string_lossy();
        let mut parts = name.splitn(2, '-');
        let time = parts.next().unwrap_or_default();
        let named = parts.next().and_then(|rest| rest.rsplit_once('-'));
        let (profile, run_id) = named.unwrap_or(("unknown", "unknown"));
        let started = jiff::civil::DateTime::strptime("%Y%m%dT%H%M%SZ", time);
        Self {
            schema_version: Self::VERSION,
            profile: profile.to_owned(),
            run_id: run_id.to_owned(),
            started: started.map_or_else(|_| String::new(), |started| format!("{started}Z")),
            failure_rule: "default".to_owned(),
            losses: vec!["run.json is missing: the other files tell what they can".to_owned()],
            ..Self::default()
        }
    }

    /// `count` a second of the measured time; 0 when there is none.
    #[must_use]
    pub fn per_s(&self, count: u64) -> f64 {
        if self.measured_s > 0.0 {
            count as f64 / self.measured_s
        } else {
            0.0
        }
    }

    /// Journeys of all kinds that were started.
    #[must_use]
    pub fn journeys_started(&self) -> u64 {
        self.journeys.iter().map(|journey| journey.started).sum()
    }

    /// When the user asked for the end, in seconds from the start; `None` when nobody did.
    #[must_use]
    pub fn stopped_s(&self) -> Option<f64> {
        let mut wishes = self.steering.iter();
        wishes
            .find(|record| record.wish == SteeringWish::Stop)
            .map(|record| record.at_s)
    }

    /// What every request carried beside the fields of its operation, as `name: value`; the values of
    /// secrets are hidden.
    #[must_use]
    pub fn target_headers(&self) -> Vec<String> {
        let headers = self.plan.get("target").and_then(|it| it.get("headers"));
        let texts = headers.and_then(|headers| headers.as_array());
        let texts = texts.into_iter().flatten();
        texts
            .filter_map(|text| text.as_str().map(str::to_owned))
            .collect()
    }

    /// Where connections went instead of the target's own place.
    #[must_use]
    pub fn connected_to(&self) -> Option<ConnectTo> {
        let place = self.plan.get("target")?.get("connect_to")?;
        if let Some(path) = place.get("unix") {
            let unix = SocketPath::parse(path.as_str()?).ok()?;
            return Some(ConnectTo::Unix { unix });
        }
        let host = place.get("host")?.as_str()?.to_owned();
        let port = u16::try_from(place.get("port")?.as_u64()?).ok()?;
        Some(ConnectTo::Tcp { host, port })
    }

    /// Where connections came from, if anybody said so.
    #[must_use]
    pub fn came_from(&self) -> Interfaces {
        let target = self.plan.get("target");
        let texts = target.and_then(|it| it.get("interfaces")?.as_array());
        let texts = texts.into_iter().flatten().filter_map(|text| text.as_str());
        Interfaces::parse(texts).unwrap_or_default()
    }

    /// Where the target is, for example `http://localhost:8000`; empty when the plan does not say.
    #[must_use]
    pub fn target_url(&self) -> String {
        if let Some(url) = self.target_socket_url() {
            return url;
        }
        match (self.target_part("authority"), self.target_part("base_path")) {
            (Some(authority), Some(base_path)) => {
                format!("{}://{authority}{base_path}", self.target_scheme())
            }
            _ => String::new(),
        }
    }

    /// The same without the path that all others are appended to.
    #[must_use]
    pub fn target_origin(&self) -> String {
        let authority = self.target_part("authority");
        authority.map_or_else(String::new, |authority| {
            format!("{}://{authority}", self.target_scheme())
        })
    }

    fn target_scheme(&self) -> &'static str {
        match self.target_tls() {
            None => "http",
            Some(_) => "https",
        }
    }

    /// How TLS was spoken with the target; `None` when it was not.
    #[must_use]
    pub fn target_tls(&self) -> Option<&Map<String, Value>> {
        self.plan.get("target")?.get("tls")?.as_object()
    }

    /// Whether nobody proved to be the target that was meant.
    #[must_use]
    pub fn is_target_unchecked(&self) -> bool {
        let told = self.target_tls().and_then(|tls| tls.get("is_insecure"));
        told.and_then(Value::as_bool) == Some(true)
    }

    /// The flags that said whom the run trusted and as whom it asked, with the names of their files.
    #[must_use]
    pub fn target_tls_flags(&self) -> Vec<(&'static str, Option<String>)> {
        let Some(tls) = self.target_tls() else {
            return Vec::new();
        };
        let file = |name: &str| tls.get("files")?.get(name)?.as_str();
        let mut flags = Vec::new();
        for (flag, name) in [
            ("--ca", "ca"),
            ("--client-cert", "cert"),
            ("--client-key", "key"),
        ] {
            flags.extend(file(name).map(|path| (flag, Some(path.to_owned()))));
        }
        if self.is_target_unchecked() {
            flags.push(("--insecure", None));
        }
        flags
    }

    fn target_socket_url(&self) -> Option<String> {
        let Some(ConnectTo::Unix { unix }) = self.connected_to() else {
            return None;
        };
        let (authority, base_path) = (
            self.target_part("authority")?,
            self.target_part("base_path")?,
        );
        socket_url(unix.as_str(), authority, base_path)
    }

    fn target_part(&self, name: &str) -> Option<&str> {
        self.plan.get("target")?.get(name)?.as_str()
    }
}
