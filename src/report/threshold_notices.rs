//! Tells the faces of a live run how its thresholds stand, with each second.

use super::threshold_record::threshold_records;
use crate::stats::{
    Interval, IntervalSink, ThresholdNotice, ThresholdState, ThresholdVerdict, Totals,
};
use std::io;
use std::path::{Path, PathBuf};

/// Posts the thresholds to the run's noticeboard.
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
        board.post(|notices| notices.thresholds = thresholds);
        Ok(())
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Threshold;
    use crate::report::made_up;
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
}
