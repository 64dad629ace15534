//! The shop as a script that the engine carries out: the user classes of one plan.

use super::{Payloads, UserClass, steps, user_class};
use crate::engine::{Journey, Link, Script, Session, Step};
use crate::plan::{Pacing, Plan, WaitTime};
use crate::stats::StatName;
use std::sync::Arc;

/// A plan names a user class that there is not.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("there is no user class `{name}`; `shopblast --list` shows those there are")]
pub struct UnknownClass {
    /// What was named.
    pub name: String,
}

/// What the users of one plan do. Cheap to clone: all cores share the payloads.
#[derive(Clone, Debug)]
pub struct ShopScript {
    payloads: Arc<Payloads>,
    /// By the index of the class in the plan.
    classes: Arc<[PlannedClass]>,
    pacing: Pacing,
}

#[derive(Debug)]
struct PlannedClass {
    class: &'static UserClass,
    total_weight: u32,
}

impl ShopScript {
    /// Prepares the payloads and classes of `plan`.
    ///
    /// # Errors
    /// When the plan names an unknown user class.
    pub fn new(plan: &Plan) -> Result<Self, UnknownClass> {
        let classes = plan
            .classes
            .iter()
            .map(|share| PlannedClass::find(&share.class))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            payloads: Arc::new(Payloads::new(plan.seed, &plan.run_id)),
            classes,
            pacing: plan.pacing,
        })
    }

    /// The statistic names that the plan's classes can produce, in the order of the table of steps.
    #[must_use]
    pub fn names(&self) -> Vec<StatName> {
        self.produced().map(Step::stat_name).collect()
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

    fn produced(&self) -> impl Iterator<Item = &'static Step> {
        steps::STEPS
            .iter()
            .filter(|step| self.classes.iter().any(|planned| planned.takes(step)))
    }
}

impl PlannedClass {
    fn find(name: &str) -> Result<Self, UnknownClass> {
        let class = user_class(name).ok_or_else(|| UnknownClass {
            name: name.to_owned(),
        })?;
        Ok(Self {
            class,
            total_weight: class.journeys.iter().map(|entry| entry.weight).sum(),
        })
    }

    fn takes(&self, step: &Step) -> bool {
        self.class
            .journeys
            .iter()
            .flat_map(|entry| entry.journey.steps())
            .any(|taken| taken.index == step.index)
    }
}

impl Script for ShopScript {
    fn steps(&self) -> &'static [Step] {
        &steps::STEPS
    }

    #[inline]
    async fn pass<L: Link>(&self, user: &mut Session<L>) -> Journey {
        let planned = &self.classes[user.class()];
        let mut drawn = user.rng().u32(..planned.total_weight);
        for entry in planned.class.journeys {
            if drawn < entry.weight {
                return entry.journey.carry_out(user, &self.payloads).await;
            }
            drawn -= entry.weight;
        }
        Ok(())
    }
}
