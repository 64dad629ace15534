//! What one second has of a quantity: the rows that a selector selects, added up.

use super::pile::Portion;
use crate::plan::{
    JourneyMeasure, LatencyMetric, OutcomeMetric, RaceMeasure, Selector, Tag, ThresholdQuantity,
};
use crate::stats::{Amount, LatencyCounts, Measured, MergedInterval, RunContext};

/// Which rows of an interval a quantity is about.
pub(super) struct RowGatherer {
    /// Positions among names, journeys or races; `None` for all of them.
    rows: Option<Vec<usize>>,
}

impl RowGatherer {
    pub fn new(quantity: &ThresholdQuantity, context: &RunContext) -> Self {
        let of = quantity.selector();
        let named = |names: &mut dyn Iterator<Item = &'static str>| {
            let selected = names
                .enumerate()
                .filter(|(_, name)| of.admits(Tag::Name, name));
            Some(selected.map(|(row, _)| row).collect())
        };
        let rows = match quantity {
            ThresholdQuantity::Latency { .. }
            | ThresholdQuantity::Outcome { .. }
            | ThresholdQuantity::Requests { .. } => request_rows(of, context),
            ThresholdQuantity::Journeys { .. } => named(&mut context.journeys.iter().copied()),
            ThresholdQuantity::Races { .. } | ThresholdQuantity::RaceSpread { .. } => {
                named(&mut context.races.iter().map(|race| race.name))
            }
            ThresholdQuantity::Shed { .. }
            | ThresholdQuantity::Observed { .. }
            | ThresholdQuantity::Event { .. } => None,
        };
        Self { rows }
    }

    /// What `interval` has of `quantity`, whatever its phase.
    pub fn gather(
        &self,
        quantity: &ThresholdQuantity,
        interval: &MergedInterval,
        context: &RunContext,
    ) -> Portion {
        let mut portion = Portion::of(interval, context.load_end_us());
        match quantity {
            ThresholdQuantity::Latency { metric, .. } => {
                for row in self.requests(interval) {
                    portion.add_latencies(latencies(row, *metric));
                }
            }
            ThresholdQuantity::Outcome { metric, .. } => {
                for row in self.requests(interval) {
                    portion.part += with_outcome(row, *metric, context);
                    portion.whole += row.requests();
                }
            }
            ThresholdQuantity::Requests { .. } => {
                let requests = self.requests(interval).map(Measured::requests);
                portion.part = requests.sum();
            }
            ThresholdQuantity::Journeys { measure, .. } => {
                for journey in self.selected(&interval.journeys) {
                    portion.whole += journey.completed + journey.aborted;
                    portion.part += match measure {
                        JourneyMeasure::Rate | JourneyMeasure::Count => journey.completed,
                        JourneyMeasure::Aborted => journey.aborted,
                    };
                }
            }
            ThresholdQuantity::Shed { .. } => portion.part = interval.counters.shed,
            ThresholdQuantity::RaceSpread { .. } => {
                for race in self.selected(&interval.contests.races) {
                    portion.add_latencies(&race.spread);
                }
            }
            ThresholdQuantity::Races { measure, .. } => {
                for race in self.selected(&interval.contests.races) {
                    let counts = &race.counts;
                    portion.whole += counts.count;
                    portion.part += match measure {
                        RaceMeasure::Rate | RaceMeasure::Count => counts.count,
                        RaceMeasure::Overlapped => counts.overlapped,
                        RaceMeasure::Together => counts.together,
                    };
                }
            }
            ThresholdQuantity::Event { .. } => portion.sample = event_sample(quantity, context),
            ThresholdQuantity::Observed { metric, of, .. } => {
                portion.sample = context.observed.amount(*metric, of.exactly(Tag::Domain));
            }
        }
        portion
    }

    fn requests<'a>(
        &'a self,
        interval: &'a MergedInterval,
    ) -> Box<dyn Iterator<Item = &'a Measured<LatencyCounts>> + 'a> {
        match self.rows {
            Some(_) => Box::new(self.selected(&interval.names)),
            None => Box::new(std::iter::once(&interval.all)),
        }
    }

    fn selected<'a, T>(&'a self, rows: &'a [T]) -> impl Iterator<Item = &'a T> {
        let selected = self.rows.as_deref().unwrap_or_default().iter();
        selected.filter_map(|&row| rows.get(row))
    }
}

/// What the events that a quantity is about came to so far.
pub(super) fn event_sample(quantity: &ThresholdQuantity, context: &RunContext) -> Option<Amount> {
    let ThresholdQuantity::Event {
        stretch,
        of,
        statistic,
    } = quantity
    else {
        return None;
    };
    let admits = |domain: &str, name: &str| {
        of.admits(Tag::Name, name) && of.admits(Tag::Domain, &domain.to_lowercase())
    };
    let together = context.observed.events()?.together(*stretch, &admits);
    together.statistic(*statistic)
}

/// All names together have a row of their own: nothing has to be added up then.
fn request_rows(of: &Selector, context: &RunContext) -> Option<Vec<usize>> {
    let is_about_rows = |tag: &Tag| matches!(tag, Tag::Name | Tag::Method | Tag::Tag);
    if !of
        .matchers
        .iter()
        .any(|matcher| is_about_rows(&matcher.tag))
    {
        return None;
    }
    let names = context.names.iter().enumerate();
    let selected = names
        .filter(|(_, name)| of.admits(Tag::Name, name.name) && of.admits(Tag::Method, name.method))
        .filter(|(row, _)| of.admits_any(Tag::Tag, context.tags_of(*row)));
    Some(selected.map(|(row, _)| row).collect())
}

fn latencies(row: &Measured<LatencyCounts>, metric: LatencyMetric) -> &LatencyCounts {
    match metric {
        LatencyMetric::Response => &row.response,
        LatencyMetric::Service => &row.service,
        LatencyMetric::Lag => &row.lag,
    }
}

fn with_outcome(row: &Measured<LatencyCounts>, metric: OutcomeMetric, context: &RunContext) -> u64 {
    match metric {
        OutcomeMetric::Of(outcome) => row.outcomes[outcome],
        OutcomeMetric::Failures => row.failures(context.failures),
    }
}
