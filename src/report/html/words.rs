//! Figures as the page writes them, and the rows of small tables.

use crate::record::{EventRecord, RunRecord};
use std::borrow::Borrow;

pub use crate::pieces::{counted, duration_text, grouped, percent_text, rate_text};

/// A count with its noun, for templates.
#[must_use]
pub fn grouped_of(count: impl Borrow<u64>, noun: &str) -> String {
    counted(*count.borrow(), noun)
}

/// Bytes in the unit that fits, of 1,000 each: `180 B`, `1.2 kB`, `3.4 MB`.
#[must_use]
pub fn bytes_text(bytes: f64) -> String {
    let units = ["B", "kB", "MB", "GB", "TB"];
    let mut value = bytes;
    let mut unit = 0;
    while value >= 999.5 && unit + 1 < units.len() {
        value /= 1_000.0;
        unit += 1;
    }
    let digits = if unit == 0 || value >= 99.95 { 0 } else { 1 };
    format!("{value:.digits$} {}", units[unit])
}

/// A share of a whole in percent with one decimal; `–` of nothing.
#[must_use]
pub fn share_text(part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    format!("{:.1} %", part as f64 * 100.0 / whole as f64)
}

/// Words with commas, and with `and` before the last one.
#[must_use]
pub fn listed(words: &[String]) -> String {
    match words {
        [] => String::new(),
        [only] => only.clone(),
        [first @ .., last] => format!("{} and {last}", first.join(", ")),
    }
}

/// Events of a domain.
pub struct EventRow {
    pub domain: String,
    pub events: u64,
    pub per_s: String,
    pub outbox: u64,
    /// Each event's name and count.
    pub kinds: Vec<String>,
}

/// The domains that raised events, with their events.
#[must_use]
pub fn events(run: &RunRecord) -> Vec<EventRow> {
    let raised = run.domains.iter().filter(|domain| domain.events > 0);
    raised
        .map(|domain| {
            let of_domain = |event: &&EventRecord| event.domain == domain.domain && event.count > 0;
            let kinds = run.events.iter().filter(of_domain);
            EventRow {
                domain: domain.domain.clone(),
                events: domain.events,
                per_s: rate_text(domain.events_per_s),
                outbox: domain.outbox_events,
                kinds: kinds
                    .map(|event| format!("{} {}", event.name, grouped(event.count)))
                    .collect(),
            }
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_easy_to_read() {
        assert_eq!(grouped_of(1, "request"), "1 request");
        let sizes = [0.0, 999.4, 999.6, 1_250.0, 123_456.0, 3.4e6].map(bytes_text);
        assert_eq!(
            sizes,
            ["0 B", "999 B", "1.0 kB", "1.2 kB", "123 kB", "3.4 MB"]
        );
        assert_eq!(share_text(1, 3), "33.3 %");
        assert_eq!(share_text(0, 0), "–");
        let words = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(listed(&words), "a, b and c");
    }
}
