//! Tells the faces of a live run how its thresholds and the backlog stand, with each second.

use super::threshold_record::threshold_records;
use crate::plan::ObservedMetric;
use crate::stats::{
    BacklogNotice, Interval, IntervalSink, Notices, ObservedSample, ObservedTable, ThresholdNotice,
    ThresholdState, ThresholdVerdict, Totals,
};
use std::io;
use std::path::{Path, PathBuf};

/// Posts the thresholds and the backlog to the run's noticeboard.
pub struct ThresholdNotices {
    record: PathBuf,
}

impl ThresholdNotices {
    /// For the run that is recorded in `record`.
    #[must_use]
    pub fn new(record: &Path) -> Self {
        Self {
            record: record.to_owned(),
        }
    }
}

impl IntervalSink for ThresholdNotices {
    fn path(&self) -> &Path {
        &self.record
    }

    fn second(&mut self, _interval: &Interval, totals: &Totals) -> io::Result<()> {
        let records = threshold_records(totals);
        let notices = records.into_iter().map(|threshold| ThresholdNotice {
            value: threshold.decisive_text().unwrap_or_default(),
            state: match threshold.verdict {
                ThresholdVerdict::Held => ThresholdState::Holds,
                ThresholdVerdict::Crossed => ThresholdState::Crossed,
                ThresholdVerdict::Undecided => ThresholdState::Open,
            },
            text: threshold.expression,
        });
        let thresholds: Vec<ThresholdNotice> = notices.collect();
        let board = &totals.context.live.noticeboard;
        let backlog = backlog_notices(&totals.context.observed);
        board.post(|notices| {
            *notices = Notices {
                thresholds,
                backlog,
            }
        });
        Ok(())
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        Ok(())
    }
}

/// What the observers read last of each domain whose backlog they know.
fn backlog_notices(observed: &ObservedTable) -> Vec<BacklogNotice> {
    let notice = |sample: ObservedSample| {
        let read = |metric| observed.amount(metric, Some(&*sample.domain));
        let whole = |metric| read(metric).map(|amount| amount.value as u64);
        BacklogNotice {
            outbox_pending: whole(ObservedMetric::OutboxPending),
            consumer_lag: whole(ObservedMetric::StreamLag),
            at_least: sample.amount.at_least,
            domain: sample.domain.to_string(),
        }
    };
    observed.backlogs().into_iter().map(notice).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Threshold;
    use crate::report::made_up;
    use crate::stats::Amount;
    use std::sync::Arc;

    #[test]
    fn faces_are_told_of_each_second() {
        let texts = [
            "response: p(99) < 1s",
            "failed: count < 1",
            "races: overlapped > 1%",
        ];
        let mut context = made_up::context();
        context.thresholds = texts.map(|text| Threshold::parse(text).unwrap()).into();
        let board = Arc::clone(&context.live.noticeboard);
        let mut totals = Totals::new(Arc::new(context));
        let mut sink = ThresholdNotices::new(Path::new("record"));
        let mut states = Vec::new();
        for second in made_up::seconds() {
            totals.absorb(&second);
            sink.second(&second, &totals).unwrap();
            let notices = board.notices().thresholds;
            states.push(notices.iter().map(|one| one.state).collect::<Vec<_>>());
            assert_eq!(notices[0].text, texts[0]);
        }
        use ThresholdState::{Crossed, Holds, Open};
        assert_eq!(states[0], [Holds, Holds, Open]);
        assert_eq!(states[3], [Holds, Crossed, Open]);
        assert_eq!(board.notices().thresholds[1].value, "4");
    }

    #[test]
    fn the_backlog_is_posted_by_domain_with_what_is_known_of_it() {
        let observed = ObservedTable::default();
        let sample = |metric, value| ObservedSample {
            second: 1,
            source: "observatory".into(),
            domain: "ordering".into(),
            metric,
            amount: Amount {
                value,
                at_least: metric == ObservedMetric::Backlog,
            },
        };
        observed.put([
            sample(ObservedMetric::Backlog, 7.0),
            sample(ObservedMetric::OutboxPending, 7.0),
        ]);
        let expected = BacklogNotice {
            domain: "ordering".into(),
            outbox_pending: Some(7),
            consumer_lag: None,
            at_least: true,
        };
        assert_eq!(backlog_notices(&observed), [expected]);
    }
}
