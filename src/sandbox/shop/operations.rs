//! Endpoints that belong to no domain.

use super::{Endpoint, EndpointAnswer, endpoint};
use crate::shop::Generation;

/// The domains by name: five as the shop's source lists them (the body was not recorded), eight as
/// recorded.
macro_rules! health {
    ($first:literal $(, $more:literal)*) => {
        concat!(
            r#"{"status":"ok","domains":{""#, $first, r#"":{"name":""#, $first, r#""}"#,
            $(r#",""#, $more, r#"":{"name":""#, $more, r#""}"#,)*
            "}}"
        )
    };
}
const HEALTH_OF_FIVE: &str = health!("identity", "catalogue", "ordering", "inventory", "payments");
const HEALTH_OF_TODAY: &str = health!(
    "identity",
    "catalogue",
    "ordering",
    "inventory",
    "payments",
    "fulfillment",
    "reviews",
    "notifications"
);

pub const ENDPOINTS: &[Endpoint] = &[
    endpoint("GET", &["health"], None, |work, _| {
        Ok(EndpointAnswer::Ok(match work.generation() {
            Generation::Five => HEALTH_OF_FIVE,
            Generation::Today => HEALTH_OF_TODAY,
        }))
    }),
    endpoint("GET", &["openapi.json"], None, |work, _| {
        Ok(EndpointAnswer::Ok(work.generation().openapi()))
    }),
];
