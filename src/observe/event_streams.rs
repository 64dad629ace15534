//! Followed events in Redis: their entries in streams, where groups stand, and what these tell of
//! themselves in the stream of traces.

use super::clock_offset::{ClockOffset, offset_of};
use super::event_trail::{EventTrail, POSITIONS};
use super::followed_event::{EntryId, GroupStanding, HandledEvent, KeptEvent, parts_of};
use super::redis_link::RedisLink;
use jiff::Timestamp;
use redis::streams::{StreamId, StreamInfoGroupsReply, StreamRangeReply};
use redis::{FromRedisValue, RedisError, Value};
use serde::Deserialize;
use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Where groups tell what they have done.
const TRACES: &str = "protean:traces";
/// What they tell when an event is confirmed.
const CONFIRMED: &str = "message.acked";
/// Entries of all streams, and traces, that are read at once.
const MOST_ENTRIES: usize = 3_000;
const MOST_TRACES: usize = 3_000;
/// The last look waits so often and so long for words of groups that were seen to have passed an event.
const LAST_WAITS: u32 = 4;
const LAST_WAIT: Duration = Duration::from_millis(250);
/// Longest time that the last look takes.
const LAST_LOOK: Duration = Duration::from_secs(4);
/// Whoever is so far behind with reading goes on with what is new, in milliseconds.
const BEHIND_MS: u64 = 10_000;
/// Readings between two looks at the clock.
const CLOCK_EVERY: u32 = 30;
const CLOCK_TRIPS: u32 = 5;
const CLOCK_RESOLUTION_US: u64 = 1_000;

/// The part of Redis' source that follows events.
pub(super) struct EventStreams {
    trail: Arc<EventTrail>,
    clock: Option<ClockOffset>,
    readings: u32,
    /// The last entry that was read, by stream.
    read_until: HashMap<String, EntryId>,
    /// Where reading begins: when it was first looked.
    begun: Option<EntryId>,
    looked_us: Option<i64>,
    /// Whether there were more traces than were read at once.
    overrun: bool,
    /// Whether any group has told anything.
    are_told: bool,
}

impl EventStreams {
    pub fn new(trail: Arc<EventTrail>) -> Self {
        Self {
            trail,
            clock: None,
            readings: 0,
            read_until: HashMap::new(),
            begun: None,
            looked_us: None,
            overrun: false,
            are_told: false,
        }
    }

    /// Looks for what is new in `streams`, and at their groups.
    pub fn look(&mut self, link: &mut RedisLink, streams: &[String]) -> Result<(), RedisError> {
        let clock = match self.clock {
            Some(clock) if !self.readings.is_multiple_of(CLOCK_EVERY) => clock,
            _ => self.read_clock(link)?,
        };
        self.readings = self.readings.wrapping_add(1);
        let now_us = self.trail.own().now_us();
        let theirs_ms = u64::try_from((now_us + clock.ahead_us) / 1_000).unwrap_or(0);
        let begun = *self.begun.get_or_insert((theirs_ms, 0));
        if self.trail.is_idle() {
            // What stands there belongs to nobody who is followed; replies of this moment may come.
            let until = (theirs_ms.saturating_sub(self.read_after_ms()), 0).max(begun);
            self.read_until.insert(TRACES.to_owned(), until);
            streams.iter().for_each(|stream| {
                self.read_until.insert(stream.clone(), until);
            });
            self.looked_us = None;
            return Ok(());
        }
        let until_ms = theirs_ms.saturating_sub(self.read_after_ms());
        self.read_entries(link, streams, clock, until_ms)?;
        self.read_groups(link, streams)?;
        self.read_traces(link, until_ms, clock, true)
    }

    /// Looks once more, at all that stands there.
    pub fn look_last(
        &mut self,
        link: &mut RedisLink,
        streams: &[String],
    ) -> Result<(), RedisError> {
        let clock = self.read_clock(link)?;
        if self.trail.is_idle() {
            return Ok(());
        }
        let give_up = Instant::now() + LAST_LOOK;
        while Instant::now() < give_up {
            link.begin();
            if self.read_entries(link, streams, clock, u64::MAX)? < MOST_ENTRIES {
                break;
            }
        }
        self.read_groups(link, streams)?;
        for waits in 0..=LAST_WAITS {
            while Instant::now() < give_up {
                link.begin();
                let now_us = self.trail.own().now_us() + clock.ahead_us;
                let now_ms = u64::try_from(now_us / 1_000).unwrap_or(0);
                self.read_traces(link, now_ms, clock, false)?;
                if !self.overrun {
                    break;
                }
            }
            if waits == LAST_WAITS || !self.are_told || !self.trail.awaits_words() {
                break;
            }
            std::thread::sleep(LAST_WAIT);
        }
        Ok(())
    }

    fn read_clock(&mut self, link: &mut RedisLink) -> Result<ClockOffset, RedisError> {
        let offset = offset_of(self.trail.own(), CLOCK_TRIPS, || {
            let (seconds, us): (i64, i64) = redis::cmd("TIME").query(link)?;
            Ok::<i64, RedisError>(seconds.saturating_mul(1_000_000).saturating_add(us))
        })?;
        let clock = offset.unwrap_or(ClockOffset {
            ahead_us: 0,
            within_us: i64::MAX,
        });
        self.clock = Some(clock);
        Ok(clock)
    }

    /// Entries and traces are read when the replies that name their events have come: so much later.
    fn read_after_ms(&self) -> u64 {
        u64::try_from(self.trail.heard_within().as_millis()).unwrap_or(u64::MAX)
    }

    fn after(&self, stream: &str) -> EntryId {
        let begun = self.begun.unwrap_or_default();
        self.read_until.get(stream).copied().unwrap_or(begun)
    }

    /// Entries of `stream` after the last one that was read, at most so many, until a moment.
    fn range(
        &mut self,
        link: &mut RedisLink,
        stream: &str,
        until_ms: u64,
        most: usize,
    ) -> Result<Vec<StreamId>, RedisError> {
        let (ms, number) = self.after(stream);
        let from = match number.checked_add(1) {
            Some(next) => format!("{ms}-{next}"),
            None => format!("{}-0", ms + 1),
        };
        let reply: StreamRangeReply = redis::cmd("XRANGE")
            .arg(stream)
            .arg(from)
            .arg(until_ms)
            .arg("COUNT")
            .arg(most)
            .query(link)?;
        if let Some(last) = reply.ids.last().and_then(|it| entry_id(&it.id)) {
            self.read_until.insert(stream.to_owned(), last);
        }
        Ok(reply.ids)
    }

    fn read_entries(
        &mut self,
        link: &mut RedisLink,
        streams: &[String],
        clock: ClockOffset,
        until_ms: u64,
    ) -> Result<usize, RedisError> {
        let mut left = MOST_ENTRIES;
        for stream in streams.iter().filter(|stream| is_followed(stream)) {
            if left == 0 {
                break;
            }
            let entries = self.range(link, stream, until_ms, left)?;
            left -= entries.len();
            let mut found = Vec::new();
            {
                let is_about = self.trail.is_about();
                for entry in &entries {
                    let kept = entry_id(&entry.id).zip(kept_event(entry, clock, &is_about));
                    found.extend(kept.map(|(id, kept)| (kept, id)));
                }
            }
            // What was read is not read again, whatever becomes of the next stream.
            self.trail.entered(&found);
        }
        self.trail
            .tell_source("redis", clock, CLOCK_RESOLUTION_US, 0);
        Ok(MOST_ENTRIES - left)
    }

    fn read_groups(&mut self, link: &mut RedisLink, streams: &[String]) -> Result<(), RedisError> {
        let began_us = self.trail.own().now_us();
        let streams: Vec<&String> = streams.iter().filter(|it| is_followed(it)).collect();
        if streams.is_empty() {
            return Ok(());
        }
        let mut pipe = redis::pipe();
        for stream in &streams {
            pipe.cmd("XINFO").arg("GROUPS").arg(stream);
        }
        let answers: Vec<Value> = pipe.query(link)?;
        let mut categories: Vec<(String, Vec<GroupStanding>)> = Vec::new();
        let mut pending: Vec<(usize, usize)> = Vec::new();
        let mut asked = redis::pipe();
        for (stream, answer) in streams.iter().zip(&answers) {
            let reply = StreamInfoGroupsReply::from_redis_value_ref(answer)?;
            let mut standings = Vec::with_capacity(reply.groups.len());
            for group in reply.groups {
                if group.pending > 0 {
                    pending.push((categories.len(), standings.len()));
                    asked.cmd("XPENDING").arg(*stream).arg(&group.name);
                }
                standings.push(GroupStanding {
                    fetched: entry_id(&group.last_delivered_id).unwrap_or_default(),
                    group: group.name,
                    unconfirmed: None,
                });
            }
            categories.push(((*stream).clone(), standings));
        }
        if !pending.is_empty() {
            let answers: Vec<Value> = asked.query(link)?;
            for ((category, place), answer) in pending.into_iter().zip(&answers) {
                categories[category].1[place].unconfirmed = lowest_of(answer);
            }
        }
        let ended_us = self.trail.own().now_us();
        self.trail.standing(&categories, (began_us, ended_us));
        let resolution_us = self.looked_us.map_or(0, |before_us| ended_us - before_us);
        self.looked_us = Some(began_us);
        let same = ClockOffset {
            ahead_us: 0,
            within_us: 0,
        };
        let resolution_us = resolution_us.max(0) as u64;
        self.trail.tell_source(POSITIONS, same, resolution_us, 0);
        Ok(())
    }

    fn read_traces(
        &mut self,
        link: &mut RedisLink,
        until_ms: u64,
        clock: ClockOffset,
        may_skip: bool,
    ) -> Result<(), RedisError> {
        let (ms, _) = self.after(TRACES);
        let mut left_out = 0;
        if until_ms.saturating_sub(ms) > BEHIND_MS && self.overrun && may_skip {
            // They come faster than they are read: where groups stand tells of those between.
            self.read_until.insert(TRACES.to_owned(), (until_ms, 0));
            left_out = 1;
        }
        let entries = self.range(link, TRACES, until_ms, MOST_TRACES)?;
        let mut handled = Vec::new();
        {
            let is_about = self.trail.is_about();
            for entry in &entries {
                handled.extend(handled_event(entry, clock, &is_about));
            }
        }
        self.overrun = entries.len() >= MOST_TRACES;
        if !self.overrun {
            let known = self.after(TRACES);
            self.read_until
                .insert(TRACES.to_owned(), known.max((until_ms, 0)));
        }
        self.are_told |= !handled.is_empty();
        if !entries.is_empty() || left_out > 0 {
            self.trail.tell_source("redis traces", clock, 1, left_out);
        }
        let (read_ms, _) = self.after(TRACES);
        let read_us = i64::try_from(read_ms).unwrap_or(0).saturating_mul(1_000);
        let read_us = read_us.saturating_sub(clock.correction_us());
        self.trail.handled(&handled, read_us);
        Ok(())
    }
}

/// Dead letters are no way of an event.
fn is_followed(stream: &str) -> bool {
    !stream.ends_with(":dlq")
}

fn entry_id(text: &str) -> Option<EntryId> {
    let (ms, number) = text.split_once('-')?;
    Some((ms.parse().ok()?, number.parse().ok()?))
}

/// The second part of what `XPENDING` says in short: the lowest entry that is not confirmed.
fn lowest_of(answer: &Value) -> Option<EntryId> {
    let Value::Array(parts) = answer else {
        return None;
    };
    let lowest: Option<String> = FromRedisValue::from_redis_value_ref(parts.get(1)?).ok()?;
    entry_id(&lowest?)
}

#[derive(Deserialize)]
struct Entry<'a> {
    #[serde(borrow, default)]
    metadata: Option<Metadata<'a>>,
}

#[derive(Deserialize)]
struct Metadata<'a> {
    #[serde(borrow, default)]
    headers: Option<Headers<'a>>,
}

#[derive(Deserialize)]
struct Headers<'a> {
    #[serde(borrow)]
    id: Cow<'a, str>,
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow, default)]
    time: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Trace<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    message_id: Cow<'a, str>,
    #[serde(borrow, default)]
    handler: Option<Cow<'a, str>>,
    #[serde(borrow)]
    timestamp: Cow<'a, str>,
}

fn data_of(entry: &StreamId) -> Option<&[u8]> {
    match entry.map.get("data")? {
        Value::BulkString(data) => Some(data),
        _ => None,
    }
}

/// What an entry of a stream is, if it is about a followed aggregate. Without the time at which it was
/// raised, it was when it entered.
fn kept_event(
    entry: &StreamId,
    clock: ClockOffset,
    is_about: &impl Fn(&str) -> bool,
) -> Option<KeptEvent> {
    let entered: Entry<'_> = serde_json::from_slice(data_of(entry)?).ok()?;
    let headers = entered.metadata?.headers?;
    let (_, id) = parts_of(&headers.id)?;
    if !is_about(id) {
        return None;
    }
    let (ms, _) = entry_id(&entry.id)?;
    let correction_us = clock.correction_us();
    let entered_us = i64::try_from(ms).ok()?.checked_mul(1_000)? - correction_us;
    let raised_us = headers.time.and_then(|time| unix_us(&time));
    Some(KeptEvent {
        message_id: headers.id.into_owned(),
        kind: headers.kind.into_owned(),
        raised_us: raised_us.map_or(entered_us, |us| us.saturating_sub(correction_us)),
        published_us: Some(entered_us),
    })
}

/// What a trace tells, if it tells that a followed event was handled.
fn handled_event(
    entry: &StreamId,
    clock: ClockOffset,
    is_about: &impl Fn(&str) -> bool,
) -> Option<HandledEvent> {
    let data = data_of(entry)?;
    // Most of them tell something else: a look at the text is cheaper than reading it.
    memchr::memmem::find(data, CONFIRMED.as_bytes())?;
    let trace: Trace<'_> = serde_json::from_slice(data).ok()?;
    let (_, id) = parts_of(&trace.message_id)?;
    if trace.event != CONFIRMED || !is_about(id) {
        return None;
    }
    Some(HandledEvent {
        at_us: unix_us(&trace.timestamp)?.saturating_sub(clock.correction_us()),
        handler: trace.handler?.into_owned(),
        message_id: trace.message_id.into_owned(),
    })
}

/// Microseconds since 1970 of a time as Python writes it: without a zone it is UTC.
fn unix_us(text: &str) -> Option<i64> {
    let text = text.replacen(' ', "T", 1);
    let time: Timestamp = match text.parse() {
        Ok(time) => time,
        Err(_) => format!("{text}Z").parse().ok()?,
    };
    Some(time.as_microsecond())
}

/// What is read of one entry that `data` is in, for fuzzing.
#[doc(hidden)]
pub fn read_entry(data: &[u8]) {
    let entry = StreamId {
        id: "1-1".to_owned(),
        map: HashMap::from([("data".to_owned(), Value::BulkString(data.to_vec()))]),
        ..StreamId::default()
    };
    let clock = ClockOffset {
        ahead_us: 0,
        within_us: 0,
    };
    let _ = kept_event(&entry, clock, &|_| true);
    let _ = handled_event(&entry, clock, &|_| true);
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLOCK: ClockOffset = ClockOffset {
        ahead_us: 500,
        within_us: 10,
    };

    fn entry(data: &str) -> StreamId {
        StreamId {
            id: "1795941309289-3".to_owned(),
            map: HashMap::from([("data".to_owned(), Value::BulkString(data.into()))]),
            ..StreamId::default()
        }
    }

    #[test]
    fn an_entry_names_its_event() {
        let data = r#"{"data":{"order_id":"7-a"},"metadata":{"headers":{"id":"ordering::order-7-a-0",
            "type":"Ordering.OrderCreated.v1","stream":"ordering::order-7-a",
            "time":"2026-11-29 09:15:09.076827+00:00"},"domain":{"fqn":"x"}}}"#;
        let kept = kept_event(&entry(data), CLOCK, &|id| id == "7-a").unwrap();
        assert_eq!(kept.message_id, "ordering::order-7-a-0");
        assert_eq!(kept.kind, "Ordering.OrderCreated.v1");
        assert_eq!(kept.published_us, Some(1_795_941_309_289_000 - 500));
        assert_eq!(
            kept.raised_us,
            unix_us("2026-11-29T09:15:09.076827").unwrap() - 500
        );
        assert_eq!(kept_event(&entry(data), CLOCK, &|_| false), None);
        assert_eq!(kept_event(&entry("{}"), CLOCK, &|_| true), None);
    }

    #[test]
    fn only_confirmations_tell_that_an_event_was_handled() {
        let trace = |event: &str| {
            format!(
                r#"{{"event":"{event}","domain":"ordering","stream":"ordering::order",
                "message_id":"ordering::order-7-a-0","message_type":"Ordering.OrderCreated.v1",
                "status":"ok","handler":"OrderDetailProjector","duration_ms":null,
                "timestamp":"1970-01-01T00:00:01.000600+00:00"}}"#
            )
        };
        let handled = handled_event(&entry(&trace("message.acked")), CLOCK, &|_| true).unwrap();
        assert_eq!(handled.at_us, 1_000_100);
        assert_eq!(handled.handler, "OrderDetailProjector");
        for other in ["handler.started", "handler.completed", "outbox.published"] {
            assert_eq!(handled_event(&entry(&trace(other)), CLOCK, &|_| true), None);
        }
    }

    #[test]
    fn what_is_pending_tells_its_lowest_entry() {
        let text = |text: &str| Value::BulkString(text.into());
        let answer = Value::Array(vec![Value::Int(2), text("5-1"), text("9-0"), Value::Nil]);
        assert_eq!(lowest_of(&answer), Some((5, 1)));
        let none = Value::Array(vec![Value::Int(0), Value::Nil, Value::Nil, Value::Nil]);
        assert_eq!(lowest_of(&none), None);
        assert_eq!(lowest_of(&Value::Nil), None);
    }
}
