//! The summary's section about events told and stored: sums by domain, and the types that differ.

use crate::pieces::console_style::bold;
use crate::pieces::{SummaryStyle, TextColumn, TextTable, counted, grouped, in_lines};
use crate::record::{StoredEventRecord, StoredEventsRecord};
use std::fmt::Write;

/// Types that the first lines name.
const TOLD: usize = 4;

const COLUMNS: [TextColumn; 5] = [
    TextColumn::text("Domain", 0),
    TextColumn::number("Told", 0),
    TextColumn::number("Stored", 0),
    TextColumn::number("Difference", 0),
    TextColumn::number("By engines", 1),
];

/// For the first lines: which types are stored more or less often than told; `None` when none is.
pub fn differences_text(stored: &StoredEventsRecord) -> Option<String> {
    let differing = stored.events.iter().filter(|event| event.difference != 0);
    let mut types: Vec<String> = differing
        .map(|event| format!("{} {}", event.name, difference_text(event.difference)))
        .collect();
    let more = types.len().saturating_sub(TOLD);
    types.truncate(TOLD);
    if more > 0 {
        types.push(format!("and {}", counted(more as u64, "more type")));
    }
    match types.is_empty() {
        true => None,
        false => Some(format!(
            "✗ stored not as often as told: {}",
            types.join(", ")
        )),
    }
}

/// The section; nothing when no store was counted.
pub fn stored_events_section(stored: Option<&StoredEventsRecord>, style: SummaryStyle) -> String {
    let Some(stored) = stored else {
        return String::new();
    };
    let mut text = bold(style, "Events told and stored");
    if !stored.events.is_empty() {
        let mut table = TextTable::new(&COLUMNS);
        for sum in by_domain(&stored.events) {
            table.row([
                sum.domain.clone(),
                sum.told_text(),
                grouped(sum.stored),
                difference_text(sum.difference),
                grouped(sum.by_engines),
            ]);
        }
        let _ = write!(text, "\n{}", table.text(0, style));
    }
    for line in stored_events_lines(stored) {
        let _ = write!(text, "\n  {}", in_lines(&line, 2, 4, style.width));
    }
    text
}

/// What the table does not show: types that differ, what engines added, remarks.
pub fn stored_events_lines(stored: &StoredEventsRecord) -> Vec<String> {
    let differing = stored.events.iter().filter(|event| event.difference != 0);
    let mut lines: Vec<String> = differing
        .map(|event| {
            format!(
                "{} {}: {} told, {} stored ({})",
                event.domain,
                event.name,
                event.told_text(),
                grouped(event.stored),
                difference_text(event.difference)
            )
        })
        .collect();
    let told = stored.events.iter().filter(|event| event.told > 0);
    if lines.is_empty() && !stored.source.is_empty() {
        let types = counted(told.count() as u64, "type");
        lines.push(format!("All {types} of events told are stored as often"));
    }
    let added = stored.events.iter().filter(|event| event.by_engines > 0);
    let added: Vec<String> = added
        .map(|event| format!("{} {} {}", event.domain, event.name, event.by_engines))
        .collect();
    if !added.is_empty() {
        lines.push(format!("Added by engines, as seen: {}", added.join(", ")));
    }
    lines.extend(
        stored
            .remarks
            .iter()
            .map(|remark| format!("Note: {remark}")),
    );
    if !stored.source.is_empty() {
        lines.push(format!("Counted in {}", stored.source));
    }
    lines
}

fn difference_text(difference: i64) -> String {
    match difference {
        0 => "0".to_owned(),
        ..0 => format!("-{}", grouped(difference.unsigned_abs())),
        _ => format!("+{}", grouped(difference.unsigned_abs())),
    }
}

/// The sums of each domain, in the order in which they come. Types whose differences cancel out here
/// are named in the lines all the same.
fn by_domain(events: &[StoredEventRecord]) -> Vec<StoredEventRecord> {
    let mut sums: Vec<StoredEventRecord> = Vec::new();
    for event in events {
        let known = sums.iter_mut().find(|sum| sum.domain == event.domain);
        match known {
            Some(sum) => {
                sum.told += event.told;
                sum.at_least += event.at_least;
                sum.at_most += event.at_most;
                sum.stored += event.stored;
                sum.by_engines += event.by_engines;
                sum.difference += event.difference;
            }
            None => sums.push(event.clone()),
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: SummaryStyle = SummaryStyle {
        width: None,
        colour: false,
    };

    fn event(
        domain: &str,
        name: &str,
        told: u64,
        stored: u64,
        by_engines: u64,
    ) -> StoredEventRecord {
        StoredEventRecord {
            domain: domain.to_owned(),
            name: name.to_owned(),
            told,
            at_least: told,
            at_most: told,
            stored,
            difference: stored as i64 - told as i64,
            by_engines,
        }
    }

    fn record(events: Vec<StoredEventRecord>) -> StoredEventsRecord {
        StoredEventsRecord {
            source: "message-db".to_owned(),
            engines_told: true,
            events,
            remarks: Vec::new(),
        }
    }

    #[test]
    fn types_that_differ_are_named_and_engines_stand_apart() {
        let lines = stored_events_lines(&record(vec![
            event("Ordering", "OrderCreated", 19, 33, 0),
            event("Ordering", "OrderPaid", 3, 1, 2),
            event("Identity", "CustomerRegistered", 5, 5, 0),
        ]));
        assert_eq!(
            lines,
            [
                "Ordering OrderCreated: 19 told, 33 stored (+14)",
                "Ordering OrderPaid: 3 told, 1 stored (-2)",
                "Added by engines, as seen: Ordering OrderPaid 2",
                "Counted in message-db",
            ]
        );
    }

    #[test]
    fn what_is_told_and_stored_alike_is_said_once() {
        let events = vec![
            event("Identity", "CustomerRegistered", 5, 5, 0),
            event("Notifications", "NotificationSent", 0, 0, 5),
        ];
        let section = stored_events_section(Some(&record(events)), PLAIN);
        assert!(
            section.contains("All 1 type of events told are stored as often"),
            "{section}"
        );
        assert!(
            section.contains("as seen: Notifications NotificationSent 5"),
            "{section}"
        );
        assert_eq!(stored_events_section(None, PLAIN), "");
    }
}
