//! A hunt on the console: a line a probe while it goes on, the knees first at the end, the table below.

use super::hunt_record::unit_text;
use super::hunt_record::{DomainProbe, HuntRecord, HuntState, Knee, LoadUnit, ProbeRecord};
use super::scalability::Scalability;
use crate::pieces::{
    SummaryStyle, TextCell, TextColumn, TextTable, bold_text, counted, duration_text, in_lines,
    number_text, percent_text, rate_text,
};
use crate::stats::Amount;
use anstyle::{AnsiColor, Style};
use std::path::Path;

/// Columns of a line's label, with the blanks around it.
const LABEL: usize = 12;
const GOOD: Style = AnsiColor::Green.on_default();
const BAD: Style = AnsiColor::Red.on_default().bold();
const DOUBTFUL: Style = AnsiColor::Yellow.on_default();

const PROBES: [TextColumn; 10] = [
    TextColumn::number("Probe", 3),
    TextColumn::number("Load", 0),
    TextColumn::number("Window", 6),
    TextColumn::number("Requests/s", 1),
    TextColumn::number("p50", 2),
    TextColumn::number("p99", 0),
    TextColumn::number("Failed", 0),
    TextColumn::number("In flight", 7),
    TextColumn::number("Backlog/s", 4),
    TextColumn::text("Verdict", 0),
];

const ENDS: [TextColumn; 6] = [
    TextColumn::word("", 0),
    TextColumn::number("", 0),
    TextColumn::number("p50", 1),
    TextColumn::number("p99", 0),
    TextColumn::number("Failed", 2),
    TextColumn::text("Verdict", 0),
];

/// What is told of a probe right after it.
#[must_use]
pub fn probe_line(probe: &ProbeRecord, unit: LoadUnit) -> String {
    let mut line = format!(
        "probe {:>2}  {:>8} {}  {:>8} req/s  p50 {:>7}  p99 {:>7}  {}",
        probe.number,
        number_text(probe.load),
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

/// What a person reads first of a hunt: the knees, the loads on both sides of them, what to know, where it
/// is recorded. The rest is told by [`detailed_hunt_text`], and in the hunt's directory.
#[must_use]
pub fn hunt_text(record: &HuntRecord, directory: &Path, style: SummaryStyle) -> String {
    let mut lines = verdict_lines(record, style);
    lines.extend(ends_table(record, style));
    lines.push(labelled("probes", &probes_text(record), style));
    let law = record.scalability.as_ref();
    lines.extend(law.map(|law| labelled("law", &peak_text(law), style)));
    let warnings = law.into_iter().flat_map(|law| &law.warnings);
    lines.extend(warnings.map(|warning| labelled("warning", warning, style)));
    lines.extend(
        record
            .notes
            .iter()
            .map(|note| labelled("note", note, style)),
    );
    let place = format!("{}/ (more: --details)", directory.display());
    lines.push(labelled("record", &place, style));
    lines.extend(ending(record, directory));
    lines.join("\n") + "\n"
}

/// The same with the probes, what sustained means, and the law.
#[must_use]
pub fn detailed_hunt_text(record: &HuntRecord, directory: &Path, style: SummaryStyle) -> String {
    let criteria = in_lines(&criteria_text(record), 0, 2, style.width);
    let title = bold_text(style, "Probes");
    let mut probes: Vec<&ProbeRecord> = record.probes.iter().collect();
    probes.sort_by(|one, other| one.load.total_cmp(&other.load));
    let table = probes_table(&probes, record.unit).text(0, style);
    let sections = [
        hunt_text(record, directory, style).trim_end().to_owned(),
        format!("{title}\n{table}"),
        events_text(&probes, record.unit, style),
        criteria,
        scalability_text(record, style),
    ];
    let mut sections = sections.to_vec();
    sections.retain(|section| !section.is_empty());
    sections.join("\n\n") + "\n"
}

const EVENTS: [TextColumn; 8] = [
    TextColumn::number("Probe", 3),
    TextColumn::number("Load", 0),
    TextColumn::text("Threshold", 1),
    TextColumn::number("Value", 0),
    TextColumn::number("Events/s", 4),
    TextColumn::number("Followed", 6),
    TextColumn::number("Beyond", 2),
    TextColumn::number("On their way", 5),
];

/// What events took, probe by probe; nothing when no threshold is about that.
fn events_text(probes: &[&ProbeRecord], unit: LoadUnit, style: SummaryStyle) -> String {
    let mut titles = EVENTS.map(|column| column.title().to_owned());
    titles[1] = capital(unit_text(unit));
    let mut table = TextTable::new(&EVENTS).titled(titles.to_vec());
    for probe in probes {
        for event in &probe.events {
            let value = event.value.map_or_else(|| "–".to_owned(), time_text);
            let cells = [
                probe.number.to_string(),
                number_text(probe.load),
                event.slo.clone(),
                value,
                rate_text(event.raised_per_s),
                number_text(event.followed),
                number_text(event.beyond),
                number_text(event.waiting),
            ];
            table.row(cells.map(TextCell::from));
        }
    }
    if table.is_empty() {
        return String::new();
    }
    let title = bold_text(style, "Events");
    format!("{title}\n{}", table.text(0, style))
}

/// A time that may be a lower bound.
fn time_text(amount: Amount) -> String {
    let mark = if amount.at_least { "≥ " } else { "" };
    format!("{mark}{}", duration_text(amount.value as u64))
}

fn labelled(label: &str, text: &str, style: SummaryStyle) -> String {
    let text = in_lines(text, LABEL, LABEL, style.width);
    format!("  {label:<0$}{text}", LABEL - 2)
}

/// The sentences of the verdict, with a mark that tells without colour how it stands.
fn verdict_lines(record: &HuntRecord, style: SummaryStyle) -> Vec<String> {
    let is_over = record.state == HuntState::Finished;
    let (mark, colour) = match record.exit_code {
        Some(0) | None if is_over => ("✓", GOOD),
        Some(0) | None => ("!", DOUBTFUL),
        Some(_) => ("✗", BAD),
    };
    let marks = std::iter::once(style.paint(colour, mark)).chain(std::iter::repeat(" ".to_owned()));
    let lines = marks.zip(&record.verdict).map(|(mark, sentence)| {
        let sentence = in_lines(sentence, 2, 2, style.width);
        format!("{mark} {}", bold_text(style, &sentence))
    });
    lines.collect()
}

/// The loads on both sides of each knee; nothing when there is none.
fn ends_table(record: &HuntRecord, style: SummaryStyle) -> Option<String> {
    let knees = [
        ("HTTP", record.http_knee.as_ref()),
        ("pipeline", record.pipeline_knee.as_ref()),
        ("events", record.event_knee.as_ref()),
    ];
    let mut titles = ENDS.map(|column| column.title().to_owned());
    titles[1] = capital(unit_text(record.unit));
    let mut table = TextTable::new(&ENDS).titled(titles.to_vec()).without_rule();
    for (label, knee) in knees {
        let mut label = label;
        for load in knee.into_iter().flat_map(Knee::loads) {
            // The last probe of a load is the one that its end goes by.
            let probes = record.probes.iter().rev();
            let mut of_load = probes.filter(|probe| probe.load.total_cmp(&load).is_eq());
            let Some(probe) = of_load.next() else {
                continue;
            };
            let [_, load, _, _, p50, p99, failed, _, _, verdict] = cells(probe);
            let label = TextCell::from(format!("{:<1$}", std::mem::take(&mut label), LABEL - 4));
            table.row([label, load, p50, p99, failed, verdict]);
        }
    }
    (!table.is_empty()).then(|| table.text(2, style))
}

impl Knee {
    /// The loads that its ends belong to.
    fn loads(&self) -> impl Iterator<Item = f64> + use<> {
        [self.load_low, self.load_high].into_iter().flatten()
    }
}

/// How many probes there were, and how they ended.
fn probes_text(record: &HuntRecord) -> String {
    let probes = &record.probes;
    let sustained = probes.iter().filter(|probe| probe.http.sustained).count();
    let limited = probes
        .iter()
        .filter(|probe| probe.generator_limited)
        .count();
    let violated = probes
        .iter()
        .filter(|probe| !probe.violated_rules.is_empty())
        .count();
    let mut text = format!("{}, {sustained} sustained", probes.len());
    for (count, words) in [
        (record.falls.len(), "in which the target fell over"),
        (limited, "with the generator at its limit"),
        (violated, "with a rule violated"),
    ] {
        if count > 0 {
            text += &format!(", {count} {words}");
        }
    }
    text
}

/// A row a probe.
pub(super) fn probes_table(probes: &[&ProbeRecord], unit: LoadUnit) -> TextTable {
    let mut titles = PROBES.map(|column| column.title().to_owned());
    titles[1] = capital(unit_text(unit));
    let mut table = TextTable::new(&PROBES).titled(titles.to_vec());
    for probe in probes {
        table.row(cells(probe));
    }
    table
}

/// The cells of [`PROBES`].
fn cells(probe: &ProbeRecord) -> [TextCell; 10] {
    let growth = match probe.domains.is_empty() {
        true => String::new(),
        false => growth_text(&probe.domains),
    };
    let cells = [
        probe.number.to_string(),
        number_text(probe.load),
        format!("{:.0} s", probe.window_s),
        rate_text(probe.requests_per_s),
        duration_text(probe.response_p50_us),
        duration_text(probe.response_p99_us),
        percent_text(probe.failure_share),
        rate_text(probe.concurrency),
        growth,
        String::new(),
    ];
    let mut cells = cells.map(TextCell::from);
    cells[9] = TextCell::styled(verdict_text(probe), verdict_style(probe));
    cells
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
        Some(trend) if trend.slope < 0.0 => {
            format!("-{}", number_text(format_args!("{:.1}", -trend.slope)))
        }
        Some(trend) => format!("+{}", number_text(format_args!("{:.1}", trend.slope))),
        None => "–".to_owned(),
    }
}

/// How a probe did, in a word or two.
#[must_use]
pub fn verdict_text(probe: &ProbeRecord) -> String {
    if probe.generator_limited {
        return "generator limited".to_owned();
    }
    let behind = [&probe.pipeline, &probe.event_latency];
    let behind = behind.into_iter().flatten();
    let gave_way: Vec<&str> = behind
        .filter(|judgement| !judgement.sustained)
        .map(|judgement| judgement.limited_by.word())
        .collect();
    match (&probe.http, gave_way.is_empty()) {
        (http, false) if http.sustained => format!("HTTP sustained, {}", gave_way.join(", ")),
        (http, true) if http.sustained => "sustained".to_owned(),
        (http, false) if http.undecided => format!("HTTP undecided, {}", gave_way.join(", ")),
        (http, _) => http.limited_by.word().to_owned(),
    }
}

/// Why it was not sustained.
#[must_use]
pub fn reasons(probe: &ProbeRecord) -> String {
    let behind = probe.pipeline.iter().chain(&probe.event_latency);
    let why: Vec<&str> = probe
        .http
        .why
        .iter()
        .chain(behind.flat_map(|judgement| &judgement.why))
        .map(String::as_str)
        .collect();
    why.join("; ")
}

impl ProbeRecord {
    /// Whether its load was sustained on every side that could be told.
    pub(super) fn is_sustained(&self) -> bool {
        let mut behind = self.pipeline.iter().chain(&self.event_latency);
        self.http.sustained && behind.all(|judgement| judgement.sustained)
    }
}

fn verdict_style(probe: &ProbeRecord) -> Style {
    let is_good = probe.is_sustained();
    let is_doubtful = probe.generator_limited || probe.http.undecided;
    match (is_doubtful, is_good) {
        (true, _) => DOUBTFUL,
        (false, true) => GOOD,
        (false, false) => BAD,
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
    let law_text = format!(
        "λ {} requests/s with one in flight, σ {:.4} (waiting for each other), κ {:.6} (cost to each other); {}; {} with {:.1} to {:.0} in flight, off by {:.1} % on average and {:.1} % at most.",
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
    let warnings = law
        .warnings
        .iter()
        .map(|warning| format!("Warning: {warning}"));
    let lines = std::iter::once(law_text).chain(warnings);
    let lines = lines.map(|line| in_lines(&line, 0, 2, style.width));
    format!("{title}\n{}", lines.collect::<Vec<String>>().join("\n"))
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

/// How to go on, and what the exit code says when it is not 0.
fn ending(record: &HuntRecord, directory: &Path) -> Vec<String> {
    let mut lines = Vec::new();
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
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hunt::made_up;
    use crate::record::Record;
    use crate::record::golden::{assert_golden, at_widths};

    const PLAIN: SummaryStyle = SummaryStyle {
        width: Some(140),
        colour: false,
    };

    #[test]
    fn a_hunt_is_told_with_its_probes_and_its_knees() {
        let record = made_up::hunt();
        let directory = Path::new("results/20260102T030405Z-hunt-custom-abcdef");
        let text = detailed_hunt_text(&record, directory, PLAIN);
        assert_golden("hunt.txt", text.as_bytes());
        assert_golden("hunt.json", record.json_text().as_bytes());
    }

    #[test]
    fn what_events_took_is_told_by_load_and_beside_the_other_knees() {
        let mut record = made_up::hunt();
        made_up::with_events(&mut record, 300.0);
        let directory = Path::new("results/20260102T030405Z-hunt-custom-abcdef");
        let style = SummaryStyle {
            width: Some(120),
            colour: false,
        };
        let text = detailed_hunt_text(&record, directory, style);
        assert_golden("hunt-events.txt", text.as_bytes());
        let line = probe_line(&record.probes[3], record.unit);
        assert!(
            line.ends_with("HTTP sustained, backlog grows, event latency: the backlog of identity grew; 30 of 500 beyond"),
            "{line}"
        );
    }

    #[test]
    fn a_person_reads_the_knees_first_at_any_width() {
        let record = made_up::hunt();
        let directory = Path::new("results/20260102T030405Z-hunt-custom-abcdef");
        let short = |style| hunt_text(&record, directory, style);
        assert_golden("console-hunt.txt", at_widths(false, short).as_bytes());
        assert_golden("console-hunt-colour.txt", at_widths(true, short).as_bytes());
        let long = |style| detailed_hunt_text(&record, directory, style);
        assert_golden(
            "console-hunt-details.txt",
            at_widths(false, long).as_bytes(),
        );
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
            "probe  1       100 journeys/s     100.0 req/s  p50 1.11 ms  p99 5.55 ms  sustained"
        );
        assert!(
            lines[3].ends_with("HTTP sustained, backlog grows: the backlog of identity grew"),
            "{}",
            lines[3]
        );
        assert!(
            lines[6].contains("carried < offered: 1,000 of 1,010"),
            "{}",
            lines[6]
        );
    }

    #[test]
    fn what_can_be_resumed_says_how() {
        let mut record = made_up::hunt();
        record.state = HuntState::CutShort;
        record.probes[2].generator_limited = true;
        let text = detailed_hunt_text(&record, Path::new("h"), PLAIN);
        assert!(
            text.contains("Go on with: shopblast hunt --resume h"),
            "{text}"
        );
        assert!(text.contains("generator limited"), "{text}");
    }
}
