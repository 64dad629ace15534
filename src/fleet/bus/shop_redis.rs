//! Whether the Redis where machines are to meet is the one of what they load.

use super::redis_place::RedisPlace;
use super::store::StoreError;
use crate::observe::RedisAddress;

/// Why a Redis is no place to meet.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShopsRedis {
    /// It is the one that is observed.
    #[error(
        "{place} is the Redis that is observed: a run that meets there loads what it measures. Name another one with --redis, or insist with --redis-shared"
    )]
    Observed {
        /// Where it is.
        place: String,
    },
    /// It has something that only the shop has.
    #[error(
        "{place} is the shop's Redis, since it has {keys}: a run that meets there loads what it measures. Name another one with --redis, or insist with --redis-shared"
    )]
    HasKeys {
        /// Where it is.
        place: String,
        /// Which keys it has.
        keys: String,
    },
    /// It cannot be asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Refuses the Redis that is observed, and one that has one of the keys that only the shop has. Nothing is
/// read of them but whether they are there. A user of Redis that may not even ask for them cannot touch
/// them either: then nothing is refused.
///
/// # Errors
/// When it is the shop's, or cannot be asked.
pub fn refuse_the_shops(
    address: &RedisAddress,
    place: &RedisPlace,
    observed: Option<&RedisAddress>,
    keys_of_shop: &[&str],
) -> Result<(), ShopsRedis> {
    let shown = address.to_string();
    if observed.is_some_and(|observed| observed.is_same_server(address)) {
        return Err(ShopsRedis::Observed { place: shown });
    }
    match place.which_exist(keys_of_shop) {
        Ok(there) if there.is_empty() => Ok(()),
        Ok(there) => Err(ShopsRedis::HasKeys {
            place: shown,
            keys: there.join(", "),
        }),
        Err(StoreError::Refused(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}
