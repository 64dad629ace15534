//! Payments.

use super::Endpoint;

/// What later requests can notice of a thing of this kind.
#[derive(Clone, Debug)]
pub struct Payment;

/// See there.
#[derive(Clone, Debug)]
pub struct Invoice;

pub const ENDPOINTS: &[Endpoint] = &[];
