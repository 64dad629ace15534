//! The shop as a script that the engine carries out: the user classes of one plan.

use super::journeys::flash_sale;
use super::ledger::RULES;
use super::races::RACES;
use super::{
    Generation, HEALTH_PATH, JourneyKind, OPENAPI_PATH, Supplies, UserClass, WeightedJourney,
    steps, total_weight, user_class,
};
use crate::engine::{Journey, Link, Script, Session, SetUpFailure, Step};
use crate::plan::{JourneyOption, JourneyOptions, Pacing, Plan, RaceRules, WaitTime};
use crate::stats::{Event, Race, SetShape, StatName};
use std::sync::Arc;

/// Races that can be on the track of one core at the same time, however wide; more wait in line.
const RACES_AT_ONCE: usize = 16;

/// A plan names a user class that there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no user class `{name}`; `shopblast --list` shows those there are")]
pub struct UnknownClass {
    /// What was named.
    pub name: String,
}

/// What the users of one plan do. Cheap to clone: all cores share the supplies.
#[derive(Clone, Debug)]
pub struct ShopScript {
    supplies: Arc<Supplies>,
    /// By the index of the class in the plan.
    classes: Arc<[PlannedClass]>,
    /// Every journey that the plan's classes make, in the order of the table of journeys.
    journeys: Arc<[JourneyKind]>,
    pacing: Pacing,
}

#[derive(Debug)]
struct PlannedClass {
    class: &'static UserClass,
    journeys: &'static [WeightedJourney],
    total_weight: u32,
    /// Position of each of the class's journeys among those of the plan.
    positions: Vec<u16>,
}

impl ShopScript {
    /// Prepares the supplies and classes of `plan` against a target of `generation`.
    ///
    /// # Errors
    /// When the plan names an unknown user class.
    pub fn new(plan: &Plan, generation: Generation) -> Result<Self, UnknownClass> {
        let classes = plan
            .classes
            .iter()
            .map(|share| find(&share.class))
            .collect::<Result<Vec<_>, _>>()?;
        let journeys: Arc<[JourneyKind]> = JourneyKind::ALL
            .iter()
            .copied()
            .filter(|&kind| classes.iter().any(|class| class.makes(kind)))
            .collect();
        let planned = classes
            .into_iter()
            .map(|class| PlannedClass::new(class, plan.options, &journeys));
        Ok(Self {
            supplies: Arc::new(Supplies::new(
                plan.seed,
                &plan.run_id,
                plan.options,
                plan.races,
                generation,
            )),
            classes: planned.collect(),
            journeys,
            pacing: plan.pacing,
        })
    }

    /// The statistic names that the plan's classes can produce, in the order of the table of steps.
    #[must_use]
    pub fn names(&self) -> Vec<StatName> {
        self.produced().map(Step::stat_name).collect()
    }

    /// What a success under each of [`ShopScript::names`] raises.
    #[must_use]
    pub fn raises(&self) -> Vec<&'static [Event]> {
        self.produced().map(|step| step.raises).collect()
    }

    /// Names of the journeys that the plan's classes make, in the order of their positions.
    #[must_use]
    pub fn journeys(&self) -> Vec<&'static str> {
        self.journeys.iter().map(|journey| journey.name()).collect()
    }

    /// The races that the plan's journeys run, in the order of the table of races.
    #[must_use]
    pub fn races(&self) -> Vec<&'static Race> {
        let is_run = |race: &&Race| {
            let mut journeys = self.journeys.iter();
            journeys.any(|journey| {
                journey
                    .race()
                    .is_some_and(|(run, _)| run.index == race.index)
            })
        };
        RACES.iter().filter(is_run).collect()
    }

    /// For each race, which of [`ShopScript::races`] it is counted under; `u16::MAX` for those
    /// that the plan's journeys do not run.
    #[must_use]
    pub fn race_rows(&self) -> Box<[u16]> {
        let mut rows = vec![u16::MAX; RACES.len()].into_boxed_slice();
        for (row, race) in (0..).zip(self.races()) {
            rows[usize::from(race.index)] = row;
        }
        rows
    }

    /// How much there is to count.
    #[must_use]
    pub fn shape(&self) -> SetShape {
        SetShape {
            names: self.produced().count(),
            journeys: self.journeys.len(),
            races: self.races().len(),
            rules: RULES.len(),
        }
    }

    /// For each step, which of [`ShopScript::names`] it is counted under; `u16::MAX` for steps that
    /// the plan's classes cannot produce.
    #[must_use]
    pub fn rows(&self) -> Box<[u16]> {
        let mut rows = vec![u16::MAX; steps::STEPS.len()].into_boxed_slice();
        for (row, step) in (0..).zip(self.produced()) {
            rows[usize::from(step.index)] = row;
        }
        rows
    }

    /// Wait after each step of the users of class `class` of the plan.
    #[must_use]
    pub fn wait_of(&self, class: usize) -> WaitTime {
        match self.pacing {
            Pacing::Class => self.classes[class].class.wait,
            Pacing::Max => WaitTime::None,
        }
    }

    /// What the journeys are carried out with.
    #[must_use]
    pub fn supplies(&self) -> &Supplies {
        &self.supplies
    }

    fn produced(&self) -> impl Iterator<Item = &'static Step> {
        let options = self.supplies.options;
        let is_taken = move |step: &Step| {
            let mut journeys = self.journeys.iter();
            journeys.any(|journey| journey.takes(step, options))
        };
        steps::STEPS.iter().filter(move |step| is_taken(step))
    }
}

fn find(name: &str) -> Result<&'static UserClass, UnknownClass> {
    user_class(name).ok_or_else(|| UnknownClass {
        name: name.to_owned(),
    })
}

impl PlannedClass {
    fn new(class: &'static UserClass, options: JourneyOptions, planned: &[JourneyKind]) -> Self {
        let position = |kind| planned.iter().position(|&journey| journey == kind);
        let journeys = class.journeys_with(options);
        Self {
            class,
            journeys,
            total_weight: total_weight(journeys),
            positions: journeys
                .iter()
                .filter_map(|entry| position(entry.journey))
                .map(|position| position as u16)
                .collect(),
        }
    }
}

impl Script for ShopScript {
    fn steps(&self) -> &'static [Step] {
        &steps::STEPS
    }

    fn race_rules(&self) -> RaceRules {
        self.supplies.races
    }

    fn questions(&self) -> Option<(&'static str, &'static str)> {
        Some((OPENAPI_PATH, HEALTH_PATH))
    }

    fn lanes(&self, users: usize) -> usize {
        if self.supplies.races.sequential {
            return 0;
        }
        let gathers = self.journeys.contains(&JourneyKind::FlashSaleStampede)
            && self.supplies.races.has_rounds();
        let widest = self.journeys.iter().map(|journey| journey.widest_race());
        let widest = widest.max().unwrap_or(0);
        widest * users.min(RACES_AT_ONCE) + if gathers { users } else { 0 }
    }

    async fn set_up<L: Link>(&self, user: &mut Session<L>) -> Result<(), SetUpFailure> {
        if self.journeys.contains(&JourneyKind::FlashSaleStampede) {
            flash_sale::set_up(user, &self.supplies).await?;
        }
        Ok(())
    }

    #[inline]
    async fn pass<L: Link>(&self, user: &mut Session<L>) -> Journey {
        let planned = &self.classes[user.class()];
        user.set_strict(self.supplies.options.has(JourneyOption::Strict));
        let mut drawn = user.rng().u32(..planned.total_weight);
        for (entry, &position) in planned.journeys.iter().zip(&planned.positions) {
            if drawn < entry.weight {
                user.begin_journey(position);
                return entry.journey.carry_out(user, &self.supplies).await;
            }
            drawn -= entry.weight;
        }
        Ok(())
    }
}
