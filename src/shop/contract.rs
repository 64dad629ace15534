//! Where the shop describes itself.

/// Where the shop serves its description.
pub const OPENAPI_PATH: &str = "/openapi.json";
