//! What ShopStream is: operations, payloads, journeys, user classes, outcomes.
//!
//! Opens no socket and reads no clock: journeys are written against `engine::Session` alone.

mod classes;
pub mod events;
mod generator_list;
mod generators;
mod journeys;
mod operations;
mod outcomes;
mod payloads;
mod script;
mod steps;
mod words;

pub use classes::{USER_CLASSES, UserClass, WeightedJourney, user_class};
pub use generator_list::{GENERATORS, Generator};
pub use journeys::JourneyKind;
pub use operations::HEALTH_PATH;
pub use payloads::Payloads;
pub use script::{ShopScript, UnknownClass};
