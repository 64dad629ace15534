//! Tests of the trail: what it keeps, and the violation that is made of it.

use super::*;
use crate::engine::{Method, Operation};
use crate::stats::Reason;

static OPERATION: Operation = Operation {
    method: Method::Post,
    path: "/things",
    success: 201,
    id_field: Some("thing_id"),
    headers: &[("x-kind", "test")],
    judge: |_, _| (Outcome::Failed, Reason::new("unexpected")),
};
static STEP: Step = Step {
    index: 0,
    operation: &OPERATION,
    name: "POST /things",
    raises: &[],
    stays: 0,
};

fn entry(part: Part, sent_ns: u64, status: u16) -> TrailEntry {
    TrailEntry {
        sent_ns: Some(sent_ns),
        done_ns: sent_ns + 5_000,
        status,
        outcome: match status {
            201 => Outcome::Success,
            _ => Outcome::Refused,
        },
        ..TrailEntry::asked(&STEP, part, 1, sent_ns - 1_000)
    }
}

fn trail() -> Trail {
    let mut trail = Trail::default();
    trail.begin();
    for (index, (part, sent_ns, status)) in [
        (Part::Before, 20_000, 201),
        (Part::Racer, 60_000, 201),
        (Part::Racer, 40_000, 400),
    ]
    .into_iter()
    .enumerate()
    {
        let request = trail.ask(entry(part, sent_ns, status), |text| {
            text.extend_from_slice(
                format!("POST /things?n={index} HTTP/1.1\r\nhost: x\r\n\r\n{{\"n\":{index}}}")
                    .as_bytes(),
            );
        });
        assert!(trail.text()[request].starts_with(b"POST"));
        trail.answer(index, format!("{{\"thing_id\":\"id-{index}\"}}").as_bytes());
    }
    trail
}

#[test]
fn a_trail_keeps_what_was_asked_and_answered_and_forgets_it() {
    let mut trail = trail();
    assert_eq!(trail.request_body(1), b"{\"n\":1}");
    assert_eq!(trail.reply(2), b"{\"thing_id\":\"id-2\"}");
    assert_eq!(
        trail.id(0).map(|id| id.as_str().to_owned()),
        Some("id-0".into())
    );
    assert!(trail.id(2).is_none(), "a refusal gives nothing");
    let mut other = Trail::default();
    other.begin();
    other.adopt(&trail, 1);
    assert_eq!(other.request_body(0), b"{\"n\":1}");
    assert_eq!(other.entries()[0].side, 1);
    trail.forget();
    assert!(trail.entries().is_empty() && !trail.is_kept());
}

#[test]
fn a_violation_tells_everything_in_the_order_of_sending() {
    static RULE: Rule = Rule {
        index: 0,
        name: "one-thing",
        text: "there is one thing",
        enforced: true,
    };
    let violation = trail().violation(
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
