//! The director: starts sandbox, workers, collector and faces for one run, stops them, and settles
//! the verdict.

mod control;
mod crew;
mod deal;
mod embedded;
mod encounter;
mod face;
mod inspect;
mod machine;
mod observers;
mod reach;
mod replay;
mod replay_client;
mod request;
mod settle;
mod signals;
mod stages;

pub use control::{RunControl, RunState};
pub use embedded::{EmbeddedShop, serve};
pub use encounter::recognise_target;
pub use face::{Face, LiveRun};
pub use inspect::{InspectError, Inspected, Inspection};
pub use machine::{allowed_cpus, new_run_id};
pub use reach::{ReachError, preflight, resolve};
pub use replay::{ReplayError, ReplayRequest, replay};
pub use request::{GithubActions, MetricsTargets, Output, RunRequest};
pub use settle::Finished;
pub use signals::{Listening, before_exit, listen};

use crate::engine::WorkerError;
use crate::plan::{ExitCode, Load, MOST_USERS, Plan};
use crate::report::RecordError;
use crate::sandbox::SandboxError;
use crate::shop::UnknownClass;
use crew::CrewError;
use stages::Ground;
use std::net::SocketAddr;

/// Descriptors beside those of connections: rings, timers, files, the terminal.
const SPARE_DESCRIPTORS: u64 = 64;
/// Room that a run that can be steered has for users, at least.
const LEAST_ROOM: u32 = 1_000;

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The target cannot be reached, or may not be.
    #[error(transparent)]
    Reach(#[from] ReachError),
    /// The target is no ShopStream, or not ready.
    #[error(transparent)]
    Inspect(#[from] InspectError),
    /// Journeys of the plan cannot be carried out at the target.
    #[error(
        "the journeys of this plan cannot be carried out at {url}, {shop}:\n{hindrances}\n(nothing was sent; choose other user classes, or run nevertheless with --allow-drift)"
    )]
    Unfit {
        /// The target.
        url: String,
        /// What it was recognised as.
        shop: String,
        /// Operations and fields, a line each.
        hindrances: String,
    },
    /// The workers cannot start.
    #[error(transparent)]
    Crew(#[from] CrewError),
    /// The run cannot be recorded.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// The sandbox cannot start.
    #[error(transparent)]
    Sandbox(#[from] SandboxError),
    /// The plan names an unknown user class.
    #[error(transparent)]
    Class(#[from] UnknownClass),
    /// `/metrics` cannot be served.
    #[error(
        "cannot serve /metrics on {address}: {error}; choose another address with --prometheus"
    )]
    Metrics {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        error: std::io::Error,
    },
    /// More connections than descriptors.
    #[error(
        "{wanted} connections need more descriptors than the {limit} that this process may open; raise the limit with `ulimit -n {wanted_limit}`, or share connections with `--connections`"
    )]
    Descriptors {
        /// Connections of the plan.
        wanted: u64,
        /// The hard limit.
        limit: u64,
        /// A limit that would do.
        wanted_limit: u64,
    },
}

impl RunError {
    /// The exit code that tells of it.
    #[must_use]
    pub fn exit_code(&self) -> ExitCode {
        match self {
            Self::Reach(error) | Self::Inspect(InspectError::Reach(error)) => error.exit_code(),
            Self::Inspect(InspectError::NotReady { .. })
            | Self::Crew(CrewError::Worker(WorkerError::SetUp(_))) => ExitCode::Unreachable,
            Self::Crew(CrewError::Worker(WorkerError::Interrupted)) => ExitCode::Interrupted,
            _ => ExitCode::BadPlan,
        }
    }
}

/// Room for users that a run of `plan` has when it can be steered: twice its users, at least 1,000,
/// as far as this process may open connections. None beyond the plan's in the open model.
#[must_use]
pub fn room_for(plan: &Plan) -> u32 {
    let users = plan.max_users();
    if matches!(plan.load, Load::Open { .. }) {
        return users;
    }
    let room = users.saturating_mul(2).clamp(LEAST_ROOM, MOST_USERS);
    let descriptors = u64::from(room) + SPARE_DESCRIPTORS;
    match rlimit::increase_nofile_limit(descriptors) {
        Ok(limit) if limit < descriptors && plan.connections.is_none() => {
            let connections = u32::try_from(limit.saturating_sub(SPARE_DESCRIPTORS));
            connections.unwrap_or(room).max(users)
        }
        _ => room,
    }
}

/// Carries a run out, from the first look at the target to the last file. `control` is the run's
/// own, made for `request`; `faces` show it. May be called again and again in one process, for one
/// run at a time.
///
/// # Errors
/// When nothing could be sent. Everything that happens later is part of the record, the console's
/// summary and the exit code.
pub fn carry_out(
    request: &RunRequest,
    command: String,
    control: &RunControl,
    faces: &mut [Box<dyn Face>],
) -> Result<Finished, RunError> {
    let outcome = with_target(request, command, control, faces);
    control.end();
    outcome
}

fn with_target(
    request: &RunRequest,
    command: String,
    control: &RunControl,
    faces: &mut [Box<dyn Face>],
) -> Result<Finished, RunError> {
    raise_descriptor_limit(&request.plan)?;
    let sandbox = request
        .sandbox
        .as_ref()
        .map(|shop| embedded::start(&request.plan, shop))
        .transpose()?;
    let plan = match &sandbox {
        Some(sandbox) => request.plan.clone().with_target(embedded::target(sandbox)),
        None => request.plan.clone(),
    };
    let addresses = reach::resolve(&plan.target, &request.addresses)?;
    let shop = encounter::encounter(request, &plan, &addresses)?;
    let observed = observers::beside(&request.observers, sandbox.as_ref());
    let observed = observers::of_shop(observed, &shop.recognised, request.output.silent);
    let ground = Ground {
        request,
        plan: &plan,
        addresses: addresses.as_slice(),
        observed: &observed,
        control,
    };
    let outcome = stages::record(&ground, shop, command, faces);
    if let Some(sandbox) = sandbox {
        sandbox.stop();
    }
    outcome
}

fn raise_descriptor_limit(plan: &Plan) -> Result<(), RunError> {
    let connections = u64::from(plan.connections.unwrap_or_else(|| plan.max_users()));
    let wanted = connections + SPARE_DESCRIPTORS;
    match rlimit::increase_nofile_limit(wanted) {
        Ok(limit) if limit < wanted => Err(RunError::Descriptors {
            wanted: connections,
            limit,
            wanted_limit: wanted,
        }),
        // Where the limit cannot be read, opening connections will tell.
        _ => Ok(()),
    }
}
