//! How wide the races are that journeys run.

/// Requests for the last pieces of an item: more than there are pieces.
pub const RESERVATIONS: usize = 12;
/// Requests for refunds of one payment, each over all of it.
pub const REFUNDS: usize = 3;
/// Registrations under one external id.
pub const REGISTRATIONS: usize = 4;
/// Checkouts of one cart.
pub const CHECKOUTS: usize = 3;
/// Addresses for a customer that may have one less.
pub const ADDRESSES: usize = 11;
