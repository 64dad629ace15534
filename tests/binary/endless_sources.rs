//! Sources of the back end that answer without end: each is named with the limit that it met, none
//! fills the memory or the console, and the run goes on.

use crate::invocation::Invocation;
use crate::small_server::serving;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};

/// More than a run of a second takes, and much less than what the sources send.
const MOST_KIB: u64 = 1 << 20;

/// What a source says when it is asked something, and then for ever.
struct Endless {
    flag: &'static str,
    first: &'static [u8],
    forever: &'static [u8],
    told: &'static str,
}

/// Lets everybody in, as PostgreSQL does, and tells of itself next.
const LET_IN: &[u8] = b"R\0\0\0\x08\0\0\0\0";

const ENDLESS: &[Endless] = &[
    Endless {
        flag: "--redis redis://",
        first: b"*1000000000\r\n",
        forever: b":1\r\n",
        told: "more than the 8 MiB that are read at once",
    },
    Endless {
        flag: "--redis redis://",
        first: b"$2147483647\r\n",
        forever: b"x",
        told: "more than the 8 MiB that are read at once",
    },
    Endless {
        flag: "--outbox identity=postgres://shop@",
        first: LET_IN,
        forever: b"N\0\0\0\x16SNOTICE\0C00000\0M\0\0",
        told: "more than the 2 MiB that are read at once",
    },
    Endless {
        flag: "--message-db postgres://shop@",
        first: LET_IN,
        forever: b"S\0\0\0\x08a\0b\0",
        told: "more than the 2 MiB that are read at once",
    },
    Endless {
        flag: "--observatory http://",
        first: b"HTTP/1.1 200 OK\r\n\r\n",
        forever: b"protean_outbox_pending{domain=\"identity\"} 1\n",
        told: "more than the 4 MiB that are read at once",
    },
];

/// Runs with the source that `flags` name; returns what was printed, and what was observed.
fn observed(flags: &str) -> (String, Value) {
    let invocation = Invocation::begin(&format!(
        "SpikeUser -u 2 -t 1s --pacing class --sandbox --seed 1 {flags}"
    ));
    let status = format!("/proc/{}/status", invocation.id());
    let peak = std::thread::spawn(move || {
        let mut peak_kib = 0;
        while let Ok(text) = std::fs::read_to_string(&status) {
            let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"));
            let Some(line) = line else { break };
            peak_kib = line
                .trim()
                .trim_end_matches(" kB")
                .parse()
                .unwrap_or(peak_kib);
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
        peak_kib
    });
    let ended = invocation.end();
    assert_eq!(ended.code, 0, "{}", ended.told());
    let peak_kib: u64 = peak.join().expect("no panic");
    assert!((1..MOST_KIB).contains(&peak_kib), "{peak_kib} KiB");
    let record = ended.record();
    assert!(record["totals"]["requests"].as_u64() > Some(0));
    let printed = format!("{}{}", ended.out, ended.err);
    assert!(printed.len() < 64 << 10, "{} bytes printed", printed.len());
    (printed, record["observed"].clone())
}

#[test]
fn a_source_without_end_is_named_with_its_limit_and_the_run_goes_on() {
    for endless in ENDLESS {
        let address = serving(|mut stream| {
            let _ = stream.read(&mut [0; 4_096]);
            let mut sent = stream.write_all(endless.first);
            let piece = endless.forever.repeat(1_000);
            while sent.is_ok() {
                sent = stream.write_all(&piece);
            }
        });
        // What is sent at once is no answer to whether TLS is spoken.
        let plain = match endless.flag.contains("postgres://") {
            true => "/?sslmode=disable",
            false => "",
        };
        let (printed, problems) = observed(&format!("{}{address}{plain}", endless.flag));
        let flag = endless.flag;
        let problems = problems["sources"].to_string();
        assert!(problems.contains(endless.told), "{flag}: {problems}");
        assert!(printed.contains(endless.told), "{flag}: {printed}");
    }
}

#[test]
fn an_observatory_of_many_lines_is_named_and_not_printed() {
    for (lines, told) in [
        (100_000, "more than the 4 MiB that are read at once"),
        (50_000, "more than the 20000 samples that are read"),
        (10_000, "and 9800 more lines"),
    ] {
        let text = "protean_outbox_pending{domain=\"identity\"} 1\n".repeat(lines);
        let address = serving(move |mut stream| {
            let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
            let mut line = String::new();
            while reader.read_line(&mut line).is_ok_and(|bytes| bytes > 0) {
                if line == "\r\n" {
                    let head = format!("HTTP/1.1 200 OK\r\ncontent-length: {}\r\n\r\n", text.len());
                    let _ = stream.write_all((head + &text).as_bytes());
                }
                line.clear();
            }
        });
        let (printed, record) = observed(&format!("--observatory http://{address}"));
        let lines = record["last_lines"].to_string();
        assert!(printed.contains(told) || lines.contains(told), "{printed}");
    }
}
