//! Trails for tests, exchange by exchange.

use crate::engine::{ExchangeLog, LoggedExchange};
use crate::shop::steps;
use crate::stats::{Outcome, Part, RuleFinding};

/// A log of these exchanges: part, outcome, body of the request, body of the reply. The exchange
/// at position `n` is sent at `n` ms and answered 10 ms later.
pub fn log(exchanges: &[(Part, Outcome, &str, &str)]) -> ExchangeLog {
    let mut log = ExchangeLog::default();
    log.begin();
    for (index, &(part, outcome, body, reply)) in exchanges.iter().enumerate() {
        let sent_ns = index as u64 * 1_000_000;
        let mut entry = LoggedExchange::asked(steps::KEY_RACE_INITIATE, part, 0, sent_ns);
        entry.sent_ns = Some(sent_ns);
        entry.done_ns = sent_ns + 10_000_000;
        entry.outcome = outcome;
        entry.status = match outcome {
            Outcome::Success => 201,
            Outcome::Refused => 400,
            Outcome::Conflict => 500,
            Outcome::Failed => 503,
            Outcome::Unknown => 0,
        };
        log.ask(entry, |text| {
            text.extend_from_slice(format!("POST /x HTTP/1.1\r\n\r\n{body}").as_bytes());
        });
        log.answer(index, reply.as_bytes());
    }
    log
}

/// What is wrong and which exchanges show it.
pub fn broken(finding: RuleFinding) -> (String, Vec<usize>) {
    match finding {
        RuleFinding::Broken { why, shown_by } => (why.as_str().to_owned(), shown_by.to_vec()),
        other => panic!("{other:?}"),
    }
}
