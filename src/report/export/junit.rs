//! `junit.xml`: thresholds, rules and requests as test cases, for the tools that read those.

use crate::pieces::{counted, grouped};
use crate::record::{InvariantRecord, NameRecord, RunRecord, ThresholdRecord};
use crate::stats::{RuleVerdict, ThresholdVerdict};
use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};
use std::time::Duration;

/// The text of the file, with a final line end. Suites: `run` (was the target reached, was the
/// generator fit, did the run come to its end), `thresholds`, `invariants` and `requests` (a case a
/// statistic name, which fails when any of its requests counts as a failure). What nobody can tell
/// is skipped, with the reason.
#[must_use]
pub fn junit_text(record: &RunRecord) -> String {
    let mut report = Report::new(format!("shopblast {}", record.profile));
    report.set_time(Duration::from_secs_f64(record.measured_s.max(0.0)));
    let suites = [
        ("run", run_cases(record)),
        (
            "thresholds",
            record.thresholds.iter().map(threshold_case).collect(),
        ),
        (
            "invariants",
            record.invariants.iter().map(rule_case).collect(),
        ),
        ("requests", record.names.iter().map(name_case).collect()),
    ];
    for (name, cases) in suites {
        if cases.is_empty() {
            continue;
        }
        let mut suite = TestSuite::new(name);
        for mut case in cases {
            case.set_classname(format!("shopblast.{}.{name}", record.profile));
            case.set_time(Duration::ZERO);
            suite.add_test_case(case);
        }
        report.add_test_suite(suite);
    }
    let mut text = report
        .to_string()
        .expect("texts are cleaned of what XML cannot hold");
    // The usual schema counts what is skipped by suite only.
    if let Some(start) = text.find(" skipped=\"") {
        let length = text[start..].find("\" ").map_or(0, |length| length + 1);
        text.replace_range(start..start + length, "");
    }
    if !text.ends_with('\n') {
        text.push('\n');
    }
    text
}

fn run_cases(record: &RunRecord) -> Vec<TestCase> {
    let reached = record.totals.requests == 0 || record.totals.bytes_out > 0;
    let ended = record.finished && !record.interrupted;
    let how = match record.finished {
        true => "the run was interrupted",
        false => "the run was cut off: this is what was measured up to then",
    };
    vec![
        case(
            "the target was reached",
            reached,
            "no byte of any request could be sent",
        ),
        case("the run came to its end", ended, how),
        generator_case(record),
    ]
    .into_iter()
    .chain(shards_case(record))
    .collect()
}

/// Whether all parts of a run on several machines are there.
fn shards_case(record: &RunRecord) -> Option<TestCase> {
    let missing: Vec<String> = record.missing_shards().collect();
    let has_shards = !record.shards.is_empty();
    has_shards.then(|| {
        case(
            "every shard's part is there",
            missing.is_empty(),
            &format!("partial: {}", missing.join("; ")),
        )
    })
}

/// A success says in its name's output how clean it was; only a generator at its limit is a failure.
fn generator_case(record: &RunRecord) -> TestCase {
    let generator = &record.generator;
    let why = format!("at its limit: {}", generator.reasons.join("; "));
    let fit = !generator.is_at_its_limit();
    let mut case = case("the generator was not at its limit", fit, &why);
    case.set_system_out(format!("generator {}", generator.state_text()));
    case
}

fn threshold_case(threshold: &ThresholdRecord) -> TestCase {
    let value = threshold.decisive_text().unwrap_or_default();
    let told = format!("{value} {}", threshold.remark());
    let name = threshold.expression.as_str();
    match threshold.verdict {
        ThresholdVerdict::Held => case(name, true, ""),
        ThresholdVerdict::Crossed => case(name, false, told.trim()),
        ThresholdVerdict::Undecided => skipped(name, told.trim()),
    }
}

fn rule_case(rule: &InvariantRecord) -> TestCase {
    let why = rule.why.as_deref().unwrap_or_default();
    let name = format!("{}: {}", rule.name, rule.text);
    match rule.verdict {
        RuleVerdict::Held => case(&name, true, ""),
        RuleVerdict::Violated => {
            let times = counted(rule.violated, "time");
            case(&name, false, &format!("violated {times}: {why}"))
        }
        RuleVerdict::Undecided => skipped(&name, why),
        RuleVerdict::Known => skipped(
            &name,
            &format!("broken, as today's ShopStream is known to do: {why}"),
        ),
    }
}

fn name_case(name: &NameRecord) -> TestCase {
    let figures = &name.figures;
    let told = format!(
        "{} of {}: {} failed, {} unknown, {} refused, {} in conflict",
        counted(figures.failures, "failure"),
        counted(figures.requests, "request"),
        grouped(figures.failed),
        grouped(figures.unknown),
        grouped(figures.refused),
        grouped(figures.conflict),
    );
    case(&name.name, figures.failures == 0, &told)
}

fn case(name: &str, passed: bool, why: &str) -> TestCase {
    let mut status = match passed {
        true => TestCaseStatus::success(),
        false => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    if !passed {
        status.set_message(why);
    }
    TestCase::new(name, status)
}

fn skipped(name: &str, why: &str) -> TestCase {
    let mut status = TestCaseStatus::skipped();
    status.set_message(why);
    TestCase::new(name, status)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::golden::assert_golden;
    use crate::record::made_up;

    #[test]
    fn every_judgement_is_a_case() {
        let mut record = made_up::watched_record();
        record.invariants = made_up::contested_record().invariants;
        record.generator.reasons.clear();
        assert_golden("junit.xml", junit_text(&record).as_bytes());
    }

    /// The elements and attributes of the usual schema (junit-10.xsd of Jenkins), as far as reports
    /// have them.
    const SCHEMA: &[(&str, &[&str])] = &[
        (
            "testsuites",
            &["name", "time", "tests", "failures", "disabled", "errors"],
        ),
        (
            "testsuite",
            &[
                "name",
                "tests",
                "failures",
                "errors",
                "group",
                "time",
                "skipped",
                "timestamp",
                "hostname",
                "id",
                "package",
                "file",
                "log",
                "url",
                "version",
            ],
        ),
        (
            "testcase",
            &[
                "name",
                "time",
                "classname",
                "group",
                "file",
                "line",
                "assertions",
            ],
        ),
        ("skipped", &["type", "message"]),
        ("failure", &["type", "message"]),
        ("system-out", &[]),
    ];

    /// The attributes of the tag that `tag` begins with, after the element's name.
    fn attributes(mut tag: &str) -> Vec<&str> {
        let mut names = Vec::new();
        while let Some((name, rest)) = tag.split_once("=\"") {
            names.push(name.trim());
            tag = rest.split_once('"').map_or("", |(_, rest)| rest);
        }
        names
    }

    #[test]
    fn every_element_is_one_of_the_usual_schema() {
        let mut record = made_up::watched_record();
        record.invariants = made_up::contested_record().invariants;
        let text = junit_text(&record);
        let tags = text
            .split('<')
            .filter(|tag| tag.starts_with(char::is_alphabetic));
        let mut seen = 0;
        for tag in tags {
            let tag = tag.split_once('>').expect("an end").0.trim_end_matches('/');
            let (element, rest) = tag.split_once(' ').unwrap_or((tag, ""));
            let known = SCHEMA.iter().find(|(name, _)| *name == element);
            let (_, allowed) = known.unwrap_or_else(|| panic!("{element}"));
            for attribute in attributes(rest) {
                assert!(allowed.contains(&attribute), "{element} {attribute}");
                seen += 1;
            }
        }
        assert!(seen > 20, "{text}");
    }
}
