//! What stands before the seconds of a shard: which shard of which plan it is, and what whoever joins it
//! with others must know of the run, without knowing the workload.

use super::shard_record::ShardRecord;
use crate::plan::{Excursion, FailureRule, Plan, Threshold, WaitTime};
use crate::stats::{
    Event, LiveContext, ObservedTable, Race, Rule, RunContext, SIGNIFICANT_DIGITS, SetShape,
    StatName, Tags, UserShare,
};
use serde::{Deserialize, Serialize};

/// Layout of the file; another one is refused.
pub const SHARD_LAYOUT: u32 = 2;

/// The head of a shard's seconds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ShardHead {
    /// Layout of the file.
    pub layout: u32,
    /// Version of shopblast.
    pub shopblast: String,
    /// Significant digits of its histograms.
    pub digits: u8,
    /// Which shard it is.
    pub shard: ShardRecord,
    /// What makes the run's unique values differ from every other run's.
    pub run_id: String,
    /// Seed of every user's behaviour.
    pub seed: u64,
    /// Kernel CPU numbers of its workers.
    pub cpus: Vec<usize>,
    /// Range of the shift between the sides of two-sided races, if there is one.
    pub offset_us: Option<(i64, i64)>,
    /// What the run counts.
    pub counted: CountedRecord,
}

/// What a run counts, and how it is judged: that of all shards together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct CountedRecord {
    /// Method and name of each statistic name.
    names: Vec<(String, String)>,
    /// Words by which the figures of each of them are added up.
    tags: Vec<Vec<String>>,
    /// Domain, name, and whether through the outbox, of what a success under each raises.
    raises: Vec<Vec<(String, String, bool)>>,
    journeys: Vec<String>,
    races: Vec<RaceText>,
    rules: Vec<RuleText>,
    spawned_us: u64,
    run_time_us: u64,
    excursion: Option<Excursion>,
    failures: FailureRule,
    paced: bool,
    user_shares: Vec<(f64, WaitTime)>,
    thresholds: Vec<String>,
    strict_rules: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct RaceText {
    index: u16,
    name: String,
    sides: Vec<String>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct RuleText {
    index: u16,
    name: String,
    text: String,
    enforced: bool,
}

impl ShardHead {
    /// Of a part of `plan`, of all of which `counted` tells.
    #[must_use]
    pub fn of(plan: &Plan, shard: ShardRecord, counted: CountedRecord) -> Self {
        Self {
            layout: SHARD_LAYOUT,
            shopblast: env!("CARGO_PKG_VERSION").to_owned(),
            digits: SIGNIFICANT_DIGITS,
            shard,
            run_id: plan.run_id.to_string(),
            seed: plan.seed,
            cpus: plan.cores.clone(),
            offset_us: plan
                .races
                .rules
                .offset
                .map(|offset| (offset.from_us, offset.to_us)),
            counted,
        }
    }
}

impl CountedRecord {
    /// What the run of `context`, that of all shards together, counts.
    #[must_use]
    pub fn of(context: &RunContext) -> Self {
        let event = |event: &Event| (event.domain.to_owned(), event.name.to_owned(), event.outbox);
        let thresholds = context.thresholds.iter();
        Self {
            names: context
                .names
                .iter()
                .map(|name| (name.method.to_owned(), name.name.to_owned()))
                .collect(),
            tags: (0..context.names.len())
                .map(|row| {
                    let tags = context.tags_of(row).iter();
                    tags.map(ToString::to_string).collect()
                })
                .collect(),
            raises: context
                .raises
                .iter()
                .map(|events| events.iter().map(event).collect())
                .collect(),
            journeys: context.journeys.iter().map(ToString::to_string).collect(),
            races: context
                .races
                .iter()
                .map(|race| RaceText {
                    index: race.index,
                    name: race.name.to_owned(),
                    sides: race.sides.iter().map(ToString::to_string).collect(),
                })
                .collect(),
            rules: context
                .rules
                .iter()
                .map(|rule| RuleText {
                    index: rule.index,
                    name: rule.name.to_owned(),
                    text: rule.text.to_owned(),
                    enforced: rule.enforced,
                })
                .collect(),
            spawned_us: context.spawned_us,
            run_time_us: context.run_time_us,
            excursion: context.excursion,
            failures: context.failures,
            paced: context.paced,
            user_shares: context
                .user_shares
                .iter()
                .map(|share| (share.weight, share.wait))
                .collect(),
            thresholds: thresholds
                .map(|threshold| threshold.text().to_owned())
                .collect(),
            strict_rules: context.live.strict_rules,
        }
    }

    /// Whether rules that today's target does not enforce fail the run, too.
    #[must_use]
    pub fn is_strict(&self) -> bool {
        self.strict_rules
    }

    /// How much there is to count.
    #[must_use]
    pub fn shape(&self) -> SetShape {
        SetShape {
            names: self.names.len(),
            journeys: self.journeys.len(),
            races: self.races.len(),
            rules: self.rules.len(),
        }
    }

    /// The context of the run of all shards, on workers on these CPUs. Its words stay in memory for as long
    /// as the process lives: to be called once a run that is read back.
    #[must_use]
    pub fn context(&self, cpus: Vec<usize>) -> RunContext {
        let races = self.races.iter().map(|race| {
            let sides: Vec<&'static str> = race.sides.iter().map(|side| kept(side)).collect();
            let race: &'static Race = Box::leak(Box::new(Race {
                index: race.index,
                name: kept(&race.name),
                sides: sides.leak(),
            }));
            race
        });
        let rules = self.rules.iter().map(|rule| Rule {
            index: rule.index,
            name: kept(&rule.name),
            text: kept(&rule.text),
            enforced: rule.enforced,
        });
        let event = |(domain, name, outbox): &(String, String, bool)| Event {
            domain: kept(domain),
            name: kept(name),
            outbox: *outbox,
        };
        RunContext {
            names: self
                .names
                .iter()
                .map(|(method, name)| StatName {
                    method: kept(method),
                    name: kept(name),
                })
                .collect(),
            tags: match self.tags.iter().all(Vec::is_empty) {
                // None at all: nothing is added up by them.
                true => Vec::new(),
                false => self.tags.iter().map(|tags| kept_all(tags)).collect(),
            },
            raises: self
                .raises
                .iter()
                .map(|events| events.iter().map(event).collect())
                .collect(),
            journeys: self.journeys.iter().map(|name| kept(name)).collect(),
            races: races.collect(),
            rules: rules.collect::<Vec<Rule>>().leak(),
            cpus,
            spawned_us: self.spawned_us,
            run_time_us: self.run_time_us,
            excursion: self.excursion,
            failures: self.failures,
            paced: self.paced,
            user_shares: self
                .user_shares
                .iter()
                .map(|&(weight, wait)| UserShare { weight, wait })
                .collect(),
            thresholds: self
                .thresholds
                .iter()
                .filter_map(|text| Threshold::parse(text).ok())
                .collect(),
            observed: ObservedTable::default(),
            live: LiveContext {
                strict_rules: self.strict_rules,
                ..LiveContext::default()
            },
        }
    }
}

fn kept_all(tags: &[String]) -> Tags {
    let tags: Vec<&'static str> = tags.iter().map(|tag| kept(tag)).collect();
    tags.leak()
}

fn kept(text: &str) -> &'static str {
    Box::leak(text.to_owned().into_boxed_str())
}
