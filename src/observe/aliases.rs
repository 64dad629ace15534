//! What the Observatory's metrics mean: one table for every generation of their names.
//!
//! That of `five` (Protean 0fbb7582) counts outbox rows as `protean_outbox_messages`, stops at 100,
//! and has stream figures without labels that are always 0. That of `today` (ca9c7fdc) counts
//! exactly and has `protean_subscription_…` for each consumer, under the domain of the consumer;
//! those of the type `outbox` tell the outbox once more. With OpenTelemetry rows of *every* status
//! are called `protean_outbox_pending`. Documentation writes the status in capitals.

use super::prometheus::{METRICS_PATH, PrometheusSample};
use super::source::{ObservedFigure, Readout, is_possible};
use crate::plan::ObservedMetric;
use crate::stats::Amount;

/// What a metric's name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Meaning {
    /// Outbox rows with the status of the label; waiting ones without it.
    OutboxRows,
    /// A figure of streams.
    Streams(ObservedMetric),
    /// A figure of the broker.
    Broker(ObservedMetric),
    /// How many streams the Observatory knows of.
    StreamsKnown,
}

/// Name and meaning. Where several tell the same figure of a domain, the last one does.
const ALIASES: &[(&str, Meaning)] = &[
    ("protean_outbox_pending", Meaning::OutboxRows),
    ("protean_outbox_messages", Meaning::OutboxRows),
    (
        "protean_stream_messages",
        Meaning::Streams(ObservedMetric::StreamMessages),
    ),
    (
        "protean_stream_messages_total",
        Meaning::Streams(ObservedMetric::StreamMessages),
    ),
    (
        "protean_stream_pending",
        Meaning::Streams(ObservedMetric::StreamPending),
    ),
    (
        "protean_subscription_lag",
        Meaning::Streams(ObservedMetric::StreamLag),
    ),
    (
        "protean_subscription_pending",
        Meaning::Streams(ObservedMetric::StreamPending),
    ),
    (
        "protean_subscription_dlq_depth",
        Meaning::Streams(ObservedMetric::DeadLetters),
    ),
    (
        "protean_broker_up",
        Meaning::Broker(ObservedMetric::BrokerUp),
    ),
    (
        "protean_broker_memory_bytes",
        Meaning::Broker(ObservedMetric::BrokerMemoryBytes),
    ),
    (
        "protean_broker_connected_clients",
        Meaning::Broker(ObservedMetric::BrokerClients),
    ),
    (
        "protean_broker_ops_per_sec",
        Meaning::Broker(ObservedMetric::BrokerOpsPerS),
    ),
    ("protean_streams_count", Meaning::StreamsKnown),
];

/// The counts of `five` are lengths of a query whose pages hold so many rows.
pub(super) const PAGE: f64 = 100.0;

const NO_STREAMS: &str = "the Observatory shows nothing of the streams: it counts those of its own process only, and has none; name Redis with --redis to see what consumers lag behind";
const STOPS: &str = "the Observatory stops counting at 100: what it shows as 100 is at least that; name the databases with --outbox for exact counts";

/// The type of a subscription that is no consumer of a stream but what publishes the outbox: its
/// lag and what it has pending are the rows that wait there, which are counted already, and its dead
/// letters those that failed.
const OUTBOX_AGAIN: &str = "outbox";

/// Reads figures off samples; knows from one reading to the next whether counts go past a page.
#[derive(Debug, Default)]
pub(super) struct AliasReader {
    counts_on: bool,
}

impl AliasReader {
    /// The figures of a reply of `/metrics`.
    pub fn figures(&mut self, samples: &[PrometheusSample]) -> Readout {
        let mut found = Vec::new();
        let mut refused = Readout::default();
        let mut streams_known = false;
        for (rank, (name, meaning)) in ALIASES.iter().enumerate() {
            let mut of_alias = Readout::default();
            // A value that is no number tells nothing.
            let told = samples
                .iter()
                .filter(|sample| sample.name == *name && !sample.value.is_nan());
            for sample in told {
                match meaning {
                    _ if !is_possible(sample.value) => refused.refuse(
                        &format!("{name} in line {} of {METRICS_PATH}", sample.line),
                        sample.value,
                    ),
                    Meaning::StreamsKnown => streams_known |= sample.value > 0.0,
                    _ => figure(*meaning, sample)
                        .into_iter()
                        .for_each(|figure| of_alias.add(figure)),
                }
            }
            found.extend(of_alias.figures.into_iter().map(|figure| (rank, figure)));
        }
        let newest: Vec<ObservedFigure> = found
            .iter()
            .filter(|(rank, figure)| {
                let same = |other: &ObservedFigure| {
                    other.metric == figure.metric && other.domain == figure.domain
                };
                !found
                    .iter()
                    .any(|(other, newer)| other > rank && same(newer))
            })
            .map(|(_, figure)| figure.clone())
            .collect();
        let mut readout = self.judged(newest, streams_known);
        readout.caveats.extend(refused.caveats);
        readout
    }

    /// Outbox counts by domain and status, as `/api/outbox` has them.
    pub fn outbox_counts<'a>(
        &mut self,
        counts: impl IntoIterator<Item = (&'a str, &'a str, f64)>,
    ) -> Readout {
        let mut readout = Readout::default();
        for (domain, status, count) in counts {
            if let Some(metric) = metric_of_status(status) {
                let domain = domain.to_ascii_lowercase();
                readout.add(ObservedFigure::of(metric, &domain, Amount::exact(count)));
            }
        }
        let mut judged = self.judged(readout.figures, true);
        judged.caveats.extend(readout.caveats);
        judged
    }

    /// Marks counts that may be cut off, and leaves stream figures out that tell nothing.
    fn judged(&mut self, figures: Vec<ObservedFigure>, streams_known: bool) -> Readout {
        self.counts_on |= figures
            .iter()
            .any(|figure| is_outbox(figure.metric) && figure.amount.value > PAGE);
        let mut readout = Readout::default();
        let mut cut = false;
        for mut figure in figures {
            if is_outbox(figure.metric) && figure.amount.value == PAGE && !self.counts_on {
                figure.amount.at_least = true;
                cut = true;
            }
            if is_stream(figure.metric) && figure.domain.is_empty() && !streams_known {
                continue;
            }
            readout.figures.push(figure);
        }
        if cut {
            readout.caveats.push(STOPS.to_owned());
        }
        if !readout
            .figures
            .iter()
            .any(|figure| is_stream(figure.metric))
            && !streams_known
        {
            readout.caveats.push(NO_STREAMS.to_owned());
        }
        readout
    }
}

fn figure(meaning: Meaning, sample: &PrometheusSample) -> Option<ObservedFigure> {
    let amount = Amount::exact(sample.value);
    match meaning {
        Meaning::OutboxRows => {
            let status = sample.label("status").unwrap_or("pending");
            let domain = sample.label("domain")?.to_ascii_lowercase();
            Some(ObservedFigure::of(
                metric_of_status(status)?,
                &domain,
                amount,
            ))
        }
        Meaning::Streams(_) if sample.label("type") == Some(OUTBOX_AGAIN) => None,
        Meaning::Streams(metric) => {
            Some(ObservedFigure::of(metric, &stream_domain(sample), amount))
        }
        Meaning::Broker(metric) => Some(ObservedFigure::of(metric, "", amount)),
        Meaning::StreamsKnown => None,
    }
}

/// The domain of a stream's figure; empty when it is not told.
fn stream_domain(sample: &PrometheusSample) -> String {
    let of_stream = || sample.label("stream")?.split_once("::");
    let domain = sample
        .label("domain")
        .or_else(|| of_stream().map(|(domain, _)| domain));
    domain.unwrap_or_default().to_ascii_lowercase()
}

/// The metric of an outbox status, in whatever case it is written.
pub(super) fn metric_of_status(status: &str) -> Option<ObservedMetric> {
    match status.to_ascii_lowercase().as_str() {
        "pending" => Some(ObservedMetric::OutboxPending),
        "processing" => Some(ObservedMetric::OutboxProcessing),
        "published" => Some(ObservedMetric::OutboxPublished),
        "failed" => Some(ObservedMetric::OutboxFailed),
        "abandoned" => Some(ObservedMetric::OutboxAbandoned),
        _ => None,
    }
}

/// The metrics of the outbox's statuses.
pub(super) const OUTBOX_STATUSES: [ObservedMetric; 5] = [
    ObservedMetric::OutboxPending,
    ObservedMetric::OutboxProcessing,
    ObservedMetric::OutboxPublished,
    ObservedMetric::OutboxFailed,
    ObservedMetric::OutboxAbandoned,
];

pub(super) fn is_outbox(metric: ObservedMetric) -> bool {
    OUTBOX_STATUSES.contains(&metric)
}

fn is_stream(metric: ObservedMetric) -> bool {
    matches!(
        metric,
        ObservedMetric::StreamMessages
            | ObservedMetric::StreamLag
            | ObservedMetric::StreamPending
            | ObservedMetric::DeadLetters
    )
}

#[cfg(test)]
mod tests {
    use super::super::prometheus::parse_prometheus;
    use super::*;
    use ObservedMetric::{
        BrokerUp, DeadLetters, OutboxPending, OutboxPublished, StreamLag, StreamMessages,
        StreamPending,
    };

    fn read(text: &str) -> Readout {
        AliasReader::default().figures(&parse_prometheus(text).unwrap())
    }

    #[test]
    fn todays_names_tell_outboxes_and_broker_but_nothing_of_streams() {
        let readout = read(include_str!("../../tests/data/observatory/metrics.txt"));
        assert_eq!(
            readout.amount(OutboxPublished, "catalogue"),
            Some(Amount::exact(81.0))
        );
        assert_eq!(
            readout.amount(OutboxPending, "payments"),
            Some(Amount::exact(0.0))
        );
        assert_eq!(readout.amount(BrokerUp, ""), Some(Amount::exact(1.0)));
        for metric in [StreamMessages, StreamPending, StreamLag] {
            assert_eq!(readout.amount(metric, ""), None, "absent is not zero");
        }
        assert_eq!(readout.caveats, [NO_STREAMS]);
        assert_eq!(readout.figures.len(), 29);
    }

    #[test]
    fn the_newer_names_tell_streams_by_domain() {
        let readout = read(include_str!(
            "../../tests/golden/observatory/metrics-newer.txt"
        ));
        assert!(readout.amount(OutboxPending, "identity").is_some());
        assert!(readout.amount(StreamPending, "identity").is_some());
        assert!(readout.amount(StreamMessages, "ordering").is_some());
        assert!(!readout.caveats.contains(&NO_STREAMS.to_owned()));
    }

    #[test]
    fn what_repeats_the_outbox_is_not_counted_again() {
        let readout = read(include_str!(
            "../../tests/data/observatory-today/metrics.txt"
        ));
        let waiting = |domain: &str| {
            [OutboxPending, StreamLag, StreamPending].map(|metric| {
                // The sample leaves lines out that say 0.
                let amount = readout.amount(metric, domain);
                amount.map_or(0.0, |amount| amount.value)
            })
        };
        // Of notifications 29 rows wait, which two more gauges tell as 30 each.
        assert_eq!(waiting("notifications"), [29.0, 3.0, 5.0]);
        // Two rows of catalogue that waited a moment before: in the gauges only.
        assert_eq!(waiting("catalogue"), [0.0, 0.0, 1.0]);
        // Its consumer has one of another domain's events in hand.
        assert_eq!(waiting("ordering"), [0.0, 0.0, 1.0]);
        assert_eq!(waiting("identity"), [0.0, 0.0, 0.0]);
        assert_eq!(
            readout.amount(DeadLetters, "identity"),
            Some(Amount::exact(0.0))
        );
        assert_eq!(
            readout.amount(StreamMessages, ""),
            None,
            "always 0 is not a figure"
        );
        assert_eq!(readout.caveats, Vec::<String>::new());
    }

    #[test]
    fn rows_of_every_status_under_the_name_of_waiting_ones_are_told_apart() {
        let readout = read(
            "protean_outbox_pending{domain=\"Ordering\",status=\"PENDING\"} 3\n\
             protean_outbox_pending{domain=\"Ordering\",status=\"PUBLISHED\"} 4711\n",
        );
        assert_eq!(
            readout.amount(OutboxPending, "ordering"),
            Some(Amount::exact(3.0))
        );
        assert_eq!(
            readout.amount(OutboxPublished, "ordering"),
            Some(Amount::exact(4_711.0))
        );
    }

    #[test]
    fn one_gauge_beside_the_other_is_not_counted_twice() {
        let readout = read(
            "protean_outbox_pending{domain=\"ordering\"} 3\n\
             protean_outbox_messages{domain=\"ordering\",status=\"pending\"} 3\n\
             protean_stream_pending{domain=\"ordering\"} 9\n\
             protean_subscription_pending{domain=\"ordering\",handler=\"A\",stream=\"ordering::order\"} 4\n\
             protean_subscription_pending{domain=\"ordering\",handler=\"B\",stream=\"ordering::order\"} 5\n\
             protean_subscription_lag{handler=\"A\",stream=\"ordering::order\"} 7\n\
             protean_subscription_dlq_depth{domain=\"ordering\",handler=\"A\"} 1\n",
        );
        assert_eq!(
            readout.amount(OutboxPending, "ordering"),
            Some(Amount::exact(3.0))
        );
        assert_eq!(
            readout.amount(StreamPending, "ordering"),
            Some(Amount::exact(9.0))
        );
        assert_eq!(
            readout.amount(StreamLag, "ordering"),
            Some(Amount::exact(7.0))
        );
        assert_eq!(
            readout.amount(DeadLetters, "ordering"),
            Some(Amount::exact(1.0))
        );
    }

    #[test]
    fn a_full_page_is_at_least_that_until_a_count_goes_past_it() {
        let mut reader = AliasReader::default();
        let mut pending = |count: u32| {
            let text = format!(
                "protean_outbox_messages{{domain=\"identity\",status=\"pending\"}} {count}\n"
            );
            let readout = reader.figures(&parse_prometheus(&text).unwrap());
            let cut = readout.caveats.contains(&STOPS.to_owned());
            (
                readout
                    .amount(OutboxPending, "identity")
                    .unwrap()
                    .to_string(),
                cut,
            )
        };
        assert_eq!(pending(99), ("99".to_owned(), false));
        assert_eq!(pending(100), ("≥ 100".to_owned(), true));
        assert_eq!(pending(101), ("101".to_owned(), false));
        assert_eq!(pending(100), ("100".to_owned(), false));
    }

    #[test]
    fn no_number_is_no_figure() {
        let readout = read("protean_outbox_messages{domain=\"identity\",status=\"pending\"} NaN\n");
        assert_eq!(readout.figures, []);
    }
}
