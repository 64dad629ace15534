//! Tests of the log: what it keeps, and the violation that is made of it.

use super::*;
use crate::engine::{Method, Operation};
use crate::stats::{Reason, Rule};

static OPERATION: Operation = Operation {
    method: Method::Post,
    path: "/things",
    success: 201,
    id_field: Some("thing_id"),
    headers: &[("x-kind", "test")],
    judge: |_, _| (Outcome::Failed, Reason::new("unexpected")),
    ..Operation::PLAIN
};
static STEP: Step = Step {
    index: 0,
    operation: &OPERATION,
    name: "POST /things",
    raises: &[],
    stays: 0,
};

fn entry(part: Part, sent_ns: u64, status: u16) -> LoggedExchange {
    LoggedExchange {
        sent_ns: Some(sent_ns),
        done_ns: sent_ns + 5_000,
        status,
        outcome: match status {
            201 => Outcome::Success,
            _ => Outcome::Refused,
        },
        ..LoggedExchange::asked(&STEP, part, 1, sent_ns - 1_000)
    }
}

fn log() -> ExchangeLog {
    let mut log = ExchangeLog::default();
    log.begin();
    for (index, (part, sent_ns, status)) in [
        (Part::Before, 20_000, 201),
        (Part::Racer, 60_000, 201),
        (Part::Racer, 40_000, 400),
    ]
    .into_iter()
    .enumerate()
    {
        let request = log.ask(entry(part, sent_ns, status), |text| {
            text.extend_from_slice(
                format!("POST /things?n={index} HTTP/1.1\r\nhost: x\r\n\r\n{{\"n\":{index}}}")
                    .as_bytes(),
            );
        });
        assert!(log.text()[request].starts_with(b"POST"));
        log.answer(index, format!("{{\"thing_id\":\"id-{index}\"}}").as_bytes());
    }
    log
}

#[test]
fn a_trail_keeps_what_was_asked_and_answered_and_forgets_it() {
    let mut log = log();
    assert_eq!(log.request_body(1), b"{\"n\":1}");
    assert_eq!(log.reply(2), b"{\"thing_id\":\"id-2\"}");
    assert_eq!(
        log.id(0).map(|id| id.as_str().to_owned()),
        Some("id-0".into())
    );
    assert!(log.id(2).is_none(), "a refusal gives nothing");
    let mut other = ExchangeLog::default();
    other.begin();
    other.adopt(&log, 1);
    assert_eq!(other.request_body(0), b"{\"n\":1}");
    assert_eq!(other.entries()[0].side, 1);
    log.forget();
    assert!(log.entries().is_empty() && !log.is_kept());
}

#[test]
fn a_violation_tells_everything_in_the_order_of_sending() {
    static RULE: Rule = Rule {
        index: 0,
        name: "one-thing",
        text: "there is one thing",
        enforced: true,
    };
    let violation = log().violation(
        (&RULE, Some("two-things")),
        &Reason::new("there are two"),
        &[0, 1],
        (10_000, 90_000),
    );
    assert_eq!(
        (violation.rule.as_str(), violation.at_us),
        ("one-thing", 80)
    );
    let told: Vec<_> = violation
        .exchanges
        .iter()
        .map(|exchange| (exchange.sent_us, exchange.shows, exchange.body.as_str()))
        .collect();
    let expected = [
        (Some(10), true, "{\"n\":0}"),
        (Some(30), false, "{\"n\":2}"),
        (Some(50), true, "{\"n\":1}"),
    ];
    assert_eq!(told, expected);
    let racer = &violation.exchanges[2];
    assert_eq!(
        (racer.method.as_str(), racer.path.as_str()),
        ("POST", "/things?n=1")
    );
    assert_eq!(racer.headers, [("x-kind".to_owned(), "test".to_owned())]);
    assert_eq!(
        (racer.due_us, racer.done_us, racer.status),
        (49, 55, Some(201))
    );
    let gave = ("thing_id".to_owned(), "id-1".to_owned());
    assert_eq!(racer.gave, Some(gave));
    assert_eq!(violation.exchanges[1].gave, None);
}
