//! A fleet as those see it who carry runs out: one workforce for one run after the other.

use super::leader::Leader;
use super::plan_text::PlanText;
use super::request::Leading;
use super::shown_members::MembersFace;
use crate::run::{Fleet, FleetEnd, FleetOrder, PreparedMember, RunError};
use crate::stats::{IntervalSink, Merged, RunContext};
use std::fmt;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
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
    /// Who is shown the members; where somebody is, others may come after those that were lost.
    face: Option<MembersFace>,
    is_kept: AtomicBool,
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
        Self::shown_to(None, leading, is_quiet)
    }

    /// The same, which shows its members to `face`, and leads anew under the same name where a run could
    /// not be prepared, or somebody was lost: for a page, whose user tries again.
    #[must_use]
    pub fn lasting(leading: Leading, is_quiet: bool, face: MembersFace) -> Arc<Self> {
        Self::shown_to(Some(face), leading, is_quiet)
    }

    fn shown_to(face: Option<MembersFace>, leading: Leading, is_quiet: bool) -> Arc<Self> {
        Arc::new(Self {
            leading,
            is_quiet,
            leader: Mutex::default(),
            told: Mutex::default(),
            face,
            is_kept: AtomicBool::new(false),
        })
    }

    /// Takes the run's name, unless it has it.
    ///
    /// # Errors
    /// When somebody else has it, or Redis cannot be reached.
    pub fn claim(self: &Arc<Self>) -> Result<(), RunError> {
        let mut leader = lock(&self.leader);
        if leader.is_none() {
            let claimed = Leader::claim(self.leading.clone(), self.is_quiet)?;
            *leader = Some(claimed.showing_to(self.face.clone()));
            *lock(&self.told) = None;
            if !self.is_kept.swap(true, Ordering::Relaxed) {
                keep(Arc::downgrade(self));
            }
        }
        Ok(())
    }

    /// Where others may come after those that were lost: ends a fleet that can carry out no other run.
    fn renew(self: &Arc<Self>) {
        let is_spoiled = |leader: &Leader| leader.is_spoiled();
        let has_to = lock(&self.leader).as_ref().is_some_and(is_spoiled);
        if self.face.is_some() && has_to {
            self.end("a shard of this fleet is lost; it is led anew");
        }
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

/// Shows now and then that the leader is there, for as long as there is a session.
fn keep(session: Weak<Session>) {
    thread::spawn(move || {
        loop {
            thread::sleep(KEEP);
            let Some(session) = session.upgrade() else {
                return;
            };
            // Whoever has it does as much.
            let leader = session.leader.try_lock();
            if let Ok(mut leader) = leader
                && let Some(leader) = leader.as_mut()
            {
                leader.keep();
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
        let session = &self.session;
        session.renew();
        session.claim()?;
        let is_told = lock(&session.told).as_ref() == Some(&self.plan);
        let text = (!is_told).then(|| self.plan.clone());
        let prepared = self.led(|leader| leader.prepare(order, (text, &self.hash)));
        *lock(&session.told) = Some(self.plan.clone());
        let prepared = prepared.unwrap_or_else(|| Err(over()));
        if let (Err(error), Some(_)) = (&prepared, &session.face) {
            // Its members were told that it is over; those that stay wait for the next.
            session.end(&error.to_string());
            // Who else takes the name meanwhile is told with the next try.
            let _ = session.claim();
        }
        prepared
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
