//! The one value that a live run is shown by: the record so far, current rates, how it went. The
//! terminal, the page, metrics and the line are functions of it.

use super::locust_csv::{failures_text, recorded_stats_text};
use super::locust_figures::Percentiles;
use super::run_record::{NameRecord, RunRecord};
use crate::plan::LONGEST_DURATION;
use crate::stats::{
    Buckets, CoreHealth, DomainBacklog, EventNow, History, HistoryPoint, Measured, ObservedSample,
    RaceMeasured, RunContext, WorkerHealth,
};
use std::io;
use std::sync::Arc;

/// A run after one of its seconds.
#[derive(Clone, Debug)]
pub struct Live {
    /// What the run is.
    pub context: Arc<RunContext>,
    /// The record so far. After the last second it is the finished one, not yet judged.
    pub record: RunRecord,
    /// The record since the last reset; `None` when there was none.
    pub since_reset: Option<Box<RunRecord>>,
    /// How often what is shown was reset.
    pub resets: u32,
    /// Where what is shown begins: 0, or the moment of the last reset, in seconds since the start.
    pub since_s: f64,
    /// The latest second.
    pub now: HistoryPoint,
    /// What the record does not tell of all names together.
    pub all: LiveRow,
    /// The same of each row of the names of [`Live::shown`].
    pub names: Vec<LiveRow>,
    /// Events raised a second in the latest second that has rates.
    pub events_per_s: f64,
    /// How it went, second by second, since the last reset.
    pub history: History,
    /// The generator in the latest second, one entry a worker that reported.
    pub cores: Vec<CoreHealth>,
    /// What workers saw of themselves, summed over workers and the whole run.
    pub health: WorkerHealth,
    /// The whole run by statistic name, in the plan's order, those that were never requested
    /// included.
    pub measured: Vec<Measured<Buckets>>,
    /// The whole run by race, in the plan's order.
    pub races: Vec<RaceMeasured<Buckets>>,
    /// The latest backlog of each domain that observers see.
    pub backlogs: Vec<DomainBacklog>,
    /// The latest figures of the back end.
    pub observed: Vec<ObservedSample>,
    /// What events took so far, by kind.
    pub events: Arc<[EventNow]>,
}

/// What is shown of a row of the record beside it.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct LiveRow {
    /// Requests a second in the latest second that has rates.
    pub requests_per_s: f64,
    /// The same of those that count as failures.
    pub failures_per_s: f64,
    /// The percentiles of the response time that Locust's files have; `None` without requests.
    pub quantiles_us: Option<Percentiles>,
}

impl Live {
    /// The record that is shown: since the last reset, or the whole.
    #[must_use]
    pub fn shown(&self) -> &RunRecord {
        self.since_reset.as_deref().unwrap_or(&self.record)
    }

    /// Seconds that the run is to take; `None` when it goes on until somebody stops it.
    #[must_use]
    pub fn run_time_s(&self) -> Option<f64> {
        let run_time_us = self.context.run_time_us;
        let has_end = u128::from(run_time_us) < LONGEST_DURATION.as_micros();
        has_end.then_some(run_time_us as f64 / 1e6)
    }

    /// What Locust's CSV of statistics holds of what is shown.
    ///
    /// # Errors
    /// Never for what a run measures.
    pub fn stats_text(&self) -> io::Result<Vec<u8>> {
        let names = self.names.iter().map(|row| row.quantiles_us);
        recorded_stats_text(self.shown(), names, self.all.quantiles_us)
    }

    /// What Locust's CSV of failures holds of what is shown.
    ///
    /// # Errors
    /// Never for what a run measures.
    pub fn failures_text(&self) -> io::Result<Vec<u8>> {
        let run = self.shown();
        let start: jiff::Timestamp = run.started.parse().unwrap_or_default();
        failures_text(&run.errors, self.context.failures, start.into())
    }

    /// What is shown by statistic name, those of them that were requested.
    pub fn rows(&self) -> impl Iterator<Item = (&NameRecord, &LiveRow)> {
        self.shown().names.iter().zip(&self.names)
    }
}
