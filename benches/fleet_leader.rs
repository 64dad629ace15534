//! What the leader of a fleet costs: 100 shards tell of 45 names each second, whose messages it checks, reads,
//! joins, counts and writes into all files of the record. `cargo bench --bench fleet_leader` prints CPU time,
//! memory and bytes a second, step by step; and what the telling costs a shard, beside what measuring the second
//! did. What the socket to Redis costs is not in it. Last, what reading and joining would cost by way of the
//! histograms that are measured with: why messages are read into what holds nothing but full buckets.

mod made_up_seconds;

use fastrand::Rng;
use made_up_seconds::{NAMES, NEW_SECONDS, REQUESTS, SECOND_US, SHAPE, context, facts, fill};
use shopblast::engine::ThreadGauge;
use shopblast::fleet::bus::{
    Envelope, FleetSecret, Kind as Said, Report, RunName, Seal, Sender, Token, decode, encode,
};
use shopblast::record::{Live, LiveSink, RecordDirectory};
use shopblast::stats::{
    CoreInterval, IntervalSink, MergedInterval, Merging, RunContext, ShardJoin, ToldInterval,
};
use std::sync::Arc;

const SHARDS: usize = 100;
const SECONDS: u64 = 12;
/// Different shards; the others tell the same as one of them, since to make them costs more than to join them.
const KINDS: u64 = 8;

fn main() {
    // `cargo test --benches` only wants to know that it works.
    let seconds = match std::env::args().any(|argument| argument == "--bench") {
        true => SECONDS,
        false => 3,
    };
    let directory = tempfile::tempdir().expect("a directory");
    let facts = facts("cargo bench --bench fleet_leader");
    let record =
        RecordDirectory::create(directory.path(), "bench", "0123456789abcdef", facts.started)
            .expect("a record");
    let context = context(seconds, SHARDS);
    let mut sinks = record.sinks(&facts, &context, None, true).expect("files");
    let live = LiveSink::new(facts, |_: Arc<Live>| {});
    sinks.push(Box::new(live.writing(&record.run_json())));
    let mut kinds: Vec<Kind> = (0..KINDS).map(Kind::new).collect();
    let mut leader = Leader::new(context, sinks);
    let bus = Bus::new();
    let (mut opened_ns, mut joined_ns, mut counted_ns) = (0, 0, 0);
    let (mut told_ns, mut told_bytes) = (0, 0);
    let mut gauge = ThreadGauge::start();
    for second in 0..seconds {
        gauge.lap();
        let mut messages: Vec<Vec<u8>> = Vec::new();
        for kind in &mut kinds {
            messages.push(bus.tell(second, kind.tell(second)));
        }
        let told = gauge.lap().cpu_ns();
        let (mut opened, mut joined) = (0, 0);
        for shard in 0..SHARDS {
            let message = bus.open(&messages[shard % messages.len()]);
            opened += gauge.lap().cpu_ns();
            leader.hear(shard, &message, second + 1 == seconds);
            joined += gauge.lap().cpu_ns();
        }
        leader.count();
        if second >= NEW_SECONDS {
            counted_ns += gauge.lap().cpu_ns();
            opened_ns += opened;
            joined_ns += joined;
            told_ns += told;
            told_bytes += messages.iter().map(Vec::len).sum::<usize>() as u64;
        }
    }
    let requests = leader.finish();
    assert_eq!(requests, (SHARDS * REQUESTS) as u64 * seconds);
    let counted = (seconds - NEW_SECONDS) as f64;
    let a_message = told_bytes as f64 / counted / KINDS as f64;
    let ms = |cpu_ns: u64| cpu_ns as f64 / counted / 1e6;
    println!(
        "leader: {SHARDS} shards x {NAMES} names, {} requests/s, all files of the record: {:.1} ms of CPU time a \
         second, {:.1} % of a core (messages checked {:.1} ms, read and joined {:.1} ms, counted and written {:.1} \
         ms); {:.1} MB of memory at most; {:.0} kB a second from Redis",
        SHARDS * REQUESTS,
        ms(opened_ns + joined_ns + counted_ns),
        ms(opened_ns + joined_ns + counted_ns) / 10.0,
        ms(opened_ns),
        ms(joined_ns),
        ms(counted_ns),
        peak_mb(),
        a_message * SHARDS as f64 / 1e3
    );
    println!(
        "shard: {:.2} ms of CPU time to make its message of {:.1} kB a second, {:.3} % of a core",
        told_ns as f64 / counted / KINDS as f64 / 1e6,
        a_message / 1e3,
        told_ns as f64 / counted / KINDS as f64 / 1e7
    );
    println!(
        "for comparison, read and joined by way of whole histograms: {:.1} ms of CPU time a second",
        whole_ns(&mut kinds) as f64 / 1e6
    );
}

/// CPU time to read and join what all shards tell of one second, when each message becomes histograms first.
fn whole_ns(kinds: &mut [Kind]) -> u64 {
    let messages: Vec<Vec<u8>> = kinds.iter_mut().map(|kind| kind.tell(0)).collect();
    let mut heard = MergedInterval::new(SHAPE);
    let mut joined = MergedInterval::new(SHAPE);
    let mut gauge = ThreadGauge::start();
    // The first time, their memory is new.
    for _ in 0..2 {
        gauge.lap();
        for shard in 0..SHARDS {
            let message = &messages[shard % messages.len()];
            heard.decode(message).expect("a second");
            joined.absorb_interval(&heard, shard);
        }
    }
    let took_ns = gauge.lap().cpu_ns();
    assert_eq!(joined.requests(), (2 * SHARDS * REQUESTS) as u64);
    took_ns
}

/// A shard: the second that it measured.
struct Kind {
    second: MergedInterval,
}

impl Kind {
    fn new(seed: u64) -> Self {
        let mut set = CoreInterval::new(0, SHAPE);
        let mut rng = Rng::with_seed(seed);
        fill(&mut set, 0, false, &mut rng);
        let mut second = MergedInterval::new(SHAPE);
        second.absorb(&set);
        Self { second }
    }

    fn tell(&mut self, second: u64) -> Vec<u8> {
        (self.second.start_us, self.second.end_us) = (second * SECOND_US, (second + 1) * SECOND_US);
        let mut message = Vec::new();
        self.second.encode(&mut message);
        message
    }
}

/// What signs and opens messages, as at a Redis.
struct Bus {
    secret: FleetSecret,
    run: RunName,
    author: Token,
}

impl Bus {
    fn new() -> Self {
        Self {
            secret: FleetSecret::parse(b"the secret of this bench").expect("a secret"),
            run: RunName::parse("bench").expect("a name"),
            author: Token::new().expect("random numbers"),
        }
    }

    fn seal(&self) -> Seal<'_> {
        Seal {
            secret: &self.secret,
            run: &self.run,
            place: "shopblast:{bench}:0123456789abcdef0123456789abcdef:reports",
        }
    }

    /// A shard's message.
    fn tell(&self, second: u64, body: Vec<u8>) -> Vec<u8> {
        let report = Report::Interval {
            round: 0,
            second: second as u32,
            body,
        };
        self.seal().close(&Envelope {
            author: self.author,
            sender: Sender::Shard(0),
            kind: Said::Report,
            sequence: second + 1,
            payload: encode(&report).expect("it fits"),
        })
    }

    /// What a message carries.
    fn open(&self, message: &[u8]) -> Vec<u8> {
        let envelope = self.seal().open(message).expect("it is signed");
        match decode::<Report>(&envelope.payload) {
            Ok(Report::Interval { body, .. }) => body,
            other => panic!("another message: {other:?}"),
        }
    }
}

/// What the leader does each second, as in a run.
struct Leader {
    join: ShardJoin,
    heard: ToldInterval,
    merging: Merging,
}

impl Leader {
    fn new(context: RunContext, sinks: Vec<Box<dyn IntervalSink>>) -> Self {
        Self {
            join: ShardJoin::new(SHAPE, &[1; SHARDS], u64::MAX),
            heard: ToldInterval::empty(SHAPE),
            merging: Merging::new(context, sinks),
        }
    }

    fn hear(&mut self, shard: usize, message: &[u8], is_last: bool) {
        self.heard.decode_told(message).expect("a second");
        self.join.push(shard, &self.heard);
        if is_last {
            self.join.done(shard);
        }
    }

    fn count(&mut self) {
        while let Some(mut second) = self.join.next_complete() {
            self.merging.second(&mut second);
            self.join.recycle(second);
        }
    }

    fn finish(self) -> u64 {
        let merged = self.merging.finish(Vec::new());
        assert!(merged.sink_failures.is_empty(), "all files are whole");
        merged.totals.all.requests()
    }
}

/// Most memory that this process had.
fn peak_mb() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("it is there");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let kib = line
        .and_then(|line| line.split_whitespace().next())
        .expect("a figure");
    kib.parse::<f64>().expect("a number") * 1024.0 / 1e6
}
