//! The shop as a script that the engine carries out: the user classes of one plan.

use super::journeys::flash_sale;
use super::ledger::RULES;
use super::races::RACES;
use super::{
    Dialect, Domain, HEALTH_PATH, JourneyKind, JourneyOption, JourneyOptions, OPENAPI_PATH,
    ShopSettings, Supplies, UnknownSetting, UserClass, WeightedJourney, operations, steps,
    total_weight, user_class,
};
use crate::engine::{Described, Journey, Link, Operation, Script, Session, SetUpFailure, Step};
use crate::plan::{Pacing, Plan, RaceRules, WaitTime};
use crate::stats::{Event, Race, Rule};
use std::sync::Arc;

/// Races that can be on the connections of one core at the same time, however wide; more wait in line.
const RACES_AT_ONCE: usize = 16;

/// A plan names a user class that there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no user class `{name}`; `shopblast --list` shows those there are")]
pub struct UnknownClass {
    /// What was named.
    pub name: String,
}

/// A plan cannot be carried out.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoScript {
    /// It names an unknown user class.
    #[error(transparent)]
    Class(#[from] UnknownClass),
    /// It has settings that there are not.
    #[error(transparent)]
    Setting(#[from] UnknownSetting),
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
    /// Prepares the supplies and classes of `plan` against a target that is spoken to in `dialect`:
    /// that of a generation, or one that was found at the target.
    ///
    /// # Errors
    /// When the plan names an unknown user class, or has settings that there are not.
    pub fn new(plan: &Plan, dialect: impl Into<Dialect>) -> Result<Self, NoScript> {
        let settings = ShopSettings::of(plan)?;
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
        let produced = produced(&journeys, settings.options);
        let domains: Vec<Domain> = produced.filter_map(domain_of).collect();
        let planned = classes
            .into_iter()
            .map(|class| PlannedClass::new(class, settings.options, &journeys));
        Ok(Self {
            supplies: Arc::new(Supplies::of_domains(
                &domains,
                (plan.seed, &plan.run_id),
                settings,
                plan.races.rules,
                dialect,
            )),
            classes: planned.collect(),
            journeys,
            pacing: plan.pacing,
        })
    }

    /// The operations that the plan's journeys cannot do without; one that several steps call comes
    /// several times. By what journeys only ask, they may do without.
    pub fn operations(&self) -> impl Iterator<Item = &'static Operation> {
        let produced = self.produced().into_iter();
        produced
            .filter(|step| !steps::is_asked(step))
            .map(|step| step.operation)
    }

    /// What the journeys are carried out with.
    #[must_use]
    pub fn supplies(&self) -> &Supplies {
        &self.supplies
    }
}

/// Every step that `journeys` may take, in the order of the table of steps.
fn produced(
    journeys: &[JourneyKind],
    options: JourneyOptions,
) -> impl Iterator<Item = &'static Step> {
    let is_taken = move |step: &&Step| journeys.iter().any(|journey| journey.takes(step, options));
    steps::STEPS.iter().filter(is_taken)
}

fn domain_of(step: &Step) -> Option<Domain> {
    operations::domain_of(step.operation.path)
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

impl Described for ShopScript {
    fn journeys(&self) -> Vec<&'static str> {
        self.journeys.iter().map(|journey| journey.name()).collect()
    }

    fn produced(&self) -> Vec<&'static Step> {
        produced(&self.journeys, self.supplies.settings.options).collect()
    }

    fn race_table(&self) -> &'static [Race] {
        &RACES
    }

    fn races(&self) -> Vec<&'static Race> {
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

    fn rules(&self) -> &'static [Rule] {
        &RULES
    }

    fn wait_of(&self, class: usize) -> WaitTime {
        match self.pacing {
            Pacing::Class => self.classes[class].class.wait,
            Pacing::Max => WaitTime::None,
        }
    }

    fn as_raised(&self, event: &Event) -> Event {
        Event {
            outbox: self.supplies.generation.publishes(event),
            ..*event
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

    fn race_connections(&self, users: usize) -> usize {
        if self.supplies.races.sequential {
            return 0;
        }
        let gathers =
            self.journeys.contains(&JourneyKind::FlashSaleStampede) && self.supplies.has_rounds();
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
        user.set_strict(self.supplies.settings.options.has(JourneyOption::Strict));
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
