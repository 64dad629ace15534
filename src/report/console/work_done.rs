//! Sections of the summary about what users did and what came of it: journeys, and events raised.

use crate::pieces::console_style::bold;
use crate::pieces::{SummaryStyle, TextColumn, TextTable, grouped, rate_text};
use crate::record::{DomainRecord, RunRecord};

const JOURNEYS: [TextColumn; 5] = [
    TextColumn::text("Journey", 0),
    TextColumn::number("Started", 0),
    TextColumn::number("Completed", 0),
    TextColumn::number("Aborted", 1),
    TextColumn::number("Unfinished", 2),
];

const EVENTS: [TextColumn; 6] = [
    TextColumn::text("Domain", 0),
    TextColumn::number("Events", 0),
    TextColumn::number("Rate/s", 0),
    TextColumn::number("Via outbox", 1),
    TextColumn::number("Rate/s", 2),
    TextColumn::number("For certain", 3),
];

/// Journeys by name, those that were started; nothing when there are none.
pub fn journeys_section(record: &RunRecord, style: SummaryStyle) -> String {
    let mut table = TextTable::new(&JOURNEYS);
    for journey in record.journeys.iter().filter(|journey| journey.started > 0) {
        table.row([
            journey.name.clone(),
            grouped(journey.started),
            grouped(journey.completed),
            grouped(journey.aborted),
            grouped(journey.unfinished),
        ]);
    }
    titled(style, "Journeys", &table)
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
    let mut table = TextTable::new(&EVENTS);
    for domain in raised() {
        table.row([
            domain.domain.clone(),
            grouped(domain.events),
            rate_text(domain.events_per_s),
            grouped(domain.outbox_events),
            rate_text(domain.outbox_events_per_s),
            match is_exact {
                true => String::new(),
                false => bounds(domain).unwrap_or_else(|| grouped(domain.events)),
            },
        ]);
    }
    titled(style, "Events raised", &table)
}

fn may_have_raised(domain: &DomainRecord) -> bool {
    domain.events.max(domain.events_at_most.unwrap_or(0)) > 0
}

/// The least and the most that a domain raised, when that is not one figure.
fn bounds(domain: &DomainRecord) -> Option<String> {
    let (least, most) = domain.events_at_least.zip(domain.events_at_most)?;
    (least != most).then(|| format!("{} to {}", grouped(least), grouped(most)))
}

fn titled(style: SummaryStyle, title: &str, table: &TextTable) -> String {
    if table.is_empty() {
        return String::new();
    }
    format!("{}\n{}", bold(style, title), table.text(0, style))
}
