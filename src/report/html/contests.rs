//! Races, rounds, rules and witnesses.

use super::sketch::{Histogram, OutcomeBar, bar, histogram};
use super::words::{duration_text, grouped, share_text};
use crate::pieces::Compact;
use crate::plan::shown;
use crate::record::{
    InvariantRecord, OffsetRecord, RaceRecord, Recorded, RoundsRecord, RunRecord, WitnessRecord,
};
use crate::report::console::part_word;
use crate::report::console::witness_text::{CurlTarget, curl_commands, replay_command};
use crate::report::shards_text::across_sentence;
use crate::stats::RuleVerdict;
use serde::Serialize;
use std::collections::HashMap;
use std::path::Path;

/// Ways to end that are shown a race.
const ENDINGS_SHOWN: usize = 8;
/// Rounds in the chart at most.
const MOST_ROUNDS: usize = 2_000;

/// All sections about contention.
pub struct ContestsView {
    pub races: Vec<RaceRow>,
    pub rules: Vec<RuleRow>,
    pub rounds: Option<RoundsRecord>,
    pub across: Option<String>,
    pub has_offsets: bool,
    pub has_rounds_chart: bool,
}

/// Races of a kind.
pub struct RaceRow {
    pub name: String,
    pub count: u64,
    pub racers: u64,
    pub spread_p50: String,
    pub spread_p99: String,
    pub spread_p50_us: u64,
    pub spread_p99_us: u64,
    pub spread: Option<Histogram>,
    pub together: String,
    pub overlapped: String,
    pub bar: OutcomeBar,
    pub first: Vec<(String, String)>,
    pub endings: Vec<EndingRow>,
    pub more_endings: u64,
}

/// A way to end.
pub struct EndingRow {
    pub ending: String,
    pub count: u64,
    pub share: String,
}

/// A rule.
pub struct RuleRow {
    pub tone: &'static str,
    pub mark: &'static str,
    pub rule: InvariantRecord,
    pub why: String,
}

/// The witnesses of a rule.
pub struct WitnessGroup {
    pub rule: String,
    pub first: WitnessView,
    pub others: Vec<WitnessView>,
}

/// A witness.
pub struct WitnessView {
    pub number: u64,
    pub rule: String,
    pub why: String,
    pub race: String,
    pub at: String,
    pub exchanges: Vec<ExchangeRow>,
    pub commands: String,
    pub replay: String,
}

/// An exchange of a witness.
pub struct ExchangeRow {
    pub sent: String,
    pub took: String,
    pub part: &'static str,
    pub request: String,
    pub body: String,
    pub status: String,
    pub outcome: &'static str,
    pub reply: String,
}

/// The offset curves of a race.
#[derive(Serialize)]
pub struct RaceCurves {
    name: String,
    sides: Vec<String>,
    offsets: Vec<OffsetRecord>,
}

/// The flash sale, round by round.
#[derive(Default, Serialize)]
pub struct RoundsOverTime {
    time_s: Vec<Compact>,
    stock: Vec<Compact>,
    demand: Vec<Compact>,
    granted: Vec<Compact>,
    spread_us: Vec<Compact>,
}

impl ContestsView {
    pub fn of(recorded: &Recorded) -> Self {
        let run = &recorded.run;
        let races = run.races.iter();
        let mut rules: Vec<RuleRow> = run.invariants.iter().map(rule_row).collect();
        rules.sort_by_key(|row| match row.rule.verdict {
            RuleVerdict::Violated => 0,
            RuleVerdict::Known => 1,
            RuleVerdict::Undecided => 2,
            RuleVerdict::Held => 3,
        });
        Self {
            races: races.map(|race| race_row(race, recorded)).collect(),
            rules,
            rounds: run.rounds.clone(),
            across: across_sentence(run),
            has_offsets: run.races.iter().any(|race| !race.offsets.is_empty()),
            has_rounds_chart: recorded.rounds.len() > 1,
        }
    }

    pub fn is_empty(&self) -> bool {
        self.races.is_empty() && self.rules.is_empty() && self.rounds.is_none()
    }
}

fn race_row(race: &RaceRecord, recorded: &Recorded) -> RaceRow {
    let spread = |us: u64| match race.spread_us.max {
        0 => "–".to_owned(),
        _ => duration_text(us),
    };
    let kinds = recorded.distribution.texts("kind");
    let rows = kinds.zip(recorded.distribution.texts("name"));
    let mut bands = rows.zip(recorded.distribution.texts("bands"));
    let bands = bands.find(|((kind, name), _)| *kind == "spread" && *name == race.name);
    let shown = race.outcomes.iter().take(ENDINGS_SHOWN);
    let hidden = race
        .outcomes
        .iter()
        .skip(ENDINGS_SHOWN)
        .map(|row| row.count);
    let answered: u64 = race.first.iter().sum();
    RaceRow {
        name: race.name.clone(),
        count: race.count,
        racers: race.racers,
        spread_p50: spread(race.spread_us.p50),
        spread_p99: spread(race.spread_us.p99),
        spread_p50_us: race.spread_us.p50,
        spread_p99_us: race.spread_us.p99,
        spread: bands.and_then(|(_, bands)| histogram(bands)),
        together: share_text(race.together, race.count),
        overlapped: match recorded.run.knows_overlaps() {
            true => share_text(race.overlapped, race.count),
            false => "–".to_owned(),
        },
        bar: bar(race.totals),
        first: match race.sides.len() {
            0 | 1 => Vec::new(),
            _ => race
                .sides
                .iter()
                .zip(&race.first)
                .map(|(side, first)| (side.clone(), share_text(*first, answered)))
                .collect(),
        },
        endings: shown
            .map(|row| EndingRow {
                ending: row.ending.clone(),
                count: row.count,
                share: share_text(row.count, race.count),
            })
            .collect(),
        more_endings: hidden.sum::<u64>() + race.outcomes_cut,
    }
}

fn rule_row(rule: &InvariantRecord) -> RuleRow {
    let (tone, mark) = match rule.verdict {
        RuleVerdict::Held => ("good", "✓"),
        RuleVerdict::Violated => ("bad", "✗"),
        RuleVerdict::Undecided => ("doubt", "?"),
        RuleVerdict::Known => ("doubt", "!"),
    };
    let why = rule.why.clone().unwrap_or_default();
    RuleRow {
        tone,
        mark,
        why: match rule.verdict {
            RuleVerdict::Held if rule.undecided > 0 => format!("undecided: {why}"),
            RuleVerdict::Held => String::new(),
            RuleVerdict::Known => format!("{why} (as known, the shop does not enforce this rule)"),
            _ => why,
        },
        rule: rule.clone(),
    }
}

/// The witnesses of violated rules first, then those of known faults.
pub fn witnesses(recorded: &Recorded) -> Vec<WitnessGroup> {
    let run = &recorded.run;
    let is_violated = |witness: &&WitnessRecord| {
        let rules = run.invariants.iter();
        rules
            .filter(|rule| rule.verdict == RuleVerdict::Violated)
            .any(|rule| rule.name == witness.violation.rule)
    };
    let mut sorted: Vec<&WitnessRecord> = run.witnesses.iter().collect();
    sorted.sort_by_key(|witness| !is_violated(witness));
    let target = CurlTarget::of(run);
    let mut groups: Vec<WitnessGroup> = Vec::new();
    for witness in sorted {
        let view = witness_view(witness, &target, &recorded.directory);
        match groups.iter_mut().find(|group| group.rule == view.rule) {
            Some(group) => group.others.push(view),
            None => groups.push(WitnessGroup {
                rule: view.rule.clone(),
                first: view,
                others: Vec::new(),
            }),
        }
    }
    groups
}

fn witness_view(witness: &WitnessRecord, target: &CurlTarget, directory: &Path) -> WitnessView {
    let violation = &witness.violation;
    let showing = violation.exchanges.iter().filter(|exchange| exchange.shows);
    let first_us = showing
        .clone()
        .filter_map(|exchange| exchange.sent_us)
        .min();
    let rows = showing.map(|exchange| {
        let since_us = |sent_us: i64| sent_us - first_us.unwrap_or(sent_us);
        ExchangeRow {
            sent: exchange.sent_us.map_or_else(
                || "never".to_owned(),
                |sent_us| format!("{:+} µs", since_us(sent_us)),
            ),
            took: exchange.sent_us.map_or_else(String::new, |sent_us| {
                duration_text((exchange.done_us - sent_us).max(0) as u64)
            }),
            part: part_word(exchange.part),
            request: format!("{} {}", exchange.method, exchange.path),
            body: shown(&exchange.body).into_owned(),
            status: exchange
                .status
                .map_or_else(|| "no reply".to_owned(), |status| status.to_string()),
            outcome: exchange.outcome.word(),
            reply: shown(&exchange.reply).into_owned(),
        }
    });
    WitnessView {
        number: witness.number,
        rule: violation.rule.clone(),
        why: violation.why.clone(),
        race: violation.race.clone().unwrap_or_default(),
        at: format!("{:.2} s", violation.at_us as f64 / 1e6),
        exchanges: rows.collect(),
        commands: curl_commands(violation, target),
        replay: replay_command(directory, witness.number),
    }
}

/// The races whose sides were shifted.
pub fn curves(run: &RunRecord) -> Vec<RaceCurves> {
    let shifted = run.races.iter().filter(|race| !race.offsets.is_empty());
    shifted
        .map(|race| RaceCurves {
            name: race.name.clone(),
            sides: race.sides.clone(),
            offsets: race.offsets.clone(),
        })
        .collect()
}

/// The last rounds of the flash sale.
pub fn rounds_over_time(recorded: &Recorded) -> RoundsOverTime {
    let (numbers, shards) = (
        recorded.rounds.numbers("round"),
        recorded.rounds.numbers("shard"),
    );
    let is_part = |row: usize| shards.get(row).is_some_and(|shard| *shard > 0.0);
    let column = |name: &str, scale: f64| -> Vec<Compact> {
        let figures = recorded.rounds.numbers(name);
        let adds_up = matches!(name, "demand" | "granted");
        let joined = joined_rounds(&figures, &numbers, (is_part, adds_up));
        let skipped = joined.len().saturating_sub(MOST_ROUNDS);
        let shown = joined.into_iter().skip(skipped);
        shown.map(|number| Compact(number * scale)).collect()
    };
    RoundsOverTime {
        time_s: column("at_us", 1e-6),
        stock: column("stock", 1.0),
        demand: column("demand", 1.0),
        granted: column("granted", 1.0),
        spread_us: column("spread_us", 1.0),
    }
}

/// One figure a round: those of several machines' parts of one round are added up where that means
/// something; else the first one counts.
fn joined_rounds(
    figures: &[f64],
    numbers: &[f64],
    (is_part, adds_up): (impl Fn(usize) -> bool, bool),
) -> Vec<f64> {
    let mut joined: Vec<f64> = Vec::with_capacity(figures.len());
    let mut places: HashMap<u64, usize> = HashMap::new();
    for (row, (figure, number)) in figures.iter().zip(numbers).enumerate() {
        let known = is_part(row)
            .then(|| places.get(&(*number as u64)))
            .flatten();
        match known {
            Some(&place) if adds_up => joined[place] += figure,
            Some(_) => {}
            None => {
                places.insert(*number as u64, joined.len());
                joined.push(*figure);
            }
        }
    }
    joined
}

/// What the flash sale came to, in a sentence.
pub fn rounds_text(rounds: &RoundsRecord) -> String {
    let sums = &rounds.sums;
    format!(
        "{} rounds; in {} of them more was wanted than there was, and in {} of those exactly what there was was granted. {} of {} pieces granted, {} asked for; {} won, {} refused, {} in conflict, {} failed or unknown.",
        grouped(rounds.rounds),
        grouped(rounds.contested),
        grouped(rounds.sold_out),
        grouped(sums.granted),
        grouped(sums.stock),
        grouped(sums.demand),
        grouped(sums.winners),
        grouped(sums.refused),
        grouped(sums.conflicts),
        grouped(sums.failed),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_one_round_are_one_point_and_whole_rounds_one_each() {
        let numbers = [1.0, 1.0, 2.0, 3.0, 2.0];
        let figures = [4.0, 6.0, 5.0, 1.0, 5.0];
        let added = joined_rounds(&figures, &numbers, (|_| true, true));
        assert_eq!(added, [10.0, 10.0, 1.0]);
        let first = joined_rounds(&figures, &numbers, (|_| true, false));
        assert_eq!(first, [4.0, 5.0, 1.0]);
        let whole = joined_rounds(&figures, &numbers, (|_| false, true));
        assert_eq!(whole, figures);
    }
}
