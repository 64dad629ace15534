//! Parts of the live value as the page reads them: names and units of its JSON, and nothing of their
//! own.

use crate::record::locust_figures::{AGGREGATED, rounded_ms};
use crate::record::{EndingRecord, Figures, Live, LiveRow, RunRecord};
use crate::stats::{HistoryPoint, OutcomeCounts, StretchNow, ThresholdVerdict};
use serde::Serialize;

/// Ways for a race to end that are told, the most frequent.
const MOST_ENDINGS: usize = 8;

/// A second, for charts. Latencies are in ms; null without any.
#[derive(Serialize)]
pub struct Point {
    at_s: f64,
    users: u32,
    requests_per_s: f64,
    failures_per_s: f64,
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
    p99_ms: Option<f64>,
    service_p99_ms: Option<f64>,
    lag_p99_ms: Option<f64>,
    events_per_s: f64,
    outbox_events_per_s: f64,
    backlog: Option<u64>,
    cpu_percent: f64,
}

impl Point {
    /// `None` when the second is too short to have rates: they would mislead.
    pub fn of(second: &HistoryPoint) -> Option<Self> {
        // Measured times are above 0.
        let ms = |us: u64| (us > 0).then_some(us as f64 / 1e3);
        second.is_rated().then(|| Self {
            at_s: second.end_s(),
            users: second.users,
            requests_per_s: second.requests_per_s(),
            failures_per_s: second.failures_per_s(),
            p50_ms: ms(second.response.p50_us),
            p95_ms: ms(second.response.p95_us),
            p99_ms: ms(second.response.p99_us),
            service_p99_ms: ms(second.service.p99_us),
            lag_p99_ms: ms(second.lag.p99_us),
            events_per_s: second.per_s(second.events),
            outbox_events_per_s: second.per_s(second.outbox_events),
            backlog: second.backlog.map(|amount| amount.value as u64),
            cpu_percent: 100.0 * second.cpu_share,
        })
    }

    /// Those of all seconds.
    pub fn all_of(live: &Live) -> Vec<Self> {
        live.history.points().filter_map(Self::of).collect()
    }
}

/// A row of the statistics. Latencies are in ms.
#[derive(Serialize)]
pub struct Row<'a> {
    method: &'a str,
    name: &'a str,
    requests: u64,
    failures: u64,
    outcomes: OutcomeCounts,
    per_s: f64,
    current_per_s: f64,
    current_failures_per_s: f64,
    p50_ms: f64,
    p90_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
    p999_ms: f64,
    /// In whole ms, as Locust has it.
    min_ms: f64,
    max_ms: f64,
    mean_ms: f64,
    service_p99_ms: f64,
    lag_p99_ms: f64,
    mean_body_bytes: f64,
}

impl<'a> Row<'a> {
    /// All names together.
    pub fn of_all(live: &'a Live) -> Self {
        Self::of(("", AGGREGATED), &live.shown().totals, &live.all)
    }

    /// Name by name.
    pub fn of_names(live: &'a Live) -> Vec<Self> {
        live.rows()
            .map(|(name, now)| Self::of((&name.method, &name.name), &name.figures, now))
            .collect()
    }

    fn of((method, name): (&'a str, &'a str), figures: &Figures, now: &LiveRow) -> Self {
        let ms = |us: u64| us as f64 / 1e3;
        let response = &figures.response_us;
        Self {
            method,
            name,
            requests: figures.requests,
            failures: figures.failures,
            outcomes: figures.outcomes(),
            per_s: figures.requests_per_s,
            current_per_s: now.requests_per_s,
            current_failures_per_s: now.failures_per_s,
            p50_ms: ms(response.p50),
            p90_ms: ms(response.p90),
            p95_ms: ms(response.p95),
            p99_ms: ms(response.p99),
            p999_ms: ms(response.p999),
            min_ms: rounded_ms(response.min) as f64,
            max_ms: ms(response.max),
            mean_ms: response.mean / 1e3,
            service_p99_ms: ms(figures.service_us.p99),
            lag_p99_ms: ms(figures.lag_us.p99),
            mean_body_bytes: figures.mean_body_bytes(),
        }
    }
}

/// A row of the races.
#[derive(Serialize)]
pub struct TickRace<'a> {
    name: &'a str,
    count: u64,
    together: u64,
    /// Nothing where nobody knows.
    overlapped: Option<u64>,
    spread_p50_us: u64,
    spread_p99_us: u64,
    totals: OutcomeCounts,
    outcomes: &'a [EndingRecord],
}

impl<'a> TickRace<'a> {
    /// All that were run.
    pub fn all_of(record: &'a RunRecord) -> Vec<Self> {
        let races = record.races.iter();
        races
            .map(|race| Self {
                name: &race.name,
                count: race.count,
                together: race.together,
                overlapped: record.knows_overlaps().then_some(race.overlapped),
                spread_p50_us: race.spread_us.p50,
                spread_p99_us: race.spread_us.p99,
                totals: race.totals,
                outcomes: &race.outcomes[..race.outcomes.len().min(MOST_ENDINGS)],
            })
            .collect()
    }
}

/// A threshold.
#[derive(Serialize)]
pub struct TickThreshold<'a> {
    text: &'a str,
    value: String,
    state: &'static str,
}

impl<'a> TickThreshold<'a> {
    /// How they fare over the whole run, resets or not.
    pub fn all_of(live: &'a Live) -> Vec<Self> {
        let thresholds = live.record.thresholds.iter();
        thresholds
            .map(|threshold| Self {
                text: &threshold.expression,
                value: threshold.decisive_text().unwrap_or_default(),
                state: match threshold.verdict {
                    ThresholdVerdict::Undecided => "open",
                    ThresholdVerdict::Held => "holds",
                    ThresholdVerdict::Crossed => "crossed",
                },
            })
            .collect()
    }
}

/// What a domain has not worked off.
#[derive(Serialize)]
pub struct TickBacklog<'a> {
    domain: &'a str,
    outbox_pending: Option<u64>,
    consumer_lag: Option<u64>,
    at_least: bool,
}

impl<'a> TickBacklog<'a> {
    /// Domain by domain.
    pub fn all_of(live: &'a Live) -> Vec<Self> {
        let domains = live.backlogs.iter();
        domains
            .map(|backlog| Self {
                domain: &backlog.domain,
                outbox_pending: backlog.outbox_pending,
                consumer_lag: backlog.stream_lag,
                at_least: backlog.amount.at_least,
            })
            .collect()
    }
}

/// What a kind of event took after its replies. Times are in ms; null where nothing is known.
#[derive(Serialize)]
pub struct TickEvent<'a> {
    domain: &'a str,
    event: &'a str,
    followed: u64,
    seen: u64,
    published: Option<TickStretch>,
    done: Option<TickStretch>,
    visible: Option<TickStretch>,
}

/// A part of it. Of events that are on their way the age counts: a value that they may raise is a lower
/// bound.
#[derive(Serialize)]
pub struct TickStretch {
    p50_ms: f64,
    p50_at_least: bool,
    p99_ms: f64,
    p99_at_least: bool,
    waiting: u64,
}

impl<'a> TickEvent<'a> {
    /// Kind by kind, over the whole run, resets or not.
    pub fn all_of(live: &'a Live) -> Vec<Self> {
        let stretch = |now: StretchNow| TickStretch {
            p50_ms: now.p50.value / 1e3,
            p50_at_least: now.p50.at_least,
            p99_ms: now.p99.value / 1e3,
            p99_at_least: now.p99.at_least,
            waiting: now.waiting,
        };
        let events = live.events.iter();
        events
            .map(|event| Self {
                domain: &event.domain,
                event: &event.name,
                followed: event.followed,
                seen: event.done.or(event.published).map_or(0, |now| now.over),
                published: event.published.map(stretch),
                done: event.done.map(stretch),
                visible: event.visible.map(stretch),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made_up;
    use crate::stats::MergedInterval;
    use serde_json::json;

    #[test]
    fn every_second_that_has_rates_is_a_point() {
        let live = made_up::live();
        let points = Point::all_of(&live);
        let ends: Vec<f64> = points.iter().map(|point| point.at_s).collect();
        assert_eq!(ends, [1.0, 2.0, 3.0]);
        assert!(Point::of(&live.now).is_none(), "a quarter of a second");
        let told = serde_json::to_value(&points[1]).unwrap();
        let expected = json!({
            "at_s": 2.0, "users": 3, "requests_per_s": 600.0, "failures_per_s": 0.0,
            "p50_ms": 0.896, "p95_ms": 1.216, "p99_ms": 1.252, "service_p99_ms": 1.186,
            "lag_p99_ms": 0.079, "events_per_s": 386.0, "outbox_events_per_s": 386.0,
            "backlog": null, "cpu_percent": 0.12,
        });
        assert_eq!(told, expected);
    }

    #[test]
    fn a_second_without_requests_has_no_latencies() {
        let mut second = MergedInterval::new(made_up::context().shape());
        second.end_us = 1_000_000;
        let live = made_up::lives(made_up::context(), &[second]).remove(0);
        let told = serde_json::to_value(Point::of(&live.now)).unwrap();
        for key in ["p50_ms", "p95_ms", "p99_ms", "service_p99_ms", "lag_p99_ms"] {
            assert!(told[key].is_null(), "{key}");
        }
        assert_eq!(told["requests_per_s"], json!(0.0));
    }

    #[test]
    fn what_events_took_is_told_with_what_is_only_a_lower_bound() {
        let mut live = made_up::live();
        assert!(TickEvent::all_of(&live).is_empty());
        live.events = made_up::events();
        let told = serde_json::to_value(TickEvent::all_of(&live)).unwrap();
        let expected = json!({
            "domain": "Ordering", "event": "OrderCreated", "followed": 120, "seen": 90,
            "published": {"p50_ms": 12.0, "p50_at_least": false, "p99_ms": 80.5,
                "p99_at_least": false, "waiting": 0},
            "done": {"p50_ms": 250.0, "p50_at_least": false, "p99_ms": 2_100.0,
                "p99_at_least": true, "waiting": 10},
            "visible": null,
        });
        assert_eq!(told[0], expected);
        assert!(told[1]["done"].is_null());
    }

    #[test]
    fn rows_are_those_of_the_record() {
        let live = made_up::live();
        let all = serde_json::to_value(Row::of_all(&live)).unwrap();
        assert_eq!(all["name"], "Aggregated");
        assert_eq!(all["requests"], json!(live.record.totals.requests));
        assert_eq!(all["current_per_s"], json!(595.0));
        let names = Row::of_names(&live);
        let sum: u64 = names.iter().map(|row| row.requests).sum();
        assert_eq!(sum, live.record.totals.requests);
        assert_eq!(names.len(), live.record.names.len());
    }
}
