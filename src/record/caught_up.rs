//! A record of a run that was killed, caught up: what its files say beyond its `run.json`, which is a
//! second older at most, or is not there at all. The newest second wins.

use super::bounded_file::{MOST_TABLE_BYTES, read_bounded};
use super::contest_record::{InvariantRecord, WitnessRecord};
use super::csv_columns::CsvColumns;
use super::distribution_again::Logs;
use super::interval_log::tag_text;
use super::ledger_log::{LEDGER_JSONL, LedgerLine};
use super::possible_figures::check_figures;
use super::request_log::NameLog;
use super::run_record::{Figures, NameRecord, RunRecord, TagRecord};
use crate::plan::FailureRule;
use crate::stats::{
    LatencyCounts, LatencySummary, Outcome, OutcomeCounts, RuleVerdict, WITNESSES_A_RULE,
};
use hdrhistogram::Histogram;
use std::collections::BTreeMap;
use std::path::Path;

/// No second has more of one name.
const MOST_REQUESTS: u64 = 1 << 40;
/// A number that no witness reaches.
const MOST_WITNESSES: u64 = 1 << 32;

/// What a record holds beside its `run.json`.
pub(super) struct Beside<'a> {
    /// Where the rest of it is.
    pub directory: &'a Path,
    /// `series.csv`.
    pub series: &'a CsvColumns,
    /// `outcomes.csv`.
    pub outcomes: &'a CsvColumns,
    /// The interval logs.
    pub logs: &'a Logs,
}

/// Brings `run`, which was never finished, up to what is there beside it.
pub(super) fn catch_up(run: &mut RunRecord, beside: &Beside<'_>) {
    let seconds = beside.series.numbers("second");
    let lengths = beside.series.numbers("length_s");
    let last = seconds.last().zip(lengths.last());
    let end_s = last.map_or(0.0, |(start_s, length_s)| start_s + length_s);
    if end_s > run.measured_s {
        run.measured_s = end_s;
        count_again(run, beside);
    }
    add_violations(run, beside.directory);
}

/// Names and totals from the logs of all requests, and outcomes from theirs.
fn count_again(run: &mut RunRecord, beside: &Beside<'_>) {
    let others = others_by_name(beside.outcomes);
    let rule = rule_of(&run.failure_rule);
    let mut all = [(); 3].map(|()| LatencyCounts::histogram());
    for (tag, response) in beside.logs.response.tags() {
        let Logs { service, lag, .. } = beside.logs;
        let logs = [Some(response), service.of(tag), lag.of(tag)];
        let latencies = logs.map(|log| log.map(|log: &NameLog| &log.latencies));
        for (sum, one) in all.iter_mut().zip(latencies) {
            // The ranges are the same: nothing is out of range.
            let _ = one.map(|one| sum.add(one));
        }
        let is_known = |name: &NameRecord| tag_text(&name.method, &name.name) == tag;
        let place = run.names.iter().position(is_known).unwrap_or_else(|| {
            run.names.push(named(tag, &others));
            run.names.len() - 1
        });
        let name = &mut run.names[place];
        let key = (name.method.clone(), name.name.clone());
        let others = others.get(&key).copied().unwrap_or_default();
        recount(&mut name.figures, latencies, others, rule, run.measured_s);
    }
    count_tags(run, beside.logs, &others, rule);
    let mut sum = OutcomeCounts::default();
    others.values().for_each(|counts| sum.absorb(counts));
    let [response, service, lag] = &all;
    let latencies = [Some(response), Some(service), Some(lag)];
    recount(&mut run.totals, latencies, sum, rule, run.measured_s);
    let sum = |name: &str| beside.series.numbers(name).iter().sum::<f64>() as u64;
    run.totals.bytes_in = run.totals.bytes_in.max(sum("bytes_in"));
    run.totals.bytes_out = run.totals.bytes_out.max(sum("bytes_out"));
    let users = beside.series.numbers("users").into_iter();
    run.peak_users = run.peak_users.max(users.fold(0.0, f64::max) as u32);
}

/// What the names of each tag come to together.
fn count_tags(
    run: &mut RunRecord,
    logs: &Logs,
    others: &BTreeMap<(String, String), OutcomeCounts>,
    rule: FailureRule,
) {
    for name in run.names.iter().flat_map(|name| &name.tags) {
        if run.tags.iter().all(|known| known.tag != *name) {
            run.tags.push(TagRecord {
                tag: name.clone(),
                figures: Figures::default(),
            });
        }
    }
    for record in &mut run.tags {
        let mut all = [(); 3].map(|()| LatencyCounts::histogram());
        let mut counts = OutcomeCounts::default();
        for name in run
            .names
            .iter()
            .filter(|name| name.tags.contains(&record.tag))
        {
            let tag = tag_text(&name.method, &name.name);
            for (sum, log) in all
                .iter_mut()
                .zip([&logs.response, &logs.service, &logs.lag])
            {
                // The ranges are the same: nothing is out of range.
                let _ = log.of(&tag).map(|log| sum.add(&log.latencies));
            }
            let key = (name.method.clone(), name.name.clone());
            counts.absorb(&others.get(&key).copied().unwrap_or_default());
        }
        let latencies = all.each_ref().map(Some);
        recount(&mut record.figures, latencies, counts, rule, run.measured_s);
    }
}

/// Requests that were no success, by method and name.
fn others_by_name(outcomes: &CsvColumns) -> BTreeMap<(String, String), OutcomeCounts> {
    let names = outcomes.texts("method").zip(outcomes.texts("name"));
    let columns = OutcomeCounts::of(|_| 0);
    let columns: Vec<_> = columns
        .others()
        .map(|(outcome, _)| (outcome, outcomes.numbers(outcome.word())))
        .collect();
    let mut by_name: BTreeMap<(String, String), OutcomeCounts> = BTreeMap::new();
    for (row, (method, name)) in names.enumerate() {
        let counts = OutcomeCounts::of(|outcome| {
            let column = columns.iter().find(|(known, _)| *known == outcome);
            let cell = column.and_then(|(_, counts)| counts.get(row));
            cell.map_or(0, |&count| (count as u64).min(MOST_REQUESTS))
        });
        let key = (method.to_owned(), name.to_owned());
        by_name.entry(key).or_default().absorb(&counts);
    }
    by_name
}

/// A name that `run.json` does not know yet: as other files have it, else as its tag tells.
fn named(tag: &str, others: &BTreeMap<(String, String), OutcomeCounts>) -> NameRecord {
    let written = others
        .keys()
        .find(|(method, name)| tag_text(method, name) == tag);
    let (method, name) = written.cloned().unwrap_or_else(|| {
        let (method, _) = tag.split_once('_').unwrap_or_default();
        (method.to_owned(), tag.replacen('_', " ", 1))
    });
    NameRecord {
        method,
        name,
        tags: Vec::new(),
        figures: Figures::default(),
    }
}

fn recount(
    figures: &mut Figures,
    [response, service, lag]: [Option<&Histogram<u64>>; 3],
    others: OutcomeCounts,
    rule: FailureRule,
    measured_s: f64,
) {
    let requests = response.map_or(0, Histogram::len);
    let counts = others.others().map(|(_, count)| count);
    let sum = counts.fold(0, u64::saturating_add);
    for (outcome, count) in others.others() {
        match outcome {
            Outcome::Success => {}
            Outcome::Refused => figures.refused = count,
            Outcome::Conflict => figures.conflict = count,
            Outcome::Failed => figures.failed = count,
            Outcome::Unknown => figures.unknown = count,
        }
    }
    figures.requests = requests;
    figures.success = requests.saturating_sub(sum);
    figures.failures = others.failures(rule);
    figures.requests_per_s = requests as f64 / measured_s.max(1e-6);
    figures.replies = requests.saturating_sub(figures.unknown);
    figures.response_us = response.map(summary).unwrap_or_default();
    figures.service_us = service.map(summary).unwrap_or_default();
    figures.lag_us = lag.map(summary).unwrap_or_default();
}

/// To three significant digits, as the logs have it.
fn summary(latencies: &Histogram<u64>) -> LatencySummary {
    if latencies.is_empty() {
        return LatencySummary::default();
    }
    let quantile = |share| latencies.value_at_quantile(share).min(latencies.max());
    LatencySummary {
        min: latencies.min(),
        p50: quantile(0.5),
        p90: quantile(0.9),
        p95: quantile(0.95),
        p99: quantile(0.99),
        p999: quantile(0.999),
        max: latencies.max(),
        mean: latencies.mean(),
    }
}

fn rule_of(word: &str) -> FailureRule {
    match word {
        "strict" => FailureRule::Strict,
        "locust" => FailureRule::Locust,
        _ => FailureRule::Default,
    }
}

/// Violations that the ledger holds and the rest of the record does not.
fn add_violations(run: &mut RunRecord, directory: &Path) {
    let ledger = read_bounded(&directory.join(LEDGER_JSONL), MOST_TABLE_BYTES);
    let bytes = ledger.unwrap_or_default();
    // A line that was cut off is none.
    let lines = bytes.split(|&byte| byte == b'\n');
    let lines = lines.filter_map(ledger_line);
    let mut by_rule: BTreeMap<String, RuleLines> = BTreeMap::new();
    for line in lines {
        let rule = line.violation.rule.clone();
        by_rule.entry(rule).or_default().add(line);
    }
    for (rule, lines) in by_rule {
        add_to_rule(run, &rule, lines);
    }
}

fn ledger_line(line: &[u8]) -> Option<LedgerLine> {
    let text = std::str::from_utf8(line).ok()?;
    check_figures(text).ok()?;
    serde_json::from_str(text).ok()
}

/// The lines of a rule: no more than are shown, and how many there are.
#[derive(Default)]
struct RuleLines {
    count: u64,
    first: Vec<LedgerLine>,
    newest: Option<LedgerLine>,
}

impl RuleLines {
    fn add(&mut self, line: LedgerLine) {
        self.count += 1;
        match self.first.len() < WITNESSES_A_RULE {
            true => self.first.push(line),
            false => self.newest = Some(line),
        }
    }
}

fn add_to_rule(run: &mut RunRecord, rule: &str, lines: RuleLines) {
    let count = lines.count;
    let newest = lines.newest.as_ref().or(lines.first.last());
    let Some(newest) = newest else { return };
    let strict = serde_json::Value::Object(run.plan.clone());
    let strict = strict.pointer("/races/rules/strict").cloned();
    let is_enforced = newest.enforced || strict == Some(true.into());
    let place = run.invariants.iter().position(|known| known.name == rule);
    let place = place.unwrap_or_else(|| {
        run.invariants.push(unchecked_rule(newest));
        run.invariants.len() - 1
    });
    let known = &mut run.invariants[place];
    if count <= known.violated {
        return;
    }
    known.checked = known.checked.saturating_add(count - known.violated);
    known.violated = count;
    known.verdict = match is_enforced {
        true => RuleVerdict::Violated,
        false => RuleVerdict::Known,
    };
    let first = lines.first.first();
    known.why = first.map(|line| line.violation.why.clone());
    let of_rule = |witness: &&WitnessRecord| witness.violation.rule == rule;
    let kept = run.witnesses.iter().filter(of_rule).count();
    let first = run.witnesses.iter().find(of_rule).map(|it| it.number);
    let next = run.witnesses.iter().map(|witness| witness.number).max();
    let next = next.unwrap_or(0).min(MOST_WITNESSES) + 1;
    known.witness = first.or(Some(next));
    let new = lines.first.into_iter().skip(kept);
    let numbered = (next..).zip(new);
    run.witnesses
        .extend(numbered.map(|(number, line)| WitnessRecord {
            number,
            violation: line.violation,
        }));
}

/// A rule that was broken before `run.json` told of any check of it.
fn unchecked_rule(line: &LedgerLine) -> InvariantRecord {
    InvariantRecord {
        name: line.violation.rule.clone(),
        text: line.text.clone(),
        enforced: line.enforced,
        verdict: RuleVerdict::Held,
        checked: 0,
        violated: 0,
        undecided: 0,
        cut: 0,
        why: None,
        witness: None,
    }
}

#[cfg(test)]
mod tests;
