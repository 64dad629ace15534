//! One probe: a run at one load, its window, and what was seen in it.

use super::board::HuntBoard;
use super::criteria::{GROWN_EVENTS, Objective};
use super::error::HuntError;
use super::event_criteria::{allowed_late, event_probe};
use super::hunt_record::{DomainProbe, EventProbe, Judgement, LoadUnit, NameProbe, ProbeRecord};
use super::progress::HuntProgress;
use super::reading::{Scales, Weighed, allowed_beyond};
use super::request::HuntRequest;
use super::window::{WindowFigures, WindowSink, WindowSpan};
use crate::engine::MetSubject;
use crate::observe::ObserverConfig;
use crate::plan::{
    ArrivalSchedule, Arrivals, EventSample, ExitCode, Load, LoadError, Plan, Stage, Statistic,
    Target, ThresholdQuantity,
};
use crate::record::{BacklogRecord, Live, ObservedRecord, RunFacts, RunRecord};
use crate::report::LiveFace;
use crate::run::{self, Face, Finished, LiveRun, Output, RunControl, RunError, RunRequest};
use crate::stats::{IntervalSink, RuleVerdict, StatName};
use std::io::IsTerminal;
use std::path::PathBuf;
use std::sync::{Arc, OnceLock};
use std::time::{Duration, Instant};

/// Samples beyond a percentile that make it worth something: a window is long enough for so many.
const TAIL_SAMPLES: f64 = 50.0;
/// The same for what events take: without one beyond, so many are enough to say so.
const LATE_SAMPLES: f64 = 4.0;
/// Shortest window that a backlog's slope is taken from, in seconds: it is read once a second, and six
/// readings make an interval; one or two may be late.
const WATCHED_S: f64 = 7.0;

/// Where probes send their load.
pub struct ProbeTarget {
    /// The target.
    pub target: Target,
    /// What is tested there, and what it is.
    pub met: MetSubject,
    /// What is observed behind it.
    pub observers: ObserverConfig,
    /// Directory that their records are made in.
    pub records: PathBuf,
}

/// What became of a probe's run.
pub enum Probed {
    /// It was carried out.
    Done(Box<Seen>),
    /// The target took no connection.
    Down(RunError),
    /// The user ended it.
    Interrupted,
}

/// What was seen in a probe.
pub struct Seen {
    /// Its figures; the judgements are open.
    pub record: ProbeRecord,
    /// How the thresholds fared.
    pub objectives: Vec<Objective>,
    /// What its counts come to, with those of windows before it.
    pub weighed: Weighed,
    /// When the run began.
    pub began: Instant,
    /// When the target stopped answering, in seconds since the start of the run.
    pub silent_from_s: Option<f64>,
    /// Length of the run, in seconds.
    pub measured_s: f64,
    /// Dead letters that came, by domain.
    pub dead_letters: Vec<(String, f64)>,
}

/// Length of the window for `requests_per_s`, before which its counts are not looked at: long enough
/// for the highest percentile that is asked for, where it is not judged by its own interval, and where
/// a pipeline is watched for a backlog that grows by as little as the search is to tell apart; within
/// the bounds of the criteria. In whole seconds.
#[must_use]
pub fn window_s(request: &HuntRequest, requests_per_s: f64, is_watched: bool) -> f64 {
    let thresholds = request.template.plan.thresholds.iter();
    let quantiles = thresholds.filter_map(|slo| match &slo.quantity {
        ThresholdQuantity::Latency {
            statistic: Statistic::Quantile(quantile),
            ..
        } if allowed_beyond(slo).is_none() => Some(*quantile),
        _ => None,
    });
    let highest = quantiles.fold(0.5, f64::max);
    let samples = TAIL_SAMPLES / (1.0 - highest).max(1e-6);
    let criteria = &request.criteria;
    let events = match is_watched {
        true => GROWN_EVENTS / criteria.precision,
        false => 0.0,
    };
    let needed_s =
        (samples.max(events) / requests_per_s.max(1e-3)).max(late_s(request, requests_per_s));
    let needed_s = needed_s.ceil();
    let least_s = match is_watched {
        true => criteria.window_s.max(WATCHED_S),
        false => criteria.window_s,
    };
    needed_s.min(criteria.longest_window_s).max(least_s)
}

/// Seconds in which as many events are followed as their highest percentile takes.
fn late_s(request: &HuntRequest, requests_per_s: f64) -> f64 {
    let thresholds = request.template.plan.thresholds.iter();
    let least = thresholds.filter_map(allowed_late).reduce(f64::min);
    let followed_per_s = match request.template.observers.event_sample {
        EventSample::PerSecond(most) => requests_per_s.min(f64::from(most)),
        EventSample::Share(share) => requests_per_s * share,
        EventSample::Off => return 0.0,
    };
    least.map_or(0.0, |allowed| {
        LATE_SAMPLES / allowed.max(1e-6) / followed_per_s.max(1e-3)
    })
}

/// Carries a probe of `load` out: for `window_s`, and on until its counts tell enough by `scales`, for
/// at most as long as the criteria say.
///
/// # Errors
/// When the run cannot be made at all: a wrong plan, no place for the record.
pub fn probe(
    request: &HuntRequest,
    place: &ProbeTarget,
    (progress, board): (&HuntProgress, &HuntBoard),
    load: f64,
    window_s: f64,
    scales: &Scales,
) -> Result<Probed, HuntError> {
    let number = progress.probe;
    let plan = plan_of(request, place, number, load, window_s)?;
    let start_us = plan.warm_up.as_micros() as u64;
    let span = WindowSpan {
        start_us,
        least_end_us: start_us + (window_s * 1e6) as u64,
        end_us: plan.run_time.as_micros() as u64,
    };
    let sink = WindowSink::new(span, schedule_of(&plan), scales.clone());
    let run_request = run_request(request, place, plan);
    let control = RunControl::new(&run_request);
    let began = Arc::new(OnceLock::new());
    let run_time_s = run_request.plan.run_time.as_secs_f64();
    let muted = request.template.output.quiet || !std::io::stderr().is_terminal();
    let mut faces: Vec<Box<dyn Face>> = vec![
        Box::new(ProbeFace {
            sink: sink.clone(),
            control: control.clone(),
            began: Arc::clone(&began),
        }),
        match board.is_shown() {
            true => Box::new(board.clone()),
            false => Box::new(LiveFace::of_step(muted, run_time_s, progress.parts())),
        },
    ];
    let command = format!("{} (probe {number})", request.command);
    let finished = match run::carry_out(&run_request, command, &control, &mut faces) {
        Ok(finished) => finished,
        Err(error) => {
            return match error.exit_code() {
                ExitCode::Interrupted => Ok(Probed::Interrupted),
                ExitCode::Unreachable => Ok(Probed::Down(error)),
                _ => Err(error.into()),
            };
        }
    };
    let run = &finished.record;
    if run.interrupted {
        return Ok(Probed::Interrupted);
    }
    let measured = sink.take();
    let directory = finished.directory.file_name().unwrap_or_default();
    let window = &measured.window;
    let seen = Seen {
        weighed: scales.weigh(&measured.reading),
        began: began.get().copied().unwrap_or_else(Instant::now),
        silent_from_s: window.silent_from_s.filter(|_| window.fell_silent()),
        measured_s: run.measured_s,
        objectives: objectives(run, &run_request.plan),
        dead_letters: run.observed.as_ref().map(dead_letters).unwrap_or_default(),
        record: ProbeRecord {
            number,
            load,
            events: events(&finished, &run_request.plan),
            directory: format!("probes/{}", directory.to_string_lossy()),
            ..figures(&measured, run)
        },
    };
    Ok(Probed::Done(Box::new(seen)))
}

/// Watches whether the target is still there, and whether more has to be known: a dead one is not
/// hammered to the end of the window.
struct ProbeFace {
    sink: WindowSink,
    control: RunControl,
    began: Arc<OnceLock<Instant>>,
}

impl Face for ProbeFace {
    fn sink(&mut self, _facts: &RunFacts) -> Option<Box<dyn IntervalSink>> {
        Some(Box::new(self.sink.clone()))
    }

    fn begin(&mut self, _run: &LiveRun<'_>) {
        self.began.get_or_init(Instant::now);
    }

    fn show(&mut self, _live: &Arc<Live>) {
        if self.sink.is_over() {
            self.control.stop();
        }
    }
}

fn run_request(request: &HuntRequest, place: &ProbeTarget, plan: Plan) -> RunRequest {
    let template = &request.template;
    RunRequest {
        output: Output {
            results: place.records.clone(),
            silent: true,
            ..Output::default()
        },
        exit_code_on_error: 0,
        met: Some(place.met.clone()),
        brought: template.sandbox.clone(),
        allow_drift: template.allow_drift,
        addresses: template.addresses.clone(),
        resolver: template.resolver.clone(),
        observers: place.observers.clone(),
        carriers: template.carriers.clone(),
        ..RunRequest::of_plan(plan, template.subject.clone())
    }
}

fn plan_of(
    request: &HuntRequest,
    place: &ProbeTarget,
    number: u32,
    load: f64,
    window_s: f64,
) -> Result<Plan, LoadError> {
    let template = &request.template.plan;
    let warm_up = Duration::from_secs_f64(request.criteria.warm_up_s);
    let longest_s = request.criteria.longest_window_s.max(window_s);
    let run_time = warm_up + Duration::from_secs_f64(longest_s);
    let load = match request.unit {
        LoadUnit::ArrivalsPerS => {
            let default = Load::default_max_users(load);
            let max_users = request.max_users.unwrap_or(default);
            Load::open(load, arrivals_of(template), max_users)?
        }
        LoadUnit::Users => {
            let stage = Stage {
                users: load as u32,
                // All of them are there when half of the warm-up is over.
                spawn_rate_per_s: load * 2.0 / request.criteria.warm_up_s,
                duration_us: run_time.as_micros() as u64,
            };
            Load::closed(vec![stage], run_time)?
        }
    };
    Ok(Plan {
        connections: template
            .connections
            .map(|connections| connections.min(load.max_users())),
        cores: template
            .cores
            .iter()
            .copied()
            .take(load.max_users() as usize)
            .collect(),
        load,
        warm_up,
        run_time,
        target: place.target.clone(),
        seed: template.seed.wrapping_add(u64::from(number) - 1),
        run_id: run::new_run_id(),
        ..template.clone()
    })
}

fn arrivals_of(template: &Plan) -> Arrivals {
    match template.load {
        Load::Open { arrivals, .. } => arrivals,
        Load::Closed { .. } => Arrivals::Constant,
    }
}

/// When journeys are due; `None` for users.
fn schedule_of(plan: &Plan) -> Option<ArrivalSchedule> {
    let Load::Open {
        rate_per_s,
        arrivals,
        ..
    } = plan.load
    else {
        return None;
    };
    let schedule = ArrivalSchedule::new(plan.seed, rate_per_s, arrivals, 0, 1);
    Some(schedule)
}

/// The figures of a probe; its number, load and place are for the caller to fill in.
fn figures(measured: &WindowFigures, run: &RunRecord) -> ProbeRecord {
    let reading = &measured.reading;
    let window = &measured.window;
    let length_s = window.length_s().max(1e-9);
    let requests_per_s = window.requests_per_s();
    let names = measured.names.iter().zip(&window.names);
    let observed = run.observed.as_ref();
    ProbeRecord {
        number: 0,
        load: 0.0,
        directory: String::new(),
        window_s: window.length_s(),
        offered_per_s: reading.flow.map(|flow| flow.offered / length_s),
        carried_per_s: window.journeys_ended as f64 / length_s,
        requests_per_s,
        failure_share: window.failures as f64 / window.requests.max(1) as f64,
        response_p50_us: window.response.quantile_us(0.5),
        response_p99_us: window.response.quantile_us(0.99),
        concurrency: requests_per_s * window.response.mean_us() / 1e6,
        shed: window.shed,
        names: names
            .filter(|(_, name)| name.requests > 0)
            .map(|(stat, name)| NameProbe {
                name: name_text(stat),
                requests: name.requests,
                failures: name.failures,
                service_p99_us: name.service.quantile_us(0.99),
            })
            .collect(),
        domains: observed.map_or_else(Vec::new, |observed| {
            observed.backlogs.iter().map(domain_probe).collect()
        }),
        violated_rules: run
            .invariants
            .iter()
            .filter(|rule| rule.verdict == RuleVerdict::Violated)
            .map(|rule| rule.name.clone())
            .collect(),
        flow: reading.flow,
        tails: reading.tails.clone(),
        events: Vec::new(),
        http: Judgement::open(),
        pipeline: None,
        event_latency: None,
        generator_limited: run.generator.is_at_its_limit(),
        rest_s: 0.0,
    }
}

/// What events took that thresholds are about.
fn events(finished: &Finished, plan: &Plan) -> Vec<EventProbe> {
    let of_threshold =
        |threshold| event_probe(threshold, &finished.record, finished.followed.as_ref());
    plan.thresholds.iter().filter_map(of_threshold).collect()
}

/// The name, with its method where it does not say it already.
fn name_text(stat: &StatName) -> String {
    match stat.name.contains(stat.method) {
        true => stat.name.to_owned(),
        false => format!("{} {}", stat.method, stat.name),
    }
}

fn domain_probe(backlog: &BacklogRecord) -> DomainProbe {
    DomainProbe {
        domain: backlog.domain.clone(),
        intake_per_s: backlog.intake_per_s,
        slope_per_s: backlog.slope_per_s,
        before: backlog.before,
        at_load_end: backlog.at_load_end,
        drained_after_s: backlog.drained_after_s,
    }
}

fn dead_letters(observed: &ObservedRecord) -> Vec<(String, f64)> {
    use crate::plan::ObservedMetric::DeadLetters;
    let figures = observed.figures.iter();
    figures
        .filter(|figure| figure.metric == DeadLetters)
        .map(|figure| {
            (
                figure.domain.clone(),
                figure.last.value - figure.first.value,
            )
        })
        .collect()
}

fn objectives(run: &RunRecord, plan: &Plan) -> Vec<Objective> {
    let pairs = plan.thresholds.iter().zip(&run.thresholds);
    pairs
        .map(|(threshold, record)| Objective {
            threshold: threshold.clone(),
            verdict: record.verdict,
            value: record.decisive_text().unwrap_or_default(),
            why: record.why.clone().unwrap_or_default(),
        })
        .collect()
}
