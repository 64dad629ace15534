//! What a run tests, as a value: a workload of whatever kind, its target once that was met, and what
//! the users of a plan do there.
//!
//! Who carries runs out, records and searches holds these and need not know of which kind they are.
//! Behind the one door to a worker's thread everything is of one kind again: users are carried out
//! without a detour.

use super::cookies::CookieRoom;
use super::inquiry::{Inquiry, NotRecognised, Recognition};
use super::operation::Step;
use super::session::Script;
use super::worker::{WorkerHandle, work};
use super::worker_config::WorkerConfig;
use super::workload::{Described, DomainName, JourneyShares, TargetFacts, Unprepared, Workload};
use crate::plan::{Plan, WaitTime};
use crate::stats::{Event, Race, Rule, SetShape, StatName, Tags};
use serde_json::{Map, Value};
use std::fmt;
use std::sync::Arc;

/// A workload of whatever kind. Cheap to clone.
#[derive(Clone)]
pub struct Subject(Arc<dyn Tested>);

/// A workload whose target is known. Cheap to clone.
#[derive(Clone)]
pub struct MetSubject(Arc<dyn Met>);

impl Subject {
    /// What `workload` tests.
    #[must_use]
    pub fn new<W: Workload>(workload: W) -> Self {
        Self(Arc::new(Kind(Arc::new(workload))))
    }

    /// See [`Workload::health_path`].
    #[must_use]
    pub fn health_path(&self) -> &'static str {
        self.0.health_path()
    }

    /// See [`Workload::recognise`].
    ///
    /// # Errors
    /// When the target is nothing that this load is meant for.
    pub fn recognise(
        &self,
        inquiry: &dyn Inquiry,
    ) -> Result<Recognition<MetSubject>, NotRecognised> {
        self.0.recognise(inquiry)
    }

    /// See [`Workload::presumed`].
    #[must_use]
    pub fn presumed(&self) -> MetSubject {
        self.0.presumed()
    }

    /// See [`Workload::domains`].
    #[must_use]
    pub fn domains(&self) -> Vec<DomainName> {
        self.0.domains()
    }

    /// See [`Workload::outbox_rule`].
    #[must_use]
    pub fn outbox_rule(&self) -> Option<&'static Rule> {
        self.0.outbox_rule()
    }

    /// See [`Workload::planned_shares`].
    #[must_use]
    pub fn planned_shares(&self, plan: &Map<String, Value>, generation: &str) -> JourneyShares {
        self.0.planned_shares(plan, generation)
    }
}

impl fmt::Debug for Subject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl MetSubject {
    /// What the users of `plan` do at the target.
    ///
    /// # Errors
    /// When the plan asks for what there is not.
    pub fn prepare(&self, plan: &Plan) -> Result<PreparedScript, Unprepared> {
        self.0.prepare(plan)
    }

    /// How much the users of `plan` take there, so many of them on each core. Makes nothing that is sent.
    ///
    /// # Errors
    /// As [`MetSubject::prepare`].
    pub fn size(&self, plan: &Plan, users_of_each: usize) -> Result<ScriptSize, Unprepared> {
        self.0.size(plan, users_of_each)
    }
}

/// What a script takes beside its users.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ScriptSize {
    /// Connections for races, of each core.
    pub race_connections: usize,
    /// What is counted.
    pub shape: SetShape,
    /// Room for the cookies of a user; `None` where none are kept.
    pub cookies: Option<CookieRoom>,
}

impl ScriptSize {
    fn of(script: &impl Described, users_of_each: usize) -> Self {
        Self {
            race_connections: Script::race_connections(script, users_of_each),
            shape: script.shape(),
            cookies: script.cookies(),
        }
    }
}

impl fmt::Debug for MetSubject {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl fmt::Display for MetSubject {
    /// What the target is, in one line.
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, formatter)
    }
}

/// What the users of a plan do at a target that was met.
#[derive(Clone)]
pub struct PreparedScript {
    /// What everything in it is called.
    pub described: Description,
    /// What is known of the target.
    pub target: TargetFacts,
    script: Arc<dyn Carried>,
}

impl PreparedScript {
    /// See [`Script::race connections`].
    #[must_use]
    pub fn race_connections(&self, users: usize) -> usize {
        self.script.race_connections(users)
    }

    /// How much it takes, with so many users on each core.
    #[must_use]
    pub fn size(&self, users_of_each: usize) -> ScriptSize {
        ScriptSize {
            race_connections: self.race_connections(users_of_each),
            shape: self.described.shape,
            cookies: self.described.cookies,
        }
    }

    /// See [`Script::sets_up`].
    #[must_use]
    pub fn sets_up(&self) -> bool {
        self.script.sets_up()
    }

    /// See [`Script::shared`].
    #[must_use]
    pub fn shared(&self) -> Option<String> {
        self.script.shared()
    }

    /// See [`Script::take_over`].
    #[must_use]
    pub fn take_over(&self, shared: &str) -> bool {
        self.script.take_over(shared)
    }

    /// Carries the part of it that a worker is ordered to on the current thread.
    pub fn work(self, config: WorkerConfig, handle: &WorkerHandle) {
        self.script.work(config, handle);
    }
}

/// What everything in a script is called; see [`Described`].
#[derive(Clone, Debug)]
pub struct Description {
    /// See [`Script::steps`].
    pub steps: &'static [Step],
    /// See [`Script::questions`].
    pub questions: Option<(&'static str, &'static str)>,
    /// See [`Script::cookies`].
    pub cookies: Option<CookieRoom>,
    /// See [`Described::names`].
    pub names: Vec<StatName>,
    /// See [`Described::raises`].
    pub raises: Vec<Vec<Event>>,
    /// See [`Described::tags`].
    pub tags: Vec<Tags>,
    /// See [`Described::rows`].
    pub rows: Box<[u16]>,
    /// See [`Described::journeys`].
    pub journeys: Vec<&'static str>,
    /// See [`Described::races`].
    pub races: Vec<&'static Race>,
    /// See [`Described::race_rows`].
    pub race_rows: Box<[u16]>,
    /// See [`Described::rules`].
    pub rules: &'static [Rule],
    /// See [`Described::shape`].
    pub shape: SetShape,
    /// See [`Described::wait_of`]: by the index of the class in the plan.
    pub waits: Vec<WaitTime>,
}

impl Description {
    fn of(script: &impl Described, plan: &Plan) -> Self {
        Self {
            steps: script.steps(),
            questions: script.questions(),
            cookies: script.cookies(),
            names: script.names(),
            raises: script.raises(),
            tags: script.tags(),
            rows: script.rows(),
            journeys: script.journeys(),
            races: script.races(),
            race_rows: script.race_rows(),
            rules: script.rules(),
            shape: script.shape(),
            waits: (0..plan.classes.len())
                .map(|class| script.wait_of(class))
                .collect(),
        }
    }
}

/// A workload, of whatever kind.
trait Tested: fmt::Debug + Send + Sync {
    fn health_path(&self) -> &'static str;
    fn recognise(&self, inquiry: &dyn Inquiry) -> Result<Recognition<MetSubject>, NotRecognised>;
    fn presumed(&self) -> MetSubject;
    fn domains(&self) -> Vec<DomainName>;
    fn outbox_rule(&self) -> Option<&'static Rule>;
    fn planned_shares(&self, plan: &Map<String, Value>, generation: &str) -> JourneyShares;
}

/// A workload and its target, of whatever kind.
trait Met: fmt::Debug + fmt::Display + Send + Sync {
    fn prepare(&self, plan: &Plan) -> Result<PreparedScript, Unprepared>;
    fn size(&self, plan: &Plan, users_of_each: usize) -> Result<ScriptSize, Unprepared>;
}

/// A script, of whatever kind.
trait Carried: Send + Sync {
    fn race_connections(&self, users: usize) -> usize;
    fn sets_up(&self) -> bool;
    fn shared(&self) -> Option<String>;
    fn take_over(&self, shared: &str) -> bool;
    fn work(self: Arc<Self>, config: WorkerConfig, handle: &WorkerHandle);
}

/// A workload.
struct Kind<W>(Arc<W>);

/// A workload and its target.
struct Acquaintance<W: Workload> {
    workload: Arc<W>,
    target: W::Target,
}

impl<W: Workload> fmt::Debug for Kind<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

impl<W: Workload> Kind<W> {
    fn meets(&self, target: W::Target) -> MetSubject {
        MetSubject(Arc::new(Acquaintance {
            workload: Arc::clone(&self.0),
            target,
        }))
    }
}

impl<W: Workload> Tested for Kind<W> {
    fn health_path(&self) -> &'static str {
        self.0.health_path()
    }

    fn recognise(&self, inquiry: &dyn Inquiry) -> Result<Recognition<MetSubject>, NotRecognised> {
        let Recognition { target, caveat } = self.0.recognise(inquiry)?;
        Ok(Recognition {
            target: self.meets(target),
            caveat,
        })
    }

    fn presumed(&self) -> MetSubject {
        self.meets(self.0.presumed())
    }

    fn domains(&self) -> Vec<DomainName> {
        self.0.domains()
    }

    fn outbox_rule(&self) -> Option<&'static Rule> {
        self.0.outbox_rule()
    }

    fn planned_shares(&self, plan: &Map<String, Value>, generation: &str) -> JourneyShares {
        self.0.planned_shares(plan, generation)
    }
}

impl<W: Workload> fmt::Debug for Acquaintance<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{:?} at {}", self.workload, self.target)
    }
}

impl<W: Workload> fmt::Display for Acquaintance<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.target.fmt(formatter)
    }
}

impl<W: Workload> Met for Acquaintance<W> {
    fn prepare(&self, plan: &Plan) -> Result<PreparedScript, Unprepared> {
        let script = self.workload.script(plan, &self.target)?;
        Ok(PreparedScript {
            described: Description::of(&script, plan),
            target: self.workload.facts(&script, &self.target),
            script: Arc::new(script),
        })
    }

    fn size(&self, plan: &Plan, users_of_each: usize) -> Result<ScriptSize, Unprepared> {
        let script = self.workload.outline(plan, &self.target)?;
        Ok(ScriptSize::of(&script, users_of_each))
    }
}

impl<S: Described> Carried for S {
    fn race_connections(&self, users: usize) -> usize {
        Script::race_connections(self, users)
    }

    fn sets_up(&self) -> bool {
        Script::sets_up(self)
    }

    fn shared(&self) -> Option<String> {
        Script::shared(self)
    }

    fn take_over(&self, shared: &str) -> bool {
        Script::take_over(self, shared)
    }

    fn work(self: Arc<Self>, config: WorkerConfig, handle: &WorkerHandle) {
        work(&self, config, handle);
    }
}
