//! What a reply is, when all is well, and what is kept when it is not.

use crate::engine::allocations::uncounted;
use crate::engine::{Id, Judge, Reading, ReplyText, Step, Values};
use crate::stats::{Outcome, Reason};
use fastrand::Rng;
use std::fmt::Write;

/// Why a call did not succeed.
#[derive(Clone, Copy)]
pub struct Trouble {
    /// HTTP status, 0 when there was none.
    pub status: u16,
    /// What was said, or what broke.
    pub reason: Reason,
}

/// The id that a successful reply gives, if its operation gives one; else what became of it, and why:
/// where it `pointed`, if it did.
#[inline]
pub(super) fn read_success(
    step: &Step,
    judge: Judge,
    (status, body): (u16, &[u8]),
    pointed: impl FnOnce() -> Option<Reason>,
) -> Result<Option<Id>, (Outcome, Reason)> {
    let operation = step.operation;
    if status != operation.success {
        let (outcome, reason) = judge(status, body);
        return Err((outcome, pointed().unwrap_or(reason)));
    }
    match operation.id_field {
        None => Ok(None),
        Some(field) => match Id::read(body, field) {
            None => Err(missing_id(field)),
            id => Ok(id),
        },
    }
}

/// What is kept of a reply: what the user knew before, where that is not among the values that take it,
/// those values, and what makes a choice.
pub(super) type Kept<'a> = (Option<&'a Values>, &'a mut Values, &'a mut Rng);

/// What `reading` makes of `reply`; nothing gives an id then.
#[inline]
pub(super) fn read_by(
    reading: &dyn Reading,
    reply: ReplyText<'_>,
    (known, values, rng): Kept<'_>,
    pointed: impl FnOnce() -> Option<Reason>,
) -> Result<Option<Id>, (Outcome, Reason)> {
    match reading.read(reply, known, values, rng) {
        Ok(()) => Ok(None),
        Err((outcome, reason)) => Err((outcome, pointed().unwrap_or(reason))),
    }
}

#[cold]
fn missing_id(field: &str) -> (Outcome, Reason) {
    let mut reason = Reason::default();
    let _ = write!(reason, "the reply lacks `{field}`, or it is no id");
    (Outcome::Failed, reason)
}

/// Keeps `trouble` as the user's last, apart from what every request touches.
#[cold]
pub(super) fn note_trouble(last: &mut Option<Box<Trouble>>, trouble: Trouble) {
    match last {
        Some(last) => **last = trouble,
        // Once a user.
        None => *last = Some(uncounted(|| Box::new(trouble))),
    }
}
