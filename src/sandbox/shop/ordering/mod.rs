//! Ordering.

use super::Endpoint;

/// What later requests can notice of a thing of this kind.
#[derive(Clone, Debug)]
pub struct Cart;

/// See there.
#[derive(Clone, Debug)]
pub struct Order;

pub const ENDPOINTS: &[Endpoint] = &[];
