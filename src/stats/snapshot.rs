//! One immutable picture of a live run, published each second.

use super::{
    Counters, DomainBacklog, ErrorRow, Fitness, History, Interval, JourneyCounts, LatencyCounts,
    LatencySummary, LatencyTotal, Measured, Phase, RaceMeasured, RuleCounts, RuleVerdict, StatName,
    ThresholdStanding, Totals, told_in_all,
};
use crate::plan::{FailureRule, LONGEST_DURATION};

/// Shortest interval that a current rate is taken from; a shorter one keeps the rate before it.
const SHORTEST_RATED_S: f64 = 0.5;

/// Violations that are told apart: the latest.
const VIOLATIONS_SHOWN: usize = 20;

/// What the faces show: the run since its start, or since the last reset.
#[derive(Clone, Debug)]
pub struct Snapshot {
    /// Seconds since the start of the run.
    pub elapsed_s: f64,
    /// Where the figures begin: 0, or the moment of the last reset, in seconds since the start.
    pub since_s: f64,
    /// Seconds that the run is to take; `None` when it goes on until somebody stops it.
    pub run_time_s: Option<f64>,
    /// The phase of the latest second.
    pub phase: Phase,
    /// Users active.
    pub users: u32,
    /// Journeys begun.
    pub journeys: u64,
    /// One row a kind of journey, in the plan's order.
    pub journey_rows: Vec<JourneySnapshot>,
    /// Events raised a second in the latest second.
    pub events_per_s: f64,
    /// What was counted beside requests.
    pub counters: Counters,
    /// One row a statistic name, in the plan's order.
    pub names: Vec<SnapshotRow>,
    /// All names together.
    pub all: SnapshotRow,
    /// What went wrong, most frequent first.
    pub errors: Vec<ErrorRow>,
    /// Requests that went wrong in ways that found no row.
    pub errors_cut: u64,
    /// The generator in the latest second, one entry a worker that reported.
    pub cores: Vec<CoreSnapshot>,
    /// How fit the generator has been so far.
    pub fitness: Fitness,
    /// How the thresholds fare over the whole run, resets or not, in the plan's order.
    pub thresholds: Vec<ThresholdStanding>,
    /// The latest backlog of each domain that observers see.
    pub backlogs: Vec<DomainBacklog>,
    /// What the generator did so far.
    pub generator: GeneratorSnapshot,
    /// Races by name, in the plan's order, those of them that were run.
    pub races: Vec<RaceSnapshot>,
    /// Rules, in the plan's order, those of them that were checked.
    pub rules: Vec<RuleSnapshot>,
    /// The latest violations, newest first.
    pub violations: Vec<ViolationSnapshot>,
    /// How it went, second by second.
    pub history: History,
}

/// One kind of journey.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct JourneySnapshot {
    /// Its name.
    pub name: &'static str,
    /// What became of them.
    pub counts: JourneyCounts,
}

/// One kind of race.
#[derive(Clone, Debug)]
pub struct RaceSnapshot {
    /// Its name.
    pub name: &'static str,
    /// What came of its races.
    pub measured: RaceMeasured<LatencySummary>,
}

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RuleSnapshot {
    /// Its name.
    pub name: &'static str,
    /// What must hold.
    pub text: &'static str,
    /// What is known of it so far.
    pub verdict: RuleVerdict,
    /// What its checks came to.
    pub counts: RuleCounts,
}

/// A violation that a witness was kept of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ViolationSnapshot {
    /// When it was found, in seconds since the start.
    pub at_s: u64,
    /// Name of the rule.
    pub rule: String,
    /// The race after which it was found, if there was one.
    pub race: Option<String>,
    /// What is wrong.
    pub why: String,
}

/// What the generator did so far.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct GeneratorSnapshot {
    /// CPU time of the workers a request; 0 without requests.
    pub cpu_us_per_request: f64,
    /// 99 of 100 free users were sent off at most this late.
    pub tardiness_p99_us: u64,
    /// Allocations of the workers in steady state.
    pub allocations_steady: u64,
}

/// One row of the live table: figures of the whole run so far, and current rates.
#[derive(Clone, Debug)]
pub struct SnapshotRow {
    /// What the row is about; `None` for all names together.
    pub name: Option<StatName>,
    /// Its figures.
    pub measured: Measured<LatencySummary>,
    /// Requests a second since the start.
    pub requests_per_s: f64,
    /// Requests a second in the latest second.
    pub current_requests_per_s: f64,
    /// Failed and unknown requests a second in the latest second.
    pub current_failures_per_s: f64,
}

/// One worker in the latest second.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct CoreSnapshot {
    /// Kernel number of its CPU.
    pub cpu: usize,
    /// Share of the second that it worked, 0 to 1.
    pub cpu_share: f64,
    /// Share of the second that it was runnable but not running.
    pub run_queue_share: f64,
    /// 99 of 100 requests were sent at most this late by the generator's own fault.
    pub tardiness_p99_us: u64,
}

/// Events that the requests of one second raised.
fn events_in(interval: &Interval, totals: &Totals) -> u64 {
    let told = told_in_all(&totals.context.raises, &interval.names, |_| true);
    told.count.max(0) as u64
}

impl Snapshot {
    /// The picture after `interval`, which is already part of `totals`; without history.
    pub(crate) fn after(interval: &Interval, totals: &Totals, before: Option<&Self>) -> Self {
        let rated = interval.length_s() >= SHORTEST_RATED_S;
        let row = |name: Option<&StatName>,
                   total: &Measured<LatencyTotal>,
                   now: &Measured<LatencyCounts>,
                   was: Option<&SnapshotRow>| {
            let rates = match was {
                Some(was) if !rated => (was.current_requests_per_s, was.current_failures_per_s),
                _ => current_rates(now, interval.length_s(), totals.context.failures),
            };
            row_of(name, total, totals, rates)
        };
        let per_name = totals
            .context
            .names
            .iter()
            .zip(totals.names.iter().zip(&interval.names));
        let run_time_us = totals.context.run_time_us;
        let has_end = u128::from(run_time_us) < LONGEST_DURATION.as_micros();
        Self {
            elapsed_s: interval.end_s(),
            since_s: totals.from_us as f64 / 1e6,
            run_time_s: has_end.then_some(run_time_us as f64 / 1e6),
            phase: interval.phase,
            users: interval.users,
            journeys: totals.journeys_started(),
            journey_rows: journeys_of(totals),
            events_per_s: if rated {
                events_in(interval, totals) as f64 / interval.length_s()
            } else {
                before.map_or(0.0, |before| before.events_per_s)
            },
            counters: totals.counters,
            names: per_name
                .enumerate()
                .map(|(index, (name, (total, now)))| {
                    row(
                        Some(name),
                        total,
                        now,
                        before.and_then(|before| before.names.get(index)),
                    )
                })
                .collect(),
            all: row(
                None,
                &totals.all,
                &interval.all,
                before.map(|before| &before.all),
            ),
            errors: totals.errors.sorted(),
            errors_cut: totals.errors.cut(),
            cores: cores_of(interval, totals),
            thresholds: totals.thresholds.states(),
            backlogs: totals.context.observed.backlogs(),
            fitness: totals.fitness(),
            generator: generator_of(totals),
            races: races_of(totals),
            rules: rules_of(totals),
            violations: violations_of(totals),
            history: History::default(),
        }
    }
}

/// Requests and failures a second of an interval.
fn current_rates(now: &Measured<LatencyCounts>, length_s: f64, rule: FailureRule) -> (f64, f64) {
    let failures = now.failures(rule);
    (now.requests() as f64 / length_s, failures as f64 / length_s)
}

fn row_of(
    name: Option<&StatName>,
    total: &Measured<LatencyTotal>,
    totals: &Totals,
    rates: (f64, f64),
) -> SnapshotRow {
    SnapshotRow {
        name: name.cloned(),
        measured: total.summary(),
        requests_per_s: totals.per_s(total.requests()),
        current_requests_per_s: rates.0,
        current_failures_per_s: rates.1,
    }
}

fn journeys_of(totals: &Totals) -> Vec<JourneySnapshot> {
    let named = totals.context.journeys.iter().zip(&totals.journeys);
    let row = |(&name, &counts)| JourneySnapshot { name, counts };
    named.map(row).collect()
}

fn races_of(totals: &Totals) -> Vec<RaceSnapshot> {
    let named = totals.context.races.iter().zip(&totals.contests.races);
    named
        .filter(|(_, total)| total.counts.count > 0)
        .map(|(race, total)| RaceSnapshot {
            name: race.name,
            measured: total.summary(),
        })
        .collect()
}

fn rules_of(totals: &Totals) -> Vec<RuleSnapshot> {
    let strict = totals.context.live.strict_rules;
    let counted = totals.context.rules.iter();
    counted
        .zip(&totals.contests.ledger.rules)
        .filter(|(_, counts)| counts.were_made())
        .map(|(rule, counts)| RuleSnapshot {
            name: rule.name,
            text: rule.text,
            verdict: RuleVerdict::of(rule, counts, strict),
            counts: counts.clone(),
        })
        .collect()
}

fn violations_of(totals: &Totals) -> Vec<ViolationSnapshot> {
    let kept = totals.contests.ledger.violations.iter().rev();
    kept.take(VIOLATIONS_SHOWN)
        .map(|violation| ViolationSnapshot {
            at_s: violation.at_us.max(0) as u64 / 1_000_000,
            rule: violation.rule.clone(),
            race: violation.race.clone(),
            why: violation.why.clone(),
        })
        .collect()
}

fn generator_of(totals: &Totals) -> GeneratorSnapshot {
    let requests = totals.all.requests().max(1) as f64;
    GeneratorSnapshot {
        cpu_us_per_request: totals.health.cpu_ns() as f64 / 1e3 / requests,
        tardiness_p99_us: totals.timings.tardiness.quantile_us(0.99),
        allocations_steady: totals.phase(Phase::Steady).health.allocations,
    }
}

fn cores_of(interval: &Interval, totals: &Totals) -> Vec<CoreSnapshot> {
    let cores = interval
        .cores
        .iter()
        .filter(|core| core.end_us > core.start_us);
    cores
        .map(|core| {
            let length_ns = (core.end_us - core.start_us) as f64 * 1e3;
            CoreSnapshot {
                cpu: totals
                    .context
                    .cpus
                    .get(core.core)
                    .copied()
                    .unwrap_or_default(),
                cpu_share: core.health.cpu_ns() as f64 / length_ns,
                run_queue_share: core.health.run_queue_ns as f64 / length_ns,
                tardiness_p99_us: core.tardiness_p99_us,
            }
        })
        .collect()
}
