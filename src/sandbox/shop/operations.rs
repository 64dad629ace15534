//! Endpoints that belong to no domain.

use super::{Answer, Endpoint, endpoint};
use crate::shop::Generation;

/// The five domains by name, as the shop's source lists them (the body was not recorded).
const HEALTH: &str = r#"{"status":"ok","domains":{"identity":{"name":"identity"},"catalogue":{"name":"catalogue"},"ordering":{"name":"ordering"},"inventory":{"name":"inventory"},"payments":{"name":"payments"}}}"#;

pub const ENDPOINTS: &[Endpoint] = &[
    endpoint("GET", &["health"], None, |_, _| Ok(Answer::Ok(HEALTH))),
    endpoint("GET", &["openapi.json"], None, |_, _| {
        Ok(Answer::Ok(Generation::Five.openapi()))
    }),
];
