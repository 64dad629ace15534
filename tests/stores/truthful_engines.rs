//! Engines that do to a real PostgreSQL and a real Redis what the sandbox's pipeline says is done, at the
//! moments that it says: rows are written and published, entries are added, groups read and confirm, and
//! tell it in the stream of traces. Times that engines write down are the pipeline's own.

use crate::servers::{Postgres, Redis};
use crossbeam_channel::{Receiver, RecvTimeoutError};
use shopblast::sandbox::EventTruth;
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fmt::Write;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The stream of the one domain that is played.
pub const STREAM: &str = "identity::customer";
/// Two groups: the first is done halfway.
pub const GROUPS: [&str; 2] = [
    "identity.projections.customer_card.CustomerCardProjector",
    "ordering.order.identity_events.IdentityOrderEventHandler",
];
const TICK: Duration = Duration::from_millis(2);

/// What happens to an event, in this order.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Act {
    Publish,
    Handle(usize),
}

/// Engines at work.
pub struct TruthfulEngines {
    thread: JoinHandle<Carried>,
}

/// What they have done.
pub struct Carried {
    /// In the order in which they came.
    pub truths: Vec<EventTruth>,
    /// How long after it was raised the row of each was written, in microseconds: a shop has it there
    /// before it replies.
    pub rows_after_us: Vec<i64>,
    /// How late a group confirmed at most, in microseconds: where groups stand shows it only then, whatever
    /// moment the truth has.
    pub confirmed_late_us: i64,
}

/// Whether groups tell what they do.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Telling {
    Traces,
    Nothing,
}

impl TruthfulEngines {
    /// Starts them; they end when nobody tells truths any more and all is done that is ever done.
    pub fn start(
        postgres: &Postgres,
        database: &str,
        redis: &Redis,
        truths: Receiver<EventTruth>,
        telling: Telling,
    ) -> Self {
        let client = postgres.client(database);
        let connection = redis.connection();
        let mut engines = Engines {
            client,
            connection,
            telling,
            known: Vec::new(),
            rows_after_us: Vec::new(),
            confirmed_late_us: 0,
            entries: Vec::new(),
            due: BinaryHeap::new(),
        };
        engines.make_groups();
        Self {
            thread: thread::spawn(move || engines.run(&truths)),
        }
    }

    /// Waits for the end.
    pub fn end(self) -> Carried {
        self.thread.join().expect("engines work to their end")
    }
}

struct Engines {
    client: postgres::Client,
    connection: redis::Connection,
    telling: Telling,
    known: Vec<EventTruth>,
    rows_after_us: Vec<i64>,
    confirmed_late_us: i64,
    /// By truth: its entry in the stream.
    entries: Vec<String>,
    due: BinaryHeap<Reverse<(i64, Act, usize)>>,
}

impl Engines {
    fn make_groups(&mut self) {
        for group in GROUPS {
            redis::cmd("XGROUP")
                .arg(&["CREATE", STREAM, group, "0", "MKSTREAM"])
                .exec(&mut self.connection)
                .expect("a group");
        }
    }

    fn run(mut self, truths: &Receiver<EventTruth>) -> Carried {
        let mut goes_on = true;
        while goes_on || !self.due.is_empty() {
            match truths.recv_timeout(TICK) {
                Ok(truth) => {
                    let truths = std::iter::once(truth).chain(truths.try_iter());
                    let customers = truths.filter(|it| it.event.domain == "Identity");
                    self.write_rows(customers.collect());
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => {
                    goes_on = false;
                    thread::sleep(TICK);
                }
            }
            self.act();
        }
        Carried {
            truths: self.known,
            rows_after_us: self.rows_after_us,
            confirmed_late_us: self.confirmed_late_us,
        }
    }

    fn write_rows(&mut self, truths: Vec<EventTruth>) {
        let mut sql = String::from(
            "INSERT INTO outbox (message_id, stream_name, type, status, created_at) VALUES ",
        );
        for (place, truth) in truths.iter().enumerate() {
            let comma = if place == 0 { "" } else { "," };
            let _ = write!(
                sql,
                "{comma}('{}', '{}', '{}', 'pending', {})",
                message_id(truth),
                stream_of(truth),
                kind(truth),
                time_sql(truth.raised_us)
            );
        }
        if !truths.is_empty() {
            self.client.batch_execute(&sql).expect("rows are written");
        }
        let written_us = unix_us();
        for truth in truths {
            self.rows_after_us.push(written_us - truth.raised_us);
            let place = self.known.len();
            self.known.push(truth);
            self.entries.push(String::new());
            let (Some(published_us), Some(processed_us)) = (truth.published_us, truth.processed_us)
            else {
                continue;
            };
            self.due.push(Reverse((published_us, Act::Publish, place)));
            for (group, at_us) in [halfway(&truth), processed_us].into_iter().enumerate() {
                self.due.push(Reverse((at_us, Act::Handle(group), place)));
            }
        }
    }

    /// Does what is due, as one batch.
    fn act(&mut self) {
        let now_us = unix_us();
        let mut published = Vec::new();
        let mut handled: [Vec<usize>; GROUPS.len()] = Default::default();
        while let Some(Reverse((at_us, act, place))) = self.due.peek().copied() {
            if at_us > now_us {
                break;
            }
            self.due.pop();
            match act {
                Act::Publish => published.push(place),
                Act::Handle(group) => handled[group].push(place),
            }
        }
        if !published.is_empty() {
            self.publish(&published);
        }
        for (group, places) in handled.into_iter().enumerate() {
            if !places.is_empty() {
                self.handle(group, &places);
            }
        }
    }

    fn publish(&mut self, places: &[usize]) {
        let mut sql = String::new();
        let mut pipe = redis::pipe();
        for &place in places {
            let truth = &self.known[place];
            let _ = write!(
                sql,
                "UPDATE outbox SET status = 'published', published_at = {} WHERE message_id = '{}';",
                time_sql(truth.published_us.expect("it is published")),
                message_id(truth)
            );
            let data = format!(
                r#"{{"data":{{"customer_id":"x"}},"metadata":{{"headers":{{"id":"{}","type":"{}","stream":"{}"}}}}}}"#,
                message_id(truth),
                kind(truth),
                stream_of(truth)
            );
            pipe.cmd("XADD").arg(&[STREAM, "*", "data"]).arg(data);
        }
        self.client.batch_execute(&sql).expect("rows are published");
        let entries: Vec<String> = pipe.query(&mut self.connection).expect("entries");
        for (&place, entry) in places.iter().zip(entries) {
            self.entries[place] = entry;
        }
    }

    fn handle(&mut self, group: usize, places: &[usize]) {
        let name = GROUPS[group];
        let mut pipe = redis::pipe();
        pipe.cmd("XREADGROUP")
            .arg(&["GROUP", name, "engine", "COUNT"])
            .arg(places.len())
            .arg(&["STREAMS", STREAM, ">"]);
        for &place in places {
            pipe.cmd("XACK")
                .arg(&[STREAM, name])
                .arg(&self.entries[place]);
        }
        if self.telling == Telling::Traces {
            for &place in places {
                let truth = &self.known[place];
                let at_us = handled_us(truth, group);
                let data = format!(
                    r#"{{"event":"message.acked","domain":"identity","stream":"{STREAM}","message_id":"{}","message_type":"{}","status":"ok","handler":"{}","duration_ms":null,"error":null,"metadata":{{}},"payload":null,"worker_id":"w","timestamp":"{}"}}"#,
                    message_id(truth),
                    kind(truth),
                    name.rsplit('.').next().expect("a name"),
                    jiff::Timestamp::from_microsecond(at_us).expect("a time")
                );
                pipe.cmd("XADD")
                    .arg(&["protean:traces", "*", "data"])
                    .arg(data);
            }
        }
        pipe.exec(&mut self.connection)
            .expect("entries are handled");
        let confirmed_us = unix_us();
        for &place in places {
            let truth = &self.known[place];
            let late_us = confirmed_us - handled_us(truth, group);
            self.confirmed_late_us = self.confirmed_late_us.max(late_us);
        }
    }
}

/// When the truth says that `group` is done with it.
fn handled_us(truth: &EventTruth, group: usize) -> i64 {
    match group {
        0 => halfway(truth),
        _ => truth.processed_us.expect("it is processed"),
    }
}

fn halfway(truth: &EventTruth) -> i64 {
    let (from, to) = (truth.published_us, truth.processed_us);
    let (from, to) = (from.expect("published"), to.expect("processed"));
    from + (to - from) / 2
}

fn stream_of(truth: &EventTruth) -> String {
    let thing = truth.thing.expect("something was touched");
    format!("{STREAM}-{thing}")
}

fn message_id(truth: &EventTruth) -> String {
    format!("{}-{}.1", stream_of(truth), truth.number)
}

fn kind(truth: &EventTruth) -> String {
    format!("{}.{}.v1", truth.event.domain, truth.event.name)
}

fn time_sql(us: i64) -> String {
    format!(
        "timestamp '1970-01-01' + {} * interval '1 s' + {} * interval '1 us'",
        us.div_euclid(1_000_000),
        us.rem_euclid(1_000_000)
    )
}

fn unix_us() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.expect("after 1970").as_micros() as i64
}
