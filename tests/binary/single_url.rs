//! `shopblast --url`: any server is read as it is, without a file and without a ShopStream, and
//! everything that a run leaves is left.

use crate::invocation::run;
use crate::small_server::serving;
use std::io::{Read, Write};
use std::net::TcpStream;

/// Answers requests by their first lines until the client closes.
fn answer(mut stream: TcpStream, reply: impl Fn(&str) -> String) {
    let (mut came, mut piece) = (Vec::new(), [0; 4_096]);
    while let Ok(read @ 1..) = stream.read(&mut piece) {
        came.extend_from_slice(&piece[..read]);
        while let Some(end) = came.windows(4).position(|four| four == b"\r\n\r\n") {
            let head = String::from_utf8_lossy(&came[..end]).into_owned();
            came.drain(..end + 4);
            if stream.write_all(reply(&head).as_bytes()).is_err() {
                return;
            }
        }
    }
}

/// A server of three pages; it refuses requests with a body, or the word of one.
fn server() -> String {
    serving(|stream| {
        answer(stream, |head| {
            let line = head.lines().next().unwrap_or_default();
            let (status, more) = match line {
                _ if head.to_lowercase().contains("content-length") => ("411 Length", ""),
                "GET /page?q=tea HTTP/1.1" => ("200 OK", ""),
                "GET /moved HTTP/1.1" => ("302 Found", "location: /page?q=tea\r\n"),
                "GET /broken HTTP/1.1" => ("503 Service Unavailable", ""),
                _ => ("404 Not Found", ""),
            };
            format!("HTTP/1.1 {status}\r\n{more}content-length: 2\r\n\r\nok")
        })
    })
}

#[test]
fn a_url_is_read_recorded_and_reported() {
    let address = server();
    let ended = run(&format!("--url http://{address}/page?q=tea -u 3 -t 1s"));
    assert_eq!(ended.code, 0, "{}", ended.told());
    assert!(
        ended.err.contains("answers GET /page?q=tea with 200"),
        "{}",
        ended.err
    );
    let record = ended.record();
    let names = record["names"].as_array().expect("names");
    assert_eq!(names.len(), 1, "{names:?}");
    assert_eq!(names[0]["name"], "GET /page?q=tea");
    assert_eq!(names[0]["method"], "GET");
    assert!(names[0]["success"].as_u64() > Some(10), "{names:?}");
    assert_eq!(record["plan"]["profile"], "url");
    assert_eq!(record["plan"]["classes"][0]["class"], "Visitor");
    // All of them from the start, as who knows wrk expects; and no Observatory is looked for.
    assert_eq!(
        record["plan"]["load"]["closed"]["stages"][0]["spawn_rate_per_s"],
        3.0
    );
    assert!(!ended.told().contains("bservatory"), "{}", ended.told());
    assert!(ended.record_files().contains(&"report.html".to_owned()));
}

#[test]
fn a_page_that_is_not_there_is_told_before_the_load() {
    let address = server();
    for (path, code, says) in [
        ("none", 104, "with 404, which is no success"),
        ("moved", 104, "it points to /page?q=tea"),
        ("broken", 107, "with 503; is it up?"),
    ] {
        let ended = run(&format!("--url http://{address}/{path} -t 1s"));
        assert_eq!(ended.code, code, "{}", ended.told());
        assert!(ended.err.contains(says), "{path}: {}", ended.err);
        assert!(!ended.is_recorded());
    }
}

#[test]
fn other_statuses_are_successes_when_they_are_expected_and_failures_with_a_reason_when_not() {
    let address = server();
    let ended = run(&format!(
        "--url http://{address}/none --expect 2xx,404 -t 1s"
    ));
    assert_eq!(ended.code, 0, "{}", ended.told());
    let ended = run(&format!(
        "--url http://{address}/broken --no-preflight -u 2 -t 1s"
    ));
    assert_eq!(ended.code, 1, "{}", ended.told());
    assert!(ended.out.contains("Service Unavailable"), "{}", ended.out);
    let ended = run(&format!(
        "--url http://{address}/moved --no-preflight -t 1s"
    ));
    assert_eq!(ended.code, 1, "{}", ended.told());
    assert!(
        ended.out.contains("redirect to /page, not followed"),
        "{}",
        ended.out
    );
}

#[test]
fn what_is_of_shopstream_alone_does_not_go_with_a_url() {
    for (line, says) in [
        (
            "--url http://127.0.0.1:9/ --with strict",
            "cannot be used with",
        ),
        ("--url http://127.0.0.1:9/ --sandbox", "cannot be used with"),
        (
            "--url http://127.0.0.1:9/ -H http://127.0.0.1:9",
            "cannot be used with",
        ),
        (
            "--url http://127.0.0.1:9/ SpikeUser",
            "(user classes: Visitor)",
        ),
        ("--url /page", "like http://localhost:8080/path"),
        ("--url http://8.8.8.8/", "--allow-host 8.8.8.8"),
        ("--expect 200", "--url"),
        ("--url http://127.0.0.1:9/ --expect ok", "like 200"),
        (
            "--url http://127.0.0.1:9/ --threshold races:rate>1",
            "races",
        ),
    ] {
        let ended = run(line);
        assert_eq!(ended.code, 104, "{line}: {}", ended.told());
        assert!(ended.err.contains(says), "{line}: {}", ended.err);
    }
}
