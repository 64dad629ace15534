//! What is asked of a leader, and of a member.

use super::bus::{FleetSecret, RedisPlace, RunName};
use super::plan_text::PlanText;
use crate::hunt::HuntRequest;
use crate::observe::RedisAddress;
use crate::plan::{AddressPolicy, AllowedTargets, TlsSettings};
use crate::run::RunRequest;
use crate::ui::web::WebRequest;
use std::ffi::OsString;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// Where leader and members meet.
#[derive(Clone, Debug)]
pub struct Meeting {
    /// The Redis.
    pub redis: RedisAddress,
    /// How TLS is spoken with it.
    pub tls: TlsSettings,
    /// What signs all that is said.
    pub secret: FleetSecret,
    /// What the run is called.
    pub run: RunName,
    /// The Redis that is observed, if one is.
    pub observed: Option<RedisAddress>,
    /// The Redis is the user's own choice, wherever it is.
    pub policy: AddressPolicy,
    /// Keys by which the shop's own Redis is known.
    pub shops_keys: Vec<String>,
    /// Whether the shop's own is taken nevertheless.
    pub insists: bool,
}

impl Meeting {
    /// The Redis.
    #[must_use]
    pub fn place(&self) -> RedisPlace {
        RedisPlace::new(self.redis.clone(), self.policy.clone(), self.tls.clone())
    }
}

/// What becomes of a run that lost a member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum OnLost {
    /// The others go on.
    Continue,
    /// It ends.
    Stop,
}

/// What becomes of the members' records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum MembersRecords {
    /// They come to the leader's.
    Gathered,
    /// They stay where they are, and people are told where that is.
    Kept,
    /// They stay, and nobody wants them.
    Left,
}

/// How a fleet is led.
#[derive(Clone, Debug)]
pub struct Leading {
    /// Where it meets.
    pub meeting: Meeting,
    /// Members that carry the load.
    pub shards: u32,
    /// What they do.
    pub plan: PlanText,
    /// What becomes of the run when one is lost.
    pub on_lost: OnLost,
    /// How long members go on without a leader, at most; `None` to the end of the plan.
    pub leaderless: Option<Duration>,
    /// How long members are waited for.
    pub join_wait: Duration,
    /// What becomes of the members' records.
    pub records: MembersRecords,
}

/// A run of a fleet.
#[derive(Debug)]
pub struct FleetRunRequest {
    /// The run, as it would be on one machine.
    pub run: RunRequest,
    /// How it is led.
    pub leading: Leading,
}

/// A search with a fleet.
#[derive(Debug)]
pub struct FleetHuntRequest {
    /// The search, as it would be with one machine.
    pub hunt: HuntRequest,
    /// How the fleet is led.
    pub leading: Leading,
}

/// Reads words as the program reads its own command line, on this machine: a run, or why it is none.
#[derive(Clone)]
pub struct PlanParser(pub Arc<dyn Fn(Vec<OsString>) -> Result<RunRequest, String> + Send + Sync>);

impl fmt::Debug for PlanParser {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("PlanParser")
    }
}

/// Makes of the words of a command line what members are told of it, or says why they cannot be.
#[derive(Clone, Copy, Debug)]
pub struct PlanTransfer(pub fn(&[OsString]) -> Result<PlanText, String>);

/// A page whose load tests a fleet carries out.
#[derive(Debug)]
pub struct FleetPageRequest {
    /// The page, as it would be for one machine.
    pub page: WebRequest,
    /// How the fleet is led; what it does comes from the page.
    pub leading: Leading,
    /// Makes what members are told of the command that an order stands for.
    pub transfer: PlanTransfer,
    /// Print errors only.
    pub quiet: bool,
}

/// A member of a fleet.
#[derive(Debug)]
pub struct FleetJoinRequest {
    /// Where it meets its leader.
    pub meeting: Meeting,
    /// The shard that its launcher numbered it as, from 0; any that is free where it did not.
    pub shard: Option<u32>,
    /// The targets that it takes.
    pub targets: AllowedTargets,
    /// Which addresses that allows.
    pub policy: AddressPolicy,
    /// Reads the plan.
    pub parser: PlanParser,
    /// The words of this machine, which follow those of the plan.
    pub own_words: Vec<OsString>,
    /// Directory that its record is made in.
    pub results: PathBuf,
    /// How long a leader is waited for.
    pub wait: Duration,
    /// Whether it stays for the next run of the name.
    pub stays: bool,
    /// Print the verdict and errors only.
    pub quiet: bool,
}
