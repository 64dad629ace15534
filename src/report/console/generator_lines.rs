//! The summary's lines about what the load cost the generator.

use crate::pieces::{SummaryStyle, counted, duration_text, grouped, in_lines, percent_text};
use crate::plan::shown;
use crate::record::{Generator, RunRecord};
use crate::report::connections_text::{addresses_text, ended_text, handshakes_text};
use crate::report::http2_text::http2_text;
use crate::report::tls_text::tls_text;

/// Columns before the further lines of a sentence.
const HANG: usize = 2;

/// Its state and costs, its connections, and whether its figures add up.
pub fn generator_lines(record: &RunRecord, style: SummaryStyle) -> String {
    let generator = &record.generator;
    let lag = &record.totals.lag_us;
    let mut lines = vec![format!(
        "Generator: {}; CPU {}; {:.2} µs CPU a request ({:.2} µs in user space); send lag p50 {} p99 {}; waited for its CPU {:.2} s",
        generator.state_text(),
        core_shares(generator),
        generator.cpu_us_per_request,
        generator.cpu_user_us_per_request,
        duration_text(lag.p50),
        duration_text(lag.p99),
        generator.run_queue_s,
    )];
    let connections = &record.connections;
    lines.push(format!(
        "Connections: {} opened, {} replaced, {} failed{}; connect p50 {} max {}{}",
        grouped(connections.opened),
        grouped(connections.reconnects),
        grouped(connections.failed),
        ended_text(connections),
        duration_text(connections.connect_us.p50),
        duration_text(connections.connect_us.max),
        handshakes_text(connections),
    ));
    if let Some(addresses) = addresses_text(record) {
        lines.push(format!("Addresses: {addresses}"));
    }
    if let Some(http2) = http2_text(record) {
        lines.push(format!("HTTP/2: {http2}"));
    }
    if let Some(tls) = tls_text(record) {
        lines.push(format!("TLS: {}", shown(&tls)));
    }
    if let Some(law) = &generator.littles_law {
        lines.push(format!(
            "Little's law: {:.1} users active, {:.1} accounted for (ratio {:.2})",
            law.users, law.expected_users, law.ratio
        ));
    }
    if record.shed > 0 {
        lines.push(format!(
            "Shed: {} found no free user in time",
            counted(record.shed, "arrival")
        ));
    }
    let lines = lines
        .iter()
        .map(|line| in_lines(line, 0, HANG, style.width));
    lines.collect::<Vec<String>>().join("\n")
}

fn core_shares(generator: &Generator) -> String {
    let judged = generator.cores.iter().filter(|core| core.seconds > 0);
    let shares: Vec<String> = judged
        .map(|core| format!("core {} {}", core.name(), percent_text(core.cpu_share)))
        .collect();
    if shares.is_empty() {
        return format!("{:.1} s in all", generator.cpu_s);
    }
    shares.join(", ")
}
