//! The verdict: what was run, against what, and whether it held.

use super::words::share_text;
use super::words::{counted, duration_text, grouped, grouped_of, listed, percent_text, rate_text};
use crate::pieces::moment_text;
use crate::record::{
    Circumstances, Figures, InvariantRecord, RaceRecord, Recorded, RunRecord, ThresholdRecord,
    exit_meaning_of, verdict,
};
use crate::report::console::race_sections;
use crate::report::http2_text::spoken_text;
use crate::report::recovery_text::sentences;
use crate::report::tls_text::unchecked_text;
use crate::stats::{GeneratorState, RuleVerdict, ThresholdVerdict};

/// How something is to be taken: `good`, `bad`, `doubt` or `plain`.
type Tone = &'static str;

/// The beginning of the page.
pub struct Headline {
    pub profile: String,
    pub target: String,
    pub started: String,
    pub tone: Tone,
    pub word: &'static str,
    pub sentence: String,
    /// Set when the run did not come to its end.
    pub cut_off: Option<String>,
    pub findings: Vec<VerdictSentence>,
    pub cards: Vec<HeadlineFigure>,
    pub exit: Option<String>,
}

/// One sentence of the verdict.
pub struct VerdictSentence {
    pub tone: Tone,
    pub title: &'static str,
    pub text: String,
}

/// A figure that everybody looks for.
pub struct HeadlineFigure {
    pub label: &'static str,
    pub value: String,
    pub note: String,
}

/// A threshold as a row.
pub struct ThresholdRow {
    pub tone: Tone,
    pub mark: &'static str,
    pub word: &'static str,
    pub expression: String,
    pub observed: String,
    pub limit: String,
    pub note: String,
}

impl Headline {
    pub fn of(recorded: &Recorded) -> Self {
        let run = &recorded.run;
        let (tone, word) = standing(run);
        Self {
            profile: run.profile.clone(),
            target: run.target_url(),
            started: moment_text(&run.started),
            tone,
            word,
            sentence: sentence(run),
            cut_off: cut_off(run),
            findings: findings(run),
            cards: cards(run),
            exit: run.exit_code.map(|code| {
                let meaning = exit_meaning_of(run, code).unwrap_or("chosen for failed requests");
                format!("exit code {code}: {meaning}")
            }),
        }
    }
}

/// In the order of the exit codes: what matters most comes first.
fn standing(run: &RunRecord) -> (Tone, &'static str) {
    let violated = |rule: &InvariantRecord| rule.verdict == RuleVerdict::Violated;
    let crossed = |threshold: &ThresholdRecord| threshold.verdict == ThresholdVerdict::Crossed;
    let found = [
        (run.is_partial(), "doubt", "A part of the run"),
        (run.invariants.iter().any(violated), "bad", "Did not hold"),
        (
            run.generator.is_at_its_limit(),
            "doubt",
            "Generator at its limit",
        ),
        (
            run.thresholds.iter().any(crossed),
            "bad",
            "Threshold crossed",
        ),
        (!run.losses.is_empty(), "doubt", "Record not whole"),
        (!run.finished, "doubt", "Cut off"),
        (run.interrupted, "doubt", "Interrupted"),
        (run.totals.failures > 0, "bad", "Requests failed"),
        (run.totals.requests == 0, "doubt", "Nothing measured"),
    ];
    let first = found.into_iter().find(|(is, ..)| *is);
    first.map_or(("good", "Held"), |(_, tone, word)| (tone, word))
}

fn sentence(run: &RunRecord) -> String {
    if !run.verdict.is_empty() {
        return run.verdict.clone();
    }
    let circumstances = Circumstances {
        fail_on_saturation: true,
        exit_code_on_error: 1,
    };
    verdict(run, circumstances).sentence
}

fn cut_off(run: &RunRecord) -> Option<String> {
    if run.finished {
        return None;
    }
    let mut text = format!(
        "This run was cut off: its record was never finished. What follows holds its first {:.0} s",
        run.measured_s
    );
    text.push_str(" (or the run was still going on when this report was made).");
    Some(text)
}

fn findings(run: &RunRecord) -> Vec<VerdictSentence> {
    let found = [
        missing_shards(run),
        Some(what_ran(run)),
        unchecked(run),
        Some(requests(run)),
        invariants(run),
        thresholds_finding(run),
        races(run),
        recovery(run),
        Some(generator(run)),
    ];
    found.into_iter().flatten().collect()
}

fn missing_shards(run: &RunRecord) -> Option<VerdictSentence> {
    let missing: Vec<String> = run.missing_shards().collect();
    (!missing.is_empty()).then(|| VerdictSentence {
        tone: "doubt",
        title: "A part of the run",
        text: format!(
            "{}: these figures are not those of all its shards.",
            missing.join(", ")
        ),
    })
}

fn what_ran(run: &RunRecord) -> VerdictSentence {
    let shares = run
        .plan
        .get("classes")
        .and_then(|classes| classes.as_array());
    let names = shares.into_iter().flatten();
    let names: Vec<String> = names
        .filter_map(|share| share.get("class")?.as_str().map(str::to_owned))
        .collect();
    let of_classes = match names.is_empty() {
        true => String::new(),
        false => format!(" of {}", listed(&names)),
    };
    let pacing = run.plan.get("pacing").and_then(|pacing| pacing.as_str());
    let pace = match pacing {
        Some("max") => ", as fast as the shop answered",
        Some("class") => ", at the pace of their class",
        _ => "",
    };
    let target = match run.target_url() {
        url if url.is_empty() => String::new(),
        url => match &run.target {
            Some(target) => format!(", against {url}, {}", target.says),
            None => format!(", against {url}"),
        },
    };
    let target = match spoken_text(run) {
        Some(spoken) => format!("{target}, {spoken}"),
        None => target,
    };
    VerdictSentence {
        tone: "plain",
        title: "What ran",
        text: format!(
            "up to {}{of_classes} for {:.1} s{pace}{target}",
            grouped_of(u64::from(run.peak_users), "user"),
            run.measured_s
        ),
    }
}

fn unchecked(run: &RunRecord) -> Option<VerdictSentence> {
    let text = unchecked_text(run)?.to_owned();
    Some(VerdictSentence {
        tone: "doubt",
        title: "The target",
        text,
    })
}

fn requests(run: &RunRecord) -> VerdictSentence {
    let totals = &run.totals;
    let outcomes = [
        (totals.refused, "refused by the business"),
        (totals.conflict, "lost a version race"),
        (totals.failed, "failed"),
        (totals.unknown, "unknown, without an answer"),
    ];
    let occurred = outcomes.into_iter().filter(|(count, _)| *count > 0);
    let words: Vec<String> = occurred
        .map(|(count, word)| format!("{} {word}", grouped(count)))
        .collect();
    let mut text = grouped_of(totals.requests, "request");
    if totals.failed + totals.unknown == 0 {
        text.push_str(", none failed");
    }
    if !words.is_empty() {
        text.push_str(&format!("; {}", listed(&words)));
    }
    if run.shed > 0 {
        text.push_str(&format!("; {} shed", grouped_of(run.shed, "arrival")));
    }
    VerdictSentence {
        tone: if totals.failures > 0 { "bad" } else { "good" },
        title: "Requests",
        text,
    }
}

fn invariants(run: &RunRecord) -> Option<VerdictSentence> {
    let with = |verdict: RuleVerdict| {
        let rules = run.invariants.iter();
        let found = rules.filter(|rule| rule.verdict == verdict);
        found.map(|rule| rule.name.clone()).collect::<Vec<_>>()
    };
    if run.invariants.is_empty() {
        return None;
    }
    let violated = with(RuleVerdict::Violated);
    let mut parts = Vec::new();
    if !violated.is_empty() {
        parts.push(format!("{} violated", listed(&violated)));
    }
    parts.push(format!(
        "{} of {} held",
        with(RuleVerdict::Held).len(),
        counted(run.invariants.len() as u64, "rule")
    ));
    let known = with(RuleVerdict::Known);
    if !known.is_empty() {
        parts.push(format!(
            "{} broken, as known of today's shop",
            listed(&known)
        ));
    }
    let undecided = with(RuleVerdict::Undecided);
    if !undecided.is_empty() {
        parts.push(format!("{} undecided", listed(&undecided)));
    }
    Some(VerdictSentence {
        tone: if violated.is_empty() { "good" } else { "bad" },
        title: "Invariants",
        text: parts.join("; "),
    })
}

fn thresholds_finding(run: &RunRecord) -> Option<VerdictSentence> {
    let with = |verdict| {
        let thresholds = run.thresholds.iter();
        thresholds.filter(move |one| one.verdict == verdict).count()
    };
    let (all, crossed) = (run.thresholds.len(), with(ThresholdVerdict::Crossed));
    if all == 0 {
        return None;
    }
    let mut text = format!("{crossed} of {} crossed", counted(all as u64, "threshold"));
    let without = with(ThresholdVerdict::Undecided);
    if without > 0 {
        text.push_str(&format!(", {without} without data"));
    }
    Some(VerdictSentence {
        tone: if crossed > 0 { "bad" } else { "good" },
        title: "Thresholds",
        text,
    })
}

fn races(run: &RunRecord) -> Option<VerdictSentence> {
    let sum = |of: fn(&RaceRecord) -> u64| run.races.iter().map(of).sum::<u64>();
    let (count, together, overlapped) = (
        sum(|race| race.count),
        sum(|race| race.together),
        sum(|race| race.overlapped),
    );
    if count == 0 {
        return None;
    }
    let mut text = format!(
        "{}; {} had all requests in flight at once",
        grouped_of(count, "race"),
        share_text(together, count),
    );
    if run.knows_overlaps() {
        let share = share_text(overlapped, count);
        text.push_str(&format!(", {share} were seen to be handled at once"));
    }
    if let Some(told) = race_sections::serialised(run) {
        text = told;
    }
    if let Some(line) = race_sections::processes_line(run) {
        text = format!("{}. {line}", text.trim_end_matches('.'));
    }
    Some(VerdictSentence {
        tone: "plain",
        title: "Races",
        text,
    })
}

fn recovery(run: &RunRecord) -> Option<VerdictSentence> {
    let recovery = run.recovery.as_ref()?;
    let is_good = recovery.back_after_s.is_some() && recovery.is_as_it_was();
    // Without the first one, which says what the load did.
    let told = sentences(recovery).split_off(1);
    Some(VerdictSentence {
        tone: if is_good { "good" } else { "doubt" },
        title: "Recovery",
        text: told.join(" "),
    })
}

fn generator(run: &RunRecord) -> VerdictSentence {
    let generator = &run.generator;
    if !generator.reasons.is_empty() {
        return VerdictSentence {
            tone: "doubt",
            title: "Generator",
            text: format!(
                "{}: {}",
                generator.state_text(),
                generator.reasons.join("; ")
            ),
        };
    }
    let busiest = generator.cores.iter().filter(|core| core.seconds > 0);
    let busiest = busiest.map(|core| core.cpu_share).fold(0.0, f64::max);
    VerdictSentence {
        tone: match generator.state {
            GeneratorState::Clean => "good",
            GeneratorState::Disturbed | GeneratorState::AtItsLimit => "doubt",
        },
        title: "Generator",
        text: format!(
            "{}; busiest core {}, send lag p99 {}, {:.1} µs CPU a request",
            generator.state_text(),
            percent_text(busiest),
            duration_text(run.totals.lag_us.p99),
            generator.cpu_us_per_request
        ),
    }
}

/// The figures of the steady state where there is one.
fn cards(run: &RunRecord) -> Vec<HeadlineFigure> {
    let steady = run.phases.iter().find(|phase| phase.name == "steady");
    let (figures, when): (&Figures, &str) = match steady {
        Some(steady) => (&steady.figures, "steady state"),
        None => (&run.totals, "whole run"),
    };
    let card = |label, value, note: &str| HeadlineFigure {
        label,
        value,
        note: note.to_owned(),
    };
    let duration = |us| duration_text(us);
    let mut cards = vec![
        card("Requests/s", rate_text(figures.requests_per_s), when),
        card("Response p50", duration(figures.response_us.p50), when),
        card("Response p95", duration(figures.response_us.p95), when),
        card("Response p99", duration(figures.response_us.p99), when),
        card("Service p99", duration(figures.service_us.p99), when),
        card("Send lag p99", duration(figures.lag_us.p99), when),
        HeadlineFigure {
            label: "Failures",
            value: grouped(run.totals.failures),
            note: format!(
                "{} of all",
                share_text(run.totals.failures, run.totals.requests)
            ),
        },
    ];
    let events: u64 = run.domains.iter().map(|domain| domain.events).sum();
    if events > 0 {
        let per_s = events as f64 / run.measured_s.max(f64::MIN_POSITIVE);
        cards.push(HeadlineFigure {
            label: "Events raised",
            value: grouped(events),
            note: format!("{}/s", rate_text(per_s)),
        });
    }
    cards
}

/// The thresholds, crossed ones first.
pub fn thresholds(run: &RunRecord) -> Vec<ThresholdRow> {
    let mut sorted: Vec<&ThresholdRecord> = run.thresholds.iter().collect();
    sorted.sort_by_key(|threshold| threshold.ok);
    sorted.into_iter().map(threshold_row).collect()
}

fn threshold_row(threshold: &ThresholdRecord) -> ThresholdRow {
    let figure = |value: f64| match threshold.unit.as_str() {
        "us" => duration_text(value.max(0.0) as u64),
        "share" => format!("{:.2} %", value * 100.0),
        "per_s" => format!("{}/s", rate_text(value)),
        _ => format!("{value}"),
    };
    let mut notes = Vec::new();
    if let Some(at_s) = threshold.crossed_at_s {
        notes.push(format!("crossed at {at_s:.1} s"));
    }
    if let Some(worst) = threshold.worst {
        let when = threshold
            .worst_at_s
            .map_or_else(String::new, |at_s| format!(" at {at_s:.1} s"));
        notes.push(format!("worst window {}{when}", figure(worst)));
    }
    if threshold.aborted {
        notes.push("ended the run".to_owned());
    }
    notes.extend(threshold.why.clone());
    ThresholdRow {
        tone: match threshold.verdict {
            ThresholdVerdict::Held => "good",
            ThresholdVerdict::Crossed => "bad",
            ThresholdVerdict::Undecided => "doubt",
        },
        mark: threshold.verdict.mark(),
        word: threshold.verdict.word(),
        expression: threshold.expression.clone(),
        observed: threshold.observed.map_or_else(|| "–".to_owned(), figure),
        limit: figure(threshold.limit),
        note: notes.join("; "),
    }
}
