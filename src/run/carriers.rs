//! Who carries the load of a run, and who says when its clock starts: this process alone, this process
//! as one of several, or others that it leads.

use super::control::RunControl;
use super::error::RunError;
use crate::engine::EventSampling;
use crate::plan::{ClockOffset, Plan, Shard};
use crate::record::{Generator, ShardRow};
use crate::stats::{IntervalSink, Merged, RunContext, SetShape};
use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Who carries the load.
#[derive(Clone, Debug, Default)]
pub enum Carriers {
    /// This process alone, which starts as soon as it is prepared.
    #[default]
    Own,
    /// This process as one of several: the clock starts when all have agreed.
    Agreed(Arc<dyn StartAgreement>),
    /// Others, which this process leads: it sends no load itself.
    Others(Arc<dyn Fleet>),
}

impl Carriers {
    /// How this process comes to the start of all; `None` where it starts alone or leads.
    #[must_use]
    pub fn agreement(&self) -> Option<&Arc<dyn StartAgreement>> {
        match self {
            Self::Agreed(agreement) => Some(agreement),
            Self::Own | Self::Others(_) => None,
        }
    }

    /// Those who are led; `None` where this process carries the load itself.
    #[must_use]
    pub fn fleet(&self) -> Option<&Arc<dyn Fleet>> {
        match self {
            Self::Others(fleet) => Some(fleet),
            Self::Own | Self::Agreed(_) => None,
        }
    }
}

/// What others are told of the part of a run that is prepared here.
#[derive(Clone, Copy, Debug)]
pub struct PreparedPart<'a> {
    /// What is done, with the part that is done here.
    pub plan: &'a Plan,
    /// Connections that are open.
    pub connections: usize,
    /// From the order to start to the start: what the workers need at least.
    pub delay: Duration,
    /// How the run is steered from now on.
    pub control: &'a RunControl,
}

/// How the machines of a run come to one start.
pub trait StartAgreement: fmt::Debug + Send + Sync {
    /// Says that this machine's part is prepared, and waits for the start: when the clock starts, in
    /// nanoseconds of this machine's monotonic clock.
    ///
    /// # Errors
    /// When the run does not take place.
    fn agree(&self, part: &PreparedPart<'_>) -> Result<u64, RunError>;

    /// How the `cores` cores of this machine choose events that others follow; `None` when these follow none.
    fn event_sampling(&self, cores: usize) -> Option<EventSampling>;
}

/// What the members of a fleet are to prepare.
#[derive(Clone, Copy, Debug)]
pub struct FleetOrder<'a> {
    /// What is done, by all of them.
    pub plan: &'a Plan,
    /// Users that there is to be room for, of all of them; `None` when nobody steers.
    pub room: Option<u32>,
    /// How the run is steered and stopped.
    pub control: &'a RunControl,
    /// What every member counts.
    pub shape: SetShape,
    /// Which events are followed here, and where members' replies that name some are handed in; `None` when
    /// none is.
    pub events: Option<&'a EventSampling>,
}

/// A member that is prepared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PreparedMember {
    /// Its part.
    pub shard: Shard,
    /// Kernel CPU numbers of its workers.
    pub cpus: Vec<usize>,
}

/// What became of a member.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct MemberEnd {
    /// Number of its shard, from 1.
    pub number: u32,
    /// Why its part is missing, or ends early; `None` when it is whole.
    pub missing: Option<String>,
    /// Name of its machine.
    pub host: String,
    /// Workers that it had.
    pub cores: usize,
    /// Requests that it told of.
    pub requests: u64,
    /// When it started, after the first that did, in seconds.
    pub started_after_s: f64,
    /// How far its wall clock is ahead of the common one, and the bound of that, in microseconds.
    pub clock_us: Option<(i64, u64)>,
    /// How far its clock may have been from where it was then until the run was over, in microseconds; `None`
    /// when it was not measured again.
    pub clock_bound_to_end_us: Option<u64>,
    /// How fit its generator was.
    pub generator: Option<Generator>,
    /// Seconds of the run that it told of.
    pub last_s: f64,
}

impl MemberEnd {
    /// Its row of the record.
    #[must_use]
    pub fn row(&self) -> ShardRow {
        let row = ShardRow {
            number: self.number,
            missing: self.missing.clone(),
            host: self.host.clone(),
            cores: self.cores,
            requests: self.requests,
            started_after_s: self.started_after_s,
            clock: self.clock_us.map(|(offset_us, bound_us)| ClockOffset {
                offset_us,
                bound_us,
            }),
            clock_bound_to_end_us: self.clock_bound_to_end_us,
            last_s: self.last_s,
            ..ShardRow::default()
        };
        match &self.generator {
            Some(generator) => row.with_generator(generator),
            None => row,
        }
    }
}

/// What became of a fleet's run.
#[derive(Clone, Debug, Default)]
pub struct FleetEnd {
    /// The members, in the order of their numbers.
    pub members: Vec<MemberEnd>,
    /// What of the run is not in the record, a sentence each.
    pub losses: Vec<String>,
}

/// Several machines that carry out one run, as their leader sees them. All methods are called in their
/// order, once a run.
pub trait Fleet: fmt::Debug + Send + Sync {
    /// Has all members prepare their parts.
    ///
    /// # Errors
    /// When one of them cannot, or the run was called off. Nothing was sent then.
    fn prepare(&self, order: &FleetOrder<'_>) -> Result<Vec<PreparedMember>, RunError>;

    /// Gives the order to start, and tells when that is, in nanoseconds of this machine's monotonic
    /// clock.
    ///
    /// # Errors
    /// When it cannot be given. Nothing was sent then.
    fn start(&self) -> Result<u64, RunError>;

    /// Merges what members measure, second by second, until all of them are done or lost.
    fn collect(&self, context: RunContext, sinks: Vec<Box<dyn IntervalSink>>) -> Merged;

    /// What became of the members, and their records, in `directory`.
    fn settle(&self, directory: &Path) -> FleetEnd;

    /// From a change of the users to when it takes effect: longer than any member needs to hear of it.
    fn lead(&self) -> Duration;
}
