//! Recovery from a spike: its table and its sentences.

use super::moment::MarkedMoment;
use crate::record::RunRecord;
use crate::report::recovery_text::{COLUMNS, legend, rows, sentences};

/// The section about recovery.
pub struct RecoveryView {
    pub columns: [&'static str; 8],
    pub rows: Vec<RecoveryRow>,
    pub sentences: Vec<RecoverySentence>,
    pub legend: String,
}

/// A figure.
pub struct RecoveryRow {
    pub cells: [String; 8],
    /// `bad` when it was not back, or is out again.
    pub tone: &'static str,
}

/// A sentence, and whether it is bad news.
pub struct RecoverySentence {
    pub text: String,
    pub is_doubt: bool,
}

impl RecoveryView {
    /// `None` without a spike.
    pub fn of(run: &RunRecord) -> Option<Self> {
        let recovery = run.recovery.as_ref()?;
        let figures = rows(recovery).into_iter().zip(&recovery.figures);
        let is_back = recovery.back_after_s.is_some();
        let is_good = [true, is_back, recovery.is_as_it_was()];
        // There may be several sentences on what is not back; the last one is on the end.
        let told = sentences(recovery);
        let last = told.len() - 1;
        let told = told.into_iter().enumerate().map(|(place, text)| {
            let is_good = match place {
                0 => is_good[0],
                _ if place == last => is_good[2],
                _ => is_good[1],
            };
            RecoverySentence {
                text,
                is_doubt: !is_good,
            }
        });
        Some(Self {
            columns: COLUMNS,
            rows: figures
                .map(|(cells, figure)| RecoveryRow {
                    cells,
                    tone: match figure.limit.is_some()
                        && (figure.back_after_s.is_none() || figure.out_at_end)
                    {
                        true => "bad",
                        false => "good",
                    },
                })
                .collect(),
            sentences: told.collect(),
            legend: legend(recovery),
        })
    }
}

/// The spike, and when figures were back that were not so at once.
pub fn moments(run: &RunRecord) -> Vec<MarkedMoment> {
    let Some(recovery) = &run.recovery else {
        return Vec::new();
    };
    let spike = MarkedMoment {
        at_s: recovery.baseline_end_s,
        until_s: recovery.load_back_s,
        kind: "spike",
        text: format!("spike to {} users", recovery.peak_users),
    };
    let backs = recovery.figures.iter().filter_map(|figure| {
        let after_s = figure.back_after_s.filter(|after_s| *after_s > 0.0)?;
        let at_s = recovery.load_back_s + after_s;
        Some(MarkedMoment {
            at_s,
            until_s: at_s + 1.0,
            kind: "back",
            text: format!("{} back", figure.title()),
        })
    });
    [spike].into_iter().chain(backs).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made_up;
    use crate::report::recovery_text::tests::made_up as made_up_recovery;

    #[test]
    fn the_spike_and_what_is_back_later_are_moments() {
        let mut run = made_up::record();
        assert!(moments(&run).is_empty());
        run.recovery = Some(made_up_recovery());
        let told: Vec<(f64, String)> = moments(&run)
            .into_iter()
            .map(|moment| (moment.at_s, moment.text))
            .collect();
        let expected = [
            (60.0, "spike to 200 users"),
            (94.0, "response p50 back"),
            (96.0, "response p99 back"),
        ];
        assert_eq!(told, expected.map(|(at_s, text)| (at_s, text.to_owned())));
        let view = RecoveryView::of(&run).expect("a view");
        let tones: Vec<_> = view.rows.iter().map(|row| row.tone).collect();
        assert_eq!(tones, ["good", "bad", "good", "good", "bad"]);
        let doubts: Vec<_> = view.sentences.iter().map(|told| told.is_doubt).collect();
        assert_eq!(doubts, [false, true, true]);
    }
}
