//! A hunt from the request to the last file: probe after probe, until both knees are known.

use super::board::HuntBoard;
use super::conclusion::conclude;
use super::console::{detailed_hunt_text, hunt_text, probe_line};
use super::criteria::{ProbeEvidence, judge_http, judge_pipeline};
use super::error::HuntError;
use super::event_criteria::judge_events;
use super::hunt_record::{
    Fall, HUNT_HTML, HUNT_JSON, HUNT_TXT, HuntRecord, HuntState, ProbeRecord, unit_text,
};
use super::page::hunt_page;
use super::probe::{ProbeTarget, Probed, Seen, probe, window_s};
use super::progress::HuntProgress;
use super::reading::allowed_beyond;
use super::request::HuntRequest;
use super::rest::{Rested, TargetHealth};
use super::trials::{
    events_before, generator_limit, is_cut_by_generator, next_load, range_of, scales_of, unloaded,
};
use crate::pieces::{SummaryStyle, number_text, print, tell, time_left_text};
use crate::plan::{ExitCode, Threshold};
use crate::record::{NotWritten, Record, replace, try_out};
use crate::report::Ticking;
use crate::run::{self, Embedded};
use crate::stats::ThresholdVerdict;
use std::io::IsTerminal;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// Rows, entries and what groups tell are read so much later, at most, by whoever follows events.
const READ_AFTER: Duration = Duration::from_secs(5);
/// Longest time that events of a probe are followed after its load, whatever limit they are given.
const LONGEST_WATCH: Duration = Duration::from_secs(600);

/// Carries a hunt out, prints what it found and writes its files.
///
/// # Errors
/// When nothing could be found at all; what was found before is on disk.
pub fn carry_out(request: &HuntRequest) -> Result<ExitCode, HuntError> {
    let stops = Arc::new(AtomicU32::new(0));
    let heard = Arc::clone(&stops);
    let _listening = run::listen(move || {
        if heard.fetch_add(1, Ordering::Relaxed) >= 2 {
            run::exit_at_once();
        }
    });
    let template = &request.template;
    let placement = &template.plan.placement;
    run::step_aside(placement);
    let shop = template
        .sandbox
        .as_ref()
        .map(|own| Embedded::start(&template.plan, &**own))
        .transpose()?;
    let plan = template.plan.clone();
    let target = match &shop {
        Some(shop) => plan.with_target(shop.target()).target,
        None => plan.target,
    };
    let mut observers = match &shop {
        Some(shop) => shop.observers(&template.observers),
        None => template.observers.clone(),
    };
    let rest = Duration::from_secs_f64(request.criteria.rest_limit_s);
    observers.drain_wait = rest.max(late_after(&template.plan.thresholds));
    let mut addresses = template.resolver.resolve(&target, &template.addresses)?;
    run::accepting_first(&mut addresses, template.plan.request_timeout);
    let path = template.subject.health_path();
    let target = run::agreed_http(&target, &addresses, path, template.plan.request_timeout)?;
    if !template.output.quiet {
        run::tell_of_agreement(&target);
    }
    let met = run::meet(template, &target, &addresses)?;
    let health = TargetHealth::ask_first(&target, &template.addresses, path)?;
    if !template.output.quiet && template.carriers.fleet().is_none() {
        tell(placement.line(&template.plan.cores));
    }
    let place = ProbeTarget {
        target,
        met,
        observers,
        records: request.directory.join("probes"),
    };
    create(&place.records)?;
    let page = request.directory.join(HUNT_HTML);
    try_out(&page).map_err(|error| HuntError::Write { path: page, error })?;
    let record = opened(request);
    let title = format!("hunt {} → {}", record.profile, place.target.url());
    let output = &template.output;
    let board = HuntBoard::open(!output.quiet && !output.no_tui, title, &record);
    let mut hunt = Hunt {
        request,
        place,
        health,
        stops,
        record,
        is_silent: output.quiet,
        board,
    };
    let ended = hunt.search();
    hunt.board.close();
    let outcome = ended.map(|ending| hunt.settle(ending));
    if let Some(shop) = shop {
        shop.stop();
    }
    outcome?
}

/// After so long every event is known to be in time or late: nothing more is waited for then.
fn late_after(thresholds: &[Threshold]) -> Duration {
    let about_events = thresholds
        .iter()
        .filter(|threshold| threshold.quantity.is_of_events());
    let longest = about_events.map(|it| Duration::from_micros(it.limit.max(0.0) as u64));
    let longest = longest.max().map(|limit| limit + READ_AFTER);
    longest.unwrap_or_default().min(LONGEST_WATCH)
}

fn create(directory: &Path) -> Result<(), HuntError> {
    std::fs::create_dir_all(directory).map_err(|error| HuntError::Write {
        path: directory.to_owned(),
        error,
    })
}

/// The record of a hunt that begins, or goes on.
fn opened(request: &HuntRequest) -> HuntRecord {
    if let Some(resumed) = &request.resumed {
        let mut record = HuntRecord::clone(resumed);
        record.state = HuntState::Running;
        record.exit_code = None;
        record.verdict.clear();
        record.notes.clear();
        // With other cores the generator may do better.
        record.probes.retain(|probe| !probe.generator_limited);
        record.criteria = request.criteria.clone();
        record.arguments.clone_from(&request.arguments);
        record.command.clone_from(&request.command);
        return record;
    }
    let plan = &request.template.plan;
    HuntRecord {
        schema_version: HuntRecord::VERSION,
        shopblast: env!("CARGO_PKG_VERSION").to_owned(),
        state: HuntState::Running,
        started: jiff::Timestamp::now()
            .strftime("%Y-%m-%dT%H:%M:%SZ")
            .to_string(),
        command: request.command.clone(),
        arguments: request.arguments.clone(),
        profile: plan.profile.clone(),
        plan_hash: plan.hash(),
        seed: plan.seed,
        unit: request.unit,
        criteria: request.criteria.clone(),
        http_knee: None,
        pipeline_knee: None,
        event_knee: None,
        falls: Vec::new(),
        scalability: None,
        probes: Vec::new(),
        notes: Vec::new(),
        verdict: Vec::new(),
        exit_code: None,
    }
}

/// How a search ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum SearchEnding {
    Found,
    Interrupted,
    /// The target did not come back, or the probes were used up.
    CutShort,
}

struct Hunt<'a> {
    request: &'a HuntRequest,
    place: ProbeTarget,
    health: TargetHealth,
    stops: Arc<AtomicU32>,
    record: HuntRecord,
    is_silent: bool,
    board: HuntBoard,
}

impl Hunt<'_> {
    fn search(&mut self) -> Result<SearchEnding, HuntError> {
        self.save()?;
        loop {
            if self.is_stopped() {
                return Ok(SearchEnding::Interrupted);
            }
            let Some(load) = next_load(&self.record, &range_of(&self.record)) else {
                return Ok(SearchEnding::Found);
            };
            if self.record.probes.len() >= self.request.criteria.most_probes as usize {
                let most = self.request.criteria.most_probes;
                self.note(format!(
                    "the {most} probes that it may take were used up (--probes): go on with --resume and more"
                ));
                return Ok(SearchEnding::CutShort);
            }
            if let Some(ending) = self.try_load(load)? {
                return Ok(ending);
            }
        }
    }

    /// One probe, its judgement, and the rest after it; tells when the search cannot go on.
    fn try_load(&mut self, load: f64) -> Result<Option<SearchEnding>, HuntError> {
        let last = self.record.probes.last();
        let number = last.map_or(0, |probe| probe.number) + 1;
        let probes = &self.record.probes;
        // An Observatory that is only tried may not be there.
        let is_watched = self.place.observers.is_any()
            && (probes.is_empty() || probes.iter().any(|probe| !probe.domains.is_empty()));
        let window_s = window_s(self.request, self.expected_per_s(load), is_watched);
        let allowed = self.request.template.plan.thresholds.iter();
        let scales = scales_of(
            &self.record,
            load,
            allowed.filter_map(allowed_beyond).collect(),
        );
        let progress = HuntProgress::of(&self.record, number, load);
        if !self.is_quiet() && !std::io::stderr().is_terminal() {
            tell(progress.line());
        }
        self.board.begin_probe(&self.record, &progress);
        let shown = (&progress, &self.board);
        let seen = match probe(self.request, &self.place, shown, load, window_s, &scales)? {
            Probed::Done(seen) => seen,
            Probed::Interrupted => return Ok(Some(SearchEnding::Interrupted)),
            Probed::Down(error) if self.record.probes.is_empty() => return Err(error.into()),
            // It was still up after the probe before.
            Probed::Down(_) => return self.rise(number - 1, load, None, Instant::now()),
        };
        let rested = self.rest(number);
        let fell = seen.silent_from_s.is_some() || rested == Rested::Down;
        let is_spoiled = seen.record.generator_limited;
        let silent_s = seen.silent_from_s.unwrap_or(seen.measured_s);
        self.note_doubts(&seen);
        let fell_at = seen.began + Duration::from_secs_f64(silent_s);
        let probe = self.judged(*seen, fell, rested);
        if !self.is_quiet() {
            tell(probe_line(&probe, self.request.unit));
        }
        if is_spoiled && self.request.criteria.keep_spoiled {
            self.note(
                "the generator was at its limit in some of the probes, which count nevertheless (--fail-on-saturation=false)"
                    .to_owned(),
            );
        }
        let is_spoiled = probe.generator_limited;
        self.record.probes.push(probe);
        self.save()?;
        let limit = generator_limit(&self.record);
        if is_spoiled && limit.is_some_and(|limit| load >= limit) {
            self.note(format!(
                "the generator was at its limit at {} {}: the target may sustain more; give it more cores (--cores)",
                number_text(load),
                unit_text(self.request.unit)
            ));
        }
        if rested == Rested::Stopped {
            return Ok(Some(SearchEnding::Interrupted));
        }
        match fell {
            true => self.rise(number, load, Some(silent_s), fell_at),
            false => Ok(None),
        }
    }

    /// What a reader of the figures has to know.
    fn note_doubts(&mut self, seen: &Seen) {
        for objective in &seen.objectives {
            if objective.verdict == ThresholdVerdict::Undecided {
                self.note(format!(
                    "`{}` could not be judged in every probe: {}",
                    objective.threshold.text(),
                    objective.why
                ));
            }
        }
        for rule in &seen.record.violated_rules {
            self.note(format!(
                "the rule {rule} was violated in probe {}: see its report",
                seen.record.number
            ));
        }
    }

    fn judged(&self, seen: Seen, fell: bool, rested: Rested) -> ProbeRecord {
        let mut probe = seen.record;
        if let Rested::After(length) = rested {
            probe.rest_s = length.as_secs_f64();
        }
        let unloaded = unloaded(&self.record.probes);
        let before = events_before(&self.record.probes, probe.load);
        let evidence = ProbeEvidence {
            probe: &probe,
            objectives: &seen.objectives,
            weighed: &seen.weighed,
            fell,
            unloaded,
            criteria: &self.request.criteria,
            dead_letters: &seen.dead_letters,
            events_before: &before,
        };
        let http = judge_http(&evidence);
        let pipeline = judge_pipeline(&evidence, &http);
        let events = judge_events(&evidence, &http);
        (probe.http, probe.pipeline, probe.event_latency) = (http, pipeline, events);
        // A target that fell over was not the generator's fault.
        probe.generator_limited &= !fell && !self.request.criteria.keep_spoiled;
        probe
    }

    /// Waits for a target that fell to come back.
    fn rise(
        &mut self,
        probe: u32,
        load: f64,
        after_s: Option<f64>,
        fell_at: Instant,
    ) -> Result<Option<SearchEnding>, HuntError> {
        let limit = Duration::from_secs_f64(self.request.criteria.recovery_limit_s);
        if !self.is_quiet() {
            tell(format!(
                "the target fell over at {} {}; waiting for it to come back, at most {:.0} s",
                number_text(load),
                unit_text(self.request.unit),
                limit.as_secs_f64()
            ));
        }
        self.board.wait(
            &self.record,
            format!(
                "the target fell over: waiting for it to come back, at most {}",
                time_left_text(limit.as_secs_f64())
            ),
        );
        let told = Ticking::start(self.is_quiet(), move |so_far| {
            let left = time_left_text((limit.saturating_sub(so_far)).as_secs_f64());
            format!("waiting for the target to come back, at most {left}")
        });
        let recovered = self.health.recovery(limit, || self.is_stopped());
        drop(told);
        let waited_s = fell_at.elapsed().as_secs_f64();
        self.record.falls.push(Fall {
            probe,
            load,
            after_s,
            recovered_after_s: recovered.then_some(waited_s),
            waited_s,
        });
        self.save()?;
        if self.is_stopped() {
            return Ok(Some(SearchEnding::Interrupted));
        }
        if self.record.falls.len() > self.request.criteria.most_probes as usize {
            self.note("the target fell over again and again".to_owned());
            return Ok(Some(SearchEnding::CutShort));
        }
        if !recovered {
            self.note(format!(
                "the target did not come back within {waited_s:.0} s: bring it up, and go on with --resume"
            ));
            return Ok(Some(SearchEnding::CutShort));
        }
        match self.rest(probe) {
            Rested::Stopped => Ok(Some(SearchEnding::Interrupted)),
            Rested::After(_) | Rested::Down => Ok(None),
        }
    }

    /// Requests a second that a load is expected to bring: as many for each as before.
    fn expected_per_s(&self, load: f64) -> f64 {
        let known = self.record.probes.iter().rev();
        let mut carried = known.filter(|probe| probe.http.sustained && probe.requests_per_s > 0.0);
        carried.next().map_or(load, |probe| {
            load * probe.requests_per_s / probe.load.max(1e-9)
        })
    }

    /// Lets the target come to rest after a probe.
    fn rest(&self, probe: u32) -> Rested {
        let limit = Duration::from_secs_f64(self.request.criteria.rest_limit_s);
        self.board.wait(
            &self.record,
            format!("probe {probe} is over: waiting for the target to come to rest"),
        );
        let _told = Ticking::start(self.is_quiet(), move |so_far| {
            let left = time_left_text((limit.saturating_sub(so_far)).as_secs_f64());
            format!("probe {probe} is over: waiting for the target to come to rest, at most {left}")
        });
        self.health.rest(limit, || self.is_stopped())
    }

    /// Whether nothing is printed meanwhile: nobody wants it, or the board has the screen.
    fn is_quiet(&self) -> bool {
        self.is_silent || self.board.is_shown()
    }

    fn is_stopped(&self) -> bool {
        self.board.pulse();
        self.stops.load(Ordering::Relaxed) > 0
    }

    fn note(&mut self, note: String) {
        if !self.record.notes.contains(&note) {
            self.record.notes.push(note);
        }
    }

    fn save(&mut self) -> Result<(), HuntError> {
        conclude(&mut self.record);
        self.write_record()
    }

    /// The last files, the text, and the exit code.
    fn settle(&mut self, ending: SearchEnding) -> Result<ExitCode, HuntError> {
        self.record.state = match ending {
            SearchEnding::Found => HuntState::Finished,
            SearchEnding::Interrupted => HuntState::Interrupted,
            SearchEnding::CutShort => HuntState::CutShort,
        };
        conclude(&mut self.record);
        let exit_code = exit_code(&self.record);
        self.record.exit_code = Some(i32::from(exit_code.value()));
        let directory = &self.request.directory;
        let page = directory.join(HUNT_HTML);
        self.write_record()?;
        let written = replace(&page, hunt_page(&self.record).as_bytes());
        let text = detailed_hunt_text(&self.record, directory, SummaryStyle::PLAIN);
        let summary = directory.join(HUNT_TXT);
        let summarised = replace(&summary, text.as_bytes());
        let told = match self.request.template.output.details {
            true => detailed_hunt_text,
            false => hunt_text,
        };
        // Who measured for hours is told of it, whatever becomes of the files.
        print(told(&self.record, directory, SummaryStyle::of_stdout()));
        written.map_err(|error| not_written(&page, error))?;
        summarised.map_err(|error| not_written(&summary, error))?;
        Ok(exit_code)
    }

    /// Whoever reads it meanwhile, or resumes a hunt that was killed, finds it whole.
    fn write_record(&self) -> Result<(), HuntError> {
        let path = self.request.directory.join(HUNT_JSON);
        let written = self.record.write(&path);
        written.map_err(|error| not_written(&path, error))
    }
}

fn not_written(path: &Path, NotWritten { error, .. }: NotWritten) -> HuntError {
    HuntError::Write {
        path: path.to_owned(),
        error,
    }
}

fn exit_code(record: &HuntRecord) -> ExitCode {
    let knee = record.http_knee.as_ref();
    let found = [
        (
            record.state == HuntState::Interrupted,
            ExitCode::Interrupted,
        ),
        (
            record
                .probes
                .iter()
                .any(|probe| !probe.violated_rules.is_empty()),
            ExitCode::InvariantViolated,
        ),
        (is_cut_by_generator(record), ExitCode::GeneratorSaturated),
        // Also when nobody can tell: it is not known to sustain anything.
        (
            knee.is_some_and(|knee| knee.low.is_none())
                || record
                    .event_knee
                    .as_ref()
                    .is_some_and(|knee| knee.low.is_none()),
            ExitCode::ThresholdCrossed,
        ),
    ];
    let found = found.into_iter().filter(|(is_so, _)| *is_so);
    ExitCode::settle(found.map(|(_, code)| code))
}
