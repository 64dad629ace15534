//! A call as journeys write it: what is sent where, and what the journey depends on.

use super::call_parts::CallParts;
use super::{Abort, Journey, Session};
use crate::engine::{Arena, Id, Judge, Link, Step};
use crate::stats::Outcome;

/// How often a probe is sent while its reply is lost.
const PROBES: usize = 3;

/// A call being put together.
#[must_use = "a call does nothing until it is finished, for example by id, or_abort or or_continue"]
pub struct Call<'a, L> {
    pub(super) session: &'a mut Session<L>,
    pub(super) step: &'static Step,
    pub(super) on: Option<&'a Id>,
    pub(super) body: Option<&'a Arena>,
    pub(super) chosen: Option<usize>,
    pub(super) with: &'a [Id],
    pub(super) judge: Judge,
    pub(super) at_once: bool,
    pub(super) aside: bool,
}

impl<L: Link> Session<L> {
    /// A call of `step`; finished by [`Call::id`], [`Call::or_abort`] or [`Call::or_continue`] and
    /// their like.
    pub fn call<'a>(&'a mut self, step: &'static Step) -> Call<'a, L> {
        Call {
            session: self,
            step,
            on: None,
            body: None,
            chosen: None,
            with: &[],
            judge: step.operation.judge,
            at_once: false,
            aside: false,
        }
    }
}

impl<'a, L: Link> Call<'a, L> {
    /// The id in the path.
    pub fn on(mut self, id: &'a Id) -> Self {
        self.on = Some(id);
        self
    }

    /// The body: one of the arena's, drawn by the user's random stream.
    pub fn body(mut self, arena: &'a Arena) -> Self {
        self.body = Some(arena);
        self
    }

    /// The body at `index` of the arena: for bodies that have to agree with others.
    pub fn body_at(mut self, arena: &'a Arena, index: usize) -> Self {
        self.body = Some(arena);
        self.chosen = Some(index);
        self
    }

    /// The ids that the body holds, in the order of their places.
    pub fn with(mut self, ids: &'a [Id]) -> Self {
        self.with = ids;
        self
    }

    /// Judged otherwise than its operation's replies usually are.
    pub fn judged_by(mut self, judge: Judge) -> Self {
        self.judge = judge;
        self
    }

    /// Due the moment the previous call was done: another request of the same step.
    pub fn at_once(mut self) -> Self {
        self.at_once = true;
        self
    }

    /// At once, and beside the user's schedule: the next step is due as if this one had not been.
    pub fn aside(mut self) -> Self {
        self.at_once = true;
        self.aside = true;
        self
    }

    /// The id that the reply gives.
    ///
    /// # Errors
    /// When the outcome is not success, or the run is over: the journey ends.
    pub async fn id(self) -> Result<Id, Abort> {
        let (_, id) = self.carry_out().await?;
        id.ok_or(Abort)
    }

    /// Success, or the journey ends.
    ///
    /// # Errors
    /// When the outcome is not success, or the run is over.
    pub async fn or_abort(self) -> Journey {
        match self.carry_out().await? {
            (Outcome::Success, _) => Ok(()),
            _ => Err(Abort),
        }
    }

    /// Whatever the outcome, the journey goes on, unless the user is strict.
    ///
    /// # Errors
    /// When the run is over, or the user is strict and the step failed.
    pub async fn or_continue(self) -> Result<Outcome, Abort> {
        Ok(self.carry_out_leniently().await?.0)
    }

    /// Like [`Call::or_continue`], with the id that the reply gives; `None` without success.
    ///
    /// # Errors
    /// When the run is over, or the user is strict and the step failed.
    pub async fn id_or_continue(self) -> Result<Option<Id>, Abort> {
        Ok(self.carry_out_leniently().await?.1)
    }

    /// Asks the shop for a state, at once and without changing it: no load, and no step of the
    /// journey. Gives the place of the reply in the log; `None` when nobody knows what the shop
    /// said, although it was asked again, or races are sequential: then nothing is sent but what
    /// the Locust suite sends.
    ///
    /// # Errors
    /// When the run is over.
    pub async fn probe(mut self) -> Result<Option<usize>, Abort> {
        if self.session.race_rules.sequential {
            return Ok(None);
        }
        for _ in 0..PROBES {
            let parts = CallParts {
                at_once: true,
                ..self.parts()
            };
            if let Some(index) = self.session.probe(&parts).await? {
                return Ok(Some(index));
            }
        }
        Ok(None)
    }

    /// What came of it, for a journey that has something to do then, however strict the user is.
    ///
    /// # Errors
    /// When the run is over.
    pub async fn outcome(self) -> Result<Outcome, Abort> {
        Ok(self.carry_out().await?.0)
    }

    async fn carry_out_leniently(self) -> Result<(Outcome, Option<Id>), Abort> {
        let strict = self.session.strict;
        match self.carry_out().await? {
            (Outcome::Failed | Outcome::Unknown, _) if strict => Err(Abort),
            came_of_it => Ok(came_of_it),
        }
    }

    async fn carry_out(mut self) -> Result<(Outcome, Option<Id>), Abort> {
        let parts = self.parts();
        self.session.carry_out(parts).await
    }

    fn parts(&mut self) -> CallParts<'a> {
        CallParts {
            step: self.step,
            on: self.on,
            body: self.body,
            chosen: self.chosen,
            with: self.with,
            judge: self.judge,
            at_once: self.at_once,
            aside: self.aside,
        }
    }
}
