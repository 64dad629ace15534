//! What the Observatory shows, in virtual time, against what was recorded of the real one.

use super::request_handler::ObservatoryReply;
use super::trace_filter::TraceFilter;
use super::*;
use crate::sandbox::pipeline::{DOMAINS, DrainRate, PipelineConfig};
use crate::shop::events;
use crate::stats::Event;
use serde_json::Value;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;

const S: u64 = 1_000_000_000;

static REGISTERED: Event = events::CUSTOMER_REGISTERED;
static CATEGORY: Event = events::CATEGORY_CREATED;
static ORDERED: Event = events::ORDER_CREATED;
static INVOICE: Event = events::INVOICE_GENERATED;

/// Recorded from the real Observatory.
macro_rules! recorded {
    ($name:literal) => {
        include_str!(concat!("../../../tests/data/observatory/", $name))
    };
}

/// A view of engines that drain 10 events a second.
fn view(names: Names, engines: u32) -> ObservatoryView {
    let config = PipelineConfig {
        engines: [engines; DOMAINS],
        drain_rate: DrainRate::per_s(10.0).unwrap(),
    };
    let started = "2026-11-22T07:26:06Z".parse().unwrap();
    let generation = match names {
        Names::Today => Generation::Today,
        Names::Five | Names::Newer => Generation::Five,
    };
    let pipeline = Pipeline::started_at(&config, generation, started);
    ObservatoryView::new(Arc::new(pipeline), names)
}

/// The view after a flood of 130 registrations, and a few others, at second 1.
fn flooded(names: Names) -> ObservatoryView {
    let view = view(names, 1);
    for event in std::iter::repeat_n(&REGISTERED, 130).chain([&CATEGORY, &CATEGORY, &INVOICE]) {
        view.pipeline.accept_at(event, S);
    }
    view
}

fn reply(view: &ObservatoryView, method: &str, target: &str, at_ns: u64) -> (u16, String) {
    match view.answer(method, target, at_ns) {
        ObservatoryReply::Full(reply) => (reply.status, reply.body),
        ObservatoryReply::Stream(_) => panic!("{target} has no end"),
    }
}

fn shown(view: &ObservatoryView, target: &str, at_ns: u64) -> Value {
    let (status, body) = reply(view, "GET", target, at_ns);
    assert_eq!(status, 200, "{target}: {body}");
    serde_json::from_str(&body).unwrap()
}

/// The names in a JSON text in their order, with the kinds of their values; numbers are one kind.
fn shape(text: &str) -> Vec<String> {
    let mut shape = Vec::new();
    let mut letters = text.chars().peekable();
    while let Some(letter) = letters.next() {
        match letter {
            '"' => {
                let word: String = letters
                    .by_ref()
                    .take_while(|letter| *letter != '"')
                    .collect();
                let is_name = letters.peek() == Some(&':');
                shape.push(if is_name { word } else { "text".into() });
            }
            '0'..='9' => {
                while letters
                    .next_if(|next| "0123456789.e+-".contains(*next))
                    .is_some()
                {}
                shape.push("number".into());
            }
            letter => shape.push(letter.into()),
        }
    }
    shape
}

fn assert_golden(name: &str, actual: &str) {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/golden/observatory")
        .join(name);
    if std::env::var_os("BLESS_GOLDEN").is_some() {
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, actual).unwrap();
    }
    let expected = std::fs::read_to_string(&path).unwrap_or_default();
    assert_eq!(
        expected, actual,
        "{name} differs; check it and run `BLESS_GOLDEN=1 cargo test observatory`"
    );
}

#[test]
fn snapshots_have_the_recorded_shapes() {
    let view = flooded(Names::Five);
    for (target, recorded) in [
        ("/api/health", recorded!("api_health.json")),
        ("/api/outbox", recorded!("api_outbox.json")),
        ("/api/queue-depth", recorded!("api_queue-depth.json")),
        ("/api/stats", recorded!("api_stats.json")),
        ("/api/streams", recorded!("api_streams.json")),
        (
            "/api/traces?count=2&stream=identity::customer&event=message.acked",
            recorded!("api_traces_count_2.json"),
        ),
    ] {
        let (status, body) = reply(&view, "GET", target, 3 * S);
        assert_eq!(status, 200);
        let (ours, theirs) = (shape(&body), shape(recorded));
        if target.starts_with("/api/traces") {
            // Both of ours are acknowledgements, as the newer one of theirs is.
            let end = theirs.iter().position(|word| word == "}").unwrap();
            assert_eq!(ours[..end], theirs[..end]);
            assert_eq!(ours[ours.len() - 5..], theirs[theirs.len() - 5..]);
        } else {
            assert_eq!(ours, theirs, "{target}\n{body}");
        }
    }
}

#[test]
fn todays_metrics_are_the_recorded_lines() {
    let view = flooded(Names::Five);
    let (_, text) = reply(&view, "GET", "/metrics", S);
    let names = |text: &str| -> Vec<String> {
        let name = |line: &str| match line.rsplit_once(' ') {
            Some((name, _)) if !line.starts_with('#') => name.to_owned(),
            _ => line.to_owned(),
        };
        text.split('\n').map(name).collect()
    };
    assert_eq!(names(&text), names(recorded!("metrics.txt")));
    let samples = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(samples.count(), 33);
    assert_golden("metrics-today.txt", &text);
}

#[test]
fn todays_counts_stop_at_100_and_the_newer_ones_do_not() {
    let pending = |names, at_ns| {
        let outbox = shown(&flooded(names), "/api/outbox", at_ns);
        let counts = &outbox["identity"]["counts"];
        (counts["pending"].as_u64(), counts["published"].as_u64())
    };
    assert_eq!(pending(Names::Five, S), (Some(100), Some(1)));
    assert_eq!(pending(Names::Newer, S), (Some(129), Some(1)));
    assert_eq!(pending(Names::Five, 4 * S), (Some(99), Some(31)));
    assert_eq!(pending(Names::Newer, 4 * S), (Some(99), Some(31)));
    assert_eq!(pending(Names::Five, 99 * S), (Some(0), Some(100)));
    assert_eq!(pending(Names::Newer, 99 * S), (Some(0), Some(130)));
}

#[test]
fn newer_samples_are_named_as_declared() {
    let view = flooded(Names::Newer);
    let (_, text) = reply(&view, "GET", "/metrics", 2 * S);
    let mut declared = "";
    for line in text.lines().filter(|line| !line.is_empty()) {
        if let Some(declaration) = line.strip_prefix("# TYPE ") {
            declared = declaration.strip_suffix(" gauge").unwrap();
        } else if !line.starts_with('#') {
            let name = line.split(['{', ' ']).next().unwrap();
            assert_eq!(name, declared);
        }
    }
    assert_golden("metrics-newer.txt", &text);
    for target in ["/api/streams", "/api/queue-depth"] {
        let name = target.replace("/api/", "newer-") + ".json";
        assert_golden(&name, &reply(&view, "GET", target, 2 * S).1);
    }
}

#[test]
fn a_message_is_told_from_its_publishing_to_its_last_acknowledgement() {
    let view = view(Names::Five, 1);
    view.pipeline.accept_at(&REGISTERED, S);
    let (_, body) = reply(&view, "GET", "/api/traces", 2 * S);
    assert_golden("traces-one-registration.json", &body);
    let traces = shown(&view, "/api/traces", 2 * S);
    assert_eq!(traces["count"], 13);
    let id = traces["traces"][12]["message_id"].as_str().unwrap();
    view.pipeline.accept_at(&REGISTERED, 2 * S);
    let of_one = shown(
        &view,
        &format!("/api/traces?count=1&message_id={id}"),
        3 * S,
    );
    assert_eq!(of_one, traces);
    let count =
        |query: &str, at_ns| shown(&view, &format!("/api/traces?{query}"), at_ns)["count"].clone();
    assert_eq!(count("", 3 * S), 26);
    assert_eq!(count("count=1", 3 * S), 1);
    assert_eq!(count("domain=identity&event=outbox.published", 3 * S), 2);
    assert_eq!(count("domain=payments", 3 * S), 0);
    assert_eq!(count("event=handler.*", 3 * S), 0);
    // Half of a message's life is over: published, two projectors done, the third at work.
    assert_eq!(count("", S + S / 20), 8);
}

#[test]
fn streamed_traces_are_the_recorded_ones() {
    let view = view(Names::Five, 1);
    view.pipeline.accept_at(&REGISTERED, S);
    let ObservatoryReply::Stream(filter) = view.answer("GET", "/stream?type=*Registered*", 0)
    else {
        panic!("a stream has no end");
    };
    let ours = view.trace_lines(&filter, 1..=2 * S);
    let theirs = recorded!("sse.txt").lines();
    let theirs: Vec<_> = theirs
        .filter_map(|line| line.strip_prefix("data: "))
        .collect();
    assert_eq!(ours.len(), theirs.len());
    for (ours, theirs) in ours.iter().zip(theirs) {
        let (ours, theirs): (Value, Value) = (
            serde_json::from_str(ours).unwrap(),
            serde_json::from_str(theirs).unwrap(),
        );
        for part in [
            "event",
            "domain",
            "stream",
            "message_type",
            "status",
            "handler",
        ] {
            assert_eq!(ours[part], theirs[part]);
        }
        for part in ["payload", "duration_ms", "error"] {
            assert_eq!(ours[part].is_null(), theirs[part].is_null(), "{part}");
        }
        let names =
            |trace: &Value| -> Vec<String> { trace.as_object().unwrap().keys().cloned().collect() };
        assert_eq!(names(&ours), names(&theirs));
    }
    assert_eq!(view.trace_lines(&filter, S + 1..=S + S / 40).len(), 3);
    let flood = flooded(Names::Five);
    let lines = flood.trace_lines(&TraceFilter::default(), 1..=99 * S);
    assert_eq!(lines.len(), 1_000, "of very many, the newest");
    let last: Value = serde_json::from_str(&lines[999]).unwrap();
    assert_eq!(last["timestamp"], "2026-11-22T07:26:20+00:00");
    let ObservatoryReply::Stream(other) = view.answer("GET", "/stream?domain=ordering", 0) else {
        panic!("a stream has no end");
    };
    assert_eq!(view.trace_lines(&other, 1..=2 * S), Vec::<String>::new());
}

#[test]
fn statistics_count_what_happened_in_the_window() {
    let view = flooded(Names::Five);
    let (_, body) = reply(&view, "GET", "/api/traces/stats", 2 * S);
    assert_golden("trace-stats.json", &body);
    let total = |window: &str, at_ns| {
        shown(&view, &format!("/api/traces/stats?window={window}"), at_ns)["total"].clone()
    };
    let all = 130 * 13 + 2 * 4 + 4;
    assert_eq!(total("15m", 400 * S), all);
    assert_eq!(total("5m", 400 * S), 0);
    let recorded: Value =
        serde_json::from_str(recorded!("api_traces_stats_window_5m.json")).unwrap();
    let ours: Value = serde_json::from_str(&body).unwrap();
    for name in recorded.as_object().unwrap().keys() {
        assert!(!ours[name].is_null(), "{name}");
    }
    assert_eq!(
        reply(&view, "GET", "/api/traces/stats?window=2m", S),
        (
            400,
            r#"{"error":"Invalid window: 2m. Use 5m, 15m, 1h, 24h, 7d."}"#.into()
        )
    );
}

#[test]
fn deleted_traces_are_gone_and_later_ones_are_told() {
    let view = view(Names::Five, 1);
    let delete = |at_ns| reply(&view, "DELETE", "/api/traces", at_ns);
    assert_eq!(
        delete(S),
        (200, r#"{"status":"ok","deleted":false}"#.into())
    );
    view.pipeline.accept_at(&REGISTERED, 2 * S);
    assert_eq!(
        delete(3 * S),
        (200, r#"{"status":"ok","deleted":true}"#.into())
    );
    assert_eq!(
        shown(&view, "/api/traces", 3 * S)["traces"],
        serde_json::json!([])
    );
    assert_eq!(shown(&view, "/api/traces/stats", 3 * S)["total"], 0);
    view.pipeline.accept_at(&CATEGORY, 4 * S);
    assert_eq!(shown(&view, "/api/traces", 5 * S)["count"], 4);
    assert_eq!(
        shown(&view, "/api/outbox", 5 * S)["identity"]["counts"]["published"],
        1
    );
}

#[test]
fn what_does_not_exist_is_refused() {
    let view = view(Names::Five, 1);
    for (method, target, status) in [
        ("GET", "/api", 404),
        ("GET", "/docs", 404),
        ("POST", "/metrics", 405),
        ("HEAD", "/metrics", 405),
        ("DELETE", "/api/traces/stats", 405),
        ("GET", "/api/traces?count=0", 422),
        ("GET", "/openapi.json", 200),
        ("HEAD", "/openapi.json", 200),
        ("GET", "/", 200),
        ("GET", "/api/traces?count=1000&domain=&unknown=1", 200),
    ] {
        assert_eq!(
            reply(&view, method, target, S).0,
            status,
            "{method} {target}"
        );
    }
    let openapi = shown(&view, "/openapi.json", S);
    for path in openapi["paths"].as_object().unwrap().keys() {
        assert!(
            !matches!(view.answer("GET", path, S), ObservatoryReply::Full(reply) if reply.status != 200)
        );
    }
}

/// Every place in a JSON text with the kind of what is there; elements of a list are one place.
fn places(text: &str) -> std::collections::BTreeSet<String> {
    fn walk(place: &str, value: &Value, places: &mut std::collections::BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    walk(&format!("{place}/{name}"), member, places);
                }
            }
            Value::Array(elements) => {
                for element in elements {
                    walk(&format!("{place}/*"), element, places);
                }
            }
            Value::String(text) if place.ends_with("names/*") => {
                places.insert(format!("{place} {text}"));
            }
            Value::String(_) => drop(places.insert(format!("{place} text"))),
            Value::Number(_) => drop(places.insert(format!("{place} number"))),
            Value::Bool(_) => drop(places.insert(format!("{place} truth"))),
            Value::Null => drop(places.insert(format!("{place} null"))),
        }
    }
    let mut places = std::collections::BTreeSet::new();
    walk("", &serde_json::from_str(text).unwrap(), &mut places);
    places
}

#[test]
fn snapshots_of_today_have_the_recorded_places() {
    let view = flooded(Names::Today);
    for (target, recorded) in [
        ("/api/health", recorded!("today-health.json")),
        ("/api/queue-depth", recorded!("today-queue-depth.json")),
        ("/api/stats", recorded!("today-stats.json")),
        ("/api/streams", recorded!("today-streams.json")),
        ("/api/consumers", recorded!("today-consumers.json")),
    ] {
        let (status, body) = reply(&view, "GET", target, 3 * S);
        assert_eq!(status, 200);
        assert_eq!(places(&body), places(recorded), "{target}");
    }
    let ours = shown(&view, "/api/subscriptions", 3 * S);
    assert_eq!(ours.as_object().unwrap().len(), 8);
    let identity = serde_json::json!({ "identity": ours["identity"] });
    let recorded = recorded!("today-subscriptions.json");
    assert_eq!(places(&identity.to_string()), places(recorded));
}

#[test]
fn metrics_of_today_are_the_recorded_lines() {
    let view = flooded(Names::Today);
    let (_, text) = reply(&view, "GET", "/metrics", S);
    // Of the four gauges of a subscription the recording keeps the first, of the two of a consumer
    // too, and no consumer's own name.
    let left_out = [
        "protean_subscription_pending{",
        "protean_subscription_dlq",
        "protean_subscription_status{",
        "protean_consumer_idle_ms{",
    ];
    let kept = text
        .split('\n')
        .filter(|line| !left_out.iter().any(|name| line.starts_with(name)));
    let names: Vec<String> = kept
        .map(|line| match line.rsplit_once(' ') {
            Some((name, _)) if !line.starts_with('#') => match name.find("group=") {
                Some(at) => format!("protean_consumer_pending{{{}", &name[at..]),
                None => name.to_owned(),
            },
            _ => line.to_owned(),
        })
        .collect();
    let recorded: Vec<&str> = recorded!("today-metrics.txt").split('\n').collect();
    let without_consumers = |lines: Vec<String>| -> Vec<String> {
        lines
            .into_iter()
            .filter(|line| !line.contains("group="))
            .collect()
    };
    let owned = recorded.iter().map(|line| (*line).to_owned()).collect();
    assert_eq!(without_consumers(names.clone()), without_consumers(owned));
    let consumers = |lines: &[&str]| {
        let mut lines: Vec<String> = lines
            .iter()
            .filter(|line| line.contains("group="))
            .map(|line| (*line).to_owned())
            .collect();
        lines.sort();
        lines
    };
    let ours: Vec<&str> = names.iter().map(String::as_str).collect();
    assert_eq!(consumers(&ours), consumers(&recorded));
    let samples = text
        .lines()
        .filter(|line| !line.is_empty() && !line.starts_with('#'));
    assert_eq!(samples.count(), 604);
}

#[test]
fn todays_subscriptions_tell_the_outbox_again_and_what_is_in_flight() {
    let view = flooded(Names::Today);
    let (_, text) = reply(&view, "GET", "/metrics", S);
    let value = |line: &str| {
        let sample = text.lines().find_map(|found| found.strip_prefix(line));
        sample.unwrap().trim().parse::<u64>().unwrap()
    };
    // 130 registrations: one is being processed, by all who read the stream.
    let outbox =
        r#"{domain="identity",handler="OutboxProcessor",stream="default → default",type="outbox"}"#;
    assert_eq!(value(&format!("protean_subscription_lag{outbox}")), 129);
    assert_eq!(value(&format!("protean_subscription_pending{outbox}")), 129);
    assert_eq!(value(&format!("protean_subscription_status{outbox}")), 0);
    assert_eq!(
        value(r#"protean_outbox_messages{domain="identity",status="pending"}"#),
        129
    );
    for (domain, handler) in [
        ("identity", "CustomerCardProjector"),
        ("ordering", "IdentityOrderEventHandler"),
        ("notifications", "IdentityEventsHandler"),
    ] {
        let labels = format!(
            r#"{{domain="{domain}",handler="{handler}",stream="identity::customer",type="stream"}}"#
        );
        assert_eq!(value(&format!("protean_subscription_pending{labels}")), 1);
        assert_eq!(value(&format!("protean_subscription_lag{labels}")), 0);
    }
    // Products are read from another stream than categories are.
    let tree = |stream: &str| {
        format!(
            r#"protean_subscription_pending{{domain="catalogue",handler="CategoryTreeProjector",stream="catalogue::{stream}",type="stream"}}"#
        )
    };
    assert_eq!(value(&tree("category")), 1);
    assert_eq!(value(&tree("product")), 0);
    assert_eq!(value("protean_stream_pending"), 0);
    let depth = shown(&view, "/api/queue-depth", S);
    let customer = &depth["streams"]["identity::customer"];
    assert_eq!(customer["length"], 1, "what is published");
    assert_eq!(depth["streams"]["catalogue::category"]["length"], 1);
    assert_eq!(depth["totals"]["outbox_pending"], 129 + 1);
    // 7 of customers, 2 of categories, and who reads invoices leaves no events.
    assert_eq!(depth["totals"]["consumer_pending"], 7 + 2);
}

#[test]
fn traces_of_today_tell_every_handler() {
    let view = view(Names::Today, 1);
    for event in [&REGISTERED, &ORDERED] {
        view.pipeline.accept_at(event, S);
    }
    let stats = shown(&view, "/api/traces/stats", 3 * S);
    // Seven handlers of customers, as measured, and eleven of orders; each starts, ends, confirms.
    assert_eq!(stats["counts"]["outbox.published"], 2);
    assert_eq!(stats["counts"]["handler.completed"], 7 + 11);
    assert_eq!(stats["total"], 2 + 3 * (7 + 11));
    let traces = shown(&view, "/api/traces?stream=ordering::order&count=1", 3 * S);
    let id = traces["traces"][0]["message_id"].as_str().unwrap();
    assert!(
        id.starts_with("ordering::order-") && id.ends_with("-0"),
        "{id}"
    );
}

#[test]
fn only_todays_observatory_lists_consumers() {
    for (names, status) in [(Names::Five, 404), (Names::Newer, 404), (Names::Today, 200)] {
        for target in [
            "/api/subscriptions",
            "/api/consumers",
            "/api/workers",
            "/api/dlq",
        ] {
            assert_eq!(
                reply(&view(names, 1), "GET", target, S).0,
                status,
                "{target}"
            );
        }
    }
    let two = view(Names::Today, 2);
    let consumers = shown(&two, "/api/consumers", S);
    assert_eq!(consumers["consumers"].as_array().unwrap().len(), 2 * 82);
    assert_eq!(shown(&two, "/api/workers", S)["count"], 2 * 8);
    let none = shown(&view(Names::Today, 0), "/api/consumers", S);
    assert_eq!(none["consumers"], serde_json::json!([]));
}

/// The start of a request, and what comes of it again and again.
const DRIPPING: &[(&str, &str)] = &[
    ("GET /api/health HTTP/1.1\r\na: ", "b"),
    (
        "POST /api/health HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n",
        "1\r\nb\r\n",
    ),
];

#[test]
fn who_asks_in_drops_gives_its_place_up() {
    let config = ObservatoryConfig {
        address: ([127, 0, 0, 1], 0).into(),
        names: Names::Today,
    };
    let server = ObservatoryServer::start(&config, view(Names::Today, 1).pipeline, None).unwrap();
    let guests = DRIPPING.iter().map(|(start, drop)| {
        let mut stream = TcpStream::connect(server.address()).unwrap();
        stream.write_all(start.as_bytes()).unwrap();
        std::thread::spawn(move || {
            let mut drops = 0;
            while stream.write_all(drop.as_bytes()).is_ok() {
                std::thread::sleep(Duration::from_millis(50));
                drops += 1;
                assert!(drops < 2_000, "{drop:?} is never too slow");
            }
        })
    });
    let guests: Vec<_> = guests.collect();
    guests.into_iter().for_each(|guest| guest.join().unwrap());
}
