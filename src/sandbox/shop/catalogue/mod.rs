//! Catalogue.

use super::Endpoint;

/// What later requests can notice of a thing of this kind.
#[derive(Clone, Debug)]
pub struct Product;

/// See there.
#[derive(Clone, Debug)]
pub struct Category;

pub const ENDPOINTS: &[Endpoint] = &[];
