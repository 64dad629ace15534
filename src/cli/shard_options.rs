//! The flag that says which part of a plan this machine carries out.

use crate::plan::Shard;

/// Why a part of a plan cannot be carried out alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ShardChoiceError {
    /// Shards would send on more connections than the plan has.
    #[error(
        "--shard {shard}: {connections} connections are too few for {of} shards, which share none; give more \
         --connections or fewer shards",
        of = shard.of
    )]
    FewConnections {
        /// The shard.
        shard: Shard,
        /// `--connections`, or the profile's.
        connections: u32,
    },
    /// Each shard would have a target of its own.
    #[error(
        "--shard {shard}: --sandbox is a shop of this process alone, and shards have one target; start \
         `shopblast sandbox` once, and name it with --host"
    )]
    OwnTarget {
        /// The shard.
        shard: Shard,
    },
}

/// Refuses what the shards of a plan cannot do together.
pub(super) fn check(
    shard: Shard,
    has_own_target: bool,
    connections: Option<u32>,
) -> Result<(), ShardChoiceError> {
    if shard.is_whole() {
        return Ok(());
    }
    if has_own_target {
        return Err(ShardChoiceError::OwnTarget { shard });
    }
    match connections {
        Some(connections) if connections < shard.of => {
            Err(ShardChoiceError::FewConnections { shard, connections })
        }
        _ => Ok(()),
    }
}
