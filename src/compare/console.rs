//! A comparison on the console: its outcome first, the tables below.

use super::comparison_record::{
    ComparisonRecord, Overall, PairRecord, RowRecord, RowVerdict, Scale, SideRecord,
};
use super::sentence::{difference_text, interval_text};
use crate::pieces::{
    SummaryStyle, TextCell, TextColumn, TextTable, bold_text, counted, duration_text, in_lines,
    number_text, percent_text, rate_text,
};
use anstyle::{AnsiColor, Style};
use std::collections::BTreeMap;
use std::path::Path;

/// Columns of a line's label, with the blanks around it.
const LABEL: usize = 12;
/// What a person looks at first.
const FIRST: [&str; 6] = [
    "throughput",
    "response p50",
    "response p95",
    "response p99",
    "failures",
    "failed",
];
/// Of the other figures, those that got worse and are shown.
const WORSE: usize = 2;
const GOOD: Style = AnsiColor::Green.on_default().bold();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DOUBTFUL: Style = AnsiColor::Yellow.on_default();

const OVERALL: [TextColumn; 8] = [
    TextColumn::text("", 0),
    TextColumn::number("", 2),
    TextColumn::number("", 1),
    TextColumn::number("Difference", 0),
    TextColumn::number("", 3),
    TextColumn::number("p", 4),
    TextColumn::number("Noise", 5),
    TextColumn::word("Verdict", 0),
];

/// What a person reads first of a comparison: runs that were left out, the outcome, the main figures and
/// what got worse, what to know, where it is recorded. The rest is told by [`detailed_comparison_text`],
/// and in `directory`, where there is one.
#[must_use]
pub fn comparison_text(
    record: &ComparisonRecord,
    directory: Option<&Path>,
    style: SummaryStyle,
) -> String {
    let mut lines = left_out_lines(record, style);
    for pair in &record.comparisons {
        lines.push(outcome_line(pair, style));
        let is_first = |row: &&RowRecord| FIRST.contains(&row.quantity.as_str());
        let rows = pair.overall.rows.iter();
        let mut main: Vec<&RowRecord> = rows.filter(is_first).collect();
        let worse = pair.overall.rows.iter().filter(|row| !is_first(row));
        let worse = worse.filter(|row| row.verdict == RowVerdict::Worse);
        main.extend(worse.take(WORSE));
        let more = pair.overall.rows.len() - main.len();
        lines.push(overall_table(&main, pair, record, 2, style));
        if more > 0 {
            lines.push(format!("  and {}", counted(more as u64, "more figure")));
        }
    }
    lines.push(labelled("runs", &sides_text(record).join("; "), style));
    lines.extend(
        record
            .notes
            .iter()
            .map(|note| labelled("note", note, style)),
    );
    let place = match directory {
        Some(directory) => format!("{}/ (more: --details)", directory.display()),
        None => "none (--output DIR makes one; more: --details)".to_owned(),
    };
    lines.push(labelled("record", &place, style));
    lines.extend(exit_line(record));
    lines.join("\n") + "\n"
}

/// All of it: sides, the headline figures and figures by name of each pair, notes, outcome.
#[must_use]
pub fn detailed_comparison_text(record: &ComparisonRecord, style: SummaryStyle) -> String {
    let hung = |line: String| in_lines(&line, 0, 2, style.width);
    let sides: Vec<String> = sides_text(record).into_iter().map(hung).collect();
    let mut sections = vec![left_out_lines(record, style).join("\n"), sides.join("\n")];
    for pair in &record.comparisons {
        let title = format!("{} against {}", pair.candidate, pair.baseline);
        let rows: Vec<&RowRecord> = pair.overall.rows.iter().collect();
        let table = overall_table(&rows, pair, record, 0, style);
        sections.push(format!("{}\n{table}", bold_text(style, &title)));
        sections.push(hung(method_text(pair, record)));
        sections.push(lines("Not compared", &pair.overall.left_out, style));
        sections.push(names_text(pair, style));
    }
    sections.push(lines("Note", &record.notes, style));
    let pairs = record.comparisons.iter();
    let outcome: Vec<String> = pairs.map(|pair| outcome_line(pair, style)).collect();
    sections.push(outcome.join("\n"));
    sections.extend(exit_line(record));
    sections.retain(|section| !section.is_empty());
    sections.join("\n\n") + "\n"
}

fn labelled(label: &str, text: &str, style: SummaryStyle) -> String {
    let text = in_lines(text, LABEL, LABEL, style.width);
    format!("  {label:<0$}{text}", LABEL - 2)
}

/// The sentence of a pair, with a mark that tells it without colour.
fn outcome_line(pair: &PairRecord, style: SummaryStyle) -> String {
    let (mark, colour) = match pair.verdict {
        Overall::Better | Overall::NoDifference => ("✓", GOOD),
        Overall::Worse | Overall::Mixed => ("✗", BAD),
        Overall::Inconclusive | Overall::NotJudged => ("?", DOUBTFUL),
    };
    let sentence = in_lines(&pair.sentence, 2, 2, style.width);
    format!(
        "{} {}",
        style.paint(colour, mark),
        bold_text(style, &sentence)
    )
}

fn exit_line(record: &ComparisonRecord) -> Option<String> {
    let meaning = exit_text(record.exit_code)?;
    Some(format!("Exit code {}: {meaning}", record.exit_code))
}

fn exit_text(exit_code: i32) -> Option<&'static str> {
    match exit_code {
        95 => Some("the generator was at its limit in a run, which was left out"),
        99 => Some("a candidate is worse"),
        _ => None,
    }
}

fn lines(word: &str, texts: &[String], style: SummaryStyle) -> String {
    let lines = texts.iter().map(|text| format!("{word}: {text}"));
    let lines = lines.map(|line| in_lines(&line, 0, 2, style.width));
    lines.collect::<Vec<String>>().join("\n")
}

/// Runs that are not compared, before any figure.
fn left_out_lines(record: &ComparisonRecord, style: SummaryStyle) -> Vec<String> {
    let sides = record.sides.iter().chain(&record.noise);
    let lines = sides.flat_map(|side| {
        let line = |run: &super::comparison_record::LeftOut| {
            format!("Left out of {}: {}: {}", side.name, run.path, run.why)
        };
        side.left_out.iter().map(line).collect::<Vec<String>>()
    });
    lines
        .map(|line| in_lines(&line, 0, 2, style.width))
        .collect()
}

fn sides_text(record: &ComparisonRecord) -> Vec<String> {
    let side = |side: &SideRecord| {
        let requests: u64 = side.runs.iter().map(|run| run.requests).sum();
        format!(
            "{}: {}, {}",
            side.name,
            counted(side.runs.len() as u64, "run"),
            counted(requests, "request")
        )
    };
    let mut lines: Vec<String> = record.sides.iter().map(side).collect();
    if let Some(noise) = &record.noise {
        lines.push(format!(
            "{} (how much runs differ by themselves)",
            side(noise)
        ));
    }
    lines.push(match &record.plan_hash {
        Some(hash) => format!("Same plan in all runs ({hash})"),
        None => {
            "The plans differ, or are not known (--different-plans): a difference may be the load's"
                .to_owned()
        }
    });
    lines
}

fn overall_table(
    rows: &[&RowRecord],
    pair: &PairRecord,
    record: &ComparisonRecord,
    indent: usize,
    style: SummaryStyle,
) -> String {
    let phase = if record.phase == "steady" {
        "Steady state"
    } else {
        "Whole runs"
    };
    let mut titles = OVERALL.map(|column| column.title().to_owned());
    titles[0] = phase.to_owned();
    titles[1] = pair.baseline.clone();
    titles[2] = pair.candidate.clone();
    titles[4] = format!("{} interval", percent_text(record.confidence));
    let mut table = TextTable::new(&OVERALL).titled(titles.to_vec());
    for row in rows {
        let floor = row.noise_floor.map(|floor| noise_text(floor, row.scale));
        let cells = [
            row.quantity.clone(),
            value_text(row.baseline, row),
            value_text(row.candidate, row),
            difference_text(row.difference, row.scale),
            interval_text(row),
            row.p.map(p_text).unwrap_or_default(),
            floor.unwrap_or_default(),
            String::new(),
        ];
        let mut cells = cells.map(TextCell::from);
        cells[7] = TextCell::styled(verdict_word(row), verdict_style(row));
        table.row(cells);
    }
    table.text(indent, style)
}

/// What runs differ by themselves.
pub(super) fn noise_text(floor: f64, scale: Scale) -> String {
    match scale {
        Scale::Ratio => format!("±{:.1} %", floor * 100.0),
        Scale::Points => format!("±{:.2} pp", floor * 100.0),
    }
}

/// A mean in the unit of its row.
pub(super) fn value_text(value: f64, row: &RowRecord) -> String {
    match row.unit.as_str() {
        "µs" => duration_text(value.round() as u64),
        "share" => format!("{:.2} %", value * 100.0),
        "s" => format!("{value:.1} s"),
        _ => format!("{}/s", rate_text(value)),
    }
}

/// A probability.
pub(super) fn p_text(p: f64) -> String {
    if p < 0.000_1 {
        "<0.0001".to_owned()
    } else {
        format!("{p:.4}")
    }
}

/// The word of a row's verdict.
#[must_use]
pub fn verdict_word(row: &RowRecord) -> String {
    match (row.verdict, row.runs_needed) {
        (RowVerdict::Better, _) => "better".to_owned(),
        (RowVerdict::Worse, _) => "worse".to_owned(),
        (RowVerdict::Changed, _) => "changed".to_owned(),
        (RowVerdict::NoDifference, _) => "no difference".to_owned(),
        (RowVerdict::NotJudged, _) => "not judged".to_owned(),
        (RowVerdict::Inconclusive, Some(runs)) => {
            format!("inconclusive ({} runs)", number_text(runs))
        }
        (RowVerdict::Inconclusive, None) => "inconclusive".to_owned(),
    }
}

fn verdict_style(row: &RowRecord) -> Style {
    match row.verdict {
        RowVerdict::Worse => BAD,
        RowVerdict::Better => GOOD,
        _ => Style::new(),
    }
}

/// How the figures above came about, for those who want to check them.
pub(super) fn method_text(pair: &PairRecord, record: &ComparisonRecord) -> String {
    let table = &pair.overall;
    if table.arrangements == 0 {
        return String::new();
    }
    let which = if table.exact {
        format!("all {} arrangements", number_text(table.arrangements))
    } else {
        format!(
            "{} random arrangements (seed {})",
            number_text(table.arrangements - 1),
            record.seed
        )
    };
    let design = if pair.paired {
        "of the two runs of each round"
    } else {
        "of the runs"
    };
    format!(
        "The unit is the run. p: chance of such a difference in any row if the sides were equal, by {which} {design} (max-T, Westfall and Young); the intervals hold together. What matters: {:.4} %, for shares {:.4} pp.",
        record.margin * 100.0,
        record.share_margin * 100.0
    )
    .replace(".0000 ", " ")
    .replace("000 ", " ")
}

/// A row a name, a column a quantity.
fn names_text(pair: &PairRecord, style: SummaryStyle) -> String {
    let rows = &pair.by_name.rows;
    let mut by_name: BTreeMap<&str, BTreeMap<&str, &RowRecord>> = BTreeMap::new();
    for row in rows {
        by_name
            .entry(&row.name)
            .or_default()
            .insert(&row.quantity, row);
    }
    if by_name.len() == 1 {
        // It is what stands above.
        return String::new();
    }
    if by_name.is_empty() {
        return lines("Not compared by name", &pair.by_name.left_out, style);
    }
    let mut quantities: Vec<&str> = rows.iter().map(|row| row.quantity.as_str()).collect();
    quantities.sort_unstable();
    quantities.dedup();
    let title = std::iter::once("By name, whole runs");
    let titles = title.chain(quantities.iter().copied()).map(str::to_owned);
    // The last ones matter least: their order is that of the alphabet, service after response.
    let ranked = (1..).take(quantities.len());
    let columns = ranked.map(|rank| TextColumn::number("", rank));
    let columns = std::iter::once(TextColumn::text("", 0)).chain(columns);
    let columns: Vec<TextColumn> = columns.collect();
    let mut table = TextTable::new(&columns).titled(titles.collect());
    for (name, found) in &by_name {
        let cell = |quantity: &&str| {
            found
                .get(quantity)
                .map_or_else(TextCell::default, |row| name_cell(row))
        };
        table.row(std::iter::once(TextCell::from(*name)).chain(quantities.iter().map(cell)));
    }
    let mut told = vec![table.text(0, style)];
    if rows.iter().any(|row| row.interval.is_some()) {
        let legend = "* better or worse, with all names and figures of this table tested together; ? inconclusive";
        told.push(in_lines(legend, 0, 2, style.width));
    }
    let left_out = lines("Not compared by name", &pair.by_name.left_out, style);
    told.extend((!left_out.is_empty()).then_some(left_out));
    told.join("\n")
}

fn name_cell(row: &RowRecord) -> TextCell {
    let mark = match row.verdict {
        RowVerdict::Better | RowVerdict::Worse | RowVerdict::Changed => " *",
        RowVerdict::Inconclusive => " ?",
        RowVerdict::NoDifference | RowVerdict::NotJudged => "",
    };
    let text = difference_text(row.difference, row.scale) + mark;
    TextCell::styled(text, verdict_style(row))
}
