//! What GitHub Actions shows of a run: annotations, and the step summary.
//!
//! Workflow commands are lines of the output, and what the target says is printed there, too: the
//! runner is told to stop listening for commands while the summary is printed (GitHub's
//! documentation, *Workflow commands*: `stop-commands`).

use crate::plan::shown_lines;
use crate::record::{InvariantRecord, RunRecord};
use crate::stats::{RuleVerdict, ThresholdVerdict};

/// Annotations of one kind that GitHub shows of a step.
const MOST_ANNOTATIONS: usize = 10;

/// The line that makes the runner ignore commands, and the one that ends that. Nobody may guess
/// `token`.
#[must_use]
pub fn without_commands(token: &str) -> (String, String) {
    (
        format!("::stop-commands::{token}\n"),
        format!("::{token}::\n"),
    )
}

/// The annotations of a run, a line each: errors for what fails it, warnings for what puts it in
/// doubt.
#[must_use]
pub fn github_annotations(record: &RunRecord) -> String {
    let mut errors = Vec::new();
    let mut warnings = Vec::new();
    for threshold in &record.thresholds {
        let value = threshold.decisive_text().unwrap_or_default();
        let told = format!("{}: {value} {}", threshold.expression, threshold.remark());
        match threshold.verdict {
            ThresholdVerdict::Held => {}
            ThresholdVerdict::Crossed => errors.push(("Threshold crossed", told)),
            ThresholdVerdict::Undecided => warnings.push(("Threshold undecided", told)),
        }
    }
    let violated = |rule: &&InvariantRecord| rule.verdict == RuleVerdict::Violated;
    for rule in record.invariants.iter().filter(violated) {
        let why = rule.why.as_deref().unwrap_or_default();
        errors.push(("Invariant violated", format!("{}: {why}", rule.name)));
    }
    let losses = record.losses.iter().cloned();
    errors.extend(losses.map(|loss| ("Record not whole", loss)));
    let generator = &record.generator;
    if generator.is_at_its_limit() {
        warnings.push(("Generator at its limit", generator.reasons.join("; ")));
    }
    if record.exit_code.is_some_and(|code| code != 0) {
        errors.insert(0, ("Load test failed", record.verdict.clone()));
    }
    let line = |kind: &'static str| {
        move |(title, message): (&str, String)| {
            format!(
                "::{kind} title={}::{}\n",
                property(title),
                data(message.trim())
            )
        }
    };
    let errors = errors.into_iter().take(MOST_ANNOTATIONS).map(line("error"));
    let warnings = warnings
        .into_iter()
        .take(MOST_ANNOTATIONS)
        .map(line("warning"));
    errors.chain(warnings).collect()
}

/// A message, escaped as the runner's own toolkit does (`@actions/core`, `command.ts`).
fn data(text: &str) -> String {
    shown_lines(text)
        .replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A property's value, escaped likewise.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made_up;

    #[test]
    fn what_fails_a_run_and_what_puts_it_in_doubt_is_annotated() {
        let mut record = made_up::watched_record();
        record.exit_code = Some(99);
        record.verdict = "100 % wrong,\n::error::forged".to_owned();
        let text = github_annotations(&record);
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(
            lines[0],
            "::error title=Load test failed::100 %25 wrong,%0A::error::forged"
        );
        assert!(lines[1].starts_with(
            "::error title=Threshold crossed::response: p(99) < 1ms over 1s abort: 2.25 s"
        ));
        assert!(lines[2].contains("failed: rate < 0.1%25: 0.27 %25"));
        assert!(lines[3].starts_with("::warning title=Threshold undecided::observed(backlog)"));
        assert_eq!(lines.len(), 4);
    }

    #[test]
    fn a_run_without_fault_has_none_and_many_are_cut() {
        let mut record = made_up::record();
        record.exit_code = Some(0);
        assert_eq!(github_annotations(&record), "");
        let rule = made_up::contested_record().invariants[0].clone();
        record.invariants = vec![rule; 40];
        assert_eq!(
            github_annotations(&record).lines().count(),
            MOST_ANNOTATIONS
        );
        assert_eq!(property("a:b,c%\n"), "a%3Ab%2Cc%25%0A");
    }
}
