//! What became of a request whose reply did not have the expected status.
//!
//! ShopStream says no in five shapes: a field with messages (every business rule), a bare text (a
//! value that the domain cannot read, an unknown id), a text under `detail` (framework, webhook
//! signature), a list under `detail` (the request's shape), and the bare 500 of a lost version race.
//! Race or not decides what a business refusal means, hence two judges.

mod error_body;

use crate::stats::{Outcome, Reason};
pub use error_body::prepare;
use error_body::{ErrorBody, RefusalShape};

/// The body of the 500 that today's ShopStream gives to the loser of a version race, 21 bytes of
/// `text/plain`. Protean raises `ExpectedVersionError` and nothing maps it to a status; every other
/// unhandled exception gives the same 500.
const BARE_500: &[u8] = b"Internal Server Error";

/// Judges steps that nobody else contends for. A business refusal is unexpected there, and a
/// failure: a run whose every registration is refused must not look well. So is the bare 500:
/// where there is no race none can be lost, and a shop that crashes must not look busy. A 409 says
/// itself what it is.
pub fn judge_ordinary(status: u16, body: &[u8]) -> (Outcome, Reason) {
    if status == 500 && body == BARE_500 {
        return (Outcome::Failed, Reason::new("Internal Server Error"));
    }
    let (outcome, reason) = judge_contended(status, body);
    match outcome {
        Outcome::Refused => (Outcome::Failed, reason),
        outcome => (outcome, reason),
    }
}

/// Judges steps of a race. A business refusal (400, or 422 as the README has it) is the expected
/// fate of a loser and counts as refused; only a refusal with a field says that. A 422 with a list
/// under `detail`, and a bare text, mean that the request was wrong: failures of our own.
pub fn judge_contended(status: u16, body: &[u8]) -> (Outcome, Reason) {
    if status == 500 && body == BARE_500 {
        return (
            Outcome::Conflict,
            Reason::new("Internal Server Error: a version race was lost"),
        );
    }
    if (200..300).contains(&status) {
        return (
            Outcome::Failed,
            Reason::new("a success, but not with the expected status"),
        );
    }
    let ErrorBody { shape, reason } = ErrorBody::read(body);
    let outcome = match (status, shape) {
        (409, _) => Outcome::Conflict,
        (400 | 422, RefusalShape::BusinessRule) => Outcome::Refused,
        _ => Outcome::Failed,
    };
    (outcome, reason)
}

#[cfg(test)]
mod tests;
