//! The shop itself: its state, and a directory of endpoints for each domain.
//!
//! A domain's endpoints are rows of a table (method, path, body schema, handler); the router joins
//! the tables. A handler sees a request that has passed the schema and the command's limits, and
//! works on copies of things within a [`Work`], which is committed when it has succeeded.

mod answer;
mod call;
mod catalogue;
mod customers;
mod endpoint;
mod endpoints;
mod fulfillment;
mod identity;
mod inventory;
mod message_store;
mod notifications;
mod operations;
mod ordering;
mod payments;
mod person_rules;
mod projections;
mod query;
mod reactions;
mod recent;
mod reviews;
mod ring_store;
mod shard;
mod state;
mod text_digest;
mod work;

pub use answer::EndpointAnswer;
pub use call::EndpointCall;
use endpoint::endpoint;
pub use endpoint::{Endpoint, MAX_SEGMENTS, PARAMETER};
pub use endpoints::endpoints;
pub use fulfillment::item_id as fulfillment_item_id;
pub use ring_store::RingStore;
pub use shard::Aggregate;
pub use state::Shop;
pub use work::{LostRaceFault, Pending, Work};
