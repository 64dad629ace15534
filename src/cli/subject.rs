//! What the program tests.

use crate::engine::Subject;
use crate::shop::{Generation, ShopStream};
use serde_json::{Map, Value};

/// ShopStream: compared with the `expected` generation, or with the one that it is most like.
#[must_use]
pub fn subject(expected: Option<Generation>) -> Subject {
    Subject::new(ShopStream { expected })
}

/// What a plan, as a record has it, gives each journey: for those who have records and nothing else.
#[must_use]
pub fn planned_shares(plan: &Map<String, Value>) -> Vec<(&'static str, f64)> {
    subject(None).planned_shares(plan)
}
