//! What became of a racer.

use super::success::{read_by, read_success};
use crate::engine::{Broken, Id, Judge, ReplyHead, ReplyText, Step, Values, redirect};
use crate::stats::{Outcome, Reason};
use fastrand::Rng;

/// The body that goes into the log.
pub(super) fn body_of(result: Result<ReplyHead, Broken>, body: &[u8]) -> &[u8] {
    if result.is_ok() { body } else { &[] }
}

/// What became of a racer, and why when it did not succeed. What an operation's reading keeps goes into
/// values that are not the user's: of several who succeed nobody can say whose are meant.
pub(super) fn judge(
    (step, judge, on): (&Step, Judge, Option<&Id>),
    result: Result<ReplyHead, Broken>,
    (head, body): (&[u8], &[u8]),
    kept: (&mut Values, &mut Rng),
    reason: impl FnOnce() -> Reason,
) -> (Outcome, Option<Reason>) {
    match result {
        Ok(ReplyHead { status, .. }) => {
            let operation = step.operation;
            let pointed = || redirect::told(status, head, operation.path, on);
            let read = match operation.reading {
                None => read_success(step, judge, (status, body), pointed),
                Some(reading) => {
                    let reply = ReplyText { status, head, body };
                    read_by(reading, reply, kept, pointed)
                }
            };
            match read {
                Ok(_) => (Outcome::Success, None),
                Err((outcome, reason)) => (outcome, Some(reason)),
            }
        }
        Err(Broken::NotSent) => (Outcome::Failed, Some(reason())),
        Err(Broken::Lost) => (Outcome::Unknown, Some(reason())),
    }
}
