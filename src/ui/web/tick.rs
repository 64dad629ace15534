//! What the page is told once a second, as JSON. Names and texts of the target go out as data; the
//! page shows them as text only.

use super::board::Inside;
use super::marks::Mark;
use super::members::MemberRow;
use super::wire::{Point, Row, TickBacklog, TickEvent, TickRace, TickThreshold};
use crate::record::{
    Connections, DomainRecord, ErrorRecord, Generator, InvariantRecord, JourneyRecord,
    RoundsRecord, WitnessRecord,
};
use serde::Serialize;

/// Rows of errors that are told each second, as many as Locust's page has.
const MOST_ERRORS: usize = 500;

/// What a reader has been told so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Told {
    run: Option<(u64, u32)>,
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
    series: Option<Vec<Point>>,
    /// The latest.
    point: Option<Point>,
    /// What stands out in the charts so far.
    marks: Vec<Mark>,
    all: Option<Row<'a>>,
    names: Vec<Row<'a>>,
    errors: &'a [ErrorRecord],
    /// Rows that are not told; the record has them.
    errors_hidden: usize,
    /// Requests that found no row.
    errors_cut: u64,
    races: Vec<TickRace<'a>>,
    invariants: &'a [InvariantRecord],
    rounds: Option<&'a RoundsRecord>,
    thresholds: Vec<TickThreshold<'a>>,
    backlog: Vec<TickBacklog<'a>>,
    event_latencies: Vec<TickEvent<'a>>,
    journeys: Vec<&'a JourneyRecord>,
    domains: &'a [DomainRecord],
    connections: Option<&'a Connections>,
    generator: Option<&'a Generator>,
    /// How fit it is, in words.
    generator_state: Option<String>,
    shed: u64,
    /// The machines that carry the load; null where the page's own does.
    shards: Option<&'a [MemberRow]>,
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

/// The message for a reader that was `told` so much, and what it knows then.
pub fn tick(inside: &Inside, told: Told) -> (String, Told) {
    let key = Some((inside.number, inside.resets()));
    let (log, log_lines) = inside.journal.after(told.log_lines);
    let latest = inside.latest.as_deref();
    let (record, settled) = (inside.record(), inside.settled.as_deref());
    let tick = Tick {
        state: inside.state,
        number: inside.number,
        users: inside.users(),
        card: card_facts(inside),
        elapsed_s: latest.map_or(0.0, |latest| latest.now.end_s()),
        since_s: latest.map_or(0.0, |latest| latest.since_s),
        series: (told.run != key).then(|| latest.map_or_else(Vec::new, Point::all_of)),
        point: latest.and_then(|latest| Point::of(&latest.now)),
        marks: inside.marks.all(),
        all: latest.map(Row::of_all),
        names: latest.map_or_else(Vec::new, Row::of_names),
        errors: record.map_or(&[], |record| {
            &record.errors[..record.errors.len().min(MOST_ERRORS)]
        }),
        errors_hidden: record.map_or(0, |record| record.errors.len().saturating_sub(MOST_ERRORS)),
        errors_cut: record.map_or(0, |record| record.errors_cut),
        races: record.map_or_else(Vec::new, TickRace::all_of),
        invariants: record.map_or(&[], |record| &record.invariants),
        rounds: record.and_then(|record| record.rounds.as_ref()),
        thresholds: latest.map_or_else(Vec::new, TickThreshold::all_of),
        backlog: latest.map_or_else(Vec::new, TickBacklog::all_of),
        event_latencies: latest.map_or_else(Vec::new, TickEvent::all_of),
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
        shards: inside.members.as_deref(),
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
