//! HTTP/1.1 as the field speaks it, over real sockets: one server that answers in every way of the
//! conformance set, one after the other, and what the record says of each.

use crate::invocation::{Ended, run};
use crate::odd_server::{After, OddServer, Row, RowSeen, Told, rows};
use serde_json::Value;

/// A few users that often come to each row, and little enough for the ports of one machine.
const LOAD: &str = "-t 3s --pacing max --max-users 6 --cores 1 --seed 1 --no-preflight \
     --exit-code-on-error 0 --timeout 20s --stop-timeout 20s";

/// Requests that went wrong with this outcome, status and reason.
fn counted(record: &Value, told: Told) -> u64 {
    let errors = record["errors"].as_array().expect("rows").iter();
    let is_meant = |row: &&Value| {
        let reason = row["reason"].as_str().expect("a reason");
        match told {
            Told::Success => false,
            Told::Reply(status, why) => row["status"] == status && reason.contains(why),
            Told::Unknown(why) => row["outcome"] == "unknown" && reason.contains(why),
        }
    };
    errors
        .filter(is_meant)
        .map(|row| row["count"].as_u64().expect("a count"))
        .sum()
}

/// Requests that were answered by rows of which this must be told.
fn answered(rows: &[Row], counts: &[RowSeen], told: Told) -> u64 {
    let of_rows = rows.iter().zip(counts);
    let same = of_rows.filter(|(row, _)| row.told == told);
    same.map(|(_, seen)| seen.answered).sum()
}

fn is_told_as_it_was(ended: &Ended, server: &OddServer, rows: &[Row]) {
    let record = ended.record();
    let told = ended.told();
    // The ids of customers that the server makes up are all the same, which breaks rules of races.
    assert!([0, 96].contains(&ended.code), "{told}");
    assert_eq!(record["finished"], true, "{told}");
    let counts = server.rows_seen();
    for (row, seen) in rows.iter().zip(&counts) {
        let wire = String::from_utf8_lossy(&row.wire);
        assert!(seen.answered > 0, "never sent: {wire:.200?}\n{told}");
        match row.after {
            After::Goes => assert!(seen.followed > 0, "never went on: {wire:.200?}\n{told}"),
            After::Ends => assert_eq!(seen.followed, 0, "went on: {wire:.200?}\n{told}"),
        }
        if row.told != Told::Success {
            let answered = answered(rows, &counts, row.told);
            assert_eq!(counted(&record, row.told), answered, "{wire:.200?}\n{told}");
        }
    }
    let answered = answered(rows, &counts, Told::Success);
    assert_eq!(record["totals"]["success"], answered, "{told}");
}

#[test]
fn every_reply_of_the_set_is_told_as_it_was_over_the_ring_and_over_epoll() {
    for driver in ["uring", "plain-uring", "epoll"] {
        let server = OddServer::in_turn(rows());
        let line = format!(
            "SpikeUser --rate 300 {LOAD} --driver {driver} -H {}",
            server.url()
        );
        is_told_as_it_was(&run(&line), &server, &rows());
    }
}

#[test]
fn racers_read_every_reply_of_the_set_alike() {
    for driver in ["uring", "plain-uring", "epoll"] {
        let server = OddServer::in_turn(rows());
        let line = format!(
            "RaceAuditUser --rate 400 {LOAD} --driver {driver} -H {}",
            server.url()
        );
        let ended = run(&line);
        is_told_as_it_was(&ended, &server, &rows());
        let record = ended.record();
        let errors = record["errors"].as_array().expect("rows");
        for row in rows() {
            let (Told::Reply(_, why) | Told::Unknown(why)) = row.told else {
                continue;
            };
            let text = |row: &Value, field: &str| row[field].as_str().expect("a text").to_owned();
            let is_meant = |error: &Value| {
                text(error, "name").ends_with("POST /customers (RACE)")
                    && text(error, "reason").contains(why)
            };
            assert!(errors.iter().any(is_meant), "{why}: {}", ended.told());
        }
    }
}
