//! The director: starts sandbox, workers, collector and faces for one run, stops them, and settles
//! the verdict.

mod control;
mod crew;
mod deal;
mod embedded;
mod encounter;
mod error;
mod face;
mod inspect;
mod machine;
mod observers;
mod reach;
mod replay;
mod replay_client;
mod request;
mod sandbox_target;
mod settle;
mod signals;

pub use control::{RunControl, RunState};
pub use embedded::{EmbeddedShop, serve};
pub use encounter::recognise_target;
pub use error::RunError;
pub use face::{Face, LiveRun};
pub use inspect::{InspectError, Inspected, Inspection};
pub use machine::{allowed_cpus, new_run_id};
pub use reach::{ReachError, preflight, resolve};
pub use replay::{ReplayError, ReplayRequest, replay};
pub use request::{GithubActions, MetricsTargets, Output, RunRequest};
pub use settle::Finished;
pub use signals::{Listening, before_exit, listen};

use crate::observe::ObserverConfig;
use crate::plan::{Load, MOST_USERS, Pacing, Plan};
use crate::record::{RecordDirectory, RunFacts};
use crate::shop::ShopScript;
use crate::shop::ledger::RULES;
use crate::stats::{Collector, LiveContext, ObservedTable, RunContext, Snapshot, UserShare};
use crew::Crew;
use crossbeam_channel::{Receiver, RecvTimeoutError, bounded};
use encounter::Encountered;
use settle::Settlement;
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread;
use std::time::{Duration, SystemTime};

/// Descriptors beside those of connections: rings, timers, files, the terminal.
const SPARE_DESCRIPTORS: u64 = 64;
/// Room that a run that can be steered has for users, at least.
const LEAST_ROOM: u32 = 1_000;
/// Time between two looks of faces at their input.
const PULSE: Duration = Duration::from_millis(100);

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
        Some(sandbox) => request
            .plan
            .clone()
            .with_target(sandbox_target::target(sandbox)),
        None => request.plan.clone(),
    };
    let addresses = reach::resolve(&plan.target, &request.addresses)?;
    let shop = encounter::encounter(request, &plan, &addresses)?;
    let observed = observers::beside(&request.observers, sandbox.as_ref());
    let observed = observers::of_shop(observed, &shop.recognised, request.output.silent);
    let way = (&plan, addresses.as_slice(), &observed);
    let outcome = record_run(request, way, shop, command, control, faces);
    if let Some(sandbox) = sandbox {
        sandbox.stop();
    }
    outcome
}

fn record_run(
    request: &RunRequest,
    (plan, addresses, observed): (&Plan, &[SocketAddr], &ObserverConfig),
    Encountered { script, target, .. }: Encountered,
    command: String,
    control: &RunControl,
    faces: &mut [Box<dyn Face>],
) -> Result<Finished, RunError> {
    // First, since it may take seconds, in which the shop would close idle connections.
    let watch = observers::prepare(observed, plan, &request.addresses);
    let (handovers, inbox) = Collector::channels(plan.cores.len(), script.shape());
    let heard = control.clone();
    let _listening = signals::listen(move || heard.interrupt());
    let (interruption, course) = (control.interruption(), control.course());
    let mut crew = Crew::muster(
        plan,
        &script,
        (addresses, request.preflight),
        handovers,
        interruption,
        course,
    )?;
    reached_at_all(plan, &crew)?;
    let started = SystemTime::now();
    let host = machine::facts(plan, &crew.ready);
    let facts = RunFacts::of(plan, started, command, host)
        .at(target)
        .with_survey(crew.survey);
    let directory = RecordDirectory::create(
        &request.output.results,
        &plan.profile,
        plan.run_id.as_str(),
        started,
    )?;
    let context = context_of(plan, &script, control);
    let mut sinks = directory.sinks(
        &facts,
        &context,
        request.output.csv_prefix.as_deref(),
        request.output.csv_full_history,
    )?;
    sinks.extend(faces.iter_mut().filter_map(|face| face.sink(&facts)));
    let (publish, snapshots) = bounded::<Arc<Snapshot>>(4);
    let end = Arc::clone(interruption);
    for face in &mut *faces {
        face.begin(&LiveRun {
            control,
            plan,
            directory: directory.path(),
        });
    }
    let observed_csv = watch
        .as_ref()
        .map(|_| directory.observed_csv())
        .transpose()?;
    let start_ns = crew.start();
    control.begin(start_ns);
    if let Some((watch, csv)) = watch.as_ref().zip(observed_csv) {
        observers::start(watch, start_ns, context.observed.clone(), csv);
    }
    let collector = thread::spawn(move || {
        inbox.run(context, sinks, |snapshot| {
            if snapshot.thresholds.iter().any(|state| state.aborted) {
                end.stop();
            }
            // A face that cannot keep up misses a second; the record does not.
            let _ = publish.try_send(snapshot);
        })
    });
    show(&snapshots, faces);
    let mut merged = collector
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let crashed = crew.join();
    let interruptions = interruption.times();
    let drain_wait = match interruptions {
        0 => observed.drain_wait,
        _ => Duration::ZERO,
    };
    let is_called_off = || interruption.times() > interruptions;
    let output = &request.output;
    let muted = output.quiet || output.only_summary || output.silent;
    let load_end_s = merged.totals.measured_s();
    let observation = watch
        .map(|watch| observers::finish(watch, load_end_s, drain_wait, is_called_off, muted))
        // An Observatory that was only tried, and turned out late to be none.
        .filter(|observation| !observation.sources.is_empty());
    if let Some(observation) = &observation {
        observers::judge_outboxes(observation, &mut merged.totals.contests.ledger);
    }
    merged.totals.observe_again();
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

/// Shows snapshots until there are no more, and lets faces look at their input in between.
fn show(snapshots: &Receiver<Arc<Snapshot>>, faces: &mut [Box<dyn Face>]) {
    let has_pulse = faces.iter().any(|face| face.has_pulse());
    loop {
        let next = match has_pulse {
            true => snapshots.recv_timeout(PULSE),
            false => snapshots.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match next {
            Ok(snapshot) => faces.iter_mut().for_each(|face| face.show(&snapshot)),
            Err(RecvTimeoutError::Timeout) => faces.iter_mut().for_each(|face| face.pulse()),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    faces.iter_mut().for_each(|face| face.finish());
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

fn context_of(plan: &Plan, script: &ShopScript, control: &RunControl) -> RunContext {
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
        spawned_us: plan.load.spawned_us().max(plan.warm_up.as_micros() as u64),
        run_time_us: plan.run_time.as_micros() as u64,
        excursion: plan
            .load
            .excursion(plan.run_time)
            .map(|excursion| excursion.after_warm_up(plan.warm_up)),
        failures: plan.failures,
        paced: open || plan.pacing == Pacing::Class,
        // Users in line for a shared connection are neither busy nor thinking: no law without them.
        user_shares: if open || shared_connections {
            Vec::new()
        } else {
            shares.collect::<Vec<UserShare>>()
        },
        thresholds: plan.thresholds.clone(),
        observed: ObservedTable::default(),
        live: LiveContext {
            course: control.course().cloned(),
            strict_rules: plan.races.strict,
            ended_us: Arc::clone(control.ended_us()),
        },
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
