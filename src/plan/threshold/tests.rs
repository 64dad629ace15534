//! What is a threshold, what is none, and where it goes wrong.

use super::*;
use crate::plan::EventStretch;
use proptest::prelude::*;

fn parsed(text: &str) -> Threshold {
    Threshold::parse(text).unwrap_or_else(|error| panic!("{error}"))
}

/// The message without the text, and the place in characters that the mark points at.
fn refused(text: &str) -> (String, usize) {
    let error = Threshold::parse(text).expect_err(text);
    let shown = error.to_string();
    let lines: Vec<&str> = shown.lines().collect();
    let [why, expression, mark] = lines[..] else {
        panic!("three lines: {shown}")
    };
    assert_eq!(expression.trim(), text.trim());
    (why.to_owned(), mark.chars().count() - 3)
}

fn selected(text: &str) -> Selector {
    parsed(text).quantity.selector().clone()
}

#[test]
fn the_example_of_the_documentation_means_what_it_says() {
    let threshold = parsed(
        r#" response{name="PUT /orders/{id}/confirm"}: p(99) < 300ms over 10s abort after 1m "#,
    );
    let ThresholdQuantity::Latency {
        metric: LatencyMetric::Response,
        of,
        statistic: Statistic::Quantile(quantile),
    } = &threshold.quantity
    else {
        panic!("{threshold:?}")
    };
    assert!((quantile - 0.99).abs() < 1e-12);
    assert!(of.admits(Tag::Name, "PUT /orders/{id}/confirm"));
    assert!(!of.admits(Tag::Name, "PUT /orders/{id}/cancel"));
    assert!(of.admits(Tag::Method, "PUT"));
    assert_eq!(threshold.operator, Operator::Below);
    assert_eq!((threshold.limit, threshold.window_s), (300_000.0, Some(10)));
    assert_eq!(threshold.abort_after, Some(Duration::from_secs(60)));
    assert!(threshold.is_held_by(299_999.0) && !threshold.is_held_by(300_000.0));
    assert_eq!(
        serde_json::to_value(&threshold).unwrap(),
        threshold.text(),
        "it is written down as its text"
    );
}

#[test]
fn limits_are_read_in_the_unit_of_what_they_limit() {
    let table = [
        ("lag: p99 < 300us", 300.0, "us"),
        ("lag: p99.9 < 0.3ms", 300.0, "us"),
        ("service: med<=1.5s", 1_500_000.0, "us"),
        ("service: avg < 250", 250_000.0, "us"),
        ("conflict: rate < 5%", 0.05, "share"),
        ("conflict: rate < 0.05", 0.05, "share"),
        ("failures: count < 10", 10.0, "count"),
        ("requests: rate > 1000", 1_000.0, "per_s"),
        ("requests: rate > 1000/s", 1_000.0, "per_s"),
        ("journeys: aborted < 1%", 0.01, "share"),
        ("shed: count == 0", 0.0, "count"),
        (
            "races{name='double-suspend'}: overlapped >= 50%",
            0.5,
            "share",
        ),
        ("race_spread: max < 200us", 200.0, "us"),
        ("observed(outbox_pending) < 1000", 1_000.0, ""),
    ];
    for (text, limit, unit) in table {
        let threshold = parsed(text);
        assert!((threshold.limit - limit).abs() < 1e-9, "{text}");
        assert_eq!(threshold.quantity.unit().word(), unit, "{text}");
    }
}

#[test]
fn what_k6_writes_is_understood() {
    let same = [
        ("http_req_duration: p(95)<500", "service: p(95)<500ms"),
        ("http_req_failed: rate<0.01", "failures: rate<1%"),
        ("http_reqs: rate>=100", "requests: rate>=100/s"),
        (
            "http_reqs{method:GET}: count>100",
            "requests{method=\"GET\"}: count>100",
        ),
        ("iterations: rate>10", "journeys: rate>10"),
        ("dropped_iterations: count===0", "shed: count==0"),
    ];
    for (k6, own) in same {
        let (k6, own) = (parsed(k6), parsed(own));
        let what = |threshold: &Threshold| {
            let mut quantity = format!("{:?}", threshold.quantity);
            // Places in the text differ.
            quantity.retain(|letter| !letter.is_ascii_digit());
            (quantity, threshold.operator, threshold.limit)
        };
        assert_eq!(what(&k6), what(&own));
    }
    let of = selected("http_req_duration{name:PUT /orders/{id}/confirm}: p(95)<500");
    assert!(of.admits(Tag::Name, "PUT /orders/{id}/confirm"));
}

#[test]
fn selectors_match_exactly_or_by_pattern() {
    let of = selected(r#"response{name=~"PUT /orders/.*", method!="GET", phase="steady"}: p99<1s"#);
    assert!(of.admits(Tag::Name, "PUT /orders/{id}/pay"));
    assert!(
        !of.admits(Tag::Name, "XPUT /orders/{id}/pay"),
        "the whole name"
    );
    assert!(of.admits(Tag::Method, "PUT") && !of.admits(Tag::Method, "GET"));
    assert!(of.admits(Tag::Phase, "steady") && !of.admits(Tag::Phase, "spawning"));
    let of = selected(r#"response{name!~"\\[RACE.*|say \"hi\"",}: p99<1s"#);
    assert!(!of.admits(Tag::Name, "[RACE-STOCK] POST"));
    assert!(!of.admits(Tag::Name, "say \"hi\""));
    assert!(of.admits(Tag::Name, "POST /orders"));
    let of = selected(r#"observed(outbox_pending{domain="ordering"}): max < 5"#);
    assert_eq!(of.exactly(Tag::Domain), Some("ordering"));
    assert_eq!(selected("observed(backlog) < 5").exactly(Tag::Domain), None);
}

#[test]
fn mistakes_are_shown_at_their_place() {
    let table = [
        ("", "expected a metric", 0),
        ("respnose: p(99) < 3", "did you mean `response`?", 0),
        (
            "response p(99) < 3",
            "expected `:` and a measure, like `: p(99) …`",
            9,
        ),
        ("response: p(101) < 3", "from 0 to 100", 12),
        ("response: p(99 < 3", "expected `)`", 15),
        (
            "response: rate < 3",
            "there is no measure `rate` of this",
            10,
        ),
        ("response: < 3", "expected a measure: p(99)", 10),
        ("failed: p(99) < 3", "(measures: rate, count)", 8),
        ("failed: rate ~ 3", "expected one of < <=", 13),
        ("failed: rate < 5", "5 is more", 15),
        ("failed: rate < 5ms", "5% or 0.05", 16),
        ("failed: rate < five", "expected a number", 15),
        ("failed: count < 5%", "without a unit", 17),
        ("response: p99 < 3h", "ends with us, ms or s", 17),
        ("response{nmae=\"x\"}: p99 < 3", "did you mean `name`?", 9),
        ("response{name}: p99 < 3", "expected `=`", 13),
        ("response{name=\"x: p99 < 3", "has no end", 14),
        ("response{name=}: p99 < 3", "expected a value", 14),
        (
            "response{name=~\"(\"}: p99 < 3",
            "no regular expression",
            15,
        ),
        (
            "response{phase=\"stedy\"}: p99 < 3",
            "did you mean `steady`?",
            15,
        ),
        (
            "response{name=\"x\" method=\"GET\"}: p99 < 3",
            "expected `,` or `}`",
            18,
        ),
        ("races{method=\"GET\"}: count > 1", "tags: name, phase", 6),
        ("response: p99 < 3 over 1.5s", "whole seconds", 23),
        ("response: p99 < 3 over 0s", "whole seconds", 23),
        ("response: p99 < 3 over soon", "not a length of time", 23),
        ("response: p99 < 3 after 5s", "`after` follows `abort`", 18),
        ("response: p99 < 3 aborted", "expected the end", 18),
        ("requests: count > 100 abort", "has to grow first", 22),
        ("observed: max < 3", "expected `(`", 8),
        ("observed() < 3", "expected `(`", 9),
        ("observed(backlog{}: max < 3", "expected `)`", 18),
        (
            "observed(backlog): p(99) < 3",
            "there is no measure `p(99)`",
            19,
        ),
        ("observed(backlg) < 3", "did you mean `backlog`?", 9),
        ("observed(backlog{domain!=\"x\"}) < 3", "by `=` only", 23),
        ("lag: p99 < 99999999999999999999", "too large", 11),
        ("µ: p99 < 3", "there is no metric `µ`", 0),
    ];
    for (text, why, place) in table {
        let (message, at) = refused(text);
        assert!(message.contains(why), "{text}: {message}");
        assert_eq!(at, place, "{text}: {message}");
    }
    let error = Threshold::parse("failed:\nrate\t~ 3")
        .unwrap_err()
        .to_string();
    assert!(
        error.ends_with("\n  failed: rate ~ 3\n               ^"),
        "{error}"
    );
}

#[test]
fn windows_make_growing_counts_fit_to_abort() {
    let threshold = parsed("requests: count > 100 over 5s abort");
    assert_eq!(threshold.abort_after, Some(Duration::ZERO));
    assert_eq!(parsed("failed: count < 10 abort").window_s, None);
}

#[test]
fn the_worst_value_is_the_one_furthest_on_the_wrong_side() {
    let worst = |text: &str, values: [f64; 3]| {
        let threshold = parsed(text);
        let badness = |value: &f64| threshold.badness(*value);
        values
            .into_iter()
            .max_by(|one, two| badness(one).total_cmp(&badness(two)))
    };
    assert_eq!(worst("failed: count < 5", [1.0, 9.0, 4.0]), Some(9.0));
    assert_eq!(worst("requests: rate > 5", [1.0, 9.0, 4.0]), Some(1.0));
    assert_eq!(worst("shed: count == 4", [1.0, 9.0, 4.0]), Some(9.0));
    assert_eq!(worst("shed: count != 4", [1.0, 9.0, 4.0]), Some(4.0));
}

#[test]
fn a_plan_knows_what_it_cannot_produce() {
    let producible = Producible {
        requests: vec![
            ("POST", "POST /customers"),
            ("PUT", "PUT /orders/{id}/confirm"),
        ],
        tags: vec![&["write", "sign-up"], &["write"]],
        journeys: vec!["NewCustomerJourney"],
        races: Vec::new(),
        events: vec!["OrderCreated", "CustomerRegistered"],
        domains: vec!["identity", "ordering"],
        open_model: false,
    };
    let check = |text: &str| producible.check(&parsed(text));
    for fine in [
        "response: p99 < 1s",
        "response{name=\"POST /customers\"}: p99 < 1s",
        "response{name=~\"PUT .*\", method=\"PUT\"}: p99 < 1s",
        "response{tag=\"sign-up\"}: p99 < 1s",
        "response{tag=\"write\", tag!=\"sign-up\"}: p99 < 1s",
        "journeys{name=\"NewCustomerJourney\"}: count > 1",
        "observed(backlog{domain=\"ordering\"}) < 1",
        "event(OrderCreated).done: p99 < 1s",
        "events{domain=\"ordering\"}.published: p99 < 1s",
    ] {
        assert_eq!(check(fine), Ok(()), "{fine}");
    }
    for (text, why, at) in [
        (
            "response{name=\"POST /customer\"}: p99 < 1s",
            "did you mean `POST /customers`?",
            14,
        ),
        (
            "response{name=~\"GET .*\"}: p99 < 1s",
            "whose name matches",
            15,
        ),
        (
            "response{method=\"get\"}: p99 < 1s",
            "with the method `get`",
            16,
        ),
        (
            "response{method=\"POST\", name=~\"PUT.*\"}: p99 < 1s",
            "all of this at once",
            16,
        ),
        (
            "response{tag=\"wirte\"}: p99 < 1s",
            "with the tag `wirte`; did you mean `write`? (tags: write, sign-up)",
            13,
        ),
        (
            "response{tag=\"sign-up\", method=\"PUT\"}: p99 < 1s",
            "all of this at once",
            13,
        ),
        (
            "journeys{name=\"NewCustomer\"}: rate > 1",
            "did you mean `NewCustomerJourney`?",
            14,
        ),
        ("races: overlapped > 1%", "this plan makes no races", 0),
        ("shed: count == 0", "open model only", 0),
        (
            "observed(backlog{domain=\"Ordering\"}) < 1",
            "did you mean `ordering`?",
            24,
        ),
    ] {
        let error = check(text).expect_err(text);
        assert!(error.to_string().contains(why), "{error}");
        assert_eq!(error.at, at, "{error}");
    }
}

const ALMOST: &str = r#"(response|service|failed|requests|races|observed)?[({]?(name|method|phase)?=?~?"?[a-z{}"(]{0,4}[)}]?:? ?(p\(99\)|rate|count|max)? ?[<>=]{1,2} ?[0-9.]{1,4}(ms|%|us)?( over [0-9]s)?( abort)?"#;

proptest! {
    #[test]
    fn any_text_is_read_or_refused_within_it(text in ".{0,80}") {
        if let Err(error) = Threshold::parse(&text) {
            prop_assert!(error.at <= error.text.len());
            prop_assert!(!error.to_string().is_empty());
        }
    }

    #[test]
    fn almost_thresholds_are_read_or_refused_within_them(
        text in ALMOST
    ) {
        match Threshold::parse(&text) {
            Ok(threshold) => {
                prop_assert!(threshold.limit.is_finite() && threshold.limit >= 0.0);
                prop_assert_eq!(Threshold::parse(threshold.text()), Ok(threshold));
            }
            Err(error) => prop_assert!(error.at <= error.text.len()),
        }
    }

    #[test]
    fn values_windows_and_delays_come_back(
        ms in 0_u32..1_000_000,
        percent in 0_u32..=1_000,
        window_s in 1_u32..=LONGEST_WINDOW_S,
        delay_s in 0_u64..100_000,
    ) {
        let text = format!(
            "lag: p({}) <= {ms}ms over {window_s}s abort after {delay_s}s",
            f64::from(percent) / 10.0
        );
        let threshold = parsed(&text);
        prop_assert_eq!(threshold.limit, f64::from(ms) * 1e3);
        prop_assert_eq!(threshold.window_s, Some(window_s));
        prop_assert_eq!(threshold.abort_after, Some(Duration::from_secs(delay_s)));
        let ThresholdQuantity::Latency { statistic: Statistic::Quantile(quantile), .. } = threshold.quantity
        else {
            return Err(TestCaseError::fail("no quantile"));
        };
        prop_assert!((quantile - f64::from(percent) / 1_000.0).abs() < 1e-12);
    }
}

#[test]
fn events_have_parts_and_names() {
    let parsed = |text: &str| Threshold::parse(text).expect(text);
    let ThresholdQuantity::Event {
        stretch,
        of,
        statistic,
    } = parsed("event(OrderCreated).done: p(99) < 2s").quantity
    else {
        panic!("a threshold of events");
    };
    assert_eq!(stretch, EventStretch::Done);
    assert_eq!(of.exactly(Tag::Name), Some("OrderCreated"));
    assert_eq!(statistic, Statistic::Quantile(0.99));
    assert_eq!(parsed("event(OrderCreated).done: p(99) < 2s").limit, 2e6);
    for text in [
        "events.published: p95 < 300ms abort",
        "events{domain=\"ordering\"}.handled: max < 10s",
        "events{name=~\"Order.*\"}.done: avg < 1s",
    ] {
        assert!(parsed(text).quantity.is_of_back_end(), "{text}");
    }
    let unknown = Producible {
        events: vec!["OrderCreated"],
        ..Producible::default()
    };
    let wrong = unknown.check(&parsed("event(OrderCreatd).done: p99 < 1s"));
    assert!(wrong.unwrap_err().to_string().contains("OrderCreated"));
    for (text, says) in [
        ("event.done: p(99) < 2s", "expected `(`"),
        ("event().done: p(99) < 2s", "the name of an event"),
        ("event(A): p(99) < 2s", "expected `.`"),
        ("event(A).ready: p(99) < 2s", "no part `ready`"),
        ("event(A).done: last < 2s", "no measure `last`"),
        ("event(A).done: rate < 2s", "no measure `rate`"),
        ("event(A).done: p(99) < 2s over 3s", "leave `over` out"),
    ] {
        let error = Threshold::parse(text).expect_err(text).to_string();
        assert!(error.contains(says), "{text}: {error}");
    }
}
