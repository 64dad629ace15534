//! That HTTP/2 was spoken, and how many streams a connection had, in words.

use crate::record::RunRecord;

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
    let over = record.plan.get("races").and_then(|races| races.get("over"));
    match over.and_then(serde_json::Value::as_str) {
        _ if record.races.is_empty() => "",
        Some("connections") => "; each racer on a connection of its own",
        _ => "; the racers of a race on one connection, their last frames in one send",
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
        assert_eq!(http2_text(&record), None);
        let target = serde_json::json!({"authority": "shop.test", "http2": true});
        record.plan.insert("target".to_owned(), target);
        record.plan.remove("connections");
        let told = http2_text(&record).unwrap();
        assert_eq!(told, "a connection for each user, with a stream at a time");
        record.plan.insert("connections".to_owned(), 4.into());
        record.peak_users = 101;
        let told = http2_text(&record).unwrap();
        assert_eq!(
            told,
            "101 users on 4 connections, up to 26 streams at a time on each"
        );
    }
}
