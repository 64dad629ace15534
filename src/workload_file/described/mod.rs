//! What targets say of themselves (OpenAPI 3, Swagger 2): the text in its order, its schemas, and what a
//! target would refuse by them.

pub mod facts;
pub mod limits;
pub mod ordered;
pub mod schemas;
pub mod written;
pub mod yaml;
