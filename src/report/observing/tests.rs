//! Rates, slopes and the summary of a made-up observation, worked out by hand.

use super::*;
use crate::observe::{Figure, FigureHistory};
use crate::report::SummaryStyle;
use crate::report::back_end_section::{back_end_section, back_end_troubles};
use crate::report::golden::assert_golden;
use crate::report::made_up;

/// One of the load's 3 seconds and of the 2 after it, a point each half second.
fn points(
    backlog_at: impl Fn(f64) -> Amount,
    source: &str,
    not_seen: &'static str,
) -> Vec<BacklogPoint> {
    let moments = (0..=10).map(|half| f64::from(half) / 2.0);
    moments
        .map(|at_s| BacklogPoint {
            at_s,
            amount: backlog_at(at_s),
            is_cut: backlog_at(at_s).value == 100.0,
            source: source.into(),
            not_seen,
        })
        .collect()
}

/// Rows come at 50 a second for 3 s, and go at 20 a second: a backlog that grows by 30 a second, and
/// is gone 4.5 s after the load.
fn identity() -> DomainHistory {
    let rows = |at_s: f64| 700.0 + 50.0 * at_s.min(3.0);
    let published = |at_s: f64| 700.0 + 20.0 * at_s;
    let moments = (0..=5).map(f64::from);
    DomainHistory {
        domain: "identity".into(),
        backlog: points(
            |at_s| Amount::exact(rows(at_s) - published(at_s)),
            "outbox:identity + redis",
            "",
        ),
        rows: moments.clone().map(|at_s| (at_s, rows(at_s))).collect(),
        published: moments.map(|at_s| (at_s, published(at_s))).collect(),
        rows_source: Some("outbox:identity".into()),
        rows_cut: false,
    }
}

/// Known from the Observatory alone, which stops counting on the way.
fn ordering() -> DomainHistory {
    let shown = |at_s: f64| Amount {
        value: (80.0 * at_s).min(100.0),
        at_least: true,
    };
    DomainHistory {
        domain: "ordering".into(),
        backlog: points(shown, "observatory", "streams"),
        rows: vec![(0.0, 0.0), (1.0, 80.0)],
        published: vec![(0.0, 0.0), (1.0, 0.0)],
        rows_source: Some("observatory".into()),
        rows_cut: true,
    }
}

fn figure(source: &str, metric: ObservedMetric, first: f64, last: f64) -> FigureHistory {
    FigureHistory {
        source: source.into(),
        first: Figure::of(metric, "identity", Amount::exact(first)),
        last: Amount::exact(last),
        largest: Amount::exact(first.max(last)),
    }
}

fn observation() -> Observation {
    let source = |name: &str, address: &str, readings, failed_readings| SourceHistory {
        name: name.into(),
        address: address.to_owned(),
        readings,
        failed_readings,
        total_ns: 12_600_000,
        slowest_ns: 4_000_000,
        problems: Vec::new(),
        caveats: Vec::new(),
    };
    let mut observatory = source("observatory", "http://localhost:9000", 5, 1);
    observatory.problems.push(Troubled {
        text: "http://localhost:9000/metrics answers 503".to_owned(),
        count: 1,
        first_s: 2.0,
        last_s: 2.0,
    });
    observatory
        .caveats
        .push("the Observatory stops counting at 100".to_owned());
    Observation {
        sources: vec![
            source(
                "outbox:identity",
                "postgres://shop@db:5432/identity_local",
                6,
                0,
            ),
            source("redis", "redis://db:6379/0", 6, 0),
            observatory,
        ],
        figures: vec![
            figure(
                "outbox:identity",
                ObservedMetric::OutboxOldestPendingS,
                0.5,
                2.5,
            ),
            figure("redis", ObservedMetric::DeadLetters, 2.0, 5.0),
        ],
        domains: vec![identity(), ordering()],
        lines: vec!["protean_broker_up 1".to_owned()],
        accounts: Vec::new(),
        load_end_s: 3.0,
        end_s: 5.0,
        cpu_s: 0.0125,
        sink_failure: None,
    }
}

fn backlog(observation: &Observation, domain: &str) -> BacklogRecord {
    let record = observed_record(observation, &made_up::record());
    let mut backlogs = record.backlogs.into_iter();
    backlogs.find(|backlog| backlog.domain == domain).unwrap()
}

#[test]
fn rates_are_those_of_the_counts() {
    let identity = backlog(&observation(), "identity");
    assert_eq!(identity.before, Some(Amount::exact(0.0)));
    assert_eq!(identity.at_load_end, Some(Amount::exact(90.0)));
    assert_eq!(identity.peak, Amount::exact(90.0));
    assert_eq!(identity.last, Amount::exact(50.0));
    assert_eq!(identity.intake_per_s, Some(50.0));
    assert_eq!(identity.intake_source, "outbox:identity");
    assert_eq!(identity.drain_per_s, Some(20.0));
    assert_eq!(identity.drained_after_s, None);
    assert_eq!(identity.drain_estimate_s, Some(4.5));
    assert_eq!(identity.oldest_pending_s, Some(2.5));
    // Of the steady state, 1 to 3 s; what drains after it does not bend it.
    let slope = identity.slope_per_s.unwrap();
    assert_eq!((slope.slope, slope.points), (30.0, 5));
}

#[test]
fn what_stopped_counting_has_no_rate_and_no_slope() {
    let mut record = made_up::record();
    record.domains[0].domain = "Ordering".to_owned();
    record.domains[0].outbox_events_per_s = 80.0;
    let record = observed_record(&observation(), &record);
    let ordering = &record.backlogs[1];
    assert_eq!(ordering.last.to_string(), "≥ 100");
    assert_eq!(ordering.not_seen, "streams");
    assert_eq!(ordering.slope_per_s, None);
    assert_eq!(ordering.drain_per_s, None);
    assert_eq!(ordering.drain_estimate_s, None);
    assert_eq!(
        (ordering.intake_per_s, ordering.intake_source.as_str()),
        (Some(80.0), ACCEPTED)
    );
}

#[test]
fn without_counted_rows_the_growth_tells_the_drain() {
    let mut observation = observation();
    observation.domains[0].rows.clear();
    let mut record = made_up::record();
    record.domains[0].outbox_events_per_s = 50.0;
    let record = observed_record(&observation, &record);
    assert_eq!(record.backlogs[0].intake_source, ACCEPTED);
    assert_eq!(record.backlogs[0].drain_per_s, Some(20.0));
}

#[test]
fn deleted_rows_make_no_negative_rate() {
    let mut observation = observation();
    observation.domains[0].published = vec![(0.0, 700.0), (3.0, 10.0)];
    assert_eq!(backlog(&observation, "identity").intake_source, ACCEPTED);
}

#[test]
fn a_backlog_that_is_gone_says_since_when() {
    let mut observation = observation();
    observation.domains[0].backlog.push(BacklogPoint {
        at_s: 7.5,
        amount: Amount::exact(0.0),
        is_cut: false,
        source: "outbox:identity + redis".into(),
        not_seen: "",
    });
    assert_eq!(backlog(&observation, "identity").drained_after_s, Some(4.5));
}

#[test]
fn the_summary_tells_all_of_it() {
    let mut record = made_up::record();
    let style = SummaryStyle {
        width: None,
        colour: false,
    };
    assert_eq!(back_end_section(&record, style), "");
    record.observed = Some(observed_record(&observation(), &record));
    let text = back_end_section(&record, style) + "\n";
    assert_golden("summary-back-end.txt", text.as_bytes());
    assert_eq!(
        back_end_troubles(&record),
        "observatory was not read 1 time (at 2 s): http://localhost:9000/metrics answers 503"
    );
}
