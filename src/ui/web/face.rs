//! The web page as a face of a run: told each second on the collector's thread.

use super::board::Board;
use super::series::{Point, Second};
use crate::record::{RunFacts, failures_text, stats_text, threshold_records};
use crate::report::LocustStats;
use crate::stats::{Interval, IntervalSink, Phase, Totals};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Shows a run on a board. It gets the same totals in the same second as the files of the record,
/// so that the page and the files cannot differ; after a reset it counts anew, and the files go on.
pub struct BoardSink {
    board: Arc<Board>,
    facts: RunFacts,
    latest: Option<LocustStats>,
    resets: u32,
    since_reset: Option<Totals>,
    users: u32,
}

impl BoardSink {
    /// Shows the run of these `facts`.
    #[must_use]
    pub fn new(board: Arc<Board>, facts: RunFacts) -> Self {
        Self {
            board,
            facts,
            latest: None,
            resets: 0,
            since_reset: None,
            users: 0,
        }
    }

    /// Begins to count anew when somebody asked for it.
    fn heed_reset(&mut self, interval: &Interval, totals: &Totals) {
        let course = totals.context.live.course.as_ref();
        let resets = course.map_or(0, |course| course.resets());
        if std::mem::replace(&mut self.resets, resets) != resets {
            let context = Arc::clone(&totals.context);
            self.since_reset = Some(Totals::since(context, interval.start_us, self.users));
            self.latest = None;
            self.board.reset();
        }
    }
}

impl IntervalSink for BoardSink {
    fn path(&self) -> &Path {
        Path::new("the web page")
    }

    fn second(&mut self, interval: &Interval, totals: &Totals) -> io::Result<()> {
        self.heed_reset(interval, totals);
        self.users = interval.users;
        if let Some(since_reset) = &mut self.since_reset {
            since_reset.absorb(interval);
        }
        let shown = self.since_reset.as_ref().unwrap_or(totals);
        let locust = LocustStats::after(interval, shown, self.latest.as_ref());
        self.latest = Some(locust.clone());
        // Once: observers may read anew meanwhile, and chart and table are to agree.
        let backlogs = totals.context.observed.backlogs();
        self.board.second(Second {
            elapsed_s: interval.end_s(),
            since_s: shown.from_us as f64 / 1e6,
            users: interval.users,
            point: Point::of(interval, shown, &backlogs),
            spawning: interval.phase == Phase::Spawning,
            record: self.facts.record(shown),
            thresholds: threshold_records(totals),
            backlogs,
            requests_csv: stats_text(shown)?,
            failures_csv: failures_text(shown)?,
            locust,
        });
        Ok(())
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        Ok(())
    }
}
