//! Traces: what happened to each of the newest messages, told from when it was published and when
//! it is processed.
//!
//! The projectors of a stream share a message's time evenly, one after the other. The pipeline is
//! told what happened, not to which customer or product: identifiers are made up, one a message.

use super::in_order::{InOrder, json};
use super::streams::{Stream, stream_of};
use super::trace_filter::TraceFilter;
use super::{Names, ObservatoryView, subscriptions};
use crate::sandbox::pipeline::{Message, TRACED_MESSAGES};
use jiff::Timestamp;
use serde::Serialize;
use std::cmp::{Ordering, Reverse};
use std::collections::{BTreeMap, BinaryHeap};
use std::ops::RangeInclusive;
use std::sync::atomic;
use xxhash_rust::xxh3::xxh3_128_with_seed;

/// Traces are kept for seven days.
const KEPT_NS: u64 = 7 * 24 * 3_600 * 1_000_000_000;
/// Windows of the statistics, in seconds.
const WINDOWS: &[(&str, u64)] = &[
    ("5m", 300),
    ("15m", 900),
    ("1h", 3_600),
    ("24h", 86_400),
    ("7d", 604_800),
];
/// Most traces that a stream tells at once.
const MOST_LINES: usize = 1_000;
/// Most steps in a message's life, as a power of two.
const STEP_BITS: u32 = 6;

/// A step in the life of a message.
#[derive(Clone, Copy)]
pub struct TraceStep {
    message: Message,
    names: Names,
    /// 0 is its publishing; then three for each projector.
    index: usize,
    time_ns: u64,
}

/// What a step is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Happening {
    Published,
    Started,
    Completed,
    Acked,
}

impl Happening {
    const ALL: [Self; 4] = [Self::Published, Self::Started, Self::Completed, Self::Acked];

    fn name(self) -> &'static str {
        match self {
            Self::Published => "outbox.published",
            Self::Started => "handler.started",
            Self::Completed => "handler.completed",
            Self::Acked => "message.acked",
        }
    }
}

/// Who handles the message, in their order.
fn handlers(message: &Message, names: Names) -> &'static [&'static str] {
    let stream = stream_of(message.domain, message.event);
    match names {
        Names::Today => subscriptions::handlers(stream.name),
        Names::Five | Names::Newer => stream.projectors,
    }
}

/// The steps of `message`, in their order.
fn steps(message: Message, names: Names) -> impl Iterator<Item = TraceStep> {
    let projectors = handlers(&message, names).len();
    (0..=3 * projectors).map(move |index| {
        let handled = match index {
            0 => 0,
            // A projector starts when the one before it is done.
            _ => (index - 1) / 3 + usize::from(index % 3 != 1),
        };
        let span_ns = message.processed_ns - message.published_ns;
        let share = u128::from(span_ns) * handled as u128 / projectors.max(1) as u128;
        TraceStep {
            message,
            names,
            index,
            time_ns: message.published_ns + share as u64,
        }
    })
}

impl TraceStep {
    fn happening(self) -> Happening {
        match self.index {
            0 => Happening::Published,
            index => Happening::ALL[1 + (index - 1) % 3],
        }
    }

    fn stream(self) -> &'static Stream {
        stream_of(self.message.domain, self.message.event)
    }

    /// Tells apart what happens at the same time.
    fn serial(self) -> usize {
        let message = self.message.domain as usize * TRACED_MESSAGES + self.message.slot;
        (message << STEP_BITS) + self.index
    }

    fn duration_ms(self) -> Option<f64> {
        let projectors = handlers(&self.message, self.names).len();
        let span_ns = (self.message.processed_ns - self.message.published_ns) as f64;
        let share_ms = span_ns / projectors.max(1) as f64 / 1e6;
        (self.happening() == Happening::Completed).then(|| round_to_hundredths(share_ms))
    }

    fn is_wanted(self, filter: &TraceFilter) -> bool {
        filter.event.is_met_by(self.happening().name())
    }
}

/// Steps in the order in which they happened.
struct InTime(TraceStep);

impl InTime {
    fn key(&self) -> (u64, usize) {
        (self.0.time_ns, self.0.serial())
    }
}

impl Ord for InTime {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

impl PartialOrd for InTime {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for InTime {
    fn eq(&self, other: &Self) -> bool {
        self.key() == other.key()
    }
}

impl Eq for InTime {}

fn round_to_hundredths(value: f64) -> f64 {
    (value * 100.0).round() / 100.0
}

fn message_is_wanted(message: &Message, filter: &TraceFilter) -> bool {
    let stream = stream_of(message.domain, message.event);
    filter.domain.is_met_by(message.domain.name())
        && filter.stream.is_met_by(stream.name)
        && filter.message_type.is_met_by(&message_type(message))
        && filter.message_id.is_met_by(&message_id(message))
}

fn message_type(message: &Message) -> String {
    format!("{}.{}.v1", message.event.domain, message.event.name)
}

fn aggregate_id(message: &Message) -> String {
    let bytes = message.end.to_le_bytes();
    let random = xxh3_128_with_seed(&bytes, message.domain as u64).to_le_bytes();
    uuid::Builder::from_random_bytes(random)
        .into_uuid()
        .to_string()
}

fn message_id(message: &Message) -> String {
    let stream = stream_of(message.domain, message.event);
    // Event-sourced aggregates number their events by version alone.
    let number = if message.event.outbox { "0.1" } else { "0" };
    format!("{}-{}-{number}", stream.name, aggregate_id(message))
}

/// A trace as it is shown; the names and their order are as measured.
#[derive(Serialize)]
struct Trace {
    event: &'static str,
    domain: &'static str,
    stream: &'static str,
    message_id: String,
    message_type: String,
    status: &'static str,
    handler: Option<&'static str>,
    duration_ms: Option<f64>,
    error: Option<()>,
    metadata: BTreeMap<(), ()>,
    payload: Option<BTreeMap<&'static str, String>>,
    timestamp: String,
    #[serde(rename = "_stream_id", skip_serializing_if = "Option::is_none")]
    stream_id: Option<String>,
}

#[derive(Serialize)]
struct TraceList {
    traces: Vec<Trace>,
    count: usize,
}

#[derive(Serialize)]
struct TraceStats<'a> {
    window: &'a str,
    counts: InOrder<u64>,
    error_count: u64,
    error_rate: f64,
    avg_latency_ms: f64,
    total: u64,
}

impl ObservatoryView {
    /// `GET /api/traces`: the newest `most` first; all of one message, when it is asked for.
    pub(super) fn traces(&self, filter: &TraceFilter, most: usize, at_ns: u64) -> String {
        let newest_first = self.newest(filter, 0..=at_ns, most).into_iter();
        let traces: Vec<_> = newest_first
            .map(|InTime(step)| self.trace(step, true))
            .collect();
        json(&TraceList {
            count: traces.len(),
            traces,
        })
    }

    /// `GET /api/traces/stats`
    ///
    /// # Errors
    /// With the body of a 400 when there is no such window.
    pub(super) fn trace_stats(&self, window: &str, at_ns: u64) -> Result<String, String> {
        let Some((_, window_s)) = WINDOWS.iter().find(|(name, _)| *name == window) else {
            let names: Vec<_> = WINDOWS.iter().map(|(name, _)| *name).collect();
            let error = format!("Invalid window: {window}. Use {}.", names.join(", "));
            return Err(json(&BTreeMap::from([("error", error)])));
        };
        let from_ns = at_ns.saturating_sub(window_s * 1_000_000_000);
        let mut counts = [0; Happening::ALL.len()];
        let (mut latency_ms, mut completed) = (0.0, 0_u64);
        for step in self.steps(&TraceFilter::default(), from_ns..=at_ns) {
            counts[step.happening() as usize] += 1;
            if let Some(duration_ms) = step.duration_ms() {
                latency_ms += duration_ms;
                completed += 1;
            }
        }
        let happened = Happening::ALL.iter().zip(counts);
        let happened = happened.filter(|(_, count)| *count > 0);
        Ok(json(&TraceStats {
            window,
            counts: InOrder(happened.map(|(what, count)| (what.name(), count)).collect()),
            error_count: 0,
            error_rate: 0.0,
            avg_latency_ms: round_to_hundredths(latency_ms / completed.max(1) as f64),
            total: counts.iter().sum(),
        }))
    }

    /// `DELETE /api/traces`
    pub(super) fn delete_traces(&self, at_ns: u64) -> String {
        let everything = TraceFilter::default();
        let deleted = self.steps(&everything, 0..=at_ns).next().is_some();
        self.traced_from_ns
            .fetch_max(at_ns + 1, atomic::Ordering::Relaxed);
        format!(r#"{{"status":"ok","deleted":{deleted}}}"#)
    }

    /// The traces of a span of time, oldest first, as lines of a stream; of very many the newest.
    pub(super) fn trace_lines(
        &self,
        filter: &TraceFilter,
        span_ns: RangeInclusive<u64>,
    ) -> Vec<String> {
        let newest_first = self.newest(filter, span_ns, MOST_LINES).into_iter();
        let traces = newest_first
            .rev()
            .map(|InTime(step)| self.trace(step, false));
        traces.map(|trace| python_json(&trace)).collect()
    }

    /// The `most` newest of the wanted steps, newest first.
    fn newest(
        &self,
        filter: &TraceFilter,
        span_ns: RangeInclusive<u64>,
        most: usize,
    ) -> Vec<InTime> {
        // The oldest one is on top.
        let mut newest = BinaryHeap::new();
        for step in self.steps(filter, span_ns) {
            newest.push(Reverse(InTime(step)));
            if newest.len() > most {
                newest.pop();
            }
        }
        let newest_first = newest.into_sorted_vec().into_iter();
        newest_first.map(|Reverse(step)| step).collect()
    }

    fn steps(
        &self,
        filter: &TraceFilter,
        span_ns: RangeInclusive<u64>,
    ) -> impl Iterator<Item = TraceStep> {
        let (from_ns, at_ns) = span_ns.into_inner();
        let from_ns = from_ns
            .max(at_ns.saturating_sub(KEPT_NS))
            .max(self.traced_from_ns.load(atomic::Ordering::Relaxed));
        let span_ns = from_ns..=at_ns;
        let names = self.names;
        self.pipeline
            .domains()
            .iter()
            .flat_map(move |&domain| self.pipeline.messages(domain, at_ns))
            .filter(move |message| message.processed_ns >= from_ns)
            .filter(move |message| message_is_wanted(message, filter))
            .flat_map(move |message| steps(message, names))
            .filter(move |step| span_ns.contains(&step.time_ns) && step.is_wanted(filter))
    }

    fn trace(&self, step: TraceStep, is_listed: bool) -> Trace {
        let (message, stream) = (&step.message, step.stream());
        let time = self.pipeline.time_of(step.time_ns);
        let happening = step.happening();
        let handler = step.index.checked_sub(1);
        let tells_payload = matches!(happening, Happening::Published | Happening::Started);
        Trace {
            event: happening.name(),
            domain: message.domain.name(),
            stream: stream.name,
            message_id: message_id(message),
            message_type: message_type(message),
            status: "ok",
            handler: handler
                .and_then(|index| handlers(message, step.names).get(index / 3).copied()),
            duration_ms: step.duration_ms(),
            error: None,
            metadata: BTreeMap::new(),
            payload: tells_payload
                .then(|| BTreeMap::from([(stream.id_field, aggregate_id(message))])),
            timestamp: python_time(time),
            stream_id: is_listed.then(|| format!("{}-{}", time.as_millisecond(), step.serial())),
        }
    }
}

/// As Python's `isoformat` writes a time in UTC.
fn python_time(time: Timestamp) -> String {
    let format = match time.subsec_microsecond() {
        0 if time.subsec_millisecond() == 0 => "%Y-%m-%dT%H:%M:%S+00:00",
        _ => "%Y-%m-%dT%H:%M:%S.%6f+00:00",
    };
    time.strftime(format).to_string()
}

/// As Python's `json.dumps` writes, with a space after each colon and comma.
fn python_json(value: &impl Serialize) -> String {
    let mut bytes = Vec::new();
    let mut serializer = serde_json::Serializer::with_formatter(&mut bytes, Spaced);
    // A trace always has a JSON form, and memory takes every byte.
    let _ = value.serialize(&mut serializer);
    String::from_utf8(bytes).unwrap_or_default()
}

struct Spaced;

impl serde_json::ser::Formatter for Spaced {
    fn begin_object_key<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b", ")
        }
    }

    fn begin_array_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
        first: bool,
    ) -> std::io::Result<()> {
        if first {
            Ok(())
        } else {
            writer.write_all(b", ")
        }
    }

    fn begin_object_value<W: ?Sized + std::io::Write>(
        &mut self,
        writer: &mut W,
    ) -> std::io::Result<()> {
        writer.write_all(b": ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_and_texts_are_pythons() {
        let time: Timestamp = "2026-11-22T07:31:27.000422Z".parse().unwrap();
        assert_eq!(python_time(time), "2026-11-22T07:31:27.000422+00:00");
        let whole: Timestamp = "2026-11-22T07:31:27Z".parse().unwrap();
        assert_eq!(python_time(whole), "2026-11-22T07:31:27+00:00");
        let value = serde_json::json!({"a": [1, null, {}], "b": "c:,d"});
        assert_eq!(python_json(&value), r#"{"a": [1, null, {}], "b": "c:,d"}"#);
    }
}
