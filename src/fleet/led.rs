//! A fleet as those see it who carry runs out: one workforce for one run after the other.

use super::leader::Leader;
use super::plan_text::PlanText;
use super::request::Leading;
use crate::run::{Fleet, FleetEnd, FleetOrder, PreparedMember, RunError};
use crate::stats::{IntervalSink, Merged, RunContext};
use std::fmt;
use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread;
use std::time::Duration;

/// How often the leader shows that it is there while nothing else is done.
const KEEP: Duration = Duration::from_millis(500);
/// How long members may take to go.
const FAREWELL: Duration = Duration::from_secs(5);
/// From a change of the users to when it takes effect.
const LEAD: Duration = Duration::from_millis(500);

/// The leader of one run after the other, once it has the run's name.
pub struct Session {
    leading: Leading,
    is_quiet: bool,
    leader: Mutex<Option<Leader>>,
    /// The plan that members were told last.
    told: Mutex<Option<PlanText>>,
}

/// One run of a session: what members do in it.
pub struct LedRuns {
    session: Arc<Session>,
    plan: PlanText,
    /// Hash of the plan that the words say.
    hash: String,
}

impl fmt::Debug for LedRuns {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("LedRuns")
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Session {
    /// One that takes its name with the first run, or with [`Session::claim`].
    #[must_use]
    pub fn of(leading: Leading, is_quiet: bool) -> Arc<Self> {
        Arc::new(Self {
            leading,
            is_quiet,
            leader: Mutex::default(),
            told: Mutex::default(),
        })
    }

    /// Takes the run's name, unless it has it.
    ///
    /// # Errors
    /// When somebody else has it, or Redis cannot be reached.
    pub fn claim(self: &Arc<Self>) -> Result<(), RunError> {
        let mut leader = lock(&self.leader);
        if leader.is_none() {
            *leader = Some(Leader::claim(self.leading.clone(), self.is_quiet)?);
            keep(Arc::downgrade(self));
        }
        Ok(())
    }

    /// The runs of this session that do what the words of `plan` say, a plan with this hash.
    #[must_use]
    pub fn runs(self: &Arc<Self>, plan: PlanText, hash: String) -> LedRuns {
        LedRuns {
            session: Arc::clone(self),
            plan,
            hash,
        }
    }

    /// The plan that members are told of first.
    #[must_use]
    pub fn plan(&self) -> &PlanText {
        &self.leading.plan
    }

    /// All is over: members end.
    pub fn end(&self, why: &str) {
        if let Some(mut leader) = lock(&self.leader).take() {
            leader.end(why);
            leader.leave(FAREWELL);
        }
    }
}

/// Shows now and then that the leader is there, for as long as it is.
fn keep(session: Weak<Session>) {
    thread::spawn(move || {
        loop {
            thread::sleep(KEEP);
            let Some(session) = session.upgrade() else {
                return;
            };
            // Whoever has it does as much.
            let leader = session.leader.try_lock();
            if let Ok(mut leader) = leader {
                match leader.as_mut() {
                    Some(leader) => leader.keep(),
                    None => return,
                }
            }
        }
    });
}

impl LedRuns {
    fn led<T>(&self, work: impl FnOnce(&mut Leader) -> T) -> Option<T> {
        lock(&self.session.leader).as_mut().map(work)
    }
}

/// A session whose leader is gone has ended.
fn over() -> RunError {
    RunError::CalledOff
}

impl Fleet for LedRuns {
    fn prepare(&self, order: &FleetOrder<'_>) -> Result<Vec<PreparedMember>, RunError> {
        self.session.claim()?;
        let mut told = lock(&self.session.told);
        let is_told = told.as_ref() == Some(&self.plan);
        let text = (!is_told).then(|| self.plan.clone());
        let prepared = self.led(|leader| leader.prepare(order, (text, &self.hash)));
        *told = Some(self.plan.clone());
        prepared.unwrap_or_else(|| Err(over()))
    }

    fn start(&self) -> Result<u64, RunError> {
        self.led(Leader::start).unwrap_or_else(|| Err(over()))
    }

    fn collect(&self, context: RunContext, sinks: Vec<Box<dyn IntervalSink>>) -> Merged {
        let mut leader = lock(&self.session.leader);
        let Some(leader) = leader.as_mut() else {
            return crate::stats::Merging::new(context, sinks).finish(Vec::new());
        };
        let mut merging = leader.merging(context, sinks);
        while !leader.collect_some(&mut merging) {}
        leader.note_told(&merging);
        merging.into_merged()
    }

    fn settle(&self, directory: &Path) -> FleetEnd {
        self.led(|leader| leader.settle(directory))
            .unwrap_or_default()
    }

    fn lead(&self) -> Duration {
        LEAD
    }
}
