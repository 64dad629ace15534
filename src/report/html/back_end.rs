//! What the shop's back end said of itself: backlogs by domain, and the broker.

use super::words::rate_text;
use crate::pieces::Compact;
use crate::plan::ObservedMetric;
use crate::record::{BacklogRecord, ObservedRecord, Recorded, StoredEventRecord};
use crate::report::console::back_end_section::{
    dead_letters, drained_text, growth_text, source_lines,
};
use crate::report::console::event_latency_section::{cells, event_latency_lines};
use crate::report::console::stored_events_section::stored_events_lines;
use crate::stats::Amount;
use serde::Serialize;
use std::collections::{BTreeMap, BTreeSet};

/// Moments of a chart at most; of a longer run every so manieth is shown.
const MOST_MOMENTS: usize = 3_600;

/// The section about the back end.
pub struct BackEndView {
    pub backlogs: Vec<BacklogRow>,
    pub remarks: Vec<String>,
    pub last_lines: String,
    pub events: Vec<StoredEventRecord>,
    pub event_remarks: Vec<String>,
    pub latencies: Vec<[String; 9]>,
    pub latency_remarks: Vec<String>,
}

/// The backlog of a domain.
pub struct BacklogRow {
    pub domain: String,
    pub before: String,
    pub at_load_end: String,
    pub peak: String,
    pub last: String,
    pub intake: String,
    pub drain: String,
    pub growth: String,
    pub drained: String,
    pub seen_by: String,
}

/// A chart of observed figures: lines over moments, null where nothing was read.
#[derive(Default, Serialize)]
pub struct ObservedChart {
    time_s: Vec<u64>,
    lines: Vec<ObservedLine>,
}

/// A line of it.
#[derive(Serialize)]
pub struct ObservedLine {
    label: String,
    values: Vec<Option<Compact>>,
}

/// Both charts.
#[derive(Default, Serialize)]
pub struct ObservedOverTime {
    backlog: ObservedChart,
    broker: ObservedChart,
}

impl BackEndView {
    /// `None` when nothing was observed.
    pub fn of(recorded: &Recorded) -> Option<Self> {
        let observed = recorded.run.observed.as_ref()?;
        let latency = observed.event_latency.as_ref();
        let remarks = dead_letters(observed).into_iter();
        Some(Self {
            backlogs: observed.backlogs.iter().map(backlog_row).collect(),
            remarks: remarks.chain(source_lines(observed)).collect(),
            last_lines: last_lines(observed),
            events: observed
                .events
                .iter()
                .flat_map(|stored| stored.events.clone())
                .collect(),
            event_remarks: observed
                .events
                .iter()
                .flat_map(stored_events_lines)
                .collect(),
            latencies: latency.map_or_else(Vec::new, |it| it.events.iter().map(cells).collect()),
            latency_remarks: latency.map_or_else(Vec::new, event_latency_lines),
        })
    }
}

fn last_lines(observed: &ObservedRecord) -> String {
    observed.last_lines.join("\n")
}

fn backlog_row(backlog: &BacklogRecord) -> BacklogRow {
    let rate = |rate: Option<f64>| rate.map_or_else(|| "–".to_owned(), rate_text);
    let amount =
        |amount: Option<Amount>| amount.map_or_else(|| "–".to_owned(), |it| it.to_string());
    BacklogRow {
        domain: backlog.domain.clone(),
        before: amount(backlog.before),
        at_load_end: amount(backlog.at_load_end),
        peak: backlog.peak.to_string(),
        last: backlog.last.to_string(),
        intake: rate(backlog.intake_per_s),
        drain: rate(backlog.drain_per_s),
        growth: backlog
            .slope_per_s
            .map_or_else(|| "–".to_owned(), growth_text),
        drained: drained_text(backlog),
        seen_by: match backlog.not_seen.as_str() {
            "" => backlog.source.clone(),
            part => format!("{} ({part} not seen)", backlog.source),
        },
    }
}

/// The charts: the backlog of each domain, and the broker's operations a second.
pub fn over_time(recorded: &Recorded) -> ObservedOverTime {
    ObservedOverTime {
        backlog: chart(recorded, ObservedMetric::Backlog),
        broker: chart(recorded, ObservedMetric::BrokerOpsPerS),
    }
}

impl ObservedOverTime {
    pub fn has_backlog(&self) -> bool {
        !self.backlog.time_s.is_empty()
    }

    /// Whether the broker did anything; the Observatory of `five` says 0 whatever happens.
    pub fn has_broker(&self) -> bool {
        let mut values = self.broker.lines.iter().flat_map(|line| &line.values);
        values.any(|value| value.is_some_and(|value| value.0 != 0.0))
    }
}

/// A line for each domain, or each source where there is no domain. A backlog's source tells how it
/// was made up, which may change in the middle of a line.
fn chart(recorded: &Recorded, metric: ObservedMetric) -> ObservedChart {
    let table = &recorded.observed;
    let seconds = table.numbers("second");
    let values = table.numbers("value");
    let labels = table.texts("source").zip(table.texts("domain"));
    let rows = table.texts("metric").zip(labels).enumerate();
    let mut lines: BTreeMap<&str, BTreeMap<u64, f64>> = BTreeMap::new();
    for (row, (name, (source, domain))) in rows {
        // A header may lack a column.
        let (Some(&second), Some(&value)) = (seconds.get(row), values.get(row)) else {
            continue;
        };
        if name == metric.name() {
            let label = if domain.is_empty() { source } else { domain };
            let line = lines.entry(label).or_default();
            line.insert(second as u64, value);
        }
    }
    let moments: BTreeSet<u64> = lines
        .values()
        .flat_map(|line| line.keys().copied())
        .collect();
    let step = moments.len().div_ceil(MOST_MOMENTS).max(1);
    let time_s: Vec<u64> = moments.into_iter().step_by(step).collect();
    let lines = lines.into_iter().map(|(label, line)| {
        let values = time_s
            .iter()
            .map(|second| line.get(second).copied().map(Compact));
        ObservedLine {
            label: label.to_owned(),
            values: values.collect(),
        }
    });
    ObservedChart {
        lines: lines.collect(),
        time_s,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{CsvColumns, Record, made_up};

    #[test]
    fn lines_are_domains_and_gaps_stay_gaps() {
        let csv = b"second,source,domain,metric,value,at_least\r\n\
            0,observatory,identity,backlog,5,false\r\n\
            0,observatory,ordering,backlog,1,false\r\n\
            2,outbox:identity + redis,identity,backlog,9,true\r\n\
            2,redis,,broker_ops_per_s,0,false\r\n\
            3,redis,identity,outbox_pending,7,false\r\n";
        let directory = tempfile::tempdir().expect("a directory");
        let run_json = directory.path().join("run.json");
        made_up::record().write(&run_json).expect("written");
        let recorded = Recorded {
            observed: CsvColumns::parse(csv),
            ..Recorded::read(&run_json).expect("a record")
        };
        let charts = over_time(&recorded);
        assert!(charts.has_backlog() && !charts.has_broker());
        assert_eq!(charts.backlog.time_s, [0, 2]);
        let lines = charts.backlog.lines.iter();
        let lines: Vec<_> = lines
            .map(|line| (&*line.label, line.values.clone()))
            .collect();
        let some = |number| Some(Compact(number));
        let expected = [
            ("identity", vec![some(5.0), some(9.0)]),
            ("ordering", vec![some(1.0), None]),
        ];
        assert_eq!(lines, expected);
    }
}
