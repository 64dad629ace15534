//! What was contended for, as the record tells it: races, rules, witnesses, rounds, probes.

use crate::plan::RaceOffset;
use crate::stats::{
    Ending, LatencySummary, LatencyTotal, OFFSET_BINS, OffsetBin, Outcome, OutcomeCounts,
    ProbeCounts, Race, RaceCounts, RaceMeasured, Round, RoundsAcross, RoundsTotal, RuleVerdict,
    Totals, Violation,
};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a rule is undecided all of whose checks were cut short.
const ONLY_CUT: &str = "the run ended before it could be checked";

/// Races of one kind.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct RaceRecord {
    /// Name of the race.
    pub name: String,
    /// What its sides do.
    pub sides: Vec<String>,
    /// Races.
    pub count: u64,
    /// Their requests.
    pub racers: u64,
    /// Races in which a request could not be sent.
    pub incomplete: u64,
    /// Races whose requests were all in flight at one moment.
    pub together: u64,
    /// Races that the target was seen to handle two requests of at once: somebody lost a version
    /// race, or the second reply came sooner after the first than one request takes alone.
    pub overlapped: u64,
    /// Races whose requests are believed to have been handled by different processes.
    #[serde(default)]
    pub apart: u64,
    /// Requests by the process that is believed to have handled them: first those of which nothing is
    /// believed, then process 1, 2 and so on; the last of 17 places has all beyond.
    #[serde(default)]
    pub racers_on: Vec<u64>,
    /// From before the first request was sent to when the kernel had taken the last byte of the
    /// last one, over races whose sides were not shifted.
    pub spread_us: LatencySummary,
    /// By side, races whose first reply it had.
    pub first: Vec<u64>,
    /// How races ended, most frequent first.
    pub outcomes: Vec<EndingRecord>,
    /// Races that ended in ways that found no place in `outcomes`.
    pub outcomes_cut: u64,
    /// Requests by outcome: success, refused, conflict, failed, unknown.
    pub totals: OutcomeCounts,
    /// What came of each offset between two sides; empty without a sweep.
    pub offsets: Vec<OffsetRecord>,
}

/// How often races ended so.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EndingRecord {
    /// For example `cancel: 1 success; pay: 1 conflict`.
    pub ending: String,
    /// How often.
    pub count: u64,
}

/// What came of the races of one offset.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OffsetRecord {
    /// Middle of the bin: how much later than the first side the second was sent, in microseconds.
    pub offset_us: f64,
    /// What came of them.
    #[serde(flatten)]
    pub counts: OffsetBin,
}

/// A rule and how it fared.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct InvariantRecord {
    /// Name of the rule.
    pub name: String,
    /// What must hold.
    pub text: String,
    /// Whether today's ShopStream enforces it.
    pub enforced: bool,
    /// What is known of it.
    pub verdict: RuleVerdict,
    /// Checks that came to something.
    pub checked: u64,
    /// Those of them that found it broken.
    pub violated: u64,
    /// Checks that could not tell.
    pub undecided: u64,
    /// Checks that the end of the run cut short.
    #[serde(default)]
    pub cut: u64,
    /// What is wrong, by the first witness; or why most checks could not tell. Null when it held
    /// wherever it was checked.
    pub why: Option<String>,
    /// Number of the first witness; null when it held.
    pub witness: Option<u64>,
}

/// The witness of a violation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct WitnessRecord {
    /// Counted from 1.
    pub number: u64,
    /// What was broken, and by which exchanges.
    #[serde(flatten)]
    pub violation: Violation,
}

/// All rounds of the flash sale.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RoundsRecord {
    /// Rounds that were judged.
    pub rounds: u64,
    /// Those in which more was asked for than there was.
    pub contested: u64,
    /// Those of them in which exactly what there was was granted.
    pub sold_out: u64,
    /// The sums over all rounds; spread, overlap and what is left are those of single rounds, and
    /// stand in `rounds.csv`.
    pub sums: Round,
    /// How far apart the requests of a round left over all machines; null where the crowd was on one, or
    /// there was no common clock.
    #[serde(default)]
    pub across: Option<RoundsAcross>,
}

/// The records of all races that were run.
pub fn race_records(totals: &Totals, offset: Option<RaceOffset>) -> Vec<RaceRecord> {
    let named = totals.context.races.iter().zip(&totals.contests.races);
    named
        .filter(|(_, total)| total.counts.count > 0)
        .map(|(race, total)| race_record(race, total, offset))
        .collect()
}

fn race_record(
    race: &Race,
    total: &RaceMeasured<LatencyTotal>,
    offset: Option<RaceOffset>,
) -> RaceRecord {
    let counts = &total.counts;
    let mut outcomes: Vec<EndingRecord> = counts
        .endings
        .rows
        .iter()
        .map(|row| EndingRecord {
            ending: ending_text(race, &row.ending),
            count: row.count,
        })
        .collect();
    outcomes.sort_by_key(|row| std::cmp::Reverse(row.count));
    RaceRecord {
        name: race.name.to_owned(),
        sides: race.sides.iter().map(|&side| side.to_owned()).collect(),
        count: counts.count,
        racers: counts.racers,
        incomplete: counts.incomplete,
        together: counts.together,
        overlapped: counts.overlapped,
        apart: counts.apart,
        racers_on: racers_on(&counts.on),
        spread_us: total.spread.summary(),
        first: counts.first[..race.sides.len()].to_vec(),
        outcomes,
        outcomes_cut: counts.endings.cut,
        totals: counts.outcomes,
        offsets: offset_records(counts, offset),
    }
}

/// Without the processes at the end that there are none on.
fn racers_on(on: &[u64]) -> Vec<u64> {
    let used = on.iter().rposition(|&racers| racers > 0);
    on[..used.map_or(0, |last| last + 1)].to_vec()
}

/// For example `cancel: 1 success; pay: 1 conflict`.
fn ending_text(race: &Race, ending: &Ending) -> String {
    let sides = (0..).zip(race.sides).map(|(side, name)| {
        let counts = Outcome::ALL.map(|outcome| (ending.of(side, outcome), outcome.word()));
        let occurred = counts.into_iter().filter(|(count, _)| *count > 0);
        let words: Vec<String> = occurred
            .map(|(count, word)| format!("{count} {word}"))
            .collect();
        format!("{name}: {}", words.join(", "))
    });
    sides.collect::<Vec<_>>().join("; ")
}

fn offset_records(counts: &RaceCounts, offset: Option<RaceOffset>) -> Vec<OffsetRecord> {
    let Some(offset) = offset else {
        return Vec::new();
    };
    let bins = counts.offsets.bins.iter().enumerate();
    bins.filter(|(_, bin)| bin.count > 0)
        .map(|(place, counts)| OffsetRecord {
            offset_us: offset.middle_of(place, OFFSET_BINS),
            counts: *counts,
        })
        .collect()
}

/// The records of all rules that were checked.
pub fn invariant_records(totals: &Totals, strict: bool) -> Vec<InvariantRecord> {
    let ledger = &totals.contests.ledger;
    let counted = totals.context.rules.iter().zip(&ledger.rules);
    counted
        .filter(|(_, counts)| counts.were_made())
        .map(|(rule, counts)| {
            let first = ledger
                .violations
                .iter()
                .position(|violation| violation.rule == rule.name);
            let reason = counts
                .reasons
                .as_slice()
                .iter()
                .max_by_key(|(_, count)| *count);
            InvariantRecord {
                name: rule.name.to_owned(),
                text: rule.text.to_owned(),
                enforced: rule.enforced,
                verdict: RuleVerdict::of(rule, counts, strict),
                checked: counts.checked(),
                violated: counts.broken,
                undecided: counts.undecided,
                cut: counts.cut,
                why: first
                    .map(|index| ledger.violations[index].why.clone())
                    .or_else(|| reason.map(|(reason, _)| reason.clone().into_owned()))
                    .or_else(|| (counts.checked() == 0).then(|| ONLY_CUT.to_owned())),
                witness: first.map(|index| index as u64 + 1),
            }
        })
        .collect()
}

/// The witnesses that were kept.
pub fn witness_records(totals: &Totals) -> Vec<WitnessRecord> {
    let violations = totals.contests.ledger.violations.iter();
    (1..)
        .zip(violations)
        .map(|(number, violation)| WitnessRecord {
            number,
            violation: violation.clone(),
        })
        .collect()
}

/// The rounds, if there were any.
pub fn rounds_record(totals: &Totals) -> Option<RoundsRecord> {
    let RoundsTotal {
        rounds,
        contested,
        sold_out,
        sums,
        across,
    } = totals.contests.rounds;
    (rounds > 0).then_some(RoundsRecord {
        rounds,
        contested,
        sold_out,
        sums,
        across: (across.rounds > 0).then_some(across),
    })
}

/// The probes.
pub fn probes_record(totals: &Totals) -> ProbeCounts {
    totals.contests.probes
}
