//! A connection without sockets and without a clock: what a test needs that plays kernel, server and
//! time itself, as the fuzz target `connection` does.

pub use super::breakage::ExchangeError;
pub use super::conclusion::{Concluded, conclude};
pub use super::in_flight::{Cut, InFlight};
pub use super::inbox::Inbox;
pub use super::net::IdleState;
pub use super::ring_reply::reply_on_ring;
pub use super::socket_ring::{
    Arrival, Arrivals, Completion, FilledBuffer, Kernel, Leftover, Offers, RingState, Wish,
};
