//! Where the machines of one run meet: at a Redis, by atomic commands, streams and keys that expire, all
//! under `shopblast:{run}:`, everything signed by a secret that they share.
//!
//! A leader claims the run's name ([`LeaderBus::claim`]), publishes the plan, and waits until all shards
//! have [`LeaderEvent::Joined`]; a machine joins ([`Joining`]), and has a [`MemberBus`] then. Both say what
//! they have to say ([`LeaderBus::give`], [`MemberBus::say`]) and take turns ([`LeaderBus::turn`],
//! [`MemberBus::turn`]), which never fail: Redis may go, come back, have forgotten everything, or be full, and
//! that is told as an event. What is said waits meanwhile, and nothing is heeded twice.
//!
//! Only [`RedisPlace`] speaks to a real Redis. [`PlayedRedis`] plays one, in played time.

mod cards;
mod clock;
mod dropped;
mod envelope;
mod error;
mod joining;
mod keys;
mod leader;
mod link;
mod liveness;
mod member;
mod message;
mod name;
mod played;
mod record_pieces;
mod redis_place;
mod roster;
mod secret;
mod shop_redis;
mod store;

#[cfg(test)]
mod tests;

pub use cards::{EXPIRY, LEADER_EXPIRY};
pub use clock::{ClockDrift, ClockOffset, ClockSample, ROUND_TRIPS};
pub use dropped::{Dropped, DroppedCounts};
pub use envelope::{Envelope, FORMAT, Fault, Kind, Seal, Sender};
pub use error::MeetingError;
pub use joining::{INDEX_VARIABLES, JoinStep, JoinTerms, JoinWait, Joining, wished_number};
pub use keys::{PREFIX, SessionKeys, leader_key};
pub use leader::{LeaderBus, LeaderTerms};
pub use link::{PlaceNews, PlaceState};
pub use liveness::SILENT_AFTER;
pub use member::{MemberBus, MemberEvent};
pub use message::{
    Carrying, MOST_BODY_BYTES, MOST_PIECE_BYTES, MOST_PLAN_BYTES, Order, Report, Unsayable, Who,
    decode, encode,
};
pub use name::{NoRunName, RunName, Token};
pub use played::{PlayedPlace, PlayedRedis};
pub use record_pieces::{MOST_RECORD_BYTES, PiecesError, RecordAssembly, RecordCutter};
pub use redis_place::RedisPlace;
pub use roster::{LeaderEvent, Member};
pub use secret::{FleetSecret, SECRET_VARIABLE, SecretError};
pub use shop_redis::{ShopsRedis, refuse_the_shops};
pub use store::{Entry, EntryId, MeetingPlace, Store, StoreError};
