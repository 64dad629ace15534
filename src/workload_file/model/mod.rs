//! What a workload file says, as values: operations, bodies, journeys, races, classes.

pub mod bounds;
pub mod conditions;
pub mod decimals;
pub mod definitions;
pub mod distributions;
pub mod generated;
pub mod generators;
pub mod json_pointer;
pub mod patterns;
pub mod race_model;
pub mod replies;
pub mod statuses;
pub mod sum_places;
pub mod sums;
pub mod table;
pub mod texts;
