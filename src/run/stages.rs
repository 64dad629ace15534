//! The stages of a run whose target is known: prepare, start, collect, settle.

use super::face::Follower;
use super::patience::{still_wanted, unless_called_off};
use super::settle::{self, Finished, Settlement};
use super::stillness::Stillness;
use super::worker_threads::WorkerThreads;
use super::workforce::{Wanted, Workforce};
use super::{
    Face, FleetEnd, LiveRun, RunControl, RunError, RunRequest, observers, quota, tls_look,
};
use crate::engine::{
    Description, EventSampling, PreparedScript, TargetAddresses, ignore_size_limits,
};
use crate::observe::{EventTrail, OTHERS_HEARD_WITHIN, Observation, ObserverConfig, Watch};
use crate::pieces::tell;
use crate::plan::{Load, Pacing, Plan, Shard};
use crate::record::{
    CountedRecord, Live, LiveSink, PauseRecord, RecordDirectory, RunFacts, ShardHead, ShardRecord,
    TargetRecord, TlsRecord,
};
use crate::stats::{
    IntervalSink, LiveContext, Merged, Neighbours, ObservedTable, RunContext, UserShare,
};
use crossbeam_channel::{Receiver, RecvTimeoutError, Sender, bounded};
use std::path::Path;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, SystemTime};

/// Time between two looks of faces at their input.
const PULSE: Duration = Duration::from_millis(100);
/// Seconds that faces may be behind.
const PUBLISHED: usize = 4;

/// What a run is made of.
pub struct RunInputs<'a> {
    /// What was asked for.
    pub request: &'a RunRequest,
    /// What is done, at the target that was found.
    pub plan: &'a Plan,
    /// Where the target is.
    pub addresses: &'a Arc<TargetAddresses>,
    /// What is observed beside it.
    pub observed: &'a ObserverConfig,
    /// What stops and steers it.
    pub control: &'a RunControl,
}

/// A run that could begin.
struct Prepared {
    workforce: Workforce,
    watch: Option<Watch>,
    facts: RunFacts,
    directory: RecordDirectory,
    context: RunContext,
    sinks: Vec<Box<dyn IntervalSink>>,
}

/// A run that goes on.
struct Running {
    /// Those of this process, if there are any.
    workers: Option<WorkerThreads>,
    collector: JoinHandle<Merged>,
    seconds: Receiver<Arc<Live>>,
    stillness: Option<Stillness>,
    /// CPU time that was withheld before the start.
    withheld_before: Duration,
    watch: Option<Watch>,
    facts: RunFacts,
    directory: RecordDirectory,
}

/// A run that is over and not judged.
struct Collected {
    merged: Merged,
    crashed_workers: usize,
    pauses: Vec<PauseRecord>,
    withheld: Duration,
    interrupted: bool,
    observation: Option<Observation>,
    /// What became of the members of a fleet.
    fleet: Option<FleetEnd>,
    facts: RunFacts,
    directory: RecordDirectory,
}

/// Carries a run out and records it.
///
/// # Errors
/// When nothing could be sent.
pub fn record(
    inputs: &RunInputs<'_>,
    script: &PreparedScript,
    command: String,
    faces: &mut [Box<dyn Face>],
) -> Result<Finished, RunError> {
    let mut observed = inputs.observed.clone();
    observed.reads = observed.event_poll.map(|_| inputs.plan.target.clone());
    let mut followable = observed.followable();
    // First, since it may take seconds, in which the shop would close idle connections.
    let asked = (
        observed,
        inputs.plan.clone(),
        inputs.request.addresses.clone(),
    );
    let steps = script.described.steps;
    let (carriers, cores) = (&inputs.request.carriers, inputs.plan.cores.len());
    if carriers.fleet().is_some() {
        followable.heard_within = OTHERS_HEARD_WITHIN;
    }
    let (trail, events) = EventTrail::of(steps, cores, &followable).unzip();
    let what = ("reading the back end", inputs.request.output.is_muted());
    let watch = unless_called_off(inputs.control.interruption(), what, move || {
        let (observed, plan, policy) = asked;
        observers::prepare(&observed, trail, &plan, &policy)
    })?;
    ignore_size_limits();
    let handed_on = carriers
        .agreement()
        .and_then(|agreement| agreement.event_sampling(cores));
    let events = handed_on.or(events.filter(|_| watch.is_some()));
    let prepared = prepare(inputs, (watch, events.as_ref()), script, command, faces)?;
    let running = start(inputs, prepared, faces)?;
    let collected = collect(inputs, running, faces);
    Ok(settle(inputs, &collected))
}

/// Everything that takes time or may fail comes before the clock starts.
fn prepare(
    inputs: &RunInputs<'_>,
    (watch, events): (Option<Watch>, Option<&EventSampling>),
    script: &PreparedScript,
    command: String,
    faces: &mut [Box<dyn Face>],
) -> Result<Prepared, RunError> {
    let RunInputs {
        request,
        plan,
        control,
        ..
    } = *inputs;
    let is_own = take_over(request, script)?;
    let gathered = Wanted {
        request,
        plan,
        script,
        addresses: inputs.addresses,
        control,
        events,
    }
    .gather()?;
    if let Some(shared) = request.shared.as_ref().filter(|_| is_own) {
        let made = script.shared();
        shared.made(made.as_deref())?;
    }
    let tls = tls_look::look(
        &plan.target,
        &inputs.addresses.in_use(),
        plan.request_timeout,
    );
    still_wanted(control.interruption())?;
    let started = SystemTime::now();
    let own = request.sandbox.as_ref().or(request.brought.as_ref());
    let target = TargetRecord::of(plan.target.url(), script.target.clone())
        .brought(own.map(|own| own.words()))
        .seen_over_tls(tls.map(TlsRecord::of));
    let facts = RunFacts::of(plan, started, command, gathered.host)
        .at(target)
        .with_survey(gathered.survey)
        .as_shard(shard_head(inputs, script));
    let directory = RecordDirectory::create(
        &request.output.results,
        &plan.profile,
        plan.run_id.as_str(),
        started,
    )?;
    let mut context = context_of(plan, &script.described, control);
    context.cpus = gathered.cpus;
    context.live.machines = gathered.machines;
    if request.carriers.fleet().is_none() {
        context.live.neighbours = neighbours(plan, own.is_some());
    }
    let mut sinks = directory.sinks(
        &facts,
        &context,
        request.output.csv_prefix.as_deref(),
        request.output.csv_full_history,
    )?;
    sinks.extend(faces.iter_mut().filter_map(|face| face.sink(&facts)));
    Ok(Prepared {
        workforce: gathered.workforce,
        watch,
        facts,
        directory,
        context,
        sinks,
    })
}

/// Shows the faces the run, starts the clock, and has everything collected in a thread of its own.
fn start(
    inputs: &RunInputs<'_>,
    prepared: Prepared,
    faces: &mut [Box<dyn Face>],
) -> Result<Running, RunError> {
    let Prepared {
        mut workforce,
        watch,
        facts,
        directory,
        context,
        mut sinks,
    } = prepared;
    for face in &mut *faces {
        face.begin(&LiveRun {
            control: inputs.control,
            plan: inputs.plan,
            directory: directory.path(),
        });
    }
    let observed_csv = watch
        .as_ref()
        .map(|_| directory.observed_csv())
        .transpose()?;
    let (publish, seconds) = bounded(PUBLISHED);
    // Last: what is shown is in the record by then.
    let live = live_sink(inputs.control, &facts, faces, publish);
    sinks.push(Box::new(live.writing(&directory.run_json())));
    let started = workforce.start(inputs.request, inputs.plan, inputs.control);
    // Nothing is in it where the others did not agree.
    let start_ns = started.inspect_err(|_| directory.remove())?;
    inputs.control.begin(start_ns);
    if let Some((watch, csv)) = watch.as_ref().zip(observed_csv) {
        observers::start(watch, start_ns, context.observed.clone(), csv);
    }
    let (collector, workers) = workforce.collect(context, sinks);
    Ok(Running {
        workers,
        collector,
        seconds,
        stillness: Stillness::watch(start_ns),
        withheld_before: quota::withheld(Path::new("/")),
        watch,
        facts,
        directory,
    })
}

/// Tells `faces` of every second, and ends the run when a threshold says so.
fn live_sink(
    control: &RunControl,
    facts: &RunFacts,
    faces: &mut [Box<dyn Face>],
    publish: Sender<Arc<Live>>,
) -> LiveSink<impl FnMut(Arc<Live>) + Send + use<>> {
    let end = Arc::clone(control.interruption());
    let followers = faces.iter_mut().filter_map(|face| face.follower(facts));
    let mut followers: Vec<Follower> = followers.collect();
    LiveSink::new(facts.clone(), move |live: Arc<Live>| {
        if live.record.thresholds.iter().any(|state| state.aborted) {
            end.stop();
        }
        followers.iter_mut().for_each(|follow| follow(&live));
        // A face that cannot keep up misses a second; the record does not.
        let _ = publish.try_send(live);
    })
}

/// Shows the run to its end, and waits for workers, collector and what is observed.
fn collect(inputs: &RunInputs<'_>, running: Running, faces: &mut [Box<dyn Face>]) -> Collected {
    show(&running.seconds, faces);
    let mut merged = running
        .collector
        .join()
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic));
    let crashed = running.workers.map_or(0, WorkerThreads::join);
    let withheld = quota::withheld(Path::new("/")).saturating_sub(running.withheld_before);
    let pauses = running.stillness.map(Stillness::end).unwrap_or_default();
    let interruption = inputs.control.interruption();
    let interruptions = interruption.times();
    let drain_wait = match interruptions {
        0 => inputs.observed.drain_wait,
        _ => Duration::ZERO,
    };
    let is_called_off = || interruption.times() > interruptions;
    let output = &inputs.request.output;
    let muted = output.is_muted();
    let load_end_s = merged.totals.measured_s();
    let observation = running
        .watch
        .map(|watch| observers::finish(watch, load_end_s, drain_wait, is_called_off, muted))
        // An Observatory that was only tried, and turned out late to be none.
        .filter(|observation| !observation.sources.is_empty());
    if let Some((rule, observation)) = inputs
        .request
        .subject
        .outbox_rule()
        .zip(observation.as_ref())
    {
        observers::judge_outboxes(rule, observation, &mut merged.totals.contests.ledger);
    }
    merged.totals.observe_again();
    let fleet = inputs.request.carriers.fleet();
    let fleet = fleet.map(|fleet| fleet.settle(running.directory.path()));
    Collected {
        fleet,
        crashed_workers: crashed.max(merged.lost_workers.len()),
        merged,
        pauses,
        withheld,
        interrupted: interruptions > 0,
        observation,
        facts: running.facts,
        directory: running.directory,
    }
}

/// Judges the run and finishes its record.
fn settle(inputs: &RunInputs<'_>, collected: &Collected) -> Finished {
    settle::settle(&Settlement {
        request: inputs.request,
        domains: &inputs.request.subject.domains(),
        facts: &collected.facts,
        directory: &collected.directory,
        merged: &collected.merged,
        crashed_workers: collected.crashed_workers,
        pauses: &collected.pauses,
        withheld: collected.withheld,
        interrupted: collected.interrupted,
        observation: collected.observation.as_ref(),
        fleet: collected.fleet.as_ref(),
    })
}

/// Shows each second until there are no more, and lets faces look at their input in between.
fn show(seconds: &Receiver<Arc<Live>>, faces: &mut [Box<dyn Face>]) {
    let has_pulse = faces.iter().any(|face| face.has_pulse());
    loop {
        let next = match has_pulse {
            true => seconds.recv_timeout(PULSE),
            false => seconds.recv().map_err(|_| RecvTimeoutError::Disconnected),
        };
        match next {
            Ok(live) => faces.iter_mut().for_each(|face| face.show(&live)),
            Err(RecvTimeoutError::Timeout) => faces.iter_mut().for_each(|face| face.pulse()),
            Err(RecvTimeoutError::Disconnected) => break,
        }
    }
    faces.iter_mut().for_each(|face| face.finish());
}

/// What whoever joins this part of a run with the others must know; `None` when nobody is to.
fn shard_head(inputs: &RunInputs<'_>, script: &PreparedScript) -> Option<ShardHead> {
    let plan = inputs.plan;
    if plan.shard.is_whole() && !inputs.request.keeps_seconds {
        return None;
    }
    let whole = Plan {
        shard: Shard::WHOLE,
        ..plan.clone()
    };
    let counted = context_of(&whole, &script.described, inputs.control);
    let shard = ShardRecord::of(plan.shard, plan.hash(), inputs.request.clock);
    Some(ShardHead::of(plan, shard, CountedRecord::of(&counted)))
}

/// Has `script` take over what another shard set up. Whether there is nothing to take over.
fn take_over(request: &RunRequest, script: &PreparedScript) -> Result<bool, RunError> {
    // Nobody waits for what nobody makes.
    let Some(shared) = request.shared.as_ref().filter(|_| script.sets_up()) else {
        return Ok(true);
    };
    match shared.given()? {
        None => Ok(true),
        Some(text) if script.take_over(&text) => Ok(false),
        Some(_) => Err(RunError::SharedSetUp(
            "what another shard set up is not of this plan".to_owned(),
        )),
    }
}

/// Who else may have the CPUs of the workers of `plan`.
fn neighbours(plan: &Plan, has_own_target: bool) -> Neighbours {
    let quota = quota::read(Path::new("/"));
    Neighbours {
        own_target: has_own_target && !plan.placement.apart,
        quota_cpus: quota.filter(|quota| *quota < plan.placement.cpus as f64),
    }
}

fn context_of(plan: &Plan, script: &Description, control: &RunControl) -> RunContext {
    let open = matches!(plan.load, Load::Open { .. });
    let own_users = plan.own_users_by_class();
    let shares = plan
        .classes
        .iter()
        .enumerate()
        .map(|(class, share)| UserShare {
            // Whole rounds of the classes are on one machine alone; of several each has what it has.
            weight: match plan.shard.is_whole() {
                true => f64::from(share.weight),
                false => f64::from(own_users[class]),
            },
            wait: script.waits[class],
        });
    let shared_connections = plan.connections.is_some();
    RunContext {
        names: script.names.clone(),
        raises: script.raises.clone(),
        tags: script.tags.clone(),
        journeys: script.journeys.clone(),
        races: script.races.clone(),
        rules: script.rules,
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
            let are_here = shares.filter(|share| share.weight > 0.0);
            are_here.collect::<Vec<UserShare>>()
        },
        // Those of a part of the load would be judged by figures of a part.
        thresholds: match plan.shard.is_whole() {
            true => plan.thresholds.clone(),
            false => Vec::new(),
        },
        observed: ObservedTable::default(),
        live: LiveContext {
            load_schedule: control.load_schedule().cloned(),
            strict_rules: plan.races.rules.strict,
            ended_us: Arc::clone(control.ended_us()),
            tell: Some(tell),
            neighbours: Neighbours::default(),
            is_part: !plan.shard.is_whole(),
            machines: Vec::new(),
        },
    }
}
