//! Sections of the summary about what users did and what came of it: journeys, and events raised.

use crate::pieces::console_style::bold;
use crate::pieces::{SummaryStyle, numbers_right, plain_table, rate_text};
use crate::record::{DomainRecord, RunRecord};
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

/// Events by domain, those that were raised; nothing when there are none. Where replies do not tell
/// exactly, one more column has the bounds.
pub fn events_section(record: &RunRecord, style: SummaryStyle) -> String {
    let raised = || {
        record
            .domains
            .iter()
            .filter(|domain| may_have_raised(domain))
    };
    let is_exact = raised().all(|domain| bounds(domain).is_none());
    let mut table = plain_table(style);
    let mut header = vec!["Domain", "Events", "Rate/s", "Via outbox", "Rate/s"];
    header.extend((!is_exact).then_some("For certain"));
    table.set_header(header);
    for domain in raised() {
        let mut row = vec![
            domain.domain.clone(),
            domain.events.to_string(),
            rate_text(domain.events_per_s),
            domain.outbox_events.to_string(),
            rate_text(domain.outbox_events_per_s),
        ];
        if !is_exact {
            row.push(bounds(domain).unwrap_or_else(|| domain.events.to_string()));
        }
        table.add_row(row);
    }
    titled(style, "Events raised", table)
}

fn may_have_raised(domain: &DomainRecord) -> bool {
    domain.events.max(domain.events_at_most.unwrap_or(0)) > 0
}

/// The least and the most that a domain raised, when that is not one figure.
fn bounds(domain: &DomainRecord) -> Option<String> {
    let (least, most) = domain.events_at_least.zip(domain.events_at_most)?;
    (least != most).then(|| format!("{least} to {most}"))
}

fn titled(style: SummaryStyle, title: &str, mut table: Table) -> String {
    if table.is_empty() {
        return String::new();
    }
    numbers_right(&mut table);
    format!("{}\n{table}", bold(style, title))
}
