//! What a run contributes to a comparison of how long events took after their replies.
//!
//! A percentile that is only a lower bound, since events were still on their way when nothing more was
//! waited for, is not compared, and that is told: a side whose engines stand still longer must not look
//! better for it.

use super::evidence::{MeasuredValue, MeasuredValues, RunEvidence, hdr_half_step};
use super::quantity::{ComparedQuantity, Percentile};
use crate::pieces::number_text;
use crate::plan::EventStretch;
use crate::record::{EventLatencyRecord, RunRecord, StretchRecord};
use crate::stats::Amount;
use std::collections::BTreeMap;

/// Where a name of the table has its HTTP method.
const EVENT: &str = "event";
/// Fewest events whose median is compared; …
const LEAST_FOR_MEDIAN: u64 = 20;
/// … and whose 99th percentile is: then at least two are beyond.
const LEAST_FOR_P99: u64 = 200;
/// What tells when groups handled events; without it where they stand does, looked at once a second.
const WORDS: &str = "redis traces";
const POSITIONS: &str = "redis groups";
/// What tells when things can be read.
const READS: &str = "reads";

impl RunEvidence {
    /// The same with what events took in the run of `record`: in the whole of it, whatever part the figures
    /// of requests are of.
    #[must_use]
    pub(super) fn with_events(mut self, record: &RunRecord) -> Self {
        let observed = record.observed.as_ref();
        let Some(events) = observed.and_then(|observed| observed.event_latency.as_ref()) else {
            return self;
        };
        let EventValues { all, kinds, notes } = event_values(events);
        if let Some(steady) = &mut self.steady {
            steady.extend(all.clone());
        }
        self.whole.extend(all);
        self.names.extend(kinds);
        self.notes.extend(notes);
        self
    }
}

/// Values of a run, of all its events and kind by kind, and what a reader should know of them.
struct EventValues {
    /// All events together.
    all: MeasuredValues,
    /// By kind.
    kinds: BTreeMap<(String, String), MeasuredValues>,
    /// Percentiles that are left out since they are lower bounds.
    notes: Vec<String>,
}

/// What `record` has.
fn event_values(record: &EventLatencyRecord) -> EventValues {
    let resolution = Resolution::of(record);
    let values_of = |stretches: &[(EventStretch, Option<StretchRecord>)]| {
        let mut values = MeasuredValues::new();
        let mut bounds = Vec::new();
        for (stretch, told) in stretches {
            let Some(told) = told else { continue };
            if insert(&mut values, *stretch, told, &resolution) {
                bounds.push((*stretch, told.waiting));
            }
        }
        (values, bounds)
    };
    let (all, bounds) = values_of(&[
        (EventStretch::Published, record.all.published),
        (EventStretch::Done, record.all.done),
    ]);
    let note = |(stretch, waiting): &(EventStretch, u64)| {
        format!(
            "{} events were not {} in the end: percentiles that they may raise are not compared",
            number_text(waiting),
            stretch.word()
        )
    };
    let kinds = record.events.iter().map(|row| {
        let name = format!("{}.{}", row.domain, row.event);
        // What is said of all events tells of those of a kind, too.
        let (values, _) = values_of(&[
            (EventStretch::Published, row.published),
            (EventStretch::Done, row.done),
            (EventStretch::Visible, row.visible),
        ]);
        ((EVENT.to_owned(), name), values)
    });
    EventValues {
        all,
        kinds: kinds.collect(),
        notes: bounds.iter().map(note).collect(),
    }
}

/// Adds the percentiles that are worth comparing; whether one is not since it is a lower bound.
fn insert(
    values: &mut MeasuredValues,
    stretch: EventStretch,
    told: &StretchRecord,
    resolution: &Resolution,
) -> bool {
    let events = told.over + told.waiting;
    let mut is_bound = false;
    for (percentile, least, Amount { value, at_least }) in [
        (Percentile::P50, LEAST_FOR_MEDIAN, told.p50),
        (Percentile::P99, LEAST_FOR_P99, told.p99),
    ] {
        is_bound |= at_least && events >= least;
        if events >= least && !at_least {
            let of_histogram = hdr_half_step(value as u64);
            let value = MeasuredValue {
                value,
                half_step: of_histogram.max(resolution.half_us(stretch)),
            };
            values.insert(ComparedQuantity::EventLatency(stretch, percentile), value);
        }
    }
    is_bound
}

/// What times of a run are told apart by.
struct Resolution {
    done_us: f64,
    visible_us: f64,
}

impl Resolution {
    fn of(record: &EventLatencyRecord) -> Self {
        let of = |name: &str| record.sources.iter().find(|source| source.name == name);
        let done_ms = match of(WORDS) {
            Some(words) => Some(words.resolution_ms),
            None => of(POSITIONS).map(|positions| positions.resolution_ms),
        };
        Self {
            done_us: done_ms.unwrap_or_default() * 1e3,
            visible_us: of(READS).map_or(0.0, |reads| reads.resolution_ms * 1e3),
        }
    }

    fn half_us(&self, stretch: EventStretch) -> f64 {
        match stretch {
            EventStretch::Published => 0.0,
            EventStretch::Handled | EventStretch::Done => self.done_us / 2.0,
            EventStretch::Visible => self.visible_us / 2.0,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::event_latency_made_up::account;

    fn record() -> EventLatencyRecord {
        EventLatencyRecord::of(&account()).expect("events")
    }

    #[test]
    fn medians_are_compared_of_some_events_and_p99_of_many() {
        let values = event_values(&record());
        let key = (EVENT.to_owned(), "Ordering.OrderCreated".to_owned());
        let kind = &values.kinds[&key];
        let of = |stretch, percentile| {
            let quantity = ComparedQuantity::EventLatency(stretch, percentile);
            kind.get(&quantity).map(|value| value.value)
        };
        // A hundred events, of which ten wait for their last group.
        assert!(of(EventStretch::Published, Percentile::P50).is_some());
        assert_eq!(of(EventStretch::Published, Percentile::P99), None);
        assert!(of(EventStretch::Done, Percentile::P50).is_some());
        assert_eq!(values.all.len(), kind.len(), "there is one kind");
        assert_eq!(
            values.notes,
            Vec::<String>::new(),
            "of 100 no p99 is compared"
        );
    }

    #[test]
    fn a_lower_bound_is_left_out_and_told() {
        let mut record = record();
        let all = record.all.done.as_mut().expect("some");
        all.over = 290;
        let values = event_values(&record);
        let quantity = ComparedQuantity::EventLatency(EventStretch::Done, Percentile::P99);
        assert!(!values.all.contains_key(&quantity));
        assert_eq!(
            values.notes,
            [
                "10 events were not done in the end: percentiles that they may raise are not compared"
            ]
        );
    }

    #[test]
    fn times_by_where_groups_stand_are_as_coarse_as_the_looks_at_them() {
        let mut record = record();
        let of = |record: &EventLatencyRecord| {
            let quantity = ComparedQuantity::EventLatency(EventStretch::Done, Percentile::P50);
            event_values(record).all[&quantity].half_step
        };
        assert!(of(&record) < 1_000.0);
        let mut groups = record.sources[0].clone();
        groups.name = POSITIONS.to_owned();
        groups.resolution_ms = 1_010.0;
        record.sources.push(groups.clone());
        assert!((of(&record) - 505_000.0).abs() < 1.0);
        record.sources.push(crate::record::EventSourceRecord {
            name: WORDS.to_owned(),
            resolution_ms: 0.001,
            ..groups
        });
        assert!(of(&record) < 1_000.0, "they tell it themselves");
    }
}
