//! Sections of the summary about what users did and what came of it: journeys, and events raised.

use super::figures::rate_text;
use super::run_record::RunRecord;
use super::summary::{SummaryStyle, bold, numbers_right, plain_table};
use comfy_table::Table;

/// Journeys by name, those that were started; nothing when there are none.
pub fn journeys_section(record: &RunRecord, style: SummaryStyle) -> String {
    let mut table = plain_table(style);
    table.set_header(["Journey", "Started", "Completed", "Aborted", "Unfinished"]);
    for journey in record.journeys.iter().filter(|journey| journey.started > 0) {
        table.add_row([
            journey.name.clone(),
            journey.started.to_string(),
            journey.completed.to_string(),
            journey.aborted.to_string(),
            journey.unfinished.to_string(),
        ]);
    }
    titled(style, "Journeys", table)
}

/// Events by domain, those that were raised; nothing when there are none.
pub fn events_section(record: &RunRecord, style: SummaryStyle) -> String {
    let mut table = plain_table(style);
    table.set_header(["Domain", "Events", "Rate/s", "Via outbox", "Rate/s"]);
    for domain in record.domains.iter().filter(|domain| domain.events > 0) {
        table.add_row([
            domain.domain.clone(),
            domain.events.to_string(),
            rate_text(domain.events_per_s),
            domain.outbox_events.to_string(),
            rate_text(domain.outbox_events_per_s),
        ]);
    }
    titled(style, "Events raised", table)
}

fn titled(style: SummaryStyle, title: &str, mut table: Table) -> String {
    if table.is_empty() {
        return String::new();
    }
    numbers_right(&mut table);
    format!("{}\n{table}", bold(style, title))
}
