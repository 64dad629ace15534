//! Shards of one run as processes, started by hand, and the record that is merged of theirs: against a
//! server that counts what came, and against one recorder of all that they measured.

use crate::invocation::{Ended, Invocation, SPACE, run_inside, shopblast};
use serde_json::Value;
use shopblast::record::ShardLogReader;
use shopblast::stats::LatencyTotal;
use std::collections::HashSet;
use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

/// Bodies of all requests that a server answered.
type Bodies = Arc<Mutex<Vec<String>>>;

/// Answers every request on any connection as a registration, and keeps what was asked.
fn counting_server() -> (String, Bodies) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    let bodies = Bodies::default();
    let kept = Arc::clone(&bodies);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let kept = Arc::clone(&kept);
            std::thread::spawn(move || serve(stream.unwrap(), &kept));
        }
    });
    (host, bodies)
}

fn serve(stream: TcpStream, kept: &Bodies) {
    const BODY: &str = "{\"customer_id\":\"b5a3c71a-c732-4188-bc9a-ca6cfd65a82f\"}";
    answer_all(stream, |_, body| {
        kept.lock().unwrap().push(body.to_owned());
        ("201 Created", BODY)
    });
}

/// Answers every request, by its path and body, with a status and a body.
fn answer_all(
    mut stream: TcpStream,
    mut answer: impl FnMut(&str, &str) -> (&'static str, &'static str),
) {
    let (mut text, mut piece) = (String::new(), [0; 4_096]);
    loop {
        if let Some((head, rest)) = text.split_once("\r\n\r\n") {
            let mut lengths = head
                .lines()
                .filter_map(|line| line.strip_prefix("content-length: "));
            let length: usize = lengths.next().map_or(0, |length| length.parse().unwrap());
            if rest.len() >= length {
                let path = head.split(' ').nth(1).unwrap();
                let (status, body) = answer(path, &rest[..length]);
                text = rest[length..].to_owned();
                let length = body.len();
                let reply = format!("HTTP/1.1 {status}\r\ncontent-length: {length}\r\n\r\n{body}");
                if stream.write_all(reply.as_bytes()).is_err() {
                    return;
                }
                continue;
            }
        }
        match stream.read(&mut piece) {
            Ok(0) | Err(_) => return,
            Ok(received) => text.push_str(std::str::from_utf8(&piece[..received]).unwrap()),
        }
    }
}

/// Shards that have ended, and their records.
struct Shards {
    ended: Vec<Ended>,
    directories: Vec<PathBuf>,
}

/// Runs these shards of `of` at the same time, each with the flags of `line`.
fn shards(numbers: &[u32], of: u32, line: &str) -> Shards {
    shards_of("SpikeUser", (numbers, of), line)
}

/// The same with users of `class`.
fn shards_of(class: &str, (numbers, of): (&[u32], u32), line: &str) -> Shards {
    let begun: Vec<Invocation> = numbers
        .iter()
        .map(|number| {
            Invocation::begin(&format!(
                "{class} {line} --no-preflight --cores 1 --quiet --seed 7 --run-id 0123456789abcd{of:02} \
                 --shard {number}/{of}"
            ))
        })
        .collect();
    let ended: Vec<Ended> = begun.into_iter().map(Invocation::end).collect();
    let directories = ended.iter().map(Ended::record_directory);
    Shards {
        directories: directories.collect(),
        ended,
    }
}

/// Merges the records in `directories` into `out`. Gives the exit code and what was printed.
fn merge(directories: &[PathBuf], out: &Path, flags: &[&str]) -> (i32, String) {
    let output = shopblast()
        .arg("merge")
        .args(directories)
        .arg("--out")
        .arg(out)
        .args(flags)
        .output()
        .unwrap();
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let told = text(&output.stdout) + &text(&output.stderr);
    assert!(!told.contains("panicked"), "{told}");
    (output.status.code().unwrap_or(-1), told)
}

fn record(directory: &Path) -> Value {
    let text = std::fs::read_to_string(directory.join("run.json")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Response times of all seconds of all shards, in one recorder.
fn one_recorder(directories: &[PathBuf]) -> LatencyTotal {
    let mut total = LatencyTotal::default();
    for directory in directories {
        let mut log = ShardLogReader::open(directory).unwrap();
        while let Some(second) = log.next_second().unwrap() {
            total.absorb(&second.all.response);
        }
    }
    total
}

#[test]
fn the_merged_record_holds_what_the_server_counted_and_one_recorder_would_have_seen() {
    let place = tempfile::tempdir().unwrap();
    let outs = [2, 4].map(|of| (of, place.path().join(format!("merged-{of}"))));
    for (of, out) in &outs {
        let (of, out) = (*of, out.as_path());
        let (host, bodies) = counting_server();
        let numbers: Vec<u32> = (1..=of).collect();
        let threshold = "requests: count > 20".replace(' ', &SPACE.to_string());
        let line = format!("-u 9 -r 9 -t 2s --host {host} --threshold {threshold}");
        let shards = shards(&numbers, of, &line);
        for ended in &shards.ended {
            assert_eq!(ended.code, 0, "{}", ended.told());
            assert_eq!(ended.record()["thresholds"], serde_json::json!([]));
        }
        let (code, told) = merge(&shards.directories, out, &["--details"]);
        assert_eq!(code, 0, "{told}");
        let merged = record(out);
        let bodies = bodies.lock().unwrap();
        assert_eq!(merged["totals"]["requests"], bodies.len(), "{told}");
        let different: HashSet<&String> = bodies.iter().collect();
        assert_eq!(different.len(), bodies.len(), "unique over all shards");
        assert_eq!(merged["thresholds"][0]["verdict"], "held", "{told}");
        assert_eq!(merged["peak_users"], 9);

        let all = one_recorder(&shards.directories).summary();
        let expected = serde_json::to_value(all).unwrap();
        assert_eq!(merged["totals"]["response_us"], expected);
        let rows = merged["shards"].as_array().unwrap();
        assert_eq!(rows.len(), of as usize);
        let sent: u64 = rows.iter().filter_map(|row| row["requests"].as_u64()).sum();
        assert_eq!(sent as usize, bodies.len());
        assert!(told.contains("Shards\n"), "{told}");
        assert!(rows.iter().all(|row| row["missing"].is_null()), "{rows:?}");
        is_an_ordinary_record(out);
    }
    are_compared(&outs[0].1, &outs[1].1);
}

#[test]
fn the_merge_of_one_shard_is_the_run_itself() {
    let (host, _) = counting_server();
    let threshold = "requests: count > 5".replace(' ', &SPACE.to_string());
    let line = format!("-u 5 -r 5 -t 2s --host {host} --threshold {threshold}");
    let one = shards(&[1], 1, &line);
    let ended = &one.ended[0];
    assert_eq!(ended.code, 0, "{}", ended.told());
    let place = tempfile::tempdir().unwrap();
    let out = place.path().join("merged");
    let (code, told) = merge(&one.directories, &out, &[]);
    assert_eq!(code, 0, "{told}");
    // What tells of shards; cores are called by theirs.
    let figures = |mut record: Value| {
        let fields = record.as_object_mut().unwrap();
        for name in ["shard", "shards", "command"] {
            fields.remove(name);
        }
        for core in record["generator"]["cores"].as_array_mut().unwrap() {
            core.as_object_mut().unwrap().remove("shard");
        }
        record
    };
    let (merged, own) = (record(&out), ended.record());
    assert_eq!(merged["shards"][0]["requests"], own["totals"]["requests"]);
    let (merged, own) = (figures(merged), figures(own));
    assert!(own["totals"]["requests"].as_u64() > Some(5));
    assert_eq!(own["thresholds"][0]["verdict"], "held");
    for (name, figure) in own.as_object().unwrap() {
        assert_eq!(merged[name], *figure, "{name}");
    }
    assert_eq!(merged, own);
    let files = |directory: &Path| {
        let entries = std::fs::read_dir(directory).unwrap();
        let names = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap());
        names.collect::<std::collections::BTreeSet<String>>()
    };
    let mut own_files = files(&one.directories[0]);
    assert!(own_files.remove("intervals.bin"));
    assert_eq!(files(&out), own_files);
    let tell_of_shards = ["run.json", "report.html", "junit.xml", "summary.txt"];
    for name in own_files
        .iter()
        .filter(|it| !tell_of_shards.contains(&it.as_str()))
    {
        let text = std::fs::read_to_string(out.join(name)).unwrap();
        let own = ended.record_file(name).replace("cpu0_", "cpu1.0_");
        assert_eq!(text, own, "{name}");
    }
}

/// Reports of every format, which hold the figures of all shards and tell of them.
fn is_an_ordinary_record(out: &Path) {
    let html = std::fs::read_to_string(out.join("report.html")).unwrap();
    assert!(html.contains("<th scope=\"col\">Shard</th>"));
    let requests = record(out)["totals"]["requests"].as_u64().unwrap();
    for (format, figure) in [
        ("html", "<th scope=\"col\">Shard</th>".to_owned()),
        ("text", "\nShards\n".to_owned()),
        ("md", format!("|Aggregated|{requests}|")),
        ("csv", format!("\n,Aggregated,{requests},0,")),
        ("json", "\"num_requests\":".to_owned()),
        ("summary", format!("\"count\": {requests}")),
        (
            "junit",
            "<testcase name=\"every shard&apos;s part is there\"".to_owned(),
        ),
        ("hgrm", format!("Total count    = {requests:>12}]")),
    ] {
        let output = shopblast()
            .args(["report", "--format", format, "--out", "-"])
            .arg(out)
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.success(), "{format}: {told}");
        let text = String::from_utf8(output.stdout)
            .unwrap()
            .replace("\r\n", "\n");
        assert!(text.contains(&figure), "{format} without {figure}: {text}");
        if format == "json" {
            let rows: Vec<Value> = serde_json::from_str(&text).unwrap();
            let counts = rows.iter().filter_map(|row| row["num_requests"].as_u64());
            assert_eq!(counts.sum::<u64>(), requests, "{text}");
        }
    }
}

/// Two merged records are compared as those of any two runs.
fn are_compared(one: &Path, other: &Path) {
    let comparison = one.parent().unwrap().join("compared");
    let compared = shopblast()
        .arg("compare")
        .args([one, other])
        .arg("--output")
        .arg(&comparison)
        .output()
        .unwrap();
    let told = String::from_utf8_lossy(&compared.stderr).into_owned();
    assert!(compared.status.success(), "{told}");
    for name in ["compare.json", "compare.html"] {
        assert!(comparison.join(name).exists(), "{name}");
    }
}

#[test]
fn a_missing_shard_is_told_first_and_other_runs_are_refused() {
    let (host, bodies) = counting_server();
    let some = shards(&[1, 3], 3, &format!("-u 6 -r 6 -t 1s --host {host}"));
    let place = tempfile::tempdir().unwrap();
    let at = |name: &str| place.path().join(name);
    let (code, told) = merge(&some.directories, &at("partial"), &[]);
    assert_eq!(code, 95, "{told}");
    assert!(told.starts_with("THIS IS A PART OF THE RUN"), "{told}");
    assert!(told.contains("shard 2 of 3 is missing"), "{told}");
    let partial = record(&at("partial"));
    assert_eq!(partial["exit_code"], 95);
    assert_eq!(partial["totals"]["requests"], bodies.lock().unwrap().len());
    let verdict = partial["verdict"].as_str().unwrap();
    assert!(
        verdict.starts_with("This is a part of the run"),
        "{verdict}"
    );
    let read = |name: &str| std::fs::read_to_string(at("partial").join(name)).unwrap();
    assert!(read("junit.xml").contains("partial: shard 2 of 3 is missing"));
    assert!(read("report.html").contains("A part of the run"));

    let other = shards(&[2], 3, &format!("-u 7 -r 6 -t 1s --host {host}"));
    let refused = |directories: &[&PathBuf], what: &str| {
        let directories: Vec<PathBuf> = directories.iter().map(|it| (*it).clone()).collect();
        let (code, told) = merge(&directories, &at("refused"), &[]);
        assert_eq!(code, 104, "{told}");
        assert!(told.contains(what), "{told}");
        assert!(!at("refused").join("run.json").exists());
    };
    let [one, three] = [&some.directories[0], &some.directories[1]];
    refused(
        &[one, &other.directories[0], three],
        "the plans have the hashes",
    );
    refused(&[one, three, one], "are both shard 1 of 3");
    refused(&[&at("partial")], "is no part of a run");
    let (code, told) = merge(&some.directories, &at("partial"), &[]);
    assert_eq!(code, 104, "what is there is kept: {told}");
    assert!(told.contains("--out"), "{told}");
}

#[test]
fn a_shard_that_was_cut_off_gives_what_it_wrote() {
    let (host, _) = counting_server();
    let whole = shards(&[1, 2], 2, &format!("-u 4 -r 4 -t 2s --host {host}"));
    let place = tempfile::tempdir().unwrap();
    let copy = place.path().join("cut");
    std::fs::create_dir(&copy).unwrap();
    for name in ["run.json", "intervals.bin"] {
        std::fs::copy(whole.directories[0].join(name), copy.join(name)).unwrap();
    }
    let bytes = std::fs::read(copy.join("intervals.bin")).unwrap();
    let after = |at: usize| {
        let length: [u8; 4] = bytes[at..at + 4].try_into().unwrap();
        at + 4 + u32::from_be_bytes(length) as usize
    };
    let (head, mark) = (16, b"shopblast shard\n");
    assert!(bytes.starts_with(mark));
    let second = after(after(head));
    assert!(bytes.len() > second + 7, "there is more than one second");
    std::fs::write(copy.join("intervals.bin"), &bytes[..second + 7]).unwrap();
    let out = place.path().join("out");
    let (code, told) = merge(&[copy.clone(), whole.directories[1].clone()], &out, &[]);
    assert_eq!(code, 95, "{told}");
    let merged = record(&out);
    let sent = |index: usize| {
        let record = whole.ended[index].record();
        record["totals"]["requests"].as_u64().unwrap()
    };
    let joined = merged["totals"]["requests"].as_u64().unwrap();
    assert!(sent(1) < joined && joined < sent(0) + sent(1), "{told}");
    assert!(
        told.contains("shard 1 of 2 kept its seconds only until"),
        "{told}"
    );
    let alone = place.path().join("alone");
    let (code, told) = merge(&[copy], &alone, &[]);
    assert_eq!(code, 95, "{told}");
    assert!(told.contains("shard 2 of 2 is missing"), "{told}");
}

#[test]
fn a_part_of_a_run_says_what_it_needs() {
    for (line, what) in [
        ("SpikeUser --shard 1/2", "--run-id"),
        (
            "SpikeUser --shard 3/2 --seed 1 --run-id 0123456789abcdef",
            "shards are counted from 1",
        ),
        (
            "SpikeUser --sandbox --shard 1/2 --seed 1 --run-id 0123456789abcdef",
            "shards have one target",
        ),
        (
            "SpikeUser -u 8 --connections 1 --shard 1/2 --seed 1 --run-id 0123456789abcdef",
            "too few for 2 shards",
        ),
    ] {
        let ended = run_inside(line);
        assert_eq!(ended.code, 104, "{}", ended.told());
        assert!(ended.err.contains(what), "{}", ended.told());
    }
}

/// Grants every connection at most so many pieces of the item that all share: fewer than there are.
const GRANTED_A_CONNECTION: u64 = 8;

/// A shop that counts by connection what it has given away, instead of in all.
fn forgetful_shop() -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let host = format!("http://{}", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::thread::spawn(move || {
                let mut granted = 0;
                answer_all(stream.unwrap(), |path, body| sell(path, body, &mut granted));
            });
        }
    });
    host
}

fn sell(path: &str, body: &str, granted: &mut u64) -> (&'static str, &'static str) {
    if path == "/warehouses" {
        let made = "{\"warehouse_id\":\"b5a3c71a-c732-4188-bc9a-ca6cfd65a801\"}";
        return ("201 Created", made);
    }
    if path == "/inventory" {
        let made = "{\"inventory_item_id\":\"b5a3c71a-c732-4188-bc9a-ca6cfd65a802\"}";
        return ("201 Created", made);
    }
    let asked: Value = serde_json::from_str(body).unwrap();
    let pieces = asked["quantity"].as_u64().unwrap();
    if *granted + pieces > GRANTED_A_CONNECTION {
        return (
            "400 Bad Request",
            "{\"error\":{\"quantity\":[\"Insufficient stock\"]}}",
        );
    }
    *granted += pieces;
    ("201 Created", "{\"status\":\"ok\"}")
}

#[test]
fn a_sale_that_two_shards_oversold_together_is_found_in_the_merge_alone() {
    let host = forgetful_shop();
    let place = tempfile::tempdir().unwrap();
    let set_up = place.path().join("set-up");
    let line = format!(
        "-u 2 -r 2 -t 4s --rounds 1 --host {host} --set-up-file {}",
        set_up.display()
    );
    let both = shards_of("FlashSaleUser", (&[1, 2], 2), &line);
    for ended in &both.ended {
        let record = ended.record();
        assert_eq!(
            record["witnesses"],
            serde_json::json!([]),
            "{}",
            ended.told()
        );
        assert_ne!(ended.code, 96, "{}", ended.told());
    }
    let names = |ended: &Ended| ended.record()["names"].as_array().unwrap().len();
    assert_eq!(names(&both.ended[0]), 3, "the first one sets the sale up");
    assert_eq!(names(&both.ended[1]), 1, "for both");
    let out = place.path().join("merged");
    let (code, told) = merge(&both.directories, &out, &[]);
    assert_eq!(code, 96, "{told}");
    let merged = record(&out);
    let witness = &merged["witnesses"][0];
    assert_eq!(witness["rule"], "not-oversold", "{told}");
    let shown = witness["exchanges"].as_array().unwrap();
    let pieces = shown.iter().map(|exchange| {
        let body: Value = serde_json::from_str(exchange["body"].as_str().unwrap()).unwrap();
        body["quantity"].as_u64().unwrap()
    });
    assert!(pieces.sum::<u64>() > 10, "{shown:?}");
    let ledger = std::fs::read_to_string(out.join("ledger.jsonl")).unwrap();
    assert_eq!(ledger.lines().count(), 1, "{ledger}");
}
