//! `GET /metrics`: Prometheus' text format.
//!
//! Lines, labels and order are as measured, with HELP and TYPE of `protean_outbox_pending` above
//! samples of another name. The newer ones have that gauge a domain, and stream figures a domain.

use super::streams::STREAMS;
use super::{BROKER_CLIENTS, BROKER_MEMORY_BYTES, Names, ObservatoryView, by_status};
use crate::sandbox::pipeline::Domain;
use std::fmt::Write as _;

/// A gauge's name and what it is.
type Gauge = (&'static str, &'static str);

const OUTBOX_PENDING: Gauge = ("protean_outbox_pending", "Current pending outbox messages");
const OUTBOX_MESSAGES: Gauge = ("protean_outbox_messages", "Outbox messages by status");
const BROKER_UP: Gauge = ("protean_broker_up", "Broker health (1=up, 0=down)");
const BROKER_MEMORY: Gauge = (
    "protean_broker_memory_bytes",
    "Broker memory usage in bytes",
);
const BROKER_CONNECTED: Gauge = (
    "protean_broker_connected_clients",
    "Number of connected broker clients",
);
const BROKER_OPS: Gauge = ("protean_broker_ops_per_sec", "Broker operations per second");
const STREAM_TOTAL: Gauge = ("protean_stream_messages_total", "Total messages in streams");
const STREAM_PENDING: Gauge = ("protean_stream_pending", "Pending (in-flight) messages");
const STREAMS_COUNT: Gauge = ("protean_streams_count", "Number of active streams");
const GROUPS_COUNT: Gauge = ("protean_consumer_groups_count", "Number of consumer groups");

const SUBSCRIPTION_LAG: Gauge = ("protean_subscription_lag", "Messages behind stream head");
const SUBSCRIPTION_PENDING: Gauge = ("protean_subscription_pending", "Unacknowledged messages");
const SUBSCRIPTION_DLQ: Gauge = ("protean_subscription_dlq_depth", "Dead letter queue depth");
const SUBSCRIPTION_STATUS: Gauge = (
    "protean_subscription_status",
    "Subscription health (1=ok, 0=not ok)",
);
const CONSUMER_PENDING: Gauge = (
    "protean_consumer_pending",
    "Per-consumer unacknowledged messages",
);
const CONSUMER_IDLE: Gauge = (
    "protean_consumer_idle_ms",
    "Per-consumer idle time in milliseconds",
);

impl ObservatoryView {
    /// The metrics `at_ns` after the pipeline's start.
    pub(super) fn metrics(&self, at_ns: u64) -> String {
        let mut text = String::with_capacity(4 << 10);
        let out = &mut text;
        match self.names {
            Names::Five | Names::Today => {
                declare(out, OUTBOX_PENDING);
                self.write_outboxes(out, at_ns);
            }
            Names::Newer => {
                declare(out, OUTBOX_MESSAGES);
                self.write_outboxes(out, at_ns);
                out.push('\n');
                let backlogs = self.backlogs(at_ns);
                write_domains(out, OUTBOX_PENDING, backlogs.map(|(d, b)| (d, b.pending)));
            }
        }
        let single = |out: &mut String, gauge: Gauge, value: u64| {
            out.push('\n');
            declare(out, gauge);
            write_line(out, format_args!("{} {value}", gauge.0));
        };
        single(out, BROKER_UP, 1);
        single(out, BROKER_MEMORY, BROKER_MEMORY_BYTES.into());
        single(out, BROKER_CONNECTED, BROKER_CLIENTS.into());
        single(out, BROKER_OPS, 0);
        match self.names {
            Names::Five | Names::Today => {
                for gauge in [STREAM_TOTAL, STREAM_PENDING, STREAMS_COUNT, GROUPS_COUNT] {
                    single(out, gauge, 0);
                }
            }
            Names::Newer => {
                out.push('\n');
                let backlogs = self.backlogs(at_ns);
                write_domains(out, STREAM_TOTAL, backlogs.map(|(d, b)| (d, b.published)));
                out.push('\n');
                let backlogs = self.backlogs(at_ns);
                write_domains(out, STREAM_PENDING, backlogs.map(|(d, b)| (d, b.lag)));
                single(out, STREAMS_COUNT, STREAMS.len() as u64);
                let groups = STREAMS.iter().map(|stream| stream.projectors.len() as u64);
                single(out, GROUPS_COUNT, groups.sum());
            }
        }
        if self.names == Names::Today {
            self.write_subscriptions(out, at_ns);
            self.write_consumers(out, at_ns);
        }
        text
    }

    /// All four gauges are declared first; then they follow one another for each subscription.
    fn write_subscriptions(&self, out: &mut String, at_ns: u64) {
        let gauges = [
            SUBSCRIPTION_LAG,
            SUBSCRIPTION_PENDING,
            SUBSCRIPTION_DLQ,
            SUBSCRIPTION_STATUS,
        ];
        for gauge in gauges {
            out.push('\n');
            declare(out, gauge);
        }
        for (domain, subscriptions) in self.shown_subscriptions(at_ns) {
            for shown in subscriptions {
                let labels = format!(
                    "{{domain=\"{}\",handler=\"{}\",stream=\"{}\",type=\"{}\"}}",
                    domain.name(),
                    shown.handler_name,
                    shown.stream_category,
                    shown.subscription_type
                );
                let values = [
                    shown.lag,
                    shown.pending,
                    shown.dlq_depth,
                    shown.is_fine().into(),
                ];
                for ((name, _), value) in gauges.into_iter().zip(values) {
                    write_line(out, format_args!("{name}{labels} {value}"));
                }
            }
        }
    }

    fn write_consumers(&self, out: &mut String, at_ns: u64) {
        for gauge in [CONSUMER_PENDING, CONSUMER_IDLE] {
            out.push('\n');
            declare(out, gauge);
        }
        for (.., shown) in self.shown_consumers(at_ns) {
            let labels = format!(
                "{{consumer=\"{}\",group=\"{}\",stream=\"{}\"}}",
                shown.consumer_name, shown.group, shown.stream
            );
            let values = [
                (CONSUMER_PENDING.0, shown.pending),
                (CONSUMER_IDLE.0, shown.idle_ms),
            ];
            for (name, value) in values {
                write_line(out, format_args!("{name}{labels} {value}"));
            }
        }
    }

    fn write_outboxes(&self, out: &mut String, at_ns: u64) {
        let name = OUTBOX_MESSAGES.0;
        for (domain, backlog) in self.backlogs(at_ns) {
            let domain = domain.name();
            for (status, count) in by_status(&backlog) {
                write_line(
                    out,
                    format_args!("{name}{{domain=\"{domain}\",status=\"{status}\"}} {count}"),
                );
            }
        }
    }
}

fn declare(out: &mut String, (name, meaning): Gauge) {
    write_line(out, format_args!("# HELP {name} {meaning}"));
    write_line(out, format_args!("# TYPE {name} gauge"));
}

fn write_domains(out: &mut String, gauge: Gauge, values: impl Iterator<Item = (Domain, u64)>) {
    declare(out, gauge);
    for (domain, value) in values {
        let (name, domain) = (gauge.0, domain.name());
        write_line(out, format_args!("{name}{{domain=\"{domain}\"}} {value}"));
    }
}

fn write_line(out: &mut String, line: std::fmt::Arguments<'_>) {
    // Writing to a string cannot fail.
    let _ = writeln!(out, "{line}");
}
