//! What a run amounts to: one sentence, one exit code.

use super::run_record::RunRecord;
use super::shortfall::shortfalls;
use crate::pieces::{counted, grouped};
use crate::plan::ExitCode;
use crate::stats::{GeneratorState, RuleVerdict, ThresholdVerdict};

/// Share of the run from which on CPU time that a quota withheld is told.
const WITHHELD_SHARE: f64 = 0.01;

/// What the record does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// `--fail-on-saturation`.
    pub fail_on_saturation: bool,
    /// `--exit-code-on-error`; 0 switches the finding off.
    pub exit_code_on_error: u8,
}

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// For the record and the console.
    pub sentence: String,
    /// Of the most important finding; [`ExitCode::Ok`] when all was as expected.
    pub exit_code: ExitCode,
}

/// Judges a run by its record (`interrupted` must be set already). A target that answered when it
/// was asked first, and then took no byte of any request, counts as not reached.
#[must_use]
pub fn verdict(record: &RunRecord, circumstances: Circumstances) -> Verdict {
    let reached = record.totals.requests == 0 || record.totals.bytes_out > 0;
    let saturated = record.generator.is_at_its_limit() && circumstances.fail_on_saturation;
    let failed = record.totals.failures > 0 && circumstances.exit_code_on_error != 0;
    let violated = !violations(record).is_empty();
    let crossed = record.thresholds.iter().any(|threshold| !threshold.ok);
    let found = [
        (!reached, ExitCode::Unreachable),
        (violated, ExitCode::InvariantViolated),
        (record.is_partial(), ExitCode::PartialRecord),
        (saturated, ExitCode::GeneratorSaturated),
        (crossed, ExitCode::ThresholdCrossed),
        (!record.losses.is_empty(), ExitCode::RecordLost),
        (record.interrupted, ExitCode::Interrupted),
        (record.totals.requests == 0, ExitCode::NothingMeasured),
        (
            failed,
            ExitCode::RequestsFailed(circumstances.exit_code_on_error),
        ),
    ];
    let findings = found.into_iter().filter(|(is, _)| *is);
    Verdict {
        sentence: sentence(record, reached),
        exit_code: ExitCode::settle(findings.map(|(_, code)| code)),
    }
}

/// What an exit code of a run means; `None` for codes that the user chose.
#[must_use]
pub fn exit_meaning(exit_code: i32) -> Option<&'static str> {
    Some(match exit_code {
        0 => "ran; everything expected",
        1 => "some requests failed",
        95 => "the generator was at its limit: figures invalid",
        96 => "an invariant was violated",
        99 => "a threshold was crossed",
        102 => "nothing was measured: no request ended",
        104 => "the command, profile or plan is wrong; nothing was sent",
        105 => "interrupted by the user: what was measured is saved and reported",
        106 => "the record or an output is lost, or a part of it",
        107 => "the target could not be reached at all",
        _ => return None,
    })
}

/// What the exit code of this run means; `None` for codes that the user chose.
#[must_use]
pub fn exit_meaning_of(record: &RunRecord, exit_code: i32) -> Option<&'static str> {
    match exit_code {
        95 if record.is_partial() => Some("a part of the run is missing"),
        code => exit_meaning(code),
    }
}

fn sentence(record: &RunRecord, reached: bool) -> String {
    if !reached {
        return "The target could not be reached.".to_owned();
    }
    let mut parts = partial(record);
    parts.extend(violations(record));
    parts.extend(shortfalls(record));
    let generator = &record.generator;
    if generator.is_at_its_limit() {
        parts.push(
            "the generator was at its limit: these are its figures and not the shop's".to_owned(),
        );
    } else if record.generator.littles_law.is_some_and(|law| !law.adds_up) {
        parts.push("the figures do not add up (Little's law), do not trust them".to_owned());
    }
    parts.extend(thresholds(record));
    if record.interrupted {
        parts.push(format!("interrupted after {:.1} s", record.measured_s));
    } else if let Some(stopped_s) = record.stopped_s() {
        parts.push(format!("stopped by the user after {stopped_s:.1} s"));
    }
    parts.push(outcomes(record));
    if generator.state == GeneratorState::Disturbed {
        parts.push(format!("generator {}", generator.state_text()));
    }
    if generator.withheld_s > WITHHELD_SHARE * record.measured_s {
        parts.push(format!(
            "the CPU quota of its control group held it up for {:.1} s",
            generator.withheld_s
        ));
    }
    let totals = &record.totals;
    if totals.failures != totals.failed + totals.unknown {
        parts.push(format!(
            "{} count as failures by the rule `{}`",
            counted(totals.failures, "request"),
            record.failure_rule
        ));
    }
    if record.shed > 0 {
        parts.push(format!("{} shed", counted(record.shed, "arrival")));
    }
    let text = parts.join("; ");
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

/// What of the run is missing, in a part of a sentence.
fn partial(record: &RunRecord) -> Vec<String> {
    let missing: Vec<String> = record.missing_shards().collect();
    match missing.is_empty() {
        true => Vec::new(),
        false => vec![format!("this is a part of the run: {}", missing.join(", "))],
    }
}

/// Which rules were violated, in a part of a sentence each.
fn violations(record: &RunRecord) -> Vec<String> {
    let rules = record.invariants.iter();
    rules
        .filter(|rule| rule.verdict == RuleVerdict::Violated)
        .map(|rule| {
            let times = counted(rule.violated, "time");
            format!("rule {} was violated {times}", rule.name)
        })
        .collect()
}

/// Which thresholds did not hold, in a part of a sentence each: those that were crossed first.
fn thresholds(record: &RunRecord) -> Vec<String> {
    let of = |verdict| {
        let thresholds = record.thresholds.iter();
        thresholds.filter(move |threshold| threshold.verdict == verdict)
    };
    let crossed = of(ThresholdVerdict::Crossed).map(|threshold| {
        let value = threshold.decisive_text().unwrap_or_default();
        let ended = if threshold.aborted {
            " and ended the run"
        } else {
            ""
        };
        format!(
            "threshold `{}` was crossed ({value}){ended}",
            threshold.expression
        )
    });
    let undecided = of(ThresholdVerdict::Undecided)
        .map(|threshold| format!("threshold `{}` could not be judged", threshold.expression));
    crossed.chain(undecided).collect()
}

/// How the requests ended, as a part of a sentence.
fn outcomes(record: &RunRecord) -> String {
    let totals = &record.totals;
    if totals.requests == 0 {
        return "nothing was measured: no request ended".to_owned();
    }
    let all = counted(totals.requests, "request");
    let business = [
        (totals.refused, "refused"),
        (totals.conflict, "in conflict"),
    ];
    let business: String = business
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!(", {} {word}", grouped(count)))
        .collect();
    match (totals.failed, totals.unknown) {
        (0, 0) => format!("{all}, none failed{business}"),
        (failed, 0) => format!("{} of {all} failed{business}", grouped(failed)),
        (failed, unknown) => format!(
            "{} of {all} failed, {} unknown{business}",
            grouped(failed),
            grouped(unknown)
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made_up::{self, record};
    use crate::record::{SteeringRecord, SteeringWish};

    const USUAL: Circumstances = Circumstances {
        fail_on_saturation: true,
        exit_code_on_error: 1,
    };

    #[test]
    fn exit_codes_take_precedence_as_documented() {
        let mut run = record();
        assert_eq!(verdict(&run, USUAL).exit_code, ExitCode::RequestsFailed(1));
        run.interrupted = true;
        assert_eq!(verdict(&run, USUAL).exit_code, ExitCode::Interrupted);
        run.generator.state = GeneratorState::AtItsLimit;
        assert_eq!(verdict(&run, USUAL).exit_code, ExitCode::GeneratorSaturated);
        run.totals.bytes_out = 0;
        assert_eq!(verdict(&run, USUAL).exit_code, ExitCode::Unreachable);
    }

    #[test]
    fn a_crossed_threshold_is_named_and_outranks_interruption_and_failures() {
        let mut run = made_up::watched_record();
        let judged = verdict(&run, USUAL);
        assert_eq!(judged.exit_code, ExitCode::ThresholdCrossed);
        let start = "Threshold `response: p(99) < 1ms over 1s abort` was crossed (2.25 s) and ended the run; threshold `failed: rate < 0.1%` was crossed (0.27 %); threshold `observed(backlog) < 1000` could not be judged; ";
        assert!(judged.sentence.starts_with(start), "{}", judged.sentence);
        run.interrupted = true;
        assert_eq!(verdict(&run, USUAL).exit_code, ExitCode::ThresholdCrossed);
        run.generator.state = GeneratorState::AtItsLimit;
        assert_eq!(verdict(&run, USUAL).exit_code, ExitCode::GeneratorSaturated);
        run.generator.state = GeneratorState::Clean;
        run.thresholds.retain(|threshold| threshold.ok);
        assert_eq!(verdict(&run, USUAL).exit_code, ExitCode::Interrupted);
    }

    #[test]
    fn a_stop_that_a_face_asked_for_is_a_normal_end() {
        let mut run = record();
        run.steering.push(SteeringRecord {
            at_s: 1.25,
            wish: SteeringWish::Stop,
        });
        let judged = verdict(&run, USUAL);
        assert_eq!(judged.exit_code, ExitCode::RequestsFailed(1));
        let start = "Stopped by the user after 1.2 s; ";
        assert!(judged.sentence.starts_with(start), "{}", judged.sentence);
        run.interrupted = true;
        assert_eq!(verdict(&run, USUAL).exit_code, ExitCode::Interrupted);
    }

    #[test]
    fn only_a_violated_rule_fails_the_run() {
        let contested = made_up::contested_record();
        let judged = verdict(&contested, USUAL);
        assert_eq!(judged.exit_code, ExitCode::InvariantViolated);
        let start = "Rule not-oversold was violated 2 times; ";
        assert!(judged.sentence.starts_with(start), "{}", judged.sentence);
        let mut known = contested;
        known
            .invariants
            .retain(|rule| rule.verdict != RuleVerdict::Violated);
        assert!(known.invariants.iter().any(|rule| rule.violated > 0));
        assert_eq!(
            verdict(&known, USUAL).exit_code,
            ExitCode::RequestsFailed(1)
        );
    }

    #[test]
    fn a_quota_that_held_the_generator_up_is_told() {
        let mut run = record();
        let says = |run: &RunRecord| verdict(run, USUAL).sentence.contains("CPU quota");
        run.generator.withheld_s = run.measured_s * WITHHELD_SHARE;
        assert!(!says(&run));
        run.generator.withheld_s = run.measured_s;
        assert!(says(&run));
    }

    #[test]
    fn the_code_of_failed_requests_can_be_chosen_and_switched_off() {
        let run = record();
        let with = |exit_code_on_error| {
            let circumstances = Circumstances {
                exit_code_on_error,
                ..USUAL
            };
            verdict(&run, circumstances).exit_code
        };
        assert_eq!(with(7), ExitCode::RequestsFailed(7));
        assert_eq!(with(0), ExitCode::Ok);
    }

    #[test]
    fn a_stricter_rule_is_told() {
        let mut run = record();
        let totals = &mut run.totals;
        (totals.failed, totals.unknown, totals.failures) = (0, 0, 20);
        run.failure_rule = "strict".into();
        let verdict = verdict(&run, USUAL);
        assert_eq!(verdict.exit_code, ExitCode::RequestsFailed(1));
        assert!(
            verdict
                .sentence
                .contains("20 requests count as failures by the rule `strict`"),
            "{}",
            verdict.sentence
        );
    }

    #[test]
    fn saturation_alone_fails_only_when_asked() {
        let mut run = record();
        let totals = &mut run.totals;
        (totals.failed, totals.unknown, totals.failures) = (0, 0, 0);
        run.generator.state = GeneratorState::AtItsLimit;
        let lenient = Circumstances {
            fail_on_saturation: false,
            ..USUAL
        };
        let verdict = verdict(&run, lenient);
        assert_eq!(verdict.exit_code, ExitCode::Ok);
        assert!(
            verdict
                .sentence
                .starts_with("The generator was at its limit: ")
        );
    }
}
