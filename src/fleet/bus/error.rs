//! Why leader and members do not come together.

use super::envelope::Fault;
use super::message::{Unsayable, Who};
use super::name::{NoRandomness, RunName};
use super::store::StoreError;
use std::time::Duration;

/// See the module's documentation. Sentences hold no password and no secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum MeetingError {
    /// Redis cannot be reached, or does not do what it is asked.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Somebody leads a run of this name already.
    #[error(
        "the run {run} is led by {by} since {since_s} s; lead one of another name, or wait until 15 s after that one is over"
    )]
    Led {
        /// The run.
        run: RunName,
        /// Who leads it.
        by: Who,
        /// Since so many seconds.
        since_s: u64,
    },
    /// What lies where the leader's card should lie cannot be trusted.
    #[error(
        "what lies at {place} is not to be trusted: {fault}. Do all machines have the same secret, and the same version of shopblast?"
    )]
    Untrusted {
        /// The key.
        place: String,
        /// What is wrong with it.
        fault: Fault,
    },
    /// Leader and member are different programs.
    #[error(
        "the leader {by} is shopblast {theirs}, and this is shopblast {ours}: the same requests come from the same version only; install one version on all machines"
    )]
    OtherVersion {
        /// Who leads.
        by: Who,
        /// The leader's version.
        theirs: String,
        /// The own.
        ours: String,
    },
    /// Too late.
    #[error(
        "the run {run} has begun {since_s} s ago: nobody joins it any more, since load that was given to a machine is never sent by another one"
    )]
    Begun {
        /// The run.
        run: RunName,
        /// So many seconds ago.
        since_s: u64,
    },
    /// Everybody is there.
    #[error(
        "all {shards} shards of the run {run} are given away ({holders}): a number is never given twice"
    )]
    Complete {
        /// The run.
        run: RunName,
        /// How many shards it has.
        shards: u32,
        /// Who has them; the first ones.
        holders: String,
    },
    /// The leader does not want this member.
    #[error("the leader refuses this machine: {why}")]
    Unwelcome {
        /// What it says.
        why: String,
    },
    /// Nobody leads.
    #[error(
        "nobody leads a run {run} at {place}, after {:.0} s; start it with `shopblast fleet run --run {run}`",
        waited.as_secs_f64()
    )]
    NoLeader {
        /// The run.
        run: RunName,
        /// Where.
        place: String,
        /// After so long.
        waited: Duration,
    },
    /// There is a leader's card, and no leader.
    #[error("{by} leads the run {run}, but has not answered for {:.0} s", waited.as_secs_f64())]
    NoAnswer {
        /// The run.
        run: RunName,
        /// Who should.
        by: Who,
        /// After so long.
        waited: Duration,
    },
    /// More shards than there can be.
    #[error("a run has 1 to {most} shards, and not {shards}")]
    Shards {
        /// So many were asked for.
        shards: u32,
        /// So many there may be.
        most: u32,
    },
    /// More than one message carries.
    #[error(transparent)]
    Unsayable(#[from] Unsayable),
    /// No token.
    #[error(transparent)]
    NoRandomness(#[from] NoRandomness),
}
