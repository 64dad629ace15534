//! Sections of the summary about races: how close together, who won, which rules held.

use super::witness_text::witness_text;
use crate::pieces::console_style::bold;
use crate::pieces::{SummaryStyle, counted, duration_text, numbers_right, plain_table};
use crate::record::{InvariantRecord, ProcessKind, RaceRecord, RunRecord};
use crate::stats::{Outcome, RuleVerdict};

/// Races without any overlap that are enough to say so.
const ENOUGH_RACES: u64 = 20;

/// Races by name, and whether the target handled them one at a time; nothing without races.
pub fn races_section(record: &RunRecord, style: SummaryStyle) -> String {
    if record.races.is_empty() {
        return String::new();
    }
    let mut table = plain_table(style);
    table.set_header([
        "Race",
        "Count",
        "Racers",
        "Spread\np50",
        "\np99",
        "In flight\ntogether",
        "Handled\nat once",
        "\nSuccess",
        "\nRefused",
        "\nConflict",
        "Failed,\nunknown",
    ]);
    for race in &record.races {
        table.add_row(race_row(race));
    }
    numbers_right(&mut table);
    let mut lines = vec![format!("{}\n{table}", bold(style, "Races"))];
    lines.extend(processes_line(record));
    lines.extend(serialised(record));
    lines.extend(rounds_line(record));
    lines.join("\n")
}

fn race_row(race: &RaceRecord) -> [String; 11] {
    let of = |outcome: Outcome| race.totals[outcome];
    let spread = |us| match race.spread_us.max {
        0 => "–".to_owned(),
        _ => duration_text(us),
    };
    [
        race.name.clone(),
        race.count.to_string(),
        race.racers.to_string(),
        spread(race.spread_us.p50),
        spread(race.spread_us.p99),
        share(race.together, race.count),
        share(race.overlapped, race.count),
        of(Outcome::Success).to_string(),
        of(Outcome::Refused).to_string(),
        of(Outcome::Conflict).to_string(),
        (of(Outcome::Failed) + of(Outcome::Unknown)).to_string(),
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
                .map(|process| on(process).to_string())
                .collect();
            let unknown = match on(0) {
                0 => String::new(),
                unknown => format!(" (of {unknown} it is not known)"),
            };
            format!(
                "{told}; racers by process: {}{unknown}; racers on different processes in {apart} of {}, {}",
                known.join(" + "),
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
    (count >= ENOUGH_RACES && overlapped == 0).then(|| {
        let told =
            format!("The target handled these one at a time: 0 of {count} races overlapped; ");
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
        rounds.contested,
        rounds.sold_out,
        sums.granted,
        sums.stock,
        sums.demand,
        sums.winners,
        sums.refused,
        sums.conflicts,
        sums.failed,
    ))
}

/// One line a rule, and the first witness of each that was violated; nothing without rules. Checks
/// that the end of the run cut short stand apart from those that could not tell.
pub fn verdicts_section(record: &RunRecord, directory: &str, style: SummaryStyle) -> String {
    if record.invariants.is_empty() {
        return String::new();
    }
    let mut table = plain_table(style);
    table.set_header([
        "",
        "Rule",
        "Verdict",
        "Checked",
        "Broken",
        "Undecided",
        "Cut",
        "Why",
    ]);
    for rule in &record.invariants {
        table.add_row(rule_row(rule));
    }
    for column in table.column_iter_mut() {
        column.set_padding((0, 1));
    }
    let mut text = format!("{}\n{table}", bold(style, "Verdicts"));
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
    let mark = match rule.verdict {
        RuleVerdict::Held => "✓",
        RuleVerdict::Violated => "✗",
        RuleVerdict::Undecided => "?",
        RuleVerdict::Known => "!",
    };
    let why = match (rule.verdict, &rule.why) {
        (RuleVerdict::Held, Some(why)) if rule.undecided > 0 => format!("undecided: {why}"),
        (RuleVerdict::Held, _) | (_, None) => String::new(),
        (RuleVerdict::Known, Some(why)) => {
            format!("{why} (today's ShopStream does not enforce this rule)")
        }
        (_, Some(why)) => why.clone(),
    };
    [
        mark.to_owned(),
        rule.name.clone(),
        rule.verdict.word().to_owned(),
        rule.checked.to_string(),
        rule.violated.to_string(),
        rule.undecided.to_string(),
        rule.cut.to_string(),
        why,
    ]
}

/// The first witness of each violated rule.
fn witnesses(record: &RunRecord, directory: &str, style: SummaryStyle) -> Vec<String> {
    let base = record.target_url();
    let violated = record
        .invariants
        .iter()
        .filter(|rule| rule.verdict == RuleVerdict::Violated);
    violated
        .filter_map(|rule| rule.witness)
        .filter_map(|number| {
            let kept = record.witnesses.get(number as usize - 1)?;
            let replay = format!("shopblast replay {directory} --witness {number}");
            Some(witness_text(&kept.violation, &base, &replay, style))
        })
        .collect()
}
