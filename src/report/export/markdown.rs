//! The summary in Markdown, for pull requests, chats and GitHub's step summary.

use crate::pieces::{duration_text, grouped, rate_text};
use crate::plan::is_harmful;
use crate::record::{Figures, RunRecord};
use crate::report::http2_text::{http2_text, spoken_text};
use crate::report::recovery_text::{COLUMNS, rows, sentences};
use crate::report::tls_text::{tls_text, unchecked_text};
use crate::stats::RuleVerdict;
use std::fmt::Write;

/// Errors shown; the rest is in the record.
const ERRORS_SHOWN: usize = 10;

/// The summary. Whatever the target said is text in it, never markup.
#[must_use]
pub fn markdown_text(record: &RunRecord) -> String {
    let sections = [
        head(record),
        thresholds(record),
        rules(record),
        recovery(record),
        names(record),
        errors(record),
    ];
    let shown: Vec<String> = sections
        .into_iter()
        .filter(|text| !text.is_empty())
        .collect();
    shown.join("\n") + "\n"
}

fn head(record: &RunRecord) -> String {
    let mark = match (record.finished, record.exit_code) {
        (true, Some(0)) => "✅",
        (true, _) => "❌",
        (false, _) => "✂️",
    };
    let verdict = match record.finished {
        true => record.verdict.as_str(),
        false => "The run was cut off; this is what was measured up to then.",
    };
    let mut text = format!(
        "## {mark} shopblast {}\n\n{}\n\n",
        plain(&record.profile),
        plain(verdict)
    );
    let losses = record.losses.iter().map(String::as_str);
    let reasons = record.generator.reasons.iter().map(String::as_str);
    for reason in losses.chain(reasons).chain(unchecked_text(record)) {
        let _ = writeln!(text, "> ⚠️ {}\n", plain(reason));
    }
    let _ = writeln!(
        text,
        "Generator: {}\n",
        plain(&record.generator.state_text())
    );
    let target = match record.target_url() {
        url if url.is_empty() => String::new(),
        url => match &record.target {
            Some(target) => format!(" against {} ({})", plain(&url), plain(&target.says)),
            None => format!(" against {}", plain(&url)),
        },
    };
    let spoken = spoken_text(record).map_or_else(String::new, |spoken| format!(" {spoken}"));
    let _ = writeln!(
        text,
        "{:.1} s{target}{spoken}, up to {} users, {}/s, seed {}, run {}",
        record.measured_s,
        record.peak_users,
        rate_text(record.totals.requests_per_s),
        record.seed,
        plain(&record.run_id),
    );
    if let Some(http2) = http2_text(record) {
        let _ = writeln!(text, "\nHTTP/2: {}", plain(&http2));
    }
    if let Some(tls) = tls_text(record) {
        let _ = writeln!(text, "\nTLS: {}", plain(&tls));
    }
    text
}

fn thresholds(record: &RunRecord) -> String {
    if record.thresholds.is_empty() {
        return String::new();
    }
    let mut text = table("Thresholds", &["", "Threshold", "Value", "Remark"]);
    for threshold in &record.thresholds {
        let value = threshold.decisive_text().unwrap_or_default();
        row(
            &mut text,
            &[
                threshold.verdict.mark(),
                &threshold.expression,
                &value,
                &threshold.remark(),
            ],
        );
    }
    text
}

fn rules(record: &RunRecord) -> String {
    if record.invariants.is_empty() {
        return String::new();
    }
    let mut text = table("Invariants", &["", "Rule", "Checked", "Broken", "Why"]);
    for rule in &record.invariants {
        let mark = match rule.verdict {
            RuleVerdict::Held => "✓",
            RuleVerdict::Violated => "✗",
            RuleVerdict::Undecided => "?",
            RuleVerdict::Known => "!",
        };
        row(
            &mut text,
            &[
                mark,
                &rule.name,
                &grouped(rule.checked),
                &grouped(rule.violated),
                rule.why.as_deref().unwrap_or_default(),
            ],
        );
    }
    text
}

fn recovery(record: &RunRecord) -> String {
    let Some(recovery) = &record.recovery else {
        return String::new();
    };
    let mut text = table("Recovery", &COLUMNS);
    for cells in rows(recovery) {
        row(&mut text, &cells.each_ref().map(String::as_str));
    }
    let _ = write!(text, "\n{}\n", plain(&sentences(recovery).join(" ")));
    text
}

fn names(record: &RunRecord) -> String {
    let columns = [
        "Name",
        "Requests",
        "Failures",
        "Refused",
        "Conflict",
        "Failed",
        "Unknown",
        "Rate/s",
        "p50",
        "p95",
        "p99",
        "Service p99",
        "Lag p99",
    ];
    let mut text = table("Requests", &columns);
    for name in &record.names {
        figures(&mut text, &name.name, &name.figures);
    }
    figures(&mut text, "Aggregated", &record.totals);
    text
}

fn figures(text: &mut String, name: &str, figures: &Figures) {
    let response = &figures.response_us;
    let counts = [
        figures.requests,
        figures.failures,
        figures.refused,
        figures.conflict,
        figures.failed,
        figures.unknown,
    ];
    let times = [
        response.p50,
        response.p95,
        response.p99,
        figures.service_us.p99,
        figures.lag_us.p99,
    ];
    let mut cells = vec![name.to_owned()];
    cells.extend(counts.map(grouped));
    cells.push(rate_text(figures.requests_per_s));
    cells.extend(times.map(duration_text));
    row(text, &cells.iter().map(String::as_str).collect::<Vec<_>>());
}

fn errors(record: &RunRecord) -> String {
    if record.errors.is_empty() {
        return String::new();
    }
    let mut text = table(
        "Errors and refusals",
        &["Count", "Outcome", "Status", "Name", "Reason"],
    );
    for error in record.errors.iter().take(ERRORS_SHOWN) {
        let status = error
            .status
            .map_or_else(String::new, |status| status.to_string());
        row(
            &mut text,
            &[
                &grouped(error.count),
                error.outcome.word(),
                &status,
                &error.name,
                &error.reason,
            ],
        );
    }
    text
}

fn table(title: &str, columns: &[&str]) -> String {
    let rule = columns.iter().map(|_| "---").collect::<Vec<_>>().join("|");
    format!("### {title}\n\n|{}|\n|{rule}|\n", columns.join("|"))
}

fn row(text: &mut String, cells: &[&str]) {
    let cells: Vec<String> = cells.iter().map(|cell| plain(cell)).collect();
    let _ = writeln!(text, "|{}|", cells.join("|"));
}

/// `text` as text: nothing in it is markup, a link, a mention, or the end of a cell.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for letter in text.chars() {
        match letter {
            '&' => plain.push_str("&amp;"),
            '<' => plain.push_str("&lt;"),
            '>' => plain.push_str("&gt;"),
            // No backslash keeps these from making mentions, issues and links.
            '@' => plain.push_str("&#64;"),
            '|' | '\\' | '`' | '*' | '_' | '[' | ']' | '#' | '~' | '!' | '$' => {
                plain.extend(['\\', letter]);
            }
            letter if is_harmful(letter) => plain.push(' '),
            letter => plain.push(letter),
        }
    }
    // What looks like an address would become a link.
    plain.replace("://", "&#58;//").replace("www.", "www&#46;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::golden::assert_golden;
    use crate::record::made_up;

    #[test]
    fn a_summary() {
        let mut record = made_up::watched_record();
        record.invariants = made_up::contested_record().invariants;
        record.verdict = "All is told.".to_owned();
        record.exit_code = Some(99);
        assert_golden("summary.md", markdown_text(&record).as_bytes());
    }

    #[test]
    fn recovery_is_a_table_and_its_sentences() {
        let mut record = made_up::record();
        record.recovery = Some(crate::report::recovery_text::tests::made_up());
        let text = markdown_text(&record);
        assert!(
            text.contains("\n### Recovery\n\n|Figure|Baseline|Spike|"),
            "{text}"
        );
        let row = "\n|response p99|20.6 ms|810 ms|22.7 ms|after 5.0 s|25.3 ms|+23 %|";
        assert!(text.contains(row), "{text}");
        let told = "Not back within the 95.5 s that were watched: backlog of identity.";
        assert!(text.contains(told), "{text}");
    }

    #[test]
    fn hostile_text_stays_text() {
        let hostile =
            "<img src=x onerror=alert(1)> [click](http://evil) @team #1 |\n| x `code` **b** $a$";
        let shown = plain(hostile);
        for markup in ["<", "@", "\n", "http://", "](", " #1"] {
            assert!(
                !shown.replace("\\]", "").contains(markup),
                "{markup}: {shown}"
            );
        }
    }
}
