//! A comparison on the console.

use super::comparison_record::{
    ComparisonRecord, PairRecord, RowRecord, RowVerdict, Scale, SideRecord,
};
use super::sentence::{difference_text, interval_text};
use crate::pieces::{
    SummaryStyle, bold_text, counted, duration_text, numbers_right, percent_text, plain_table,
    rate_text,
};
use comfy_table::{Attribute, Cell, Color, Table};
use std::collections::BTreeMap;

/// The whole comparison: sides, the headline figures and figures by name of each pair, notes, outcome.
#[must_use]
pub fn comparison_text(record: &ComparisonRecord, style: SummaryStyle) -> String {
    let mut sections = vec![left_out_text(record), sides_text(record)];
    for pair in &record.comparisons {
        let title = format!("{} against {}", pair.candidate, pair.baseline);
        let table = overall_table(pair, record, style);
        sections.push(format!("{}\n{table}", bold_text(style, &title)));
        sections.push(method_text(pair, record));
        sections.push(lines("Not compared", &pair.overall.left_out));
        sections.push(names_text(pair, style));
    }
    sections.push(lines("Note", &record.notes));
    let outcome: Vec<String> = record
        .comparisons
        .iter()
        .map(|pair| bold_text(style, &pair.sentence))
        .collect();
    sections.push(outcome.join("\n"));
    if let Some(meaning) = exit_text(record.exit_code) {
        sections.push(format!("Exit code {}: {meaning}", record.exit_code));
    }
    sections.retain(|section| !section.is_empty());
    sections.join("\n\n") + "\n"
}

fn exit_text(exit_code: i32) -> Option<&'static str> {
    match exit_code {
        95 => Some("the generator was at its limit in a run, which was left out"),
        99 => Some("a candidate is worse"),
        _ => None,
    }
}

fn lines(word: &str, texts: &[String]) -> String {
    let lines: Vec<String> = texts.iter().map(|text| format!("{word}: {text}")).collect();
    lines.join("\n")
}

/// Runs that are not compared, before any figure.
fn left_out_text(record: &ComparisonRecord) -> String {
    let sides = record.sides.iter().chain(&record.noise);
    let lines = sides.flat_map(|side| {
        let line = |run: &super::comparison_record::LeftOut| {
            format!("Left out of {}: {}: {}", side.name, run.path, run.why)
        };
        side.left_out.iter().map(line).collect::<Vec<String>>()
    });
    lines.collect::<Vec<String>>().join("\n")
}

fn sides_text(record: &ComparisonRecord) -> String {
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
    lines.join("\n")
}

fn overall_table(pair: &PairRecord, record: &ComparisonRecord, style: SummaryStyle) -> Table {
    let mut table = plain_table(style);
    let phase = if record.phase == "steady" {
        "Steady state"
    } else {
        "Whole runs"
    };
    let interval = format!("{} interval", percent_text(record.confidence));
    let mut header = vec![
        phase.to_owned(),
        pair.baseline.clone(),
        pair.candidate.clone(),
    ];
    header.extend(["Difference".to_owned(), interval, "p".to_owned()]);
    if record.noise.is_some() {
        header.push("Noise".to_owned());
    }
    header.push("Verdict".to_owned());
    table.set_header(header);
    for row in &pair.overall.rows {
        let mut cells = vec![
            Cell::new(&row.quantity),
            Cell::new(value_text(row.baseline, row)),
            Cell::new(value_text(row.candidate, row)),
            Cell::new(difference_text(row.difference, row.scale)),
            Cell::new(interval_text(row)),
            Cell::new(row.p.map(p_text).unwrap_or_default()),
        ];
        if record.noise.is_some() {
            let floor = row.noise_floor.map(|floor| noise_text(floor, row.scale));
            cells.push(Cell::new(floor.unwrap_or_default()));
        }
        cells.push(verdict_cell(row, style));
        table.add_row(cells);
    }
    numbers_right(&mut table);
    table
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
        (RowVerdict::Inconclusive, Some(runs)) => format!("inconclusive ({runs} runs)"),
        (RowVerdict::Inconclusive, None) => "inconclusive".to_owned(),
    }
}

fn verdict_cell(row: &RowRecord, style: SummaryStyle) -> Cell {
    let cell = Cell::new(verdict_word(row));
    match row.verdict {
        RowVerdict::Worse if style.colour => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        RowVerdict::Better if style.colour => cell.fg(Color::Green).add_attribute(Attribute::Bold),
        _ => cell,
    }
}

/// How the figures above came about, for those who want to check them.
pub(super) fn method_text(pair: &PairRecord, record: &ComparisonRecord) -> String {
    let table = &pair.overall;
    if table.arrangements == 0 {
        return String::new();
    }
    let which = if table.exact {
        format!("all {} arrangements", table.arrangements)
    } else {
        format!(
            "{} random arrangements (seed {})",
            table.arrangements - 1,
            record.seed
        )
    };
    let design = if pair.paired {
        "of the two runs of each round"
    } else {
        "of the runs"
    };
    format!(
        "The unit is the run. p: chance of such a difference in any row if the sides were equal, by {which} {design}\n(max-T, Westfall and Young); the intervals hold together. What matters: {:.4} %, for shares {:.4} pp.",
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
        return lines("Not compared by name", &pair.by_name.left_out);
    }
    let mut columns: Vec<&str> = rows.iter().map(|row| row.quantity.as_str()).collect();
    columns.sort_unstable();
    columns.dedup();
    let mut table = plain_table(style);
    table.set_header(std::iter::once("By name, whole runs").chain(columns.iter().copied()));
    for (name, found) in &by_name {
        let cell = |column: &&str| {
            found
                .get(column)
                .map_or(Cell::new(""), |row| name_cell(row, style))
        };
        table.add_row(std::iter::once(Cell::new(name)).chain(columns.iter().map(cell)));
    }
    numbers_right(&mut table);
    let mut text = table.to_string();
    if rows.iter().any(|row| row.interval.is_some()) {
        text += "\n* better or worse, with all names and figures of this table tested together; ? inconclusive";
    }
    for left_out in &pair.by_name.left_out {
        text += &format!("\nNot compared by name: {left_out}");
    }
    text
}

fn name_cell(row: &RowRecord, style: SummaryStyle) -> Cell {
    let mark = match row.verdict {
        RowVerdict::Better | RowVerdict::Worse | RowVerdict::Changed => " *",
        RowVerdict::Inconclusive => " ?",
        RowVerdict::NoDifference | RowVerdict::NotJudged => "",
    };
    let cell = Cell::new(difference_text(row.difference, row.scale) + mark);
    match row.verdict {
        RowVerdict::Worse if style.colour => cell.fg(Color::Red),
        RowVerdict::Better if style.colour => cell.fg(Color::Green),
        _ => cell,
    }
}
