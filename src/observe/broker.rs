//! Redis: lengths of the streams, what consumer groups lag behind, dead letters, and the broker's
//! own figures. What a group has not done yet belongs to the domain that has to do it.

use super::consumer::{Domains, StreamLane, lane_of, stream_domain};
use super::event_streams::EventStreams;
use super::event_trail::EventTrail;
use super::redis_door::RedisDoor;
use super::redis_link::RedisLink;
use super::source::{FigureSource, ObservedFigure, Readout};
use super::{Account, Problem, RedisAddress};
use crate::plan::{AddressPolicy, ObservedMetric, TlsSettings};
use crate::stats::Amount;
use redis::streams::{StreamInfoGroup, StreamInfoGroupsReply};
use redis::{FromRedisValue, RedisError, Value};
use std::sync::Arc;

/// Readings between two looks for new streams.
const LOOK_EVERY: u32 = 10;
/// Rounds of a look: each goes over about a thousand keys.
const MOST_ROUNDS: u32 = 1_000;
/// Streams that are read.
const MOST_STREAMS: usize = 200;
/// Where a group stands that has fetched nothing.
const BEFORE_ALL: &str = "0-0";

const UNREAD_LANES: &str = "events of low priority wait in `:backfill` streams that no consumer has ever read (today's engines do not): they are no part of any backlog, but counted apart as `backfill`";

/// The streams that are named `<domain>::<aggregate>`, and their siblings.
pub struct RedisStreams {
    door: RedisDoor,
    connection: Option<RedisLink>,
    streams: Vec<String>,
    streams_cut: bool,
    readings: u32,
    /// What follows events here, if anything does.
    events: Option<EventStreams>,
}

impl RedisStreams {
    /// Those of the Redis at `address`, which is trusted as `tls` says where its address asks for that.
    #[must_use]
    pub fn new(address: RedisAddress, policy: AddressPolicy, tls: TlsSettings) -> Self {
        Self {
            door: RedisDoor::new(address, policy, tls),
            connection: None,
            streams: Vec::new(),
            streams_cut: false,
            readings: 0,
            events: None,
        }
    }

    /// The same, following events on `trail`.
    pub(super) fn following(mut self, trail: Option<&Arc<EventTrail>>) -> Self {
        self.events = trail.map(|trail| EventStreams::new(Arc::clone(trail)));
        self
    }

    /// One whose connection is open; a reading may bring so much.
    pub(super) fn over(link: RedisLink) -> Self {
        let address = RedisAddress::parse("redis://localhost").expect("an address");
        Self {
            connection: Some(link),
            ..Self::new(address, AddressPolicy::default(), TlsSettings::default())
        }
    }

    /// Reads over an open connection.
    fn ask(&mut self, connection: &mut RedisLink) -> Result<Readout, RedisError> {
        if self.readings.is_multiple_of(LOOK_EVERY) {
            self.look_for_streams(connection)?;
        }
        self.readings += 1;
        if let Some(events) = &mut self.events {
            events.look(connection, &self.streams)?;
        }
        let mut pipe = redis::pipe();
        for section in ["memory", "clients", "stats"] {
            pipe.cmd("INFO").arg(section);
        }
        for stream in &self.streams {
            pipe.cmd("XLEN").arg(stream);
            pipe.cmd("XINFO").arg("GROUPS").arg(stream);
        }
        let answers: Vec<Value> = pipe.query(connection)?;
        let mut readout = Readout::default();
        let (about_broker, about_streams) = answers.split_at(3.min(answers.len()));
        for section in about_broker {
            add_broker(&mut readout, &String::from_redis_value_ref(section)?);
        }
        let domains = Domains::of_streams(&self.streams);
        for (stream, answers) in self.streams.iter().zip(about_streams.chunks_exact(2)) {
            let length = u64::from_redis_value_ref(&answers[0])?;
            let groups = StreamInfoGroupsReply::from_redis_value_ref(&answers[1])?;
            add_stream(&mut readout, &domains, stream, length, &groups);
        }
        if self.streams_cut {
            readout.caveat(format!(
                "Redis has more than the {MOST_STREAMS} streams, or more keys, than are looked at: figures of streams are too low"
            ));
        }
        Ok(readout)
    }

    /// Looks once more at what events are followed by, over the connection that is open.
    fn read_last(&mut self) -> Result<(), RedisError> {
        let (Some(events), Some(connection)) = (&mut self.events, &mut self.connection) else {
            return Ok(());
        };
        connection.begin();
        events.look_last(connection, &self.streams)
    }

    fn look_for_streams(&mut self, connection: &mut RedisLink) -> Result<(), RedisError> {
        let mut names: Vec<String> = Vec::new();
        let mut cursor = 0_u64;
        for _ in 0..MOST_ROUNDS {
            let (next, found): (u64, Vec<Vec<u8>>) = redis::cmd("SCAN")
                .arg(cursor)
                .arg(&["MATCH", "*::*", "COUNT", "1000", "TYPE", "stream"])
                .query(connection)?;
            names.extend(found.into_iter().flat_map(String::from_utf8));
            cursor = next;
            if cursor == 0 {
                break;
            }
        }
        // A look may meet a key twice.
        names.sort_unstable();
        names.dedup();
        self.streams_cut = cursor != 0 || names.len() > MOST_STREAMS;
        names.truncate(MOST_STREAMS);
        self.streams = names;
        Ok(())
    }
}

impl FigureSource for RedisStreams {
    fn name(&self) -> Arc<str> {
        "redis".into()
    }

    fn address(&self) -> String {
        self.door.address().to_string()
    }

    fn account(&mut self) -> Option<Result<Account, Problem>> {
        if self.events.is_some() {
            // Where groups stand in the end. What is not seen now is told as such.
            let _ = self.read_last();
        }
        None
    }

    fn read(&mut self) -> Result<Readout, Problem> {
        let mut connection = match self.connection.take() {
            Some(connection) => connection,
            None => self.door.open()?,
        };
        connection.begin();
        let result = self.ask(&mut connection);
        match result {
            Ok(readout) => {
                self.connection = Some(connection);
                Ok(readout)
            }
            Err(error) => {
                // A stream may be gone: look again. What is left on the connection is unknown.
                self.readings = 0;
                Err(self.door.told(&error))
            }
        }
    }
}

fn add_broker(readout: &mut Readout, section: &str) {
    for line in section.lines() {
        let Some((name, value)) = line.split_once(':') else {
            continue;
        };
        let metric = match name {
            "used_memory" => ObservedMetric::BrokerMemoryBytes,
            "connected_clients" => ObservedMetric::BrokerClients,
            "instantaneous_ops_per_sec" => ObservedMetric::BrokerOpsPerS,
            _ => continue,
        };
        if let Ok(value) = value.trim().parse() {
            readout.add(ObservedFigure::of(metric, "", Amount::exact(value)));
        }
    }
}

fn add_stream(
    readout: &mut Readout,
    domains: &Domains,
    stream: &str,
    length: u64,
    groups: &StreamInfoGroupsReply,
) {
    let lane = lane_of(stream);
    let domain = stream_domain(stream);
    let messages = Amount::exact(length as f64);
    let metric = match lane {
        StreamLane::DeadLetters => ObservedMetric::DeadLetters,
        StreamLane::Primary | StreamLane::Backfill => ObservedMetric::StreamMessages,
    };
    readout.add(ObservedFigure::of(metric, &domain, messages));
    readout.add(ObservedFigure::of_part(metric, &domain, stream, messages));
    if lane == StreamLane::DeadLetters {
        return;
    }
    // All keys were gone over: a domain without a stream of dead letters has none.
    readout.add(ObservedFigure::of(
        ObservedMetric::DeadLetters,
        &domain,
        Amount::exact(0.0),
    ));
    for group in &groups.groups {
        let part = format!("{stream} / {}", group.name);
        let pending = Amount::exact(group.pending as f64);
        let lag = lag_of(group, length);
        if lag.at_least {
            readout.caveat(format!(
                "Redis does not know how far {part} is behind (its lag is nil): figures that count it are at least so large"
            ));
        }
        let domain = domains.of_group(stream, &group.name);
        let mut add = |metric, amount| {
            readout.add(ObservedFigure::of(metric, &domain, amount));
            readout.add(ObservedFigure::of_part(metric, &domain, &part, amount));
        };
        // Engines that do read the lane have a consumer there; then it is work like any other.
        if lane == StreamLane::Backfill && group.consumers == 0 {
            let waiting = pending.plus(lag);
            add(ObservedMetric::Backfill, waiting);
            if waiting.value > 0.0 {
                readout.caveat(UNREAD_LANES.to_owned());
            }
            continue;
        }
        add(ObservedMetric::StreamPending, pending);
        add(ObservedMetric::StreamLag, lag);
    }
}

/// What a group has not fetched. Redis says nil after messages were deleted; of a group that has
/// fetched nothing it is all the same the whole stream.
fn lag_of(group: &StreamInfoGroup, length: u64) -> Amount {
    match group.lag {
        Some(lag) => Amount::exact(lag as f64),
        None if group.last_delivered_id == BEFORE_ALL => Amount::exact(length as f64),
        None => Amount {
            value: 0.0,
            at_least: true,
        },
    }
}
