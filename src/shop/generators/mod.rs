//! Data generators, one file a domain: each writes one request body, within the limits of the shop.

pub mod identity;
