//! A call as journeys write it: what is sent where, and what the journey depends on.

use super::call_parts::CallParts;
use super::{Abort, Journey, Session};
use crate::engine::{Arena, Id, Judge, Link, Step};
use crate::stats::{Outcome, Reason};
use std::future::Future;

/// How often a probe is sent while its reply is lost.
const PROBES: usize = 3;

/// A call being put together.
#[must_use = "a call does nothing until it is finished, for example by id, or_abort or or_continue"]
pub struct Call<'a, L> {
    pub(super) session: &'a mut Session<L>,
    pub(super) parts: CallParts<'a>,
}

impl<L: Link> Session<L> {
    /// A call of `step`; finished by [`Call::id`], [`Call::or_abort`] or [`Call::or_continue`] and
    /// their like.
    pub fn call<'a>(&'a mut self, step: &'static Step) -> Call<'a, L> {
        Call {
            session: self,
            parts: CallParts {
                step,
                on: None,
                body: None,
                chosen: None,
                with: &[],
                judge: step.operation.judge,
                at_once: false,
                aside: false,
            },
        }
    }
}

#[expect(
    clippy::manual_async_fn,
    reason = "an `async fn` keeps the call twice in every user's state, as given and as used"
)]
impl<'a, L: Link> Call<'a, L> {
    /// The id in the path.
    pub fn on(mut self, id: &'a Id) -> Self {
        self.parts.on = Some(id);
        self
    }

    /// The body: one of the arena's, drawn by the user's random stream.
    pub fn body(mut self, arena: &'a Arena) -> Self {
        self.parts.body = Some(arena);
        self
    }

    /// The body at `index` of the arena: for bodies that have to agree with others.
    pub fn body_at(mut self, arena: &'a Arena, index: usize) -> Self {
        self.parts.body = Some(arena);
        self.parts.chosen = Some(index);
        self
    }

    /// The ids that the body holds, in the order of their places.
    pub fn with(mut self, ids: &'a [Id]) -> Self {
        self.parts.with = ids;
        self
    }

    /// Judged otherwise than its operation's replies usually are.
    pub fn judged_by(mut self, judge: Judge) -> Self {
        self.parts.judge = judge;
        self
    }

    /// Due the moment the previous call was done: another request of the same step.
    pub fn at_once(mut self) -> Self {
        self.parts.at_once = true;
        self
    }

    /// At once, and beside the user's schedule: the next step is due as if this one had not been.
    pub fn aside(mut self) -> Self {
        self.parts.at_once = true;
        self.parts.aside = true;
        self
    }

    /// The id that the reply gives.
    ///
    /// # Errors
    /// When the outcome is not success, or the run is over: the journey ends.
    pub fn id(self) -> impl Future<Output = Result<Id, Abort>> {
        async move {
            let (_, id) = self.session.carry_out(&self.parts).await?;
            id.ok_or(Abort)
        }
    }

    /// Success, or the journey ends.
    ///
    /// # Errors
    /// When the outcome is not success, or the run is over.
    pub fn or_abort(self) -> impl Future<Output = Journey> {
        async move {
            match self.session.carry_out(&self.parts).await? {
                (Outcome::Success, _) => Ok(()),
                _ => Err(Abort),
            }
        }
    }

    /// Whatever the outcome, the journey goes on, unless the user is strict.
    ///
    /// # Errors
    /// When the run is over, or the user is strict and the step failed.
    pub fn or_continue(self) -> impl Future<Output = Result<Outcome, Abort>> {
        async move {
            let came_of_it = self.session.carry_out(&self.parts).await?;
            Ok(self.session.goes_on(came_of_it)?.0)
        }
    }

    /// Like [`Call::or_continue`], with the id that the reply gives; `None` without success.
    ///
    /// # Errors
    /// When the run is over, or the user is strict and the step failed.
    pub fn id_or_continue(self) -> impl Future<Output = Result<Option<Id>, Abort>> {
        async move {
            let came_of_it = self.session.carry_out(&self.parts).await?;
            Ok(self.session.goes_on(came_of_it)?.1)
        }
    }

    /// Asks the shop for a state, at once and without changing it: no load, and no step of the
    /// journey. Gives the place of the reply in the log; `None` when nobody knows what the shop
    /// said, although it was asked again, or races are sequential: then nothing is sent but what
    /// the Locust suite sends.
    ///
    /// # Errors
    /// When the run is over.
    pub fn probe(mut self) -> impl Future<Output = Result<Option<usize>, Abort>> {
        async move {
            if self.session.race_rules.sequential {
                return Ok(None);
            }
            self.parts.at_once = true;
            for _ in 0..PROBES {
                if let Some(index) = self.session.probe(&self.parts).await? {
                    return Ok(Some(index));
                }
            }
            Ok(None)
        }
    }

    /// It cannot be written, for this reason: nothing is sent, and it has failed. The user then keeps away for a
    /// while, as from a target that cannot be reached, so that it does not fail as fast as it can.
    ///
    /// # Errors
    /// When the run is over.
    pub fn withheld(self, reason: &Reason) -> impl Future<Output = Result<Outcome, Abort>> {
        async move { self.session.withhold(&self.parts, reason).await }
    }

    /// What came of it, for a journey that has something to do then, however strict the user is.
    ///
    /// # Errors
    /// When the run is over.
    pub fn outcome(self) -> impl Future<Output = Result<Outcome, Abort>> {
        async move { Ok(self.session.carry_out(&self.parts).await?.0) }
    }
}
