//! Event latencies in `run.json`: how long events took until they were published, handled and done.
//! Percentiles in full are in `event_latency.csv`.

use super::csv_text::text_cell;
use super::distribution_csv::PERCENTILES;
use crate::observe::{EventSource, FollowedAccount};
use crate::plan::EventStretch;
use crate::stats::{Amount, EventLatency, StretchLatency};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use std::io;

/// Kinds of events that the record tells, and groups of each, the slowest ones: together less than 200 kB.
const MOST_EVENTS: usize = 40;
const MOST_GROUPS: usize = 2;

/// What came of the events that were followed.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventLatencyRecord {
    /// How many were to be followed: `50/s`, `10%`.
    pub sample: String,
    /// Replies that named events, those that were not chosen too.
    pub replies: u64,
    /// Chosen ones that there was no room for.
    pub no_room: u64,
    /// Where times were read.
    pub sources: Vec<EventSourceRecord>,
    /// By the requests themselves the clock of the shop is at least and at most so far ahead of ours, in
    /// milliseconds; null when no event was found.
    pub shop_ahead_ms: Option<(f64, f64)>,
    /// All events together, also of kinds that are left out below.
    #[serde(default)]
    pub all: AllEventsRecord,
    /// By kind of event, in the order of their domains.
    pub events: Vec<EventLatencyRow>,
}

/// What events of all kinds together took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct AllEventsRecord {
    /// From the reply until they had left the outbox.
    pub published: Option<StretchRecord>,
    /// From the reply until all consumer groups had handled them.
    pub done: Option<StretchRecord>,
}

/// Where times of events were read.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventSourceRecord {
    /// `outbox:identity`, `redis` (places in streams), `redis groups` (where they stand) or
    /// `redis traces` (what they tell).
    pub name: String,
    /// How far its clock is ahead of ours, in milliseconds.
    pub clock_ahead_ms: f64,
    /// What that may be wrong by, in milliseconds.
    pub clock_within_ms: f64,
    /// What two of its times are told apart by, in milliseconds; of groups the longest time between two
    /// looks at them.
    pub resolution_ms: f64,
    /// How often it had more than could be read; of where groups stand, the events of which it was not
    /// seen in the end whether these had passed them: they are in no figure of groups and of `done`.
    pub left_out: u64,
}

/// One kind of event.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EventLatencyRow {
    /// Who raises it, like `Ordering`.
    pub domain: String,
    /// Its name, like `OrderCreated`.
    pub event: String,
    /// Events that were followed.
    pub followed: u64,
    /// Those of them that were found where the shop keeps its events.
    pub found: u64,
    /// Those that several kept events could have been.
    pub ambiguous: u64,
    /// Those that nothing was found of.
    pub not_found: u64,
    /// Found ones that were published before their reply had come; they count as published at once.
    pub before_reply: u64,
    /// From the reply until it had left the outbox.
    pub published: Option<StretchRecord>,
    /// From there until the slowest consumer groups had handled it; all are in `event_latency.csv`.
    pub handled: Vec<HandledRecord>,
    /// From the reply until all groups had.
    pub done: Option<StretchRecord>,
    /// From the reply until what they are about could be read; null where nobody asked, or nothing was ever
    /// seen.
    #[serde(default)]
    pub visible: Option<StretchRecord>,
    /// Replies that named something which was asked for until it could be read.
    #[serde(default)]
    pub asked_for: u64,
}

/// How long a part of events' lives was, in microseconds. Those where it goes on count with their age:
/// a value that they may make larger is marked as at least so much.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct StretchRecord {
    /// Events where it was over.
    pub over: u64,
    /// Events where it went on when nothing more was waited for.
    pub waiting: u64,
    /// Arithmetic mean.
    pub mean: Amount,
    /// Median.
    pub p50: Amount,
    /// 90th percentile.
    pub p90: Amount,
    /// 95th percentile.
    pub p95: Amount,
    /// 99th percentile.
    pub p99: Amount,
    /// Largest.
    pub max: Amount,
}

/// The same of a consumer group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct HandledRecord {
    /// Its name.
    pub group: String,
    /// What it took.
    pub took: StretchRecord,
}

impl StretchRecord {
    /// `None` when nothing is known.
    fn of(stretch: &StretchLatency) -> Option<Self> {
        Some(Self {
            over: stretch.over.len(),
            waiting: stretch.waiting.len(),
            mean: stretch.mean_us()?,
            p50: stretch.quantile_us(0.5)?,
            p90: stretch.quantile_us(0.9)?,
            p95: stretch.quantile_us(0.95)?,
            p99: stretch.quantile_us(0.99)?,
            max: stretch.max_us()?,
        })
    }
}

impl EventLatencyRecord {
    /// The record of what came of events; `None` when none was followed.
    #[must_use]
    pub fn of(account: &FollowedAccount) -> Option<Self> {
        let events = sorted(account, MOST_EVENTS);
        (!events.is_empty()).then(|| Self {
            sample: account.sample.to_string(),
            replies: account.replies,
            no_room: account.no_room,
            sources: account.sources.iter().map(source_record).collect(),
            shop_ahead_ms: account
                .shop_ahead_us
                .map(|(low, high)| (low as f64 / 1e3, high as f64 / 1e3)),
            all: AllEventsRecord {
                published: together(account, EventStretch::Published),
                done: together(account, EventStretch::Done),
            },
            events: events.into_iter().map(row).collect(),
        })
    }

    /// Events that were followed, and those of them that are known to be done.
    #[must_use]
    pub fn seen(&self) -> (u64, u64) {
        let followed = self.events.iter().map(|row| row.followed).sum();
        let done = self.events.iter().filter_map(|row| row.done);
        (followed, done.map(|done| done.over).sum())
    }
}

fn together(account: &FollowedAccount, stretch: EventStretch) -> Option<StretchRecord> {
    StretchRecord::of(&account.latencies.together(stretch, |_| true))
}

/// At most so many, those that were followed most, in the order of their domains.
fn sorted(account: &FollowedAccount, most: usize) -> Vec<&EventLatency> {
    let mut events: Vec<&EventLatency> = account.latencies.events.iter().collect();
    events.sort_by_key(|event| {
        let counts = event.counts;
        std::cmp::Reverse(counts.followed.max(counts.asked_for))
    });
    events.truncate(most);
    events.sort_by_key(|event| event.domain);
    events
}

fn row(event: &EventLatency) -> EventLatencyRow {
    let handled = event.handled.iter().filter_map(|(group, stretch)| {
        Some(HandledRecord {
            group: group.to_string(),
            took: StretchRecord::of(stretch)?,
        })
    });
    let mut handled: Vec<HandledRecord> = handled.collect();
    handled.sort_by(|one, two| two.took.p99.value.total_cmp(&one.took.p99.value));
    handled.truncate(MOST_GROUPS);
    let counts = event.counts;
    EventLatencyRow {
        domain: event.domain.to_owned(),
        event: event.name.to_owned(),
        followed: counts.followed,
        found: counts.found,
        ambiguous: counts.ambiguous,
        not_found: counts.not_found,
        before_reply: counts.before_reply,
        published: StretchRecord::of(&event.published),
        handled,
        done: StretchRecord::of(&event.done),
        visible: StretchRecord::of(&event.visible),
        asked_for: counts.asked_for,
    }
}

fn source_record(source: &EventSource) -> EventSourceRecord {
    EventSourceRecord {
        name: source.name.clone(),
        clock_ahead_ms: source.clock.ahead_us as f64 / 1e3,
        clock_within_ms: source.clock.within_us as f64 / 1e3,
        resolution_ms: source.resolution_us as f64 / 1e3,
        left_out: source.left_out,
    }
}

/// `event_latency.csv`: a row for each kind of event, part of its life and group, with many percentiles in
/// microseconds, and from which one on they are only lower bounds.
///
/// # Errors
/// When memory cannot be written to, which does not happen.
pub fn event_latency_csv(account: &FollowedAccount) -> io::Result<Vec<u8>> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let names = ["domain", "event", "part", "group", "over", "waiting"].map(str::to_owned);
    let percentiles = PERCENTILES.map(|percentile| format!("p{percentile}"));
    let end = "at_least_from".to_owned();
    writer.write_record(names.into_iter().chain(percentiles).chain([end]))?;
    for event in sorted(account, usize::MAX) {
        let mut write = |part: EventStretch, group: &str, stretch: &StretchLatency| {
            if stretch.is_empty() {
                return Ok(());
            }
            let key = [event.domain, event.name, part.word()];
            writer.write_record(csv_row(key, group, stretch))
        };
        write(EventStretch::Published, "", &event.published)?;
        for (group, stretch) in &event.handled {
            write(EventStretch::Handled, &text_cell(group), stretch)?;
        }
        write(EventStretch::Done, "", &event.done)?;
        write(EventStretch::Visible, "", &event.visible)?;
    }
    writer.into_inner().map_err(|error| error.into_error())
}

fn csv_row(key: [&str; 3], group: &str, stretch: &StretchLatency) -> Vec<String> {
    let mut row: Vec<String> = key.map(str::to_owned).into();
    row.push(group.to_owned());
    row.push(stretch.over.len().to_string());
    row.push(stretch.waiting.len().to_string());
    let mut at_least_from = String::new();
    for percentile in PERCENTILES {
        let value = match percentile {
            0.0 => stretch.min_us(),
            percentile => stretch.quantile_us(percentile / 100.0),
        };
        let value = value.unwrap_or_default();
        if value.at_least && at_least_from.is_empty() && percentile > 0.0 {
            at_least_from = format!("p{percentile}");
        }
        row.push(value.value.to_string());
    }
    row.push(at_least_from);
    row
}

#[cfg(test)]
pub(crate) mod made_up {
    use super::*;
    use crate::observe::ClockOffset;
    use crate::plan::EventSample;
    use crate::stats::{EventLatencies, FollowedCounts};
    use std::sync::Arc;

    /// A hundred orders, ten of which wait for their last group, and one that nothing is known of.
    pub fn account() -> FollowedAccount {
        let mut event = EventLatency {
            domain: "Ordering",
            name: "OrderCreated",
            counts: FollowedCounts {
                followed: 101,
                found: 100,
                not_found: 1,
                before_reply: 3,
                ..FollowedCounts::default()
            },
            ..EventLatency::default()
        };
        let (mut quick, mut slow) = (StretchLatency::default(), StretchLatency::default());
        for number in 1..=100 {
            event.published.add_over(number * 1_000);
            quick.add_over(number * 100);
            if number <= 90 {
                slow.add_over(number * 10_000);
                event.done.add_over(number * 11_000);
            } else {
                slow.add_waiting(2_000_000);
                event.done.add_waiting(2_100_000);
            }
        }
        event.handled = vec![
            ("ordering.projections.OrderDetailProjector".into(), quick),
            ("inventory.reservations.OrderEventHandler".into(), slow),
        ];
        FollowedAccount {
            sample: EventSample::PerSecond(50),
            replies: 400,
            no_room: 0,
            sources: vec![EventSource {
                name: "outbox:ordering".to_owned(),
                clock: ClockOffset {
                    ahead_us: 12,
                    within_us: 150,
                },
                resolution_us: 1,
                left_out: 0,
            }],
            shop_ahead_us: Some((-800, 300)),
            latencies: Arc::new(EventLatencies {
                events: vec![event],
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_wait_are_in_the_figures_and_marked() {
        let record = EventLatencyRecord::of(&made_up::account()).unwrap();
        assert_eq!(record.seen(), (101, 90));
        let row = &record.events[0];
        let done = row.done.unwrap();
        assert_eq!((done.over, done.waiting), (90, 10));
        assert!(done.p99.at_least && !done.p50.at_least);
        assert!(done.p99.value >= 2_099_000.0, "{:?}", done.p99);
        assert!(!row.published.unwrap().p99.at_least);
        assert_eq!(
            row.handled[0].group,
            "inventory.reservations.OrderEventHandler"
        );
    }

    #[test]
    fn the_table_tells_from_where_on_values_are_lower_bounds() {
        let text = String::from_utf8(event_latency_csv(&made_up::account()).unwrap()).unwrap();
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 1 + 1 + 2 + 1);
        assert!(
            lines[1].starts_with("Ordering,OrderCreated,published,,100,0,1000,"),
            "{text}"
        );
        assert!(lines[1].ends_with(','), "all are exact");
        assert!(
            lines[4].starts_with("Ordering,OrderCreated,done,,90,10,"),
            "{text}"
        );
        assert!(lines[4].ends_with(",p92.5"), "{text}");
    }

    /// More kinds and groups than any shop has, with long names.
    #[test]
    fn a_record_grows_by_less_than_200_kb() {
        let made_up = made_up::account();
        let kinds = (0..90).map(|_| {
            let mut kind = crate::stats::EventLatency {
                domain: "Notifications",
                name: "NotificationPreferencesOfTheCustomerUpdated",
                ..crate::stats::EventLatency::default()
            };
            kind.counts.followed = 123_456_789;
            kind.counts.asked_for = 123_456_789;
            let handled = (0..20).map(|number| {
                let group = format!("notifications.{}.{number}", "handler".repeat(12));
                (
                    group.as_str().into(),
                    crate::stats::StretchLatency::default(),
                )
            });
            kind.handled = handled.collect();
            let groups = kind.handled.iter_mut().map(|(_, stretch)| stretch);
            let others = [&mut kind.published, &mut kind.done, &mut kind.visible];
            for stretch in groups.chain(others) {
                (1..=10).for_each(|number| stretch.add_over(number * 8_640_000_000));
                stretch.add_waiting(86_399_999_999);
            }
            kind
        });
        let account = FollowedAccount {
            latencies: std::sync::Arc::new(crate::stats::EventLatencies {
                events: kinds.collect(),
            }),
            ..made_up
        };
        let record = EventLatencyRecord::of(&account).expect("events");
        // As deep as it stands in the record.
        let around = serde_json::json!({ "observed": { "event_latency": record } });
        let text = serde_json::to_string_pretty(&around).expect("JSON");
        assert!(
            text.len() > 50_000 && text.len() < 200_000,
            "{}",
            text.len()
        );
    }

    #[test]
    fn a_run_that_followed_nothing_has_no_record() {
        let account = FollowedAccount {
            latencies: std::sync::Arc::default(),
            ..made_up::account()
        };
        assert_eq!(EventLatencyRecord::of(&account), None);
    }
}
