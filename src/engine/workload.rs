//! The seam between those who carry a load test out and what is tested: what users do, what it is
//! called, and how its target is met.
//!
//! Whoever runs, searches and reports knows a workload by these traits alone. A workload of one's own
//! implements [`Script`], [`Described`] and [`Workload`]; `docs/architecture.md` tells how.

use super::inquiry::{Inquiry, NotRecognised, Recognition};
use super::operation::Step;
use super::session::Script;
use crate::plan::{Plan, WaitTime};
use crate::stats::{Event, Race, Rule, SetShape, StatName, Tags};
use serde_json::{Map, Value};
use std::fmt;

/// Stands for what the journeys of a plan cannot produce.
const NO_ROW: u16 = u16::MAX;

/// A script, and what everything in it is called. What is provided follows from what is asked for.
pub trait Described: Script + Send + Sync {
    /// Names of the journeys, in the order of their positions.
    fn journeys(&self) -> Vec<&'static str>;

    /// The steps that journeys of the plan can take, in the order of [`Script::steps`].
    fn produced(&self) -> Vec<&'static Step> {
        self.steps().iter().collect()
    }

    /// Every race, in the order of [`Race::index`].
    fn race_table(&self) -> &'static [Race] {
        &[]
    }

    /// Those that journeys of the plan run, in the order of [`Described::race_table`].
    fn races(&self) -> Vec<&'static Race> {
        self.race_table().iter().collect()
    }

    /// Every rule that may be checked, in the order of [`Rule::index`].
    fn rules(&self) -> &'static [Rule] {
        &[]
    }

    /// Wait after each step of the users of class `class` of the plan.
    fn wait_of(&self, _class: usize) -> WaitTime {
        WaitTime::None
    }

    /// The event as the target of the plan raises it: whether it takes the way through an outbox may
    /// depend on what the target is.
    fn as_raised(&self, event: &Event) -> Event {
        *event
    }

    /// The statistic names of [`Described::produced`].
    fn names(&self) -> Vec<StatName> {
        self.produced().into_iter().map(Step::stat_name).collect()
    }

    /// Words by which the figures of a step are added up with those of others.
    fn tags_of(&self, _step: &Step) -> Tags {
        &[]
    }

    /// [`Described::tags_of`] each of [`Described::names`]; nothing when none of them has any.
    fn tags(&self) -> Vec<Tags> {
        let steps = self.produced().into_iter();
        let tags: Vec<Tags> = steps.map(|step| self.tags_of(step)).collect();
        match tags.iter().all(|tags| tags.is_empty()) {
            true => Vec::new(),
            false => tags,
        }
    }

    /// What a success under each of [`Described::names`] raises.
    fn raises(&self) -> Vec<Vec<Event>> {
        let raised = |step: &Step| {
            let events = step.raises.iter();
            events.map(|event| self.as_raised(event)).collect()
        };
        self.produced().into_iter().map(raised).collect()
    }

    /// For each step, which of [`Described::names`] it is counted under; `u16::MAX` for steps that
    /// the plan cannot produce.
    fn rows(&self) -> Box<[u16]> {
        let steps = self.produced();
        rows(self.steps().len(), steps.iter().map(|step| step.index))
    }

    /// For each race, which of [`Described::races`] it is counted under; `u16::MAX` for those that the
    /// plan does not run.
    fn race_rows(&self) -> Box<[u16]> {
        let races = self.races();
        rows(self.race_table().len(), races.iter().map(|race| race.index))
    }

    /// How much there is to count.
    fn shape(&self) -> SetShape {
        SetShape {
            names: self.produced().len(),
            journeys: self.journeys().len(),
            races: self.races().len(),
            rules: self.rules().len(),
        }
    }
}

/// The row of each of `all`, of which those with these indices have one, in this order.
fn rows(all: usize, produced: impl Iterator<Item = u16>) -> Box<[u16]> {
    let mut rows = vec![NO_ROW; all].into_boxed_slice();
    for (row, index) in (0..).zip(produced) {
        rows[usize::from(index)] = row;
    }
    rows
}

/// What is tested: how its target is met, and what the users of a plan do there.
pub trait Workload: fmt::Debug + Send + Sync + 'static {
    /// What the users of one plan do.
    type Script: Described;

    /// What a target turned out to be; its text is the end of a line that begins with `target:`.
    type Target: fmt::Display + Send + Sync + 'static;

    /// Path of a read that changes nothing and that a target in health answers at once.
    fn health_path(&self) -> &'static str;

    /// Looks what a target is.
    ///
    /// # Errors
    /// When it is nothing that this load is meant for.
    fn recognise(&self, inquiry: &dyn Inquiry) -> Result<Recognition<Self::Target>, NotRecognised>;

    /// What a target is taken for that nobody looks at.
    fn presumed(&self) -> Self::Target;

    /// What the users of `plan` do at `target`.
    ///
    /// # Errors
    /// When the plan asks for what there is not.
    fn script(&self, plan: &Plan, target: &Self::Target) -> Result<Self::Script, Unprepared>;

    /// The same without what is made ready to be sent: for who looks at what there will be, and carries out
    /// nothing of it.
    ///
    /// # Errors
    /// As [`Workload::script`].
    fn outline(&self, plan: &Plan, target: &Self::Target) -> Result<Self::Script, Unprepared> {
        self.script(plan, target)
    }

    /// What the record tells of the target, and what of it `script` cannot cope with.
    fn facts(&self, script: &Self::Script, target: &Self::Target) -> TargetFacts;

    /// Names of the domains whose events are told, where they are known beforehand.
    fn domains(&self) -> Vec<DomainName> {
        Vec::new()
    }

    /// The rule that the outboxes of the target decide: an event has one row. `None` when nothing is
    /// known of outboxes.
    fn outbox_rule(&self) -> Option<&'static Rule> {
        None
    }

    /// The part of the passes that a plan, as a record has it, gives each journey at a target of this
    /// [`TargetFacts::generation`], by name. Empty when that is not known.
    fn planned_shares(&self, _plan: &Map<String, Value>, _generation: &str) -> JourneyShares {
        Vec::new()
    }
}

/// What [`Workload::planned_shares`] is, for those who have records and no workload.
pub type PlannedShares<'a> = &'a dyn Fn(&Map<String, Value>, &str) -> JourneyShares;

/// Journeys by name, with the part of the passes of each.
pub type JourneyShares = Vec<(&'static str, f64)>;

/// A plan cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unprepared(pub String);

/// A part of the target that raises events.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DomainName {
    /// As streams and stores spell it, for example `identity`.
    pub name: &'static str,
    /// As [`Event::domain`] spells it, for example `Identity`.
    pub title: &'static str,
}

/// How a target was recognised.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum RecognisedBy {
    /// By its description of itself.
    Description,
    /// By the contexts that it names, since it does not describe itself.
    Contexts,
    /// Not at all: it was told, or taken for granted.
    #[default]
    Told,
}

impl RecognisedBy {
    /// The word for it in records.
    #[must_use]
    pub const fn word(self) -> &'static str {
        match self {
            Self::Description => "description",
            Self::Contexts => "contexts",
            Self::Told => "told",
        }
    }
}

/// What is known of a target.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TargetFacts {
    /// The version of it, or the one that it is most like; empty when there are none.
    pub generation: String,
    /// What that was told by.
    pub recognised_by: RecognisedBy,
    /// Whether it takes and answers what that version does, to the letter; false when that is not known.
    pub exact: bool,
    /// Hash of what it takes and answers; `None` when that is not known.
    pub schema_hash: Option<String>,
    /// Names of the contexts that it has.
    pub contexts: Vec<String>,
    /// How many operations it has; `None` when that is not known.
    pub operations: Option<u64>,
    /// Differences that the journeys cannot cope with, in words.
    pub hindrances: Vec<String>,
    /// Differences that bodies are adapted to, in words.
    pub adapted: Vec<String>,
    /// How many other differences there are.
    pub unfelt: u64,
    /// Operations and fields that it has more than its version.
    pub additions: u64,
    /// All of it in one line.
    pub says: String,
}
