//! One backlog a domain, of the best figures that there are: outbox rows that wait, and what
//! consumers lag behind.

use super::source::ObservedFigure;
use crate::plan::ObservedMetric;
use crate::stats::Amount;
use std::sync::Arc;

/// A figure older than this, in seconds, says nothing of now.
const FRESH_S: f64 = 20.0;

/// Parts that were read so far apart, in seconds, are no backlog together: what left the one in
/// between is in the other. A slow source makes fewer backlogs, not wrong ones.
const MOST_APART_S: f64 = 1.5;

/// The latest of a figure.
#[derive(Clone, Debug)]
pub(super) struct LatestFigure {
    pub source: Arc<str>,
    pub figure: ObservedFigure,
    /// When its reading began, in seconds since the start of the run.
    pub at_s: f64,
    /// When its reading ended.
    pub until_s: f64,
}

/// What a domain has accepted and not yet processed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Backlog {
    /// At least so much when a part is cut off, or was not seen.
    pub amount: Amount,
    /// Whether the source of a part stopped counting.
    pub is_cut: bool,
    /// The sources, like `outbox:identity + redis`.
    pub source: String,
    /// The part that no source shows: `outbox`, `streams` or nothing.
    pub not_seen: &'static str,
    /// When its newest part was read.
    pub at_s: f64,
}

/// A part of a backlog, from one source.
struct BacklogPart<'a> {
    source: &'a str,
    amount: Amount,
    at_s: f64,
    until_s: f64,
}

/// The backlog of `domain` at `now_s`, of the latest figures; `None` when no source shows any of it,
/// or its parts are not of one moment.
/// Where several sources show the same part, exact figures win, then those of the earlier source.
pub(super) fn backlog_of(domain: &str, latest: &[LatestFigure], now_s: f64) -> Option<Backlog> {
    let known: Vec<&LatestFigure> = latest
        .iter()
        .filter(|known| &*known.figure.domain == domain && known.figure.detail.is_empty())
        .filter(|known| now_s - known.at_s <= FRESH_S)
        .collect();
    let outbox = part(
        &known,
        &[
            ObservedMetric::OutboxPending,
            ObservedMetric::OutboxProcessing,
        ],
    );
    let streams = part(
        &known,
        &[ObservedMetric::StreamLag, ObservedMetric::StreamPending],
    );
    let not_seen = match (&outbox, &streams) {
        (None, None) => return None,
        (None, Some(_)) => "outbox",
        (Some(_), None) => "streams",
        (Some(_), Some(_)) => "",
    };
    let parts: Vec<BacklogPart<'_>> = outbox.into_iter().chain(streams).collect();
    let began_s = parts.iter().map(|part| part.at_s).fold(f64::MIN, f64::max);
    let ended_s = parts.iter().map(|part| part.until_s);
    if began_s - ended_s.fold(f64::MAX, f64::min) > MOST_APART_S {
        return None;
    }
    let mut sources: Vec<&str> = parts.iter().map(|part| part.source).collect();
    sources.dedup();
    let sum = parts
        .iter()
        .fold(Amount::default(), |sum, part| sum.plus(part.amount));
    Some(Backlog {
        amount: Amount {
            value: sum.value,
            at_least: sum.at_least || !not_seen.is_empty(),
        },
        is_cut: sum.at_least,
        source: sources.join(" + "),
        not_seen,
        at_s: began_s,
    })
}

/// What one source says of the metrics together: those of them that it has.
fn part<'a>(known: &[&'a LatestFigure], metrics: &[ObservedMetric]) -> Option<BacklogPart<'a>> {
    let mut parts: Vec<BacklogPart<'a>> = Vec::new();
    let told = known
        .iter()
        .filter(|known| metrics.contains(&known.figure.metric));
    for known in told {
        let same = parts.iter_mut().find(|part| part.source == &*known.source);
        match same {
            Some(part) => part.amount = part.amount.plus(known.figure.amount),
            None => parts.push(BacklogPart {
                source: &known.source,
                amount: known.figure.amount,
                at_s: known.at_s,
                until_s: known.until_s,
            }),
        }
    }
    // Stable: among equals the earlier source stays first.
    parts.sort_by_key(|part| part.amount.at_least);
    parts.into_iter().next()
}

#[cfg(test)]
mod tests {
    use super::super::aliases::AliasReader;
    use super::super::prometheus::parse_prometheus;
    use super::*;
    use ObservedMetric::{
        OutboxPending, OutboxProcessing, OutboxPublished, StreamLag, StreamPending,
    };

    fn latest(source: &str, metric: ObservedMetric, value: f64, at_least: bool) -> LatestFigure {
        LatestFigure {
            source: source.into(),
            figure: ObservedFigure::of(metric, "identity", Amount { value, at_least }),
            at_s: 10.0,
            until_s: 10.1,
        }
    }

    #[test]
    fn rows_that_wait_and_lag_add_up() {
        let figures = [
            latest("outbox:identity", OutboxPending, 700.0, false),
            latest("outbox:identity", OutboxProcessing, 3.0, false),
            latest("outbox:identity", OutboxPublished, 9_999.0, false),
            latest("redis", StreamLag, 40.0, false),
            latest("redis", StreamPending, 5.0, false),
            latest("observatory", OutboxPending, 100.0, true),
        ];
        let backlog = backlog_of("identity", &figures, 10.5).unwrap();
        assert_eq!(backlog.amount, Amount::exact(748.0));
        assert_eq!(backlog.source, "outbox:identity + redis");
        assert_eq!((backlog.not_seen, backlog.is_cut), ("", false));
        assert_eq!(backlog_of("ordering", &figures, 10.5), None);
    }

    #[test]
    fn an_observatory_that_tells_the_outbox_three_times_counts_it_once() {
        let text = "protean_outbox_messages{domain=\"ordering\",status=\"pending\"} 26\n\
            protean_subscription_lag{domain=\"ordering\",handler=\"OutboxProcessor\",stream=\"default → default\",type=\"outbox\"} 26\n\
            protean_subscription_pending{domain=\"ordering\",handler=\"OutboxProcessor\",stream=\"default → default\",type=\"outbox\"} 26\n\
            protean_subscription_lag{domain=\"ordering\",handler=\"OrderDetailProjector\",stream=\"ordering::order\",type=\"stream\"} 15\n\
            protean_subscription_pending{domain=\"ordering\",handler=\"IdentityOrderEventHandler\",stream=\"identity::customer\",type=\"stream\"} 6\n\
            protean_subscription_lag{domain=\"ordering\",handler=\"OrderDeliveredSubscriber\",stream=\"ordering::order\",type=\"broker\"} 2\n";
        let samples = parse_prometheus(text).unwrap();
        let readout = AliasReader::default().figures(&samples);
        let known = |figure: &ObservedFigure| LatestFigure {
            source: "observatory".into(),
            figure: figure.clone(),
            at_s: 10.0,
            until_s: 12.0,
        };
        let figures: Vec<LatestFigure> = readout.figures.iter().map(known).collect();
        let backlog = backlog_of("ordering", &figures, 10.0).unwrap();
        assert_eq!(backlog.amount, Amount::exact(26.0 + 23.0));
        assert_eq!(backlog_of("identity", &figures, 10.0), None);
    }

    #[test]
    fn a_part_that_is_not_seen_makes_it_a_lower_bound() {
        let pending = [latest("observatory", OutboxPending, 12.0, false)];
        let backlog = backlog_of("identity", &pending, 10.0).unwrap();
        assert_eq!(backlog.amount.to_string(), "≥ 12");
        assert_eq!((backlog.not_seen, backlog.is_cut), ("streams", false));
        let lag = [latest("redis", StreamLag, 4.0, false)];
        let backlog = backlog_of("identity", &lag, 10.0).unwrap();
        assert_eq!((backlog.amount.value, backlog.not_seen), (4.0, "outbox"));
    }

    #[test]
    fn one_source_for_both_parts_is_named_once() {
        let newer = [
            latest("observatory", OutboxPending, 12.0, false),
            latest("observatory", StreamPending, 1.0, false),
        ];
        let backlog = backlog_of("identity", &newer, 10.0).unwrap();
        assert_eq!(backlog.source, "observatory");
        assert_eq!(backlog.amount, Amount::exact(13.0));
    }

    #[test]
    fn parts_of_different_moments_make_no_backlog() {
        let mut figures = [
            latest("observatory", OutboxPending, 363.0, false),
            latest("redis", StreamLag, 20.0, false),
        ];
        // A slow reading overlaps with the quick one.
        (figures[0].at_s, figures[0].until_s) = (10.0, 13.0);
        (figures[1].at_s, figures[1].until_s) = (14.0, 14.1);
        let backlog = backlog_of("identity", &figures, 14.5).unwrap();
        assert_eq!((backlog.amount.value, backlog.at_s), (383.0, 14.0));
        (figures[1].at_s, figures[1].until_s) = (16.0, 16.1);
        assert_eq!(backlog_of("identity", &figures, 16.5), None);
    }

    #[test]
    fn a_source_that_fell_silent_is_left_out() {
        let mut figures = vec![
            latest("outbox:identity", OutboxPending, 700.0, false),
            latest("observatory", OutboxPending, 100.0, true),
        ];
        (figures[1].at_s, figures[1].until_s) = (60.0, 60.1);
        let backlog = backlog_of("identity", &figures, 61.0).unwrap();
        assert_eq!(
            (backlog.source.as_str(), backlog.is_cut),
            ("observatory", true)
        );
        assert_eq!(backlog_of("identity", &figures, 100.0), None);
    }
}
