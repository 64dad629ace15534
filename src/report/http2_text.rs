//! That HTTP/2 was spoken, and how many streams a connection had, in words.

use crate::plan::RaceOver;
use crate::record::RunRecord;

/// Which HTTP was spoken with the target; `None` where it was HTTP/1.1, and nobody asked for anything else.
pub fn spoken_text(record: &RunRecord) -> Option<&'static str> {
    match (record.is_http2(), record.is_http_by_alpn()) {
        (true, false) => Some("in HTTP/2"),
        (true, true) => Some("in HTTP/2 (by ALPN)"),
        (false, true) => Some("in HTTP/1.1 (by ALPN)"),
        (false, false) => None,
    }
}

/// How users shared connections; `None` where HTTP/2 was not spoken.
pub fn http2_text(record: &RunRecord) -> Option<String> {
    if !record.is_http2() {
        return None;
    }
    let shared = record
        .plan
        .get("connections")
        .and_then(serde_json::Value::as_u64);
    let sharing = match shared.filter(|&connections| connections > 0) {
        None => "a connection for each user, with a stream at a time".to_owned(),
        Some(connections) => {
            let users = u64::from(record.peak_users);
            let streams = users.div_ceil(connections);
            let of = if connections == 1 {
                "connection"
            } else {
                "connections"
            };
            format!(
                "{users} users on {connections} {of}, up to {streams} streams at a time on each"
            )
        }
    };
    Some(format!("{sharing}{}", of_races(record)))
}

/// What racers shared, where there were races.
fn of_races(record: &RunRecord) -> &'static str {
    match record.race_over() {
        _ if record.races.is_empty() => "",
        RaceOver::Connections => "; each racer on a connection of its own",
        RaceOver::OneConnection => {
            "; the racers of a race on one connection, their last frames in one send"
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::made_up;

    #[test]
    fn only_a_run_in_http2_has_anything_to_tell() {
        let mut record = made_up::record();
        record.races.clear();
        assert_eq!((http2_text(&record), spoken_text(&record)), (None, None));
        let target = serde_json::json!({"authority": "shop.test", "http2": true});
        record.plan.insert("target".to_owned(), target);
        record.plan.remove("connections");
        let told = http2_text(&record).unwrap();
        assert_eq!(told, "a connection for each user, with a stream at a time");
        assert_eq!(spoken_text(&record), Some("in HTTP/2"));
        record.plan.insert("connections".to_owned(), 4.into());
        record.peak_users = 101;
        let told = http2_text(&record).unwrap();
        assert_eq!(
            told,
            "101 users on 4 connections, up to 26 streams at a time on each"
        );
    }

    #[test]
    fn what_was_agreed_on_is_told_whatever_it_was() {
        let mut record = made_up::record();
        for (http2, says) in [
            (true, "in HTTP/2 (by ALPN)"),
            (false, "in HTTP/1.1 (by ALPN)"),
        ] {
            let target = serde_json::json!({"http2": http2, "http_by_alpn": true});
            record.plan.insert("target".to_owned(), target);
            assert_eq!(spoken_text(&record), Some(says));
        }
    }
}
