//! The summary's section about event latencies: how long events took until they were done.

use crate::pieces::console_style::bold;
use crate::pieces::{SummaryStyle, TextColumn, TextTable, grouped, in_lines};
use crate::record::{EventLatencyRecord, EventLatencyRow, StretchRecord};
use crate::stats::Amount;
use std::fmt::Write;

const COLUMNS: [TextColumn; 9] = [
    TextColumn::text("Event", 0),
    TextColumn::number("Followed", 5),
    TextColumn::number("Seen done", 1),
    TextColumn::number("Published p50", 3),
    TextColumn::number("p99", 4),
    TextColumn::number("Done p50", 0),
    TextColumn::number("p99", 0),
    TextColumn::number("Max", 6),
    TextColumn::text("Slowest group", 7),
];

/// The section; nothing when no events were followed.
pub fn event_latency_section(latency: Option<&EventLatencyRecord>, style: SummaryStyle) -> String {
    let Some(latency) = latency else {
        return String::new();
    };
    let mut text = bold(style, "Event latencies");
    let mut table = TextTable::new(&COLUMNS);
    for row in &latency.events {
        table.row(cells(row));
    }
    let _ = write!(text, "\n{}", table.text(0, style));
    for line in event_latency_lines(latency) {
        let _ = write!(text, "\n  {}", in_lines(&line, 2, 4, style.width));
    }
    text
}

/// For the first lines: how long it took until events were done, or published where that is all that
/// is seen; `None` when no event was found.
pub fn event_latency_text(latency: &EventLatencyRecord) -> Option<String> {
    let worst = |of: fn(&EventLatencyRow) -> Option<StretchRecord>| {
        let rows = latency.events.iter();
        let known = rows.filter_map(|row| of(row).map(|stretch| (row, stretch)));
        known.max_by(|(_, one), (_, two)| one.p99.value.total_cmp(&two.p99.value))
    };
    let (what, (row, stretch)) = match worst(|row| row.done) {
        Some(found) => ("done", found),
        None => ("published", worst(|row| row.published)?),
    };
    let (followed, _) = latency.seen();
    let seen: u64 = latency.events.iter().map(|row| over(row, what)).sum();
    Some(format!(
        "slowest {} {}: {what} p50 {}, p99 {} after the reply ({} of {} followed seen {what})",
        row.domain,
        row.event,
        time_text(stretch.p50),
        time_text(stretch.p99),
        grouped(seen),
        grouped(followed),
    ))
}

fn over(row: &EventLatencyRow, what: &str) -> u64 {
    let stretch = match what {
        "done" => row.done,
        _ => row.published,
    };
    stretch.map_or(0, |stretch| stretch.over)
}

/// When what a kind of event is about could be read; `None` where nobody asked.
fn visible_line(row: &EventLatencyRow) -> Option<String> {
    if row.asked_for == 0 {
        return None;
    }
    let name = format!("{} {}", row.domain, row.event);
    let asked_for = grouped(row.asked_for);
    Some(match row.visible {
        Some(visible) => format!(
            "{name}: visible p50 {}, p99 {}, at most {} after the reply ({} of {asked_for} seen)",
            time_text(visible.p50),
            time_text(visible.p99),
            time_text(visible.max),
            grouped(visible.over),
        ),
        None => format!(
            "{name}: of {asked_for} asked for none was ever seen: the target may have no such read"
        ),
    })
}

/// The source that tells where groups stand.
const GROUP_SOURCE: &str = "redis groups";

/// What the table does not show: what was not seen, and where times are from.
pub fn event_latency_lines(latency: &EventLatencyRecord) -> Vec<String> {
    let mut lines = vec![format!(
        "Times count from the reply; {} events of {} replies that name some were followed ({})",
        grouped(latency.seen().0),
        grouped(latency.replies),
        latency.sample
    )];
    let sum = |of: fn(&EventLatencyRow) -> u64| latency.events.iter().map(of).sum::<u64>();
    for (count, what) in [
        (sum(|row| row.not_found), "were found nowhere"),
        (sum(|row| row.ambiguous), "could have been one of several"),
        (
            sum(|row| row.before_reply),
            "were published before their reply had come: they count as published at once",
        ),
        (latency.no_room, "found no room to be followed"),
    ] {
        if count > 0 {
            lines.push(format!("{} {what}", grouped(count)));
        }
    }
    let waiting = sum(|row| {
        row.done
            .or(row.published)
            .map_or(0, |stretch| stretch.waiting)
    });
    if waiting > 0 {
        lines.push(format!(
            "{} were still on their way in the end; they count with their age, and values that they may raise are marked ≥",
            grouped(waiting)
        ));
    }
    lines.extend(latency.events.iter().filter_map(visible_line));
    if let Some((low, high)) = latency.shop_ahead_ms {
        lines.push(format!(
            "By the requests themselves the shop's clock is {low:.1} to {high:.1} ms ahead of ours"
        ));
    }
    for source in &latency.sources {
        let left_out = match source.left_out {
            0 => String::new(),
            events if source.name == GROUP_SOURCE => format!(
                "; of {} events it was not seen whether groups had passed them",
                grouped(events)
            ),
            times => format!(
                "; {} times there was more than could be read",
                grouped(times)
            ),
        };
        lines.push(format!(
            "{}: clock {:+.1} ms (± {:.1}), times to {} ms{left_out}",
            source.name, source.clock_ahead_ms, source.clock_within_ms, source.resolution_ms
        ));
    }
    lines
}

/// The row of the table that is about one kind of event.
pub fn cells(row: &EventLatencyRow) -> [String; 9] {
    let cell = |stretch: Option<StretchRecord>, of: fn(&StretchRecord) -> Amount| {
        stretch.map_or_else(|| "–".to_owned(), |stretch| time_text(of(&stretch)))
    };
    let slowest = row
        .handled
        .iter()
        .max_by(|one, two| one.took.p99.value.total_cmp(&two.took.p99.value));
    let slowest = slowest.map_or_else(String::new, |group| {
        let name = group.group.rsplit('.').next().unwrap_or_default();
        format!("{name} (p99 {})", time_text(group.took.p99))
    });
    [
        format!("{} {}", row.domain, row.event),
        grouped(row.followed),
        row.done
            .map_or_else(|| "–".to_owned(), |done| grouped(done.over)),
        cell(row.published, |stretch| stretch.p50),
        cell(row.published, |stretch| stretch.p99),
        cell(row.done, |stretch| stretch.p50),
        cell(row.done, |stretch| stretch.p99),
        cell(row.done, |stretch| stretch.max),
        slowest,
    ]
}

/// Microseconds as milliseconds or seconds.
pub fn time_text(us: Amount) -> String {
    let mark = if us.at_least { "≥ " } else { "" };
    match us.value / 1e3 {
        ms if ms < 10.0 => format!("{mark}{ms:.1} ms"),
        ms if ms < 1_000.0 => format!("{mark}{ms:.0} ms"),
        ms => format!("{mark}{:.2} s", ms / 1e3),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::event_latency_made_up;

    #[test]
    fn the_section_tells_what_waits_and_where_times_are_from() {
        let record = EventLatencyRecord::of(&event_latency_made_up::account()).unwrap();
        let plain = SummaryStyle {
            width: None,
            colour: false,
        };
        let text = event_latency_section(Some(&record), plain);
        let row = text
            .lines()
            .find(|line| line.contains("OrderCreated"))
            .unwrap();
        for cell in [
            "101",
            "90",
            "50 ms",
            "99 ms",
            "550 ms",
            "≥ 2.10 s",
            "OrderEventHandler (p99 ≥ 2.00 s)",
        ] {
            assert!(row.contains(cell), "{cell}: {row}");
        }
        assert!(text.contains("10 were still on their way"), "{text}");
        assert!(text.contains("1 were found nowhere"), "{text}");
        assert!(
            text.contains("outbox:ordering: clock +0.0 ms (± 0.1), times to 0.001 ms"),
            "{text}"
        );
        let first = event_latency_text(&record).unwrap();
        assert_eq!(
            first,
            "slowest Ordering OrderCreated: done p50 550 ms, p99 ≥ 2.10 s after the reply (90 of 101 followed seen done)"
        );
        assert_eq!(event_latency_section(None, plain), "");
    }
}
