//! What a run amounts to: findings, one sentence, one exit code.

use super::figures::counted;
use super::run_record::RunRecord;

/// What was found, in the order in which exit codes take precedence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finding {
    /// The target could not be reached at all.
    Unreachable,
    /// The generator was the limit, and the caller wants that to fail the run.
    Saturated,
    /// The user ended the run.
    Interrupted,
    /// Some requests failed or are unknown.
    RequestsFailed,
}

/// What the record does not say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Circumstances {
    /// Whether the target answered or accepted a connection at least once.
    pub reached: bool,
    /// `--fail-on-saturation`.
    pub fail_on_saturation: bool,
    /// `--exit-code-on-error`; 0 switches the finding's exit code off.
    pub exit_code_on_error: i32,
}

/// The outcome of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// For the record and the console.
    pub sentence: String,
    /// Every finding, most important first.
    pub findings: Vec<Finding>,
    /// Of the most important finding that has one; 0 when all was as expected.
    pub exit_code: i32,
}

/// Judges a run by its record (`interrupted` must be set already).
#[must_use]
pub fn verdict(record: &RunRecord, circumstances: Circumstances) -> Verdict {
    let found = [
        (!circumstances.reached, Finding::Unreachable),
        (
            record.generator.saturated && circumstances.fail_on_saturation,
            Finding::Saturated,
        ),
        (record.interrupted, Finding::Interrupted),
        (record.totals.failures() > 0, Finding::RequestsFailed),
    ];
    let findings: Vec<Finding> = found
        .into_iter()
        .filter(|(is, _)| *is)
        .map(|(_, what)| what)
        .collect();
    let codes = findings.iter().map(|finding| match finding {
        Finding::Unreachable => 107,
        Finding::Saturated => 95,
        Finding::Interrupted => 105,
        Finding::RequestsFailed => circumstances.exit_code_on_error,
    });
    Verdict {
        sentence: sentence(record, circumstances.reached),
        exit_code: codes.into_iter().find(|&code| code != 0).unwrap_or(0),
        findings,
    }
}

/// What an exit code of a run means; `None` for codes that the user chose.
#[must_use]
pub fn exit_meaning(exit_code: i32) -> Option<&'static str> {
    Some(match exit_code {
        0 => "ran; everything expected",
        1 => "some requests failed",
        95 => "the generator was the bottleneck: figures invalid",
        96 => "an invariant was violated",
        99 => "a threshold was crossed",
        104 => "the command, profile or plan is wrong; nothing was sent",
        105 => "interrupted by the user: what was measured is saved and reported",
        107 => "the target could not be reached at all",
        _ => return None,
    })
}

fn sentence(record: &RunRecord, reached: bool) -> String {
    if !reached {
        return "The target could not be reached.".to_owned();
    }
    let mut parts = Vec::new();
    if record.generator.saturated {
        parts.push(
            "the generator was the limit, these are its figures and not the shop's".to_owned(),
        );
    } else if record.generator.littles_law.is_some_and(|law| !law.adds_up) {
        parts.push("the figures do not add up (Little's law), do not trust them".to_owned());
    }
    if record.interrupted {
        parts.push(format!("interrupted after {:.1} s", record.measured_s));
    }
    parts.push(outcomes(record));
    if record.shed > 0 {
        parts.push(format!("{} shed", counted(record.shed, "arrival")));
    }
    let text = parts.join("; ");
    let mut letters = text.chars();
    let first = letters.next().map(|letter| letter.to_ascii_uppercase());
    first.into_iter().chain(letters).chain(['.']).collect()
}

/// How the requests ended, as a part of a sentence.
fn outcomes(record: &RunRecord) -> String {
    let totals = &record.totals;
    if totals.requests == 0 {
        return "no request ended".to_owned();
    }
    let all = counted(totals.requests, "request");
    let business = [
        (totals.refused, "refused"),
        (totals.conflict, "in conflict"),
    ];
    let business: String = business
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!(", {count} {word}"))
        .collect();
    match (totals.failed, totals.unknown) {
        (0, 0) => format!("{all}, none failed{business}"),
        (failed, 0) => format!("{failed} of {all} failed{business}"),
        (failed, unknown) => format!("{failed} of {all} failed, {unknown} unknown{business}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::made_up::record;

    const USUAL: Circumstances = Circumstances {
        reached: true,
        fail_on_saturation: true,
        exit_code_on_error: 1,
    };

    #[test]
    fn exit_codes_take_precedence_as_documented() {
        let mut run = record();
        assert_eq!(verdict(&run, USUAL).exit_code, 1);
        run.interrupted = true;
        assert_eq!(verdict(&run, USUAL).exit_code, 105);
        run.generator.saturated = true;
        assert_eq!(verdict(&run, USUAL).exit_code, 95);
        let unreachable = verdict(
            &run,
            Circumstances {
                reached: false,
                ..USUAL
            },
        );
        assert_eq!(unreachable.exit_code, 107);
        assert_eq!(
            unreachable.findings,
            [
                Finding::Unreachable,
                Finding::Saturated,
                Finding::Interrupted,
                Finding::RequestsFailed
            ]
        );
    }

    #[test]
    fn the_code_of_failed_requests_can_be_chosen_and_switched_off() {
        let run = record();
        let with = |exit_code_on_error| {
            verdict(
                &run,
                Circumstances {
                    exit_code_on_error,
                    ..USUAL
                },
            )
        };
        assert_eq!(with(7).exit_code, 7);
        assert_eq!(with(0).exit_code, 0);
        assert_eq!(with(0).findings, [Finding::RequestsFailed]);
    }

    #[test]
    fn saturation_alone_fails_only_when_asked() {
        let mut run = record();
        (
            run.totals.failed,
            run.totals.unknown,
            run.generator.saturated,
        ) = (0, 0, true);
        let verdict = verdict(
            &run,
            Circumstances {
                fail_on_saturation: false,
                ..USUAL
            },
        );
        assert_eq!((verdict.exit_code, verdict.findings), (0, vec![]));
        assert!(
            verdict.sentence.starts_with("The generator was the limit"),
            "{}",
            verdict.sentence
        );
    }

    #[test]
    fn sentences() {
        let mut run = record();
        assert_eq!(
            verdict(&run, USUAL).sentence,
            "4 of 1500 requests failed, 1 unknown, 20 refused."
        );
        (run.totals.failed, run.totals.unknown, run.totals.refused) = (0, 0, 0);
        run.interrupted = true;
        assert_eq!(
            verdict(&run, USUAL).sentence,
            "Interrupted after 3.0 s; 1500 requests, none failed."
        );
        run.totals = Default::default();
        assert_eq!(
            verdict(&run, USUAL).sentence,
            "Interrupted after 3.0 s; no request ended."
        );
    }
}
