//! A hunt on the console: a line a probe while it goes on, the table and the knees at the end.

use super::hunt_record::{DomainProbe, HuntRecord, HuntState, LoadUnit, ProbeRecord};
use super::hunt_record::{HUNT_HTML, HUNT_JSON, unit_text};
use super::scalability::Scalability;
use crate::pieces::{
    SummaryStyle, bold_text, counted, duration_text, numbers_right, percent_text, plain_table,
    rate_text,
};
use comfy_table::{Attribute, Cell, Color, Table};
use std::path::Path;

/// What is told of a probe right after it.
#[must_use]
pub fn probe_line(probe: &ProbeRecord, unit: LoadUnit) -> String {
    let mut line = format!(
        "probe {:>2}  {:>8} {}  {:>8} req/s  p50 {:>6}  p99 {:>6}  {}",
        probe.number,
        probe.load,
        unit_text(unit),
        rate_text(probe.requests_per_s),
        duration_text(probe.response_p50_us),
        duration_text(probe.response_p99_us),
        verdict_text(probe),
    );
    let why = reasons(probe);
    if !why.is_empty() {
        line.push_str(&format!(": {why}"));
    }
    line
}

/// The whole hunt: the probes, the knees, the law, the files.
#[must_use]
pub fn hunt_text(record: &HuntRecord, directory: &Path, style: SummaryStyle) -> String {
    let mut sections = vec![
        format!("{}\n{}", bold_text(style, "Probes"), table(record, style)),
        criteria_text(record),
        scalability_text(record, style),
        lines("Note", &record.notes),
    ];
    let verdict: Vec<String> = record
        .verdict
        .iter()
        .map(|sentence| bold_text(style, sentence))
        .collect();
    sections.push(verdict.join("\n"));
    sections.push(ending(record, directory));
    sections.retain(|section| !section.is_empty());
    sections.join("\n\n") + "\n"
}

fn lines(word: &str, texts: &[String]) -> String {
    let lines: Vec<String> = texts.iter().map(|text| format!("{word}: {text}")).collect();
    lines.join("\n")
}

fn table(record: &HuntRecord, style: SummaryStyle) -> Table {
    let has_pipeline = record.probes.iter().any(|probe| !probe.domains.is_empty());
    let mut table = plain_table(style);
    let mut header = vec!["Probe".to_owned(), capital(unit_text(record.unit))];
    header.extend(["Window", "Requests/s", "p50", "p99", "Failed", "In flight"].map(str::to_owned));
    if has_pipeline {
        header.push("Backlog/s".to_owned());
    }
    header.push("Verdict".to_owned());
    table.set_header(header);
    let mut probes: Vec<&ProbeRecord> = record.probes.iter().collect();
    probes.sort_by(|one, other| one.load.total_cmp(&other.load));
    for probe in probes {
        let mut cells = vec![
            Cell::new(probe.number),
            Cell::new(probe.load),
            Cell::new(format!("{:.0} s", probe.window_s)),
            Cell::new(rate_text(probe.requests_per_s)),
            Cell::new(duration_text(probe.response_p50_us)),
            Cell::new(duration_text(probe.response_p99_us)),
            Cell::new(percent_text(probe.failure_share)),
            Cell::new(rate_text(probe.concurrency)),
        ];
        if has_pipeline {
            cells.push(Cell::new(growth_text(&probe.domains)));
        }
        cells.push(verdict_cell(probe, style));
        table.add_row(cells);
    }
    numbers_right(&mut table);
    table
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).collect()
}

/// The fastest growth of any domain's backlog.
#[must_use]
pub fn growth_text(domains: &[DomainProbe]) -> String {
    let slopes = domains.iter().filter_map(|domain| domain.slope_per_s);
    let fastest = slopes.max_by(|one, other| one.slope.total_cmp(&other.slope));
    match fastest {
        Some(trend) => format!("{:+.1}", trend.slope),
        None => "–".to_owned(),
    }
}

/// How a probe did, in a word or two.
#[must_use]
pub fn verdict_text(probe: &ProbeRecord) -> String {
    if probe.generator_limited {
        return "generator limited".to_owned();
    }
    match (&probe.http, &probe.pipeline) {
        (http, Some(pipeline)) if http.sustained && !pipeline.sustained => {
            format!("HTTP sustained, {}", pipeline.limited_by.word())
        }
        (http, _) if http.sustained => "sustained".to_owned(),
        (http, Some(pipeline)) if http.undecided && !pipeline.sustained => {
            format!("HTTP undecided, {}", pipeline.limited_by.word())
        }
        (http, _) => http.limited_by.word().to_owned(),
    }
}

/// Why it was not sustained.
#[must_use]
pub fn reasons(probe: &ProbeRecord) -> String {
    let pipeline = probe.pipeline.iter().flat_map(|judgement| &judgement.why);
    let why: Vec<&str> = probe
        .http
        .why
        .iter()
        .chain(pipeline)
        .map(String::as_str)
        .collect();
    why.join("; ")
}

fn verdict_cell(probe: &ProbeRecord, style: SummaryStyle) -> Cell {
    let cell = Cell::new(verdict_text(probe));
    let is_good = probe.http.sustained && probe.pipeline.as_ref().is_none_or(|one| one.sustained);
    let is_doubtful = probe.generator_limited || probe.http.undecided;
    match (style.colour, is_doubtful, is_good) {
        (true, false, true) => cell.fg(Color::Green),
        (true, false, false) => cell.fg(Color::Red).add_attribute(Attribute::Bold),
        (true, true, _) => cell.fg(Color::Yellow),
        (false, ..) => cell,
    }
}

fn criteria_text(record: &HuntRecord) -> String {
    let criteria = &record.criteria;
    let mut parts: Vec<String> = criteria.slo.iter().map(|slo| format!("`{slo}`")).collect();
    parts.push(match record.unit {
        LoadUnit::ArrivalsPerS => {
            "carried what was offered, but for 1 % and for chance, response times that do not grow"
                .to_owned()
        }
        LoadUnit::Users => "each user gets half of what an unloaded one gets, or more".to_owned(),
    });
    parts.push(match criteria.failure_limit > 0.0 {
        true => format!("at most {} failed", percent_text(criteria.failure_limit)),
        false => "none failed".to_owned(),
    });
    parts.push("a backlog that does not grow, no dead letter".to_owned());
    format!("Sustained means: {}.", parts.join(", "))
}

/// The Universal Scalability Law and what it is worth.
#[must_use]
pub fn scalability_text(record: &HuntRecord, style: SummaryStyle) -> String {
    let Some(law) = &record.scalability else {
        return String::new();
    };
    let title = bold_text(style, "Universal Scalability Law");
    let mut text = format!(
        "{title}\nλ {} requests/s with one in flight, σ {:.4} (waiting for each other), κ {:.6} (cost to each other);\n{}; {} with {:.1} to {:.0} in flight, off by {:.1} % on average and {:.1} % at most.",
        rate_text(law.lambda_per_s),
        law.sigma,
        law.kappa,
        peak_text(law),
        counted(law.points as u64, "probe"),
        law.least_concurrency,
        law.most_concurrency,
        law.rms_error * 100.0,
        law.largest_error * 100.0,
    );
    for warning in &law.warnings {
        text.push_str(&format!("\nWarning: {warning}"));
    }
    text
}

/// Where the throughput is largest.
#[must_use]
pub fn peak_text(law: &Scalability) -> String {
    match (law.peak_concurrency, law.peak_per_s) {
        (Some(at), Some(per_s)) => format!(
            "most throughput {} requests/s, with {at:.0} in flight",
            rate_text(per_s)
        ),
        (None, Some(per_s)) => format!("it comes near to {} requests/s", rate_text(per_s)),
        _ => "it has no limit as far as this shows".to_owned(),
    }
}

/// Whether the lowest loads could not be told.
fn is_untold(record: &HuntRecord) -> bool {
    let knee = record.http_knee.as_ref();
    knee.is_some_and(|knee| knee.low.is_none() && knee.undecided.is_some())
}

fn ending(record: &HuntRecord, directory: &Path) -> String {
    let mut lines = vec![
        format!("  {}", directory.join(HUNT_JSON).display()),
        format!("  {}", directory.join(HUNT_HTML).display()),
    ];
    if matches!(record.state, HuntState::Interrupted | HuntState::CutShort) {
        lines.push(format!(
            "Go on with: shopblast hunt --resume {}",
            directory.display()
        ));
    }
    let meaning = match record.exit_code {
        Some(96) => Some("a rule was violated in a probe"),
        Some(95) => Some("the generator was at its limit before the target was"),
        Some(99) if is_untold(record) => {
            Some("no load is known to be sustained: give it a longer --longest-window")
        }
        Some(99) => Some("not even the smallest load was sustained"),
        Some(105) => Some("interrupted"),
        _ => None,
    };
    if let (Some(code), Some(meaning)) = (record.exit_code, meaning) {
        lines.push(format!("Exit code {code}: {meaning}"));
    }
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hunt::made_up;
    use crate::record::Record;
    use crate::record::golden::assert_golden;

    const PLAIN: SummaryStyle = SummaryStyle {
        width: Some(140),
        colour: false,
    };

    #[test]
    fn a_hunt_is_told_with_its_probes_and_its_knees() {
        let record = made_up::hunt();
        let directory = Path::new("results/20260102T030405Z-hunt-custom-abcdef");
        assert_golden("hunt.txt", hunt_text(&record, directory, PLAIN).as_bytes());
        assert_golden("hunt.json", record.json_text().as_bytes());
    }

    #[test]
    fn a_probe_is_told_in_a_line() {
        let record = made_up::hunt();
        let lines: Vec<String> = record
            .probes
            .iter()
            .map(|probe| probe_line(probe, record.unit))
            .collect();
        assert_eq!(
            lines[0],
            "probe  1       100 journeys/s     100.0 req/s  p50 1.11ms  p99 5.55ms  sustained"
        );
        assert!(
            lines[3].ends_with("HTTP sustained, backlog grows: the backlog of identity grew"),
            "{}",
            lines[3]
        );
        assert!(
            lines[6].contains("carried < offered: 1000 of 1010"),
            "{}",
            lines[6]
        );
    }

    #[test]
    fn what_can_be_resumed_says_how() {
        let mut record = made_up::hunt();
        record.state = HuntState::CutShort;
        record.probes[2].generator_limited = true;
        let text = hunt_text(&record, Path::new("h"), PLAIN);
        assert!(
            text.contains("Go on with: shopblast hunt --resume h"),
            "{text}"
        );
        assert!(text.contains("generator limited"), "{text}");
    }
}
