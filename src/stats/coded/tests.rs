//! Tests of seconds as bytes: nothing is lost, and hostile bytes do no harm.

use super::*;
use crate::plan::{PeerAddress, SocketPath};
use crate::stats::{
    AddressCounts, CoreHealth, Ending, ErrorCounts, ErrorKey, LatencyCounts, LatencyTotal,
    MergedInterval, Outcome, OutcomeCounts, Phase, RaceSeen, Reason, Round, Rule, RuleFinding,
    SetShape, ToldInterval, Violation, WorkerHealth,
};
use fastrand::Rng;
use hdrhistogram::Histogram;
use hdrhistogram::serialization::{Deserializer, Serializer, V2Serializer};
use proptest::prelude::*;

const SHAPE: SetShape = SetShape {
    names: 4,
    journeys: 2,
    races: 2,
    rules: 2,
};

static RULES: [Rule; 2] = [
    Rule {
        index: 0,
        name: "one-winner",
        text: "at most one wins",
        enforced: true,
    },
    Rule {
        index: 1,
        name: "not-oversold",
        text: "no more is sold than there was",
        enforced: false,
    },
];

fn latencies(rng: &mut Rng, counts: &mut LatencyCounts) {
    for _ in 0..rng.usize(..40) {
        let digits = rng.u32(..31);
        counts.record_us(rng.u64(..1 << digits));
    }
}

/// A second in which whatever there is happened, or did not.
fn second(rng: &mut Rng) -> MergedInterval {
    let mut second = MergedInterval::new(SHAPE);
    second.start_us = rng.u64(..1_000) * 1_000_000;
    second.end_us = second.start_us + rng.u64(1..3_000_000);
    second.phase = rng.choice(Phase::ALL).unwrap();
    for name in &mut second.names[..3] {
        latencies(rng, &mut name.response);
        latencies(rng, &mut name.service);
        latencies(rng, &mut name.lag);
        name.outcomes = OutcomeCounts::of(|_| rng.u64(..100));
        name.corrections[0].beside = rng.i64(-9..9);
        name.corrections[1].stray_rows = rng.i64(-9..9);
        name.bytes_out = rng.u64(..1 << 40);
        name.body_bytes_in = rng.u64(..300);
    }
    for _ in 0..rng.usize(..5) {
        let key = ErrorKey {
            name: rng.u16(..SHAPE.names as u16),
            outcome: Outcome::Failed,
            status: rng.u16(..600),
            reason: Reason::new(rng.choice(["", "boom", "κακό: <n>"]).unwrap()),
        };
        second.errors.push(ErrorCounts {
            key,
            count: rng.u64(1..9),
            first_us: rng.u64(..1_000),
            last_us: rng.u64(..10_000_000),
        });
    }
    second.errors_cut = rng.u64(..3);
    second.counters.shed = rng.u64(..1_000);
    second.counters.beside_ns = rng.i64(-1_000_000_000..1_000_000_000);
    latencies(rng, &mut second.timings.tardiness);
    latencies(rng, &mut second.timings.attention);
    (second.users, second.most_users) = (rng.u32(..), rng.u32(..));
    second.journeys[1].started = rng.u64(..70_000);
    contend(rng, &mut second);
    second.addresses.add(&AddressCounts {
        requests: rng.u64(1..99),
        ..AddressCounts::new(std::net::SocketAddr::from((
            [127, 0, 0, rng.u8(..)],
            rng.u16(..),
        )))
    });
    second.addresses.add(&AddressCounts {
        opened: 1,
        ..AddressCounts::new(PeerAddress::Unix(SocketPath::parse("/run/shop").unwrap()))
    });
    for core in 0..rng.usize(..4) {
        second.cores.push(CoreHealth {
            core,
            start_us: second.start_us,
            end_us: second.end_us,
            tardiness_p99_us: rng.u64(..900),
            health: WorkerHealth {
                cpu_user_ns: rng.u64(..1_000_000_000),
                ring_entries: rng.u64(..1_000_000),
                ..WorkerHealth::default()
            },
        });
    }
    second.sum_up();
    second
}

/// Races, rules, rounds and probes of a second.
fn contend(rng: &mut Rng, second: &mut MergedInterval) {
    for _ in 0..rng.usize(..4) {
        let mut ending = Ending::default();
        ending.add(rng.u8(..3), rng.choice(Outcome::ALL).unwrap());
        let seen = RaceSeen {
            ending,
            racers: rng.u32(..9),
            complete: rng.bool(),
            spread_us: rng.bool().then(|| rng.u64(..900)),
            together: rng.bool(),
            overlapped: rng.bool(),
            first_side: Some(rng.u8(..3)),
            offset_bin: rng.bool().then(|| rng.usize(..41)),
            on: [rng.u16(..4); crate::stats::PROCESSES_COUNTED],
        };
        second.contests.races[1].observe(&seen);
        let round = Round {
            round: rng.u64(..99),
            stock: 10,
            demand: rng.u64(..30),
            granted: rng.u64(..12),
            spread_us: rng.u64(..400),
            overlapped: rng.bool(),
            left: rng.bool().then(|| rng.i64(-5..5)),
            ..Round::default()
        };
        second.rounds.push(round);
        second.contests.rounds.end(&round);
    }
    let ledger = &mut second.contests.ledger;
    ledger.count(&RULES[0], &RuleFinding::Held);
    for reason in ["no reply", "the run was over"] {
        ledger.count(&RULES[1], &RuleFinding::Undecided(reason));
    }
    if rng.bool() {
        ledger.count(&RULES[1], &RuleFinding::broken(format_args!("2 of 1"), [1]));
        ledger.violations.push(Violation {
            rule: RULES[1].name.to_owned(),
            race: rng.bool().then(|| "last-pieces".to_owned()),
            at_us: rng.i64(-5..99),
            why: "2 of 1".to_owned(),
            exchanges: Vec::new(),
            check: None,
        });
    }
    second.contests.probes.sent = rng.u64(..9);
}

fn encoded(second: &MergedInterval) -> Vec<u8> {
    let mut message = Vec::new();
    second.encode(&mut message);
    message
}

fn decoded(message: &[u8]) -> Result<MergedInterval, Garbled> {
    let mut second = MergedInterval::new(SHAPE);
    second.decode(message)?;
    Ok(second)
}

fn told(message: &[u8]) -> Result<ToldInterval, Garbled> {
    let mut second = ToldInterval::empty(SHAPE);
    second.decode_told(message)?;
    Ok(second)
}

/// Buckets with what they do not tell.
fn facts_of(counts: &LatencyCounts) -> (Vec<(u64, u32)>, [Option<u64>; 4]) {
    let beside = [
        Some(counts.len()),
        Some(counts.sum_us()),
        counts.min_us(),
        Some(counts.max_us()),
    ];
    (counts.buckets().collect(), beside)
}

fn assert_same(one: &MergedInterval, other: &MergedInterval) {
    assert_eq!(encoded(one), encoded(other));
    assert_eq!(
        (one.start_us, one.end_us, one.phase),
        (other.start_us, other.end_us, other.phase)
    );
    for (one, other) in one
        .names
        .iter()
        .chain([&one.all])
        .zip(other.names.iter().chain([&other.all]))
    {
        assert_eq!(facts_of(&one.response), facts_of(&other.response));
        assert_eq!(facts_of(&one.service), facts_of(&other.service));
        assert_eq!(facts_of(&one.lag), facts_of(&other.lag));
        assert_eq!(
            (one.outcomes, one.corrections),
            (other.outcomes, other.corrections)
        );
        assert_eq!(
            (one.bytes_in, one.bytes_out, one.body_bytes_in),
            (other.bytes_in, other.bytes_out, other.body_bytes_in)
        );
    }
    let rows = |second: &MergedInterval| -> Vec<_> {
        let told = |row: &ErrorCounts| {
            let key = (row.key.name, row.key.outcome, row.key.status);
            let reason = row.key.reason.as_str().to_owned();
            (key, reason, (row.count, row.first_us, row.last_us))
        };
        second.errors.iter().map(told).collect()
    };
    assert_eq!(rows(one), rows(other));
    assert_eq!(
        (one.errors_cut, one.counters),
        (other.errors_cut, other.counters)
    );
    assert_eq!(
        facts_of(&one.timings.tardiness),
        facts_of(&other.timings.tardiness)
    );
    assert_eq!(
        facts_of(&one.timings.attention),
        facts_of(&other.timings.attention)
    );
    assert_eq!((one.users, one.most_users), (other.users, other.most_users));
    assert_eq!(one.journeys, other.journeys);
    assert_eq!(one.contests.ledger, other.contests.ledger);
    assert_eq!(one.contests.rounds, other.contests.rounds);
    assert_eq!(one.contests.probes, other.contests.probes);
    for (one, other) in one.contests.races.iter().zip(&other.contests.races) {
        assert_eq!(one.counts, other.counts);
        assert_eq!(facts_of(&one.spread), facts_of(&other.spread));
    }
    assert_eq!(one.rounds, other.rounds);
    assert_eq!(one.addresses, other.addresses);
    assert_eq!(one.cores, other.cores);
}

#[test]
fn every_reader_of_hdr_histograms_knows_the_counts() {
    let mut rng = Rng::with_seed(7);
    for _ in 0..50 {
        let mut counts = LatencyCounts::default();
        latencies(&mut rng, &mut counts);
        counts.record_us(1 << rng.u32(..31));
        let mut bytes = Vec::new();
        counts.put(&mut bytes);
        let mut reader = &bytes[1..];
        let read: Histogram<u64> = Deserializer::new().deserialize(&mut reader).unwrap();
        let mut total = LatencyTotal::default();
        total.absorb(&counts);
        let recorded = |histogram: &Histogram<u64>| -> Vec<(u64, u64)> {
            let buckets = histogram.iter_recorded();
            buckets
                .map(|at| (at.value_iterated_to(), at.count_at_value()))
                .collect()
        };
        assert_eq!(recorded(&read), recorded(total.histogram()));
        // And what others write of them is read here, with what they lose beside it.
        let mut theirs = vec![1];
        V2Serializer::new().serialize(&read, &mut theirs).unwrap();
        counts.sum_us().put(&mut theirs);
        put_number(counts.min_us().unwrap(), &mut theirs);
        put_number(counts.max_us(), &mut theirs);
        let mut again = LatencyCounts::default();
        again.read(&mut CodedBytes::new(&theirs)).unwrap();
        assert_eq!(facts_of(&again), facts_of(&counts));
    }
}

#[test]
fn another_precision_and_another_layout_are_told() {
    let mut rng = Rng::with_seed(3);
    let mut message = encoded(&second(&mut rng));
    message[0] = 9;
    assert_eq!(decoded(&message).err(), Some(Garbled::Version(9)));

    let mut histogram = Histogram::<u64>::new(2).unwrap();
    histogram.record(5_000).unwrap();
    let mut bytes = vec![1];
    V2Serializer::new()
        .serialize(&histogram, &mut bytes)
        .unwrap();
    let mut counts = LatencyCounts::default();
    let read = counts.read(&mut CodedBytes::new(&bytes));
    assert_eq!(read, Err(Garbled::Digits));
}

#[test]
fn a_second_of_another_plan_is_refused() {
    let message = encoded(&second(&mut Rng::with_seed(5)));
    for shape in [
        SetShape { names: 3, ..SHAPE },
        SetShape {
            journeys: 3,
            ..SHAPE
        },
        SetShape { races: 0, ..SHAPE },
        SetShape { rules: 5, ..SHAPE },
    ] {
        let mut other = MergedInterval::new(shape);
        assert!(other.decode(&message).is_err(), "{shape:?}");
        assert_eq!(other.all.requests(), 0, "nothing is left of it");
    }
}

#[test]
fn a_second_without_anything_is_a_few_bytes() {
    let mut empty = MergedInterval::new(SHAPE);
    empty.end_us = 1;
    assert!(encoded(&empty).len() < 250, "{}", encoded(&empty).len());
    assert_same(&decoded(&encoded(&empty)).unwrap(), &empty);
}

proptest! {
    // Each case adds up to six whole seconds.
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// What was told joins as what was measured, and is told on byte for byte.
    #[test]
    fn told_seconds_join_without_a_loss(seeds in prop::collection::vec(any::<u64>(), 1..4)) {
        let (mut joined, mut of_told) = (MergedInterval::new(SHAPE), MergedInterval::new(SHAPE));
        let mut told = ToldInterval::empty(SHAPE);
        let mut span = (0, 0);
        for (shard, seed) in seeds.into_iter().enumerate() {
            let second = second(&mut Rng::with_seed(seed));
            told.decode_told(&encoded(&second)).unwrap();
            let mut again = Vec::new();
            told.encode(&mut again);
            prop_assert_eq!(again, encoded(&second));
            prop_assert_eq!(told.requests(), second.all.requests());
            joined.absorb_interval(&second, 10 * shard);
            of_told.absorb_interval(&told, 10 * shard);
            span = (second.start_us, second.end_us);
        }
        for sum in [&mut joined, &mut of_told] {
            (sum.start_us, sum.end_us) = span;
            sum.sum_up();
        }
        assert_same(&of_told, &joined);
    }
}

proptest! {
    #[test]
    fn what_is_read_is_what_was_written(seed: u64) {
        let second = second(&mut Rng::with_seed(seed));
        assert_same(&decoded(&encoded(&second)).unwrap(), &second);
    }

    /// A value that held something else before becomes the same.
    #[test]
    fn values_are_used_again(seed: u64) {
        let mut rng = Rng::with_seed(seed);
        let (first, other) = (second(&mut rng), second(&mut rng));
        let mut used = decoded(&encoded(&first)).unwrap();
        used.decode(&encoded(&other)).unwrap();
        assert_same(&used, &other);
    }

    #[test]
    fn a_second_that_is_cut_off_is_refused(seed: u64, at: prop::sample::Index) {
        let message = encoded(&second(&mut Rng::with_seed(seed)));
        prop_assert!(decoded(&message[..at.index(message.len())]).is_err());
        prop_assert!(told(&message[..at.index(message.len())]).is_err());
        let longer = [&message[..], &[0]].concat();
        prop_assert_eq!(decoded(&longer).err(), Some(Garbled::Long));
        prop_assert_eq!(told(&longer).err(), Some(Garbled::Long));
    }

    /// Whatever is read from changed bytes can be written and added up.
    #[test]
    fn changed_bytes_do_no_harm(seed: u64, changes in prop::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..6)) {
        let mut message = encoded(&second(&mut Rng::with_seed(seed)));
        for (at, byte) in changes {
            let at = at.index(message.len());
            message[at] = byte;
        }
        prop_assert_eq!(told(&message).err(), decoded(&message).err());
        if let Ok(second) = decoded(&message) {
            let mut again = Vec::new();
            told(&message).unwrap().encode(&mut again);
            prop_assert_eq!(again, encoded(&second));
            assert_same(&decoded(&encoded(&second)).unwrap(), &second);
            let mut sum = LatencyTotal::default();
            sum.absorb(&second.all.response);
        }
    }

    #[test]
    fn numbers_come_back(number: u64, signed: i64) {
        let mut bytes = Vec::new();
        put_number(number, &mut bytes);
        prop_assert_eq!(CodedBytes::new(&bytes).number(), Ok(number));
        let signed = signed >> 9;
        bytes.clear();
        signed.put(&mut bytes);
        let mut read = 0_i64;
        read.read(&mut CodedBytes::new(&bytes)).unwrap();
        prop_assert_eq!(read, signed);
    }
}
