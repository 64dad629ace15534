//! What a worker is told before it starts.

use super::EventSampling;
use super::addresses::{ConnectionPositions, TargetAddresses};
use super::clearance::Clearance;
use super::request::PreparedHeads;
use super::survey::{Questions, Spread};
use super::tls::TlsClient;
use super::user::UserConfig;
use crate::plan::{ArrivalSchedule, Driver, FailureRule};
use crate::stats::{LiveSchedule, SetShape, WorkerHandover};
use std::sync::Arc;
use std::time::Duration;

/// What a worker is told before it starts.
pub struct WorkerConfig {
    /// Where it works.
    pub place: PlacementConfig,
    /// What it asks, and how it gets there.
    pub target: TargetConfig,
    /// Its part of the load.
    pub load: LoadConfig,
    /// How it counts what comes back.
    pub counts: CountingConfig,
    /// When what was set up may be cleared away; `None` when the users of this process alone need it.
    pub clearance: Option<Arc<dyn Clearance>>,
    /// Where full intervals go and empty ones come from.
    pub handover: WorkerHandover,
}

/// Where a worker works.
#[derive(Clone, Copy)]
pub struct PlacementConfig {
    /// Position among the workers.
    pub position: usize,
    /// Kernel CPU number to pin to.
    pub cpu: usize,
    /// Kernel interface.
    pub driver: Driver,
}

/// What a worker asks, and how it gets there.
pub struct TargetConfig {
    /// Addresses of the target.
    pub addresses: Arc<TargetAddresses>,
    /// Where the worker's connections are among those of all.
    pub positions: ConnectionPositions,
    /// Request heads by step.
    pub heads: Arc<PreparedHeads>,
    /// Connections that are open already; the rest is opened by the worker.
    pub opened: Spread,
    /// Whether HTTP/2 is spoken.
    pub http2: bool,
    /// What keeps a process of the target at work while connections are opened at others.
    pub questions: Option<Questions>,
    /// Largest reply body.
    pub max_body_bytes: usize,
    /// After this long a request counts as unknown.
    pub request_timeout: Duration,
    /// How TLS is spoken with it; `None` where it is not.
    pub tls: Option<TlsClient>,
}

/// A worker's part of the load.
pub struct LoadConfig {
    /// The core's users; those in reserve come last.
    pub users: Vec<UserConfig>,
    /// How the schedule of the users is changed while they live; `None` when it is not.
    pub load_schedule: Option<Arc<LiveSchedule>>,
    /// The core's share of the arrivals, in the open model.
    pub arrivals: Option<ArrivalConfig>,
    /// Connections that the core's users share; `None` gives each its own.
    pub connections: Option<usize>,
    /// Requests become due for this long after the start.
    pub run_time: Duration,
    /// Requests in flight at the end are waited for this long.
    pub stop_timeout: Duration,
}

/// How a worker counts what comes back.
#[derive(Clone)]
pub struct CountingConfig {
    /// Row of the record by step.
    pub rows: Box<[u16]>,
    /// Row of the record by race.
    pub race_rows: Box<[u16]>,
    /// How much the record counts.
    pub shape: SetShape,
    /// Which requests count as failures.
    pub failures: FailureRule,
    /// Which events are followed to their end; `None` when none is.
    pub events: Option<EventSampling>,
}

/// A core's share of the arrivals.
pub struct ArrivalConfig {
    /// When journeys arrive.
    pub schedule: ArrivalSchedule,
    /// Seed of the run.
    pub seed: u64,
    /// An arrival that waited longer for a free user is shed.
    pub longest_wait: Duration,
}

impl LoadConfig {
    /// Users that the plan makes active at some time: all but those in reserve.
    #[must_use]
    pub fn planned_users(&self) -> usize {
        let is_planned = |user: &&UserConfig| !user.activity.is_empty();
        let planned = self.users.iter().filter(is_planned).count();
        match self.load_schedule {
            Some(_) => planned,
            None => self.users.len(),
        }
    }

    /// Connections of all users, those in reserve included.
    #[must_use]
    pub fn all_connections(&self) -> usize {
        self.connections.unwrap_or(self.users.len())
    }

    /// Connections of the users that the plan makes active.
    #[must_use]
    pub fn planned_connections(&self) -> usize {
        self.connections.unwrap_or(self.planned_users())
    }
}
