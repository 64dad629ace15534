//! The stages of a run whose target is known: prepare, start, collect, settle.

use super::crew::Crew;
use super::encounter::Encountered;
use super::settle::{self, Finished, Settlement};
use super::{
    Face, LiveRun, ReachError, RunControl, RunError, RunRequest, machine, observers, signals,
};
use crate::observe::{Observation, ObserverConfig, Watch};
use crate::plan::{Load, Pacing, Plan};
use crate::record::{RecordDirectory, RunFacts};
use crate::shop::ShopScript;
use crate::shop::ledger::RULES;
use crate::stats::{
    Collector, CollectorInbox, IntervalSink, LiveContext, Merged, ObservedTable, RunContext,
    Snapshot, UserShare,
};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::net::SocketAddr;
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::{Duration, SystemTime};

/// Time between two looks of faces at their input.
const PULSE: Duration = Duration::from_millis(100);
/// Snapshots that faces may be behind.
const PUBLISHED: usize = 4;

/// What a run is made of.
pub struct Ground<'a> {
    /// What was asked for.
    pub request: &'a RunRequest,
    /// What is done, at the target that was found.
    pub plan: &'a Plan,
    /// Where the target is.
    pub addresses: &'a [SocketAddr],
    /// What is observed beside it.
    pub observed: &'a ObserverConfig,
    /// What stops and steers it.
    pub control: &'a RunControl,
}

/// A run that could begin.
struct Prepared {
    crew: Crew,
    inbox: CollectorInbox,
    watch: Option<Watch>,
    facts: RunFacts,
    directory: RecordDirectory,
    context: RunContext,
    sinks: Vec<Box<dyn IntervalSink>>,
}

/// A run that goes on.
struct Running {
    crew: Crew,
    collector: JoinHandle<Merged>,
    snapshots: Receiver<Arc<Snapshot>>,
    watch: Option<Watch>,
    facts: RunFacts,
    directory: RecordDirectory,
}

/// A run that is over and not judged.
struct Collected {
    merged: Merged,
    crashed_workers: usize,
    interrupted: bool,
    observation: Option<Observation>,
    facts: RunFacts,
    directory: RecordDirectory,
}

/// Carries a run out and records it.
///
/// # Errors
/// When nothing could be sent.
pub fn record(
    ground: &Ground<'_>,
    shop: Encountered,
    command: String,
    faces: &mut [Box<dyn Face>],
) -> Result<Finished, RunError> {
    // First, since it may take seconds, in which the shop would close idle connections.
    let watch = observers::prepare(ground.observed, ground.plan, &ground.request.addresses);
    let heard = ground.control.clone();
    let _listening = signals::listen(move || heard.interrupt());
    let prepared = prepare(ground, watch, shop, command, faces)?;
    let running = start(ground, prepared, faces)?;
    let collected = collect(ground, running, faces);
    Ok(settle(ground.request, &collected))
}

/// Everything that takes time or may fail comes before the clock starts.
fn prepare(
    ground: &Ground<'_>,
    watch: Option<Watch>,
    Encountered { script, target, .. }: Encountered,
    command: String,
    faces: &mut [Box<dyn Face>],
) -> Result<Prepared, RunError> {
    let Ground {
        request,
        plan,
        control,
        ..
    } = *ground;
    let (handovers, inbox) = Collector::channels(plan.cores.len(), script.shape());
    // Looking for the target's processes goes by time: not on the CPU of a shop on this machine.
    let mut crew = machine::at_large(plan, || {
        Crew::muster(
            plan,
            &script,
            (ground.addresses, request.preflight),
            handovers,
            control.interruption(),
            control.course(),
        )
    })?;
    reached_at_all(plan, &crew)?;
    machine::tell(plan, &request.output);
    let started = SystemTime::now();
    let host = machine::facts(plan, &crew.ready);
    let facts = RunFacts::of(plan, started, command, host)
        .at(target)
        .with_survey(crew.survey.take());
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
    Ok(Prepared {
        crew,
        inbox,
        watch,
        facts,
        directory,
        context,
        sinks,
    })
}

/// Shows the faces the run, starts the clock, and has everything collected in a thread of its own.
fn start(
    ground: &Ground<'_>,
    prepared: Prepared,
    faces: &mut [Box<dyn Face>],
) -> Result<Running, RunError> {
    let Prepared {
        mut crew,
        inbox,
        watch,
        facts,
        directory,
        context,
        sinks,
    } = prepared;
    for face in &mut *faces {
        face.begin(&LiveRun {
            control: ground.control,
            plan: ground.plan,
            directory: directory.path(),
        });
    }
    let observed_csv = watch
        .as_ref()
        .map(|_| directory.observed_csv())
        .transpose()?;
    let start_ns = crew.start();
    ground.control.begin(start_ns);
    if let Some((watch, csv)) = watch.as_ref().zip(observed_csv) {
        observers::start(watch, start_ns, context.observed.clone(), csv);
    }
    let (publish, snapshots) = bounded(PUBLISHED);
    Ok(Running {
        crew,
        collector: collector(ground.control, inbox, context, sinks, publish),
        snapshots,
        watch,
        facts,
        directory,
    })
}

fn collector(
    control: &RunControl,
    inbox: CollectorInbox,
    context: RunContext,
    sinks: Vec<Box<dyn IntervalSink>>,
    publish: Sender<Arc<Snapshot>>,
) -> JoinHandle<Merged> {
    let end = Arc::clone(control.interruption());
    thread::spawn(move || {
        inbox.run(context, sinks, |snapshot| {
            if snapshot.thresholds.iter().any(|state| state.aborted) {
                end.stop();
            }
            // A face that cannot keep up misses a second; the record does not.
            let _ = publish.try_send(snapshot);
        })
    })
}

/// Shows the run to its end, and waits for workers, collector and what is observed.
fn collect(ground: &Ground<'_>, running: Running, faces: &mut [Box<dyn Face>]) -> Collected {
    show(&running.snapshots, faces);
    let mut merged = running
        .collector
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let crashed = running.crew.join();
    let interruption = ground.control.interruption();
    let interruptions = interruption.times();
    let drain_wait = match interruptions {
        0 => ground.observed.drain_wait,
        _ => Duration::ZERO,
    };
    let is_called_off = || interruption.times() > interruptions;
    let output = &ground.request.output;
    let muted = output.quiet || output.only_summary || output.silent;
    let load_end_s = merged.totals.measured_s();
    let observation = running
        .watch
        .map(|watch| observers::finish(watch, load_end_s, drain_wait, is_called_off, muted))
        // An Observatory that was only tried, and turned out late to be none.
        .filter(|observation| !observation.sources.is_empty());
    if let Some(observation) = &observation {
        observers::judge_outboxes(observation, &mut merged.totals.contests.ledger);
    }
    merged.totals.observe_again();
    Collected {
        crashed_workers: crashed.max(merged.lost_workers.len()),
        merged,
        interrupted: interruptions > 0,
        observation,
        facts: running.facts,
        directory: running.directory,
    }
}

/// Judges the run and finishes its record.
fn settle(request: &RunRequest, collected: &Collected) -> Finished {
    settle::settle(&Settlement {
        request,
        facts: &collected.facts,
        directory: &collected.directory,
        merged: &collected.merged,
        crashed_workers: collected.crashed_workers,
        interrupted: collected.interrupted,
        observation: collected.observation.as_ref(),
    })
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
