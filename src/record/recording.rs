//! From what was measured to `run.json`, during and after a run.

use super::Record;
use super::address_record::RefusedAddress;
use super::connections_record::Connections;
use super::contest_record::{
    invariant_records, probes_record, race_records, rounds_record, witness_records,
};
use super::generator_record::{CoreRecord, Generator};
use super::process_text::ProcessesRecord;
use super::raised::{domain_records, event_records};
use super::recovery_record::recovery_record;
use super::run_record::{
    ErrorRecord, Figures, HostFacts, JourneyRecord, NameRecord, PhaseRecord, RunRecord, TagRecord,
};
use super::shard_head::ShardHead;
use super::steering_record::{SteeringRecord, steering_records};
use super::target_record::TargetRecord;
use super::threshold_record::threshold_records;
use crate::engine::Survey;
use crate::plan::{FailureRule, Load, Plan, RaceRules};
use crate::stats::{
    CoreTally, ErrorRow, LatencyTotal, Measured, Outcome, Phase, PhaseTotal, RunContext, StatName,
    Totals,
};
use serde_json::{Map, Value};
use std::sync::Arc;
use std::time::SystemTime;

/// What is known of a run before its clock starts.
#[derive(Clone, Debug)]
pub struct RunFacts {
    /// Name of the profile.
    pub profile: String,
    /// The run's id.
    pub run_id: String,
    /// When the clock starts.
    pub started: SystemTime,
    /// The command line.
    pub command: String,
    /// The plan as JSON.
    pub plan: Map<String, Value>,
    /// Its hash.
    pub plan_hash: String,
    /// Users that it asks for; `None` when they come as they are needed.
    pub asked_users: Option<u32>,
    /// Its seed.
    pub seed: u64,
    /// Where the generator runs.
    pub host: HostFacts,
    /// How races are carried out and judged.
    pub races: RaceRules,
    /// What the target is; `None` before it is met.
    pub target: Option<TargetRecord>,
    /// What was found of the target's processes; `None` when it was not looked at.
    pub processes: Option<ProcessesRecord>,
    /// What whoever joins it with others must know of a part of a run; `None` for all of it.
    pub shard: Option<Arc<ShardHead>>,
}

impl RunFacts {
    /// The facts of a run of `plan`.
    #[must_use]
    pub fn of(plan: &Plan, started: SystemTime, command: String, host: HostFacts) -> Self {
        Self {
            profile: plan.profile.clone(),
            run_id: plan.run_id.to_string(),
            started,
            command,
            plan: plan.fields(),
            plan_hash: plan.hash(),
            asked_users: matches!(plan.load, Load::Closed { .. }).then(|| plan.own_users()),
            seed: plan.seed,
            host,
            races: plan.races.rules,
            target: None,
            processes: None,
            shard: None,
        }
    }

    /// The same facts of a run against `target`.
    #[must_use]
    pub fn at(self, target: TargetRecord) -> Self {
        Self {
            target: Some(target),
            ..self
        }
    }

    /// The same, with what `survey` found of the target's processes.
    #[must_use]
    pub fn with_survey(self, survey: Option<Survey>) -> Self {
        let processes = survey.as_ref().map(ProcessesRecord::of);
        Self { processes, ..self }
    }

    /// The same of a part of a run.
    #[must_use]
    pub fn as_shard(self, head: Option<ShardHead>) -> Self {
        Self {
            shard: head.map(Arc::new),
            ..self
        }
    }

    /// The record of the run so far: not finished, without verdict and exit code.
    #[must_use]
    pub fn record(&self, totals: &Totals) -> RunRecord {
        let occurred = totals.phases.iter().filter(|phase| phase.occurred());
        let rule = totals.context.failures;
        let steering = steering(totals);
        RunRecord {
            schema_version: RunRecord::VERSION,
            shopblast: env!("CARGO_PKG_VERSION").to_owned(),
            finished: false,
            interrupted: false,
            profile: self.profile.clone(),
            run_id: self.run_id.clone(),
            started: rfc_3339(self.started),
            command: self.command.clone(),
            target: self
                .target
                .clone()
                .map(|target| target.reached_at(&totals.addresses)),
            plan: self.plan.clone(),
            failure_rule: match rule {
                FailureRule::Default => "default",
                FailureRule::Strict => "strict",
                FailureRule::Locust => "locust",
            }
            .to_owned(),
            plan_hash: self.plan_hash.clone(),
            seed: self.seed,
            host: self.host.clone(),
            processes: self.processes,
            measured_s: totals.measured_s(),
            peak_users: totals.peak_users,
            phases: occurred.map(|phase| phase_record(phase, rule)).collect(),
            totals: figures(&totals.all, totals.per_s(totals.all.requests()), rule),
            names: name_records(totals),
            tags: tag_records(totals),
            errors: error_records(totals),
            errors_cut: totals.errors.cut(),
            connections: Connections {
                opened: totals.counters.connects,
                reconnects: totals.counters.reconnects,
                failed: totals.counters.connect_failures,
                closed_between_requests: totals.counters.closed_between_requests,
                unsolicited: totals.counters.unsolicited,
                answered_early: totals.counters.answered_early,
                refused_addresses: RefusedAddress::of(&totals.addresses),
                connect_us: totals.timings.connect.summary(),
                handshakes_full: totals.counters.handshakes_full,
                handshakes_resumed: totals.counters.handshakes_resumed,
                handshake_us: (!totals.timings.handshake.is_empty())
                    .then(|| totals.timings.handshake.summary()),
            },
            journeys: journey_records(totals),
            events: event_records(totals),
            domains: domain_records(totals),
            races: race_records(totals, self.races.offset),
            invariants: invariant_records(totals, self.races.strict),
            witnesses: witness_records(totals),
            rounds: rounds_record(totals),
            thresholds: threshold_records(totals),
            probes: probes_record(totals),
            observed: None,
            recovery: recovery_record(totals, &steering),
            steering,
            shed: totals.counters.shed,
            generator: generator(totals),
            absent_users: 0,
            pauses: Vec::new(),
            shard: self.shard.as_ref().map(|head| head.shard.clone()),
            shards: Vec::new(),
            losses: Vec::new(),
            verdict: String::new(),
            exit_code: None,
        }
    }
}

fn steering(totals: &Totals) -> Vec<SteeringRecord> {
    let load_schedule = totals.context.live.load_schedule.as_deref();
    load_schedule.map(steering_records).unwrap_or_default()
}

fn name_records(totals: &Totals) -> Vec<NameRecord> {
    let named = totals.context.names.iter().zip(&totals.names);
    let tagged = named.enumerate();
    tagged
        .filter(|(_, (_, total))| total.requests() > 0)
        .map(|(row, (&StatName { method, name }, total))| NameRecord {
            method: method.to_owned(),
            name: name.to_owned(),
            tags: totals
                .context
                .tags_of(row)
                .iter()
                .copied()
                .map(str::to_owned)
                .collect(),
            figures: figures(
                total,
                totals.per_s(total.requests()),
                totals.context.failures,
            ),
        })
        .collect()
}

/// Those of which there were requests.
pub(super) fn tag_records(totals: &Totals) -> Vec<TagRecord> {
    let tags = totals.context.all_tags().into_iter();
    let summed = tags.map(|tag| (tag, totals.of_tag(tag)));
    summed
        .filter(|(_, total)| total.requests() > 0)
        .map(|(tag, total)| {
            let per_s = totals.per_s(total.requests());
            TagRecord {
                tag: tag.to_owned(),
                figures: figures(&total, per_s, totals.context.failures),
            }
        })
        .collect()
}

fn journey_records(totals: &Totals) -> Vec<JourneyRecord> {
    let named = totals.context.journeys.iter().zip(&totals.journeys);
    named
        .map(|(name, counts)| JourneyRecord {
            name: (*name).to_owned(),
            started: counts.started,
            completed: counts.completed,
            aborted: counts.aborted,
            unfinished: counts
                .started
                .saturating_sub(counts.completed + counts.aborted),
        })
        .collect()
}

fn phase_record(phase: &PhaseTotal, rule: FailureRule) -> PhaseRecord {
    PhaseRecord {
        name: phase.phase.word().to_owned(),
        start_s: seconds(phase.start_us),
        end_s: seconds(phase.end_us),
        length_s: seconds(phase.length_us),
        figures: figures(&phase.all, phase.requests_per_s(), rule),
    }
}

fn figures(total: &Measured<LatencyTotal>, requests_per_s: f64, rule: FailureRule) -> Figures {
    Figures {
        requests: total.requests(),
        success: total.outcomes[Outcome::Success],
        refused: total.outcomes[Outcome::Refused],
        conflict: total.outcomes[Outcome::Conflict],
        failed: total.outcomes[Outcome::Failed],
        unknown: total.outcomes[Outcome::Unknown],
        failures: total.failures(rule),
        requests_per_s,
        bytes_in: total.bytes_in,
        bytes_out: total.bytes_out,
        body_bytes_in: total.body_bytes_in,
        replies: total.replies(),
        response_us: total.response.summary(),
        service_us: total.service.summary(),
        lag_us: total.lag.summary(),
    }
}

/// What went wrong, most frequent first.
pub(super) fn error_records(totals: &Totals) -> Vec<ErrorRecord> {
    let rows = totals.errors.sorted().into_iter();
    rows.map(|row| error_record(row, &totals.context)).collect()
}

fn error_record(row: ErrorRow, context: &RunContext) -> ErrorRecord {
    let name = context.names.get(row.name);
    ErrorRecord {
        method: name.map_or("", |name| name.method).to_owned(),
        name: name.map_or("", |name| name.name).to_owned(),
        outcome: row.outcome,
        status: row.status,
        reason: row.reason,
        count: row.count,
        first_s: seconds(row.first_us),
        last_s: seconds(row.last_us),
    }
}

fn generator(totals: &Totals) -> Generator {
    let health = &totals.health;
    let per_request = |amount: f64| amount / totals.all.requests().max(1) as f64;
    let littles_law = totals.littles_law();
    let fitness = totals.fitness();
    let mut reasons = fitness.reasons;
    reasons.extend(littles_law.and_then(|law| law.complaint()));
    Generator {
        cpu_s: health.cpu_ns() as f64 / 1e9,
        cpu_us_per_request: per_request(health.cpu_ns() as f64 / 1e3),
        cpu_user_us_per_request: per_request(health.cpu_user_ns as f64 / 1e3),
        allocations_steady: totals.phase(Phase::Steady).health.allocations,
        ring_entries_per_request: per_request(health.ring_entries as f64),
        run_queue_s: health.run_queue_ns as f64 / 1e9,
        withheld_s: 0.0,
        tardiness_us: totals.timings.tardiness.summary(),
        littles_law,
        state: fitness.state,
        own_share: fitness.own,
        attention_us: totals.phase(Phase::Steady).timings.attention.summary(),
        reasons,
        cores: totals.self_check.cores().iter().map(core_record).collect(),
    }
}

fn core_record(core: &CoreTally) -> CoreRecord {
    CoreRecord {
        shard: (core.machine > 0).then_some(core.machine),
        cpu: core.cpu,
        cpu_share: core.cpu_share(),
        run_queue_share: core.run_queue_share(),
        seconds: core.seconds,
        restless: core.restless,
    }
}

fn seconds(us: u64) -> f64 {
    us as f64 / 1e6
}

/// The moment in UTC; 1970 for a clock set before it or beyond the year 9999.
fn rfc_3339(time: SystemTime) -> String {
    jiff::Timestamp::try_from(time)
        .unwrap_or_default()
        .to_string()
}
