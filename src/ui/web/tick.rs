//! What the page is told once a second, as JSON. Names and texts of the target go out as data; the
//! page shows them as text only.

use super::board::Inside;
use super::series::{Point, Second};
use crate::record::{
    Connections, DomainRecord, EndingRecord, ErrorRecord, Figures, Generator, InvariantRecord,
    JourneyRecord, RoundsRecord, RunRecord, WitnessRecord,
};
use crate::report::LocustRow;
use crate::stats::{OutcomeCounts, ThresholdVerdict};
use serde::Serialize;

/// Rows of errors that are told each second, as many as Locust's page has.
const MOST_ERRORS: usize = 500;

/// What a reader has been told so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    run: Option<(u64, u64)>,
    log_lines: u64,
}

/// One message.
#[derive(Serialize)]
struct Tick<'a> {
    state: super::State,
    /// Which load test since the server was started, counted from 1.
    number: u64,
    users: u32,
    card: Option<CardFacts<'a>>,
    elapsed_s: f64,
    /// Where the figures begin.
    since_s: f64,
    /// All points, to a reader that knows none of this load test.
    series: Option<&'a [Point]>,
    /// The latest.
    point: Option<Point>,
    all: Option<Row<'a>>,
    names: Vec<Row<'a>>,
    errors: &'a [ErrorRecord],
    /// Rows that are not told; the record has them.
    errors_hidden: usize,
    /// Requests that found no row.
    errors_cut: u64,
    races: Vec<Race<'a>>,
    invariants: &'a [InvariantRecord],
    rounds: Option<&'a RoundsRecord>,
    thresholds: Vec<Threshold<'a>>,
    backlog: Vec<Backlog<'a>>,
    journeys: Vec<&'a JourneyRecord>,
    domains: &'a [DomainRecord],
    connections: Option<&'a Connections>,
    generator: Option<&'a Generator>,
    /// How fit it is, in words.
    generator_state: Option<String>,
    shed: u64,
    verdict: &'a str,
    exit_code: Option<i32>,
    /// Lines that the reader does not know.
    log: Vec<&'a str>,
}

/// What is known of a load test beforehand.
#[derive(Serialize)]
struct CardFacts<'a> {
    host: &'a str,
    profile: &'a str,
    classes: Vec<(&'a str, u32)>,
    users: u32,
    spawn_rate: Option<f64>,
    run_time_s: Option<f64>,
    run: &'a str,
}

/// A row of the statistics. Latencies are in ms.
#[derive(Serialize)]
struct Row<'a> {
    method: &'a str,
    name: &'a str,
    requests: u64,
    failures: u64,
    outcomes: OutcomeCounts,
    per_s: f64,
    current_per_s: f64,
    current_failures_per_s: f64,
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    min_ms: f64,
    max_ms: f64,
    mean_ms: f64,
    service_p99_ms: f64,
    lag_p99_ms: f64,
    mean_body_bytes: f64,
}

/// A row of the races.
#[derive(Serialize)]
struct Race<'a> {
    name: &'a str,
    count: u64,
    together: u64,
    overlapped: u64,
    spread_p50_us: u64,
    spread_p99_us: u64,
    totals: OutcomeCounts,
    outcomes: &'a [EndingRecord],
}

/// A threshold.
#[derive(Serialize)]
struct Threshold<'a> {
    text: &'a str,
    value: String,
    state: &'static str,
}

/// What a domain has not worked off.
#[derive(Serialize)]
struct Backlog<'a> {
    domain: &'a str,
    outbox_pending: Option<u64>,
    consumer_lag: Option<u64>,
    at_least: bool,
}

/// The message for a reader that was `told` so much, and what it knows then.
pub fn tick(inside: &Inside, told: Told) -> (String, Told) {
    let key = Some((inside.number, inside.resets));
    let (log, log_lines) = inside.journal.after(told.log_lines);
    let latest = inside.latest.as_deref();
    let (record, settled) = (inside.record(), inside.settled.as_deref());
    let tick = Tick {
        state: inside.state,
        number: inside.number,
        users: inside.users(),
        card: card_facts(inside),
        elapsed_s: latest.map_or(0.0, |latest| latest.elapsed_s),
        since_s: latest.map_or(0.0, |latest| latest.since_s),
        series: (told.run != key).then(|| inside.series.points()),
        point: latest.and_then(|latest| latest.point),
        all: latest
            .zip(record)
            .map(|(latest, record)| all(latest, record)),
        names: latest
            .zip(record)
            .map_or_else(Vec::new, |(latest, record)| names(latest, record)),
        errors: record.map_or(&[], |record| {
            &record.errors[..record.errors.len().min(MOST_ERRORS)]
        }),
        errors_hidden: record.map_or(0, |record| record.errors.len().saturating_sub(MOST_ERRORS)),
        errors_cut: record.map_or(0, |record| record.errors_cut),
        races: record.map_or_else(Vec::new, races),
        invariants: record.map_or(&[], |record| &record.invariants),
        rounds: record.and_then(|record| record.rounds.as_ref()),
        thresholds: latest.map_or_else(Vec::new, thresholds),
        backlog: latest.map_or_else(Vec::new, backlog),
        journeys: record.map_or_else(Vec::new, |record| {
            let journeys = record.journeys.iter();
            journeys.filter(|journey| journey.started > 0).collect()
        }),
        domains: record.map_or(&[], |record| &record.domains),
        connections: record.map(|record| &record.connections),
        generator: settled.or(record).map(|record| &record.generator),
        generator_state: settled
            .or(record)
            .map(|record| record.generator.state_text()),
        shed: record.map_or(0, |record| record.shed),
        verdict: settled.map_or("", |record| &record.verdict),
        exit_code: settled.and_then(|record| record.exit_code),
        log,
    };
    let text = serde_json::to_string(&tick).expect("keys are strings, numbers finite or null");
    let told = Told {
        run: key,
        log_lines,
    };
    (text, told)
}

/// The witness of a violation.
pub fn witness(inside: &Inside, number: u64) -> Option<&WitnessRecord> {
    let mut witnesses = inside.record()?.witnesses.iter();
    witnesses.find(|witness| witness.number == number)
}

fn card_facts(inside: &Inside) -> Option<CardFacts<'_>> {
    let card = inside.card.as_ref()?;
    Some(CardFacts {
        host: &card.host,
        profile: &card.profile,
        classes: card
            .classes
            .iter()
            .map(|share| (share.class.as_str(), share.weight))
            .collect(),
        users: card.users,
        spawn_rate: card.spawn_rate,
        run_time_s: card.run_time_s,
        run: card.run(),
    })
}

fn all<'a>(latest: &'a Second, record: &'a RunRecord) -> Row<'a> {
    let locust = latest.locust.row(None, "Aggregated");
    row(("", "Aggregated"), &record.totals, locust)
}

fn names<'a>(latest: &'a Second, record: &'a RunRecord) -> Vec<Row<'a>> {
    let names = record.names.iter();
    names
        .map(|name| {
            let key = (name.method.as_str(), name.name.as_str());
            row(key, &name.figures, latest.locust.row(Some(key.0), key.1))
        })
        .collect()
}

fn row<'a>(
    (method, name): (&'a str, &'a str),
    figures: &Figures,
    locust: Option<&LocustRow>,
) -> Row<'a> {
    let ms = |us: u64| us as f64 / 1e3;
    let response = &figures.response_us;
    Row {
        method,
        name,
        requests: figures.requests,
        failures: figures.failures,
        outcomes: figures.outcomes(),
        per_s: figures.requests_per_s,
        current_per_s: locust.map_or(0.0, |row| row.current_rps),
        current_failures_per_s: locust.map_or(0.0, |row| row.current_fail_per_sec),
        p50_ms: ms(response.p50),
        p95_ms: ms(response.p95),
        p99_ms: ms(response.p99),
        min_ms: locust.map_or(0.0, |row| row.min_response_time as f64),
        max_ms: ms(response.max),
        mean_ms: response.mean / 1e3,
        service_p99_ms: ms(figures.service_us.p99),
        lag_p99_ms: ms(figures.lag_us.p99),
        mean_body_bytes: locust.map_or(0.0, |row| row.avg_content_length),
    }
}

fn races(record: &RunRecord) -> Vec<Race<'_>> {
    let races = record.races.iter();
    races
        .map(|race| Race {
            name: &race.name,
            count: race.count,
            together: race.together,
            overlapped: race.overlapped,
            spread_p50_us: race.spread_us.p50,
            spread_p99_us: race.spread_us.p99,
            totals: race.totals,
            outcomes: &race.outcomes[..race.outcomes.len().min(8)],
        })
        .collect()
}

fn thresholds(latest: &Second) -> Vec<Threshold<'_>> {
    let thresholds = latest.thresholds.iter();
    thresholds
        .map(|threshold| Threshold {
            text: &threshold.expression,
            value: threshold.decisive_text().unwrap_or_default(),
            state: match threshold.verdict {
                ThresholdVerdict::Undecided => "open",
                ThresholdVerdict::Held => "holds",
                ThresholdVerdict::Crossed => "crossed",
            },
        })
        .collect()
}

fn backlog(latest: &Second) -> Vec<Backlog<'_>> {
    let domains = latest.backlogs.iter();
    domains
        .map(|backlog| Backlog {
            domain: &backlog.domain,
            outbox_pending: backlog.outbox_pending,
            consumer_lag: backlog.stream_lag,
            at_least: backlog.amount.at_least,
        })
        .collect()
}
