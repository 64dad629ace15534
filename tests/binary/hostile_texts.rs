//! What the neighbours of a run write, in errors, labels, names and ids: in no output does it steer a
//! terminal, pose as something else, get calculated by a spreadsheet, or choose where a request goes.

use crate::invocation::{Ended, run_inside};
use crate::small_server::serving;
use shopblast::plan::is_harmful;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::sync::{Arc, Mutex};

/// What they write.
const HOSTILE: &[&str] = &[
    "\u{1b}[2J\u{1b}]0;owned\u{7}",
    "\u{9b}31mred",
    "\u{202e}gpj.exe",
    "\u{2066}isolated\u{2069}",
    "zero\u{200b}width\u{feff}",
    "=HYPERLINK(\"http://127.0.0.1/\")",
    "+cmd|' /C calc'!A0",
    "@SUM(1+1)",
    "..",
    "../../admin",
    "%2e%2e",
    "a\r\nx-injected: 1",
    "line\u{2028}end",
    "nul\0byte",
];

/// The first line of the next request.
fn request(reader: &mut BufReader<TcpStream>) -> Option<String> {
    let mut first = String::new();
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        if let Some(bytes) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = bytes.trim().parse().expect("a length");
        }
        if first.is_empty() {
            first.clone_from(&line);
        }
        if line == "\r\n" {
            break;
        }
    }
    reader.read_exact(&mut vec![0; length]).ok()?;
    Some(first)
}

fn answer(stream: &mut TcpStream, status: &str, media_type: &str, body: &str) -> Option<()> {
    let length = body.len();
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {media_type}\r\ncontent-length: {length}\r\n\r\n"
    );
    stream.write_all((head + body).as_bytes()).ok()
}

/// A shop that gives hostile ids, and refuses with hostile reasons. Returns what it was asked.
fn shop() -> (String, Arc<Mutex<Vec<String>>>) {
    let asked = Arc::new(Mutex::new(Vec::new()));
    let kept = Arc::clone(&asked);
    let address = serving(move |mut stream| {
        let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
        while let Some(line) = request(&mut reader) {
            let number = {
                let mut asked = kept.lock().expect("no panic");
                asked.push(line);
                asked.len()
            };
            let text = HOSTILE[number / 2 % HOSTILE.len()];
            let (status, body) = match number % 2 {
                0 => ("201 Created", serde_json::json!({"customer_id": text})),
                _ => ("422 Unprocessable", serde_json::json!({"detail": text})),
            };
            if answer(&mut stream, status, "application/json", &body.to_string()).is_none() {
                return;
            }
        }
    });
    (format!("http://{address}"), asked)
}

/// A Redis that answers everything with an error, another one each time.
fn redis() -> String {
    let count = Mutex::new(0);
    let address = serving(move |mut stream| {
        let mut bytes = [0; 4_096];
        while let Ok(1..) = stream.read(&mut bytes) {
            let text = {
                let mut count = count.lock().expect("no panic");
                *count += 1;
                HOSTILE[*count % HOSTILE.len()].replace(['\r', '\n'], " ")
            };
            let text = format!("-ERR {text}\r\n");
            if stream.write_all(text.as_bytes()).is_err() {
                return;
            }
        }
    });
    format!("redis://{address}")
}

/// An Observatory with hostile domains, and figures that cannot be.
fn observatory() -> String {
    let address = serving(move |mut stream| {
        let mut reader = BufReader::new(stream.try_clone().expect("a socket"));
        let mut text = String::new();
        for domain in HOSTILE {
            let domain = domain.replace('\\', "\\\\").replace('"', "\\\"");
            let domain = domain.replace('\n', "\\n");
            text +=
                &format!("protean_outbox_messages{{domain=\"{domain}\",status=\"pending\"}} 3\n");
        }
        for figure in ["-1", "+Inf", "1e308"] {
            text += &format!("protean_broker_memory_bytes {figure}\n");
        }
        while request(&mut reader).is_some() {
            if answer(&mut stream, "200 OK", "text/plain", &text).is_none() {
                return;
            }
        }
    });
    format!("http://{address}")
}

/// Checks that nothing in `text` steers, or poses.
fn is_plain(output: &str, text: &str) {
    let is_bad = |letter: char| is_harmful(letter) && !['\n', '\r', '\t'].contains(&letter);
    if let Some((line, letters)) = text.lines().zip(1..).find_map(|(letters, line)| {
        letters
            .contains(is_bad)
            .then_some((line, letters.escape_debug().to_string()))
    }) {
        panic!("{output}, line {line}: {letters:.300}");
    }
}

/// Checks that no cell of a table is calculated.
fn is_a_table_of_text(output: &str, text: &str) {
    let mut rows = csv::ReaderBuilder::new()
        .flexible(true)
        .has_headers(false)
        .from_reader(text.as_bytes());
    for row in rows.records().flatten() {
        for cell in &row {
            let is_calculated = cell.starts_with(['=', '+', '-', '@']);
            assert!(
                !is_calculated || cell.parse::<f64>().is_ok(),
                "{output}: {cell}"
            );
        }
    }
}

fn check(ended: &Ended, outside: &[&str]) {
    is_plain("standard output", &ended.out);
    is_plain("standard error", &ended.err);
    let mut files = ended.record_files();
    files.sort();
    assert!(files.len() > 10, "{files:?}");
    let mut texts: Vec<(String, String)> = files
        .into_iter()
        .map(|name| (ended.record_file(&name), name))
        .map(|(text, name)| (name, text))
        .collect();
    for name in outside {
        let text = std::fs::read_to_string(ended.directory().join(name));
        texts.push(((*name).to_owned(), text.expect(name)));
    }
    for (name, text) in texts {
        is_plain(&name, &text);
        if name.ends_with(".csv") {
            is_a_table_of_text(&name, &text);
        }
    }
}

#[test]
fn what_neighbours_write_is_text_in_every_output_and_no_path() {
    let (shop, asked) = shop();
    let ended = run_inside(&format!(
        "IdentityUser -u 4 -r 100 -t 3s --pacing max --seed 3 --no-preflight -H {shop} --redis {} \
         --observatory {} --html page.html --junit junit.xml --summary-export k6.json \
         --json-file locust --csv table",
        redis(),
        observatory(),
    ));
    let told = ended.told();
    assert!(told.contains("redis"), "{told}");
    check(
        &ended,
        &[
            "page.html",
            "junit.xml",
            "k6.json",
            "locust.json",
            "table_failures.csv",
        ],
    );
    let record = ended.record();
    let problems = record["observed"]["sources"].to_string();
    assert!(problems.contains("ResponseError"), "{problems}");
    assert!(problems.contains("which cannot be"), "{problems}");
    let asked = asked.lock().expect("no panic");
    assert!(asked.len() > 100, "{}", asked.len());
    for line in asked.iter() {
        let path = line.split(' ').nth(1).expect("a path");
        let path = path.split('?').next().unwrap_or_default();
        for part in path.split('/') {
            assert!(![".", ".."].contains(&part), "{line}");
            // What cannot stand in a path is written as octets (RFC 3986, 2.1): text, and no part of a path.
            let part = without_octets(part);
            let is_safe = |letter: char| letter.is_ascii_alphanumeric() || "-_.~".contains(letter);
            assert!(part.chars().all(is_safe), "{line}");
        }
    }
}

/// `part` without what is written as `%XX`.
fn without_octets(part: &str) -> String {
    let mut pieces = part.split('%');
    let first = pieces.next().unwrap_or_default().to_owned();
    pieces.fold(first, |before, piece| {
        let is_octet = piece.len() >= 2 && piece.as_bytes()[..2].iter().all(u8::is_ascii_hexdigit);
        assert!(is_octet, "{part}");
        before + &piece[2..]
    })
}
