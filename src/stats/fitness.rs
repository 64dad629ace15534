//! Whether the figures of a run are the target's or the generator's: told by effect, which is how
//! much of what is reported the generator added itself.

use super::{Neighbours, OwnShares, Phase, PhaseTotal, SelfCheck, Totals};
use schemars::JsonSchema;
use serde::{Deserialize, Deserializer, Serialize};
use std::borrow::Cow;

/// Shares up to this one are below what a run repeats itself by.
const CLEAN_SHARE: f64 = 0.01;
/// The generator's usual part of the median above which it is at its limit.
const LIMIT_OF_MEDIAN: f64 = 0.1;
/// The same without pacing, where users wait for nothing else and some of it is always there.
const LIMIT_OF_UNPACED_MEDIAN: f64 = 0.25;
/// The same of the 95th and 99th percentile, which a few bad moments can spoil.
const LIMIT_OF_TAIL: f64 = 0.5;
/// Lateness up to these is what timers and wake-ups cost, however short response times are.
const USUAL_US: [u64; 3] = [1_000, 10_000, 10_000];
/// The same of the median without pacing, where no timer is waited for.
const USUAL_UNPACED_US: u64 = 100;
/// Of a shorter phase a few bad moments are too much.
const SHORTEST_US: u64 = 2_000_000;
/// Requests from which on ten lie beyond the percentile, so that it is more than one bad moment.
const ENOUGH_REQUESTS: [u64; 3] = [20, 200, 1_000];
/// Share of the offered load that the generator's lateness may have cost.
const UNSENT_SHARE: f64 = 0.01;
const PERCENTILES: [&str; 3] = ["p50", "p95", "p99"];

/// How fit the generator was. The words are the same wherever it is told.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub enum GeneratorState {
    /// At most 1 % of p50, p95 and p99 of the response time is the generator's.
    #[default]
    #[serde(rename = "clean")]
    Clean,
    /// More than that; how much is told.
    #[serde(rename = "disturbed")]
    Disturbed,
    /// Offered load was not sent, or so much of the figures is the generator's that they do not
    /// describe the target.
    #[serde(rename = "at its limit")]
    AtItsLimit,
}

impl GeneratorState {
    /// All of them, from the best to the worst.
    pub const ALL: [Self; 3] = [Self::Clean, Self::Disturbed, Self::AtItsLimit];

    /// The word used everywhere.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Clean => "clean",
            Self::Disturbed => "disturbed",
            Self::AtItsLimit => "at its limit",
        }
    }
}

/// Records of layouts before 4 say only whether the generator was the limit.
impl<'de> Deserialize<'de> for GeneratorState {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum GeneratorTold {
            Saturated(bool),
            Word(String),
        }
        let told = GeneratorTold::deserialize(deserializer)?;
        let by_word = |word: String| {
            let state = Self::ALL.into_iter().find(|state| state.word() == word);
            state
                .ok_or_else(|| serde::de::Error::custom(format!("no state of a generator: {word}")))
        };
        match told {
            GeneratorTold::Saturated(true) => Ok(Self::AtItsLimit),
            GeneratorTold::Saturated(false) => Ok(Self::Clean),
            GeneratorTold::Word(word) => by_word(word),
        }
    }
}

impl Totals {
    /// How fit the generator was in the steady phase, or while users were started when nothing was
    /// answered after that.
    #[must_use]
    pub fn fitness(&self) -> Fitness {
        let phases = [Phase::Steady, Phase::Spawning].map(|phase| self.phase(phase));
        let told = phases.into_iter().find(|phase| phase.all.replies() > 0);
        let open = self.context.user_shares.is_empty();
        told.map_or_else(Fitness::default, |phase| {
            Fitness::of(phase, &self.self_check, self.context.paced, open)
        })
    }
}

/// The traffic light.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fitness {
    /// Which of the three.
    pub state: GeneratorState,
    /// The most that the generator can have added to the response times.
    pub own: OwnShares,
    /// Why it was at its limit; a sentence each. Empty otherwise.
    pub reasons: Vec<String>,
}

impl Fitness {
    /// Judges the figures of one phase. `paced` is false for `--pacing max`, `open` true where
    /// journeys arrive.
    #[must_use]
    pub fn of(phase: &PhaseTotal, check: &SelfCheck, paced: bool, open: bool) -> Self {
        if phase.all.replies() == 0 {
            // Nothing is reported of the target that could be the generator's.
            return Self::default();
        }
        let response = &phase.all.response;
        let own = OwnShares::bound(response, &phase.timings.undelayed, &phase.timings.attention);
        let median = match (paced, check.is_restless()) {
            (true, _) => (LIMIT_OF_MEDIAN, USUAL_US[0]),
            (false, false) => (LIMIT_OF_UNPACED_MEDIAN, USUAL_UNPACED_US),
            // It never waited for the target alone: however short, it is throughput that is missing.
            (false, true) => (LIMIT_OF_UNPACED_MEDIAN, 0),
        };
        let tail = |index: usize| (LIMIT_OF_TAIL, USUAL_US[index]);
        let late = late_percentile(phase, [median, tail(1), tail(2)]);
        let late = late.filter(|_| phase.length_us >= SHORTEST_US);
        let crowded = check.crowded();
        let mut reasons: Vec<String> = crowded.map(crowded_reason).into_iter().collect();
        reasons.extend(late.map(|late| late_reason(&late, paced, check)));
        let offered = match open {
            true => phase.journeys_started + phase.counters.shed,
            false => phase.all.requests() + phase.counters.shed,
        };
        if phase.counters.shed_by_lateness as f64 > UNSENT_SHARE * offered as f64 {
            reasons.push(format!(
                "{} of {offered} that were offered were not sent because the generator was late: \
                 use more cores (--cores), a lower rate or a quieter machine",
                phase.counters.shed_by_lateness
            ));
        }
        let is_clean = own.all().iter().all(|share| *share <= CLEAN_SHARE);
        let state = match (reasons.is_empty(), is_clean) {
            (false, _) => GeneratorState::AtItsLimit,
            (true, true) => GeneratorState::Clean,
            (true, false) => GeneratorState::Disturbed,
        };
        Self {
            state,
            own,
            reasons,
        }
    }
}

/// The state with its share: `clean`, `disturbed: at most 3 % of p99 is the generator's`, or
/// `at its limit`. Where more of a lower percentile can be the generator's, that is added.
#[must_use]
pub fn state_text(state: GeneratorState, own: &OwnShares) -> String {
    if state != GeneratorState::Disturbed {
        return state.word().to_owned();
    }
    let percent = |share: f64| (share * 100.0).ceil();
    let p99 = percent(own.p99);
    let mut text = format!("disturbed: at most {p99} % of p99 is the generator's");
    let lower = [("p95", own.p95), ("p50", own.p50)];
    let more: Vec<String> = lower
        .into_iter()
        .filter(|(_, share)| percent(*share) > p99)
        .map(|(name, share)| format!("{} % of {name}", percent(share)))
        .collect();
    if !more.is_empty() {
        text.push_str(&format!(" ({})", more.join(", ")));
    }
    text
}

/// A percentile of which too much is the generator's.
struct Late {
    percentile: &'static str,
    own_us: u64,
    response_us: u64,
}

/// The first percentile of which the generator's usual part is too large: what is known request by
/// request, and the same percentile of how late replies were read. `limits` are the share and the
/// microseconds that each part must exceed.
fn late_percentile(phase: &PhaseTotal, limits: [(f64, u64); 3]) -> Option<Late> {
    let quantiles = super::own_lateness::TOLD;
    let response = &phase.all.response;
    let response_us = response.quantiles_us(&quantiles);
    let undelayed_us = phase.timings.undelayed.quantiles_us(&quantiles);
    let attention_us = phase.timings.attention.quantiles_us(&quantiles);
    let late = |index: usize| {
        let sent_late_us = response_us[index].saturating_sub(undelayed_us[index]);
        let own_us = (sent_late_us + attention_us[index]).min(response_us[index]);
        let (share, least_us) = limits[index];
        let is_late = response.len() >= ENOUGH_REQUESTS[index]
            && own_us > least_us
            && own_us as f64 > share * response_us[index] as f64;
        is_late.then(|| Late {
            percentile: PERCENTILES[index],
            own_us,
            response_us: response_us[index],
        })
    };
    (0..quantiles.len()).find_map(late)
}

fn time_text(us: u64) -> String {
    match us {
        0..10_000 => format!("{us} µs"),
        _ => format!("{:.1} ms", us as f64 / 1e3),
    }
}

fn crowded_reason((workers, cpus): (usize, usize)) -> String {
    let cpus = match cpus {
        1 => "one CPU".to_owned(),
        cpus => format!("{cpus} CPUs"),
    };
    format!("{workers} workers share {cpus} (--oversubscribe): no figure is to be trusted")
}

fn late_reason(late: &Late, paced: bool, check: &SelfCheck) -> String {
    let percent = 100.0 * late.own_us as f64 / late.response_us.max(1) as f64;
    let cores = check.cores();
    let busiest = cores.iter().map(super::CoreTally::cpu_share);
    let busiest = 100.0 * busiest.fold(0.0, f64::max);
    let waited = cores.iter().map(super::CoreTally::run_queue_share);
    let waited = 100.0 * waited.fold(0.0, f64::max);
    let remedy = remedy(waited > busiest, paced, check.neighbours());
    format!(
        "about {percent:.0} % of {} is the generator's own lateness ({} of {}), its busiest \
         core worked {busiest:.0} % of the time and waited {waited:.0} % for its CPU: {remedy}",
        late.percentile,
        time_text(late.own_us),
        time_text(late.response_us)
    )
}

/// What to do about lateness, by what the workers did most of the time.
fn remedy(has_waited: bool, paced: bool, neighbours: Neighbours) -> Cow<'static, str> {
    let Neighbours {
        own_target,
        quota_cpus,
    } = neighbours;
    if own_target {
        return "the shop that it brought along had its CPU: leave it one of its own (fewer --cores, or a \
                machine with more CPUs), use a lower rate, or load a shop elsewhere"
            .into();
    }
    match (has_waited, paced, quota_cpus) {
        (true, _, Some(quota)) => format!(
            "its control group, which gives the time of {quota} CPUs, withheld it, or others had its CPU: \
             raise the quota, or use fewer workers (--cores)"
        )
        .into(),
        (true, _, None) => {
            "others had its CPU; use a quieter machine, other cores (--cores LIST) or fewer things on them"
                .into()
        }
        (false, true, _) => "use more cores (--cores), a lower rate or a quieter machine".into(),
        (false, false, _) => {
            "throughput is the generator's limit and not the shop's; use more cores (--cores)".into()
        }
    }
}

#[cfg(test)]
mod tests;
