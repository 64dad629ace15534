//! Replays exchanges that were recorded of ShopStream, and compares what comes back.

use crate::sandbox_client::{Client, Reply};
use serde_json::Value;
use std::collections::HashMap;

/// Sends the recorded requests, one JSON object a line, with the identifiers that this shop has
/// given out in place of the recorded ones: status, fields and body have to be the same.
pub fn replay(client: &mut Client, recorded: &str) {
    let mut ids: HashMap<String, String> = HashMap::new();
    for line in recorded.lines() {
        let exchange: Value = serde_json::from_str(line).unwrap();
        let reply = send(client, &exchange, &ids);
        assert_eq!(u64::from(reply.status), exchange["status"], "{line}");
        assert_eq!(
            reply.names(),
            ["date", "server", "content-length", "content-type"]
        );
        for name in ["server", "content-length", "content-type"] {
            let theirs = exchange["response_headers"][name].as_str();
            assert_eq!(reply.field(name), theirs, "{name} in {line}");
        }
        let theirs = &exchange["response"];
        let (field, value) = theirs.as_object().unwrap().iter().next().unwrap();
        if !field.ends_with("_id") {
            assert_eq!(reply.body, theirs.to_string(), "{line}");
            continue;
        }
        let ours: Value = serde_json::from_str(&reply.body).unwrap();
        let ours = ours[field].as_str().unwrap();
        assert_eq!(reply.body, format!(r#"{{"{field}":"{ours}"}}"#));
        ids.insert(value.as_str().unwrap().to_owned(), ours.to_owned());
    }
}

fn send(client: &mut Client, exchange: &Value, ids: &HashMap<String, String>) -> Reply {
    let with_our_ids = |text: &str| {
        ids.iter().fold(text.to_owned(), |text, (theirs, ours)| {
            text.replace(theirs, ours)
        })
    };
    let path = with_our_ids(exchange["path"].as_str().unwrap());
    let body = match &exchange["body"] {
        Value::Null => String::new(),
        body => with_our_ids(&body.to_string()),
    };
    let method = exchange["method"].as_str().unwrap();
    let mut head = format!(
        "{method} {path} HTTP/1.1\r\ncontent-length: {}\r\n",
        body.len()
    );
    for (name, value) in exchange["headers"].as_object().unwrap() {
        head += &format!("{name}: {}\r\n", value.as_str().unwrap());
    }
    client.write(format!("{head}\r\n{body}").as_bytes());
    client.reply()
}
