//! The shop's own description of itself (OpenAPI), as recorded of ShopStream at commit f89b2f5.

/// The document, byte for byte as the shop serves it at [`OPENAPI_PATH`].
pub const OPENAPI: &str = include_str!("openapi.json");

/// Where the shop serves its description.
pub const OPENAPI_PATH: &str = "/openapi.json";
