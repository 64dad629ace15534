//! A workload that asks for nothing, for tests of those who hold a request and carry nothing out.

use crate::engine::inquiry::{Inquiry, NotRecognised, Recognition};
use crate::engine::{
    Described, Journey, Link, Script, Session, Step, Subject, TargetFacts, Unprepared, Workload,
};
use crate::plan::Plan;

/// Of any target.
pub(crate) fn subject() -> Subject {
    Subject::new(Idle)
}

#[derive(Debug)]
struct Idle;

impl Script for Idle {
    fn steps(&self) -> &'static [Step] {
        &[]
    }

    async fn pass<L: Link>(&self, _user: &mut Session<L>) -> Journey {
        Ok(())
    }
}

impl Described for Idle {
    fn journeys(&self) -> Vec<&'static str> {
        Vec::new()
    }
}

impl Workload for Idle {
    type Script = Self;
    type Target = &'static str;

    fn health_path(&self) -> &'static str {
        "/"
    }

    fn recognise(&self, _: &dyn Inquiry) -> Result<Recognition<Self::Target>, NotRecognised> {
        Ok(Recognition {
            target: self.presumed(),
            caveat: None,
        })
    }

    fn presumed(&self) -> Self::Target {
        "anything"
    }

    fn script(&self, _: &Plan, _: &Self::Target) -> Result<Self, Unprepared> {
        Ok(Self)
    }

    fn facts(&self, _: &Self, _: &Self::Target) -> TargetFacts {
        TargetFacts::default()
    }
}
