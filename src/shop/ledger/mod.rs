//! The ledger: what the shop told about contended things, and what must hold of it.
//!
//! An entry is the log of one errand. It is judged as soon as the errand is over, counted, and
//! forgotten: only what breaks a rule keeps its witness. So the ledger is as large as what is being
//! contended for at the moment, however many races there were.

mod accepted;
#[cfg(test)]
mod made_up;
mod money;
mod rules;
mod stock;
mod stock_events;
mod told;
mod transitions;

pub use accepted::Stored;
pub use money::{one_payment_a_key, within_payment};
pub use rules::*;
pub use stock::Sale;
pub use told::{happened, may_have_happened, pieces_wanted};
pub use transitions::{
    at_most, at_most_one, cancelled_is_refunded, cancelled_or_paid, confirmed_is_closed,
    is_cancelled, loser_leaves_nothing, was_refused,
};
