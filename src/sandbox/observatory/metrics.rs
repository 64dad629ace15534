//! `GET /metrics`: Prometheus' text format.
//!
//! Today's lines, labels and order are as measured, with HELP and TYPE of `protean_outbox_pending`
//! above samples of another name. The newer ones have that gauge a domain, and stream figures a
//! domain.

use super::streams::STREAMS;
use super::{BROKER_CLIENTS, BROKER_MEMORY_BYTES, Names, View, by_status};
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

impl View {
    /// The metrics `at_ns` after the pipeline's start.
    pub(super) fn metrics(&self, at_ns: u64) -> String {
        let mut text = String::with_capacity(4 << 10);
        let out = &mut text;
        match self.names {
            Names::Today => {
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
            Names::Today => {
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
        text
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
