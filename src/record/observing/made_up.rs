//! A made-up observation of a back end.

use super::*;
use crate::observe::{FigureHistory, ObservedFigure};

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
        first: ObservedFigure::of(metric, "identity", Amount::exact(first)),
        last: Amount::exact(last),
        largest: Amount::exact(first.max(last)),
    }
}

pub(crate) fn observation() -> Observation {
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
        followed: None,
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
