//! When what was set up may be cleared away.

use super::clock::now_ns;
use super::interruption::Interruption;
use super::pacer::Pacer;
use std::fmt;

/// Says when nobody needs any more what was set up for all.
pub trait Clearance: fmt::Debug + Send + Sync {
    /// Whether that is so. Asked again and again, a few times a second, once the users of this process are
    /// gone; it is for whoever answers to see that this has an end. `is_pressed`: the user wants it to end
    /// at once.
    fn is_clear(&self, is_pressed: bool) -> bool;
}

/// Time between two questions.
const ASK_EVERY_NS: u64 = 20_000_000;

/// Waits until nobody else needs what was set up.
pub(super) async fn until_clear(
    clearance: &dyn Clearance,
    pacer: &Pacer,
    interruption: &Interruption,
) {
    let interruptions = interruption.times();
    while !clearance.is_clear(interruption.times() > interruptions) {
        pacer.until(now_ns() + ASK_EVERY_NS).await;
    }
}
