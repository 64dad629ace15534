//! What a run fell short of, in words: users that never came, time in which nothing of it ran, and what could not
//! be written of it.

use super::run_record::{PauseRecord, RunRecord};
use crate::pieces::{counted, grouped};

/// Users that a plan for `asked` of them did not get. None are missing when the user changed their
/// number or ended the run, or a threshold did.
#[must_use]
pub fn absent_users(record: &RunRecord, asked: u32) -> u32 {
    let is_ended = record.interrupted || record.thresholds.iter().any(|state| state.aborted);
    match is_ended || !record.steering.is_empty() {
        true => 0,
        false => asked.saturating_sub(record.peak_users),
    }
}

/// What a run fell short of, in a part of a sentence each.
pub(super) fn shortfalls(record: &RunRecord) -> Vec<String> {
    let mut parts = Vec::new();
    if let Some((first, more)) = record.losses.split_first() {
        let more = match more.len() {
            0 => String::new(),
            more => format!(" (and {})", counted(more as u64, "more trouble")),
        };
        parts.push(format!("the record is not whole: {first}{more}"));
    }
    if let Some(text) = pauses_text(&record.pauses) {
        parts.push(text);
    }
    if record.absent_users > 0 {
        let asked = u64::from(record.absent_users) + u64::from(record.peak_users);
        parts.push(format!(
            "{} of {} never came: the run time was over before",
            grouped(u64::from(record.absent_users)),
            counted(asked, "user")
        ));
    }
    parts
}

/// The pauses in words; `None` without any.
fn pauses_text(pauses: &[PauseRecord]) -> Option<String> {
    let longest = pauses
        .iter()
        .max_by(|one, other| one.length_s.total_cmp(&other.length_s))?;
    let all_s: f64 = pauses.iter().map(|pause| pause.length_s).sum();
    let longest = match pauses.len() {
        1 => format!("at second {:.0}", longest.at_s),
        times => format!(
            "{times} times, the longest {:.1} s at second {:.0}",
            longest.length_s, longest.at_s
        ),
    };
    Some(format!(
        "this process stood still for {all_s:.1} s {longest} (it was stopped, or its machine was)"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::ExitCode;
    use crate::record::{Circumstances, made_up, verdict};

    type Fall = fn(&mut RunRecord);

    /// What a run may fall short of, what is said of it, and how it ends when all else is well.
    const SHORT: &[(Fall, &str, ExitCode)] = &[
        (|_| {}, "", ExitCode::Ok),
        (
            |run| run.losses = vec!["cannot write a: full".into()],
            "The record is not whole: cannot write a: full; ",
            ExitCode::RecordLost,
        ),
        (
            |run| run.losses = vec!["cannot write a: full".into(), "b".into(), "c".into()],
            "The record is not whole: cannot write a: full (and 2 more troubles); ",
            ExitCode::RecordLost,
        ),
        (
            |run| run.absent_users = 97,
            "97 of 100 users never came: the run time was over before; ",
            ExitCode::Ok,
        ),
        (
            |run| run.pauses = vec![pause(12.3, 5.04)],
            "This process stood still for 5.0 s at second 12 (it was stopped, or its machine was); ",
            ExitCode::Ok,
        ),
        (
            |run| run.pauses = vec![pause(1.0, 1.5), pause(7.0, 2.0)],
            "This process stood still for 3.5 s 2 times, the longest 2.0 s at second 7 (",
            ExitCode::Ok,
        ),
        (
            |run| run.totals = Default::default(),
            "Nothing was measured: no request ended",
            ExitCode::NothingMeasured,
        ),
    ];

    fn pause(at_s: f64, length_s: f64) -> PauseRecord {
        PauseRecord { at_s, length_s }
    }

    #[test]
    fn every_shortfall_is_said() {
        for (fall, said, exit_code) in SHORT {
            let mut run = made_up::record();
            let totals = &mut run.totals;
            (totals.failed, totals.unknown, totals.failures) = (0, 0, 0);
            fall(&mut run);
            let circumstances = Circumstances {
                fail_on_saturation: true,
                exit_code_on_error: 1,
            };
            let judged = verdict(&run, circumstances);
            assert!(
                judged.sentence.starts_with(said),
                "{said}: {}",
                judged.sentence
            );
            assert_eq!(judged.exit_code, *exit_code, "{said}");
        }
    }

    #[test]
    fn users_are_only_missed_where_somebody_waited_for_them() {
        let run = made_up::record();
        assert_eq!(run.peak_users, 3);
        assert_eq!(absent_users(&run, 100), 97);
        assert_eq!(absent_users(&run, 3), 0);
        let interrupted = RunRecord {
            interrupted: true,
            ..run
        };
        assert_eq!(absent_users(&interrupted, 100), 0);
    }
}
