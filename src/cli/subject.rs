//! What the program tests.

use crate::engine::Subject;
use crate::shop::{Generation, ShopStream};

/// ShopStream: compared with the `expected` generation, or with the one that it is most like.
#[must_use]
pub fn subject(expected: Option<Generation>) -> Subject {
    Subject::new(ShopStream { expected })
}
