//! What ShopStream is: operations, payloads, journeys, user classes, outcomes.
//!
//! Opens no socket and reads no clock: journeys are written against `engine::Session` alone.

mod classes;

pub use classes::{USER_CLASSES, UserClass, user_class};
