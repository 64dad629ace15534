//! The director: starts sandbox, workers, collector and faces for one run, stops them, and settles
//! the verdict.

mod crew;
mod deal;
mod embedded;
mod machine;
mod observers;
mod reach;
mod replay;
mod replay_client;
mod request;
mod settle;
mod signals;

pub use embedded::serve;
pub use machine::allowed_cpus;
pub use reach::{ReachError, resolve};
pub use replay::{ReplayError, ReplayRequest, replay};
pub use request::{Output, RunRequest};

use crate::engine::WorkerError;
use crate::observe::ObserverConfig;
use crate::plan::{ExitCode, Load, Pacing, Plan};
use crate::report::{LiveFace, RecordDirectory, RecordError, RunFacts};
use crate::sandbox::SandboxError;
use crate::shop::ledger::RULES;
use crate::shop::{HEALTH_PATH, ShopScript, UnknownClass};
use crate::stats::{Collector, ObservedTable, RunContext, Snapshot, UserShare};
use crew::{Crew, CrewError};
use crossbeam_channel::bounded;
use settle::Settlement;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

/// Descriptors beside those of connections: rings, timers, files, the terminal.
const SPARE_DESCRIPTORS: u64 = 64;

/// Why nothing was sent.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The target cannot be reached, or may not be.
    #[error(transparent)]
    Reach(#[from] ReachError),
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
            Self::Reach(ReachError::Public(_)) => ExitCode::BadPlan,
            Self::Reach(_) | Self::Crew(CrewError::Worker(WorkerError::SetUp(_))) => {
                ExitCode::Unreachable
            }
            Self::Crew(CrewError::Worker(WorkerError::Interrupted)) => ExitCode::Interrupted,
            _ => ExitCode::BadPlan,
        }
    }
}

/// Carries a run out, from the first look at the target to the last file.
///
/// # Errors
/// When nothing could be sent. Everything that happens later is part of the record, the console's
/// summary and the exit code.
pub fn carry_out(request: RunRequest, command: String) -> Result<ExitCode, RunError> {
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
    if request.preflight {
        reach::preflight(&plan.target, &addresses, HEALTH_PATH, plan.request_timeout)?;
    }
    let observed = observers::beside(&request.observers, sandbox.as_ref());
    let outcome = record_run(&request, &plan, &addresses, command, &observed);
    if let Some(sandbox) = sandbox {
        sandbox.stop();
    }
    outcome
}

fn record_run(
    request: &RunRequest,
    plan: &Plan,
    addresses: &[SocketAddr],
    command: String,
    observed: &ObserverConfig,
) -> Result<ExitCode, RunError> {
    // First, since it may take seconds, in which the shop would close idle connections.
    let watch = observers::prepare(observed, plan, &request.addresses);
    let script = ShopScript::new(plan)?;
    let (handovers, inbox) = Collector::channels(plan.cores.len(), script.shape());
    let interruption = signals::listen();
    let mut crew = Crew::muster(plan, &script, addresses, handovers, &interruption)?;
    reached_at_all(plan, &crew)?;
    let started = SystemTime::now();
    let facts = RunFacts::of(plan, started, command, machine::facts(plan, &crew.ready));
    let directory = RecordDirectory::create(
        &request.output.results,
        &plan.profile,
        plan.run_id.as_str(),
        started,
    )?;
    let context = context_of(plan, &script);
    let sinks = directory.sinks(
        &facts,
        &context,
        request.output.csv_prefix.as_deref(),
        request.output.csv_full_history,
    )?;
    let observed_csv = watch
        .as_ref()
        .map(|_| directory.observed_csv())
        .transpose()?;
    let (publish, snapshots) = bounded::<Arc<Snapshot>>(4);
    let start_ns = crew.start();
    if let Some((watch, csv)) = watch.as_ref().zip(observed_csv) {
        observers::start(watch, start_ns, context.observed.clone(), csv);
    }
    let collector = thread::spawn(move || {
        inbox.run(context, sinks, |snapshot| {
            // A face that cannot keep up misses a second; the record does not.
            let _ = publish.try_send(snapshot);
        })
    });
    let muted = request.output.quiet || request.output.only_summary;
    let mut live = LiveFace::new(muted, plan.run_time.as_secs_f64());
    for snapshot in snapshots {
        live.show(&snapshot);
    }
    live.finish();
    let merged = collector
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let crashed = crew.join();
    let interruptions = interruption.times();
    let drain_wait = match interruptions {
        0 => observed.drain_wait,
        _ => Duration::ZERO,
    };
    let is_called_off = || interruption.times() > interruptions;
    let load_end_s = merged.totals.measured_s();
    let observation = watch
        .map(|watch| observers::finish(watch, load_end_s, drain_wait, is_called_off, muted))
        // An Observatory that was only tried, and turned out late to be none.
        .filter(|observation| !observation.sources.is_empty());
    Ok(settle::settle(&Settlement {
        request,
        facts: &facts,
        directory: &directory,
        merged: &merged,
        crashed_workers: crashed.max(merged.lost_workers.len()),
        interrupted: interruptions > 0,
        observation: observation.as_ref(),
    }))
}

/// A target that accepted no connection of any worker was not reached.
fn reached_at_all(plan: &Plan, crew: &Crew) -> Result<(), ReachError> {
    let open: usize = crew.ready.iter().map(|ready| ready.open_connections).sum();
    let error = crew
        .ready
        .iter()
        .find_map(|ready| ready.connect_error.clone());
    match error {
        Some(error) if open == 0 => Err(ReachError::Unreachable {
            url: plan.target.url(),
            error,
        }),
        _ => Ok(()),
    }
}

fn context_of(plan: &Plan, script: &ShopScript) -> RunContext {
    let open = matches!(plan.load, Load::Open { .. });
    let shares = plan
        .classes
        .iter()
        .enumerate()
        .map(|(class, share)| UserShare {
            weight: f64::from(share.weight),
            wait: script.wait_of(class),
        });
    let shared_connections = plan.connections.is_some();
    RunContext {
        names: script.names(),
        raises: script.raises(),
        journeys: script.journeys(),
        races: script.races(),
        rules: &RULES,
        cpus: plan.cores.clone(),
        spawned_us: plan.load.spawned_us(),
        run_time_us: plan.run_time.as_micros() as u64,
        failures: plan.failures,
        paced: open || plan.pacing == Pacing::Class,
        // Users in line for a shared connection are neither busy nor thinking: no law without them.
        user_shares: if open || shared_connections {
            Vec::new()
        } else {
            shares.collect::<Vec<UserShare>>()
        },
        observed: ObservedTable::default(),
    }
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
