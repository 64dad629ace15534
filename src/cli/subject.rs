//! What the program tests.

use crate::engine::{JourneyShares, Subject};
use crate::shop::{Generation, ShopStream};
use serde_json::{Map, Value};

/// ShopStream: compared with the `expected` generation, or with the one that it is most like.
#[must_use]
pub fn subject(expected: Option<Generation>) -> Subject {
    Subject::new(ShopStream { expected })
}

/// What a plan, as a record has it, gives each journey at a target of this generation: for those who have
/// records and nothing else.
#[must_use]
pub fn planned_shares(plan: &Map<String, Value>, generation: &str) -> JourneyShares {
    subject(None).planned_shares(plan, generation)
}
