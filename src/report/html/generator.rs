//! What the generator itself did.

use super::words::{duration_text, grouped, percent_text};
use crate::record::Recorded;
use crate::report::connections_text::{addresses_text, ended_text, handshakes_text};
use crate::report::http2_text::http2_text;
use crate::report::shards_text::{SHARD_TITLES, shard_rows, shards_sentence};
use crate::report::tls_text::tls_text;

/// The section about the generator.
pub struct GeneratorView {
    pub reasons: Vec<String>,
    pub facts: Vec<(&'static str, String)>,
    pub cores: Vec<CoreRow>,
    pub shard_titles: [&'static str; 8],
    pub shards: Vec<[String; 8]>,
}

/// A worker's core in steady state.
pub struct CoreRow {
    pub cpu: String,
    pub busy: String,
    pub waiting: String,
    pub seconds: u64,
    pub restless: u64,
}

impl GeneratorView {
    pub fn of(recorded: &Recorded) -> Self {
        let run = &recorded.run;
        let generator = &run.generator;
        let connections = &run.connections;
        let lag = &run.totals.lag_us;
        let own = &generator.own_share;
        let mut facts = vec![
            ("Generator", generator.state_text()),
            (
                "At most its own",
                format!(
                    "{} of p50, {} of p95, {} of p99 of the response time",
                    percent_text(own.p50),
                    percent_text(own.p95),
                    percent_text(own.p99)
                ),
            ),
            (
                "Notices a reply after",
                format!(
                    "p50 {}, p99 {}, max {}",
                    duration_text(generator.attention_us.p50),
                    duration_text(generator.attention_us.p99),
                    duration_text(generator.attention_us.max)
                ),
            ),
            (
                "Waited for its CPU",
                format!("{:.2} s of all workers", generator.run_queue_s),
            ),
            (
                "CPU a request",
                format!(
                    "{:.2} µs, {:.2} µs of them in user space",
                    generator.cpu_us_per_request, generator.cpu_user_us_per_request
                ),
            ),
            (
                "Send lag",
                format!(
                    "p50 {}, p99 {}, max {}",
                    duration_text(lag.p50),
                    duration_text(lag.p99),
                    duration_text(lag.max)
                ),
            ),
            (
                "Tardiness of free users",
                format!(
                    "p50 {}, p99 {}",
                    duration_text(generator.tardiness_us.p50),
                    duration_text(generator.tardiness_us.p99)
                ),
            ),
            (
                "Connections",
                format!(
                    "{} opened, {} replaced, {} failed{}; connect p50 {}, max {}{}",
                    grouped(connections.opened),
                    grouped(connections.reconnects),
                    grouped(connections.failed),
                    ended_text(connections),
                    duration_text(connections.connect_us.p50),
                    duration_text(connections.connect_us.max),
                    handshakes_text(connections)
                ),
            ),
            (
                "Ring entries a request",
                format!("{:.2}", generator.ring_entries_per_request),
            ),
            (
                "Allocations in steady state",
                grouped(generator.allocations_steady),
            ),
        ];
        if let Some(addresses) = addresses_text(run) {
            facts.push(("Addresses", addresses));
        }
        if let Some(http2) = http2_text(run) {
            facts.push(("HTTP/2", http2));
        }
        if let Some(tls) = tls_text(run) {
            facts.push(("TLS", tls));
        }
        if let Some(law) = &generator.littles_law {
            let text = format!(
                "{:.1} users active, {:.1} accounted for (ratio {:.2})",
                law.users, law.expected_users, law.ratio
            );
            facts.push(("Little's law", text));
        }
        if let Some(sentence) = shards_sentence(run) {
            facts.push(("Shards", sentence));
        }
        Self {
            shard_titles: SHARD_TITLES,
            shards: shard_rows(run),
            reasons: generator.reasons.clone(),
            facts,
            cores: generator
                .cores
                .iter()
                .map(|core| CoreRow {
                    cpu: core.name(),
                    busy: percent_text(core.cpu_share),
                    waiting: percent_text(core.run_queue_share),
                    seconds: core.seconds,
                    restless: core.restless,
                })
                .collect(),
        }
    }
}
