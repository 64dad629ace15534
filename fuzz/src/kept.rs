//! What is read again that was kept: records with their logs and ledgers, and the witnesses in them.

use super::scratch::Scratch;
use shopblast::compare::RunEvidence;
use shopblast::engine::codec::{Incoming, parse};
use shopblast::plan::Target;
use shopblast::record::{Record, Recorded, RequestLog, RunRecord, ShardLogReader};
use shopblast::report::{ReportFormat, html_report};
use shopblast::run::witness_requests;
use shopblast::stats::{MergedInterval, SetShape, ToldInterval, WitnessExchange};

const FILES: &[&str] = &[
    "run.json",
    "ledger.jsonl",
    "series.csv",
    "outcomes.csv",
    "response.hlog",
    "service.hlog",
    "bands.csv",
    "distribution.csv",
    "rounds.csv",
    "events.csv",
];

/// `run.json` of before, which stands for one that is none.
const AN_OLDER_RUN: &str = include_str!("an_older_run.json");

/// Whatever the files of a record hold, there is a record or a message; all reports can be made of it,
/// and it can be compared and written again.
pub fn record(bytes: &[u8]) {
    let scratch = Scratch::new(FILES, bytes);
    let recorded = match Recorded::read(scratch.path()) {
        Ok(recorded) => recorded,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            let run: RunRecord = serde_json::from_str(AN_OLDER_RUN).expect("an older record");
            let unfinished = RunRecord {
                finished: false,
                ..run
            };
            Recorded::with(unfinished, scratch.path())
        }
    };
    for format in ReportFormat::ALL {
        let text = format.text(&recorded, &|_, _| Vec::new());
        assert!(text.is_ok_and(|text| !text.is_empty()), "{format:?}");
    }
    assert!(html_report(&recorded, &|_, _| Vec::new()).contains("</html>"));
    let _ = RunEvidence::of_record(scratch.path(), &recorded.run);
    let written = recorded.run.json_text();
    let again: RunRecord = serde_json::from_str(&written).expect("what was written is a record");
    assert_eq!(again.json_text(), written);
}

/// A line of a log before its histogram, and after NUL the histogram's bytes: read whole or not at all.
pub fn hlog(bytes: &[u8]) {
    let lines = bytes.split(|byte| *byte == b'\n').take(100);
    let mut log = b"#[Histogram log format version 1.3]\n".to_vec();
    for line in lines {
        let end = line.iter().position(|byte| *byte == 0);
        let (head, histogram) = line.split_at(end.unwrap_or(line.len()));
        log.extend_from_slice(head);
        log.extend_from_slice(base64(histogram.get(1..).unwrap_or_default()).as_bytes());
        log.push(b'\n');
    }
    let read = RequestLog::parse(&log);
    let all = read.all();
    for (_, name) in read.tags() {
        assert!(name.latencies.len() <= all.len());
        assert!(name.first_s.is_finite() && name.last_s.is_finite());
    }
}

const LETTERS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

fn base64(bytes: &[u8]) -> String {
    let mut text = String::new();
    for three in bytes.chunks(3) {
        let byte = |place: usize| u32::from(three.get(place).copied().unwrap_or_default());
        let bits = byte(0) << 16 | byte(1) << 8 | byte(2);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place) & 63) as usize];
            text.push(if place <= three.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    text
}

/// The exchanges of a witness are fired again as what they are, one request each, or not at all.
pub fn witness(bytes: &[u8]) {
    let Ok(exchanges) = serde_json::from_slice::<Vec<WitnessExchange>>(bytes) else {
        return;
    };
    let target = Target::parse("http://localhost:8000").expect("an address");
    let Some(requests) = witness_requests(&exchanges, &target) else {
        return;
    };
    for (exchange, request) in exchanges.iter().zip(requests) {
        let Incoming::Complete {
            request: read,
            consumed,
        } = parse(&request)
        else {
            // Larger than any server takes.
            assert!(request.len() > 32 << 10, "{}", request.escape_ascii());
            continue;
        };
        assert_eq!(consumed, request.len(), "{}", request.escape_ascii());
        assert_eq!(read.method, exchange.method);
        assert_eq!(read.target, exchange.path);
        let mut scratch = Vec::new();
        assert_eq!(read.body.contiguous(&mut scratch), exchange.body.as_bytes());
    }
}

/// A second of a shard, whoever sent it: what is read is written as it was read, and adds up, by either way
/// of reading it.
pub fn interval(bytes: &[u8]) {
    let shape = SetShape {
        names: 2,
        journeys: 1,
        races: 1,
        rules: 1,
    };
    let mut second = MergedInterval::new(shape);
    let read = second.decode(bytes);
    let mut told = ToldInterval::empty(shape);
    assert_eq!(told.decode_told(bytes), read);
    if read.is_err() {
        assert_eq!(
            second.all.requests(),
            0,
            "nothing is left of what cannot be read"
        );
        return;
    }
    let (mut message, mut again) = (Vec::new(), Vec::new());
    second.encode(&mut message);
    let mut other = MergedInterval::new(shape);
    other.decode(&message).expect("what was written is read");
    other.encode(&mut again);
    assert_eq!(message, again);
    again.clear();
    told.encode(&mut again);
    assert_eq!(message, again);
    second.absorb_interval(&other, 0);
    second.absorb_interval(&told, 0);
}

/// The head of a shard's seconds, in which `@VERSION@` stands for the version, NUL, and the file's bytes after it;
/// without a head all of the file's bytes. There are seconds or a message, and each is bounded.
pub fn shard_log(bytes: &[u8]) {
    shard_seconds(bytes);
}

/// The same; gives the number of seconds that were read.
pub fn shard_seconds(bytes: &[u8]) -> usize {
    let scratch = Scratch::new(&[], &[]);
    let path = scratch.path().join("intervals.bin");
    std::fs::write(path, shard_file(bytes)).expect("a file");
    let mut log = match ShardLogReader::open(scratch.path()) {
        Ok(log) => log,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return 0;
        }
    };
    let shape = log.head().counted.shape();
    let (mut seconds, mut message) = (0, Vec::new());
    loop {
        match log.next_second() {
            Err(error) => {
                assert!(!error.to_string().is_empty());
                return seconds;
            }
            Ok(None) => return seconds,
            Ok(Some(second)) => {
                seconds += 1;
                assert!(second.end_us > second.start_us);
                assert_eq!(second.names.len(), shape.names);
                message.clear();
                second.encode(&mut message);
            }
        }
        assert!(seconds <= bytes.len(), "each takes bytes");
        let mut again = MergedInterval::new(shape);
        again
            .decode(&message)
            .expect("a second that is written is one");
    }
}

/// What the file holds that an input stands for.
fn shard_file(bytes: &[u8]) -> Vec<u8> {
    let end = bytes.iter().position(|byte| *byte == 0);
    let (head, rest) = bytes.split_at(end.unwrap_or(bytes.len()));
    let rest = rest.get(1..).unwrap_or_default();
    if head.is_empty() {
        return rest.to_vec();
    }
    let head = String::from_utf8_lossy(head).replace("@VERSION@", version());
    let length = u32::try_from(head.len()).expect("a short text");
    [
        b"shopblast shard\n",
        &length.to_be_bytes()[..],
        head.as_bytes(),
        rest,
    ]
    .concat()
}

/// That of the program, which wrote what it reads.
fn version() -> &'static str {
    let mut lines = include_str!("../../Cargo.toml").lines();
    let found = lines.find_map(|line| line.strip_prefix("version = \""));
    found.expect("a version").trim_end_matches('"')
}
