//! The log, read back with the format's own reader.

use super::*;
use crate::stats::{RunContext, SetShape, Totals};
use hdrhistogram::serialization::Deserializer;
use hdrhistogram::serialization::interval_log::{IntervalLogIterator, LogEntry};
use std::sync::Arc;

const NAMES: [StatName; 2] = [
    StatName {
        method: "POST",
        name: "POST /customers",
    },
    StatName {
        method: "GET",
        name: "browse, all",
    },
];

fn second(ordinal: u64, latencies_us: &[(usize, u64)]) -> MergedInterval {
    let mut interval = MergedInterval::new(SetShape {
        names: NAMES.len(),
        journeys: 0,
        races: 0,
        rules: 0,
    });
    interval.start_us = ordinal * 1_000_000;
    interval.end_us = interval.start_us + 1_000_000;
    for &(name, latency_us) in latencies_us {
        interval.names[name].service.record_us(latency_us);
        interval.all.service.record_us(latency_us);
    }
    interval
}

/// Sum of all intervals of a tag, and how many there are.
fn read_back(bytes: &[u8], tag: &str) -> (Histogram<u64>, usize) {
    let mut sum = LatencyCounts::histogram();
    let mut intervals = 0;
    for entry in IntervalLogIterator::new(bytes) {
        let LogEntry::Interval(interval) = entry.expect("readable") else {
            continue;
        };
        if interval.tag().is_some_and(|found| found.as_str() == tag) {
            let encoded = decode_base64(interval.encoded_histogram());
            let histogram: Histogram<u64> = Deserializer::new()
                .deserialize(&mut encoded.as_slice())
                .expect("a histogram");
            sum.add(histogram).expect("same bounds");
            intervals += 1;
        }
    }
    (sum, intervals)
}

/// RFC 4648.
fn decode_base64(text: &str) -> Vec<u8> {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let (mut bits, mut held, mut bytes) = (0_u32, 0, Vec::new());
    for byte in text.bytes().filter(|&byte| byte != b'=') {
        let digit = ALPHABET
            .iter()
            .position(|&known| known == byte)
            .expect("base64");
        bits = bits << 6 | digit as u32;
        held += 6;
        if held >= 8 {
            held -= 8;
            bytes.push((bits >> held) as u8);
        }
    }
    bytes
}

#[test]
fn the_sum_of_all_intervals_is_the_total() {
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join(LatencyKind::Service.file_name());
    let start = SystemTime::UNIX_EPOCH + Duration::from_millis(1_790_000_000_250);
    let mut log = IntervalLog::create(&path, LatencyKind::Service, start, &NAMES).expect("created");
    let mut totals = Totals::new(Arc::new(RunContext {
        names: NAMES.to_vec(),
        raises: vec![Vec::new(); NAMES.len()],
        tags: Vec::new(),
        journeys: Vec::new(),
        races: Vec::new(),
        rules: &[],
        cpus: vec![0],
        spawned_us: 0,
        run_time_us: 4_000_000,
        excursion: None,
        failures: crate::plan::FailureRule::Default,
        paced: true,
        user_shares: Vec::new(),
        thresholds: Vec::new(),
        observed: crate::stats::ObservedTable::default(),
        live: crate::stats::LiveContext::default(),
    }));
    let seconds = [
        second(0, &[(0, 1), (0, 900), (1, 40_000)]),
        second(1, &[]),
        second(2, &[(0, 600_000_000), (0, 2_047), (0, 2_049)]),
        second(3, &[(0, 900), (1, 41_000)]),
    ];
    for interval in &seconds {
        totals.absorb(interval);
        log.second(interval, &totals).expect("written");
    }
    // Not finished: what a killed run leaves must be readable.
    let bytes = std::fs::read(&path).expect("there");
    for (tag, total, intervals) in [
        ("POST_/customers", &totals.names[0], 3),
        ("GET_browse__all", &totals.names[1], 2),
    ] {
        let (sum, seen) = read_back(&bytes, tag);
        assert_eq!(total.service.histogram(), &sum, "{tag}");
        assert_eq!(seen, intervals, "{tag}");
    }
    let text = String::from_utf8(bytes).expect("text");
    assert!(
        text.starts_with("#[Histogram log format version 1.3]\n"),
        "{text}"
    );
    assert!(
        text.contains("#[StartTime: 1790000000.250 (seconds since epoch)]\n"),
        "{text}"
    );
    assert!(
        text.contains("\nTag=POST_/customers,2.000,1.000,"),
        "{text}"
    );
}

#[test]
fn every_tag_is_a_legal_one() {
    for name in &NAMES {
        assert!(Tag::new(&tag_of(name)).is_some());
    }
}
