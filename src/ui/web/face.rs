//! The web page as a face of a run: told each second by the collector.

use super::board::Board;
use super::series::{Point, Second};
use crate::report::{LocustStats, RunFacts};
use crate::stats::{Interval, IntervalSink, Phase, Totals};
use std::io;
use std::path::Path;
use std::sync::Arc;

/// Shows a run on a board. It gets the same totals in the same second as the files of the record,
/// so that the page and the files cannot differ.
pub struct BoardFace {
    board: Arc<Board>,
    facts: RunFacts,
    latest: Option<LocustStats>,
}

impl BoardFace {
    /// Shows the run of these `facts`.
    #[must_use]
    pub fn new(board: Arc<Board>, facts: RunFacts) -> Self {
        Self {
            board,
            facts,
            latest: None,
        }
    }
}

impl IntervalSink for BoardFace {
    fn path(&self) -> &Path {
        Path::new("the web page")
    }

    fn second(&mut self, interval: &Interval, totals: &Totals) -> io::Result<()> {
        let locust = LocustStats::after(interval, totals, self.latest.as_ref());
        self.latest = Some(locust.clone());
        self.board.second(Second {
            elapsed_s: interval.end_s(),
            users: interval.users,
            point: Point::of(interval, totals),
            spawning: interval.phase == Phase::Spawning,
            record: self.facts.record(totals),
            locust,
        });
        Ok(())
    }

    fn finish(&mut self, _totals: &Totals) -> io::Result<()> {
        Ok(())
    }
}
