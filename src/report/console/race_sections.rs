//! Sections of the summary about races: how close together, who won, which rules held.

use super::witness_text::{CurlTarget, quoted, witness_text};
use crate::pieces::console_style::bold;
use crate::pieces::{
    SummaryStyle, TextColumn, TextTable, counted, duration_text, grouped, in_lines,
};
use crate::record::{InvariantRecord, ProcessKind, RaceRecord, RunRecord};
use crate::report::shards_text::across_sentence;
use crate::stats::{Outcome, RuleVerdict};

/// Races without any overlap that are enough to say so.
const ENOUGH_RACES: u64 = 20;

const RACES: [TextColumn; 11] = [
    TextColumn::text("Race", 0),
    TextColumn::number("Count", 0),
    TextColumn::number("Racers", 7),
    TextColumn::number("Spread p50", 5),
    TextColumn::number("p99", 6),
    TextColumn::number("Together", 4),
    TextColumn::number("At once", 3),
    TextColumn::number("Success", 1),
    TextColumn::number("Refused", 2),
    TextColumn::number("Conflict", 2),
    TextColumn::number("Failed", 0),
];

const RULES: [TextColumn; 8] = [
    TextColumn::word("", 0),
    TextColumn::text("Rule", 0),
    TextColumn::word("Verdict", 0),
    TextColumn::number("Checked", 2),
    TextColumn::number("Broken", 0),
    TextColumn::number("Undecided", 3),
    TextColumn::number("Cut", 4),
    TextColumn::text("Why", 1),
];

/// Races by name, and whether the target handled them one at a time; nothing without races.
pub fn races_section(record: &RunRecord, style: SummaryStyle) -> String {
    if record.races.is_empty() {
        return String::new();
    }
    let mut table = TextTable::new(&RACES);
    for race in &record.races {
        table.row(race_row(race, record));
    }
    let told = processes_line(record).into_iter();
    let told = told.chain(serialised(record)).chain(rounds_line(record));
    let told = told.chain(across_sentence(record));
    let mut lines = vec![bold(style, "Races"), table.text(0, style)];
    lines.extend(told.map(|line| in_lines(&line, 0, 2, style.width)));
    lines.join("\n")
}

fn race_row(race: &RaceRecord, record: &RunRecord) -> [String; 11] {
    let overlapped = match record.knows_overlaps() {
        true => share(race.overlapped, race.count),
        false => "–".to_owned(),
    };
    let of = |outcome: Outcome| race.totals[outcome];
    let spread = |us| match race.spread_us.max {
        0 => "–".to_owned(),
        _ => duration_text(us),
    };
    [
        race.name.clone(),
        grouped(race.count),
        grouped(race.racers),
        spread(race.spread_us.p50),
        spread(race.spread_us.p99),
        share(race.together, race.count),
        overlapped,
        grouped(of(Outcome::Success)),
        grouped(of(Outcome::Refused)),
        grouped(of(Outcome::Conflict)),
        grouped(of(Outcome::Failed) + of(Outcome::Unknown)),
    ]
}

fn share(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    format!("{:.1} %", part as f64 * 100.0 / whole as f64)
}

/// How many processes were seen, and how racers were spread over them.
#[must_use]
pub fn processes_line(record: &RunRecord) -> Option<String> {
    let processes = record.processes?;
    if record.races.is_empty() {
        return None;
    }
    let (found, tried) = (processes.found(), processes.tried());
    let told = format!("Processes of the target: {found} ({tried})");
    let count: u64 = record.races.iter().map(|race| race.count).sum();
    let apart: u64 = record.races.iter().map(|race| race.apart).sum();
    let on = |process: usize| -> u64 {
        let races = record.races.iter();
        races.filter_map(|race| race.racers_on.get(process)).sum()
    };
    Some(match (processes.by, processes.seen) {
        (ProcessKind::Connection, 2..) => {
            let known: Vec<String> = (1..=processes.seen as usize)
                .map(|process| grouped(on(process)))
                .collect();
            let unknown = match on(0) {
                0 => String::new(),
                unknown => format!(" (of {} it is not known)", grouped(unknown)),
            };
            format!(
                "{told}; racers by process: {}{unknown}; racers on different processes in {} of {}, {}",
                known.join(" + "),
                grouped(apart),
                counted(count, "race"),
                share(apart, count)
            )
        }
        _ => told,
    })
}

/// Told when not one of many races was seen to overlap.
#[must_use]
pub fn serialised(record: &RunRecord) -> Option<String> {
    let count: u64 = record.races.iter().map(|race| race.count).sum();
    let overlapped: u64 = record.races.iter().map(|race| race.overlapped).sum();
    (record.knows_overlaps() && count >= ENOUGH_RACES && overlapped == 0).then(|| {
        let told = format!(
            "The target handled these one at a time: 0 of {} races overlapped; ",
            grouped(count)
        );
        let processes = record.processes;
        told + &match processes.map(|processes| (processes.by, processes.seen)) {
            Some((ProcessKind::Connection, seen @ 2..)) => format!(
                "its {seen} processes were reached, but none was seen at work while another was."
            ),
            Some((ProcessKind::Connection, _)) => {
                let tried = processes
                    .map(|processes| processes.tried())
                    .unwrap_or_default();
                format!("one process was seen ({tried}). Races need at least two workers.")
            }
            Some((ProcessKind::Request, 2..)) => {
                "what stands before its processes gave it these one after the other.".to_owned()
            }
            _ => "give its API at least two workers.".to_owned(),
        }
    })
}

fn rounds_line(record: &RunRecord) -> Option<String> {
    let rounds = record.rounds.as_ref()?;
    let sums = &rounds.sums;
    Some(format!(
        "Flash sale: {}, in {} of them more was wanted than there was, and in {} of those exactly \
         what there was was granted; {} of {} pieces granted, {} asked for; {} won, {} refused, {} \
         in conflict, {} failed or unknown",
        counted(rounds.rounds, "round"),
        grouped(rounds.contested),
        grouped(rounds.sold_out),
        grouped(sums.granted),
        grouped(sums.stock),
        grouped(sums.demand),
        grouped(sums.winners),
        grouped(sums.refused),
        grouped(sums.conflicts),
        grouped(sums.failed),
    ))
}

/// One line a rule, and the first witness of each that was violated; nothing without rules. Checks
/// that the end of the run cut short stand apart from those that could not tell.
pub fn verdicts_section(record: &RunRecord, directory: &str, style: SummaryStyle) -> String {
    if record.invariants.is_empty() {
        return String::new();
    }
    let mut table = TextTable::new(&RULES);
    for rule in &record.invariants {
        table.row(rule_row(rule));
    }
    let mut text = format!("{}\n{}", bold(style, "Verdicts"), table.text(0, style));
    for witness in witnesses(record, directory, style) {
        text.push_str("\n\n");
        text.push_str(&witness);
    }
    text
}

/// The same when anything was violated; else nothing. For `--quiet`.
pub fn violated_section(record: &RunRecord, directory: &str, style: SummaryStyle) -> String {
    let mut rules = record.invariants.iter();
    match rules.any(|rule| rule.verdict == RuleVerdict::Violated) {
        true => verdicts_section(record, directory, style),
        false => String::new(),
    }
}

fn rule_row(rule: &InvariantRecord) -> [String; 8] {
    let why = match (rule.verdict, &rule.why) {
        (RuleVerdict::Held, Some(why)) if rule.undecided > 0 => format!("undecided: {why}"),
        (RuleVerdict::Held, _) | (_, None) => String::new(),
        (RuleVerdict::Known, Some(why)) => {
            format!("{why} (as known, the shop does not enforce this rule)")
        }
        (_, Some(why)) => why.clone(),
    };
    [
        rule.verdict.mark().to_owned(),
        rule.name.clone(),
        rule.verdict.word().to_owned(),
        grouped(rule.checked),
        grouped(rule.violated),
        grouped(rule.undecided),
        grouped(rule.cut),
        why,
    ]
}

/// The first witness of each violated rule.
pub fn witnesses(record: &RunRecord, directory: &str, style: SummaryStyle) -> Vec<String> {
    let target = CurlTarget::of(record);
    let violated = record
        .invariants
        .iter()
        .filter(|rule| rule.verdict == RuleVerdict::Violated);
    violated
        .filter_map(|rule| rule.witness)
        .filter_map(|number| {
            let kept = record.witnesses.get(number as usize - 1)?;
            let replay = format!("shopblast replay {} --witness {number}", quoted(directory));
            Some(witness_text(&kept.violation, &target, &replay, style))
        })
        .collect()
}
